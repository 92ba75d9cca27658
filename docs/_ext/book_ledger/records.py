"""The ledger: one record a label, with totals and the weakest checks."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from book_checks import body, pairs
from book_checks.evidence import Evidence
from book_checks.rules import REASONS, hidden_relations, package_beside
from book_ledger.functions import Function, functions_of
from book_ledger.graph import Graph, graph_of
from book_source import Book, Check

__all__ = ["EXCEPTIONS", "Chapter", "Ledger", "Place", "Record", "ledger_of", "mark_of"]

WEAKEST = 10
KINDS = {
    "eq": "claim",
    "def": "definition",
    "asm": "assumption",
    "opt": "problem",
    "not": "wrong on purpose",
}
NOT_RUN = "its check has not been run"


@dataclass(frozen=True)
class Place:
    """Where a label is seen: its number, its page and its anchor there."""

    number: str
    page: str
    anchor: str


@dataclass(frozen=True)
class Record:
    """All that is known of one label; the README says what each field means."""

    label: str
    kind: str
    chapter: int
    number: str
    url: str
    title: str
    tex: str
    file: str
    line: int
    basis: str
    where: str
    part_of: str
    proof_of: str
    evidence: str | None
    reason: str
    check_file: str
    check_line: int
    sizes: tuple[dict[str, int], ...]
    draws: int
    tolerance: float | None
    resolution: float | None
    entry_resolution: float | None
    tightest: float | None
    undecided: int
    exceptions: Mapping[str, str]
    mutants: Mapping[str, int] | None
    transcribed: bool
    checks: tuple[str, ...]
    functions: tuple[Function, ...]
    uses: tuple[str, ...]
    used_by: tuple[str, ...]
    rests_on: tuple[str, ...]

    @property
    def is_display(self) -> bool:
        """Whether it is a display and not a statement."""
        return self.kind in KINDS.values()

    @property
    def name(self) -> str:
        """What the reader calls it: ``(5.3)`` or ``Theorem 5.2``."""
        return f"({self.number})" if self.is_display else f"{self.kind.capitalize()} {self.number}"


@dataclass(frozen=True)
class Chapter:
    """A chapter with its records in the order of reading."""

    number: int
    title: str
    inline: int
    records: tuple[Record, ...]

    def count(self, kind: str) -> int:
        """How many displays of a kind it has."""
        return sum(one.kind == kind for one in self.records)

    @property
    def statements(self) -> int:
        """How many theorems and their kin it has."""
        return sum(not one.is_display for one in self.records)

    @property
    def without(self) -> tuple[Record, ...]:
        """The claims without evidence."""
        return tuple(one for one in self.records if one.kind == "claim" and one.evidence == "none")


@dataclass(frozen=True)
class Ledger:
    """The records of a book by label, by chapter, and what is wrong with its graph."""

    chapters: tuple[Chapter, ...]
    graph: Graph

    @property
    def records(self) -> dict[str, Record]:
        """Every record by label."""
        return {one.label: one for chapter in self.chapters for one in chapter.records}

    @property
    def weakest(self) -> tuple[Record, ...]:
        """The checks that notice least: with survivors, then the coarsest, then with few kills by value."""
        checked = [one for one in self.records.values() if one.kind == "claim" and one.evidence != "none"]
        return tuple(sorted(checked, key=_strength)[:WEAKEST])

    def to_json(self) -> dict[str, Any]:
        """The ledger as plain values."""
        return {
            "schema": 1,
            "chapters": [
                {"number": one.number, "title": one.title, "inline_relations": one.inline, **_counts(one)}
                for one in self.chapters
            ],
            "weakest": [one.label for one in self.weakest],
            "records": [asdict(one) for one in self.records.values()],
        }


def _counts(chapter: Chapter) -> dict[str, int]:
    counts = {kind.replace(" ", "_"): chapter.count(kind) for kind in KINDS.values()}
    return counts | {"statements": chapter.statements, "without_evidence": len(chapter.without)}


def _strength(record: Record) -> tuple[int, float, int]:
    mutants = record.mutants or {}
    coarse = max(record.resolution or 0.0, record.entry_resolution or 0.0)
    return -mutants.get("survived", 0), -coarse, mutants.get("killed_value", 0)


def mark_of(record: Record) -> str:
    """The mark beside the number of a display."""
    if record.kind != "claim":
        return {"wrong on purpose": "mistake"}.get(record.kind, record.kind)
    if record.evidence == "none":
        return "unchecked"
    return "cited" if record.basis == "cited" else "checked"


def ledger_of(
    book: Book, evidence: Mapping[str, Evidence], places: Mapping[str, Place], suffix: str = ".html"
) -> Ledger:
    """Put together what the sources, the checks and the numbers say."""
    graph = graph_of(book)
    keys = {chapter.key for chapter in book.chapters}
    facts = _Facts(book, graph, evidence, places, functions_of(package_beside(book.docs), keys), suffix)
    inline = hidden_relations(book)
    chapters = []
    for chapter in sorted(book.chapters, key=lambda one: one.number):
        files = [page.file for page in book.pages if page.chapter == chapter]
        labels = [label for label, one in graph.results.items() if one.file in files and label in places]
        records = tuple(facts.record(label, chapter.number) for label in labels)
        if records:
            hidden = sum(inline[file] for file in files)
            chapters.append(Chapter(chapter.number, chapter.title, hidden, records))
    return Ledger(tuple(chapters), graph)


class _Facts:
    """What the records are made of."""

    def __init__(
        self,
        book: Book,
        graph: Graph,
        evidence: Mapping[str, Evidence],
        places: Mapping[str, Place],
        functions: Mapping[str, tuple[Function, ...]],
        suffix: str,
    ) -> None:
        self.graph, self.evidence, self.places = graph, evidence, places
        self.functions, self.suffix = functions, suffix
        self.displays = {one.label: one for one in book.displays}
        self.environments = {one.label: one for one in book.environments}
        self.checks = {one.label: one for one in book.checks}
        self.transcribed = {label for page in book.pages for label in pairs.transcribed(book.docs, page)}
        self.reasons = {one.label: REASONS.get(one.options.get("reason", ""), "") for one in book.unchecked}

    def record(self, label: str, chapter: int) -> Record:
        result, place = self.graph.results[label], self.places[label]
        display = self.displays.get(label)
        check = self.checks.get(label)
        named: tuple[str, ...] = ()
        if not display:
            named = tuple(self.environments[label].options.get("checks", "").replace(",", " ").split())
        shown = self.evidence.get(label)
        kinds = self._kinds(label, display.kind if display else "", named)
        seen = [self.evidence[name] for name in named if name in self.evidence]
        every = [shown] if shown else seen
        return Record(
            label=label,
            kind=KINDS.get(result.kind, result.kind),
            chapter=chapter,
            number=place.number,
            url=f"{place.page}{self.suffix}#{place.anchor}",
            title="" if display else self.environments[label].argument,
            tex=display.tex if display else "",
            file=result.file,
            line=result.line,
            basis=result.basis,
            where=result.where,
            part_of=result.part_of,
            proof_of=result.proof_of,
            evidence=kinds,
            reason=self._reason(label, kinds),
            check_file=check.file if check else "",
            check_line=check.line if check else 0,
            sizes=_sizes(check),
            draws=sum(one.draws for one in every),
            tolerance=_coarsest(one.tolerance for one in every),
            resolution=_coarsest(one.resolution for one in every),
            entry_resolution=_coarsest(one.entry_resolution for one in every),
            tightest=max((one.tightest for one in every if one.tightest), default=None),
            undecided=sum(one.undecided for one in every),
            exceptions=_exceptions(check),
            mutants=_mutants(shown),
            transcribed=label in self.transcribed,
            checks=named,
            functions=self.functions.get(label, ()),
            uses=tuple(used for used in result.uses if used in self.places),
            used_by=tuple(user for user in self.graph.users(label) if user in self.places),
            rests_on=tuple(used for used in self.graph.rests_on(label) if used in self.places),
        )

    def _kinds(self, label: str, kind: str, named: tuple[str, ...]) -> str | None:
        """The evidence in words; None where none is owed."""
        if kind in ("def", "asm", "opt"):
            return None
        records = [self.evidence[name] for name in named or (label,) if name in self.evidence]
        found = [one.evidence for one in records if one.passed and one.evidence != "none"]
        return ", ".join(dict.fromkeys(found)) or "none"

    def _reason(self, label: str, kinds: str | None) -> str:
        if kinds != "none":
            return ""
        return self.reasons.get(label) or (NOT_RUN if label in self.checks else "no reason is given")


def _sizes(check: Check | None) -> tuple[dict[str, int], ...]:
    """The sizes as written; what cannot be read is reported by the rules, not here."""
    try:
        return tuple(body.sizes(check)) if check else ()
    except ValueError:
        return ()


EXCEPTIONS = ("tokens", "independent", "oracle", "equivalent", "resolution", "few")
"""The options of a check that set a rule aside and say why."""


def _exceptions(check: Check | None) -> dict[str, str]:
    options = check.options if check else {}
    return {name: options[name].strip() for name in EXCEPTIONS if options.get(name, "").strip()}


def _coarsest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value), default=None)


def _mutants(shown: Evidence | None) -> dict[str, int] | None:
    if not shown or not shown.mutants.live:
        return None
    counts = Counter({name: value for name, value in asdict(shown.mutants).items() if name != "survived"})
    return {**counts, "survived": len(shown.mutants.survived)}
