"""The book itself: pages, notebooks, PDF and EPUB have the same labels and the same numbers.

Needs the built pages (``make book``); PDF and EPUB are compared when they have been made.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest
from pypdf import PdfReader

import printed
from book_math.typeset import Typesetter
from minibook import ROOT

HTML = ROOT / "build" / "html"
LATEX = ROOT / "build" / "latex" / "mlderived.tex"
EPUB = ROOT / "build" / "epub" / "mlderived.epub"
PDF = ROOT / "build" / "pdf" / "mlderived.pdf"

# Commands of TeX and of the American Mathematical Society that MathJax has without further packages.
MATHJAX = set(
    re.findall(
        r"\w+",
        """
    Big Biggl Biggr Bigl Bigm Bigr Delta Gamma Lambda Longleftrightarrow Omega Phi Pi Psi Rightarrow
    Sigma Theta Vert Xi alpha approx arg bar begin beta biggl biggr bigl bigm bigr binom bmod
    boldsymbol breve cap cdot cdots chi circ cos cosh cup delta det dfrac dot dots downarrow ell
    emptyset end epsilon equiv eta exists exp forall frac gamma ge geq gg hat iff implies in inf
    infty int kappa lVert lambda langle lceil ldots le left leftarrow leq lfloor lim liminf limsup
    ll ln log lvert mapsto mathbb mathbf mathcal mathrel mathrm mathsf max mid min mp mu nabla ne
    neq not notin nu odot omega operatorname oplus otimes overbrace overline partial perp phi pi pm
    preceq prime prod propto psi qquad quad rVert rangle rceil rfloor rho right rightarrow rvert
    setminus sigma sim sin sinh sqrt star subset subseteq succeq sum sup tag tan tanh tau text
    textstyle tfrac theta tilde times to top underbrace underline uparrow varepsilon varphi vert
    widehat widetilde xi zeta
        """,
    )
)


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


def test_notebooks_print_the_numbers_of_their_pages(shown: dict[str, str]) -> None:
    """What a page with code numbers, its notebook numbers the same."""
    numbers = json.loads((HTML / "numbers.json").read_text(encoding="utf8"))
    notebooks = sorted((HTML / "notebooks").rglob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        page = path.relative_to(HTML / "notebooks").with_suffix("").as_posix()
        wanted = {text for label, text in shown.items() if numbers[label]["page"] == page}
        assert printed.in_notebook(path) == wanted, page


def test_notebooks_are_plain_markdown_with_links_that_lead_somewhere() -> None:
    """No syntax of the sources is left, and each link leads to an anchor of the notebook or to the web."""
    for path in sorted((HTML / "notebooks").rglob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert re.findall(r"\{(?:eq|ref|prf:ref|numref|doc|cite:[tp]|glue:\w+)\}|:::|```\{", text) == [], path
        anchors = re.findall(r'<a id="([^"]+)"></a>', text)
        assert len(anchors) == len(set(anchors)), path
        targets = set(re.findall(r"\]\(([^()\s]+)\)", text))
        assert {name for name in targets if not name.startswith(("#", "http", "attachment:"))} == set(), path
        assert {name[1:] for name in targets if name.startswith("#")} <= set(anchors), path


def test_formulas_of_notebooks_need_no_macros(tmp_path: Path) -> None:
    """KaTeX typesets each formula without the macros, from commands that MathJax in Jupyter knows too."""
    typesetter = Typesetter({}, tmp_path)
    formulas: set[tuple[str, bool]] = set()
    for path in sorted((HTML / "notebooks").rglob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                formulas |= {
                    (display or inline, bool(display))
                    for display, inline in re.findall(
                        r"\$\$(.+?)\$\$|(?<!\\)\$(.+?)(?<!\\)\$", cell.source, re.S
                    )
                }
    assert formulas
    used = {name for tex, _ in formulas for name in re.findall(r"\\([A-Za-z]+)", tex)}
    assert used <= MATHJAX, "add what MathJax knows by itself to MATHJAX, and replace the rest in formulas.py"
    for tex, display in sorted(formulas):
        untagged = re.sub(r"\s*\\tag\{[^{}]*\}\s*", "", tex)
        assert isinstance(typesetter.html(untagged, display), str), tex
    typesetter.close()
