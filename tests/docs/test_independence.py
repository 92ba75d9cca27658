"""Checks written to pass without testing anything, and the rule that refuses each."""

import ast
from pathlib import Path

import pytest

from book_checks import body, independence, rules, runner
from book_checks.graph import read_sides
from book_math.macros import read_macros
from book_source import Book, read_chapters, read_page
from minibook import ROOT

FILE = "derivations/05-linear-regression.md"
MACROS = read_macros(ROOT / "docs" / "macros.toml")

RIDGE = r"\argmin_{\vect{w}} J(\vect{w}) = (\mat{X}^\T\mat{X} + \lambda\mat{I})^{-1} \mat{X}^\T\vect{y}"
SOLVE = r"\hat{\vect{w}} = (\mat{X}^\T\mat{X} + \lambda\mat{I})^{-1} \mat{X}^\T\vect{y}"
MEAN = r"\E\norm{\mat{A}\vect{e}}^2 = \tr \mat{A}^\T\mat{A}"
SLOPE = r"\grad_{\vect{x}} \tfrac12 \vect{x}^\T\mat{A}\vect{x} = \mat{A}\vect{x}"

DATA = "X, y, lam = normal(n, d), normal(n), positive()\n"
LAW = "A, law = normal(d, n), noise(n)\n"
PRINTED = "printed = inv(X.T @ X + lam * eye(d)) @ X.T @ y\n"
J = "J = lambda w: 0.5 * sum((y - X @ w) ** 2) + 0.5 * lam * sum(w**2)\n"
CLEAN = DATA + J + "route = argmin(J, zeros(d))\n" + PRINTED


def page(tex: str, code: str, options: str = "") -> str:
    return (
        f"# Linear regression\n\n$$\n{tex} .\n$$ (eq-lin-it)\n\n"
        f"```{{check}} eq-lin-it\n:sizes: n=5 d=3 | n=4 d=2 | n=3 d=1\n{options}\n{code}```\n"
    )


def book_of(text: str, docs: Path = ROOT / "docs") -> Book:
    chapters = read_chapters(ROOT / "docs")
    return Book(docs, chapters, (read_page(text, FILE, chapters),))


def said(tex: str, code: str, options: str = "") -> list[str]:
    return [violation.message for violation in rules.violations(book_of(page(tex, code, options)))]


