"""What is stated and not proved: each such statement is listed on the page ``cited``, and nothing else is."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from book_source import Book, Environment, Page

__all__ = ["PAGE", "Fault", "faults"]

PAGE = "cited.md"
"""The page with the list."""

_LABEL = re.compile(r"(?:thm|lem|prop|cor)-[a-z]+-[a-z0-9]+(?:-[a-z0-9]+)*")
_ROW = re.compile(r"^\|(?P<result>[^|]*)\|(?P<source>[^|]*)\|(?P<why>[^|]*)\|\s*$", re.MULTILINE)
_SOURCE = re.compile(r"\{cite:[a-z]+\}`([^`{]+)\{[^}`]+\}`")
_DOCUMENT = re.compile(r"\{doc\}`(?:[^<`]*<)?/?([^>`]+)>?`")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cited result: where, which label, what was found, what to do."""

    file: str
    line: int
    label: str
    what: str
    remedy: str


def faults(book: Book, has_proof: Callable[[Environment, Page], bool]) -> Iterator[Fault]:
    """Compare the statements marked as cited with the list, in both directions."""
    statements = {e.label: (e, page) for page in book.pages for e in page.environments if e.label}
    listing = next((page for page in book.pages if page.file == PAGE), None)
    listed = {r.target: r for r in listing.references if r.role == "prf:ref"} if listing else {}
    for label, (statement, page) in statements.items():
        cited = statement.options.get("cited", "")
        if not cited:
            continue
        elsewhere = _LABEL.search(cited)
        if elsewhere is None and label not in listed:
            yield Fault(
                statement.file,
                statement.line,
                label,
                f"the {statement.kind} is cited and not in docs/{PAGE}",
                "add it there, with author, number of the theorem and why there is no proof",
            )
        elif elsewhere is not None and not _proved(elsewhere[0], page, statements, has_proof):
            yield Fault(
                statement.file,
                statement.line,
                label,
                f"`:cited:` names {elsewhere[0]}, which no other page proves",
                "name a statement that is proved on another page, or the source",
            )
    for label, reference in listed.items():
        if label not in statements or not statements[label][0].options.get("cited"):
            yield Fault(
                reference.file,
                reference.line,
                label,
                "the list names it, and no statement of this label is cited",
                "take it off the list, or mark the statement with `:cited:`",
            )
    if listing:
        yield from _rows(listing, book)


def _proved(
    label: str,
    page: Page,
    statements: dict[str, tuple[Environment, Page]],
    has_proof: Callable[[Environment, Page], bool],
) -> bool:
    """Whether another page proves the statement."""
    if label not in statements:
        return False
    statement, home = statements[label]
    return home.file != page.file and not statement.options.get("cited") and has_proof(statement, home)


def _rows(listing: Page, book: Book) -> Iterator[Fault]:
    """Each row says what, where it is used, from which source, and why it is not proved."""
    pages = {page.docname: page for page in book.pages}
    for row in list(_ROW.finditer(listing.text))[2:]:  # after the head and its rule
        line = listing.text.count("\n", 0, row.start()) + 1

        def fault(what: str, remedy: str, line: int = line) -> Fault:
            return Fault(listing.file, line, "", what, remedy)

        source, used = _SOURCE.search(row["source"]), _DOCUMENT.findall(row["result"])
        if source is None:
            yield fault(
                "a cited result has no source with the place in it", "write {cite:t}`key{Theorem 2.1}`"
            )
        if len(row["why"].split()) < 4:
            yield fault("a cited result does not say why there is no proof", "say it in a few words")
        if not used and "{prf:ref}" not in row["result"]:
            yield fault(
                "a cited result does not say where it is used", "link to the statement or the chapter"
            )
        for docname in used:
            if docname not in pages or (source and f"`{source[1]}" not in pages[docname].text):
                yield fault(
                    f"{docname} does not cite this source",
                    "cite it where the result is used, or take off the row",
                )
