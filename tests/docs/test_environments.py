"""docs/_ext/book_environments: statements, proofs, exercises and solutions, and how faults are reported."""

import pickle
import re
from html.parser import HTMLParser

import pytest

from minibook import Build, build
from twovolumes import PAGES, put_picture

CHAPTER = "derivations/05-linear-regression"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The miniature book of two volumes."""
    folder = tmp_path_factory.mktemp("environments")
    put_picture(folder)
    done = build(folder, PAGES, "html", "-j", "2")
    assert done.returncode == 0, done.output
    return done


def block(book: Build, page: str, label: str) -> str:
    """Cut the element with an id out of a page, up to its last line."""
    text = (book.out / f"{page}.html").read_text(encoding="utf8")
    found = re.search(rf'<(div|details) [^>]*id="{label}".*?\n</\1>', text, re.S)
    assert found, f"{page} has no block {label}"
    return found[0]


def test_a_statement_has_number_name_and_link(book: Build) -> None:
    """The heading of a theorem holds its number, its name and a link to itself."""
    theorem = block(book, CHAPTER, "thm-lin-shrink")
    assert 'class="environment theorem"' in theorem
    assert '<span class="environment-number">Theorem 5.2</span>' in theorem
    assert '<span class="environment-name">(Shrinkage)</span>' in theorem
    assert 'href="#thm-lin-shrink" title="Link to this theorem"' in theorem


def test_a_cited_statement_names_its_source(book: Build) -> None:
    """The option :cited: is printed at the end of the statement."""
    assert "Cited, not proved here: a famous paper." in block(book, CHAPTER, "lem-lin-shrink")


def test_an_exercise_shows_its_grade(book: Build) -> None:
    """The grade stands in the heading."""
    assert '<span class="environment-grade">derive</span>' in block(book, CHAPTER, "exr-lin-two")


def test_a_solution_is_folded(book: Build) -> None:
    """A solution is a closed <details> whose summary names the exercise, and holds its displays."""
    solution = block(book, CHAPTER, "sol-lin-two")
    assert solution.startswith(
        '<details class="environment solution" id="sol-lin-two"><summary>Solution to Exercise'
    )
    assert "open" not in solution.split(">")[0]
    assert 'id="equation-eq-lin-sol-b"' in solution


def test_a_gated_solution_gathers_what_stands_outside_of_directives(book: Build) -> None:
    """All between solution-start and solution-end is folded, and nothing after it."""
    text = (book.out / "transfer/03-domain-adaptation.html").read_text(encoding="utf8")
    text = text.partition('<details class="cite">')[0]
    inside = re.search(r'<details [^>]*id="sol-da-one".*</details>', text, re.S)
    assert inside
    assert "Outside of a directive" in inside[0]
    assert "done" in inside[0]
    assert "The end." not in inside[0]


def test_proofs_begin_and_end_with_a_mark(book: Build) -> None:
    """The word Proof, perhaps with the theorem, before the first sentence, and one mark after the last."""
    text = (book.out / "derivations/13-em-gmm/mixtures.html").read_text(encoding="utf8")
    proof = re.search(r'<div class="proof">.*?</div>\n', text, re.S)
    assert proof
    assert re.search(
        r'<em class="proof-name">Proof of <a [^>]*><span[^>]*>Proposition 13.1</span></a>\.</em>', proof[0]
    )
    assert text.count('class="qed"') == 1
    assert 'role="img" aria-label="end of proof"' in text


def test_names_are_in_the_index_and_in_the_search(book: Build) -> None:
    """The name of a statement is an entry of the index that leads to it; a semicolon makes a sub-entry."""
    index = (book.out / "genindex.html").read_text(encoding="utf8")
    assert f'href="{CHAPTER}.html#dfn-lin-ridge">Ridge estimator</a>' in index
    assert re.search(r'Transfer bound.*?href="[^"]*#thm-da-bound">two domains</a>', index, re.S)
    assert "A first one" not in index
    assert '"shrinkage"' in (book.out / "searchindex.js").read_text(encoding="utf8").lower()


class Ids(HTMLParser):
    """Collect the ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the id of an element."""
        self.ids += [value for name, value in attrs if name == "id" and value]


def test_no_id_occurs_twice(book: Build) -> None:
    """Each anchor of a chapter is its own."""
    for page in (CHAPTER, "transfer/03-domain-adaptation"):
        parser = Ids()
        parser.feed((book.out / f"{page}.html").read_text(encoding="utf8"))
        ids = [name for name in parser.ids if not name.startswith("pst-")]
        assert sorted(set(ids)) == sorted(ids)


def test_the_domain_knows_checks_and_sources(book: Build) -> None:
    """After a parallel build the environment has every statement with its options."""
    path = book.source.parent / "build" / "doctrees" / "environment.pickle"
    entries = pickle.loads(path.read_bytes()).domaindata["prf"]["entries"]
    assert entries["thm-lin-shrink"]["checks"] == ["eq-lin-first", "eq-lin-second"]
    assert entries["lem-lin-shrink"]["cited"] == "a famous paper"
    assert entries["sol-da-one"]["solves"] == "exr-da-one"
    assert entries["exr-da-one"]["grade"] == "code"
    assert entries["exr-da-one"]["page"] == "transfer/03-domain-adaptation"


INDEX = "# Book\n\n```{toctree}\nderivations/01-learning-theory\nderivations/05-linear-regression\n```\n"
FAULTS = """# Faults

```{prf:theorem}
No label.
```

```{prf:lemma}
:label: lem-lin-twice
One.
```

```{exercise}
:label: exr-lin-grade
:grade: hard
Do.
```

```{solution} exr-lin-none
:label: sol-lin-none
Done.
```

```{solution} exr-lt-far
:label: sol-lin-far
Done.
```

```{solution-start} exr-lt-far
:label: sol-lin-open
```

A solution without end.

```{prf:example-end}
```

See {prf:ref}`thm-lin-gone`.
"""
OTHER = """# Other

```{prf:lemma}
:label: lem-lin-twice
Two.
```

```{exercise}
:label: exr-lt-far
Do.
```
"""


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A book with every fault."""
    pages = {
        "index.md": INDEX,
        "derivations/01-learning-theory.md": OTHER,
        "derivations/05-linear-regression.md": FAULTS,
    }
    return build(tmp_path_factory.mktemp("faults"), pages)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (3, "prf:theorem has no label, so it has no number: add `:label: …`."),
        (7, "the label lem-lin-twice is given to two environments"),
        (14, r'"hard" unknown; choose from "recall", "derive", "compute", "prove", or "code"'),
        (18, "sol-lin-none: no exercise has the label exr-lin-none; correct the argument of the solution."),
        (23, "sol-lin-far: the exercise exr-lt-far is not in the same chapter; move the solution there."),
        (28, "sol-lin-open: solution-start has no solution-end in the same section; add it"),
        (34, "example-end closes nothing; remove it, or add example-start before it"),
        (37, "no statement has the label thm-lin-gone; correct the reference"),
    ],
)
def test_faults_are_reported_with_their_place(faults: Build, line: int, message: str) -> None:
    """Each fault fails the build with file, line, what was found and the remedy."""
    assert faults.returncode != 0
    found = [text for text in faults.output.splitlines() if message in text]
    assert found, faults.output
    assert any(re.search(rf"05-linear-regression\.md:{line}\b", text) for text in found), found
