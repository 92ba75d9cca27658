"""Look at a display and its check side by side and lock them: make relock LABEL=…."""

import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable
from itertools import zip_longest

from book_checks import lock, pairs, tokens
from book_checks.readable import rows
from book_source import Book, Check, Display, Page

__all__ = ["relock", "side_by_side"]

NARROWEST = 110
"""Columns of a terminal below which the two stand one above the other."""


def side_by_side(display: Display, check: Check, width: int) -> str:
    """The display as plain text and the check."""
    title = f"{check.file}:{display.line}  {check.label}"
    shown = rows(display.tex)
    options = [f":{name}: {value}" for name, value in sorted(check.options.items())]
    code = [*options, *check.body.strip("\n").splitlines()]
    if width < NARROWEST:
        return "\n".join([title, "", *shown, "", *code])
    half = width - 2 - max(len(line) for line in code)
    left = [line for row in shown for line in (*textwrap.wrap(row, half, subsequent_indent="    "), "")]
    lines = [f"{_padded(a, half)}  {b}".rstrip() for a, b in zip_longest(left, code, fillvalue="")]
    return "\n".join([title, "", *lines])


def _padded(text: str, width: int) -> str:
    """Spaces after the text; a hat takes no room."""
    return text + " " * (width - sum(not unicodedata.combining(letter) for letter in text))


def relock(book: Book, labels: list[str], *, yes: bool, ask: Callable[[str], bool] | None = None) -> int:
    """Lock one label.

    ``all`` stands for the labels of each chapter without a lock, ``helpers`` for those where nothing changed
    but the functions that the check calls.
    """
    if len(labels) != 1:
        return _refused(
            f"found {len(labels)} labels, and pairs are compared one at a time; name one as LABEL=eq-…"
        )
    asked = (lambda _: True) if yes else ask or _on_terminal
    if labels == ["all"]:
        return _first_time(book, asked)
    if labels == ["helpers"]:
        return _helpers(book, asked)
    return _one(book, labels[0], asked)


def _one(book: Book, label: str, ask: Callable[[str], bool]) -> int:
    macros = pairs.macros_of(book.docs)
    found = pairs.find(book, label)
    if found is None:
        return _gone(book, label, ask)
    page, display, check = found
    path, now = lock.lock_file(book.docs, page), lock.entries(page, macros)
    if label not in now:
        return _refused(f"{book.docs / check.file}:{check.line}: {label}: the check is broken; see the lint")
    locked = lock.read(path)
    if not locked:
        return _refused(f"{path.name} does not exist yet: run make relock LABEL=all")
    print(side_by_side(display, check, shutil.get_terminal_size((120, 24)).columns), end="\n\n")
    changed = locked[label].changed(now[label]) if label in locked else []
    print("Changed since they were compared:", ", ".join(lock.SIDES[side] for side in changed) or "nothing")
    if "tokens" in check.options:
        excused = tokens.pair(display, check, macros).differences
        print("`:tokens:` excuses all of these:", *excused, sep="\n  ")
    if not ask("Does the check say what the display says, term by term?"):
        return _refused("nothing was locked")
    after = lock.relocked(locked, label, now)
    lock.write(path, after)
    print(f"{label} is locked in {path}.")
    if not after[label].is_transcribed:
        print(f"Its blind transcription is due: make transcribe LABEL={label}")
    return 0


def _gone(book: Book, label: str, ask: Callable[[str], bool]) -> int:
    for page in book.pages:
        path = lock.lock_file(book.docs, page)
        locked = lock.read(path)
        if label in locked:
            if not ask(f"No check has the label {label}. Remove it from {path.name}?"):
                return _refused("nothing was removed")
            lock.write(path, lock.relocked(locked, label, {}))
            print(f"{label} is removed from {path}.")
            return 0
    return _refused(f"no check and no entry of a lock has the label {label}")


def _first_time(book: Book, ask: Callable[[str], bool]) -> int:
    macros = pairs.macros_of(book.docs)
    new = [
        (page, now)
        for page in book.pages
        if not lock.lock_file(book.docs, page).exists() and (now := lock.entries(page, macros))
    ]
    if not new:
        return _refused(
            "each chapter has its lock, and pairs are compared one at a time; name one as LABEL=eq-…"
        )
    for page, now in new:
        displays: dict[str, Display] = {display.label: display for display in page.displays}
        for check in page.checks:
            if check.label in now:
                print(side_by_side(displays[check.label], check, shutil.get_terminal_size((120, 24)).columns))
                print("\n" + "-" * 40 + "\n")
        path = lock.lock_file(book.docs, page)
        if not ask(f"Does each of these {len(now)} checks say what its display says, term by term?"):
            return _refused(f"{path.name} was not written")
        lock.write(path, now)
        print(f"{path}: {len(now)} labels locked.")
    return 0


def _helpers(book: Book, ask: Callable[[str], bool]) -> int:
    macros = pairs.macros_of(book.docs)
    due: list[tuple[Page, str]] = []
    for page in book.pages:
        locked = lock.read(lock.lock_file(book.docs, page))
        now = lock.entries(page, macros)
        due += [
            (page, label)
            for label in sorted(locked.keys() & now.keys())
            if locked[label].changed(now[label]) == ["helpers"]
        ]
    if not due:
        return _refused("no check has only its functions of mlderived.checking changed")
    print("Only functions of mlderived.checking changed (git diff code/mlderived/checking.py) for:")
    print("\n".join(f"  {label}" for _, label in due))
    if not ask("Do these functions still do what their docstrings say, and do their tests show it?"):
        return _refused("nothing was locked")
    for page, label in due:
        path = lock.lock_file(book.docs, page)
        lock.write(path, lock.relocked(lock.read(path), label, lock.entries(page, macros)))
    print(f"{len(due)} labels are locked.")
    return 0


def _on_terminal(question: str) -> bool:
    if not sys.stdin.isatty():
        print("There is no terminal to ask on; with YES=1 the answer is yes.", file=sys.stderr)
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _refused(why: str) -> int:
    print(why, file=sys.stderr)
    return 2
