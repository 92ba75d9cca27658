"""The drift lock: each kind of drift in a miniature book, and relocking."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from book_checks import lock, pairs
from book_checks.__main__ import main
from book_checks.relock import relock
from book_source import read_book
from minibook import ROOT
from mlderived import checking

FILE = "derivations/05-linear-regression.md"
LOCK = "derivations/05-linear-regression.lock.json"

PAGE = r"""# Linear regression

$$
\min_{\vect{w}} \norm{\vect{w} - \vect{y}}^2 = \lambda - \lambda .
$$ (eq-lin-one)

```{check} eq-lin-one
:sizes: n=9 | n=4 | n=7
y, lam = normal(n), positive()  # two draws
route = minimum(lambda w: sum((w - y) ** 2), zeros(n))
printed = lam - lam
```

$$
\vect{y}^\T\vect{y} = \norm{\vect{y}}^2 .
$$ (eq-lin-two)

```{check} eq-lin-two
:sizes: n=9 | n=4 | n=7
y = normal(n)
route = sum(y[i] ** 2 for i in range(n))
printed = chain(y @ y, "=", norm(y) ** 2)
```
"""

Edit = Callable[[str, str], None]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A locked miniature book."""
    folder = tmp_path / "docs"
    (folder / "derivations").mkdir(parents=True)
    for name in ("chapters.toml", "macros.toml"):
        shutil.copy(ROOT / "docs" / name, folder / name)
    (folder / FILE).write_text(PAGE)
    assert relock(read_book(folder), ["all"], yes=True) == 0
    return folder


@pytest.fixture
def edit(docs: Path) -> Edit:
    """Replace a text in the page."""

    def replace(old: str, new: str) -> None:
        text = (docs / FILE).read_text()
        assert old in text
        (docs / FILE).write_text(text.replace(old, new))

    return replace


def found(docs: Path) -> list[str]:
    book = read_book(docs)
    return [
        f"{violation.file}:{violation.line}: {violation.message}"
        for violation in sorted(lock.violations(book, pairs.macros_of(docs)))
    ]


def test_a_locked_book_passes(docs):
    assert found(docs) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # two draws", "  # other words"),
        ("lam - lam\n", "lam   -   lam\n"),
        ("lam - lam\n", "(\n    lam\n    - lam\n)\n"),
        (r"\lambda - \lambda", "\\lambda  - % why not\n\\lambda"),
        (r"\norm{\vect{w} - \vect{y}}", r"\norm{ \vect{w}-\vect{y} }"),
        ("# Linear regression\n", "# Linear regression\n\nA sentence.\n"),
    ],
)
def test_spaces_comments_and_prose_do_not_count(docs, edit, old, new):
    edit(old, new)
    assert found(docs) == []


def test_changed_tex(docs, edit):
    edit(r"\lambda - \lambda", r"\lambda + \lambda")
    (message,) = found(docs)
    assert message.startswith(
        f"{FILE}:3: eq-lin-one: changed since display and check were compared: its TeX;"
    )
    assert message.endswith("run make relock LABEL=eq-lin-one.")


def test_changed_check(docs, edit):
    edit("= lam - lam", "= lam + lam")
    (message,) = found(docs)
    assert message.startswith(f"{FILE}:7: eq-lin-one: ")
    assert ": its check; compare the two" in message
    edit("= lam + lam", "= lam - lam")
    edit(":sizes: n=9 | n=4 | n=7\ny, lam", ":sizes: n=9 | n=4 | n=8\ny, lam")
    assert "eq-lin-one: changed since display and check were compared: its check" in found(docs)[0]


def test_changed_macro(docs):
    path = docs / "macros.toml"
    path.write_text(path.read_text().replace('T = { tex = "\\\\top"', 'T = { tex = "\\\\dagger"'))
    (message,) = found(docs)
    assert (
        f"{FILE}:14: eq-lin-two: changed since display and check were compared: a macro in its TeX" in message
    )


