"""From labels to numbers."""

from dataclasses import dataclass
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

from book_numbers.numbering import Number


@dataclass(frozen=True)
class Page:
    """What the numbers need to know of a page.

    ``targets`` are the labels it refers to: it is written again when one of their numbers changes.
    ``sections`` maps every id of a section to the anchor by which Sphinx counts it, empty for the first.
    """

    targets: frozenset[str]
    sections: dict[str, str]


def describe_page(doctree: nodes.document) -> Page:
    """Find the references and the sections of a page."""
    targets = frozenset(node.get("reftarget", "") for node in doctree.findall(addnodes.pending_xref))
    sections: dict[str, str] = {}
    for section in doctree.findall(nodes.section):
        anchor = f"#{section['ids'][0]}" if sections else ""
        sections |= dict.fromkeys(section["ids"], anchor)
    return Page(targets, sections)


def pages_of(env: BuildEnvironment) -> dict[str, Page]:
    """Return the pages of the environment by name."""
    if not hasattr(env, "book_pages"):
        env.book_pages = {}  # type: ignore[attr-defined]
    pages: dict[str, Page] = env.book_pages  # type: ignore[attr-defined]
    return pages


def dotted(number: Number) -> str:
    """Write a number as the reader sees it."""
    return ".".join(map(str, number))


def section_number(env: BuildEnvironment, page: str, anchor: str) -> Number:
    """Return the number of the section with an id, or nothing."""
    sections = pages_of(env)[page].sections
    return env.toc_secnumbers.get(page, {}).get(sections.get(anchor, anchor), ())


def collect_numbers(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Collect for each label its kind, number, page and anchor."""
    standard = env.domains.standard_domain
    anchors = {
        label: (page, anchor)
        for label, (page, anchor) in standard.anonlabels.items()
        if page in pages_of(env)
    }
    anchors |= {
        label: (page, nodes.make_id(f"equation-{label}"))
        for label, (page, _) in env.domains.math_domain.equations.items()
    }
    found: dict[str, dict[str, str]] = {}
    for label, (page, anchor) in sorted(anchors.items()):
        series = {"section": section_number(env, page, anchor)}
        series |= {kind: ids.get(anchor, ()) for kind, ids in env.toc_fignumbers.get(page, {}).items()}
        for kind, number in series.items():
            if number:
                kind = "equation" if kind == "displaymath" else kind
                found[label] = {"kind": kind, "number": dotted(number), "page": page, "anchor": anchor}
    return found


class SectionReferences(SphinxPostTransform):
    """Let {numref} to a section print Chapter 5 or Section 5.1, in LaTeX as in HTML."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Write the number into the reference and leave the link to Sphinx."""
        labels = self.env.domains.standard_domain.anonlabels
        for node in self.document.findall(addnodes.pending_xref):
            page, anchor = labels.get(node.get("reftarget", ""), ("", ""))
            if node.get("reftype") != "numref" or page not in pages_of(self.env):
                continue
            number = section_number(self.env, page, anchor)
            if number:
                word = "Chapter %s" if len(number) == 1 else "Section %s"
                text = (node.astext() if node["refexplicit"] else word).replace("%s", dotted(number))
                node["reftype"], node["refexplicit"] = "ref", True
                node.children = []
                node += nodes.inline("", text)
