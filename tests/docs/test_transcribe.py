"""Blind transcription: what is told, what agrees, what does not, and when it lapses."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest

from book_checks import lock, pairs
from book_checks.__main__ import main
from book_checks.relock import relock
from book_checks.transcribe import _described, brief, transcribe
from book_source import read_book
from minibook import ROOT
from mlderived.checking import distribution

FILE = "derivations/05-linear-regression.md"

PAGE = r"""# Linear regression

$$
\hat{\vect{w}} = \mat{A}^{-1} \mat{X}^\T\vect{y}
= \mat{A}^{-1} \sum_{i=1}^{n} y_i \vect{x}_i .
$$ (eq-lin-chain)

```{check} eq-lin-chain
:sizes: n=9 d=3 | n=4 d=6 | n=7 d=1
X, y, lam = normal(n, d), normal(n), positive()
A = X.T @ X + lam * eye(d)
route = argmin(lambda w: sum((y - X @ w) ** 2) + lam * sum(w**2), zeros(d))
printed = chain(inv(A) @ X.T @ y, "=", inv(A) @ sum(y[i] * X[i] for i in range(n)))
```

$$
\lambda \vect{w}^\T\vect{w} \le \sigma^2 .
$$ (eq-lin-condition)

```{check} eq-lin-condition
:sizes: d=3 | d=6 | d=1
:shown: lam * w @ w, "<=", sigma**2
w, lam, sigma = normal(d), positive(), positive()
route = root(lambda c: sigma**2 - lam * c**2 * norm(w) ** 2, 0, 1e6), 1.0
printed = sqrt(sigma**2 / (lam * w @ w)), 1.0
```

$$
\sum_{j=1}^{d} w_j^2 \le 2 \vect{w}^\T\vect{w} .
$$ (eq-lin-bound)

```{check} eq-lin-bound
:sizes: d=3 | d=6 | d=2
w = normal(d)
route = norm(w) ** 2
printed = inequality(
    lambda w: sum(w[j] ** 2 for j in range(d)), "<=", lambda w: 2 * w @ w, w, loose="a factor of two"
)
```

$$
\mat{X}^\T(\vect{y} - \mat{X}\hat{\vect{w}}) = \vect{0} .
$$ (eq-lin-vanishes)

```{check} eq-lin-vanishes
:sizes: n=9 d=3 | n=7 d=2 | n=5 d=1
X, y = normal(n, d), normal(n)
w_hat = lstsq(X, y)
route = zeros(d)
printed = zero(X.T @ (y - X @ w_hat), norm(X.T @ y), wrong=X.T @ y)
```

$$
\min_{c \in \R} \norm{\vect{w} - c\vect{1}}^2 = \vect{w}^\T\vect{w} - d\, \bar{w}^2 ,
\qquad d > 0 .
$$ (eq-lin-least)

```{check} eq-lin-least
:sizes: d=3 | d=6 | d=2
w = normal(d)
route = minimum(lambda c: sum((w - c * ones(d)) ** 2), 0.0)
printed = w @ w - d * mean(w) ** 2
```

$$
\min_{c \in \R} \norm{\vect{w} - c\vect{1}}^2 = \vect{w}^\T\vect{w} .
$$ (not-lin-least)

```{check} not-lin-least
:sizes: d=3 | d=6 | d=2
w = normal(d)
route = minimum(lambda c: sum((w - c * ones(d)) ** 2), 0.0)
printed = w @ w
```

$$
c - \vect{w}^\T\vect{w} \ge 0 \iff \norm{\vect{w}} \le \sqrt{c} .
$$ (eq-lin-border)

```{check} eq-lin-border
:sizes: d=3 | d=6 | d=2
:tokens: the border is found, where c is the square of the norm
w = normal(d)
route = sqrt(root(lambda c: c - w @ w, 0, 1e6))
printed = norm(w)
```
"""

RIGHT = {
    "eq-lin-vanishes": """
w_hat = solve(X.T @ X, X.T @ y)
printed = chain(X.T @ y - X.T @ X @ w_hat, "=", ...)
""",
    "not-lin-least": 'printed = chain(minimum(lambda c: norm(w - c) ** 2, 1.0), "=", norm(w) ** 2)',
    "eq-lin-chain": """
G = X.T @ X + lam * eye(d)
rows = lambda: [y[i] * X[i] for i in range(n)]
printed = chain(..., "=", solve(G, X.T @ y), "=", solve(G, sum(rows())))
""",
    "eq-lin-condition": 'printed = chain(lam * norm(w) ** 2, "<=", sigma**2)',
    "eq-lin-least": """
