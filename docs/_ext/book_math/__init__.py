"""Typeset every formula at build time with KaTeX, from the one macro table."""

import re
import shutil
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import quote, unquote
from weakref import WeakKeyDictionary

from docutils import nodes
from docutils.utils import get_source_line
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from .macros import Macro, katex_macros, latex_preamble, read_macros, unused_macros
from .mathml import mathml_of
from .typeset import KATEX, Fault, KatexMissingError, Typesetter, fingerprint

__all__ = ["Macro", "katex_macros", "latex_preamble", "read_macros", "unused_macros"]

logger = logging.getLogger(__name__)

# Punctuation that a line break must not part from a formula, and what counts as one symbol of the formula.
_BEFORE = re.compile(r"[(\[“‘\"'–—]+$")
_AFTER = re.compile(r"[^\w\s]+")
_SYMBOL = re.compile(r"\\[A-Za-z]+|[^\s{}^_]")

_EQREF = re.compile(r"\\eqref\{([^{}]*)\}")


@dataclass(frozen=True)
class _Tools:
    """The typesetter, a folder with a file for each page that has a bad formula, and what was reported.

    A formula of a title is written on every page that lists the title, but reported once.
    """

    typesetter: Typesetter
    failed: Path
    reported: set[str] = field(default_factory=set)


# The writer knows its builder, and a builder is never pickled.
_tools: WeakKeyDictionary[Builder, _Tools] = WeakKeyDictionary()


# Formulas


def _visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    tex = node.astext()
    if _EQREF.search(tex):
        html = _report(
            self, node, Fault(r"\eqref stands in a sentence", "write {eq}`label` beside the formula")
        )
    else:
        html = _formula(self, node, tex, display=False)
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight") + html + "</span>")
    raise nodes.SkipNode


