"""What an e-reader cannot do is taken out of a page: nothing is folded, nothing is switched."""

import re
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ext import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform

from book_environments.headings import heading
from book_environments.nodes import Solution
from book_ledger.marks import Links, Panel, symbol
from book_ledger.state import ledger_page

_VARIABLE = re.compile(r"var\(--[\w-]+, ([^()]+)\)")
_GLYPH = re.compile(r'(<use\b[^>]*?) href="')


class Unfold(SphinxPostTransform):
    """Show solutions, lists of links and code in full; of a check only its mark; figures in light colours."""

    default_priority = 4  # the marks and panels are put in before (3), references are resolved after
    builders = ("epub",)

    def run(self, **kwargs: Any) -> None:
        """Change the doctree of one page."""
        for paragraph in list(self.document.findall(nodes.paragraph)):
            if "downloads" in paragraph["classes"]:
                self.drop(paragraph.parent)  # the section offers this very book
        for links in self.document.findall(Links):
            links["summary"] = ""
        for panel in list(self.document.findall(Panel)):
            panel.replace_self(self.mark(panel))
        for solution in list(self.document.findall(Solution)):
            solution.replace_self(self.unfolded(solution))
        for picture in list(self.document.findall(nodes.raw)):
            if "book-figure" in picture.astext():
                drawn = _GLYPH.sub(r'\1 xlink:href="', _VARIABLE.sub(r"\1", picture.astext()))
                drawn = drawn.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" ', 1)
                picture.replace_self(nodes.raw("", drawn, format="html"))

    def drop(self, section: nodes.Element) -> None:
        """Take out the words of a section; a table of contents that stands in it stays."""
        words = (nodes.title, nodes.paragraph)
        section.replace_self([child for child in section if not isinstance(child, words)])

    def mark(self, panel: Panel) -> nodes.raw:
        """The mark, a link to the row of the ledger where there is one."""
        drawn = symbol(panel["mark"]).replace(
            'aria-hidden="true"', f'role="img" aria-label="{panel["title"]}"'
        )
        if page := ledger_page(self.env):
            uri = self.app.builder.get_relative_uri(self.env.docname, page)
            drawn = f'<a href="{uri}#ledger-{panel["label"]}">{drawn}</a>'
        return nodes.raw("", f'<p class="mark">{drawn}</p>\n', format="html")

    def unfolded(self, solution: Solution) -> nodes.container:
        """The solution under its heading."""
        name = heading(self.config, self.env, solution)
        title = nodes.paragraph("", "", nodes.strong("", name), classes=["environment-title"])
        body = nodes.container("", title, *solution.children, classes=["environment", "solution"])
        body["ids"] = solution["ids"]
        return body


class ShowCode(SphinxPostTransform):
    """Show the code of hidden cells: myst-nb would fold it."""

    default_priority = 200  # myst-nb puts the folds in at 199
    builders = ("epub",)

    def run(self, **kwargs: Any) -> None:
        """Take the code out of each fold."""
        for fold in list(self.document.findall(HideCodeCellNode)):
            fold.replace_self(fold.children)
