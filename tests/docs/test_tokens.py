"""The token signature: what counts alike, what is noticed, and how many planted typos it catches."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from book_checks import pairs, tokens
from book_source import Book, read_book, read_chapters, read_page
from minibook import ROOT
from typos import typos

BOOK = read_book(ROOT / "docs")
MACROS = pairs.macros_of(ROOT / "docs")
FILE = "derivations/05-linear-regression.md"


def book_of(tex: str, printed: str, route: str = "route_of(X)", setup: str = "", options: str = "") -> Book:
    text = (
        f"# Linear regression\n\n$$\n{tex}\n$$ (eq-lin-x)\n\n```{{check}} eq-lin-x\n"
        f":sizes: n=9 d=3 | n=4 d=6 | n=7 d=1\n{options}\n"
        f"X, y, w, lam = normal(n, d), normal(n), normal(d), positive()\n"
        f"{setup}\nroute = {route}\nprinted = {printed}\n```\n"
    )
    chapters = read_chapters(ROOT / "docs")
    return Book(Path("docs"), chapters, (read_page(text, FILE, chapters),))


def differences(*arguments: str, **options: str) -> str:
    return "; ".join(
        violation.message for violation in tokens.violations(book_of(*arguments, **options), MACROS)
    )


ALIKE = [
    (r"\tfrac12 \norm{\vect{w}}^2", "0.5 * sum(w**2)"),
    (r"\tfrac12 \norm{\vect{w}}^2", "norm(w) ** 2 / 2"),
    (r"\frac{\vect{w}^\T\vect{w}}{2}", "1 / 2 * w @ w"),
    (
        r"(\mat{X}^\T\mat{X} + \lambda\mat{I})^{-1} \mat{X}^\T\vect{y}",
        "solve(X.T @ X + lam * eye(d), X.T @ y)",
    ),
    (r"(\mat{X}^\T\mat{X} + \lambda\mat{I})^{-1} \mat{X}^\T\vect{y}", "inv(A) @ X.T @ y"),
    (r"\vect{w}^\T\mat{X}^\T\vect{y}", "w @ X.T @ y"),
    (r"(\vect{y} - \mat{X}\vect{w})^\T (\vect{y} - \mat{X}\vect{w})", "(y - X @ w) @ (y - X @ w)"),
    (r"\vect{w}\vect{w}^\T", "outer(w, w)"),
    (r"\sum_{i=1}^{n} (y_i - \vect{x}_i^\T\vect{w})^2", "sum((y[i] - X[i] @ w) ** 2 for i in range(n))"),
    (r"\sqrt{\lambda}", "sqrt(lam)"),
    (r"\lambda^{1/2}", "lam**0.5"),
    (r"\lambda^{-2}", "lam**-2"),
    (r"\frac{1}{\lambda}", "1 / lam"),
    (r"1/\lambda", "1 / lam"),
    (r"\log\det(\mat{X}^\T\mat{X})", "logdet(X.T @ X)"),
    (r"\exp(-\lambda)", "exp(-lam)"),
    (r"e^{-\lambda}", "exp(-lam)"),
    (r"\tr(\mat{X}\mat{X}^\T)", "trace(X @ X.T)"),
    (r"\bar{y}", "mean(y)"),
    (r"\prod_{j=1}^{d} w_j", "prod(w[j] for j in range(d))"),
    (r"\begin{aligned}a &= \lambda && \why{since $2 - 1$} \\ &= \lambda .\end{aligned}", "lam"),
    (r"\varphi(\vect{w})", "phi(w)"),
]

ALIKE += [
    (r"\mat{X}^+\vect{y}", "pinv(X) @ y"),
    (r"\mat{X}^+\vect{y}", "lstsq(X, y)"),
    (r"\mat{X}^{+}\vect{y}", "X_pinv @ y"),
    (r"\vect{w}^+ - \vect{w}", "w_plus - w"),
    (r"\phi(\vect{w}^+) - \lambda", "phi(w_plus) - lam"),
    (r"\hat{w}_j + \lambda", "w_hat_j + lam"),
    (r"\vect{w}_{\star}^{(n)} + \lambda", "w + lam"),
    (r"\lambda^{(n - d)/2}", "lam ** ((n - d) / 2)"),
    (r"-\vect{w}^\T\vect{y}", "-w @ y"),
    (r"(\mat{X}\vect{w})^\T\vect{y}", "(X @ w) @ y"),
    (r"\vect{w} - \hat{\vect{w}}", "w - w_hat"),
]


@pytest.mark.parametrize(("tex", "printed"), ALIKE)
def test_what_counts_alike(tex, printed):
    setup = "A = X.T @ X + lam * eye(d)\nphi = lambda v: v @ v\nX_pinv, w_hat = inv(X), 2 * w"
    assert differences(f"r = {tex} .", printed, setup=setup) == ""


DIFFERENT = [
    (r"\tfrac12 \lambda", "lam", "inverse: 1 in the TeX, 0 in the check"),
    (r"\lambda + 1", "lam - 1", "+: 1 in the TeX, 0 in the check"),
    (r"2\lambda", "3 * lam", "numeral 2: 1 in the TeX"),
    (r"\lambda^2", "lam**3", "power 3: 0 in the TeX"),
    (r"\mat{X}^\T\vect{y}", "X @ y", "transpose: 1 in the TeX, 0 in the check"),
    (r"\mat{X}^{-1}\vect{y}", "X @ y", "inverse"),
    (r"\sum_{i=1}^{n} y_i", "y[0]", "sum"),
    (r"\frac{2}{\lambda}", "lam / 2", "2 below a bar: 0 in the TeX, 1 in the check"),
    (r"\lambda \vect{w}", "w", "letter lambda"),
    (r"\log \lambda", "lam", "log"),
    (r"\tr \mat{X}", "X", "trace"),
    (r"\det \mat{X}", "trace(X)", "determinant"),
    (r"\mat{X}^+\vect{y}", "inv(X) @ y", "plus: 1 in the TeX, 0 in the check"),
    (r"\mat{X} + \vect{y}", "pinv(X) @ y", "plus: 0 in the TeX, 1 in the check"),
    (r"\lambda^{(n - d)/2}", "lam ** (n - d)", "inverse"),
    (r"\hat{w}_i + \lambda", "w_hat_j + lam", "index j: 0 in the TeX, 1 in the check"),
    (r"\vect{y} - \mat{X}\vect{w}", "X @ w - y", "order: y − x w in the TeX, x w − y in the check"),
    (r"\mat{X}^\T\mat{X}", "X @ X.T", "order: transpose x x in the TeX, x transpose x in the check"),
    (r"\mat{X}\mat{A}\vect{w}", "A @ X @ w", "order: x a w in the TeX, a x w in the check"),
    (r"\lambda - 1 + \alpha", "lam + 1 - alpha", "order"),
    (r"\vect{w}\vect{w}^\T", "w @ w", "order"),
    (r"\vect{w} - \lambda", "w_hat - lam - w + w", "mark hat w"),
]


@pytest.mark.parametrize(("tex", "printed", "words"), DIFFERENT)
def test_what_is_noticed(tex, printed, words):
    found = differences(f"r = {tex} .", printed)
    assert "eq-lin-x: TeX and check differ: side 2 of the display: " in found
    assert words in found
    assert "give a reason as `:tokens: …`" in found


def test_a_violation_names_the_line_of_the_display():
    (found,) = tokens.violations(book_of("r = 2 w .", "w"), MACROS)
    assert (found.file, found.line, found.label) == (FILE, 3, "eq-lin-x")


def test_each_side_of_a_chain_is_counted_and_the_first_beside_the_route():
    tex = r"\min_{w} (\lambda - w)^2 = \lambda + 1 = 1 + \lambda"
    chain = 'chain(lam + 1, "=", 1 + lam)'
    route = "minimum(lambda w: (lam - w) ** 2, 0.0)"
    assert differences(tex, chain, route) == ""
    assert "side 3" in differences(tex.replace("1 +", "2 +"), chain, route)
    assert "side 2" in differences(tex.replace("+ 1", "- 1"), chain, route)
    assert "side 1 of the display, beside `route`: +" in differences(tex.replace("- w", "+ w"), chain, route)
    assert "the check has 3 sides and the display 2" in differences("a = b", 'chain(w, "=", w, "=", w)')


def test_the_sides_of_an_inequality_between_functions_and_of_the_chain_that_goes_on():
    tex = r"\lambda + 1 \le \lambda^2 = 2 \lambda"
    printed = (
        'inequality(lambda lam: lam + 1, "<=", lambda lam: lam**2, lam, loose="none"), '
        'chain(lam**2, "=", 2 * lam)'
    )
    assert differences(tex, printed) == ""
    for side, (old, new) in enumerate([("+ 1", "- 1"), ("^2", "^3"), ("2 ", "3 ")], start=1):
        assert f"side {side} of the display: " in differences(tex.replace(old, new), printed)


@pytest.mark.parametrize(
    ("tex", "code"), [(r"\le", "<="), (r"\ge", ">="), ("<", "<"), (r"\preceq", "preceq")]
)
def test_an_inequality_reads_the_same_in_display_and_check(tex, code):
    display = r"\norm{\vect{w}} RELATION \lambda = \lambda"
    printed = 'chain(norm(w), "RELATION", lam, "=", lam)'
    assert not differences(display.replace("RELATION", tex), printed.replace("RELATION", code))
    for other in {r"\le", r"\ge", "<", "=", r"\preceq"} - {tex}:
        found = differences(display.replace("RELATION", other), printed.replace("RELATION", code))
        assert f"{code} in the check" in found


def test_a_reason_is_accepted_and_an_empty_or_needless_one_is_not():
    assert differences("r = 2 w", "w", options=":tokens: the factor is in the draw") == ""
    assert "`:tokens:` has no reason; say why" in differences("r = 2 w", "w", options=":tokens:")
    assert "excuses a difference that there is not" in differences("r = w", "w", options=":tokens: none")


def test_the_sides_shown_stand_in_printed():
    condition, printed = r"\lambda \vect{w}^\T\vect{w} \le 2", "2 / (lam * w @ w)"
    assert "differ" in differences(condition, printed)
    assert differences(condition, printed, options=':shown: lam * w @ w, "<=", 2') == ""
    found = differences(condition, printed, options=':shown: lam * w @ w, "<=", 3')
    assert "`:shown:` names 3, which `printed` does not use" in found
    assert "`:shown:` is not Python" in differences(condition, printed, options=":shown: lam *")
    found = differences(condition, printed, options=':shown: lam * w @ w, 2, "<="')
    assert "a relation that does not stand between two sides" in found


def test_the_relation_of_the_sides_shown_is_that_of_the_display():
    condition, printed = r"\lambda \vect{w}^\T\vect{w} \le 2", "2 / (lam * w @ w)"
    found = differences(condition, printed, options=":shown: lam * w @ w, 2")
    assert "<= in the TeX, and no comparison or `:shown:` of the check has it" in found
    found = differences(condition, printed, options=':shown: lam * w @ w, ">=", 2')
    assert "relations: <= in the TeX, >= in `:shown:`" in found
    # A sign says which of the two is smaller, at any arguments of a function of the check.
    signs = "left(w), sign(2 - left(3 * w))"
    given = "left = lambda w: lam * w @ w"
    for tex, words in [(condition, ""), (condition.replace("le", "ge"), ">= in the TeX, <= in the check")]:
        assert words in (said := differences(tex, signs, options=":shown: left(w), 2", setup=given))
        assert bool(said) == bool(words)


@pytest.mark.parametrize(
    ("tex", "printed", "missing"),
    [
        (r"\min_{w} (\lambda - w)^2 = \lambda w = w + 1", "w + 1", "side 2 of the display, λw, is"),
        (r"\min_{w} (\lambda - w)^2 = \lambda w = w + 1", 'chain(lam * w, "=", w + 1)', ""),
        (r"\min_{w} (\lambda - w)^2 = \hat{w} = w + 1", "w + 1", ""),
        (r"\min_{w} (\lambda - w)^2 = w + 1, \qquad \lambda = 3 w", "w + 1", ""),
        (r"\min_{w} (\lambda - w)^2 = w + 1 \qquad (0 < w < \lambda w)", "w + 1", ""),
        (r"w \lambda = \lambda^2 \iff w + 1 = r", "w + 1", ""),
        (
            r"\begin{aligned} r &= \lambda w \\ &= w + 1 \\ &= w \lambda 2 \\ &= 3 \lambda w \end{aligned}",
            'chain(w + 1, "=", 3 * lam * w)',
            "side 4 of the display",
        ),
        (r"\begin{aligned} r &= \lambda w \\ &\qquad + w + 1 \end{aligned}", "lam * w + w + 1", ""),
    ],
)
def test_a_chain_has_no_missing_link(tex, printed, missing):
    route = "minimum(lambda w: (lam - w) ** 2, 0.0)"
    assert missing in (found := differences(tex, printed, route))
    assert ("is compared with nothing" in found) == bool(missing)


@pytest.mark.parametrize(
    ("tex", "code", "differ"),
    [
        (r"\sum_{j=1}^{d} w_j", "range(d)", False),
        (r"\sum_{j=0}^{d-1} w_j", "range(d)", False),
        (r"\sum_{j=2}^d w_j", "range(1, d)", False),
        (r"\sum_{j=1}^{r} w_j", "range(d)", False),  # the check has no r
        (r"\sum_j w_j", "range(d)", False),
        (r"\sum_{j=1}^{d} w_j", "range(len(w))", False),
        (r"\sum_{j=1}^{n} w_j", "range(d)", True),
        (r"\sum_{j=2}^{d} w_j", "range(d)", True),
        (r"\sum_{j=1}^{d-1} w_j", "range(d)", True),
        (r"\sum^{d+1}_{j=1} w_j", "range(d)", True),
        (r"\prod_{j=1}^{n} w_j", "range(d)", True),
    ],
)
def test_the_number_of_terms_of_a_sum(tex, code, differ):
    name = "prod" if "prod" in tex else "sum"
    assert bool(differences(tex, f"{name}(w[j] for j in {code})")) == differ


def test_a_parameter_with_the_name_of_its_argument_or_of_a_variable():
    setup = "kernel = lambda y, z: exp(-sum((y - z) ** 2))\nA = X.T @ X\nf = lambda A: A @ w"
    tex = r"r = e^{-\norm{\vect{x}_i - \vect{x}_j}^2}"
    assert differences(tex, "kernel(X[i], X[j])", setup=setup) == ""
    assert differences(tex.replace("-", "+", 1), "kernel(X[i], X[j])", setup=setup)
    assert differences(r"r = e^{-\norm{\vect{y} - \vect{y}}^2}", "kernel(y, y)", setup=setup) == ""
    assert differences(r"r = 2\mat{X}\vect{w}", "f(2 * X)", setup=setup) == ""
    assert (
        differences(r"r = \lambda", "f(f)", setup=f"{setup}\ng = lambda t: g(t)") == ""
    )  # a rule refuses it


def test_hats_count_only_where_they_tell_names_apart():
    assert differences(r"r = \hat{\vect{w}} + \lambda", "w + lam") == ""
    assert differences(r"r = \vect{w}_\star + \lambda", "w + lam") == ""
    both = "w_star = 2 * w"
    assert differences(r"r = \vect{w}_\star + \lambda", "w_star + lam", setup=both) == ""
    assert "mark star w" in differences(r"r = \vect{w} + \lambda", "w_star + lam", setup=both)
    assert differences(r"\norm{\hat{\vect{w}}}^2 = 2", "2", "sum(w**2)", setup="w_hat = w") == ""


def test_a_macro_is_counted_by_what_it_stands_for():
    macros = MACROS | {"half": replace(MACROS["T"], name="half", tex=r"\tfrac12")}
    assert list(tokens.violations(book_of(r"r = \half w", "0.5 * w"), macros)) == []
    assert len(list(tokens.violations(book_of(r"r = \half w", "w"), macros))) == 1


def test_the_book_has_no_differences():
    assert [violation.message for violation in tokens.violations(BOOK, MACROS)] == []


def test_planted_typos_are_caught():
    """At least four in five of each class that a count can see; every third typo is tried."""
    displays = {display.label: display for display in BOOK.displays}
    tried: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for check in BOOK.checks:
        for kind, tex in sorted(set(typos(displays[check.label].tex)))[::3]:
            tried[kind] += 1
            typed = replace(displays[check.label], tex=tex)
            caught[kind] += bool(tokens.pair(typed, check, MACROS).differences)
    seen = {kind: caught[kind] / tried[kind] for kind in tried if kind not in ("index", "bound", "order")}
    assert seen.keys() == {"sign", "factor", "power", "inverse", "sum", "transpose", "function", "letter"}
    assert min(seen.values()) >= 0.8, seen
    assert min(seen[kind] for kind in ("sign", "factor", "power")) >= 0.9, seen
    # What stands below a bar is not read in order, nor are left sides.
    assert caught["order"] / tried["order"] >= 0.7, caught
    # A letter that the check does not have could be a rank, so it is no difference.
    assert caught["bound"] / tried["bound"] >= 0.3, caught
