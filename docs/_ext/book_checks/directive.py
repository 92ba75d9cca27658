"""The directives ``check`` and ``unchecked``; book_ledger shows them beside the equation."""

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from book_checks.rules import OPTIONS

__all__ = ["CheckDirective", "UncheckedDirective", "check_node", "skip"]


class check_node(nodes.General, nodes.Invisible, nodes.Element):  # noqa: N801
    """A check: ``label`` and ``code``; it stands where the author wrote it until the page is written."""


class CheckDirective(SphinxDirective):
    """The check of a display."""

    has_content = True
    required_arguments = 1
    option_spec: ClassVar = dict.fromkeys(sorted(OPTIONS), directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        """Leave the code for the panel of the equation."""
        node = check_node(label=self.arguments[0], code="\n".join(self.content))
        self.set_source_info(node)
        return [node]


class UncheckedDirective(SphinxDirective):
    """Say why a claim has no check; the panel of the equation shows the reason."""

    required_arguments = 1
    option_spec: ClassVar = {"reason": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Leave nothing on the page."""
        return []


def skip(self: Any, node: nodes.Element) -> None:
    """Leave out a check whose display is not on the page; the rules report it."""
    raise nodes.SkipNode
