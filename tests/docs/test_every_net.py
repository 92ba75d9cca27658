"""A chapter of two pages with all nets on: it passes, and each violation of the list is reported once."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from book_checks import pairs, rules, runner
from book_checks.evidence import write_evidence
from book_checks.relock import relock
from book_checks.transcribe import transcribe
from book_ledger.graph import graph_of
from book_source import read_book
from minibook import ROOT, build
from mlderived import checking

CHAPTER = "derivations/05-linear-regression"
INDEX, RIDGE, MEANS = (f"{CHAPTER}/{name}.md" for name in ("index", "ridge", "averages"))

PAGES = {
    "index.md": "# Book\n\n```{toctree}\nderivations/05-linear-regression/index\nledger\n```\n",
    "ledger.md": "# Ledger\n\n"
    + "".join(
        f"```{{ledger}} {part}\n```\n\n" for part in ("totals", "weakest", "without", "exceptions", "all")
    ),
    INDEX: "# Linear regression\n\nTwo pages.\n\n```{toctree}\nridge\naverages\n```\n",
    RIDGE: r"""# Ridge

Minimise

$$
\min_{\vect{w} \in \R^d} \norm{\vect{y} - \mat{X}\vect{w}}^2 + \lambda \norm{\vect{w}}^2 .
$$ (opt-lin-ridge)

The noise has mean zero:

$$
\E \vect{\varepsilon} = \vect{0} .
$$ (asm-lin-noise)

$$
\mat{A} \coloneqq \mat{X}^\T\mat{X} + \lambda\mat{I} .
$$ (def-lin-gram)

:::{prf:theorem} Ridge
:label: thm-lin-ridge
:checks: eq-lin-ridge

Under {eq}`asm-lin-noise`, the solution of {eq}`opt-lin-ridge` is

$$
\argmin_{\vect{w} \in \R^d} \norm{\vect{y} - \mat{X}\vect{w}}^2 + \lambda \norm{\vect{w}}^2
= \mat{A}^{-1} \mat{X}^\T\vect{y} .
$$ (eq-lin-ridge)
:::

:::{prf:proof}
The gradient vanishes there, for $\vect{w} = \vect{0}$ too.
:::

```{check} eq-lin-ridge
:sizes: n=9 d=3 | n=4 d=6 | n=7 d=1
:uses: def-lin-gram
X, y, lam = normal(n, d), normal(n), positive()
route = argmin(lambda w: norm(y - X @ w) ** 2 + lam * norm(w) ** 2, zeros(d))
A = X.T @ X + lam * eye(d)
printed = inv(A) @ X.T @ y
```

By {eq}`eq-lin-ridge` it is linear in the targets, but not without the penalty:

$$
\hat{\vect{w}} = (\mat{X}^\T\mat{X})^{-1} \mat{X}^\T\vect{y} .
$$ (not-lin-ridge)

```{check} not-lin-ridge
:sizes: n=9 d=3 | n=8 d=2 | n=7 d=1
X, y, lam = normal(n, d), normal(n), positive()
route = argmin(lambda w: norm(y - X @ w) ** 2 + lam * norm(w) ** 2, zeros(d))
printed = inv(X.T @ X) @ X.T @ y
```
""",
    MEANS: r"""# Averages

After {eq}`eq-lin-ridge`,

$$
\begin{aligned}
\sum_{i=1}^{n} (x_i - \bar{x})^2
&= \sum_{i=1}^{n} x_i^2 - 2 \bar{x} \sum_{i=1}^{n} x_i + n \bar{x}^2
&& \why{expand the square} \\
&= \sum_{i=1}^{n} x_i^2 - n \bar{x}^2 .
&& \why{the sum is $n\bar{x}$}
\end{aligned}
$$ (eq-lin-spread)

```{check} eq-lin-spread
:sizes: n=9 | n=4 | n=2
x = normal(n)
route = sum((x[i] - mean(x)) ** 2 for i in range(n))
printed = chain(
    sum(x[i] ** 2 for i in range(n)) - 2 * mean(x) * sum(x[i] for i in range(n)) + n * mean(x) ** 2,
    "=",
    sum(x[i] ** 2 for i in range(n)) - n * mean(x) ** 2,
)
```

