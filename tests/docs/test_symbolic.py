"""Symbolic checks: identities that SymPy decides, mistakes that it finds, and what it leaves undecided."""

import subprocess
import sys

import numpy as np
import pytest
import sympy

from book_checks import runner
from book_checks.symbolic import SymbolicBench, identical, same
from mlderived.checking import CheckError, DisagreementError
from onecheck import deep, job_of

GOOD = {
    "derivative": ("t = symbolic()", "derivative(lambda t: log(1 + exp(t)), t)", "1 / (1 + exp(-t))", ""),
    "gradient": (
        "A, x = symbolic(d, d), symbolic(d)",
        "gradient(lambda u: 0.5 * u @ A @ u, x)",
        "0.5 * (A + A.T) @ x",
        ":sizes: d=2 | d=3 | d=1",
    ),
    "integral": (
        "a, b = symbolic(positive=True), symbolic()",
        "quadrature(lambda t: a * (t - b) ** 2, 0, 1)",
        "a * (1 / 3 - b + b**2)",
        "",
    ),
    "law": (
        "p, c = symbolic(), symbolic()",
        "variance(lambda k: c * k, distribution([0, 1], [1 - p, p]))",
        "c**2 * p * (1 - p)",
        "",
    ),
    "limit": ("x, c = symbolic(), symbolic()", "limit(lambda m: c * (1 + x / m) ** m)", "c * exp(x)", ""),
    "chain": (
        "x = symbolic(n)",
        "sum((x[i] - mean(x)) ** 2 for i in range(n))",
        'chain(sum(x**2) - n * mean(x) ** 2, "=", sum(x**2) - sum(x) ** 2 / n)',
        ":sizes: n=3 | n=4 | n=2",
    ),
}


def checked(given: str, route: str, printed: str, options: str = "") -> runner.Outcome:
    return deep(f"{given}\nroute = {route}\nprinted = {printed}", options)


@pytest.mark.parametrize("name", GOOD)
def test_an_identity_is_decided_and_every_error_noticed(name):
    outcome = checked(*GOOD[name])
    assert outcome.ok, outcome.message
    assert (outcome.undecided, outcome.resolution, outcome.mutants.survived) == (0, 1e-12, ())
    assert outcome.mutants.killed_value >= 3
    record = runner.evidence_of(job_of("x = symbolic()\nroute = x\nprinted = x"), outcome, "")
    assert record.evidence == "symbolic"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("derivative", "exp(-t)", "exp(t)"),
        ("gradient", "A.T", "A"),
        ("integral", "1 / 3", "1 / 2"),
        ("law", "1 - p)", "1 + p)"),
        ("limit", "c * exp", "exp"),
        ("chain", "- sum(x) ** 2", "+ sum(x) ** 2"),
    ],
)
def test_a_mistake_is_shown_with_a_point(name, old, new):
    given, route, printed, options = GOOD[name]
    assert old in printed
    message = checked(given, route, printed.replace(old, new), options).message
    assert "the sides differ at x1" in message
    assert "correct the display or the check" in message


def test_an_abbreviation_is_changed_too_and_an_identity_needs_a_word():
    printed = "abs(x) ** 2 + 2 * x * y + y**2"
    message = checked("x, y = symbolic(), symbolic()", "x * (x + 2 * y) + y * y", printed).message
    assert "`abs(x)` becomes `x` without a change of value" in message


@pytest.mark.parametrize(
    ("given", "route", "printed", "words"),
    [
        ("x = symbolic(d)", "x", "x[1:]", "shapes differ: route (3,), printed (2,) at d=3; bring"),
        ("x = symbolic()", "x - x", "2 * x - x - x", "no letter is left in what is compared"),
        ("x = symbolic()", "x", "x + 1 / (x - x)", "not finite"),
        ("x = symbolic()", "x", 'chain(x, "<=", x)', "no other relation than ="),
        ("x = symbolic()", "argmin(lambda t: (t - x) ** 2, x)", "x", "argmin takes numbers, and this check"),
        ("x = symbolic()", "log(-exp(x))", "x", "the sides differ"),
        ("x, y = symbolic(), normal()", "x", "x", "normal takes numbers"),
    ],
)
def test_what_cannot_be_compared(given, route, printed, words):
    options = ":sizes: d=3 | d=4 | d=5" if "symbolic(d)" in given else ""
    assert words in checked(given, route, printed, options).message


def test_what_sympy_leaves_open_is_said():
    bench = SymbolicBench(np.random.default_rng(0))
    x, y = (bench.namespace()["symbolic"]() for _ in range(2))
    long = sum(sympy.sin(k * x) * sympy.cos(k * y) for k in range(1, 40))
    same_long = sum((sympy.sin(k * (x + y)) + sympy.sin(k * (x - y))) / 2 for k in range(1, 40))
    bench.agree(long, same_long)
    assert bench.undecided() == 1
    assert same(long, same_long)
    with pytest.raises(DisagreementError):
        bench.agree(long, same_long + x / 10**9)


def test_floats_are_read_as_fractions():
    x = sympy.Symbol("x", real=True)
    assert same(x / 3 + x / 10, (1 / 3) * x + 0.1 * x)
    assert identical((x + 1) ** 2, x**2 + 2 * x + 1)
    assert not identical((x + 1) ** 2, x**2 + 2 * x)


def test_letters_without_values_are_refused():
    bench = SymbolicBench(np.random.default_rng(0))
    x = bench.namespace()["symbolic"](positive=True)
    with pytest.raises(CheckError, match="not finite numbers at most points"):
        bench.agree(1 / sympy.floor(x / 1000) + x, x)


def test_the_core_does_not_need_sympy():
    code = "import sys; sys.modules['sympy'] = None; import mlderived.checking, book_checks.runner"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": "code:docs/_ext"}, timeout=60)
