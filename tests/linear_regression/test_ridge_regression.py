"""Ridge regression against closed forms, brute force, NumPy and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from mlderived import linear_regression as lr
from mlderived.linear_regression.shared import gram_solution

SHAPES = [(9, 3), (13, 2), (4, 6), (7, 1), (1, 2)]


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    """Data off-centre and off-scale, with n < d and d = 1 among the shapes."""
    n, d = request.param
    rng = np.random.default_rng(n * 10 + d)
    return 3 + 2 * rng.normal(size=(n, d)), 5 + rng.normal(size=n)


def objective(X, y, w, lam):
    return 0.5 * np.sum((y - X @ w) ** 2) + 0.5 * lam * np.sum(w**2)


def test_path_solves_the_normal_equations(problem):
    X, y = problem
    for lam, w in zip([1e-3, 0.5, 40.0], lr.ridge_path(X, y, [1e-3, 0.5, 40.0]), strict=True):
        np.testing.assert_allclose(X.T @ X @ w + lam * w, X.T @ y, rtol=1e-9)


def test_zero_penalty_gives_the_least_squares_solution_of_least_norm(problem):
    X, y = problem
    expected = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(lr.ridge_path(X, y, [0.0])[0], expected, rtol=1e-9)


def test_fit_agrees_with_scikit_learn(problem):
    X, y = problem
    for lam in (1e-3, 0.5, 40.0):
        ours, theirs = lr.ridge(X, y, lam), Ridge(alpha=lam, solver="cholesky").fit(X, y)
        np.testing.assert_allclose(ours.w, theirs.coef_, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(ours.b, theirs.intercept_, rtol=1e-8)
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-8)


def test_least_squares_keeps_its_digits_at_condition_number_1e8():
    rng = np.random.default_rng(0)
    U, V = np.linalg.qr(rng.normal(size=(30, 5)))[0], np.linalg.qr(rng.normal(size=(5, 5)))[0]
    X, w = U @ np.diag(np.logspace(0, -8, 5)) @ V.T, rng.normal(size=5)
    np.testing.assert_allclose(lr.ridge_path(X, X @ w, [0.0])[0], w, rtol=1e-6)


def known(scale):
    """Features with singular vectors and values known exactly, 2 and 1 times the scale."""
    U = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]) / 2
    V = np.array([[3.0, -4], [4, 3]]) / 5
    return U, scale * np.array([2.0, 1]), V


@pytest.mark.parametrize("scale", [1e-200, 1e-150, 1.0, 1e150, 1e200])
@pytest.mark.parametrize("ratio", [0.0, 1e-30, 1.0, 1e30])
def test_extreme_scales_neither_overflow_nor_vanish(scale, ratio):
    U, s, V = known(scale)
    X = U @ np.diag(s) @ V.T
    # of the size of s^2 times ratio, where that is a floating-point number
    lam = float(np.clip(ratio * scale, 0, 1e100) * scale) if ratio else 0.0
    q = np.array([lam / s[0] / s[0], lam / s[1] / s[1]])
    kept, lost = 1 / (1 + q), q / (1 + q)
    y, w = np.array([1.0, 2, -3, 0.5]), np.array([1.0, -2])
    expected = V @ (kept / s * (U.T @ y))
    np.testing.assert_allclose(lr.ridge_path(X, y, [lam])[0], expected, rtol=1e-10)
    np.testing.assert_allclose(lr.ridge_bias(X, w, lam), -V @ (lost * (V.T @ w)), rtol=1e-10)
    assert lr.ridge_degrees_of_freedom(X, lam) == pytest.approx(np.sum(kept), rel=1e-10)


@pytest.mark.parametrize("scale", [1e-100, 1.0, 1e100])
def test_covariance_and_mse_matrix_scale_with_the_units(scale):
    X, w, lam = np.arange(8.0).reshape(4, 2) ** 2, np.array([1.0, -2]), 0.7
    scaled = scale * X, w / scale, lam * scale**2, 0.3
    for ours, unit in [
        (lr.ridge_covariance(scaled[0], *scaled[2:]), lr.ridge_covariance(X, lam, 0.3)),
        (lr.ridge_mse_matrix(*scaled), lr.ridge_mse_matrix(X, w, lam, 0.3)),
    ]:
        np.testing.assert_allclose(ours * scale**2, unit, rtol=1e-9)


def test_a_bias_much_smaller_than_the_coefficients_keeps_its_digits():
    assert lr.ridge_bias([[1.0], [-1.0]], [3.0], 1e-20) == pytest.approx(-3e-20 / 2, rel=1e-12)


def test_shrinkage_factors_are_the_eigenvalues_of_the_map_from_y_to_the_fit(problem):
    X, _ = problem
    fit = X @ np.linalg.solve(X.T @ X + 0.7 * np.eye(X.shape[1]), X.T)
    factors = lr.shrinkage_factors(X, 0.7)
    np.testing.assert_allclose(factors, np.linalg.eigvalsh(fit)[::-1][: factors.size], rtol=1e-9)


def test_degrees_of_freedom_are_the_trace_of_the_map_from_y_to_the_fit(problem):
    X, _ = problem
    fit = X @ np.linalg.solve(X.T @ X + 0.7 * np.eye(X.shape[1]), X.T)
    assert lr.ridge_degrees_of_freedom(X, 0.7) == pytest.approx(np.trace(fit), rel=1e-10)


def test_moments_agree_with_the_exact_law_of_sign_noise(problem):
    X, _ = problem
    n, d = X.shape
    w, sigma2, lam = np.arange(1.0, d + 1), 0.3, 0.9
    # every sign vector once: mean zero, covariance the identity, exactly
    signs = 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1
    estimates = np.array([lr.ridge_path(X, X @ w + np.sqrt(sigma2) * e, [lam])[0] for e in signs])
    np.testing.assert_allclose(lr.ridge_bias(X, w, lam), estimates.mean(axis=0) - w, atol=1e-10)
    covariance = np.cov(estimates.T, bias=True).reshape(d, d)
    np.testing.assert_allclose(lr.ridge_covariance(X, lam, sigma2), covariance, atol=1e-10)
    errors = estimates - w
    np.testing.assert_allclose(lr.ridge_mse_matrix(X, w, lam, sigma2), errors.T @ errors / 2**n, atol=1e-10)


@pytest.mark.parametrize("shape", [(9, 3), (13, 2), (7, 1)], ids=str)
def test_threshold_is_where_the_difference_of_mse_matrices_stops_being_psd(shape):
    rng = np.random.default_rng(sum(shape))
    X, w, sigma2 = rng.normal(size=shape), 2 * rng.normal(size=shape[1]), 0.8
    threshold = lr.ridge_threshold(X, w, sigma2)
    least_squares = lr.ridge_mse_matrix(X, w, 0.0, sigma2)
    for factor, psd in [(0.5, True), (0.999, True), (1.001, False), (3.0, False)]:
        gain = least_squares - lr.ridge_mse_matrix(X, w, factor * threshold, sigma2)
        assert (np.linalg.eigvalsh(gain)[0] >= 0) == psd


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1.0, 1e8, 1e150])
def test_threshold_of_orthogonal_features_has_a_closed_form(scale):
    # With X'X = g I the condition is lam |w|^2 / (2 + lam / g) <= sigma2.
    w, sigma2, g = np.array([3.0, 0.5]), 0.3, 4.0
    expected = 2 / (w @ w / sigma2 - 1 / g)
    ours = lr.ridge_threshold(2 * scale * np.eye(3)[:, :2], w / scale, sigma2)
    assert ours / scale / scale == pytest.approx(expected, rel=1e-12)


def test_threshold_survives_products_beyond_the_floats():
    # Orthogonal features again: 2 sigma2 / |w|^2 when the noise is negligible.
    ours = lr.ridge_threshold(1e300 * np.eye(2), [3e-50, 4e-50], 1e-200)
    assert ours == pytest.approx(2e-200 / 25e-100, rel=1e-10)
    ours = lr.ridge_threshold(1e300 * np.eye(2), [3e50, 4e50], 1.0)
    assert ours == pytest.approx(2 / 25e100, rel=1e-10)


def test_threshold_is_infinite_exactly_when_the_noise_is_above_the_signal():
    X, w = 2 * np.eye(3)[:, :2], np.array([0.3, 0.4])
    assert lr.ridge_threshold(X, w, 1.01) == np.inf
    assert lr.ridge_threshold(X, w, 1.0) == np.inf
    assert lr.ridge_threshold(X, w, 0.99) == pytest.approx(2 / (0.25 / 0.99 - 1 / 4), rel=1e-10)


def test_threshold_ends_also_on_the_border_of_infinity():
    rng = np.random.default_rng(0)
    for _ in range(200):
        X, w = rng.normal(size=(1, 1)), rng.normal(size=1)
        assert lr.ridge_threshold(X, w, float(np.sum((X @ w) ** 2))) == np.inf


def test_threshold_is_infinite_for_zero_coefficients():
    assert lr.ridge_threshold(np.eye(2), [0.0, 0.0], 1.0) == np.inf


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.floats(0, 1e6), st.integers(0, 2**32 - 1))
def test_any_penalty_shortens_the_coefficients_and_lowers_the_objective(n, d, lam, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, d)), rng.normal(size=n)
    least_squares, w = lr.ridge_path(X, y, [0.0, lam])
    assert np.linalg.norm(w) <= np.linalg.norm(least_squares) * (1 + 1e-12)
    for other in (least_squares, np.zeros(d), w + 1e-3 * rng.normal(size=d)):
        assert objective(X, y, w, lam) <= objective(X, y, other, lam) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [1.0, 2.0], 1.0), r"X must have shape \(n, d\), found shape \(2,\)"),
        (([[1.0], [np.nan]], [1.0, 2.0], 1.0), r"X must be finite, found nan at index \(1, 0\)"),
        (([[1.0], [2.0]], [1.0], 1.0), r"y must have shape \(2,\), found shape \(1,\)"),
        (([[1.0], [2.0]], [1.0, np.inf], 1.0), r"y must be finite, found inf at index \(1,\)"),
        (([[1.0], [2.0]], [1.0, 2.0], -1.0), r"lam must be a number >= 0, found -1.0"),
        (([["a"], ["b"]], [1.0, 2.0], 1.0), r"X must hold real numbers, found dtype <U1"),
        ((np.empty((0, 3)), [], 1.0), r"X must not be empty, found shape \(0, 3\)"),
        (([[1.0], [2.0]], [1.0, 2.0], [1.0, 2.0]), r"lam must be a number >= 0"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        lr.ridge(*arguments)


def test_other_bad_input_is_named():
    X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    with pytest.raises(ValueError, match="full column rank 2, found rank 1"):
        lr.ridge_threshold(X, [1.0, 1.0], 1.0)
    with pytest.raises(ValueError, match=r"lams must be >= 0, found -0\.5"):
        lr.ridge_path(X, [1.0, 2.0, 3.0], [1.0, -0.5])
    with pytest.raises(ValueError, match="sigma2 must be a number > 0, found 0"):
        lr.ridge_covariance(X, 1.0, 0)
    with pytest.raises(ValueError, match="sigma2 must be a number > 0, found 0"):
        lr.ridge_threshold(X, [1.0, 1.0], 0)
    with pytest.raises(ValueError, match="X must have no masked entries, found some"):
        lr.ridge(np.ma.masked_equal(X, 6.0), [1.0, 2.0, 3.0], 1.0)
    with pytest.raises(ValueError, match="X must have 1 columns, found 2"):
        lr.ridge([[0.0], [1.0]], [0.0, 1.0], 1.0).predict(X)


def test_a_constant_column_gets_no_coefficient():
    for value in (0.1, 1 / 3, 1e6 / 7, -2.7e-5):
        X = np.column_stack([np.full(6, value), np.arange(6.0) * 1e-3])
        w = lr.ridge(X, np.arange(6.0), 0.0).w
        np.testing.assert_allclose(w, [0, 1e3], rtol=1e-9)


def test_results_beyond_the_floats_are_refused():
    with pytest.raises(ValueError, match="rescale X"):
        lr.ridge_path([[1e-310], [2e-310]], [1.0, 2.0], [0.0])
    with pytest.raises(ValueError, match="rescale X"):
        lr.ridge_covariance(1e-200 * np.eye(2), 0.0, 1.0)
    with pytest.raises(ValueError, match="rescale X"):
        lr.ridge_threshold(1e200 * np.eye(2), [1e-160, 0.0], 1.0)


def test_inputs_are_not_changed():
    X, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    before = X.copy(), y.copy()
    X.setflags(write=False)
    y.setflags(write=False)
    lr.ridge(X, y, 1.0)
    lr.ridge_mse_matrix(X, [1.0, 2.0], 1.0, 1.0)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


@pytest.mark.parametrize("lam", [0.0, 1e-3, 40.0])
@pytest.mark.parametrize("shape", [(40, 10), (300, 7), (11, 1)], ids=str)
def test_the_short_way_by_the_gram_matrix_gives_the_same(shape, lam):
    rng = np.random.default_rng(sum(shape))
    X = (2 + rng.normal(size=shape)) * np.logspace(-1, 2, shape[1])
    y = rng.normal(size=shape[0])
    by_svd = lr.ridge_path(X, y, [lam])[0]
    np.testing.assert_allclose(gram_solution(X, y, lam), by_svd, atol=1e-11 * np.abs(by_svd).max())


def test_the_short_way_is_not_taken_where_it_loses_digits():
    rng = np.random.default_rng(0)
    U, V = np.linalg.qr(rng.normal(size=(400, 5)))[0], np.linalg.qr(rng.normal(size=(5, 5)))[0]
    y = rng.normal(size=400)
    assert gram_solution(U @ np.diag(np.logspace(0, -8, 5)) @ V.T, y, 0.0) is None
    assert gram_solution(1e-150 * U, y, 0.0) is None
    assert gram_solution(1e150 * U, y, 0.0) is None
    assert gram_solution(np.column_stack([U, U[:, 0]]), y, 0.0) is None
    assert gram_solution(U[:8], y[:8], 0.0) is None
    assert gram_solution(U, y, 0.0) is not None
