"""A display and its check as a pair: what holds them together."""

from dataclasses import replace
from pathlib import Path

from book_checks import lock, tokens
from book_checks.rules import Violation
from book_math.macros import Macro, read_macros
from book_source import Book, Check, Display, Page

__all__ = ["find", "macros_of", "transcribed", "violations"]


def macros_of(docs: Path) -> dict[str, Macro]:
    """The macros of the book by name."""
    path = docs / "macros.toml"
    return {macro.name: macro for macro in read_macros(path)} if path.exists() else {}


def violations(book: Book) -> list[Violation]:
    """Every pair that differs in its tokens or has drifted from its lock."""
    macros = macros_of(book.docs)
    return sorted({*tokens.violations(book, macros), *lock.violations(book, macros)})


def transcribed(docs: Path, page: Page) -> set[str]:
    """The labels of the page whose check a blind transcription agrees with, as both are now."""
    locked = lock.read(lock.lock_file(docs, page))
    now = lock.entries(page, macros_of(docs))
    return {
        label
        for label, entry in now.items()
        if label in locked and replace(entry, transcribed=locked[label].transcribed).is_transcribed
    }


def find(book: Book, label: str) -> tuple[Page, Display, Check] | None:
    """The display and the check with this label, and their page."""
    for page in book.pages:
        displays = [display for display in page.displays if display.label == label]
        checks = [check for check in page.checks if check.label == label]
        if displays and checks:
            return page, displays[0], checks[0]
    return None
