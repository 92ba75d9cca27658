"""docs/_ext/book_latex: the miniature book as a PDF, and the reader of LaTeX's log."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.types import OutlineType as Outline

import printed
from book_latex import DEBIAN_PACKAGES
from book_latex.log import log_problems, main
from minibook import Build, build
from twovolumes import NUMBERS, PAGES, put_picture


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The miniature book, written as LaTeX and as pages, and typeset."""
    if shutil.which("xelatex") is None or shutil.which("latexmk") is None:
        pytest.fail(
            "the PDF needs LaTeX: sudo apt-get install -y --no-install-recommends "
            + " ".join(DEBIAN_PACKAGES)
        )
    folder = tmp_path_factory.mktemp("latex")
    put_picture(folder)
    done = build(folder, PAGES, "html")
    assert done.returncode == 0, done.output
    done = build(folder, {}, "latex")
    assert done.returncode == 0, done.output
    typeset(done.out)
    return done


def typeset(folder: Path) -> None:
    """Run latexmk as ``make pdf`` does."""
    command = ["latexmk", "-silent", "-interaction=nonstopmode", "mlderived.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def pdf(book: Build) -> PdfReader:
    """The PDF."""
    return PdfReader(book.out / "mlderived.pdf")


@pytest.fixture(scope="module")
def text(pdf: PdfReader) -> str:
    """The words of all pages, with single spaces."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pdf.pages))


def test_the_log_is_clean(book: Build) -> None:
    """No overfull line, missing glyph, undefined or duplicate label."""
    assert log_problems(book.out / "mlderived.log") == []


def test_numbers_are_those_of_the_pages(book: Build) -> None:
    """Each label has the same kind and number in LaTeX as on the pages."""
    assert printed.in_latex(book.out / "mlderived.tex") == printed.in_html(book.out.parent / "html")


@pytest.mark.parametrize("label", sorted(set(NUMBERS) - {"ch-lin"}))
def test_the_pdf_prints_every_number(book: Build, text: str, label: str) -> None:
    """The words and the number that the page shows for a label stand in the PDF."""
    assert printed.in_html(book.out.parent / "html")[label] in text


def test_references_print_these_numbers(text: str) -> None:
    """References across chapters say kind and number."""
    assert "See Chapter 5 and Theorem 23.1." in text
    assert "Compare (5.2) and Lemma 5.3." in text
    assert "and Solution to Exercise 5.2, the second exercise, (S5.2.2), (13.2)." in text


def test_contents_bookmarks_and_index(pdf: PdfReader, text: str) -> None:
    """Volumes, chapters and sections are in the contents with their numbers; the index names statements."""
    assert titles(pdf.outline) == [
        "Preface",
        ["How to read"],
        "Volume I Derivations",
        [
            "1 Learning theory",
            ["1.1 Risk"],
            "5 Linear regression",
            ["5.1 Least squares", "5.2 The picture", "5.3 Exercises"],
            "13 Expectation maximisation",
            ["13.1 Overview", "13.2 Mixtures", ["A page of the chapter"]],
        ],
        "Volume II Transfer",
        ["23 Domain adaptation", ["23.1 Bounds"]],
        "Appendix",
        "Index",
    ]
    assert re.search(r"5 Linear regression 5 .*5\.1 Least squares", text)
    assert re.search(r"23 Domain adaptation \d+ 23\.1 Bounds", text)
    assert "Preface 1 Volume I" in text  # the sections of front matter are not in the contents
    assert "Ridge estimator, " in text


def titles(outline: Outline) -> list[Any]:
    """Read nested bookmarks as nested titles."""
    return [titles(entry) if isinstance(entry, list) else entry.title for entry in outline]


def test_every_link_has_a_target(pdf: PdfReader) -> None:
    """All links inside the PDF lead to a page of it."""
    names = pdf.named_destinations
    links = 0
    for page in pdf.pages:
        for annotation in page.get("/Annots") or []:
            target = annotation.get_object().get("/A", {}).get("/D")
            if isinstance(target, str):
                assert target in names
                links += 1
    assert links > 30


def test_metadata_has_no_clock(book: Build, pdf: PdfReader) -> None:
    """Title and author are set, and typesetting again makes the same bytes."""
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Machine Learning, Derived"
    assert pdf.metadata.author
    first = (book.out / "mlderived.pdf").read_bytes()
    again = book.out.parent / "again"
    shutil.copytree(book.out, again, ignore=shutil.ignore_patterns("mlderived.pdf", "*.xdv", "*.fdb_latexmk"))
    typeset(again)
    assert (again / "mlderived.pdf").read_bytes() == first


LOG = r"""This is XeTeX
Overfull \hbox (9.5pt too wide) in paragraph at lines 3--4
Overfull \hbox (48.25pt too wide) detected at line 5
Missing character: There is no ☃ (U+2603) in font [lmroman10-regular]:mapping=tex-text;!
LaTeX Warning: Hyper reference `derivations/05:thm-gone' on page 3 undefined on
 input line 6.
LaTeX Warning: Label `derivations/05:thm-twice' multiply defined.
! Undefined control sequence.
<recently read> \nonsense
l.6 \nonsense
"""
TEX = "\n".join(
    ["\\begin{document}", "a", r"\label{equation:derivations/05:eq-lin-wide}", "b", "c", "\\nonsense", ""]
)


def test_the_log_reader_names_place_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each kind of problem is found, with the line of the source, the label before it and what to do."""
    (tmp_path / "book.tex").write_text(TEX, encoding="utf8")
    log = tmp_path / "book.log"
    log.write_text(LOG, encoding="utf8")
    assert main(str(log)) == 1
    place = "after the label equation:derivations/05:eq-lin-wide"
    assert capsys.readouterr().out.splitlines() == [
        f"book.tex:5, {place}: text sticks out by 48.25 pt; break the formula or shorten the line of code.",
        "book.log: the font [lmroman10-regular] has no glyph for ☃ (U+2603); "
        "write the sign as mathematics, or add its range to mlderived.sty.",
        f"book.tex:6, {place}: the label derivations/05:thm-gone is not defined; "
        "correct the label, or the reference to it.",
        "book.log: the label derivations/05:thm-twice is defined twice; rename one of the two labels.",
        f"book.tex:6, {place}: Undefined control sequence.; correct the LaTeX at this line.",
    ]
    log.write_text(
        "This is XeTeX\nOverfull \\hbox (9.5pt too wide) in paragraph at lines 3--4\n", encoding="utf8"
    )
    assert main(str(log)) == 0
