"""The resolution of checks: measured through the comparison itself, side by side."""

import pytest

from book_checks.resolution import Resolution, resolution_of
from onecheck import SIZES, deep, trials_of


def measured(code: str) -> Resolution:
    _, trials, originals = trials_of(code)
    return resolution_of(trials, originals)


@pytest.mark.parametrize(
    ("code", "quantity"),
    [
        ("a = normal(n)\nroute = sum(a)\nprinted = mean(a) * n", 1e-8),
        ("a = normal(n, d)\nroute = a\nprinted = 2 * a / 2", 1e-8),
        ("a = normal(n)\nroute = sum(a)\nprinted = chain(sum(a), '=', mean(a) * n)", 1e-8),
        ("a = normal(n)\nroute = sum(a), a\nprinted = mean(a) * n, 2 * a / 2", 1e-8),
        ("a = normal(n)\nroute = zeros(n)\nprinted = zero(a - 2 * a / 2, norm(a), wrong=a)", 1e-8),
        ("a = normal(n)\nroute = zero(a - 2 * a / 2, norm(a), wrong=a)\nprinted = zeros(n)", 1e-8),
        (
            "a, b = normal(n), normal(n)\nroute = (a @ b) ** 2\n"
            "printed = chain((a @ b) ** 2, '<=', 1.0 * (a @ a) * (b @ b))",
            1e-0,
        ),
        ("a = normal(n)\nroute = a @ a\nprinted = chain(a @ a, '<=', norm(a) ** 2)", 1e-8),
        ("a = normal(n)\nroute = 1.0 + 1e-5 * sum(a)\nprinted = 1.0 + 1e-5 * mean(a) * n", 1e-8),
    ],
)
def test_the_resolution_is_that_of_the_comparison(code, quantity):
    found = measured(code)
    assert quantity / 10 <= found.quantity <= quantity


def test_a_comparison_of_less_than_the_quantity_is_coarse():
    # What does not reach the comparison, such as digits beyond a sign, is not noticed there.
    code = "a = normal(n)\nroute = sign(a)\nprinted = a / sqrt(a**2)"
    assert measured(code).quantity <= 1e-8
    code = "a = normal(n)\nroute = norm(a)\nprinted = chain(norm(a), '<=', 100 * norm(a))"
    found = measured(code)
    assert (found.quantity, found.coarsest) == (1.0, "side 2 of chain 1")


def test_an_entry_far_below_the_others_is_not_seen():
    code = "a = positive(n)\nroute = concatenate([array([1e9]), a])\n"
    code += "printed = concatenate([array([1e9]), 2 * a / 2])"
    found = measured(code)
    assert found.quantity <= 1e-8
    assert found.entry >= 1e-2
    assert "at [" in found.coarsest
    outcome = deep(code)
    assert "is the least that is noticed; compare more closely, or give `:resolution: " in outcome.message


COARSE = """a, b = normal(n), normal(n)
route = (a @ b) ** 2
printed = chain((a @ b) ** 2, '<=', 3 * (a @ a) * (b @ b))"""


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (None, "in side 2 of chain 1 is the least that is noticed"),
        (":resolution: 0.00001 a bound that is not reached", "is the least that is noticed"),
        (":resolution: 0.5", "is not a number above 1e-06 and a reason"),
        (":resolution: coarse because", "is not a number above 1e-06 and a reason"),
        (":resolution: 1e-9 because", "is not a number above 1e-06 and a reason"),
    ],
)
def test_a_coarse_resolution_needs_a_value_and_a_reason(option, words):
    assert words in deep(COARSE, "\n".join(filter(None, (SIZES, option)))).message


def test_a_stated_resolution_is_accepted_when_it_is_needed():
    said = f"{SIZES}\n:resolution: 1 a bound that is not reached"
    assert "resolution" not in deep(COARSE, said).message
    fine = deep(COARSE.replace("3 * (a @ a) * (b @ b)", "(a @ b) ** 2"), said)
    assert "so `:resolution:` is not needed; remove it" in fine.message


def test_letters_in_a_list_of_arrays_of_several_shapes_are_moved_too():
    code = (
        "X_of, w = [normal(n, p), normal(k, p)], normal(p)\n"
        "route = sum(sum(X @ w) for X in X_of)\n"
        "printed = {}\n"
    )
    options = ":sizes: n=3 k=4 p=2 | n=5 k=2 p=3 | n=4 k=3 p=1"
    right = "sum(X_of[0].T @ ones(n) * w) + sum(X_of[1].T @ ones(k) * w)"
    assert deep(code.format(right), options).ok
    saturated = code.format(f"sign({right})").replace(
        "route = sum(sum(X @ w) for X in X_of)", "route = sign({})"
    )
    hidden = deep(saturated.format("sum(sum(X @ w) for X in X_of)"), options).message
    assert "`X_of`, `w` may be wrong by 0.0001 in `printed`" in hidden
