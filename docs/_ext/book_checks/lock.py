"""The drift lock: what TeX and check said when somebody last compared them.

Beside each chapter lies a file ``….lock.json`` with one entry for each label: short hashes of the TeX, of
the macros in it, of the check, and of the functions of ``mlderived.checking`` that the check calls.  A change
of any of them is an error until somebody has looked at the two side by side (``make relock LABEL=…``).
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from book_checks import body
from book_checks.rules import Violation
from book_checks.tokens_code import sound
from book_checks.tokens_tex import lex
from book_math.macros import Macro
from book_source import Book, Check, Display, Page
from mlderived import checking

__all__ = ["Entry", "entries", "lock_file", "read", "relocked", "violations", "write"]

SIDES = {
    "tex": "its TeX",
    "macros": "a macro in its TeX",
    "check": "its check",
    "helpers": "a function of mlderived.checking that its check calls",
}


@dataclass(frozen=True)
class Entry:
    """The state of a display and its check.

    ``transcribed`` is the hash of the state in which the blind transcription agreed, or nothing.
    """

    tex: str
    macros: str
    check: str
    helpers: str
    transcribed: str = ""

    @property
    def state(self) -> str:
        """The pair of display and check; the functions that the check calls have tests of their own."""
        return _hash([self.tex, self.macros, self.check])

    @property
    def is_transcribed(self) -> bool:
        """Whether a blind transcription agreed with this state."""
        return self.transcribed == self.state

    def changed(self, now: "Entry") -> list[str]:
        """Which of ``SIDES`` differ."""
        return [side for side in SIDES if getattr(self, side) != getattr(now, side)]


def lock_file(docs: Path, page: Page) -> Path:
    """The lock file of a page."""
    return docs / f"{page.docname}.lock.json"


def read(path: Path) -> dict[str, Entry]:
    """The entries of a lock file; none when there is no file."""
    if not path.exists():
        return {}
    return {label: Entry(**entry) for label, entry in json.loads(path.read_text(encoding="utf8")).items()}


def write(path: Path, locked: Mapping[str, Entry]) -> None:
    """Write a lock file, sorted, with one line for each hash."""
    table = {
        label: {key: value for key, value in asdict(locked[label]).items() if value}
        for label in sorted(locked)
    }
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf8")


def entries(page: Page, macros: Mapping[str, Macro]) -> dict[str, Entry]:
    """What the lock would say now of each display of the page that has a check."""
    displays = {display.label: display for display in page.displays}
    return {
        check.label: _entry(displays[check.label], check, macros)
        for check in page.checks
        if check.label in displays and sound(check)
    }


def _entry(display: Display, check: Check, macros: Mapping[str, Macro]) -> Entry:
    tree = body.parse(check)
    options = [check.options.get(name, "").split() for name in ("sizes", "shown", "tokens")]
    return Entry(
        tex=_hash(lex(display.tex)),
        macros=_hash(_macros(display.tex, macros)),
        check=_hash([_shape(tree), options]),
        helpers=_hash(_helpers({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})),
    )


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _macros(tex: str, macros: Mapping[str, Macro]) -> list[list[str | int]]:
    """What each macro in the TeX stands for, and the macros in those."""
    found: dict[str, list[str | int]] = {}
    waiting = [tex]
    while waiting:
        for name in re.findall(r"\\([A-Za-z]+)", waiting.pop()):
            if name in macros and name not in found:
                macro = macros[name]
                found[name] = [name, macro.args, macro.tex, macro.html, macro.latex]
                waiting += [macro.tex, macro.html, macro.latex]
    return [found[name] for name in sorted(found)]


def _shape(node: object) -> object:
    """A syntax tree without places, comments and docstrings; the same for every release of Python."""
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {
        name: value
        for name, value in ast.iter_fields(node)
        if name != "ctx" and value is not None and value != []
    }
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
        fields["body"] = node.body[1:]
    return [type(node).__name__, {name: _shape(value) for name, value in fields.items()}]


@cache
def _definitions(source: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Each name that the module defines, with its hash and the names that it reads."""
    tree = ast.parse(Path(source).read_text(encoding="utf8"))
    found = {}
    for statement in tree.body:
        read = frozenset(node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
        for name in _defined(statement):
            found[name] = _hash(_shape(statement)), read
    return found


def _defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name


@cache
def _entrances(source: str) -> dict[str, tuple[str, ...]]:
    """For each name that a check sees, the definitions in the module behind it."""
    given = checking.Bench(np.random.default_rng(0)).namespace()
    known = _definitions(source)
    return {
        name: tuple(one for one in {name, f"_{name}", getattr(value, "__name__", name)} if one in known)
        for name, value in given.items()
    }


def _helpers(names: Iterable[str]) -> dict[str, str]:
    """The definitions that the names rest on, directly or not, each with its hash."""
    source = str(checking.__file__)
    known = _definitions(source)
    found: dict[str, str] = {}
    waiting = [one for name in names for one in _entrances(source).get(name, ())]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name], reads = known[name]
            waiting += [other for other in reads if other in known]
    return found


def relocked(locked: Mapping[str, Entry], label: str, now: Mapping[str, Entry]) -> dict[str, Entry]:
    """The lock with the present state of one label; a transcription stays where the pair is the same."""
    rest = {name: entry for name, entry in locked.items() if name != label}
    if label not in now:
        return rest
    before = locked.get(label)
    kept = before.transcribed if before and before.state == now[label].state else ""
    return {**rest, label: replace(now[label], transcribed=kept)}


def violations(book: Book, macros: Mapping[str, Macro]) -> Iterator[Violation]:
    """Every label whose state is not the one in the lock, and every entry without a label."""
    for page in book.pages:
        path = lock_file(book.docs, page)
        now, locked = entries(page, macros), read(path)
        lines = {check.label: check.line for check in page.checks}
        displays = {display.label: display.line for display in page.displays}
        for label, entry in now.items():
            remedy = f"compare the two and run make relock LABEL={label}"
            if label not in locked:
                what = "is not in the lock" if locked else f"has no lock: there is no {path.name}"
                remedy = (
                    remedy if locked else "compare each display with its check and run make relock LABEL=all"
                )
                yield Violation(page.file, lines[label], label, what, remedy)
            elif changed := locked[label].changed(entry):
                words = " and ".join(SIDES[side] for side in changed)
                what = f"changed since display and check were compared: {words}"
                line = (displays if {"tex", "macros"} & set(changed) else lines)[label]
                if changed == ["helpers"]:
                    remedy = "see that it still does what it says and run make relock LABEL=helpers"
                yield Violation(page.file, line, label, what, remedy)
        for label in locked.keys() - {check.label for check in page.checks}:
            name = path.relative_to(book.docs).as_posix()
            where = _line(path, label)
            yield Violation(
                name, where, label, "the lock has an entry without a check", f"run make relock LABEL={label}"
            )
    known = {lock_file(book.docs, page) for page in book.pages}
    for path in sorted({*book.docs.rglob("*.lock.json")} - known):
        name = path.relative_to(book.docs).as_posix()
        yield Violation(name, 1, "", "the lock has no page beside it", "remove the file")


def _line(path: Path, label: str) -> int:
    lines = path.read_text(encoding="utf8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.startswith(f' "{label}"')), 1)
