"""Gather gated content, and make every reference to an environment say its number."""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from book_environments.domain import Entry, ProofDomain
from book_environments.nodes import Environment, GateEnd

logger = logging.getLogger(__name__)


class GatherGated(SphinxTransform):
    """Move what stands between -start and -end into the environment, since cells run only outside."""

    default_priority = 10

    def apply(self) -> None:
        """Gather, innermost last; an opening without an end, or an end alone, is an error."""
        for node in list(self.document.findall(Environment)):
            if node["gated"]:
                self.gather(node)
        for end in list(self.document.findall(GateEnd)):
            self.warn(
                end, f"{end['kind']}-end closes nothing; remove it, or add {end['kind']}-start before it"
            )
            end.parent.remove(end)

    def gather(self, node: Environment) -> None:
        """Move the siblings up to the end of the same kind."""
        siblings = node.parent.children
        start = siblings.index(node) + 1
        for position in range(start, len(siblings)):
            end = siblings[position]
            if isinstance(end, GateEnd) and end["kind"] == node["kind"]:
                moved = siblings[start:position]
                del siblings[start : position + 1]
                node += moved
                return
        self.warn(
            node,
            f"{node['label']}: {node['kind']}-start has no {node['kind']}-end in the same section; add it",
        )

    def warn(self, node: nodes.Node, text: str) -> None:
        """Report an error in the structure."""
        logger.warning(text, location=node, type="book", subtype="environments")


class NumberReferences(SphinxPostTransform):
    """Turn {ref}, {prf:ref} and links without text into references that print the kind and the number."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Change the references that Sphinx is about to resolve."""
        domain = self.env.domains["prf"]
        assert isinstance(domain, ProofDomain)
        for node in list(self.document.findall(addnodes.pending_xref)):
            if node.get("reftype") not in ("ref", "myst") or node["reftarget"] not in domain.entries:
                continue
            node["refdomain"] = "std"
            node["reftype"] = "ref" if node["refexplicit"] else "numref"
            if not node.children:
                node += nodes.inline()
            if not node["refexplicit"]:
                self.resolve(node, domain.entries[node["reftarget"]])

    def resolve(self, node: addnodes.pending_xref, entry: Entry) -> None:
        """Write the reference from the table of numbers; Sphinx would load the whole page of its target."""
        standard = self.env.domains.standard_domain
        page, anchor = standard.anonlabels.get(node["reftarget"], ("", ""))
        number = self.env.toc_fignumbers.get(page, {}).get(entry["kind"], {}).get(anchor)
        if number:
            title = self.config.numfig_format[entry["kind"]]
            reference = standard.build_reference_node(
                self.env.docname,
                self.app.builder,
                page,
                anchor,
                title % ".".join(map(str, number)),
                "numref",
                node_class=addnodes.number_reference,
                title=title,
            )
            node.replace_self(reference)
