"""Number chapters, equations, theorems and figures once, for every output."""

import json
from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx.util import logging

from book_numbers.labels import SectionReferences, collect_numbers, describe_page, pages_of
from book_numbers.numbering import Figures, Sections, number_figures, number_sections
from book_numbers.registry import Registry, read_registry

logger = logging.getLogger(__name__)

# How references and captions name what Sphinx counts; %s is the number.
FORMATS = {"figure": "Figure %s", "table": "Table %s", "code-block": "Listing %s"}


def registry_of(app: Sphinx) -> Registry:
    """Read the registry of the book that is being built."""
    return read_registry(Path(app.srcdir) / "chapters.toml")


def replace_sphinx_numbers(app: Sphinx, config: Config) -> None:
    """Take the assignment of numbers from Sphinx, which counts by the position in the table of contents."""
    registry_of(app)
    config.numfig_format = FORMATS | config.numfig_format
    for listener in list(app.events.listeners["env-get-updated"]):
        if isinstance(getattr(listener.handler, "__self__", None), TocTreeCollector):
            app.disconnect(listener.id)
    app.connect("env-get-updated", assign_numbers)


def note_page(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the sections of a page, and the labels it refers to."""
    pages_of(app.env)[app.env.docname] = describe_page(doctree)


def purge_page(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that is read again."""
    pages_of(env).pop(docname, None)


def merge_pages(app: Sphinx, env: BuildEnvironment, docnames: Iterable[str], other: BuildEnvironment) -> None:
    """Take over what a parallel reader found."""
    pages_of(env).update({docname: pages_of(other)[docname] for docname in docnames})


def assign_numbers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give Sphinx the numbers and name the pages that must be written again because one changed."""
    registry = registry_of(app)
    old_sections: Sections = env.toc_secnumbers  # type: ignore[assignment]
    old_figures: Figures = env.toc_fignumbers  # type: ignore[assignment]
    sections = number_sections(env, registry)
    figures = number_figures(env, registry)
    env.toc_secnumbers = sections  # type: ignore[assignment]
    env.toc_fignumbers = figures  # type: ignore[assignment]
    if {page: old_sections[page].get("") for page in old_sections} != {
        page: sections[page].get("") for page in sections
    }:
        return sorted(env.found_docs)  # a chapter came or went: every page lists the chapters
    changed = {
        page
        for page in env.found_docs
        if old_sections.get(page) != sections.get(page) or old_figures.get(page) != figures.get(page)
    }
    labels = {label for label, entry in collect_numbers(env).items() if entry["page"] in changed}
    return sorted(changed | {name for name, page in pages_of(env).items() if page.targets & labels})


def check_registered(app: Sphinx, env: BuildEnvironment) -> None:
    """Report pages in a volume's folder that the registry does not know, and labels that got no number."""
    registry = registry_of(app)
    for page in sorted(env.found_docs):
        volume = registry.volume_of(page)
        if volume and registry.chapter_of(page) is None:
            logger.warning(
                "%s: this page lies in the volume %s/ and is not in docs/chapters.toml, "
                "so it has no chapter number. Add a [[chapter]] with page = %r, or move the page out of %s/.",
                page,
                volume,
                page,
                volume,
                location=page,
                type="book",
                subtype="numbers",
            )
    for label, (page, _) in sorted(env.domains.math_domain.equations.items()):
        anchor = nodes.make_id(f"equation-{label}")
        if anchor not in env.toc_fignumbers.get(page, {}).get("displaymath", {}):
            logger.warning(
                "%s: the display %s has a label but no number, "
                "since only chapters in the table of contents are numbered. "
                "Remove the label, or move the display into a chapter.",
                page,
                label,
                location=page,
                type="book",
                subtype="numbers",
            )


def write_numbers(app: Sphinx, exception: Exception | None) -> None:
    """Write numbers.json into the output folder."""
    if exception is None and app.builder.format in ("html", "latex"):
        text = json.dumps(collect_numbers(app.env), indent=1, ensure_ascii=False)
        (Path(app.outdir) / "numbers.json").write_text(text + "\n", encoding="utf8")


def setup(app: Sphinx) -> dict[str, bool | int]:
    """Register the extension."""
    app.connect("config-inited", replace_sphinx_numbers)
    app.connect("doctree-read", note_page)
    app.connect("env-purge-doc", purge_page)
    app.connect("env-merge-info", merge_pages)
    app.add_post_transform(SectionReferences)
    app.connect("env-check-consistency", check_registered)
    app.connect("build-finished", write_numbers)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
