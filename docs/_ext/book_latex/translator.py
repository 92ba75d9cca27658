"""Write LaTeX that prints Sphinx's numbers instead of counting again."""

from docutils import nodes
from sphinx.addnodes import toctree
from sphinx.writers.latex import LaTeXTranslator

from book_numbers.registry import Registry

CHAPTER_LEVEL = 1
NUMBERED = r"\setcounter{secnumdepth}{1}"
UNNUMBERED = r"\setcounter{secnumdepth}{-2}"


class BookTranslator(LaTeXTranslator):
    """Sphinx's translator with the numbers of chapters, equations, figures and tables set from outside."""

    registry: Registry

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.elements["contentsname"] = ""
        self.levels: list[int] = []
        self.in_volumes = False
        root = self.builder.env.get_doctree(self.config.root_doc)
        self.parts = {
            node["includefiles"][0]: node["caption"]
            for node in root.findall(toctree)
            if node["includefiles"] and node.get("caption") and self._chapter(node["includefiles"][0])
        }

    def _chapter(self, page: str) -> int | None:
        chapter = self.registry.chapter_of(page)
        return chapter.number if chapter else None

    def _number(self, kind: str, node: nodes.Element) -> str:
        """Write the number of a counted node, or nothing."""
        page = self.curfilestack[-1]
        ids = self.builder.env.toc_fignumbers.get(page, {}).get(kind, {})
        return ".".join(map(str, next((ids[i] for i in node["ids"] if i in ids), ())))

    def visit_start_of_file(self, node: nodes.Element) -> None:
        """Begin a part before its first chapter; a page of a folder is a section of its chapter."""
        super().visit_start_of_file(node)
        page = node["docname"]
        if page in self.parts:
            volume, _, title = self.parts[page].partition(": ")
            self.body.append(f"\\bookpart{{{self.escape(volume)}}}{{{self.escape(title)}}}\n")
        self.levels.append(self.sectionlevel)
        chapter = self.registry.chapter_of(page)
        if self.in_volumes and not chapter:
            self.body.append("\\bookback\n")
        self.in_volumes = bool(chapter)
        if chapter and page not in (chapter.page, f"{chapter.page}/index"):
            self.sectionlevel = CHAPTER_LEVEL

    def depart_start_of_file(self, node: nodes.Element) -> None:
        """Return to the level of the page that includes this one."""
        super().depart_start_of_file(node)
        self.sectionlevel = self.levels.pop()

    def visit_title(self, node: nodes.Element) -> None:
        """Set the counters of chapters and sections before their title."""
        if isinstance(node.parent, nodes.section) and not self.this_is_the_title:
            page = self.curfilestack[-1]
            numbers = self.builder.env.toc_secnumbers.get(page, {})
            anchor = f"#{node.parent['ids'][0]}"
            number = numbers.get(anchor, numbers.get("", ()) if self._is_first(node) else ())
            if self.sectionlevel == CHAPTER_LEVEL:
                self.body.append(f"\\bookcontents{{{1 if number else 0}}}")
            self.body.append(NUMBERED if number else UNNUMBERED)
            for counter, value in zip(("chapter", "section"), number, strict=False):
                exact = (counter == "chapter") == (len(number) == 1)
                self.body.append(f"\\setcounter{{{counter}}}{{{int(value) - exact}}}")
            self.body.append("\n")
        super().visit_title(node)

    def _is_first(self, title: nodes.Element) -> bool:
        return not isinstance(title.parent.parent, nodes.section)

    def visit_math_block(self, node: nodes.math_block) -> None:
        """Set a display, with its number as a tag when it has one."""
        number, tex = self._number("displaymath", node), node.astext().strip()
        # A blank line before a display would make it a paragraph.
        self.body.append("" if "".join(self.body[-1:]).endswith("\n") else "\n")
        if number:
            label = f"equation:{self.curfilestack[-1]}:{node['label']}"
            self.body.append(
                f"\\renewcommand{{\\theHequation}}{{{node['label']}}}"
                f"\\begin{{equation}}\\tag{{{number}}}\\label{{{label}}}\n{tex}\n\\end{{equation}}\n"
            )
        else:
            self.body.append(f"\\begin{{equation*}}\n{tex}\n\\end{{equation*}}\n")
        raise nodes.SkipNode

    def visit_math_reference(self, node: nodes.Element) -> None:
        """Print the number that the display has."""
        page, label = node["docname"], node["target"]
        numbers = self.builder.env.toc_fignumbers.get(page, {}).get("displaymath", {})
        number = ".".join(map(str, numbers.get(nodes.make_id(f"equation-{label}"), ())))
        text = (self.config.math_eqref_format or "({number})").format(number=number)
        self.body.append(f"\\hyperref[equation:{page}:{label}]{{{text}}}")
        raise nodes.SkipNode

    def visit_number_reference(self, node: nodes.Element) -> None:
        """Print the kind and number that Sphinx has put into the reference."""
        target = node.get("refid")
        name = f"{self.curfilestack[-1]}:{target}" if target else node["refuri"][1:].replace("#", ":")
        text = self.escape(node.astext()).replace(" ", "~", 1)
        self.body.append(f"\\hyperref[{self.idescape(name)}]{{{text}}}")
        raise nodes.SkipNode

    def visit_figure(self, node: nodes.Element) -> None:
        """Set the number of the figure."""
        self.body.append(f"\n\\booknumber{{figure}}{{{self._number('figure', node)}}}")
        super().visit_figure(node)

    def visit_table(self, node: nodes.Element) -> None:
        """Set the number of the table."""
        self.body.append(f"\n\\booknumber{{table}}{{{self._number('table', node)}}}")
        super().visit_table(node)

    def visit_captioned_literal_block(self, node: nodes.Element) -> None:
        """Set the number of the listing."""
        self.body.append(f"\n\\booknumber{{literalblock}}{{{self._number('code-block', node)}}}")
        super().visit_captioned_literal_block(node)
