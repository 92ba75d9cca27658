"""Previews: what an equation, a statement or a term says, without leaving the line that refers to it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from book_numbers.labels import collect_numbers

HERE = Path(__file__).parent
FOLDER = "previews"
KINDS = "thm|lem|prop|cor|alg|exm|rem|dfn|exr"
TARGET = re.compile(
    rf'<div class="math[^"]*" id="(?P<equation>equation-[^"]+)">'
    rf'|<div class="environment [^"]*" id="(?P<environment>(?:{KINDS})-[^"]+)">'
    r'|<dfn id="(?P<term>term-[^"]+)">'
)


def configure(app: Sphinx, config: Config) -> None:
    """Serve the style sheet and the script."""
    config.html_static_path.append(str(HERE / "static"))


def element_at(html: str, start: int) -> str:
    """Return the element whose opening tag begins at ``start``."""
    opening = re.compile(r"<(\w+)").match(html, start)
    assert opening, f"no element begins at {start}"
    depth = 0
    for tag in re.compile(rf"<(/?){opening[1]}\b[^>]*>").finditer(html, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return html[start : tag.end()]
    raise ValueError(f"the element <{opening[1]}> at {start} has no end")


def without(html: str, opening: str) -> str:
    """Return the HTML without the elements whose opening tag is ``opening``."""
    while found := re.search(opening, html):
        html = html.replace(element_at(html, found.start()), "")
    return html


def targets(html: str) -> Iterator[tuple[str, str]]:
    """Yield the anchor and the HTML of each thing on a page that is worth a preview."""
    for found in TARGET.finditer(html):
        start = found.start()
        if found["term"]:  # what defines it is the paragraph around it
            start = max(html.rfind("<p>", 0, start), html.rfind("<p ", 0, start))
        shown = element_at(html, start)
        for opening in (
            '<details class="check">',
            '<(?:div|details) class="result-links">',
            '<a class="headerlink"',
        ):
            shown = without(shown, opening)
        yield found[found.lastgroup or ""], shown


def write_previews(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Write a script for each target of a page; a script can be loaded from a disk too, a fetch cannot."""
    if app.builder.name != "html" or doctree is None:
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(exist_ok=True)
    for anchor, html in targets(context.get("body", "")):
        text = f"bookPreview({json.dumps(anchor)}, {json.dumps(html, ensure_ascii=False)});\n"
        path = folder / f"{anchor}.js"
        if not path.exists() or path.read_text(encoding="utf8") != text:
            path.write_text(text, encoding="utf8")


def remove_gone(app: Sphinx, exception: Exception | None) -> None:
    """Remove the previews of labels that are gone."""
    if exception is not None or app.builder.name != "html":
        return
    terms = {anchor for name, (_, anchor) in _terms(app)}
    known = terms | {entry["anchor"] for entry in collect_numbers(app.env).values()}
    for path in Path(app.outdir, FOLDER).glob("*.js"):
        if path.stem not in known:
            path.unlink()


def _terms(app: Sphinx) -> Iterator[tuple[str, tuple[str, str]]]:
    for (kind, name), place in app.env.domains.standard_domain.objects.items():
        if kind == "term":
            yield name, place


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("config-inited", configure)
    app.connect("html-page-context", write_previews)
    app.connect("build-finished", remove_gone)
    app.add_css_file("previews.css")
    app.add_js_file("previews.js")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