least = minimum(lambda c: norm(w - c) ** 2, 1.0)
printed = chain(least, "=", norm(w) ** 2 - d * (sum(w) / d) ** 2)
""",
    "eq-lin-border": 'printed = chain(..., ">=", ..., "iff", sqrt(w @ w), "<=", ...)',
    "eq-lin-bound": 'printed = chain(sum(w**2), "<=", 2 * norm(w) ** 2)',
}


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


def state(docs: Path, label: str) -> bool:
    book = read_book(docs)
    return lock.read(lock.lock_file(docs, book.pages[0]))[label].is_transcribed


def test_the_brief_tells_names_shapes_and_sides_and_nothing_of_the_check(docs):
    told = brief(read_book(docs), "eq-lin-chain")
    assert "  X: 9 by 3 (n = 9, d = 3)\n  y: 9 (n = 9, d = 3)\n  lam: a number\n" in told
    assert "  1. w\u0302   (not compared: write ...)\n  2. A⁻¹Xᵀy\n  3. A⁻¹Σ" in told
    for word in ("argmin", "solve", "inv(", "X.T", "range", "eye"):
        assert word not in told


def test_a_function_that_the_page_leaves_open_is_given(docs):
    path = docs / FILE
    text = path.read_text().replace(
        "w = normal(d)\nroute = norm(w) ** 2", "w = normal(d)\nf = lambda u: u\nroute = norm(f(w)) ** 2"
    )
    path.write_text(text.replace(":sizes: d=3 | d=6 | d=2", ":sizes: d=3 | d=6 | d=2\n:given: f"))
    assert "  f: a function of u; the page leaves it open, use it as it is\n" in brief(
        read_book(docs), "eq-lin-bound"
    )
    path.write_text(path.read_text().replace(":given: f", ":given: g"))
    messages = [violation.message for violation in pairs.violations(read_book(docs))]
    assert any("`:given:` names g, which the check does not assign" in message for message in messages)


def test_laws_of_numbers_and_of_vectors_are_described():
    weights = [0.5, 0.5]
    numbers, vectors = (_described(distribution(points, weights), "") for points in ([1.0, 2.0], np.eye(2)))
    assert numbers.startswith("a law of numbers with mean 1.5, variance 0.25, ")
    assert vectors.startswith("a law of vectors of 2 entries with mean [0.5 0.5], variance [0.25 0.25], ")


@pytest.mark.parametrize("label", sorted(RIGHT))
def test_a_right_transcription_is_recorded(docs, label, capsys):
    assert not state(docs, label)
    assert transcribe(read_book(docs), label, RIGHT[label]) == 0
    assert f"{label} agrees on 6 draws, largest deviation " in capsys.readouterr().out
    assert state(docs, label)
    assert list(lock.violations(read_book(docs), pairs.macros_of(docs))) == []


@pytest.mark.parametrize(
    ("label", "old", "new", "words"),
    [
        ("eq-lin-chain", "solve(G, X.T @ y)", "solve(G, X.T @ y) * 1.01", "side 2 differs by"),
        ("eq-lin-chain", "solve(G, sum(rows()))", "-solve(G, sum(rows()))", "side 3 differs by"),
        ("eq-lin-chain", ', "=", solve(G, sum(rows()))', "", "you wrote 2 sides, and 3 are asked for"),
        ("eq-lin-chain", '"=", solve(G, sum', '"<=", solve(G, sum', "you wrote '<=', and the page has ="),
        ("eq-lin-chain", "...", "X.T @ y", "side 1, w\u0302, is not compared: write ..."),
        ("eq-lin-chain", "solve(G, X.T @ y)", "...", "side 2, A⁻¹Xᵀy, is to be typed"),
        ("eq-lin-condition", "<=", ">=", "between sides 1 and 2 you wrote '>=', and the page has ≤"),
        ("eq-lin-border", "iff", "implies", "you wrote 'implies', and the page has"),
        ("eq-lin-border", "sqrt(w @ w)", "w @ w", "side 3 differs by"),
        ("eq-lin-least", "norm(w - c)", "norm(w - 2 * c[0])", "your lines do not run"),
        ("eq-lin-least", "minimum(", "1.5 * minimum(", "side 1 and the independent route differs by"),
        ("eq-lin-vanishes", "X.T @ y -", "X.T @ y +", "side 1 differs by"),
        ("not-lin-least", "minimum(", "1.5 * minimum(", "side 1 and the independent route differs by"),
        ("not-lin-least", "norm(w) ** 2)", "2 * norm(w) ** 2)", "side 2 differs by"),
        ("eq-lin-chain", "printed", "shown", "do not assign `printed`"),
        ("eq-lin-chain", "G = X", "G = nothing", "your lines do not run: NameError"),
        ("eq-lin-chain", "G = X", "import os\nG = X", "your lines do not run: ImportError"),
        ("eq-lin-condition", "sigma**2", "sigma", "side 2 differs by"),
        ("eq-lin-bound", "2 * norm", "3 * norm", "side 2 differs by"),
        ("eq-lin-bound", "sum(w**2)", "w", "shapes differ"),
    ],
)
def test_a_wrong_transcription_disagrees(docs, label, old, new, words, capsys):
    assert old in RIGHT[label]
    assert transcribe(read_book(docs), label, RIGHT[label].replace(old, new)) == 1
    assert words in capsys.readouterr().out
    assert not state(docs, label)


def test_nothing_typed_says_so(docs, capsys):
    assert transcribe(read_book(docs), "eq-lin-chain", " \n") == 1
    assert "eq-lin-chain: nothing was typed; write lines that end with" in capsys.readouterr().out


def test_a_change_and_a_relock_void_it(docs):
    label = "eq-lin-condition"
    assert transcribe(read_book(docs), label, RIGHT[label]) == 0
    path = docs / FILE
    path.write_text(
        path.read_text().replace(r"\vect{w}^\T\vect{w} \le \sigma", r"\norm{\vect{w}}^2 \le \sigma")
    )
    assert transcribe(read_book(docs), label, RIGHT[label]) == 2
    assert relock(read_book(docs), [label], yes=True) == 0
    assert not state(docs, label)
    assert transcribe(read_book(docs), label, RIGHT[label]) == 0
    assert state(docs, label)


def test_the_command_reads_a_file_or_the_terminal(docs, tmp_path, monkeypatch, capsys):
    label = "eq-lin-bound"
    typed = tmp_path / "typed.py"
    typed.write_text("printed = 2 * norm(w) ** 2")
    assert main(["transcribe", str(docs), label, "--file", str(typed)]) == 1
    monkeypatch.setattr("sys.stdin", io.StringIO(RIGHT[label]))
    assert main(["transcribe", str(docs), label]) == 0
    assert "Wanted, in this order:" in capsys.readouterr().out
    assert main(["transcribe", str(docs), "eq-lin-none", "--file", str(typed)]) == 2
