"""Files to take away: the button and the sentence that offer them, and how to cite a page."""

import os
import re
import time
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from book_downloads import files
from book_downloads.cite import Source, bibtex, in_words

HERE = Path(__file__).parent
BUTTON = {
    "type": "group",
    "buttons": [],  # files.js fills the menu from the list of what is there
    "icon": "fas fa-download",
    "tooltip": "Download the book",
    "label": "book-files",
}


def build_folder(app: Sphinx) -> Path:
    """Return where the PDF, the EPUB and the offline copy are made."""
    return Path(app.srcdir).parent / "build"


class Downloads(SphinxDirective):
    """``{downloads}``: a sentence with links to the PDF and the EPUB when they have been made."""

    def run(self) -> list[nodes.Node]:
        """Return the paragraph."""
        self.env.metadata[self.env.docname]["downloads"] = "listed"
        paragraph = nodes.paragraph(classes=["downloads"])
        made = [one for one in files.made(build_folder(self.env.app)) if one.kind != files.OFFLINE]
        if not made:
            paragraph += nodes.Text("The PDF and the EPUB are not part of this build: ")
            paragraph += [nodes.literal("", "make site"), nodes.Text(" makes them and puts them here.")]
            return [paragraph]
        paragraph += nodes.Text("The whole book as one file: ")
        for position, one in enumerate(made):
            up = "../" * self.env.docname.count("/")
            paragraph += nodes.Text(" or " if position else "")
            paragraph += nodes.reference("", one.kind, refuri=f"{up}{files.FOLDER}/{one.name}", internal=True)
        paragraph += nodes.Text(".")
        return [paragraph]


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Name the pages that list the files when a file has come or gone."""
    before = getattr(env, "book_downloads", None)
    env.book_downloads = now = [one.name for one in files.made(build_folder(app))]  # type: ignore[attr-defined]
    return [name for name, data in env.metadata.items() if "downloads" in data and before != now]


def read_source(app: Sphinx, config: Config) -> None:
    """Take the authors from CITATION.cff and the date from the commit; another date writes all pages anew."""
    path = Path(config.book_citation_file)
    if not path.is_file():
        raise ExtensionError(f"{path}: there is no such file, and pages say from it how they are cited")
    written = yaml.safe_load(path.read_text(encoding="utf8"))
    authors = [one.get("name") or f"{one['given-names']} {one['family-names']}" for one in written["authors"]]
    if str(written["version"]) != config.release:
        raise ExtensionError(
            f"{path} has the version {written['version']}, conf.py has {config.release}: make them the same"
        )
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    date = time.strftime("%Y-%m-%d", time.gmtime(int(epoch))) if epoch else ""
    year = date[:4] or (re.search(r"\d{4}", config.copyright) or [""])[0]
    config["book_edition"] = [config.project, *authors, config.release, date, year]
    config.templates_path.append(str(HERE / "templates"))
    config.html_static_path.append(str(HERE / "static"))
    config.html_theme_options.setdefault("article_footer_items", ["cite.html"])


def source_of(config: Config) -> Source:
    """Return what all pages share."""
    title, *authors, release, date, year = config.book_edition
    return Source(title, tuple(authors), release, date, year, config.html_baseurl)


def add_citation(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give the template the citation of a page that has a text."""
    if app.builder.name == "epub" or doctree is None:
        return
    number = ".".join(map(str, app.env.toc_secnumbers.get(page, {}).get("") or ()))
    title = app.env.titles[page].astext() if page != app.config.root_doc else ""
    source = source_of(app.config)
    context["cite_words"] = escape(in_words(source, page, title, number))
    context["cite_bibtex"] = escape(bibtex(source, page, title, number))


def add_button(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give the header the button, and the page the list of files."""
    if app.builder.name == "epub":
        return
    context.get("header_buttons", []).insert(0, BUTTON)
    # In the head, so that the button has its place at the first paint; no checksum: the list may change.
    script = f'<script src="{context["pathto"](files.LIST.as_posix(), 1)}"></script>'
    context["metatags"] = context.get("metatags", "") + script


def put_files(app: Sphinx, exception: Exception | None) -> None:
    """Put what has been made beside the pages, and the list of it for the button."""
    if exception is None and app.builder.name == "html":
        files.put(build_folder(app), Path(app.outdir))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_config_value("book_citation_file", str(HERE.parents[2] / "CITATION.cff"), "", str)
    app.add_config_value("book_edition", [], "html", list)
    app.add_directive("downloads", Downloads)
    app.add_css_file("downloads.css")
    app.add_js_file("downloads.js")
    app.connect("config-inited", read_source)
    app.connect("env-get-outdated", outdated)
    # Before the theme drops templates that come out empty (500); after it has put in its buttons (501).
    app.connect("html-page-context", add_citation, priority=100)
    app.connect("html-page-context", add_button, priority=600)
    app.connect("build-finished", put_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