def test_changed_helper_of_a_helper(docs, tmp_path, monkeypatch):
    """The minimum rests on a search that the check does not name; the other check does not call it."""
    source = Path(str(checking.__file__)).read_text()
    assert source.count("1e-10") >= 1
    for number, (old, new, labels) in enumerate(
        [
            ('"gtol": 1e-10', '"gtol": 1e-9', ["eq-lin-one"]),
            ("# Verbs with", "# Verbs  with", []),
            ('"""The least value of', '"""The very least value of', []),
            ("if not deviation <= allowed:", "if deviation > allowed:", ["eq-lin-two"]),
        ]
    ):
        copy = tmp_path / f"checking{number}.py"
        copy.write_text(source.replace(old, new))
        monkeypatch.setattr(checking, "__file__", str(copy))
        messages = found(docs)
        assert [message.split(": ")[1] for message in messages] == labels
        for message in messages:
            assert "a function of mlderived.checking that its check calls" in message
            assert "make relock LABEL=helpers" in message
    assert relock(read_book(docs), ["helpers"], yes=True) == 0
    assert found(docs) == []
    assert relock(read_book(docs), ["helpers"], yes=True) == 2


def test_a_label_that_is_gone_and_one_that_is_new(docs, edit):
    edit("eq-lin-two", "eq-lin-three")
    gone, new = sorted(found(docs), key=lambda message: message.startswith(FILE))
    assert gone.startswith(f"{LOCK}:8: eq-lin-two: the lock has an entry without a check; run make relock")
    assert "eq-lin-three: is not in the lock" in new
    assert relock(read_book(docs), ["eq-lin-two"], yes=True) == 0
    assert relock(read_book(docs), ["eq-lin-three"], yes=True) == 0
    assert found(docs) == []
    assert relock(read_book(docs), ["eq-lin-two"], yes=True) == 2


def test_no_lock(docs):
    (docs / LOCK).unlink()
    one, two = found(docs)
    assert "eq-lin-one: has no lock: there is no 05-linear-regression.lock.json" in one
    assert "make relock LABEL=all" in two


def test_one_label_at_a_time(docs, edit, capsys):
    edit("= lam - lam", "= lam + lam")
    edit("norm(y) ** 2", "sum(y**2)")
    before = (docs / LOCK).read_text()
    for labels in (["all"], [], ["eq-lin-one", "eq-lin-two"], ["eq-lin-none"]):
        assert relock(read_book(docs), labels, yes=True) == 2
    assert "one at a time" in capsys.readouterr().err
    assert (docs / LOCK).read_text() == before
    assert main(["relock", str(docs), "eq-lin-one", "--yes"]) == 0
    shown = capsys.readouterr().out
    assert "min _w‖w − y‖² = λ − λ." in shown
    assert "printed = lam + lam" in shown
    assert "Changed since they were compared: its check" in shown
    assert [message.split(": ")[1] for message in found(docs)] == ["eq-lin-two"]


def test_it_asks_and_no_is_no(docs, edit, capsys):
    edit("= lam - lam", "= lam + lam")
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    assert relock(read_book(docs), ["eq-lin-one"], yes=False, ask=no) == 2
    assert asked == ["Does the check say what the display says, term by term?"]
    assert len(found(docs)) == 1
    assert main(["relock", str(docs), "eq-lin-one"]) == 2
    assert "with YES=1 the answer is yes" in capsys.readouterr().err


def test_the_file_is_stable_and_sorted(docs):
    text = (docs / LOCK).read_text()
    book = read_book(docs)
    lock.write(docs / LOCK, dict(reversed(lock.entries(book.pages[0], pairs.macros_of(docs)).items())))
    assert (docs / LOCK).read_text() == text
    assert text.index("eq-lin-one") < text.index("eq-lin-two")


def test_a_lock_file_of_a_chapter_that_is_gone(docs):
    (docs / "derivations" / "99-gone.lock.json").write_text("{}\n")
    assert found(docs) == [
        "derivations/99-gone.lock.json:1: the lock has no page beside it; remove the file."
    ]
