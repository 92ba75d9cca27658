"""Every rule broken once in a miniature book; checks that pass, fail, hang and crash; the folded check."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from book_checks import body, rules, runner
from book_checks.__main__ import main
from book_source import Book, read_chapters, read_page
from minibook import ROOT, Build, build

FILE = "derivations/05-linear-regression.md"

CLEAN = r"""---
file_format: mystnb
---

# Linear regression

Minimise

$$
\min_w \norm{y - Xw}^2 + \lambda \norm{w}^2 .
$$ (opt-lin-ridge)

The noise has variance one:

$$
\Cov(\varepsilon) = I .
$$ (asm-lin-noise)

Its projection is

$$
P \coloneqq X (X^\T X)^{-1} X^\T .
$$ (def-lin-hat)

:::{prf:theorem} Ridge
:label: thm-lin-ridge
:checks: eq-lin-ridge

Under {eq}`asm-lin-noise`, the solution of {eq}`opt-lin-ridge` is

$$
w = (X^\T X + \lambda I)^{-1} X^\T y .
$$ (eq-lin-ridge)
:::

:::{prf:proof}
Set the gradient to zero.
:::

```{check} eq-lin-ridge
:sizes: n=9 d=3 | n=4 d=6 | n=7 d=1
X, y, lam = normal(n, d), normal(n), positive()
route = argmin(lambda w: sum((y - X @ w) ** 2) + lam * sum(w**2), zeros(d))
printed = solve(X.T @ X + lam * eye(d), X.T @ y)
```

$$
P y = X (X^\T X)^{-1} X^\T y .
$$ (eq-lin-projection)

```{check} eq-lin-projection
:sizes: n=9 d=3 | n=8 d=2 | n=7 d=1
:uses: def-lin-hat
X, y = normal(n, d), normal(n)
P = X @ inv(X.T @ X) @ X.T
route = X @ lstsq(X, y)
printed = P @ y
```

It is wrong to drop the penalty:

$$
w = (X^\T X)^{-1} X^\T y .
$$ (not-lin-ridge)

```{check} not-lin-ridge
:sizes: n=9 d=3 | n=8 d=2 | n=7 d=1
X, y, lam = normal(n, d), normal(n), positive()
route = argmin(lambda w: sum((y - X @ w) ** 2) + lam * sum(w**2), zeros(d))
printed = solve(X.T @ X, X.T @ y)
```

:::{prf:lemma} Later
:label: lem-lin-later
:checks: eq-lin-projection

As before.
:::

:::{prf:corollary} Elsewhere
:label: cor-lin-elsewhere
:checks: eq-lin-projection
:cited: Somebody, Theorem 2

As before.
:::

:::{prf:proof} of {prf:ref}`lem-lin-later`
As above.
:::
"""

# Claims enough for one without a check.
MANY = "".join(
    f"""
$$
\\sum_{{i=1}}^n {k} = {k} n .
$$ (eq-lin-sum-{k})

```{{check}} eq-lin-sum-{k}
:sizes: n=3 | n=4 | n=1
route = sum({k} for i in range(n))
printed = {k} * n
```
"""
    for k in range(1, 9)
)

UNCHECKED = """
$$
x = x .
$$ (eq-lin-exists)

```{unchecked} eq-lin-exists
:reason: existence
```
"""


CITED = """# Cited results

