"""docs/_ext/book_numbers on a miniature book of two volumes."""

import json
import re
import shutil
from pathlib import Path

import pytest
from sphinx.errors import ConfigError

import printed
from book_numbers.numbering import Item, number_items
from book_numbers.registry import read_registry
from minibook import ROOT, Build, build
from twovolumes import NUMBERS, PAGES, put_picture


def make(folder: Path, pages: dict[str, str], *options: str) -> Build:
    """Build the miniature book."""
    put_picture(folder)
    return build(folder, pages, "html", *options)


def files(folder: Path) -> dict[str, bytes]:
    """Read all that a build wrote."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The miniature book, built serially."""
    done = make(tmp_path_factory.mktemp("serial"), PAGES)
    assert done.returncode == 0, done.output
    return done


def page(book: Build, name: str) -> str:
    """Read a page as text without the mathematics' innards."""
    return (book.out / f"{name}.html").read_text(encoding="utf8")


def test_every_label_has_its_number(book: Build) -> None:
    """The table of numbers agrees with the numbers counted by hand."""
    numbers = json.loads((book.out / "numbers.json").read_text(encoding="utf8"))
    assert {label: entry["number"] for label, entry in numbers.items()} == NUMBERS
    assert numbers["thm-lin-shrink"] == {
        "kind": "theorem",
        "number": "5.2",
        "page": "derivations/05-linear-regression",
        "anchor": "thm-lin-shrink",
    }


def test_pages_print_these_numbers(book: Build) -> None:
    """What stands beside each label on the page is the number of the table, with its kind."""
    shown = printed.in_html(book.out)
    assert set(shown) == set(NUMBERS) - {"ch-lin"}
    for label, text in shown.items():
        assert re.search(r"S?\d+(\.\d+)+", text)[0] == NUMBERS[label], label  # type: ignore[index]
    assert shown["lem-lin-shrink"] == "Lemma 5.3"
    assert shown["rem-lin-sol"] == "Remark S5.2.1"
    assert shown["sol-da-one"] == "Solution to Exercise 23.1"
    assert shown["fig-lin-picture"] == "Figure 5.1"
    assert shown["eq-lin-sol"] == "(S5.2.1)"


def test_sections_count_within_the_chapter(book: Build) -> None:
    """Chapters have the registry's numbers, pages of a folder are sections, front matter has no numbers."""
    headings = {
        name: re.findall(r'<h\d>(?:<span class="section-number">([^<]*)</span>)?([^<]*)', page(book, name))
        for name in ("preface", "derivations/05-linear-regression", "derivations/13-em-gmm/mixtures")
    }
    assert {("", "Preface"), ("", "How to read")} <= set(headings["preface"])
    assert ("5. ", "Linear regression") in headings["derivations/05-linear-regression"]
    assert ("5.2. ", "The picture") in headings["derivations/05-linear-regression"]
    assert ("13.2. ", "Mixtures") in headings["derivations/13-em-gmm/mixtures"]
    assert ("", "A page of the chapter") in headings["derivations/13-em-gmm/mixtures"]


@pytest.mark.parametrize(
    ("name", "anchor", "text"),
    [
        ("preface", "derivations/05-linear-regression.html#ch-lin", "Chapter 5"),
        ("preface", "transfer/03-domain-adaptation.html#thm-da-bound", "Theorem 23.1"),
        ("derivations/01-learning-theory", "05-linear-regression.html#lem-lin-shrink", "Lemma 5.3"),
        ("derivations/05-linear-regression", "#fig-lin-picture", "Figure 5.1"),
        ("derivations/05-linear-regression", "#thm-lin-shrink", "Theorem 5.2"),
        ("derivations/05-linear-regression", "#sol-lin-two", "Solution to Exercise 5.2"),
        ("derivations/05-linear-regression", "#exr-lin-two", "the second exercise"),
        (
            "transfer/03-domain-adaptation",
            "../derivations/05-linear-regression.html#thm-lin-shrink",
            "Theorem 5.2",
        ),
        ("transfer/03-domain-adaptation", "#thm-da-bound", "the theorem 23.1"),
    ],
)
def test_references_say_the_number(book: Build, name: str, anchor: str, text: str) -> None:
    """A reference of any role prints the kind and the number, and leads to the label."""
    links = re.findall(
        rf'<a class="reference internal" href="{re.escape(anchor)}"[^>]*>(.*?)</a>', page(book, name)
    )
    assert text in [re.sub("<[^>]*>", "", link) for link in links]


@pytest.mark.parametrize(
    ("name", "label", "text"),
    [
        ("derivations/01-learning-theory", "eq-lin-second", "(5.2)"),
        ("derivations/05-linear-regression", "eq-lin-sol-b", "(S5.2.2)"),
        ("derivations/05-linear-regression", "eq-em-page", "(13.2)"),
    ],
)
def test_references_to_equations(book: Build, name: str, label: str, text: str) -> None:
    """A reference to a display prints its number, also across pages."""
    links = re.findall(rf'<a class="reference internal" href="[^"]*{label}"[^>]*>(.*?)</a>', page(book, name))
    assert text in [re.sub("<[^>]*>", "", link) for link in links]


