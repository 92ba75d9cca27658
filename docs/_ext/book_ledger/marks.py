"""The mark beside the number of a display with its panel, and the line of links under a statement."""

from collections.abc import Mapping
from html import escape
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform

from book_checks.directive import check_node
from book_environments.nodes import Environment
from book_ledger import words
from book_ledger.records import Ledger, Record, mark_of
from book_ledger.state import ledger_in, ledger_page

__all__ = ["Equation", "Links", "Panel", "PrintedMark", "PutMarks", "symbol"]

LONG = 8
"""A line with more links than this is folded."""

# Shapes, each on a square of 16: they differ without colour, and no font must have them.
_SHAPES = {
    "checked": '<path d="M3 8.5 6.5 12 13 4.5"/>',
    "cited": '<path d="M2 9.5 5.5 13 11 6"/><circle cx="13" cy="3.5" r="2"/>',
    "unchecked": '<circle cx="8" cy="8" r="4.5"/>',
    "definition": '<path d="M7 6.5h6M7 9.5h6M3.5 6.4v.2M3.5 9.4v.2"/>',
    "assumption": '<path d="M8 3 13 8 8 13 3 8z"/>',
    "problem": '<path d="M5 3.5 12 8 5 12.5z"/>',
    "mistake": '<path d="M4 4 12 12M12 4 4 12"/>',
}


class Equation(nodes.General, nodes.Element):
    """A display with its mark."""


class Panel(nodes.General, nodes.Element):
    """What the mark opens: ``label``, ``mark``, ``title``."""


class PrintedMark(nodes.General, nodes.Invisible, nodes.Element):
    """The mark in print, set before the display that it belongs to."""


class Links(nodes.General, nodes.Element):
    """Uses, used by, rests on; ``summary`` is what stands there when it is folded."""


def symbol(mark: str) -> str:
    """The mark as a drawing."""
    namespace = "http://www.w3.org/2000/svg"  # the EPUB is XML, where a drawing must name its own
    return (
        f'<svg xmlns="{namespace}" class="evidence-mark" viewBox="0 0 16 16" aria-hidden="true">'
        f"{_SHAPES[mark]}</svg>"
    )


class PutMarks(SphinxPostTransform):
    """Give each display its mark and panel, and each statement its links, before references are resolved."""

    default_priority = 3

    def run(self, **kwargs: Any) -> None:
        """Change the doctree of one page."""
        maker = _Maker(self.env, ledger_in(self.env), self.app.builder)
        checks = {node["label"]: node for node in self.document.findall(check_node)}
        for node in list(self.document.findall(check_node)):
            node.parent.remove(node)
        for display in list(self.document.findall(nodes.math_block)):
            record = maker.records.get(display.get("label", ""))
            if record and self.app.builder.format == "html":
                display.replace_self(Equation("", display.deepcopy(), maker.panel(record, checks)))
            elif record and self.app.builder.format == "latex":
                display.replace_self([PrintedMark(mark=mark_of(record)), display])
        for statement in list(self.document.findall(Environment)):
            if record := maker.records.get(statement["label"]):
                statement += maker.links(record)


