"""Figures that follow the dark theme, with caption and alternative text."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from mlderived.plotting import PALETTE, WIDTH

from .svg import Inlined, inline

LOGGER = logging.getLogger(__name__)
STATIC = Path(__file__).parent
SHORTEST_ALT = 30
_EMPTY_WORDS = re.compile(
    r"(a |an |the )?(figure|image|picture|plot|chart|graph)( (of|showing))?\b", re.IGNORECASE
)


@cache
def _keys(srcdir: str) -> dict[str, str]:
    chapters = tomllib.loads(Path(srcdir, "chapters.toml").read_text(encoding="utf8"))["chapter"]
    return {chapter["page"]: chapter["key"] for chapter in chapters}


def chapter_key(srcdir: str, docname: str) -> str | None:
    """Return the key of the chapter that a page belongs to; a chapter may be a folder of pages."""
    for page, key in _keys(srcdir).items():
        if docname == page or docname.startswith(f"{page}/"):
            return key
    return None


def wrong_words(name: str, caption: str, alt: str, key: str | None) -> Iterator[str]:
    """Tell what a figure lacks in name, caption and alternative text."""
    if not re.fullmatch(rf"fig-{key or '[a-z]+'}-[a-z0-9]+(-[a-z0-9]+)*", name):
        yield f"`mystnb: figure: name:` is {name!r}: name it fig-{key or 'KEY'}-slug, in small letters"
    if not caption:
        yield "has no caption: add `mystnb: figure: caption:`, which says what to see"
    if not alt:
        yield "has no alternative text: add `mystnb: image: alt:`, which says what is shown"
    elif alt == caption:
        yield "has its caption as alternative text: the caption says what to see, the text what is shown"
    elif len(alt) < SHORTEST_ALT:
        yield f"has the alternative text {alt!r}: say what is shown in {SHORTEST_ALT} characters or more"
    elif found := _EMPTY_WORDS.match(alt):
        yield f"has an alternative text that begins with {found[0]!r}: begin with what is shown"


def wrong_drawing(drawn: Inlined, colormap: bool) -> Iterator[str]:
    """Tell what in a drawing departs from the house style."""
    if drawn.foreign_colours and not colormap:
        shown = ", ".join(drawn.foreign_colours[:6])
        yield (
            f"has colours outside the palette ({shown}): call mlderived.plotting.use_house_style() and take "
            "colours from PALETTE or SERIES, or add the tag `colormap` to the cell if the colours show values"
        )
    if drawn.has_pixels and not colormap:
        yield "holds a picture of pixels: draw with lines and areas, or add the tag `colormap` to the cell"
    if drawn.width > 72 * WIDTH + 0.5:
        yield f"is {drawn.width / 72:g} inches wide: use figure_size(height), {WIDTH:g} inches fit a phone"


class InlineFigures(SphinxTransform):
    """Lint the figures of a page and put each SVG into it."""

    default_priority = 210

    def apply(self, **kwargs: Any) -> None:
        """Go through the cells of the page."""
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") == "cell_code":
                self._cell(cell)

    def _cell(self, cell: nodes.container) -> None:
        options = cell["cell_metadata"].get("mystnb", {})
        figure, image = options.get("figure") or {}, options.get("image") or {}
        bundles = [node for node in cell.findall(nodes.container) if node.get("nb_element") == "mime_bundle"]
        pictures = [bundle for bundle in bundles if any(bundle.findall(nodes.image))]
        if not pictures and not figure:
            return
        name, caption, alt = (
            " ".join(str(text or "").split())
            for text in (figure.get("name"), figure.get("caption"), image.get("alt"))
        )

        def tell(message: str) -> None:
            LOGGER.warning("figure %s %s", name or "(no name)", message, location=cell, type="figures")

        if len(pictures) != 1 or len(bundles) != 1:
            shown = f"{len(pictures)} figures and {len(bundles) - len(pictures)} other values"
            tell(f"comes from a cell that shows {shown}: show one figure, and print the rest or nothing")
            return
        for message in wrong_words(name, caption, alt, chapter_key(self.app.srcdir, self.env.docname)):
            tell(message)
        containers = {node["mime_type"]: node for node in pictures[0].children}
        if "image/svg+xml" not in containers:
            tell(f"is {', '.join(containers)} and cannot be scaled: draw it with matplotlib")
            return
        container = containers["image/svg+xml"]
        uri = next(container.findall(nodes.image))["uri"]
        source = Path(self.app.srcdir, uri.lstrip("/")).read_text(encoding="utf8")
        drawn = inline(source, name, alt, PALETTE)
        for message in wrong_drawing(drawn, "colormap" in cell["cell_metadata"].get("tags", [])):
            tell(message)
        container.children = [nodes.raw("", drawn.markup, format="html")]
        self.env.book_figures.setdefault(self.env.docname, {})[name] = cell.line


def _prepare(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    for attribute in ("book_figures", "book_figure_uses"):
        if not hasattr(env, attribute):
            setattr(env, attribute, {})


def _note_uses(app: Sphinx, doctree: nodes.document) -> None:
    """Remember which figures a page refers to."""
    from sphinx.addnodes import pending_xref

    targets = {
        node["reftarget"] for node in doctree.findall(pending_xref) if node["reftarget"].startswith("fig-")
    }
    app.env.book_figure_uses[app.env.docname] = targets


def _purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    for attribute in ("book_figures", "book_figure_uses"):
        getattr(env, attribute, {}).pop(docname, None)


def _merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    for attribute in ("book_figures", "book_figure_uses"):
        mine, theirs = getattr(env, attribute), getattr(other, attribute)
        mine.update({name: theirs[name] for name in docnames if name in theirs})


def _check_uses(app: Sphinx, env: BuildEnvironment) -> None:
    """Each figure is named in the text somewhere."""
    used = set().union(*env.book_figure_uses.values())
    for docname, figures in sorted(env.book_figures.items()):
        for name, line in figures.items():
            if name not in used:
                remedy = f"write {{numref}}`{name}` where it is discussed"
                LOGGER.warning(
                    "figure %s is not mentioned in the text: %s",
                    name,
                    remedy,
                    location=(docname, line),
                    type="figures",
                )


def _add_static_path(app: Sphinx) -> None:
    app.config.html_static_path.append(str(STATIC / "book_figures.css"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_transform(InlineFigures)
    app.add_css_file("book_figures.css")
    app.connect("builder-inited", _add_static_path)
    app.connect("env-before-read-docs", _prepare)
    app.connect("doctree-read", _note_uses)
    app.connect("env-purge-doc", _purge)
    app.connect("env-merge-info", _merge)
    app.connect("env-check-consistency", _check_uses)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
