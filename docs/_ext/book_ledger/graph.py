"""What each result rests on: basis and graph, read from the sources."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from book_checks.rules import CLAIMS, Violation
from book_source import Book, Check, Display, Environment, Page, Reference

__all__ = ["BASES", "Graph", "Result", "cited_labels", "graph_of"]

BASES = ("definition", "assumption", "problem", "proved here", "cited", "wrong on purpose")
_KINDS = {"def": "definition", "asm": "assumption", "opt": "problem", "not": "wrong on purpose"}
_ROLES = frozenset({"eq", "ref", "numref", "prf:ref"})
_EQREF = re.compile(r"\\eqref\{([^{}]*)\}")
_LABEL = re.compile(r"\b(?:eq|thm|lem|prop|cor)-[a-z]+-[a-z0-9]+(?:-[a-z0-9]+)*\b")
_HEADING = re.compile(r"#{1,6} ")


@dataclass(frozen=True)
class Result:
    """A display or a statement.

    ``basis`` is one of ``BASES``; ``where`` says in what the proof stands: statement, proof, solution,
    derivation (reasons beside the lines) or text.  ``part_of`` is the statement that a display belongs to,
    ``proof_of`` the one whose proof it stands in.  ``uses`` are results, and none is a part of another.
    """

    label: str
    kind: str
    file: str
    line: int
    basis: str
    where: str
    part_of: str
    proof_of: str
    uses: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """All results by label, and what is wrong with their references."""

    results: Mapping[str, Result]
    violations: tuple[Violation, ...]

    def whole(self, label: str) -> str:
        """The statement that a display is a part of, or the label itself."""
        return self.results[label].part_of or label

    @cached_property
    def _users(self) -> dict[str, tuple[str, ...]]:
        users: dict[str, list[str]] = defaultdict(list)
        for result in self.results.values():
            for used in () if result.part_of else result.uses:
                users[used].append(result.label)
        return {label: tuple(found) for label, found in users.items()}

    def users(self, label: str) -> tuple[str, ...]:
        """The results that use it; a display in a proof is left out when its theorem is named."""
        found = self._users.get(self.whole(label), ())
        return tuple(user for user in found if self.results[user].proof_of not in found)

    def rests_on(self, label: str) -> tuple[str, ...]:
        """The assumptions and cited results that it rests on, however far down."""
        seen: set[str] = set()
        waiting = list(self.results[label].uses)
        while waiting:
            used = waiting.pop()
            if used not in seen:
                seen.add(used)
                waiting += self.results[used].uses
        return tuple(
            used
            for used in self.results
            if used in seen and self.results[used].basis in ("assumption", "cited")
        )


@dataclass(frozen=True)
class _Link:
    """A reference to a result."""

    line: int
    target: str


@dataclass(frozen=True)
class _Layout:
    """A page of a chapter with its place in the order of reading."""

    page: Page
    order: tuple[int, int]

    @cached_property
    def statements(self) -> list[Environment]:
        return [one for one in self.page.environments if one.kind in CLAIMS and one.label]

    @property
    def items(self) -> list[Display | Environment]:
        return [*self.page.displays, *self.statements]

    @cached_property
    def proofs(self) -> list[tuple[Environment, str]]:
        """Each proof with the label of what it proves."""
        return [(one, self._proved(one)) for one in self.page.environments if one.kind == "proof"]

    def _proved(self, proof: Environment) -> str:
        named = proof.options.get("of", "") or next(iter(_LABEL.findall(proof.argument)), "")
        before = [one.label for one in self.statements if one.line < proof.line]
        return named or (before[-1] if before else "")

    @cached_property
    def links(self) -> list[_Link]:
        return [_Link(ref.line, ref.target) for ref in self.page.references if _is_link(ref)]

    def inside(self, environment: Environment) -> list[_Link]:
        return [link for link in self.links if environment.line <= link.line <= environment.end]

    def around(self, display: Display, kinds: Iterable[str]) -> Environment | None:
        """The innermost environment of these kinds that holds the display."""
        held = [one for one in self.page.environments if one.kind in kinds and one.holds(display)]
        return max(held, key=lambda one: one.line, default=None)

    def leading_in(self, display: Display) -> list[_Link]:
        """The references since the last display that is no definition, environment, check or heading."""
        lines = self.page.text.splitlines()
        marks = [number for number, text in enumerate(lines, start=1) if _HEADING.match(text)]
        marks += [one.end for one in self.page.directives]
        marks += [one.line + one.tex.count("\n") + 1 for one in self.page.displays if one.kind != "def"]
        start = max((mark for mark in marks if mark < display.line), default=0)
        return [link for link in self.links if start < link.line <= display.line]


def cited_labels(book: Book) -> frozenset[str]:
    """What ``docs/cited.md`` lists as cited."""
    return frozenset(
        label for page in book.pages if page.docname == "cited" for label in _LABEL.findall(page.text)
    )


def graph_of(book: Book) -> Graph:
    """Read the graph of a book."""
    layouts = _in_order(book)
    places = {
        item.label: (*layout.order, item.line)
        for layout in reversed(layouts)
        for item in layout.items
        if item.label
    }
    parts = {
        display.label: held.label
        for layout in layouts
        for display in layout.page.displays
        if display.label and (held := layout.around(display, CLAIMS)) and held.label
    }
    reader = _Reader(places, parts, cited_labels(book))
    results = {result.label: result for layout in layouts for result in reader.page(layout)}
    results = dict(sorted(results.items(), key=lambda item: places[item[0]]))
    ahead = [fault for layout in layouts for fault in reader.pointing_ahead(layout)]
    return Graph(results, (*ahead, *_cycles(results)))


@dataclass(frozen=True)
class _Reader:
    """Turns pages into results: ``places`` orders all labels, ``parts`` maps displays to their statement."""

    places: Mapping[str, tuple[int, int, int]]
    parts: Mapping[str, str]
    cited: Set[str]

    def page(self, layout: _Layout) -> Iterator[Result]:
        checks = {check.label: check for check in layout.page.checks}
        for display in layout.page.displays:
            if display.label in self.places:
                yield self._display(display, layout, checks.get(display.label))
        for statement in layout.statements:
            yield self._statement(statement, layout, checks)

    def _display(self, display: Display, layout: _Layout, check: Check | None) -> Result:
        label, held = display.label, layout.around(display, CLAIMS)
        part_of = held.label if held else ""
        proof = layout.around(display, ("proof", "solution"))
        proof_of = next((of for one, of in layout.proofs if one is proof), "")
        if held and part_of:
            uses = self._uses_of_statement(held, layout, {c.label: c for c in layout.page.checks})
        elif display.kind != "eq":
            uses = self._known(_written_in(display, None), set(), "")
        else:
            before = layout.inside(proof) if proof else layout.leading_in(display)
            links = [link for link in before if link.line <= display.line]
            links = [*self._backward(links, display, layout), *_written_in(display, check)]
            uses = self._known(links, {label} if not _self_reference(display) else set(), proof_of)
        basis, where = self._basis(display, part_of, proof, layout)
        return Result(label, display.kind, display.file, display.line, basis, where, part_of, proof_of, uses)

    def _basis(
        self, display: Display, part_of: str, around: Environment | None, layout: _Layout
    ) -> tuple[str, str]:
        if display.kind in _KINDS:
            return _KINDS[display.kind], ""
        statement = next((one for one in layout.statements if one.label == part_of), None)
        if display.label in self.cited or (statement and self._is_cited(statement)):
            return "cited", ""
        if statement:
            return "proved here", "statement"
        if around:
            return "proved here", around.kind
        return "proved here", "derivation" if r"\why" in display.tex else "text"

    def _is_cited(self, statement: Environment) -> bool:
        return bool(statement.options.get("cited")) or statement.label in self.cited

    def _statement(self, statement: Environment, layout: _Layout, checks: Mapping[str, Check]) -> Result:
        basis = "cited" if self._is_cited(statement) else "proved here"
        uses = self._uses_of_statement(statement, layout, checks)
        return Result(
            statement.label, statement.kind, statement.file, statement.line, basis, "statement", "", "", uses
        )

    def _uses_of_statement(
        self, statement: Environment, layout: _Layout, checks: Mapping[str, Check]
    ) -> tuple[str, ...]:
        proofs = [proof for proof, of in layout.proofs if of == statement.label]
        links = [link for link in layout.inside(statement) if self._is_before(link, layout)]
        links += [link for proof in proofs for link in layout.inside(proof)]
        for display in layout.page.displays:
            if any(one.holds(display) for one in (statement, *proofs)):
                links += _written_in(display, checks.get(display.label))
            if any(proof.holds(display) for proof in proofs):
                links.append(_Link(display.line, display.label))
        return self._known(links, {statement.label}, "")

    def _is_before(self, link: _Link, layout: _Layout) -> bool:
        return self.places.get(link.target, (0,)) < (*layout.order, link.line)

    def _backward(self, links: list[_Link], display: Display, layout: _Layout) -> list[_Link]:
        here = (*layout.order, display.line)
        return [link for link in links if self.places.get(link.target, here) < here]

    def _known(self, links: Iterable[_Link], own: Set[str], proof_of: str) -> tuple[str, ...]:
        """The results among the targets, in the order of reading; a part stands for its whole."""
        found = {self.parts.get(link.target, link.target) for link in links if link.target in self.places}
        found -= own | {proof_of}
        return tuple(sorted(found, key=lambda label: self.places[label]))

    def pointing_ahead(self, layout: _Layout) -> Iterator[Violation]:
        """References in proofs and reasons to what comes later and is not declared."""
        for proof, of in layout.proofs:
            declared = proof.options.get("forward", "").replace(",", " ").split()
            yield from self._ahead(layout.inside(proof), proof, of, declared, layout)
        for display in layout.page.displays:
            around = layout.around(display, ("proof",))
            declared = around.options.get("forward", "").replace(",", " ").split() if around else []
            yield from self._ahead(_written_in(display, None), around, display.label, declared, layout)

    def _ahead(
        self, links: list[_Link], proof: Environment | None, label: str, declared: list[str], layout: _Layout
    ) -> Iterator[Violation]:
        for link in links:
            place = self.places.get(link.target)
            if place is None or place <= (*layout.order, link.line) or link.target in declared:
                continue
            if proof and place[:2] == layout.order and proof.line < place[2] <= proof.end:
                continue
            yield Violation(
                layout.page.file,
                link.line,
                label,
                f"the proof uses {link.target}, which comes later",
                f"prove that first, or declare it with `:forward: {link.target}` on the proof",
            )


def _written_in(display: Display, check: Check | None) -> list[_Link]:
    r"""What ``\eqref`` in the display and ``:uses:`` of its check name."""
    named = [_Link(display.line, target) for target in _EQREF.findall(display.tex)]
    used = check.options.get("uses", "").replace(",", " ").split() if check else []
    return named + [_Link(display.line, target) for target in used]


def _self_reference(display: Display) -> bool:
    return display.label in _EQREF.findall(display.tex)


def _is_link(reference: Reference) -> bool:
    return reference.role in _ROLES


def _in_order(book: Book) -> list[_Layout]:
    """The pages of chapters in the order of reading: by number, then as the chapter's index lists them."""
    listed: dict[str, int] = {}
    for page in book.pages:
        for one in page.directives:
            for name in one.body.split() if one.name == "toctree" else ():
                listed.setdefault(f"{page.docname.rpartition('/')[0]}/{name}", len(listed) + 1)
    layouts = [
        _Layout(
            page, (page.chapter.number, 0 if page.docname.endswith("/index") else listed.get(page.docname, 0))
        )
        for page in book.pages
        if page.chapter
    ]
    return sorted(layouts, key=lambda layout: layout.order)


def _cycles(results: Mapping[str, Result]) -> Iterator[Violation]:
    """One violation for each circle that a walk through all results meets."""
    done: set[str] = set()

    for start in results:
        path: list[str] = []
        waiting = [(start, 0)]
        while waiting:
            label, depth = waiting.pop()
            for left in path[depth:]:
                done.add(left)
            del path[depth:]
            if label in path:
                circle = [*path[path.index(label) :], label]
                result = results[label]
                yield Violation(
                    result.file,
                    result.line,
                    label,
                    f"it rests on itself: {' → '.join(circle)}",
                    "prove one of them without the next",
                )
            elif label not in done:
                path.append(label)
                waiting += [(used, depth + 1) for used in reversed(results[label].uses)]
        done.update(path)
