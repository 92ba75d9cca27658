"""The book itself: pages, PDF and EPUB have the same labels and the same numbers.

Needs the built pages (``make book``); PDF and EPUB are compared when they have been made.
"""

import json
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

import printed
from minibook import ROOT

HTML = ROOT / "build" / "html"
LATEX = ROOT / "build" / "latex" / "mlderived.tex"
EPUB = ROOT / "build" / "epub" / "mlderived.epub"
PDF = ROOT / "build" / "pdf" / "mlderived.pdf"


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """The number that each label has on the pages."""
    assert (HTML / "numbers.json").exists(), "there are no built pages: run make book first"
    return printed.in_html(HTML)


def test_pages_print_the_table_of_numbers(shown: dict[str, str]) -> None:
    """What stands beside a label is the number that Sphinx has for it."""
    numbers = json.loads((HTML / "numbers.json").read_text(encoding="utf8"))
    counted = {label: entry["number"] for label, entry in numbers.items() if entry["kind"] != "section"}
    assert counted
    assert {label: number(text) for label, text in shown.items()} == counted


def number(text: str) -> str:
    """Take the number out of ``Theorem 5.2`` or ``(5.3)``."""
    found = re.search(r"S?\d+(\.\d+)+", text)
    assert found, f"{text} has no number"
    return found[0]


def made(path: Path) -> Path:
    """Skip where the PDF or the EPUB has not been made; the PDF needs LaTeX."""
    if not path.exists():
        pytest.skip(f"{path.relative_to(ROOT)} has not been made: make {'epub' if path == EPUB else 'pdf'}")
    return path


def test_latex_has_the_same_labels_and_numbers(shown: dict[str, str]) -> None:
    """Each label has the same kind and number in the LaTeX source as on the pages."""
    assert printed.in_latex(made(LATEX)) == shown


def test_the_pdf_prints_every_number(shown: dict[str, str]) -> None:
    """Each kind and number that the pages show stands in the PDF."""
    pages = PdfReader(made(PDF)).pages
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))
    assert [label for label, words in sorted(shown.items()) if words not in text] == []


def test_the_epub_has_the_same_labels_and_numbers(shown: dict[str, str]) -> None:
    """Each label has the same kind and number in the EPUB as on the pages."""
    assert printed.in_epub(made(EPUB)) == shown
