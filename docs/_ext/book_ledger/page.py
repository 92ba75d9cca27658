"""The page of the ledger, in HTML and in print."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from book_ledger import words
from book_ledger.marks import symbol
from book_ledger.records import Chapter, Ledger, Record, mark_of
from book_ledger.state import ledger_in

__all__ = ["LedgerDirective", "LedgerNode"]

Uri = Callable[[str], str]
"""From the address of a record below the pages to that seen from the page of the ledger."""


class LedgerNode(nodes.General, nodes.Element):
    """One ``part`` of the ledger: numbers, marks, totals, weakest, without, exceptions or all."""


class LedgerDirective(SphinxDirective):
    """``{ledger} PART``: one part of the ledger.

    PART is numbers, marks, totals, weakest, without, exceptions or all.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave a node that is filled when the page is written."""
        part = self.arguments[0]
        if part not in _PARTS:
            raise self.error(f"{{ledger}} knows the parts {', '.join(_PARTS)}, not {part}")
        if part == "all":
            self.env.metadata[self.env.docname]["ledger"] = "all"
        node = LedgerNode(part=part)
        self.set_source_info(node)
        self.env.metadata[self.env.docname]["counts"] = "ledger"
        return [node]


# HTML


def visit_ledger(self: Any, node: LedgerNode) -> None:
    """Write one part."""
    builder, env = self.builder, self.builder.env

    def uri(address: str) -> str:
        page, _, anchor = address.partition("#")
        target = builder.get_relative_uri(builder.current_docname, page.removesuffix(".html"))
        return f"{target}#{anchor}"

    self.body.append(_PARTS[node["part"]](ledger_in(env), uri))
    raise nodes.SkipNode


def _numbers_said(ledger: Ledger) -> list[tuple[str, str]]:
    """What the whole book amounts to: a number, and what it counts."""
    displays = [one for one in ledger.records.values() if one.is_display]
    claims = [one for one in displays if one.kind == "claim"]
    counts = [words.Counts(one) for one in displays]
    checked = sum(one.evidence != "none" for one in claims)
    survived = sum((one.mutants or {}).get("survived", 0) for one in displays)
    unnoticed = f"{survived or 'none'} missed"
    return [
        (f"{len(displays)}", "displayed equations, each labelled as what it is"),
        (f"{checked} of {len(claims)}", "claims are tested by a program, at each build"),
        (f"{sum(one.killed for one in counts):,}", f"altered formulas noticed by them, {unnoticed}"),
        (f"{sum(one.transcribed for one in claims)}", "claims typed anew from the page alone, which agreed"),
    ]


def _numbers_row(ledger: Ledger, uri: Uri) -> str:
    rows = "".join(
        f"<li><strong>{escape(number)}</strong> {escape(what)}</li>" for number, what in _numbers_said(ledger)
    )
    return f'<ul class="ledger-numbers">{rows}</ul>\n'


def _marks(ledger: Ledger, uri: Uri) -> str:
    rows = "".join(f"<li>{symbol(mark)} {escape(meaning)}</li>" for mark, meaning in words.MARKS.items())
    return f'<ul class="ledger-marks">{rows}</ul>\n'


def _totals(ledger: Ledger, uri: Uri) -> str:
    rows = [(escape(f"{one.number}. {one.title}"), *map(str, _numbers(one))) for one in ledger.chapters]
    sums = [sum(column) for column in zip(*map(_numbers, ledger.chapters), strict=True)]
    if len(rows) > 1:
        rows.append(("All", *map(str, sums)))
    return _plain_table(_TOTALS, rows)


_TOTALS = (
    "Chapter",
    "Claims",
    "No check",
    "Defi\u00adni\u00adtions",
    "As\u00adsump\u00adtions",
    "Prob\u00adlems",
    "Wrong on purpose",
    "State\u00adments",
    "In the line",
)


def _plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column names the row, and scrolls in its own box where it is too wide."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        '<div class="pst-scrollable-table-container"><table class="ledger-totals">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>\n"
    )


def _numbers(chapter: Chapter) -> list[int]:
    kinds = ("definition", "assumption", "problem", "wrong on purpose")
    counts = [chapter.count("claim"), len(chapter.without), *map(chapter.count, kinds)]
    return [*counts, chapter.statements, chapter.inline]


_WEAKEST = ("Label", "Resolution", "In one entry", "Noticed", "by a wrong value")


def _weakest(ledger: Ledger, uri: Uri) -> str:
    rows = [
        (
            f"{_link(one, uri)} <code>{escape(one.label)}</code>",
            words.number_of(one.resolution),
            words.number_of(one.entry_resolution),
            _noticed(one),
            str(words.Counts(one).by_value) if one.mutants else "",
        )
        for one in ledger.weakest
    ]
    return _plain_table(_WEAKEST, rows) if rows else "<p>No check has been run.</p>\n"


def _noticed(record: Record) -> str:
    found = words.Counts(record)
    return f"{found.killed} of {found.live}" if record.mutants else ""


def _without(ledger: Ledger, uri: Uri) -> str:
    rows = [
        f"<li>{_link(one, uri)} <code>{escape(one.label)}</code>: {escape(one.reason)}.</li>"
        for chapter in ledger.chapters
        for one in chapter.without
    ]
    return f"<ul>{''.join(rows)}</ul>\n" if rows else "<p>None: every claim has a check.</p>\n"


def _exceptions(ledger: Ledger, uri: Uri) -> str:
    rows = [
        f"<li>{_link(one, uri)} <code>{escape(one.label)}</code>: {escape(said)}.</li>"
        for one in ledger.records.values()
        for said in words.exceptions_of(one)
    ]
    return f"<ul>{''.join(rows)}</ul>\n" if rows else "<p>None: every check keeps all rules.</p>\n"


_COLUMNS = ("Number", "Label", "Basis", "Evidence", "Resolution", "Noticed", "Code")


def _all(ledger: Ledger, uri: Uri) -> str:
    tables = "".join(_table(chapter, uri) for chapter in ledger.chapters)
    return f'<div class="ledger">\n{tables}</div>\n'


def _table(chapter: Chapter, uri: Uri) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    rows = "".join(_row(one, uri) for one in chapter.records)
    return (
        f'<table class="ledger-table"><caption>Chapter {chapter.number}: {escape(chapter.title)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>\n"
    )


def _row(record: Record, uri: Uri) -> str:
    mark = f" {symbol(mark_of(record))}" if record.is_display else ""
    functions = ", ".join(
        f"<code>{escape(one.short).replace('_', '_<wbr/>')}</code>" for one in record.functions
    )
    cells = (
        f"<code>{escape(record.label)}</code>",
        record.basis,
        escape(record.evidence or ""),
        words.number_of(record.resolution),
        _noticed(record),
        functions,
    )
    shown = "".join(
        f'<td data-name="{name}">{cell}</td>' for name, cell in zip(_COLUMNS[1:], cells, strict=True)
    )
    return f'<tr id="ledger-{record.label}"><th scope="row">{_link(record, uri)}{mark}</th>{shown}</tr>\n'


def _link(record: Record, uri: Uri) -> str:
    return f'<a href="{escape(uri(record.url))}">{escape(record.name)}</a>'


_PARTS: dict[str, Callable[[Ledger, Uri], str]] = {
    "numbers": _numbers_row,
    "marks": _marks,
    "totals": _totals,
    "weakest": _weakest,
    "without": _without,
    "exceptions": _exceptions,
    "all": _all,
}


# LaTeX


def visit_printed_ledger(self: Any, node: LedgerNode) -> None:
    """Write one part for print."""
    ledger = ledger_in(self.builder.env)
    self.body.append(_PRINTED[node["part"]](ledger, self.escape))
    raise nodes.SkipNode


Escape = Callable[[str], str]


def _printed_numbers(ledger: Ledger, tex: Escape) -> str:
    rows = "".join(f"\\item \\textbf{{{number}}} {tex(what)}\n" for number, what in _numbers_said(ledger))
    return f"\n\\begin{{itemize}}\n{rows}\\end{{itemize}}\n"


def _printed_marks(ledger: Ledger, tex: Escape) -> str:
    rows = "".join(f"\\ledgermark{{{mark}}} & {tex(meaning)} \\\\\n" for mark, meaning in words.MARKS.items())
    return f"\n\\begin{{tabular}}{{@{{}}ll@{{}}}}\n{rows}\\end{{tabular}}\n"


def _printed_totals(ledger: Ledger, tex: Escape) -> str:
    rows = "".join(
        f"{one.number}. {tex(one.title)} & {one.count('claim')} & {len(one.without)} & "
        f"{len(one.records)} \\\\\n"
        for one in ledger.chapters
    )
    head = "Chapter & Claims & without a check & Labels \\\\\n\\midrule\n"
    return f"\n\\begin{{tabular}}{{@{{}}lrrr@{{}}}}\n{head}{rows}\\end{{tabular}}\n"


def _printed_weakest(ledger: Ledger, tex: Escape) -> str:
    items = "".join(
        f"\\item {_printed_link(one)} {tex(words.resolution_of(one) or one.label)}.\n"
        for one in ledger.weakest
    )
    return f"\n\\begin{{enumerate}}\n{items}\\end{{enumerate}}\n" if items else "\nNo check has been run.\n"


def _printed_without(ledger: Ledger, tex: Escape) -> str:
    items = "".join(
        f"\\item {_printed_link(one)} {tex(one.reason)}.\n"
        for chapter in ledger.chapters
        for one in chapter.without
    )
    return (
        f"\n\\begin{{itemize}}\n{items}\\end{{itemize}}\n" if items else "\nNone: every claim has a check.\n"
    )


def _printed_exceptions(ledger: Ledger, tex: Escape) -> str:
    items = "".join(
        f"\\item {_printed_link(one)} {tex(said)}.\n"
        for one in ledger.records.values()
        for said in words.exceptions_of(one)
    )
    return (
        f"\n\\begin{{itemize}}\n{items}\\end{{itemize}}\n"
        if items
        else "\nNone: every check keeps all rules.\n"
    )


def _printed_all(ledger: Ledger, tex: Escape) -> str:
    parts = []
    for chapter in ledger.chapters:
        rows = "".join(
            f"{_printed_link(one)} & \\texttt{{{tex(one.label)}}} & {tex(one.evidence or one.basis)} & "
            f"{words.number_of(one.resolution)} \\\\\n"
            for one in chapter.records
        )
        parts.append(
            f"\n\\bookledger{{Chapter {chapter.number}: {tex(chapter.title)}}}\n"
            "\\begin{longtable}[l]{@{}llll@{}}\nNumber & Label & Evidence & Resolution \\\\\n\\midrule\n"
            f"\\endhead\n{rows}\\end{{longtable}}\n"
        )
    return f"\n{{\\footnotesize{''.join(parts)}}}\n"


def _printed_link(record: Record) -> str:
    """The number of an equation as a link; the name of a statement."""
    if not record.is_display:
        return record.name.replace(" ", "~")
    page = record.url.partition(".html")[0]
    return f"\\hyperref[equation:{page}:{record.label}]{{{record.name}}}"


_PRINTED: dict[str, Callable[[Ledger, Escape], str]] = {
    "numbers": _printed_numbers,
    "marks": _printed_marks,
    "totals": _printed_totals,
    "weakest": _printed_weakest,
    "without": _printed_without,
    "exceptions": _printed_exceptions,
    "all": _printed_all,
}
