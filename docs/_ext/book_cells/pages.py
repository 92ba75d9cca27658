"""Read the pages of the book and their code cells, with the line of each in the source."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from myst_nb.core.read import MystMetadataParsingError, read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from nbformat import NotebookNode

CLASSES = ("live", "oracle", "glue")
WIDTH = 78  # columns of code and of what it prints
# Folders of docs that hold no pages.
EXCLUDED = ("_*/**", ".*/**")


@dataclass(frozen=True)
class Problem:
    """Something wrong in a source file: where, what, and the remedy."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Cell:
    """A code cell: its number on the page from 1, the line of its first line of code, and its tags."""

    number: int
    line: int
    code: str
    tags: tuple[str, ...]
    options: dict[str, Any]

    @property
    def kind(self) -> str:
        """The class of the cell, or an empty string if it has not exactly one."""
        kinds = [tag for tag in self.tags if tag in CLASSES]
        return kinds[0] if len(kinds) == 1 else ""


@dataclass(frozen=True)
class Page:
    """A page that has code cells."""

    name: str
    path: Path
    text: str
    cells: tuple[Cell, ...]


def read_notebook(text: str) -> NotebookNode:
    """Split a page into text and code cells as myst-nb does, with a map to the lines of the source."""
    config = MdParserConfig(enable_extensions={"dollarmath", "colon_fence"})
    return read_myst_markdown_notebook(text, config=config, add_source_map=True)


def _first_line_of_code(lines: list[str], start: int, code: str) -> int:
    """Find the line (from 1) where a cell's code begins; ``start`` is the line after its fence, from 0."""
    wanted = code.splitlines()
    for line in range(start, len(lines) - len(wanted) + 1):
        if [found.strip() for found in lines[line : line + len(wanted)]] == [text.strip() for text in wanted]:
            return line + 1
    return start + 1


def cells(text: str) -> Iterator[Cell]:
    """Yield the code cells of a page in order."""
    notebook = read_notebook(text)
    lines = text.splitlines()
    number = 0
    for start, cell in zip(notebook.metadata["source_map"], notebook.cells, strict=True):
        if cell.cell_type != "code":
            continue
        number += 1
        tags = cell.metadata.get("tags", [])
        yield Cell(
            number,
            _first_line_of_code(lines, start, cell.source),
            cell.source,
            tuple(tags.split() if isinstance(tags, str) else tags),
            dict(cell.metadata),
        )


def read_pages(source: Path, docnames: list[str] | None = None) -> tuple[list[Page], list[Problem]]:
    """Read the pages below ``source`` (or those named) that have cells, and tell which cannot be read."""
    if docnames is None:
        paths = sorted(path.relative_to(source) for path in source.rglob("*.md"))
        names = [path.with_suffix("").as_posix() for path in paths]
        docnames = [name for name in names if not any(fnmatch(name, pattern) for pattern in EXCLUDED)]
    pages, problems = [], []
    for name in docnames:
        path = source / f"{name}.md"
        if not path.exists() or "{code-cell}" not in (text := path.read_text(encoding="utf8")):
            continue
        try:
            found = tuple(cells(text))
        except MystMetadataParsingError as error:
            line = re.search(r"at line (\d+)", str(error))
            remedy = "write them as YAML between two lines of ---"
            what = "options of the code cell" if line else "front matter"
            message = f"the {what} cannot be read: {remedy}"
            problems.append(Problem(path, int(line[1]) if line else 1, message))
            continue
        if found:
            pages.append(Page(name, path, text, found))
    return pages, problems