:::{prf:lemma} Never negative
:label: lem-lin-mean
:checks: eq-lin-mean

$$
n \bar{x}^2 \le \sum_{i=1}^{n} x_i^2 .
$$ (eq-lin-mean)
:::

:::{prf:proof}
By {eq}`eq-lin-spread`, since squares are not negative.
:::

```{check} eq-lin-mean
:sizes: n=9 | n=4 | n=2
x = normal(n)
route = sum(x) ** 2 / n
printed = inequality(
    lambda x: n * mean(x) ** 2, "<=", lambda x: sum(x[i] ** 2 for i in range(n)), x, extremal=ones(n)
)
```

The soft maximum has the logistic function as its slope:

$$
\frac{\partial}{\partial t} \log(1 + e^t) = \frac{1}{1 + e^{-t}} .
$$ (eq-lin-softplus)

```{check} eq-lin-softplus
t = symbolic()
route = derivative(lambda t: log(1 + exp(t)), t)
printed = 1 / (1 + exp(-t))
```
""",
}

TYPED = {
    "eq-lin-ridge": """
best = argmin(lambda w: sum((y - X @ w) ** 2) + lam * w @ w, ones(d))
printed = chain(best, "=", solve(X.T @ X + lam * eye(d), X.T @ y))
""",
    "eq-lin-spread": """
m = sum(x) / n
last = sum(x**2) - n * m**2
printed = chain(sum((x - m) ** 2), "=", sum(x**2) - 2 * m * sum(x) + n * m**2, "=", last)
""",
    "eq-lin-mean": 'printed = chain(sum(x) ** 2 / n, "<=", sum(x**2))',
    "eq-lin-softplus": 'printed = chain(derivative(lambda s: log1p(exp(s)), t), "=", exp(t) / (1 + exp(t)))',
    "not-lin-ridge": 'printed = chain(..., "=", solve(X.T @ X, X.T @ y))',
}


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    """The chapter, locked, transcribed, with its evidence."""
    docs = tmp_path_factory.mktemp("book") / "docs"
    for name, text in PAGES.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text, encoding="utf8")
    for name in ("chapters.toml", "macros.toml"):
        shutil.copy(ROOT / "docs" / name, docs / name)
    assert relock(read_book(docs), ["all"], yes=True) == 0
    book = read_book(docs)
    for label, typed in TYPED.items():
        assert transcribe(book, label, typed) == 0, label
    jobs = {job.check.label: job for job in runner.jobs_of(book)}
    prints = runner.fingerprints(book, jobs.values())
    records = {}
    for outcome in runner.run_checks(jobs.values(), deep=True):
        assert outcome.ok, outcome.message
        records[outcome.label] = runner.evidence_of(jobs[outcome.label], outcome, prints[outcome.label])
    write_evidence(docs.parent / "build" / "checks.json", records)
    return docs


@dataclass(frozen=True)
class Report:
    """What one net says: the file, the line, the label and the words."""

    file: str
    line: int
    label: str
    words: str


def reports(docs: Path, run: str = "") -> list[Report]:
    """Everything that the nets say of a book: those of the sources, and of one check that is run."""
    book = read_book(docs)
    found = [*rules.violations(book, rules.package_beside(docs)), *pairs.violations(book)]
    found += graph_of(book).violations
    said = [Report(one.file, one.line, one.label, f"{one.what}; {one.remedy}") for one in found]
    for job in runner.jobs_of(book, [run]) if run else ():
        message = runner.run_check(job, limit=1, deep=True).message
        for line in message.splitlines():
            if match := re.match(rf"{re.escape(str(docs))}/(\S+?):(\d+): (\S+): (.*)", line):
                said.append(Report(match[1], int(match[2]), match[3], match[4]))
    return said


@dataclass(frozen=True)
class Case:
    """A violation: what is replaced by what in a file, and what is to be said of which label.

    ``line`` stands in the line that is named.  With ``locked`` display and check are locked again first, so
    that another net than the lock has to see it; with ``runs`` the check is run.
    """

    file: str
    old: str
    new: str
    label: str
    words: str
    line: str
    remedy: str
    locked: bool = False
    runs: bool = False


SPREAD, BOTH, ROUTE = "printed = chain(", "route = sum((x[i] - mean(x)) ** 2 for i in range(n))", "route = "
NORMAL = "printed = inv(A) @ X.T @ y"
LONG = (
    r"Minimise, as $\mat{X}^\T(\mat{X}\vect{w} - \vect{y}) + \lambda\vect{w} + \vect{a} + \vect{b} + \vect{c}"
    r" + \vect{d} + \vect{e} + \vect{f} + \vect{g} + \lambda\vect{h} + \lambda\vect{k} = \vect{0}$,"
)
SEARCH = "route = argmin(lambda w: norm(y - X @ w) ** 2 + lam * norm(w) ** 2, zeros(d))"
GRAM = "A = X.T @ X + lam * eye(d)"
FIRST = "sum(x[i] ** 2 for i in range(n)) - 2 * mean(x) * sum(x[i] for i in range(n)) + n * mean(x) ** 2"
LAST = "sum(x[i] ** 2 for i in range(n)) - n * mean(x) ** 2"
AROUND = """By {prf:ref}`lem-lin-mean`, see