| Result | Source | Why |
|:---|:---|:---|
| {prf:ref}`cor-lin-elsewhere` | {cite:t}`theobald1974{Theorem 2}` | Its proof is longer than its use. |
"""


def book_of(text: str, folder: Path = ROOT / "docs", cited: str = CITED) -> Book:
    chapters = read_chapters(ROOT / "docs")
    pages = read_page(text, FILE, chapters), read_page(cited, "cited.md", chapters)
    return Book(folder, chapters, pages)


def test_a_clean_book_passes():
    assert rules.violations(book_of(CLEAN)) == []
    assert rules.violations(book_of(CLEAN + MANY + UNCHECKED)) == []


BROKEN = [
    # what stands in the clean book, what instead, the label, words of the message, text of the line it names
    (" (opt-lin-ridge)", "", "", "no label", "$$"),
    ("(eq-lin-ridge)", "(equ-lin-ridge)", "equ-lin-ridge", "no known kind", "$$"),
    ("(eq-lin-ridge)", "(eq-lin-Ridge)", "eq-lin-Ridge", "no known kind", "$$"),
    (
        "(opt-lin-ridge)",
        "(opt-log-ridge)",
        "opt-log-ridge",
        "the key log; the key of this chapter is lin",
        "$$",
    ),
    ("(eq-lin-projection)", "(eq-lin-ridge)", "eq-lin-ridge", "the label is taken", "$$"),
    ("cor-lin-elsewhere", "lem-lin-later", "lem-lin-later", "the label is taken", ":::{prf:corollary"),
    ("```{check} eq-lin-ridge\n", "```{check} eq-lin-none\n", "eq-lin-none", "no display has", "```{check}"),
    (
        "```{check} eq-lin-ridge\n",
        "```{check} eq-lin-none\n",
        "eq-lin-ridge",
        "add ```{check} eq-lin-ridge",
        "$$",
    ),
    ("```{check} eq-lin-ridge\n", "```{check}\n", "", "names no display", "```{check}"),
    ("```{check} not-lin-ridge\n", "```{check} eq-lin-ridge\n", "eq-lin-ridge", "there are 2 checks", "$$"),
    ("```{check} not-lin-ridge\n", "```{check} eq-lin-ridge\n", "not-lin-ridge", "no check shows", "$$"),
    (
        "```{check} not-lin-ridge\n",
        "```{check} def-lin-hat\n",
        "def-lin-hat",
        "is for a definition",
        "```{check}",
    ),
    (r"P \coloneqq", "P =", "def-lin-hat", "has 0 \\coloneqq; define one symbol", "$$"),
    (r"P \coloneqq X", r"P \coloneqq Q = X", "def-lin-hat", "has a second relation; define here", "$$"),
    ("P y = X", r"P y \coloneqq X", "eq-lin-projection", "write =, or give it a def- label", "$$"),
    (":uses: def-lin-hat\n", "", "def-lin-hat", "executed nowhere; name it in `:uses:`", "$$"),
    (":uses: def-lin-hat", ":uses: def-lin-hut", "eq-lin-projection", "no display; correct", "```{check}"),
    (
        ":uses: def-lin-hat",
        ":uses: eq-lin-ridge",
        "eq-lin-projection",
        "definitions (def-) and",
        "```{check}",
    ),
    ("Under {eq}`asm-lin-noise`", "Here", "asm-lin-noise", "no result names the assumption", "$$"),
    ("{eq}`opt-lin-ridge`", "it", "opt-lin-ridge", "no claim or algorithm names it", "$$"),
    ("thm-lin-ridge", "lem-lin-ridge", "lem-lin-ridge", "write `:label: thm-lin-…`", ":::{prf:theorem}"),
    (":label: thm-lin-ridge\n", "", "", "the theorem has no label", ":::{prf:theorem}"),
    ("prf:theorem", "prf:axiom", "thm-lin-ridge", "no environment prf:axiom", ":::{prf:axiom}"),
    (":checks: eq-lin-ridge\n", "", "thm-lin-ridge", "add `:checks: eq-…`", ":::{prf:theorem}"),
    (":checks: eq-lin-ridge\n", ":checks: eq-lin-x\n", "thm-lin-ridge", "is no display", ":::{prf:theorem}"),
    (
        ":checks: eq-lin-ridge\n",
        ":checks: def-lin-hat\n",
        "thm-lin-ridge",
        "has no check; name",
        ":::{prf:theorem}",
    ),
    (
        ":::{prf:proof}\nSet",
        ":::{note}\nSet",
        "thm-lin-ridge",
        "the theorem has no proof",
        ":::{prf:theorem}",
    ),
    ("of {prf:ref}`lem-lin-later`", "of {prf:ref}`thm-x`", "lem-lin-later", "has no proof", ":::{prf:lemma}"),
    (":cited: Somebody, Theorem 2\n", "", "cor-lin-elsewhere", "has no proof", ":::{prf:corollary}"),
    ("P y = X", "P y " + r"\\ = P y " * 12 + "= X", "eq-lin-projection", "has 13 lines", "$$"),
    ("Its projection is", f"Where ${'a + ' * 25}b = c$:", "", "display it with a label", "Where"),
    ("Its projection is", "Where $$a = b$$:", "", "no label", "Where"),
    ("Its projection is", "```{math}\n:label: eq-lin-z\na\n```", "eq-lin-z", "write $$ … $$", "```{math}"),
    ("Its projection is", "```{eval-rst}\n.. math:: a\n```", "", "write it in MyST", "```{eval-rst}"),
    (":sizes: n=9 d=3 | n=4 d=6 | n=7 d=1\n", "", "eq-lin-ridge", "has 0 sets of sizes", "```{check}"),
    ("| n=4 d=6 | n=7 d=1", "| n=4 d=6", "eq-lin-ridge", "`:few: …`", "```{check}"),
    ("n=4 d=6", "n=4 d=4", "eq-lin-ridge", "not pairwise distinct; make", "```{check}"),
    ("n=4 d=6", "n=9 d=3", "eq-lin-ridge", "repeats a set", "```{check}"),
    ("n=4 d=6", "n=4 K=6", "eq-lin-ridge", "other names than the first", "```{check}"),
    ("n=4 d=6", "n=4 d=0", "eq-lin-ridge", "have a zero", "```{check}"),
    ("n=4 d=6", "n=4, d=6", "eq-lin-ridge", "is not of the form", "```{check}"),
    ("n=4 d=6", "n=4 n=6", "eq-lin-ridge", "one name twice", "```{check}"),
    (":sizes: n=9", ":size: n=9", "eq-lin-ridge", "no option size", "```{check}"),
    (
        "X, y, lam = normal(n, d)",
        "import os\nX, y, lam = normal(n, d)",
        "eq-lin-ridge",
        "an import",
        "import os",
    ),
    ("P = X @", "if n:\n    P = X @", "eq-lin-projection", "a branch", "if n:"),
    (
        "route = X @ lstsq(X, y)",
        "try:\n    route = X @ lstsq(X, y)\nexcept: P",
        "eq-lin-projection",
        "has try",
        "try:",
    ),
    (
        "route = X @ lstsq(X, y)",
        "route = X @ lstsq(X, y).__class__",
        "eq-lin-projection",
        "private attribute",
        "route = X @ lstsq(X, y)",
    ),
    ("route = X @ lstsq(X, y)\n", "", "eq-lin-projection", "`route` is not assigned", "```{check}"),
    (
        "route = X @ lstsq(X, y)\n",
        "route = X @ lstsq(X, y)\nroute = X @ lstsq(X, y)\n",
        "eq-lin-projection",
        "binds route twice",
        "route = X @ lstsq(X, y)",
    ),
    ("route = X @ lstsq(X, y)\n", "route, q = P, P\n", "eq-lin-projection", "not assigned alone", "route, q"),
    ("printed = P @ y", "printed = route @ P", "eq-lin-projection", "reads `route`; compute", "printed ="),
    (
        "route = X @ lstsq(X, y)\n",
        "route = chapter.hat(X)\n",
        "eq-lin-projection",
        "calls the package",
        "route =",
    ),
    (
        "route = X @ lstsq(X, y)\n",
        "route = zero(P - P, 9.0)\n",
        "eq-lin-projection",
        "scale of `zero` is a",
        "route =",
    ),
    (
        "route = X @ lstsq(X, y)\nprinted = P @ y",
        "route = abs(X @ lstsq(X, y))\nprinted = abs(P @ y)",
        "eq-lin-projection",
        "wrapped in abs",
        "printed",
    ),
    (
        "printed = P @ y",
        "printed = X @ lstsq(X, y)",
        "eq-lin-projection",
        "the same expression; let",
        "printed =",
    ),
    ("printed = P @ y", "R = route\nprinted = R", "eq-lin-projection", "reads `route`; compute", "R = route"),
    (
        "n=9 d=3 | n=8 d=2 | n=7 d=1",
        "n=9 d=3 k=1 | n=8 d=2 k=1 | n=7 d=1 k=2",
        "eq-lin-projection",
        "does not use the size k",
        "```{check}",
    ),
    ("P = X @", "sum = X @", "eq-lin-projection", "binds sum, the name of", "sum = X"),
    ("P = X @", "P := X @", "eq-lin-projection", "is not Python", "P := X"),
]


@pytest.mark.parametrize(("old", "new", "label", "words", "line"), BROKEN)
def test_a_broken_rule_names_file_line_label_and_remedy(old, new, label, words, line):
    assert CLEAN.count(old) >= 1
    text = CLEAN.replace(old, new, 1)
    found = [v for v in rules.violations(book_of(text)) if v.label == label and words in v.message]
    assert len(found) == 1, [v.message for v in rules.violations(book_of(text))]
    assert found[0].file == FILE
    assert line in text.splitlines()[found[0].line - 1]
    assert len(found[0].remedy) > 10


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("", "there is no `:reason:`; choose one of existence"),
        (":reason: laziness\n", "`:reason: laziness` is not in the list"),
    ],
)
def test_a_reason_for_no_check_is_from_the_list(new, words):
    text = CLEAN + MANY + UNCHECKED.replace(":reason: existence\n", new)
    (found,) = rules.violations(book_of(text))
    assert words in found.message
    assert found.label == "eq-lin-exists"


def test_one_claim_in_ten_may_be_without_a_check():
    (found,) = rules.violations(book_of(CLEAN + UNCHECKED))
    assert "1 of the chapter's 3 claims have no check; at most one in 10" in found.message


def test_a_claim_has_a_check_or_a_reason_not_both():
    both = (
        CLEAN
        + MANY
        + UNCHECKED.replace(
            "```{unchecked}",
            "```{check} eq-lin-exists\n:few: a number without sizes\n"
            "route = quadrature(lambda t: 2 * t, 0, 1)\n"
            "printed = 1.0\n```\n\n```{unchecked}",
        )
    )
    (found,) = rules.violations(book_of(both))
    assert "both a check and a reason" in found.message


def test_displays_belong_into_chapters():
    chapters = read_chapters(ROOT / "docs")
    book = Book(Path("docs"), chapters, (read_page("$$\na = b\n$$ (eq-lin-a)\n", "preface.md", chapters),))
    assert "outside the chapters" in rules.violations(book)[0].message


def test_a_display_and_its_check_share_a_page():
    chapters = read_chapters(ROOT / "docs")
    head, check, rest = CLEAN.partition("```{check} not-lin-ridge")
    one = read_page(head, FILE, chapters)
    other = read_page(check + rest, "derivations/06-logistic-regression.md", chapters)
    messages = [v.message for v in rules.violations(Book(Path("docs"), chapters, (one, other)))]
    assert any("another page than its display; move it" in message for message in messages)


def test_docstrings_execute_definitions_and_name_labels_that_exist(tmp_path):
    package = tmp_path / "code" / "mlderived"
    package.mkdir(parents=True)
    labels = "def-lin-hat, opt-lin-ridge, eq-lin-nowhere, not-a-number"
    (package / "hat.py").write_text(f'def hat(X):\n    """Project.\n\n    Uses {labels}.\n    """\n')
    text = CLEAN.replace(":uses: def-lin-hat\n", "").replace("{eq}`opt-lin-ridge`", "it")
    (found,) = rules.violations(book_of(text), package)
    assert (found.file, found.line, found.label) == ("code/mlderived/hat.py", 4, "eq-lin-nowhere")
    assert found.place(tmp_path / "docs") == f"{package / 'hat.py'}:4"


def test_relations_in_the_line_are_counted():
    text = CLEAN.replace("Its projection is", r"With $a = b$, $c$ and $d \le e$,")
    assert rules.hidden_relations(book_of(text)) == {FILE: 2, "cited.md": 0}


# Running


@pytest.fixture
def run(tmp_path):
    """Run the check of a book with that text in a process of its own."""

    def run_text(text: str, label: str, limit: int = 10, *, deep: bool = False) -> runner.Outcome:
        path = tmp_path / "docs" / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (job,) = runner.jobs_of(book_of(text, tmp_path / "docs"), [label])
        return runner.run_check(job, limit=limit, deep=deep)

    return run_text


@pytest.mark.parametrize("label", ["eq-lin-ridge", "eq-lin-projection", "not-lin-ridge"])
def test_a_right_check_passes(run, label):
    outcome = run(CLEAN, label)
    assert outcome.ok, outcome.message
    assert (outcome.label, outcome.file, outcome.draws, outcome.tolerance) == (label, FILE, 9, 1e-9)


def test_a_wrong_equation_fails_at_its_line_with_sizes_and_both_sides(run):
    text = CLEAN.replace("X.T @ X + lam * eye(d)", "X.T @ X - lam * eye(d)")
    outcome = run(text, "eq-lin-ridge")
    line = next(
        number for number, line in enumerate(text.splitlines(), 1) if "```{check} eq-lin-ridge" in line
    )
    assert f"{FILE}:{line}: eq-lin-ridge: the sides differ by" in outcome.message
    for words in ("at n=9 d=3", "route ", "printed ", "most at ["):
        assert words in outcome.message


def test_what_is_wrong_on_purpose_must_differ(run):
    text = CLEAN.replace(
        "printed = solve(X.T @ X, X.T @ y)", "printed = solve(X.T @ X + lam * eye(d), X.T @ y)"
    )
    assert "not-lin-ridge: is wrong on purpose, but the sides agree" in run(text, "not-lin-ridge").message
    crash = CLEAN.replace("printed = solve(X.T @ X, X.T @ y)", "printed = zeros(d + 1)")
    assert "shapes differ" in run(crash, "not-lin-ridge").message


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ("nothing", "NameError: name 'nothing' is not defined; the names that a check may use are in"),
        ("P / 0", "FloatingPointError: divide by zero"),
        ("log(-1.0 * n)", "FloatingPointError: invalid value"),
        ("P + array([1.0, nothing_here.x])", "NameError"),
        ("open('x')", "NameError: name 'open'"),
        ("chapter.no_such_function(X)", "AttributeError"),
        ("solve(P, P[:0])", "at n=9 d=3"),
    ],
)
def test_an_error_shows_the_line_of_the_chapter(run, route, words):
    text = CLEAN.replace("route = X @ lstsq(X, y)\n", f"route = {route}\n")
    outcome = run(text, "eq-lin-projection")
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line == f"route = {route}")
    assert f"{FILE}:{line}: eq-lin-projection: " in outcome.message
    assert words in outcome.message
    assert f'{FILE}", line {line}\n    route = {route}' in outcome.message


@pytest.mark.parametrize(
    "route", ["max(k for k in range(10**12))", "min(range(10**12))"], ids=["python", "c"]
)
def test_an_endless_check_is_stopped(run, route):
    outcome = run(
        CLEAN.replace("route = X @ lstsq(X, y)\n", f"route = {route}\n"), "eq-lin-projection", limit=1
    )
    assert "eq-lin-projection: stopped after 1 s; a check takes less" in outcome.message


def test_a_crash_is_reported(run):
    text = CLEAN.replace(
        "route = X @ lstsq(X, y)\n", "route = chapter.ridge_regression.np.ctypeslib.ctypes.string_at(0)\n"
    )
    assert "eq-lin-projection: its process ended with SIGSEGV" in run(text, "eq-lin-projection").message


def test_a_failure_of_the_harness_is_reported(run, monkeypatch):
    def broken(*_):
        raise ValueError("no such luck")

    monkeypatch.setattr(runner.resolution, "resolution_of", broken)
    message = run(CLEAN, "eq-lin-projection", deep=True).message
    assert "eq-lin-projection: the harness failed on it" in message
    assert "ValueError: no such luck" in message


def test_checks_run_several_at_a_time_and_one_failure_leaves_the_others(tmp_path):
    text = CLEAN.replace("printed = P @ y", "printed = P @ y + 1")
    jobs = runner.jobs_of(book_of(text, tmp_path))
    outcomes = {outcome.label: outcome.ok for outcome in runner.run_checks(jobs, workers=3)}
    assert outcomes == {"eq-lin-ridge": True, "eq-lin-projection": False, "not-lin-ridge": True}


def test_a_check_comes_apart_into_setup_and_sides():
    check = book_of(CLEAN).checks[1]
    parts = body.take_apart(check)
    assert len(parts.setup) == 2
    assert parts.route.lineno == check.body_line + 2


def test_the_fingerprint_knows_body_sizes_and_formula():
    def prints(text: str) -> dict[str, str]:
        book = book_of(text)
        return runner.fingerprints(book, runner.jobs_of(book))

    before = prints(CLEAN)
    for old, new in (("P y = X", "X = P y"), ("printed = P @ y", "printed = P @ P @ y"), ("n=8", "n=6")):
        after = prints(CLEAN.replace(old, new, 1))
        assert [label for label in before if before[label] != after[label]] == ["eq-lin-projection"]
    assert prints("\n\n" + CLEAN) == before


# The command line


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / FILE).parent.mkdir(parents=True)
    (folder / FILE).write_text(CLEAN)
    (folder / "cited.md").write_text(CITED)
    for name in ("chapters.toml", "macros.toml"):
        (folder / name).write_bytes((ROOT / "docs" / name).read_bytes())
    return folder


def test_the_command_runs_what_changed(docs, tmp_path, capsys):
    cache = tmp_path / "build" / "checks.json"
    words = ["run", str(docs), "--cache", str(cache), "-j", "2"]
    assert main(words) == 0
    assert "[3/3]" in capsys.readouterr().out
    before = cache.read_bytes()
    assert main(words) == 0
    assert "0 passed now, 3 unchanged" in capsys.readouterr().out
    assert cache.read_bytes() == before
    (docs / FILE).write_text(CLEAN.replace("printed = P @ y", "printed = P @ y + 1"))
    for _ in range(2):
        assert main(words) == 1
        said = capsys.readouterr().out
        assert f"FAILED {docs / FILE}:" in said
        assert "0 passed now, 2 unchanged, 1 failed" in said
    assert not json.loads(cache.read_text())["eq-lin-projection"]["passed"]


def test_the_command_runs_one_check_by_its_label(docs, capsys):
    assert main(["run", str(docs), "eq-lin-ridge"]) == 0
    assert "1 checks: 1 passed" in capsys.readouterr().out
    assert main(["run", str(docs), "eq-lin-rigde"]) == 2
    assert "no check has the label eq-lin-rigde" in capsys.readouterr().err


def test_the_command_lints(docs, capsys):
    assert main(["relock", str(docs), "all", "--yes"]) == 0
    assert main(["lint", str(docs)]) == 0
    assert "6 displays, 0 relations in the line" in capsys.readouterr().out
    (docs / FILE).write_text(CLEAN.replace(" (opt-lin-ridge)", ""))
    done = subprocess.run(
        [sys.executable, "-m", "book_checks", "lint", str(docs)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": f"{ROOT / 'code'}:{ROOT / 'docs' / '_ext'}"},
    )
    assert done.returncode == 1, done.stderr
    assert f"{docs / FILE}:9: the display has no label; write (eq-lin-…) after the closing $$" in done.stdout


def test_an_empty_count_fails_under_xdist():
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "1",
            "tests/test_book.py",
            "--book",
            "-k",
            "checking.limit",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "passed: checks 0, chapter examples 0, docstring examples 1" in done.stdout
    assert "ERROR: no checks passed" in done.stdout
    assert "ERROR: no docstring examples" not in done.stdout


# On the page

INDEX = "# Book\n\n```{toctree}\nderivations/05-linear-regression\nderivations/06-logistic-regression\n```\n"
SECOND = "# Logistic regression\n\nNothing yet, see {eq}`eq-lin-ridge`.\n"
LINT = ("-D", "book_checks_lint=1", "-j", "2")


# Proved here, since the list of cited results would need a bibliography.
ALONE = CLEAN.replace(":cited: Somebody, Theorem 2\n", "") + (
    "\n:::{prf:proof} of {prf:ref}`cor-lin-elsewhere`\nAs above.\n:::\n"
)

PAGES = {FILE: ALONE + MANY + UNCHECKED, "derivations/06-logistic-regression.md": SECOND, "index.md": INDEX}


@pytest.fixture(scope="module")
def html(tmp_path_factory) -> Build:
    return build(tmp_path_factory.mktemp("checks"), PAGES, "html", *LINT)


def test_a_check_is_folded_beside_its_equation(html):
    assert html.returncode == 0, html.output
    page = (html.out / "derivations" / "05-linear-regression.html").read_text()
    at = page.index('id="check-eq-lin-ridge"')
    assert page.index("equation-eq-lin-ridge") < at
    shown = page[at : page.index("</details>", at)]
    assert "highlight-python" in shown
    assert "argmin" in shown
    assert "eq-lin-ridge</span></code>" in shown
    assert "an object exists" in page


def test_the_pdf_has_no_code_of_checks(tmp_path):
    done = build(tmp_path, PAGES, "latex", *LINT)
    assert done.returncode == 0, done.output
    text = (done.out / "mlderived.tex").read_text()
    assert "eq-lin-projection" in text
    assert "lambda w" not in text


def test_the_build_warns_of_broken_rules_each_time(tmp_path):
    broken = PAGES[FILE].replace(":uses: def-lin-hat\n", "")
    line = broken[: broken.index("P \\coloneqq")].count("\n")
    for _ in range(2):
        done = build(tmp_path, PAGES | {FILE: broken}, "dummy", *LINT)
        assert done.returncode == 1
        assert f"{FILE}:{line}: WARNING: def-lin-hat: the definition is executed nowhere" in done.output
