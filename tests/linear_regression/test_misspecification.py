"""Sandwich, weighted and generalised least squares against statsmodels and brute force."""

import numpy as np
import pytest
import statsmodels.api as sm

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (6, 4), (7, 1)]
KINDS = ["HC0", "HC1", "HC2", "HC3"]


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    """Data off-centre and off-scale, the first column constant where there are two."""
    n, p = request.param
    rng = np.random.default_rng(n * 10 + p)
    X = 3 + 2 * rng.normal(size=(n, p))
    if p > 1:
        X[:, 0] = 1
    return X, 5 + rng.normal(size=n) * (1 + np.abs(X[:, -1]))


def some_covariance(n, rng):
    A = rng.normal(size=(n, n + 2))
    return A @ A.T


@pytest.mark.parametrize("kind", KINDS)
def test_sandwich_agrees_with_statsmodels(problem, kind):
    X, y = problem
    theirs = sm.OLS(y, X).fit(cov_type=kind).cov_params()
    np.testing.assert_allclose(lr.sandwich_covariance(X, y, kind), theirs, rtol=1e-9, atol=1e-13)


def test_default_is_hc3(problem):
    X, y = problem
    np.testing.assert_array_equal(lr.sandwich_covariance(X, y), lr.sandwich_covariance(X, y, "HC3"))


def test_hc3_is_the_sum_of_squared_moves_when_one_sample_is_left_out(problem):
    X, y = problem
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    C = np.zeros((w.size, w.size))
    for i in range(y.size):
        move = w - np.linalg.lstsq(np.delete(X, i, 0), np.delete(y, i), rcond=None)[0]
        C += np.outer(move, move)
    np.testing.assert_allclose(lr.sandwich_covariance(X, y), C, rtol=1e-8, atol=1e-12)


def test_means_under_exact_sign_noise(problem):
    """HC2 is unbiased for equal variances, HC3 too large for any variances."""
    X, _ = problem
    n = min(len(X), 9)
    X = X[:n]
    B = np.linalg.pinv(X)
    signs = 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1
    mean = np.mean([lr.sandwich_covariance(X, X.sum(axis=1) + 0.7 * e, "HC2") for e in signs], axis=0)
    np.testing.assert_allclose(mean, 0.49 * B @ B.T, rtol=1e-9, atol=1e-12)
    spread = np.arange(1.0, n + 1)
    mean = np.mean([lr.sandwich_covariance(X, spread * e, "HC3") for e in signs], axis=0)
    assert np.linalg.eigvalsh(mean - B @ np.diag(spread**2) @ B.T)[0] > 0


def test_weighted_agrees_with_statsmodels(problem):
    X, y = problem
    weights = np.linspace(0.1, 3, y.size)
    np.testing.assert_allclose(
        lr.weighted_least_squares(X, y, weights), sm.WLS(y, X, weights=weights).fit().params, rtol=1e-9
    )


def test_whole_weights_count_repeated_samples(problem):
    X, y = problem
    times = np.arange(y.size) % 3 + 1
    repeated = np.linalg.lstsq(np.repeat(X, times, axis=0), np.repeat(y, times), rcond=None)[0]
    np.testing.assert_allclose(lr.weighted_least_squares(X, y, times), repeated, rtol=1e-9)


def test_weight_zero_leaves_a_sample_out(problem):
    X, y = problem
    weights = np.ones(y.size)
    weights[0] = 0
    rest = np.linalg.lstsq(X[1:], y[1:], rcond=None)[0]
    np.testing.assert_allclose(lr.weighted_least_squares(X, y, weights), rest, rtol=1e-8)


def test_generalised_agrees_with_statsmodels(problem):
    X, y = problem
    Sigma = some_covariance(y.size, np.random.default_rng(1))
    ours = lr.generalised_least_squares(X, y, Sigma)
    np.testing.assert_allclose(ours, sm.GLS(y, X, sigma=Sigma).fit().params, rtol=1e-8)


def test_generalised_gradient_vanishes(problem):
    X, y = problem
    Sigma = some_covariance(y.size, np.random.default_rng(2))
    e = y - X @ lr.generalised_least_squares(X, y, Sigma)
    gradient = X.T @ np.linalg.solve(Sigma, e)
    assert np.abs(gradient).max() < 1e-8 * np.abs(X.T @ np.linalg.solve(Sigma, y)).max()


def test_generalised_with_a_diagonal_is_weighted(problem):
    X, y = problem
    variances = np.geomspace(1e-3, 10, y.size)
    np.testing.assert_allclose(
        lr.generalised_least_squares(X, y, np.diag(variances)),
        lr.weighted_least_squares(X, y, 1 / variances),
        rtol=1e-9,
    )


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1.0, 1e8, 1e150])
def test_results_scale_with_the_units(problem, scale):
    X, y = problem
    weights, Sigma = np.linspace(1, 2, y.size), some_covariance(y.size, np.random.default_rng(3))
    for kind in KINDS:
        unit = lr.sandwich_covariance(X, y, kind)
        np.testing.assert_allclose(lr.sandwich_covariance(X, scale * y, kind), unit * scale**2, rtol=1e-8)
        ours = lr.sandwich_covariance(scale * X, y, kind) * scale
        np.testing.assert_allclose(ours * scale, unit, rtol=1e-8)
    unit = lr.weighted_least_squares(X, y, weights)
    np.testing.assert_allclose(
        lr.weighted_least_squares(X * scale, y, weights / scale) * scale, unit, rtol=1e-9
    )
    unit = lr.generalised_least_squares(X, y, Sigma)
    np.testing.assert_allclose(
        lr.generalised_least_squares(X, y * scale, Sigma * scale) / scale, unit, rtol=1e-9
    )