def _visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    tex, links = _linked(self, node)
    label = node.get("label")
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if label:
        self.body.append(f'<span class="equation-anchor" id="{escape(label)}"></span>')
    self.body.append(f'<div class="equation-body">{_formula(self, node, tex, display=True)}</div>')
    if label and node.get("number"):
        number = escape(get_node_equation_number(self, node))
        link = f'<a href="#{escape(label)}" title="Link to this equation">({number})</a>'
        self.body.append(f'<span class="eqno">{link}</span>')
    if links:
        uses = ", ".join(f'<a href="{escape(uri)}">{escape(title)}</a>' for uri, title in links.items())
        self.body.append(f'<span class="equation-uses">Uses {uses}</span>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _formula(self: HTML5Translator, node: nodes.Element, tex: str, display: bool) -> str:
    result = _tools[self.builder].typesetter.html(tex, display)
    if isinstance(result, Fault):
        return _report(self, node, result)
    if self.builder.name == "epub":
        return mathml_of(result)
    # KaTeX hides its visual half from assistive technology, so nothing in it may take the focus.
    return result.replace("<a href=", '<a tabindex="-1" href=')


def _linked(self: HTML5Translator, node: nodes.math_block) -> tuple[str, dict[str, str]]:
    r"""Return the TeX with each ``\eqref`` made a link with the number, and the links (address to text).

    The links stand again after the display, where the keyboard and a screen reader find them.
    """
    links: dict[str, str] = {}

    def link(hit: re.Match[str]) -> str:
        reference = _reference(self.builder, hit[1])
        if reference is None:
            _report(self, node, Fault(f"no equation is labelled {hit[1]!r}", "correct the label in \\eqref"))
            return r"\text{(?)}"
        uri, title = reference
        links[uri] = title
        return rf"\href{{{uri}}}{{\text{{{title}}}}}"

    return _EQREF.sub(link, node.astext()), links


def _reference(builder: Builder, label: str) -> tuple[str, str] | None:
    """Return the address and the number of an equation as the role ``eq`` would make them."""
    here: str = getattr(builder, "current_docname", "")
    xref = pending_xref("", reftarget=label)
    found = builder.env.domains.math_domain.resolve_xref(
        builder.env, here, builder, "eq", label, xref, nodes.inline()
    )
    if found is None:
        return None
    return found.get("refuri") or f"#{found['refid']}", found.astext()


# Faults


def _report(self: HTML5Translator, node: nodes.Element, fault: Fault) -> str:
    """Warn of a bad formula and return what stands in its place."""
    tools = _tools[self.builder]
    docname: str = getattr(self.builder, "current_docname", "")
    tex, location = node.astext().strip(), _location(node) or docname
    if (report := f"{location} {tex} {fault.found}") not in tools.reported:
        tools.reported.add(report)
        logger.warning(
            "the formula%s cannot be typeset: %s\n    TeX: %s\n    remedy: %s",
            f" {node['label']}" if node.get("label") else "",
            fault.found,
            tex.replace("\n", "\n         "),
            fault.remedy,
            location=location,
            type="book_math",
        )
    tools.failed.mkdir(parents=True, exist_ok=True)
    (tools.failed / quote(docname, safe="")).touch()
    return f'<code class="formula-fault">{escape(tex)}</code>'


def _location(node: nodes.Element) -> str | None:
    """Return file and line of a formula; the node itself only knows where its paragraph begins."""
    source, line = get_source_line(node)
    if source is None or line is None:
        return None
    path, first = Path(source), node.astext().strip().partition("\n")[0]
    lines = path.read_text(encoding="utf8").splitlines() if path.is_file() else []
    found = [number for number, text in enumerate(lines, start=1) if first in text]
    return f"{source}:{min(found, key=lambda number: abs(number - line), default=line)}"


def _read_failed_pages_again(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Sphinx forgets the warnings of a page that it does not write again: ask for each page that had one."""
    failed = _tools[app.builder].failed if app.builder in _tools else None
    pages = [unquote(file.name) for file in sorted(failed.glob("*"))] if failed else []
    return [page for page in pages if page in env.found_docs]


def _forget_failure(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A page that is about to be written has no known fault."""
    if app.builder in _tools:
        (_tools[app.builder].failed / quote(docname, safe="")).unlink(missing_ok=True)


# The builders


def _configure(app: Sphinx, config: Config) -> None:
    """Make the macros and KaTeX's version a part of the configuration: pages follow a change of it."""
    try:
        macros = katex_macros(read_macros(Path(app.srcdir) / "macros.toml"))
        config["book_math_fingerprint"] = fingerprint(macros)
    except (KatexMissingError, ValueError) as error:
        raise ExtensionError(str(error)) from error


def _prepare_html(app: Sphinx) -> None:
    """Give the HTML builders their typesetter, KaTeX's style sheet and fonts, and try every macro."""
    if app.builder.format != "html":
        return
    macros = read_macros(Path(app.srcdir) / "macros.toml")
    typesetter = Typesetter(katex_macros(macros), Path(app.doctreedir))
    _tools[app.builder] = _Tools(typesetter, Path(app.doctreedir) / "book_math_failed")
    if app.builder.name != "epub":
        _copy_katex(Path(app.outdir) / "_static" / "katex")
    for macro in macros:
        result = typesetter.html(f"\\{macro.name}{'{x}' * macro.args}", True)
        if isinstance(result, Fault):
            logger.warning(
                "the macro \\%s cannot be typeset: %s\n    remedy: %s",
                macro.name,
                result.found,
                result.remedy,
                location=f"{Path(app.srcdir) / 'macros.toml'}:{macro.line}",
                type="book_math",
            )


def _copy_katex(target: Path) -> None:
    """Copy the style sheet, its woff2 fonts (all browsers of today read them) and the licence."""
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    css = (KATEX / "dist" / "katex.min.css").read_text(encoding="utf8")
    css = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"\w+\"\)", "", css)
    (target / "katex.min.css").write_text(css, encoding="utf8")
    for font in (KATEX / "dist" / "fonts").glob("*.woff2"):
        shutil.copyfile(font, target / "fonts" / font.name)
    shutil.copyfile(KATEX / "LICENSE", target / "LICENSE")


def _plain_title(app: Sphinx, page: str, template: str, context: dict[str, object], doctree: object) -> None:
    """Keep the HTML of formulas out of ``<title>``, where each would be read twice."""
    if page in app.env.longtitles and "katex" in str(context.get("title")):
        context["title"] = escape(app.env.longtitles[page].astext())


def _keep_punctuation(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Bind a short formula to the punctuation around it: browsers would break the line between the two."""
    if app.builder.format != "html":
        return
    for node in list(doctree.findall(nodes.math)):
        parent, place = node.parent, node.parent.index(node)
        before = parent[place - 1].astext() if _is_text(parent, place - 1) else ""
        after = parent[place + 1].astext() if _is_text(parent, place + 1) else ""
        head, tail = _BEFORE.search(before), _AFTER.match(after)
        if len(_SYMBOL.findall(node.astext())) > 24 or not (head or tail):
            continue
        bound = nodes.inline(classes=["keep"])
        if tail:
            parent[place + 1] = nodes.Text(after[tail.end() :])
        if head:
            parent[place - 1] = nodes.Text(before[: head.start()])
        parent[place] = bound
        bound += [nodes.Text(head[0] if head else ""), node, nodes.Text(tail[0] if tail else "")]


def _is_text(parent: nodes.Element, place: int) -> bool:
    return 0 <= place < len(parent) and isinstance(parent[place], nodes.Text)


def _latex_references(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    r"""Give ``\eqref`` the names that Sphinx's LaTeX writer gives to the labels."""
    if app.builder.format != "latex":
        return
    equations = app.env.domains.math_domain.equations
    for node in doctree.findall(nodes.math_block):
        tex = _EQREF.sub(
            lambda hit: rf"\eqref{{equation:{equations.get(hit[1], ('', 0))[0]}:{hit[1]}}}", node.astext()
        )
        if tex != node.astext():
            node.children = []
            node += nodes.Text(tex)


def _close(app: Sphinx, exception: Exception | None) -> None:
    if app.builder in _tools:
        _tools[app.builder].typesetter.close()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_config_value("book_math_fingerprint", "", "html", types=frozenset({str}))
    app.add_html_math_renderer("katex", (_visit_inline, None), (_visit_display, None))
    app.add_css_file("katex/katex.min.css")
    app.connect("config-inited", _configure)
    app.connect("builder-inited", _prepare_html)
    app.connect("env-get-outdated", _read_failed_pages_again)
    app.connect("doctree-resolved", _forget_failure)
    app.connect("doctree-resolved", _latex_references)
    app.connect("doctree-resolved", _keep_punctuation)
    app.connect("html-page-context", _plain_title)
    app.connect("build-finished", _close)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