:::

:::{prf:proof} of {prf:ref}`thm-lin-ridge`
:forward: lem-lin-mean
By {prf:ref}`lem-lin-mean` the gradient vanishes there"""

VIOLATIONS = {
    "changed TeX": Case(
        RIDGE,
        r"= \mat{A}^{-1} \mat{X}^\T",
        r"= \mat{A}^{-1}\mat{Z}^\T",
        "eq-lin-ridge",
        "changed since display and check were compared: its TeX",
        "$$",
        "make relock LABEL=eq-lin-ridge",
    ),
    "changed macro": Case(
        "macros.toml",
        'T = { tex = "\\\\top"',
        'T = { tex = "\\\\dagger"',
        "eq-lin-ridge",
        "a macro in its TeX",
        "$$",
        "make relock LABEL=eq-lin-ridge",
    ),
    "changed check": Case(
        RIDGE,
        NORMAL,
        "printed = solve(A, X.T @ y)",
        "eq-lin-ridge",
        "compared: its check",
        "```{check}",
        "make relock LABEL=eq-lin-ridge",
    ),
    "token difference": Case(
        RIDGE,
        r"= \mat{A}^{-1} \mat{X}^\T",
        r"= \mat{A} \mat{X}^\T",
        "eq-lin-ridge",
        "TeX and check differ: side 2 of the display: inverse: 0 in the TeX, 1 in",
        "$$",
        "or give a reason as `:tokens:",
        locked=True,
    ),
    "surviving mutant": Case(
        MEANS,
        "lambda x: n * mean(x) ** 2",
        "lambda x: n * abs(mean(x)) ** 2",
        "eq-lin-mean",
        "`abs(mean(x))` becomes `mean(x)` without a change of value",
        "lambda x: n",
        "name the identity behind it in `:equivalent:`",
        locked=True,
        runs=True,
    ),
    "vacuous check": Case(
        MEANS,
        "printed = 1 / (1 + exp(-t))",
        "printed = expit(t)",
        "eq-lin-softplus",
        "vacuous: 1 mutants are killed by value",
        "```{check}",
        "write the formula out in `printed`",
        locked=True,
        runs=True,
    ),
    "chain with a missing link": Case(
        MEANS,
        f'printed = chain(\n    {FIRST},\n    "=",\n    {LAST},\n)',
        f"printed = {LAST}",
        "eq-lin-spread",
        "is compared with nothing",
        "$$",
        "write the check term by term",
        locked=True,
    ),
    "shared subexpression": Case(
        RIDGE,
        f"{SEARCH}\nA",
        "route = argmin(lambda w: norm(w - inv(X.T @ X + lam * eye(d)) @ X.T @ y) ** 2, zeros(d))\nA",
        "eq-lin-ridge",
        "share",
        NORMAL,
        "let `route` reach the quantity without the formula",
        locked=True,
    ),
    "operator not from its definition": Case(
        RIDGE,
        f"{SEARCH}\nA =",
        "route = lstsq(vstack([X, sqrt(lam) * eye(d)]), concatenate([y, zeros(d)]))\nA =",
        "eq-lin-ridge",
        "a maximum or minimum",
        ROUTE,
        "in `route`, or say in `:independent:` why not",
        locked=True,
    ),
    "package function as only route": Case(
        MEANS,
        BOTH,
        "route = chapter.spread(x)",
        "eq-lin-spread",
        "calls the package",
        ROUTE,
        "use the package as a further side of a chain",
        locked=True,
    ),
    "empty comparison": Case(
        RIDGE,
        f"{SEARCH}\n{GRAM}\n{NORMAL}",
        f"{SEARCH}[d:]\n{GRAM}\nprinted = (inv(A) @ X.T @ y)[d:]",
        "eq-lin-ridge",
        "is empty",
        "```{check}",
        "choose sizes and ranges at which there is something",
        locked=True,
        runs=True,
    ),
    "broadcast": Case(
        RIDGE,
        NORMAL,
        "printed = (inv(A) @ X.T @ y).reshape(d, 1)",
        "eq-lin-ridge",
        "shapes differ: route (3,), printed (3, 1)",
        "```{check}",
        "bring both sides to one shape",
        locked=True,
        runs=True,
    ),
    "NaN on both sides": Case(
        MEANS,
        SPREAD,
        "printed = float('nan') + chain(",
        "eq-lin-spread",
        "printed is not finite: nan",
        "```{check}",
        "draw data for which both sides are defined",
        locked=True,
        runs=True,
    ),
    "tolerance literal": Case(
        RIDGE,
        NORMAL,
        NORMAL + " * (1 + 1e-7)",
        "eq-lin-ridge",
        "the literal 1e-07, which looks like a tolerance",
        NORMAL,
        "compare the quantities themselves",
    ),
    "rebinding a verb": Case(
        RIDGE,
        "A = X.T @ X + lam * eye(d)\n",
        "A = X.T @ X + lam * eye(d)\nargmin = inv(A)\n",
        "eq-lin-ridge",
        "binds argmin, the name of a draw or verb",
        "argmin = inv",
        "use another name",
    ),
    "theorem without proof or citation": Case(
        RIDGE,
        ":::{prf:proof}\nThe",
        ":::{note}\nThe",
        "thm-lin-ridge",
        "the theorem has no proof",
        ":::{prf:theorem}",
        "name the source with `:cited:`",
    ),
    "cycle": Case(
        RIDGE,
        "The gradient vanishes there",
        AROUND,
        "thm-lin-ridge",
        "it rests on itself: thm-lin-ridge → lem-lin-mean → eq-lin-spread → thm-lin-ridge",
        ":::{prf:theorem}",
        "prove one of them without the next",
    ),
    "duplicate label": Case(
        MEANS,
        "$$ (eq-lin-spread)",
        "$$ (eq-lin-ridge)",
        "eq-lin-ridge",
        "the label is taken, in derivations/05-linear-regression/",
        "$$",
        "give each its own label",
    ),
    "check for a label that is gone": Case(
        RIDGE,
        "$$ (not-lin-ridge)",
        "$$ (not-lin-other)",
        "not-lin-ridge",
        "a label that no display has",
        "```{check} not-lin-ridge",
        "correct the label",
    ),
    "endless check": Case(
        RIDGE,
        "norm(y - X @ w) ** 2 + lam * norm(w) ** 2, zeros(d))\nA",
        "norm(y - X @ w) ** 2 + lam * norm(w) ** 2 + 0 / len([0 for i in range(10**9)]), zeros(d))\nA",
        "eq-lin-ridge",
        "stopped after 1 s",
        "```{check}",
        "use smaller sizes or a loop that ends",
        locked=True,
        runs=True,
    ),
    "over-long inline relation": Case(
        RIDGE, "Minimise", LONG, "", "in the line has", "Minimise", "display it with a label"
    ),
    "unlabelled display": Case(
        RIDGE,
        " (opt-lin-ridge)",
        "",
        "",
        "the display has no label",
        "$$",
        "write (eq-lin-…) after the closing $$",
    ),
    "claim without check": Case(
        RIDGE,
        "$$ (not-lin-ridge)",
        "$$ (eq-lin-other)",
        "eq-lin-other",
        "the claim has no check",
        "$$",
        "add ```{check} eq-lin-other",
    ),
    "definition with two relations": Case(
        RIDGE,
        r"\coloneqq \mat{X}^\T\mat{X}",
        r"\coloneqq \mat{B} = \mat{X}^\T\mat{X}",
        "def-lin-gram",
        "has a second relation",
        "$$",
        "claim in a display of its own",
    ),
    "unused definition": Case(
        RIDGE, ":uses: def-lin-gram\n", "", "def-lin-gram", "executed nowhere", "$$", "name it in `:uses:`"
    ),
    "unused assumption": Case(
        RIDGE,
        "Under {eq}`asm-lin-noise`, the",
        "The",
        "asm-lin-noise",
        "no result names the assumption",
        "$$",
        "in the hypotheses of a theorem",
    ),
    "unused problem": Case(
        RIDGE,
        "{eq}`opt-lin-ridge`",
        "it",
        "opt-lin-ridge",
        "no claim or algorithm names it",
        "$$",
        "refer to {eq}`opt-lin-ridge`",
    ),
    "not- that holds": Case(
        RIDGE,
        "norm(y - X @ w) ** 2 + lam * norm(w) ** 2, zeros(d))\nprinted = inv(X.T @ X) @",
        "norm(y - X @ w) ** 2, zeros(d))\nprinted = inv(X.T @ X) @",
        "not-lin-ridge",
        "is wrong on purpose, but the sides agree",
        "```{check}",
        "make it an eq-, or transcribe what is wrong",
        locked=True,
        runs=True,
    ),
}


def changed(clean: Path, folder: Path, case: Case) -> Path:
    """A copy of the clean book with the violation in it."""
    docs = folder / "docs"
    shutil.copytree(clean, docs)
    text = (docs / case.file).read_text(encoding="utf8")
    assert case.old in text
    (docs / case.file).write_text(text.replace(case.old, case.new, 1), encoding="utf8")
    if case.locked:
        assert relock(read_book(docs), [case.label], yes=True) == 0
    return docs


def test_the_clean_chapter_passes(clean, capsys):
    assert reports(clean) == []
    book = read_book(clean)
    assert sum(len(pairs.transcribed(clean, page)) for page in book.pages) == len(book.checks) == len(TYPED)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_violation_is_reported_with_its_place_and_a_remedy(name, clean, tmp_path):
    case = VIOLATIONS[name]
    docs = changed(clean, tmp_path, case)
    said = reports(docs, case.label if case.runs else "")
    found = [one for one in said if one.label == case.label and case.words in one.words]
    assert len(found) == 1, said
    assert case.words
    assert case.remedy
    assert case.remedy in found[0].words
    assert (docs / found[0].file).suffix == ".md"
    lines = (docs / found[0].file).read_text(encoding="utf8").splitlines()
    assert case.line in lines[found[0].line - 1]


def test_a_changed_helper_is_reported(clean, tmp_path, monkeypatch):
    source = Path(str(checking.__file__)).read_text(encoding="utf8")
    copy = tmp_path / "checking.py"
    copy.write_text(source.replace('"gtol": 1e-10', '"gtol": 1e-9'), encoding="utf8")
    monkeypatch.setattr(checking, "__file__", str(copy))
    said = reports(clean)
    assert [one.label for one in said] == ["eq-lin-ridge", "not-lin-ridge"]
    assert "a function of mlderived.checking that its check calls" in said[0].words
    assert "make relock LABEL=helpers" in said[0].words
    assert "```{check} eq-lin-ridge" in (clean / said[0].file).read_text().splitlines()[said[0].line - 1]


def test_an_unknown_label_in_a_docstring_is_reported(clean, tmp_path):
    docs = tmp_path / "docs"
    shutil.copytree(clean, docs)
    module = tmp_path / "code" / "mlderived" / "linear.py"
    module.parent.mkdir(parents=True)
    module.write_text('"""Means.\n\nEquations: eq-lin-spread, eq-lin-gone.\n"""\n')
    (said,) = reports(docs)
    assert (said.file, said.line, said.label) == ("code/mlderived/linear.py", 3, "eq-lin-gone")
    assert said.words == "the docstring names a label that does not exist; correct the label"


STRICT = ("-D", "book_checks_lint=1", "-D", "book_checks_pairs=1", "-D", "book_ledger_strict=1")


def test_the_build_passes_and_shows_a_chapter_of_pages(clean):
    """Order by the toctree, totals by chapter, links to the right page, symbolic evidence."""
    done = build(clean.parent, {}, "html", *STRICT)
    assert done.returncode == 0, done.output
    ledger = json.loads((done.out / "ledger.json").read_text(encoding="utf8"))
    records = {one["label"]: one for one in ledger["records"]}
    assert [label for label in records if label.startswith(("eq", "not"))] == [
        *("eq-lin-ridge", "not-lin-ridge", "eq-lin-spread", "eq-lin-mean", "eq-lin-softplus")
    ]
    (chapter,) = ledger["chapters"]
    assert (chapter["claim"], chapter["definition"], chapter["statements"]) == (4, 1, 2)
    assert records["eq-lin-spread"]["url"] == f"{CHAPTER}/averages.html#eq-lin-spread"
    assert records["eq-lin-spread"]["uses"] == ["thm-lin-ridge"]
    assert records["eq-lin-ridge"]["used_by"] == ["eq-lin-spread"]
    softplus, mean = records["eq-lin-softplus"], records["eq-lin-mean"]
    assert (softplus["evidence"], softplus["undecided"], softplus["resolution"]) == ("symbolic", 0, 1e-12)
    assert mean["tightest"] == 1.0
    page = re.sub(r"<[^>]+>", "", (done.out / MEANS).with_suffix(".html").read_text(encoding="utf8"))
    assert "Symbolic: one expression for all values of its letters, as SymPy decides." in page
    assert "The bound is reached: there are data at which the two sides are equal." in page
    shown = (done.out / "ledger.html").read_text(encoding="utf8")
    assert f'href="{CHAPTER}/averages.html#eq-lin-spread"' in shown
    assert shown.index("ledger-eq-lin-ridge") < shown.index("ledger-eq-lin-spread")
    assert "None: every check keeps all rules." in shown


def test_the_build_fails_with_place_and_remedy(clean, tmp_path):
    """One violation of the rules, of the pairs and of the graph, as Sphinx says them."""
    shutil.copytree(clean.parent / "build", tmp_path / "build")
    docs = changed(clean, tmp_path, VIOLATIONS["changed TeX"])
    for name in ("unused problem", "cycle"):
        one = VIOLATIONS[name]
        path = docs / one.file
        path.write_text(path.read_text(encoding="utf8").replace(one.old, one.new, 1), encoding="utf8")
    done = build(tmp_path, {}, "dummy", *STRICT[:4])
    assert done.returncode != 0
    for name in ("changed TeX", "unused problem", "cycle"):
        one = VIOLATIONS[name]
        said = [line for line in done.output.splitlines() if one.words in line and one.remedy in line]
        assert len(said) == 1, done.output
        assert re.search(rf"{re.escape(one.file)}:\d+: WARNING: {one.label}: ", said[0])
