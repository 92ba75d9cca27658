"""What each display owes: the lint of the sources."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from book_checks import body, cited, independence
from book_math.macros import Macro, read_macros
from book_source import Book, Check, Display, Environment, Inline, Page, Unchecked

__all__ = [
    "CLAIMS",
    "REASONS",
    "Violation",
    "docstring_labels",
    "hidden_relations",
    "package_beside",
    "violations",
]

T = TypeVar("T", Check, Unchecked)

KINDS = {
    "eq": "a claim",
    "def": "a definition",
    "asm": "an assumption",
    "opt": "a problem or a step of an algorithm",
    "not": "wrong on purpose",
}

PREFIXES = {
    "definition": "dfn",
    "theorem": "thm",
    "lemma": "lem",
    "proposition": "prop",
    "corollary": "cor",
    "algorithm": "alg",
    "remark": "rem",
    "example": "exm",
    "exercise": "exr",
    "solution": "sol",
}

CLAIMS = ("theorem", "lemma", "proposition", "corollary")
"""Environments that state something to be proved."""

REASONS = {
    "existence": "an object exists, and the proof does not construct it",
    "hardness": "computational hardness is cited; the reduction is checked on small instances",
    "infinite-dimension": "a statement in infinite dimension, whose finite case is checked",
    "measurable": "a statement on all functions or distributions, whose finite case is checked",
    "almost-sure": "almost sure convergence; the inequality that its proof sums is checked",
    "in-distribution": "convergence in distribution, with no exact law to compare",
    "order": "an order of growth whose constant the source leaves open",
}
"""Why a claim may be without a check, and the words for the reader."""

OPTIONS = frozenset(
    {"sizes", "uses", "few", "given", "shown", "tokens", "independent", "oracle", "resolution", "equivalent"}
    | {"statistical"}
)
"""What may stand above the body of a check."""

REASONED = frozenset({"few", "tokens", "independent", "resolution", "equivalent"})
FEWEST_WORDS = 3
"""The options that set a rule aside for a reason, which has at least so many different words."""

GRADES = ("recall", "derive", "compute", "prove", "code")
"""What an exercise asks for."""

LONGEST_DISPLAY = 12
LONGEST_INLINE = 40
UNCHECKED_SHARE = 10
"""At most one claim in so many of a chapter is without a check."""

LABEL = re.compile(r"(?P<kind>[a-z]+)-(?P<key>[a-z]+)-[a-z0-9]+(?:-[a-z0-9]+)*")
_LABELS_IN_TEXT = re.compile(
    rf"\b(?:{'|'.join([*KINDS, *PREFIXES.values()])})-(?P<key>[a-z]+)-[a-z0-9]+(?:-[a-z0-9]+)*\b"
)
_RELATION = re.compile(
    r"[=<>]|\\(?:coloneqq|neq?|leq?|geq?|approx|equiv|iff|implies|propto|sim|succeq?|preceq?|Leftrightarrow"
    r"|Rightarrow|Longleftrightarrow)\b"
)

_STYLE = re.compile(
    r"\\(?:mat|vect|hat|tilde|bar|norm|abs|[bB]ig[glr]?|left|right|tfrac|frac|mathrm|operatorname|q?quad)\b"
    r"|\\[,;:! ]|[{}\s]"
)
"""What does not count towards the length of a formula: styles, braces and spaces."""


@dataclass(frozen=True, order=True)
class Violation:
    """One broken rule: where, which label, what was found, what to do."""

    file: str
    line: int
    label: str
    what: str
    remedy: str

    def place(self, docs: Path) -> str:
        """File and line; the file of a chapter is below ``docs``, that of a function beside it."""
        folder = docs if (docs / self.file).exists() else docs.parent
        return f"{folder / self.file}:{self.line}"

    @property
    def message(self) -> str:
        """What a reader of the terminal needs besides the place."""
        return f"{self.label}: {self.what}; {self.remedy}." if self.label else f"{self.what}; {self.remedy}."


@dataclass(frozen=True)
class _Facts:
    """What the rules look up."""

    book: Book
    package: Path | None

    @cached_property
    def displays(self) -> dict[str, Display]:
        return {display.label: display for display in reversed(self.book.displays) if display.label}

    @cached_property
    def checks(self) -> dict[str, list[Check]]:
        return _grouped(self.book.checks)

    @cached_property
    def unchecked(self) -> dict[str, list[Unchecked]]:
        return _grouped(self.book.unchecked)

    @cached_property
    def macros(self) -> tuple[Macro, ...]:
        path = self.book.docs / "macros.toml"
        return read_macros(path) if path.exists() else ()

    @cached_property
    def docstrings(self) -> dict[str, tuple[Path, int]]:
        if self.package is None:
            return {}
        return docstring_labels(self.package, {chapter.key for chapter in self.book.chapters})

    @cached_property
    def used(self) -> set[str]:
        """Labels that some check or function executes."""
        return {label for check in self.book.checks for label in _words(check.options.get("uses", ""))} | {
            *self.docstrings
        }

    def referenced(self, label: str, kinds: Iterable[str]) -> bool:
        """Whether an environment of these kinds refers to the display."""
        return any(
            environment.holds(reference) or environment.line == reference.line
            for page in self.book.pages
            for reference in page.references
            if reference.target == label
            for environment in page.environments
            if environment.kind in kinds
        )


def violations(book: Book, package: Path | None = None) -> list[Violation]:
    """Every broken rule of the book; docstrings in the folder ``package`` name labels too."""
    facts = _Facts(book, package)
    found: list[Violation] = []
    for page in book.pages:
        for display in page.displays:
            found += _display(display, page, facts)
        for environment in page.environments:
            found += _environment(environment, page, facts)
        for check in page.checks:
            found += _check(check, facts)
        for unchecked in page.unchecked:
            found += _unchecked(unchecked, facts)
        for formula in page.inlines:
            found += _inline(formula)
        found += _literal_rst(page)
    found += (Violation(**vars(fault)) for fault in cited.faults(book, _has_proof))
    found += _duplicates(book)
    found += _shares(book)
    found += _docstrings(facts)
    return sorted(set(found))


def _display(display: Display, page: Page, facts: _Facts) -> Iterator[Violation]:
    def wrong(what: str, remedy: str) -> Violation:
        return Violation(display.file, display.line, display.label, what, remedy)

    label = display.label
    key = page.chapter.key if page.chapter else "KEY"
    rows = display.tex.count(r"\\") + 1
    if rows > LONGEST_DISPLAY:
        yield wrong(
            f"the display has {rows} lines, and it cannot break across pages",
            f"split it into displays of at most {LONGEST_DISPLAY} lines",
        )
    if display.form != "$$":
        yield wrong("the display is a math directive", "write $$ … $$ (label)")
    if not page.chapter:
        yield wrong(
            "a display outside the chapters has no key", "write it in the line, or move it into a chapter"
        )
        return
    if not label:
        yield wrong(
            "the display has no label", f"write (eq-{key}-…) after the closing $$, or def-, asm-, opt-, not-"
        )
        return
    match = LABEL.fullmatch(label)
    if not match or match["kind"] not in KINDS:
        yield wrong(
            "the label is of no known kind",
            f"begin it with {', '.join(f'{kind}- ({means})' for kind, means in KINDS.items())}, "
            f"then {key}- and words in lower case",
        )
        return
    if match["key"] != key:
        yield wrong(f"the label has the key {match['key']}", f"the key of this chapter is {key}")
    yield from _owed(display, facts)


def _owed(display: Display, facts: _Facts) -> Iterator[Violation]:
    """What a display of this kind owes."""

    def wrong(what: str, remedy: str) -> Violation:
        return Violation(display.file, display.line, label, what, remedy)

    label, kind = display.label, display.kind
    marks = display.tex.count(r"\coloneqq")
    checks, reasons = facts.checks.get(label, []), facts.unchecked.get(label, [])
    if kind != "def" and marks:
        yield wrong(r"only a definition uses \coloneqq", "write =, or give it a def- label")
    if kind == "eq" and not checks and not reasons:
        yield wrong(
            "the claim has no check", f"add ```{{check}} {label}, or ```{{unchecked}} {label} with a reason"
        )
    if kind == "not" and not checks:
        yield wrong("no check shows that it is wrong", f"add ```{{check}} {label}, which must fail")
    if kind == "def" and marks != 1:
        yield wrong(rf"the definition has {marks} \coloneqq", "define one symbol, with one of it")
    if kind == "def" and marks == 1 and any(independence.relations(display.tex)):
        yield wrong("the definition has a second relation", "define here, and claim in a display of its own")
    if kind == "def" and label not in facts.used:
        yield wrong(
            "the definition is executed nowhere",
            "name it in `:uses:` of a check or in the docstring of a function of mlderived",
        )
    if kind == "asm" and not facts.referenced(label, CLAIMS):
        yield wrong(
            "no result names the assumption",
            f"refer to {{eq}}`{label}` in the hypotheses of a theorem or its kin",
        )
    if (
        kind == "opt"
        and label not in facts.docstrings
        and not facts.referenced(label, (*CLAIMS, "proof", "algorithm"))
    ):
        yield wrong(
            "no claim or algorithm names it",
            f"refer to {{eq}}`{label}` in a claim, its proof or an algorithm",
        )
    if kind in ("eq", "not") and len(checks) > 1:
        lines = ", ".join(f"{check.file}:{check.line}" for check in checks)
        yield wrong(f"there are {len(checks)} checks ({lines})", "keep one, of the whole chain")
    if checks and reasons:
        yield wrong("there are both a check and a reason for none", "keep one of the two")


def _environment(environment: Environment, page: Page, facts: _Facts) -> Iterator[Violation]:
    def wrong(what: str, remedy: str) -> Violation:
        return Violation(environment.file, environment.line, label, what, remedy)

    label, kind = environment.label, environment.kind
    if kind == "proof":
        return
    key = page.chapter.key if page.chapter else "KEY"
    if kind not in PREFIXES:
        yield wrong(f"there is no environment {environment.name}", f"use {', '.join(PREFIXES)} or proof")
        return
    wanted = f"{PREFIXES[kind]}-{key}-"
    if not LABEL.fullmatch(label) or not label.startswith(wanted):
        found = f"the label of the {kind} is {label}" if label else f"the {kind} has no label"
        yield wrong(found, f"write `:label: {wanted}…`, words in lower case joined by hyphens")
    if kind == "exercise" and environment.options.get("grade") not in GRADES:
        yield wrong("the exercise has no grade", f"add `:grade:` with one of {', '.join(GRADES)}")
    if kind not in CLAIMS:
        return
    checks = _words(environment.options.get("checks", ""))
    if not checks:
        yield wrong(f"the {kind} names no check of its statement", "add `:checks: eq-…`")
    for name in checks:
        if name not in facts.displays:
            yield wrong(f"`:checks:` names {name}, which is no display", "correct the label")
        elif name not in facts.checks and name not in facts.unchecked:
            yield wrong(f"`:checks:` names {name}, which has no check", "name a display that is checked")
    if not environment.options.get("cited") and not _has_proof(environment, page):
        yield wrong(
            f"the {kind} has no proof",
            f"put {{prf:proof}} after it, or elsewhere on the page as {{prf:proof}} of {{prf:ref}}`{label}`, "
            "or name the source with `:cited:`",
        )


def _has_proof(claim: Environment, page: Page) -> bool:
    """Whether a proof names the claim, or stands next after it and names no other."""
    proofs = [other for other in page.environments if other.kind == "proof"]
    if claim.label and any(claim.label in proof.argument for proof in proofs):
        return True
    later = [
        other for other in page.environments if other.line > claim.end and other.kind in ("proof", *CLAIMS)
    ]
    return bool(later) and later[0].kind == "proof" and "`" not in later[0].argument


def _check(check: Check, facts: _Facts) -> Iterator[Violation]:
    def wrong(what: str, remedy: str, line: int = check.line) -> Violation:
        return Violation(check.file, line, check.label, what, remedy)

    yield from _target(check, facts, "check")
    found = list(body.problems(check))
    if not found and check.label in facts.displays:
        found = list(independence.problems(check, facts.displays[check.label].tex, facts.macros))
    for problem in found:
        yield wrong(problem.what, problem.remedy, problem.line)
    for option in REASONED & check.options.keys() - {"independent"}:
        words = set(re.findall(r"[A-Za-z]+", check.options[option]))
        if len(words) < FEWEST_WORDS and check.options[option].strip():
            yield wrong(f"`:{option}:` gives no reason", "say in a few words why the rule does not hold here")
    for name in _words(check.options.get("uses", "")):
        if name not in facts.displays:
            yield wrong(f"`:uses:` names {name}, which is no display", "correct the label")
        elif facts.displays[name].kind not in ("def", "opt"):
            yield wrong(f"`:uses:` names {name}", "name definitions (def-) and problems (opt-) only")
    for option in sorted(check.options.keys() - OPTIONS):
        known = ", ".join(f"`:{name}:`" for name in sorted(OPTIONS))
        yield wrong(f"a check has no option {option}", f"there are {known}")
    if "oracle" in check.options and not _has_test(check.options["oracle"].strip(), facts.book.docs):
        yield wrong(
            f"`:oracle: {check.options['oracle']}` names no test",
            "write tests/test_NAME.py::test_NAME, which compares with something that is not our formula",
        )


def _has_test(name: str, docs: Path) -> bool:
    """Whether the file, beside the folder of the book, has the test."""
    file, _, test = name.partition("::")
    path = docs.resolve().parent / file
    return test.startswith("test_") and path.is_file() and f"def {test}(" in path.read_text(encoding="utf8")


def _unchecked(unchecked: Unchecked, facts: _Facts) -> Iterator[Violation]:
    yield from _target(unchecked, facts, "reason for no check")
    reason = unchecked.options.get("reason", "")
    if reason not in REASONS:
        yield Violation(
            unchecked.file,
            unchecked.line,
            unchecked.label,
            f"`:reason: {reason}` is not in the list" if reason else "there is no `:reason:`",
            f"choose one of {', '.join(REASONS)}",
        )


def _target(directive: Check | Unchecked, facts: _Facts, what: str) -> Iterator[Violation]:
    label = directive.label
    place = (directive.file, directive.line, label)
    if not label:
        yield Violation(
            *place, f"the {what} names no display", "write its label after the name of the directive"
        )
    elif label not in facts.displays:
        yield Violation(*place, f"the {what} names a label that no display has", "correct the label")
    elif facts.displays[label].kind not in ("eq", "not"):
        yield Violation(
            *place,
            f"the {what} is for {KINDS.get(facts.displays[label].kind, 'a label of no known kind')}",
            "only claims (eq-) and errors (not-) have one; a definition is named in `:uses:`",
        )
    if directive.file != getattr(facts.displays.get(label), "file", directive.file):
        yield Violation(*place, f"the {what} stands on another page than its display", "move it there")


def _literal_rst(page: Page) -> Iterator[Violation]:
    for directive in page.directives:
        if directive.name == "eval-rst":
            yield Violation(
                directive.file, directive.line, "", "eval-rst hides what it holds", "write it in MyST"
            )


def _duplicates(book: Book) -> Iterator[Violation]:
    seen: dict[str, str] = {}
    items: list[Display | Environment] = [*book.displays, *book.environments]
    for item in items:
        place = f"{item.file}:{item.line}"
        if item.label and seen.setdefault(item.label, place) != place:
            yield Violation(
                item.file,
                item.line,
                item.label,
                f"the label is taken, in {seen[item.label]}",
                "give each its own label",
            )


def _shares(book: Book) -> Iterator[Violation]:
    """At most one claim in ten of a chapter is without a check."""
    chapters = defaultdict(list)
    for page in book.pages:
        if page.chapter:
            chapters[page.chapter.key].append(page)
    for pages in chapters.values():
        claims = sum(display.kind == "eq" for page in pages for display in page.displays)
        unchecked = [item for page in pages for item in page.unchecked]
        if len(unchecked) * UNCHECKED_SHARE > claims:
            last = unchecked[-1]
            yield Violation(
                last.file,
                last.line,
                last.label,
                f"{len(unchecked)} of the chapter's {claims} claims have no check",
                f"at most one in {UNCHECKED_SHARE} may be without; check more of them",
            )


def package_beside(docs: Path) -> Path | None:
    """The package whose docstrings name labels: code/mlderived beside the folder of the book."""
    package = docs.resolve().parent / "code" / "mlderived"
    return package if package.is_dir() else None


def _docstrings(facts: _Facts) -> Iterator[Violation]:
    known = {*facts.displays, *(environment.label for environment in facts.book.environments)}
    for label, (path, line) in facts.docstrings.items():
        if label not in known:
            where = path.as_posix()
            yield Violation(
                where, line, label, "the docstring names a label that does not exist", "correct the label"
            )


def docstring_labels(package: Path, keys: Set[str]) -> dict[str, tuple[Path, int]]:
    """The labels with these keys that docstrings name, each with the file and line of the first that does."""
    found: dict[str, tuple[Path, int]] = {}
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                continue
            text = ast.get_docstring(node, clean=False) or ""
            first = node.body[0].lineno if text else 0
            for match in _LABELS_IN_TEXT.finditer(text):
                if match["key"] not in keys:
                    continue
                line = first + text.count("\n", 0, match.start())
                found.setdefault(match[0], (path.relative_to(package.parents[1]), line))
    return found


def hidden_relations(book: Book) -> dict[str, int]:
    """For each page, how many relations stand in the line, where nothing checks them."""
    return {
        page.file: sum(bool(_RELATION.search(formula.tex)) for formula in page.inlines) for page in book.pages
    }


def _inline(formula: Inline) -> Iterator[Violation]:
    length = len(_STYLE.sub("", formula.tex))
    if _RELATION.search(formula.tex) and length > LONGEST_INLINE:
        yield Violation(
            formula.file,
            formula.line,
            "",
            f"the relation ${' '.join(formula.tex.split())}$ in the line has {length} characters",
            f"display it with a label; in the line at most {LONGEST_INLINE} (without spaces, braces, styles)",
        )


def _grouped(items: Iterable[T]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for item in items:
        groups[item.label].append(item)
    return groups


def _words(option: str) -> list[str]:
    return option.replace(",", " ").split()
