"""Author-year citations with back-links: every entry of the bibliography says where it is cited."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from . import style

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """A section that cites an entry."""

    docname: str
    section: str  # id of the section, "" for the page itself
    citation: str  # id of the first citation of the entry in the section
    name: str  # what the reader sees: the number of the section, or the title of an unnumbered page


def find_files(app: Sphinx, config: Config) -> None:
    """Look for the .bib files beside the text; sphinxcontrib-bibtex looks beside conf.py."""
    config.bibtex_bibfiles = [str(Path(app.srcdir) / name) for name in config.bibtex_bibfiles]


def sections_of_citations(app: Sphinx, doctree: nodes.document) -> None:
    """Keep, for each citation of the page that was read, the section it stands in."""
    found: dict[str, str] = {}
    for node in doctree.findall(addnodes.pending_xref):
        if node.get("refdomain") == "cite":
            found[node["ids"][0]] = enclosing_section(node)
    store(app.env)[app.env.docname] = found


def enclosing_section(node: nodes.Node) -> str:
    """Return the id of the section around ``node``, "" for the page itself; what is below has no number."""
    sections = []
    while node is not None:
        if isinstance(node, nodes.section):
            sections.append(node)
        node = node.parent
    return str(sections[-2]["ids"][0]) if len(sections) > 1 else ""


def store(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return the environment's table: page, id of a citation, section."""
    if not hasattr(env, "book_citations"):
        env.book_citations = {}  # type: ignore[attr-defined]
    return env.book_citations  # type: ignore[attr-defined, no-any-return]


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that is read again or gone."""
    store(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Take over what a parallel reader found."""
    store(env).update({name: store(other)[name] for name in docnames if name in store(other)})


def places(env: BuildEnvironment) -> dict[str, list[Place]]:
    """Return for each cited key the sections that cite it, in the order of the book."""
    order = {name: position for position, name in enumerate(reading_order(env))}
    # Readers in parallel deliver pages in any order.
    references = sorted(
        env.get_domain("cite").citation_refs,  # type: ignore[attr-defined]
        key=lambda ref: (order.get(ref.docname, len(order)), ref.docname, ref.line),
    )
    found: dict[str, list[Place]] = {}
    for reference in references:
        section = store(env).get(reference.docname, {}).get(reference.citation_ref_id, "")
        name = section_name(env, reference.docname, section)
        for target in reference.targets:
            entry = found.setdefault(target.key, [])
            if name not in [place.name for place in entry]:
                entry.append(Place(reference.docname, section, reference.citation_ref_id, name))
    return found


def reading_order(env: BuildEnvironment) -> Iterator[str]:
    """Yield the pages as the reader turns them."""
    relations = env.collect_relations()
    name: str | None = env.config.root_doc
    while name is not None:
        yield name
        name = relations.get(name, [None, None, None])[2]


def section_name(env: BuildEnvironment, docname: str, section: str) -> str:
    """Return the number of a section, or the title of its page where there is none."""
    numbers = env.toc_secnumbers.get(docname, {})
    number = numbers.get(f"#{section}" if section else "") or numbers.get("")
    return ".".join(map(str, number)) if number else env.titles[docname].astext()


def bibliographies(env: BuildEnvironment) -> set[str]:
    """Return the pages that show the bibliography."""
    return {key.docname for key in env.get_domain("cite").bibliographies}  # type: ignore[attr-defined]


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the bibliography as changed when a back-link of it changed, even if its source did not."""
    now = places(env)
    before = getattr(env, "book_citation_places", None)
    env.book_citation_places = now  # type: ignore[attr-defined]
    return [] if now == before else sorted(bibliographies(env))


def check_all_cited(app: Sphinx, env: BuildEnvironment) -> None:
    """Report entries of the .bib file that nothing cites."""
    if not bibliographies(env):
        return
    cited = places(env)
    for name in app.config.bibtex_bibfiles:
        for number, line in enumerate(Path(name).read_text(encoding="utf8").splitlines(), start=1):
            entry = re.match(r"\s*@\w+\s*\{\s*([^\s,]+)\s*,", line)
            if entry and entry[1] not in cited:
                logger.warning(
                    'nothing cites "%s": cite it with {cite:t}`%s` or {cite:p}`%s`, or remove it from %s',
                    *(entry[1], entry[1], entry[1], Path(name).name),
                    location=f"{name}:{number}",
                )


class BackLinks(SphinxPostTransform):
    """Write each entry as a paragraph without a label that ends with the places that cite it."""

    default_priority = (
        6  # after sphinxcontrib-bibtex has written the entries (5), before references resolve (10)
    )

    def run(self, **kwargs: object) -> None:
        """Rewrite the bibliographies of the document."""
        domain = self.env.get_domain("cite")
        keys = {citation.citation_id: citation.key for citation in domain.citations}  # type: ignore[attr-defined]
        found = places(self.env)
        for entry in list(self.document.findall(nodes.citation)):
            key = keys.get(entry["ids"][0])
            if key is None:
                continue
            text = entry[1]
            paragraph = nodes.paragraph(classes=["bibliography-entry"])
            paragraph += nodes.target(ids=entry["ids"])
            paragraph += text.children
            paragraph += self.cited_in(entry["docname"], found.get(key, []))
            entry.parent.replace(entry, paragraph)  # replace_self would copy the id

    def cited_in(self, docname: str, entry: list[Place]) -> list[nodes.Node]:
        """Return « Cited in 5.2, 5.4.», each a link."""
        if not entry:
            return []
        text = nodes.inline(" Cited in ", " Cited in ", classes=["cited-in"])
        for position, place in enumerate(entry):
            # LaTeX has labels for sections, not for the words in them.
            target = place.section if self.app.builder.format == "latex" else place.citation
            text += nodes.Text(", " if position else "")
            text += make_refnode(
                self.app.builder, docname, place.docname, target, nodes.inline(place.name, place.name)
            )
        text += nodes.Text(".")
        return [text]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    style.register()
    app.connect("config-inited", find_files)
    app.connect("doctree-read", sections_of_citations)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", pages_to_write, priority=900)  # after the sections have their numbers
    app.connect("env-check-consistency", check_all_cited)
    app.add_post_transform(BackLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
