"""Sparse recovery against closed forms, brute force and scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LassoLars

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (4, 6), (7, 1), (1, 2), (20, 5)]


def kkt_gap(X, y, w, lam):
    """How far w is from solving the lasso, relative to the penalty."""
    pull = X.T @ (y - X @ w)
    on = w != 0
    off = np.max(np.abs(pull[~on]), initial=0.0) - lam
    return max(np.max(np.abs(pull[on] - lam * np.sign(w[on])), initial=0.0), off) / lam


@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_signs_give_a_point_that_satisfies_the_optimality_conditions(n, d, share):
    rng = np.random.default_rng(10 * n + d)
    X, y = 1 + 2 * rng.normal(size=(n, d)), 5 + rng.normal(size=n)
    lam = share * np.max(np.abs(X.T @ y))
    assert kkt_gap(X, y, lr.lasso_by_signs(X, y, lam), lam) < 1e-9


@pytest.mark.parametrize(("n", "d"), [(9, 3), (13, 2), (7, 1), (20, 5)])
def test_signs_agree_with_scikit_learn(n, d):
    rng = np.random.default_rng(n)
    X, y = rng.normal(size=(n, d)) + rng.normal(size=(n, 1)), rng.normal(size=n)
    for share in (0.05, 0.4, 0.99):
        lam = share * np.max(np.abs(X.T @ y))
        ours = lr.lasso_by_signs(X, y, lam)
        model = Lasso(alpha=lam / n, fit_intercept=False, tol=1e-14, max_iter=10**6)
        np.testing.assert_allclose(ours, model.fit(X, y).coef_, rtol=1e-6, atol=1e-9)
        lars = LassoLars(alpha=lam / n, fit_intercept=False).fit(X, y)
        np.testing.assert_allclose(ours, lars.coef_, rtol=1e-6, atol=1e-9)


def test_orthonormal_columns_are_soft_thresholded():
    rng = np.random.default_rng(3)
    X, y = np.linalg.qr(rng.normal(size=(9, 4)))[0], rng.normal(size=9)
    c = X.T @ y
    expected = np.sign(c) * np.maximum(np.abs(c) - 0.5, 0)
    np.testing.assert_allclose(lr.lasso_by_signs(X, y, 0.5), expected, atol=1e-14)


@pytest.mark.parametrize("x_scale", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("y_scale", [1e-150, 1.0, 1e150])
def test_solution_scales_with_the_units(x_scale, y_scale):
    X, y = np.array([[2.0, 1], [1, 3], [0, 1]]), np.array([1.0, 5, 2])
    expected = lr.lasso_by_signs(X, y, 1.0) * (y_scale / x_scale) if x_scale * y_scale else 0
    lam = x_scale * y_scale
    if not np.isfinite(expected).all() or not np.isfinite(lam) or not lam > 0:
        pytest.skip("the problem itself exceeds the floats")
    found = lr.lasso_by_signs(x_scale * X, y_scale * y, lam)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_columns_of_very_different_units():
    X, y = np.array([[2.0, 1], [1, 3], [0, 1]]), np.array([1.0, 5, 2])
    found = lr.lasso_by_signs(X * [1, 1e-150], y, 1.0)
    np.testing.assert_allclose(found, [*lr.lasso_by_signs(X[:, :1], y, 1.0), 0])
    found = lr.lasso_by_signs(X * [1, 1e150], y, 1.0)
    assert np.isfinite(found).all()


def test_digits_survive_at_condition_number_1e8():
    rng = np.random.default_rng(0)
    U, V = np.linalg.qr(rng.normal(size=(30, 3)))[0], np.linalg.qr(rng.normal(size=(3, 3)))[0]
    s = np.array([1.0, 1e-4, 1e-8])
    X, lam, w = U @ np.diag(s) @ V.T, 1e-20, np.array([1.0, -2, 3])
    expected = w - lam * (V / s**2 @ (V.T @ np.sign(w)))
    np.testing.assert_allclose(lr.lasso_by_signs(X, X @ w, lam), expected, rtol=1e-6)


def test_degenerate_data():
    X = np.array([[1.0, 1, 0], [2, 2, 0]])
    w = lr.lasso_by_signs(X, [1.0, 3], 0.5)  # a copied and an empty column
    assert w[:2].sum() == pytest.approx((7 - 0.5) / 5)
    assert w[2] == 0
    assert not lr.lasso_by_signs(X, [0.0, 0], 0.5).any()
    assert not lr.lasso_by_signs(0 * X, [1.0, 2], 0.5).any()
    assert not lr.lasso_by_signs(X, [1.0, 3], 7.0).any()
    assert not lr.lasso_by_signs(X, [1.0, 3], 1e308).any()


def split(w):
    return np.flatnonzero(w), np.flatnonzero(w == 0)


@pytest.mark.parametrize("seed", range(6))
def test_number_is_what_regression_on_the_support_says(seed):
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(8, 5)), np.array([0, 1.5, 0, -2.0, 0.1])
    S, N = split(w)
    C = np.linalg.lstsq(X[:, S], X[:, N], rcond=None)[0]
    expected = np.max(np.abs(np.sign(w[S]) @ C))
    assert lr.irrepresentable_number(X, w) == pytest.approx(expected, rel=1e-12)
    for scale in (1e-140, 1e140):
        assert lr.irrepresentable_number(scale * X, w) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_signs_are_recovered_exactly_when_the_numbers_say_so(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(9, 4)) + rng.uniform(0, 1) * rng.normal(size=(9, 1))
    w = np.array([0, 1.0, -0.5, 0]) if seed % 2 else np.array([2.0, 1, 1, 0])
    number, limit = lr.irrepresentable_number(X, w), lr.recovery_limit(X, w)
    for lam in (0.01, 0.5, 2.0, 10.0):
        found = np.sign(lr.lasso_by_signs(X, X @ w, lam))
        assert np.array_equal(found, np.sign(w)) == (number < 1 and lam < limit)


def test_full_support_and_no_pull():
    assert lr.irrepresentable_number(np.eye(2), [1.0, -2]) == 0
    assert lr.recovery_limit(np.eye(2), [1.0, -2]) == 1
    # one column pushes the other away from zero
    X = np.linalg.cholesky([[1.0, 1.5], [1.5, 4]]).T
    assert lr.recovery_limit(X, [5.0, 1]) == pytest.approx(5 * 1.75 / 2.5)


def test_penalty_and_bounds_satisfy_the_formulas_of_the_noise():
    n, d, s, sigma, delta, kappa = 50, 8, 3, 0.7, 0.05, 0.6
    lam = lr.lasso_rate_penalty(n, d, sigma, delta)
    assert 2 * d * np.exp(-(lam**2) / (8 * n * sigma**2)) == pytest.approx(delta)
    estimation, prediction = lr.lasso_rate_bounds(n, s, lam, kappa)
    log = np.log(2 * d / delta)
    assert estimation == pytest.approx(6 * sigma / kappa**2 * np.sqrt(2 * s * log / n))
    assert prediction == pytest.approx(72 * sigma**2 * s * log / (n * kappa**2))


def test_bounds_hold_in_simulation():
    rng = np.random.default_rng(0)
    n, d, sigma, delta = 40, 5, 1.0, 0.1
    w = np.array([2.0, 0, -1, 0, 0])
    lam = lr.lasso_rate_penalty(n, d, sigma, delta)
    broken = 0
    for _ in range(40):
        X = rng.normal(size=(n, d)) + rng.normal(size=(n, 1))
        X *= np.sqrt(n) / np.linalg.norm(X, axis=0)
        kappa = np.linalg.svd(X, compute_uv=False)[-1] / np.sqrt(n)
        error = lr.lasso_by_signs(X, X @ w + sigma * rng.normal(size=n), lam) - w
        first, second = lr.lasso_rate_bounds(n, 2, lam, kappa)
        broken += np.linalg.norm(error) > first or np.sum((X @ error) ** 2) / n > second
    assert broken <= 4


X_GOOD, Y_GOOD = np.ones((3, 2)), np.ones(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lr.lasso_by_signs(X_GOOD, np.ones(2), 1.0), r"y must have shape \(3,\)"),
        (lambda: lr.lasso_by_signs(X_GOOD, Y_GOOD, 0.0), "lam must be a number > 0"),
        (lambda: lr.lasso_by_signs(np.ones((3, 11)), Y_GOOD, 1.0), "at most 10 columns, found 11"),
        (lambda: lr.lasso_by_signs([[np.nan]], [1.0], 1.0), "X must be finite"),
        (lambda: lr.irrepresentable_number(X_GOOD, [0.0, 0]), "nonzero entry"),
        (lambda: lr.irrepresentable_number(X_GOOD, [1.0, 2]), "2 columns, found rank 1"),
        (lambda: lr.recovery_limit(X_GOOD, [1.0]), r"w must have shape \(2,\)"),
        (lambda: lr.lasso_rate_penalty(3, 2, 1.0, 1.5), "delta must be below 1"),
        (lambda: lr.lasso_rate_penalty(2.5, 2, 1.0, 0.5), "n must be a whole number"),
        (lambda: lr.lasso_rate_bounds(3, 0, 1.0, 0.5), "s must be a number > 0"),
        (lambda: lr.lasso_rate_bounds(3, 1, 1e200, 1e-200), "exceeds the floats"),
    ],
)
def test_bad_input_says_what_was_expected_and_found(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_inputs_are_not_changed():
    X, y, w = np.eye(3), np.ones(3), np.array([1.0, 0, 2])
    before = X.copy(), y.copy(), w.copy()
    lr.lasso_by_signs(X, y, 0.5)
    lr.irrepresentable_number(X, w)
    lr.recovery_limit(X, w)
    for old, new in zip(before, (X, y, w), strict=True):
        assert np.array_equal(old, new)
