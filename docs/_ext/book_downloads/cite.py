"""How a page is cited, in words and in BibTeX."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """The book: ``date`` is that of the commit, or empty; ``base`` is the address of the site, or empty."""

    title: str
    authors: tuple[str, ...]
    version: str
    date: str
    year: str
    base: str

    @property
    def edition(self) -> str:
        """The version, with its date where there is one."""
        return f"version {self.version}" + (f" of {self.date}" if self.date else "")

    def address(self, page: str) -> str:
        """The address of a page; empty where the site has none."""
        return f"{self.base.rstrip('/')}/{page}.html" if self.base else ""


def in_words(source: Source, page: str, title: str, number: str) -> str:
    """One sentence for a list of references; ``title`` is empty for the book as a whole."""
    part = f"“{title}”{f', {_part(number)}' if number else ''}. In: " if title else ""
    address = f" {source.address(page)}" if source.base else ""
    year = f" ({source.year})" if source.year else ""
    return f"{', '.join(source.authors)}{year}. {part}{source.title}, {source.edition}.{address}"


def bibtex(source: Source, page: str, title: str, number: str) -> str:
    """An entry for BibTeX and biber."""
    fields = {
        # A name in two pairs of braces is kept whole: that of a group has commas.
        "author": " and ".join(f"{{{name}}}" for name in map(_tex, source.authors)),
        "title": _tex(title or source.title),
        "booktitle": _tex(source.title) if title else "",
        "chapter": number,
        "year": source.year,
        "note": source.edition.capitalize(),
        "url": source.address(page),
    }
    name = "mlderived" + (f":{re.sub('[^a-z0-9]+', '-', page.rpartition('/')[2].lower())}" if title else "")
    lines = [f"  {field:<9} = {{{value}}}," for field, value in fields.items() if value]
    return "\n".join([f"@{'incollection' if title else 'book'}{{{name},", *lines, "}"])


def _part(number: str) -> str:
    return f"{'section' if '.' in number else 'chapter'} {number}"


def _tex(text: str) -> str:
    return re.sub(r"([&%#_$])", r"\\\1", text)
