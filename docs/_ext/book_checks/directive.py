"""The directives ``check`` and ``unchecked`` on the page."""

from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from book_checks import body
from book_checks.rules import REASONS
from book_source import Check

__all__ = [
    "CheckDirective",
    "UncheckedDirective",
    "check_node",
    "depart_check",
    "skip",
    "summary_node",
    "visit_check",
]


class check_node(nodes.General, nodes.Element):  # noqa: N801
    """A folded check: a summary and the code."""


class summary_node(nodes.General, nodes.TextElement):  # noqa: N801
    """What was checked, and at which data, in words."""


class CheckDirective(SphinxDirective):
    """Show a check, folded, after its equation; the runner reads it from the source."""

    has_content = True
    required_arguments = 1
    option_spec: ClassVar = {
        "sizes": directives.unchanged_required,
        "uses": directives.unchanged_required,
        "few": directives.unchanged_required,
        "shown": directives.unchanged_required,
        "tokens": directives.unchanged,
        "resolution": directives.unchanged_required,
        "equivalent": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Make the folded node."""
        label = self.arguments[0]
        code = "\n".join(self.content)
        node = check_node("", ids=[f"check-{label}"])
        what = "The mistake in" if label.startswith("not-") else "Check of"
        words, messages = self.parse_inline(f"{what} {{eq}}`{label}`", lineno=self.lineno)
        how, more = self.parse_inline(
            f"Tried at {self._tried(code)}: generic data in float64, seeded by the label. "
            f"Run it with `pytest -k {label}`.",
            lineno=self.lineno,
        )
        node += summary_node("", "", *words)
        node += nodes.literal_block(code, code, language="python")
        node += nodes.paragraph("", "", *how)
        self.set_source_info(node)
        return [node, *messages, *more]

    def _tried(self, code: str) -> str:
        """The domain in words; what cannot be read is reported by the rules, not here."""
        check = Check(
            "", self.lineno, (), "check", self.arguments[0], self.options, code, self.lineno, self.lineno
        )
        try:
            sets = body.sizes(check)
        except ValueError:
            sets = ()
        # No-break spaces keep each size on one line.
        at = [", ".join(f"{name}\u00a0=\u00a0{value}" for name, value in one.items()) for one in sets]
        return "; ".join(at) or "random numbers"


class UncheckedDirective(SphinxDirective):
    """Say why a claim has no check."""

    required_arguments = 1
    option_spec: ClassVar = {"reason": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Make a quiet paragraph."""
        reason = REASONS.get(self.options.get("reason", ""), "no reason given")
        inlines, messages = self.parse_inline(
            f"{{eq}}`{self.arguments[0]}` is proved and has no check: {reason}.", lineno=self.lineno
        )
        node = check_node("", nodes.paragraph("", "", *inlines, classes=["unchecked"]))
        return [node, *messages]


def visit_check(self: Any, node: check_node) -> None:
    """Open the folded element; a reason for no check has nothing to unfold."""
    if isinstance(node[0], summary_node):
        self.body.append(f'<details class="check" id="{escape(node["ids"][0])}">\n')


def depart_check(self: Any, node: check_node) -> None:
    """Close the folded element."""
    if isinstance(node[0], summary_node):
        self.body.append("</details>\n")


def visit_summary(self: Any, node: summary_node) -> None:
    """Write the summary as text: a link inside it would fight with the unfolding."""
    self.body.append(f"<summary>{escape(node.astext())}</summary>\n")
    raise nodes.SkipNode


def skip(self: Any, node: nodes.Element) -> None:
    """Leave the check out."""
    raise nodes.SkipNode