GOOD = {
    "optimum": (RIDGE, CLEAN),
    "appended rows": (
        SOLVE,
        DATA
        + "X_long = vstack([X, sqrt(lam) * eye(d)])\n"
        + "route = lstsq(X_long, concatenate([y, zeros(d)]))\n"
        + PRINTED,
    ),
    "enumeration": (
        MEAN,
        LAW + "route = expectation(lambda e: sum((A @ e) ** 2), law)\nprinted = trace(A.T @ A)\n",
    ),
    "differences": (
        SLOPE,
        "A, x = symmetric(d), normal(d)\nroute = gradient(lambda x: 0.5 * x @ A @ x, x)\n"
        "printed = n * A @ x / n\n",
    ),
    "a chain may begin with the definition": (
        r"\hat{w} = a = b",
        DATA
        + "A = X.T @ X + lam * eye(d)\n"
        + "route = solve(A, X.T @ y)\n"
        + "s2, V = eigh(X.T @ X)\n"
        + 'printed = chain(inv(A) @ X.T @ y, "=", V @ ((V.T @ X.T @ y) / (s2 + lam)))\n',
    ),
    "the verb tests the candidate": (
        RIDGE,
        DATA + J + "w_hat = solve(X.T @ X + lam * eye(d), X.T @ y)\nroute = optimum(J, w_hat)\n" + PRINTED,
    ),
    "an operator on the right": (
        r"v = \max_{s > 0} f(s) \quad (\lambda_{\max} > 0)",
        "a, b = positive(), n * positive() + d\nroute = maximum(lambda s: a * s / (s**2 + b), 1.0)\n"
        "printed = a / (2 * sqrt(b))\n",
    ),
    "an integral": (
        r"\int_0^1 x^n \diff x = \frac{1}{n + 1}",
        "route = quadrature(lambda x: d * x**n, 0, 1)\nprinted = d / (n + 1)\n",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_an_independent_route_passes(name):
    assert said(*GOOD[name]) == []


ATTACKS = {
    # name: TeX, body, words of the violation
    "data without variety": (
        SOLVE,
        "X, y, lam = normal(n, d) * 0 + 1, normal(n), positive()\nroute = lstsq(X, y)\n" + PRINTED,
        "multiplies by zero",
    ),
    "an operator that cancels": (
        MEAN,
        LAW
        + "f = lambda e: sum(e)\n"
        + "route = sum(A**2) + expectation(f, law) - expectation(f, law)\nprinted = trace(A.T @ A)\n",
        "does not evaluate from its definition",
    ),
    "both sides the same": (SOLVE, DATA + PRINTED.replace("printed", "route") + PRINTED, "same expression"),
    "solve for inverse": (
        SOLVE,
        DATA + "route = solve(X.T @ X + lam * eye(d), X.T @ y)\n" + PRINTED,
        "both sides share",
    ),
    "same algebra reordered": (
        SOLVE,
        DATA + "A = eye(d) * lam + X.T @ X\nroute = y @ X @ inv(A)\n" + PRINTED,
        "both sides share `inv(",
    ),
    "behind a lambda": (
        SOLVE,
        DATA + "f = lambda G: inv(G + lam * eye(d)) @ X.T @ y\nroute = f(X.T @ X)\n" + PRINTED,
        "both sides share",
    ),
    "behind a def": (
        SOLVE,
        DATA
        + "def f(t):\n    G = X.T @ X + t * eye(d)\n    return inv(G) @ X.T @ y\n\n\nroute = f(lam)\n"
        + PRINTED,
        "both sides share",
    ),
    "through the inverse of the same formula": (
        SOLVE,
        DATA + "route = inv(inv(inv(X.T @ X + lam * eye(d)))) @ (X.T @ y)\n" + PRINTED,
        "both sides share",
    ),
    "logarithm and back": (
        r"a = b",
        "a, b = positive(), n * positive() + d\nroute = exp(log(a / (2 * sqrt(b))))\n"
        "printed = a / (2 * sqrt(b))\n",
        "both sides share",
    ),
    "one over one over": (
        r"a = b",
        "a, b = positive(), n * positive() + d\nroute = 1 / (1 / (a / (4 * b)))\nprinted = a / (4 * b)\n",
        "both sides share",
    ),
    "nothing added": (
        r"a = b",
        "a, b = positive(), n * positive() + d\nroute = a / (4 * b) + a - a\nprinted = a / (4 * b)\n",
        "both sides share",
    ),
    "a distance to the formula is minimised": (
        RIDGE,
        DATA
        + "f = inv(X.T @ X + lam * eye(d)) @ X.T @ y\n"
        + "route = argmin(lambda w: sum((w - f) ** 2), zeros(d))\n"
        + PRINTED,
        "both sides share",
    ),
    "the derivative of a multiple of the formula": (
        SLOPE,
        "A, x = symmetric(d), normal(d)\nroute = gradient(lambda t: t @ (A @ x) * n / n, x)\n"
        "printed = A @ x\n",
        "both sides share",
    ),
    "the expectation of a constant": (
        MEAN,
        LAW + "route = expectation(lambda e: trace(A.T @ A), law)\nprinted = trace(A @ A.T)\n",
        "ignores its argument",
    ),
    "the operator times zero": (
        MEAN,
        LAW + "route = sum(A**2) + 0 * expectation(lambda e: sum(e), law)\nprinted = trace(A.T @ A)\n",
        "multiplies by zero",
    ),
    "the operator not evaluated": (
        MEAN,
        "A = normal(d, n)\nroute = sum(A**2)\nprinted = trace(A.T @ A)\n",
        "has an expectation, variance or probability, which `route` does not evaluate",
    ),
    "the verb of another operator": (
        SLOPE,
        "A, x = symmetric(d), normal(d)\nroute = limit(lambda m: A @ (n * x / n + 1 / m))\nprinted = A @ x\n",
        "has a derivative, which `route` does not evaluate",
    ),
    "the same verb on both sides": (
        MEAN,
        LAW
        + "f = lambda e: sum((A @ e) ** 2)\nroute = expectation(f, law)\n"
        + "printed = expectation(lambda u: sum((A @ u) ** 2), law) * n / n\n",
        "both sides share `expectation(",
    ),
    "the package": (
        SOLVE,
        DATA + "route = chapter.ridge_path(X, y, [lam])[0]\n" + PRINTED,
        "calls the package, which may hold the same mistake",
    ),
    "the package by another name": (
        SOLVE,
        DATA + "fit = lambda t: chapter.ridge_path(X, y, [t])[0]\nroute = fit(lam)\n" + PRINTED,
        "calls the package",
    ),
    "only the package is independent": (
        SOLVE,
        DATA
        + "route = solve(X.T @ X + lam * eye(d), X.T @ y)\nprinted = chain(\n"
        + '    inv(X.T @ X + lam * eye(d)) @ X.T @ y, "=", chapter.ridge_path(X, y, [lam])[0]\n)\n',
        "both sides share",
    ),
    "constants": (SOLVE, "u = len([n, d])\nroute = 2.0\nprinted = 1.0 + 1.0\n", "constants are compared"),
    "a for statement": (
        SOLVE,
        DATA + "for j in range(n - n):\n    w = X\nroute = X\n" + PRINTED,
        "a for statement, which may run no times",
    ),
    "a condition that may leave out everything": (
        SOLVE,
        DATA + "route = sum(t for t in y if t > 100)\n" + PRINTED,
        "the condition of a loop reads t",
    ),
    "a branch by and": (SOLVE, DATA + "route = n > 9 and X\n" + PRINTED, "`and` or `or`, which is a branch"),
    "a verb in a tuple": (
        RIDGE,
        DATA + "f = (argmin, lstsq)[n > 0]\nroute = f(X, y)\n" + PRINTED,
        "hands argmin on instead of calling it",
    ),
    "a lambda renames a verb": (
        RIDGE,
        DATA + "f = lambda argmin: argmin(X, y)\nroute = f(lstsq)\n" + PRINTED,
        "an argument is called argmin",
    ),
    "a loop renames a verb": (
        RIDGE,
        DATA + "route = [argmin(X, y) for argmin in [lstsq]][0]\n" + PRINTED,
        "a loop binds argmin",
    ),
    "a verb is assigned": (RIDGE, DATA + "argmin = lstsq\nroute = argmin(X, y)\n" + PRINTED, "binds argmin"),
    "a walrus": (RIDGE, DATA + "route = (q := X.T @ y)\n" + PRINTED, "an assignment inside an expression"),
    "changed in place": (
        SOLVE,
        DATA + "a = zeros(d)\nroute = a\np = X.T @ y\n" + PRINTED + "a[:] = p\n",
        "a statement that does not assign names",
    ),
    "sorted in place": (SOLVE, DATA + "y.sort()\nroute = lstsq(X, y)\n" + PRINTED, "the attribute sort"),
    "written by a keyword": (SOLVE, DATA + "route = exp(y, out=y)\n" + PRINTED, "gives the argument out"),
    "a tolerance of its own": (
        SOLVE,
        DATA + 'route = lstsq(X, y)\nprinted = chain(X.T @ y, "=", y, tolerance=1)\n',
        "gives the argument tolerance",
    ),
    "a tolerance literal": (
        SOLVE,
        DATA + "u = lstsq(X, y)\nroute = sign(1e-4 - norm(u - X.T @ y))\nprinted = 1.0 * n / n\n",
        "the literal 0.0001, which looks like a tolerance",
    ),
    "rounded": (SOLVE, DATA + "route = lstsq(X, y).round(1)\n" + PRINTED, "the attribute round"),
    "floors": (
        SOLVE,
        DATA + "route = floor(lstsq(X, y))\nprinted = floor(inv(X.T @ X) @ X.T @ y)\n",
        "wrapped in floor, which rounds",
    ),
    "absolute values": (
        SOLVE,
        DATA + "route = abs(lstsq(X, y))\nprinted = abs(inv(X.T @ X) @ X.T @ y)\n",
        "both sides are wrapped in abs",
    ),
    "norms": (
        SOLVE,
        DATA + "route = norm(lstsq(X, y))\nprinted = norm(inv(X.T @ X) @ X.T @ y)\n",
        "both sides are wrapped in norm",
    ),
    "sums": (
        r"\hat{w} = A^{-1} b",
        DATA + "route = sum(lstsq(X, y))\nprinted = sum(inv(X.T @ X) @ X.T @ y)\n",
        "both sides are wrapped in sum",
    ),
    "squares": (
        r"\hat{w} = A^{-1} b",
        DATA + "route = lstsq(X, y) ** 2\nprinted = (inv(X.T @ X) @ X.T @ y) ** 2\n",
        "both sides are wrapped in a power",
    ),
    "a star": (SOLVE, DATA + "p = (X, y)\nroute = lstsq(*p)\n" + PRINTED, "a star"),
    "a default": (
        SOLVE,
        DATA + "f = lambda t, g=lstsq: g(X, y)\nroute = f(1.0)\n" + PRINTED,
        "a function has defaults",
    ),
    "least squares with the matrix of the formula": (
        SOLVE,
        DATA + "route = lstsq(X.T @ X + lam * eye(d), X.T @ y)\n" + PRINTED,
        "both sides share `X.T @ X + lam * eye(d)`",
    ),
    "its pseudoinverse": (
        SOLVE,
        DATA + "route = pinv(X.T @ X + lam * eye(d)) @ (y @ X)\n" + PRINTED,
        "both sides share `X.T @ X + lam * eye(d)`",
    ),
    "its singular values": (
        SOLVE,
        DATA + "U, s, Vt = svd(X.T @ X + lam * eye(d))\nroute = Vt.T @ ((U.T @ X.T @ y) / s)\n" + PRINTED,
        "both sides share `X.T @ X + lam * eye(d)`",
    ),
    "its eigenvalues": (
        SOLVE,
        DATA + "s, V = eigh(X.T @ X + lam * eye(d))\nroute = V @ ((V.T @ X.T @ y) / s)\n" + PRINTED,
        "both sides share `X.T @ X + lam * eye(d)`",
    ),
    "its Cholesky factor": (
        SOLVE,
        DATA + "L = cholesky(X.T @ X + lam * eye(d))\nroute = solve(L.T, solve(L, X.T @ y))\n" + PRINTED,
        "both sides share `X.T @ X + lam * eye(d)`",
    ),
    "a formula bound below the function that hides it": (
        SOLVE,
        DATA
        + "f = lambda t: g(t) @ X.T @ y\ng = lambda t: inv(X.T @ X + t * eye(d))\nroute = f(lam)\n"
        + PRINTED,
        "the body reads g before it is bound",
    ),
    "a function that calls itself": (
        SOLVE,
        DATA + "f = lambda t: f(t - 1)\nroute = f(lam)\n" + PRINTED,
        "the body reads f before it is bound",
    ),
    "the scale of a zero is a literal": (
        SOLVE,
        DATA + "route = zero(lstsq(X, y) - X.T @ y, 9e99, 9e99)\nprinted = zeros(d)\n",
        "the scale of `zero` is a literal",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_check_that_would_pass_without_testing_is_refused(name):
    tex, code, words = ATTACKS[name]
    text = page(tex, code)
    found = [v for v in rules.violations(book_of(text)) if words in v.message]
    assert found, said(tex, code)
    assert (found[0].file, found[0].label) == (FILE, "eq-lin-it")
    assert text.splitlines().index("```{check} eq-lin-it") < found[0].line <= len(text.splitlines())
    assert len(found[0].remedy) > 10


def test_a_condition_on_values_is_refused():
    code = DATA + "route = sum(t for t in y if t > lam)\n" + PRINTED
    assert any("the condition of a loop reads lam" in message for message in said(SOLVE, code))
    code = "x = normal(n, d)\nroute = sum(x[i, 0] for i in range(n) if i != d)\nprinted = x[0, 0] + x[1, 0]\n"
    assert not any("condition" in message for message in said(r"\sum_{i} x_i = y", code))


def test_an_exception_gives_its_reason():
    tex, code, words = ATTACKS["solve for inverse"]
    assert said(tex, code, ":independent: the display is the definition of its left side\n") == []
    (message,) = said(tex, code, ":independent: because\n")
    assert "`:independent:` gives no reason" in message
    assert words not in message


@pytest.mark.parametrize("option", ["few", "tokens", "equivalent", "resolution"])
def test_a_reason_has_words(option):
    value = "0.5 " if option == "resolution" else ""
    for reason in ("x", "so it", "is is is is"):
        messages = said(RIDGE, CLEAN, f":{option}: {value}{reason}\n")
        assert any(f"`:{option}:` gives no reason" in message for message in messages), reason
    assert not any(
        "gives no reason" in message
        for message in said(RIDGE, CLEAN, f":{option}: {value}a factor cancels here\n")
    )


def test_the_package_needs_an_oracle_that_exists():
    tex, code, _ = ATTACKS["the package"]
    test = "tests/linear_regression/test_ridge_regression.py::"
    name = next(
        node.name
        for node in ast.parse((ROOT / test.removesuffix("::")).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )
    assert said(tex, code, f":oracle: {test}{name}\n") == []
    (message,) = said(tex, code, f":oracle: {test}test_nothing\n")
    assert "names no test; write tests/test_NAME.py::test_NAME" in message


@pytest.mark.parametrize(
    ("tex", "left", "rest"),
    [
        (r"\E\hat{\vect{w}} - \vect{w} &= -\lambda", {"an expectation, variance or probability"}, set()),
        (r"\df(\hat{y}) = \tr \Cov(\vect{y})", set(), {"an expectation, variance or probability"}),
        (r"\grad J = \int f \diff x", {"a derivative"}, {"an integral"}),
        (r"\lim_{n \to \infty} a_n \ge \sup_x f", {"a limit"}, {"a maximum or minimum"}),
        (r"\lambda_{\max}(\mat{A}) + s_{\min} = 1", set(), set()),
        (r"a &= b && \why{the derivative $\partial f$ and $\E x$}", set(), set()),
        (r"\sum_{i = 1}^n \partial_i f = 0", {"a derivative"}, set()),
        (r"\infty \le \interior", set(), set()),
    ],
)
def test_the_operators_of_a_display(tex, left, rest):
    assert independence.operators(independence.expand(tex, MACROS)) == (left, rest)


def test_macros_are_expanded_with_their_arguments():
    assert independence.expand(r"\norm{\vect{x}}^\T \E", MACROS) == (
        r"\left\lVert \boldsymbol{x} \right\rVert^\top \mathbb{E}"
    )


def test_equal_terms_are_one_node():
    def route_is_printed(route: str, printed: str) -> bool:
        code = f"A, x, y = normal(n, n), normal(n), normal(n)\nroute = {route}\nprinted = {printed}\n"
        sides = read_sides(ast.parse(code), ["n"])
        return sides.route == sides.printed

    assert route_is_printed("2 * x * y + x", "x + y * x * 2.0")
    assert route_is_printed("x - y", "-(y - x)") is False  # signs are not moved into sums
    assert route_is_printed("x / y", "x * (1 / y)")
    assert route_is_printed("(A @ x).T", "x.T @ A.T")
    assert route_is_printed("sqrt(x) ** 2", "x")
    assert route_is_printed("sum(x[i] for i in range(n))", "sum(x[k] for k in range(n))")
    assert route_is_printed("x + y - y", "x")
    assert route_is_printed("svd(A)[1:][0]", "svd(A)[1]")
    assert not route_is_printed("normal(n)", "normal(n)")
    assert not route_is_printed("A @ x", "x @ A")


def test_the_checks_of_the_book_need_no_exception():
    chapters = read_chapters(ROOT / "docs")
    file = "derivations/05-linear-regression/ridge-regression.md"
    text = (ROOT / "docs" / file).read_text(encoding="utf8")
    checks = read_page(text, file, chapters).checks
    assert len(checks) >= 20
    assert not any("independent" in check.options or "oracle" in check.options for check in checks)
    assert all(not list(body.problems(check)) for check in checks)


# What only running shows


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("x = normal(n)\nroute = x * nan_like(x)\nprinted = x\n", "NameError"),
        ("x = normal(n)\nroute = log(x - x + 1) / log(x - x + 1)\nprinted = x / x\n", "invalid value"),
        ("x = normal(n)\nroute = x\nprinted = x.reshape(n, 1)\n", "shapes differ"),
        ("x = normal(n)\nroute = x[n:]\nprinted = x[:0]\n", "is empty"),
        ("x = normal(n)\nroute = x - x\nprinted = 1e9 * x\n", "write zero"),
        ('x = normal(n)\nroute = x\nprinted = chain(x, "=", 2 * x)\n', "step 1 of the chain"),
        ("x = normal(n)\nroute = x > 9\nprinted = x > 8\n", "all the same"),
        (
            "x = normal(n)\nroute = zero(x, 1e9 * norm(x), x)\nprinted = zeros(n)\n",
            "nothing would be noticed",
        ),
    ],
)
def test_running_refuses_what_compares_nothing(tmp_path, code, says):
    path = tmp_path / "docs" / FILE
    path.parent.mkdir(parents=True)
    text = page("a = b", code).replace("d=3", "").replace("d=2", "").replace("d=1", "")
    path.write_text(text)
    (job,) = runner.jobs_of(book_of(text, tmp_path / "docs"), ["eq-lin-it"])
    outcome = runner.run_check(job)
    assert says in outcome.message
    assert f"{FILE}:" in outcome.message