def test_columns_of_very_different_size_are_not_taken_for_collinear():
    rng = np.random.default_rng(4)
    X, y = np.column_stack([np.ones(8), rng.normal(size=8)]), rng.normal(size=8)
    units = np.array([1e150, 1e-20])
    C, scaled = lr.sandwich_covariance(X, y), lr.sandwich_covariance(X * units, y)
    np.testing.assert_allclose(np.diag(scaled) * units * units, np.diag(C), rtol=1e-9)
    ours = lr.weighted_least_squares(X * units, y, np.ones(8)) * units
    np.testing.assert_allclose(ours, np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-9)


def test_coefficients_keep_their_digits_at_condition_number_1e8():
    rng = np.random.default_rng(0)
    U, V = np.linalg.qr(rng.normal(size=(30, 5)))[0], np.linalg.qr(rng.normal(size=(5, 5)))[0]
    X, w = U @ np.diag(np.logspace(0, -8, 5)) @ V.T, rng.normal(size=5)
    np.testing.assert_allclose(lr.weighted_least_squares(X, X @ w, np.ones(30)), w, rtol=1e-6)
    np.testing.assert_allclose(lr.generalised_least_squares(X, X @ w, np.eye(30)), w, rtol=1e-6)


def test_exactly_as_many_rows_as_columns():
    X, y = np.array([[2.0, 1], [1, 3]]), np.array([1.0, 2])
    np.testing.assert_allclose(lr.sandwich_covariance(X, y, "HC0"), np.zeros((2, 2)), atol=1e-25)
    with pytest.raises(ValueError, match="HC1 needs more rows than columns, found 2"):
        lr.sandwich_covariance(X, y, "HC1")
    with pytest.raises(ValueError, match="HC3 needs leverages below 1, found 1 in row"):
        lr.sandwich_covariance(X, y)
    np.testing.assert_allclose(lr.weighted_least_squares(X, y, [1, 2]), np.linalg.solve(X, y), rtol=1e-12)


def test_a_single_sample():
    assert lr.weighted_least_squares([[2.0]], [3.0], [5.0]) == pytest.approx([1.5])
    assert lr.generalised_least_squares([[2.0]], [3.0], [[5.0]]) == pytest.approx([1.5])
    with pytest.raises(ValueError, match="HC2 needs leverages below 1"):
        lr.sandwich_covariance([[2.0]], [3.0], "HC2")


def test_a_row_that_alone_measures_a_coefficient_is_named():
    X = np.column_stack([np.ones(5), np.arange(5) == 3])
    with pytest.raises(ValueError, match="HC3 needs leverages below 1, found 1 in row 3"):
        lr.sandwich_covariance(X, np.arange(5.0) ** 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: lr.sandwich_covariance([[1.0], [2.0]], [1.0, 2.0], "hc3"),
            "kind must be one of .*found 'hc3'",
        ),
        (
            lambda: lr.sandwich_covariance([[1.0, 2], [2, 4], [3, 6]], [1.0, 2, 3]),
            "full column rank 2, found rank 1",
        ),
        (lambda: lr.sandwich_covariance([[0.0], [0.0]], [1.0, 2]), "full column rank 1, found rank 0"),
        (lambda: lr.sandwich_covariance([[1.0, 2, 3]], [1.0]), "full column rank 3, found rank 1"),
        (lambda: lr.sandwich_covariance([[1.0], [np.nan]], [1.0, 2]), "X must be finite"),
        (
            lambda: lr.weighted_least_squares([[1.0], [2]], [1.0, 2], [1.0, -1]),
            "weights must be >= 0, found -1",
        ),
        (
            lambda: lr.weighted_least_squares([[1.0], [2]], [1.0, 2], [0.0, 0]),
            "full column rank 1, found rank 0",
        ),
        (lambda: lr.weighted_least_squares([[1.0], [2]], [1.0, 2], [1.0]), r"weights must have shape \(2,\)"),
        (
            lambda: lr.generalised_least_squares([[1.0], [2]], [1.0, 2], np.eye(3)),
            r"Sigma must have shape \(2, 2\)",
        ),
        (
            lambda: lr.generalised_least_squares([[1.0], [2]], [1.0, 2], [[1, 2], [0, 1]]),
            "Sigma must be symmetric",
        ),
        (lambda: lr.generalised_least_squares([[1.0], [2]], [1.0, 2], [[1, 2], [2, 1]]), "positive definite"),
        (lambda: lr.generalised_least_squares([[1.0], [2]], [1.0, 2], np.diag([1, 0])), "positive definite"),
        (lambda: lr.generalised_least_squares([[1.0], [2]], [1.0, 2], -np.eye(2)), "positive definite"),
        (lambda: lr.sandwich_covariance([[1e-200], [2e-200]], [1.0, 2]), "rescale X"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_inputs_are_not_changed():
    X, y = np.arange(6.0).reshape(3, 2), np.array([1.0, 0, 2])
    Sigma, weights = np.eye(3) + 0.5, np.ones(3)
    for array in (X, y, Sigma, weights):
        array.setflags(write=False)
    lr.sandwich_covariance(X, y, "HC1")
    lr.weighted_least_squares(X, y, weights)
    lr.generalised_least_squares(X, y, Sigma)
    np.testing.assert_array_equal(X, np.arange(6.0).reshape(3, 2))