def test_parallel_equals_serial(tmp_path: Path) -> None:
    """Two readers and two writers make the same bytes as one."""
    serial = make(tmp_path, PAGES)
    one = files(serial.out)
    shutil.rmtree(tmp_path / "build")
    parallel = make(tmp_path, PAGES, "-j", "2")
    two = files(parallel.out)
    assert parallel.returncode == 0, parallel.output
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def test_a_new_equation_renumbers_everything(tmp_path: Path) -> None:
    """After an equation and a remark are put in front, an incremental build equals a fresh one."""
    make(tmp_path, PAGES)
    name = "derivations/05-linear-regression.md"
    new = "First this,\n\n$$\nn = 0,\n$$ (eq-lin-new)\n\n```{prf:remark}\n:label: rem-lin-new\nNew.\n```\n\n"
    changed = {name: PAGES[name].replace("First a display,", new + "then a display,")}
    again = make(tmp_path, changed)
    assert again.returncode == 0, again.output
    assert "(5.3)" in page(again, "derivations/01-learning-theory")
    assert "Lemma 5.4" in page(again, "derivations/01-learning-theory")
    old = files(again.out)
    shutil.rmtree(tmp_path / "build")
    fresh = files(make(tmp_path, {}).out)
    assert old.keys() == fresh.keys()
    # myst-nb copies its style sheet after the pages are written, so only a second build knows its checksum.
    version = re.compile(rb"(mystnb\.\w+\.css)\?v=\w+")
    assert [name for name in old if version.sub(rb"\1", old[name]) != fresh[name]] == []


def test_a_build_without_change_writes_nothing(book: Build) -> None:
    """Numbers that stay make no page new."""
    before = {
        path: path.stat().st_mtime_ns
        for path in book.out.rglob("*.html")
        if path.stem not in ("search", "genindex")
    }
    again = build(book.source.parent, {})
    assert again.returncode == 0, again.output
    assert [str(path) for path, time in before.items() if path.stat().st_mtime_ns != time] == []


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A book with a page that the registry lacks and a label outside of the chapters."""
    index = "# Book\n\n```{toctree}\npreface\nderivations/99-unknown\n```\n"
    pages = {
        "index.md": index,
        "preface.md": "# Preface\n\n$$\na\n$$ (eq-lt-lost)\n",
        "derivations/99-unknown.md": "# Unknown\n",
    }
    return build(tmp_path_factory.mktemp("faulty"), pages)


def test_an_unregistered_page_is_an_error(faulty: Build) -> None:
    """The message names the page and the remedy."""
    assert faulty.returncode != 0
    assert "derivations/99-unknown: this page lies in the volume derivations/" in faulty.output
    assert "Add a [[chapter]] with page = 'derivations/99-unknown'" in faulty.output


def test_a_label_outside_of_chapters_is_an_error(faulty: Build) -> None:
    """The message names the page, the label and the remedy."""
    assert re.search(r"preface\.md.*eq-lt-lost has a label but no number.*Remove the label", faulty.output)


def test_the_registry_of_the_book() -> None:
    """The book has chapters 1 to 32: twenty in the first volume, twelve in the second."""
    registry = read_registry(ROOT / "docs" / "chapters.toml")
    assert [chapter.number for chapter in registry.chapters] == list(range(1, 33))
    assert registry.volumes == ("derivations", "transfer")
    assert registry.chapter_of("derivations/05-linear-regression").number == 5  # type: ignore[union-attr]
    assert registry.chapter_of("transfer/03-domain-adaptation").number == 23  # type: ignore[union-attr]
    assert registry.chapter_of("derivations/13-em-gmm/mixtures").key == "em"  # type: ignore[union-attr]
    assert registry.chapter_of("preface") is None


@pytest.mark.parametrize("field", ["number", "key", "page", "module"])
def test_a_duplicate_in_the_registry_is_an_error(tmp_path: Path, field: str) -> None:
    """Each field that names a chapter must be its own."""
    entries = [
        {"number": 1, "key": "a", "page": "v/1", "module": "a"},
        {"number": 2, "key": "b", "page": "v/2", "module": "b"},
    ]
    entries[1][field] = entries[0][field]
    text = "\n".join(
        f'[[chapter]]\nvolume = "v"\ntitle = "T{entry["number"]}"\n'
        + "\n".join(f"{name} = {json.dumps(value)}" for name, value in entry.items())
        for entry in entries
    )
    path = tmp_path / "chapters.toml"
    path.write_text(text, encoding="utf8")
    with pytest.raises(ConfigError, match=f"{field} = .* is given to two chapters"):
        read_registry(path)


def test_a_solution_may_stand_before_its_exercise() -> None:
    """The number of a solution is that of its exercise, wherever it stands."""
    solution = Item("p", "solution", "sol-x", "exr-x")
    display = Item("p", "displaymath", "equation-eq-x", "exr-x")
    exercise = Item("p", "exercise", "exr-x", None)
    assert number_items(7, [solution, display, exercise]) == {
        solution: (7, 1),
        display: ("S7", 1, 1),
        exercise: (7, 1),
    }