class _Maker:
    """Makes nodes for the page that is being resolved."""

    def __init__(self, env: BuildEnvironment, ledger: Ledger, builder: Builder) -> None:
        self.env, self.builder, self.records = env, builder, ledger.records

    def panel(self, record: Record, checks: Mapping[str, check_node]) -> Panel:
        """The facts of a display, each a line, and the code of its check."""
        check = checks.get(record.label)
        panel = Panel(label=record.label, mark=mark_of(record), title=words.title_of(record))
        panel["name"] = record.name
        relations = [] if record.part_of else self.relations(record)  # they stand under the statement
        panel += self.fact("Basis", [nodes.Text(words.basis_of(record) + "."), *relations])
        if record.evidence == "none" and record.kind == "claim":
            panel += self.fact("No check", [nodes.Text(f"because: {record.reason}.")])
        elif record.evidence:
            panel += self.fact(
                "Evidence", [nodes.Text(f"{record.evidence.capitalize()}: {words.domain_of(record)}.")]
            )
        measured = (words.resolution_of, words.tightest_of, words.mutants_of, words.transcribed_of)
        if text := ". ".join(filter(None, (say(record) for say in measured))):
            panel += self.fact("Sharpness", [nodes.Text(text + ".")])
        for said in words.exceptions_of(record):
            panel += self.fact("Exception", [nodes.Text(f"{said}.")])
        if record.functions:
            panel += self.fact("Code", self.functions(record))
        if check is not None:
            panel += nodes.literal_block(check["code"], check["code"], language="python")
        if more := self.more(record, check is not None):
            panel += self.fact("See also", more)
        return panel

    def fact(self, name: str, content: list[nodes.Node]) -> nodes.paragraph:
        """One line of the panel."""
        return nodes.paragraph("", "", nodes.strong("", name), nodes.Text(" "), *content)

    def relations(self, record: Record) -> list[nodes.Node]:
        """Uses, used by and rests on as sentences."""
        found: list[nodes.Node] = []
        for words_, labels in self.sentences(record):
            found += [nodes.Text(f" {words_} "), *self.listed(labels), nodes.Text(".")]
        return found

    def sentences(self, record: Record) -> list[tuple[str, list[str]]]:
        """The three lists that are not empty; a display of its own proof is no news to a statement."""
        own = record.part_of or record.label
        uses = [label for label in record.uses if self.records[label].proof_of != own]
        return [
            (words_, list(labels))
            for words_, labels in (
                ("Uses", uses),
                ("Used by", record.used_by),
                ("Rests on", [label for label in record.rests_on if label not in uses]),
            )
            if labels
        ]

    def listed(self, labels: list[str]) -> list[nodes.Node]:
        """References in a row."""
        found: list[nodes.Node] = []
        for position, label in enumerate(labels):
            last = position == len(labels) - 1
            found.append(nodes.Text("" if position == 0 else " and " if last else ", "))
            word = {"assumption": "assumption ", "cited": "cited "}.get(self.records[label].basis, "")
            found += [nodes.Text(word), self.reference(label)]
        return found

    def reference(self, label: str) -> addnodes.pending_xref:
        """A reference as the author would write it."""
        display = self.records[label].is_display
        node = addnodes.pending_xref(
            "",
            refdomain="math" if display else "prf",
            reftype="eq" if display else "ref",
            reftarget=label,
            refexplicit=False,
            refwarn=True,
            refdoc=self.env.docname,
        )
        if display:
            node += nodes.inline("", label)
        return node

    def functions(self, record: Record) -> list[nodes.Node]:
        """The functions that name the label, with their tests."""
        known = self.env.domains.python_domain.objects
        found: list[nodes.Node] = []
        for position, one in enumerate(record.functions):
            text = nodes.literal("", one.short)
            found.append(nodes.Text("; " if position else ""))
            if one.name in known:
                reference = addnodes.pending_xref(
                    "",
                    refdomain="py",
                    reftype="obj",
                    reftarget=one.name,
                    refexplicit=True,
                    refwarn=True,
                    refdoc=self.env.docname,
                )
                found.append(reference)
                reference += text
            else:
                found.append(text)
            if one.test_file:
                found += [nodes.Text(", tested in "), nodes.literal("", one.test_file)]
        return [*found, nodes.Text(".")]

    def more(self, record: Record, checked: bool) -> list[nodes.Node]:
        """How to run the check, and the row of the ledger."""
        found: list[nodes.Node] = []
        if checked:
            found = [nodes.Text("Run it with "), nodes.literal("", f"pytest -k {record.label}")]
            found.append(nodes.Text(". "))
        if page := ledger_page(self.env):
            uri = f"{self.builder.get_relative_uri(self.env.docname, page)}#ledger-{record.label}"
            found += [nodes.reference("", "Row in the ledger", internal=True, refuri=uri), nodes.Text(".")]
        return found

    def links(self, record: Record) -> list[nodes.Node]:
        """The line under a statement; none when there is nothing to say."""
        sentences = self.sentences(record)
        if not sentences:
            return []
        line = nodes.paragraph("", "", *self.relations(record))
        summary = ", ".join(f"{what.lower()} {len(labels)}" for what, labels in sentences).capitalize()
        long = sum(len(labels) for _, labels in sentences) > LONG
        return [Links("", line, summary=summary if long else "")]


# HTML


def visit_equation(self: Any, node: Equation) -> None:
    """Open the display with its mark."""
    self.body.append('<div class="equation">\n')


def depart_equation(self: Any, node: Equation) -> None:
    """Close it."""
    self.body.append("</div>\n")


def visit_panel(self: Any, node: Panel) -> None:
    """Open the panel after its mark; the name says all that the mark shows."""
    name = escape(f"Equation {node['name']}: {node['title']}")
    self.body.append(
        f'<details class="check"><summary aria-label="{name}" title="{escape(node["title"])}">'
        f'{symbol(node["mark"])}</summary>\n<div class="check-panel" id="check-{escape(node["label"])}">\n'
    )


def depart_panel(self: Any, node: Panel) -> None:
    """Close the panel."""
    self.body.append("</div></details>\n")


def visit_links(self: Any, node: Links) -> None:
    """Open the line, folded when it is long."""
    if node["summary"]:
        self.body.append(f'<details class="result-links"><summary>{escape(node["summary"])}</summary>\n')
    else:
        self.body.append('<div class="result-links">\n')


def depart_links(self: Any, node: Links) -> None:
    """Close the line."""
    self.body.append("</details>\n" if node["summary"] else "</div>\n")


# LaTeX


def visit_printed_mark(self: Any, node: PrintedMark) -> None:
    """Say what stands beside the number of the next display."""
    self.body.append(f"\\bookmarknext{{{node['mark']}}}%\n")
    raise nodes.SkipNode


def visit_printed_links(self: Any, node: Links) -> None:
    """Open the line in small type."""
    self.body.append("\n\\begin{booklinks}")


def depart_printed_links(self: Any, node: Links) -> None:
    """Close the line."""
    self.body.append("\\end{booklinks}\n")
