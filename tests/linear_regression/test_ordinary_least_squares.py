"""Least squares against brute force, NumPy, SciPy, scikit-learn and statsmodels."""

import numpy as np
import pytest
import scipy.linalg
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (4, 6), (7, 1), (1, 2), (1, 1)]


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    """Data off-centre and off-scale, with n < d and d = 1 among the shapes."""
    n, d = request.param
    rng = np.random.default_rng(n * 10 + d)
    return 3 + 2 * rng.normal(size=(n, d)), 5 + rng.normal(size=n)


def conditioned(condition, n=30, d=5, seed=0):
    rng = np.random.default_rng(seed)
    U, V = np.linalg.qr(rng.normal(size=(n, d)))[0], np.linalg.qr(rng.normal(size=(d, d)))[0]
    return U @ np.diag(np.geomspace(1, 1 / condition, d)) @ V.T, rng.normal(size=d)


def test_coefficients_are_the_least_norm_solution_of_numpy(problem):
    X, y = problem
    expected = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(lr.least_squares_coefficients(X, y), expected, rtol=1e-9)


def test_qr_agrees_with_svd_where_there_is_one_solution():
    rng = np.random.default_rng(3)
    for n, d in [(9, 3), (7, 1), (5, 5)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        by_qr = lr.least_squares_coefficients(X, y, method="qr")
        np.testing.assert_allclose(by_qr, lr.least_squares_coefficients(X, y), rtol=1e-9)
        np.testing.assert_allclose(by_qr, scipy.linalg.lstsq(X, y)[0], rtol=1e-9)


def test_fit_agrees_with_scikit_learn_and_statsmodels():
    rng = np.random.default_rng(5)
    X, y = 3 + 2 * rng.normal(size=(40, 4)), rng.normal(size=40)
    ours, theirs = lr.least_squares(X, y), LinearRegression().fit(X, y)
    np.testing.assert_allclose(ours.w, theirs.coef_, rtol=1e-10)
    np.testing.assert_allclose(ours.b, theirs.intercept_, rtol=1e-10)
    np.testing.assert_allclose([ours.b, *ours.w], sm.OLS(y, sm.add_constant(X)).fit().params, rtol=1e-10)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-10)


def test_fit_satisfies_the_normal_equations_with_a_free_intercept(problem):
    X, y = problem
    fit = lr.least_squares(X, y)
    residual = y - fit.predict(X)
    assert abs(residual.sum()) < 1e-10
    np.testing.assert_allclose(X.T @ residual, 0, atol=1e-10)
    # w is a combination of the centred rows, which makes it the shortest
    rows = X - X.mean(axis=0)
    np.testing.assert_allclose(rows.T @ np.linalg.pinv(rows.T) @ fit.w, fit.w, atol=1e-10)


@pytest.mark.parametrize("method", ["svd", "qr"])
def test_digits_survive_condition_number_1e8(method):
    X, w = conditioned(1e8)
    np.testing.assert_allclose(lr.least_squares_coefficients(X, X @ w, method), w, rtol=1e-6)


def test_fit_with_intercept_keeps_its_digits_at_condition_number_1e8():
    X, w = conditioned(1e8)
    X -= X.mean(axis=0)
    fit = lr.least_squares(X, X @ w + 2)
    np.testing.assert_allclose(fit.w, w, rtol=1e-5)
    assert fit.b == pytest.approx(2, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1.0, 1e8, 1e150])
@pytest.mark.parametrize("method", ["svd", "qr"])
def test_scales_neither_overflow_nor_vanish(scale, method):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(9, 3)), rng.normal(size=9)
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(lr.least_squares_coefficients(scale * X, y, method) * scale, w, rtol=1e-10)
    np.testing.assert_allclose(lr.least_squares_coefficients(X, scale * y, method) / scale, w, rtol=1e-10)
    free, unit = lr.least_squares(scale * X, y), lr.least_squares(X, y)
    np.testing.assert_allclose(free.w * scale, unit.w, rtol=1e-10)
    assert free.b == pytest.approx(unit.b, rel=1e-9)


@pytest.mark.parametrize("method", ["svd", "qr"])
def test_units_of_single_columns_do_not_count_as_lost_rank(method):
    rng = np.random.default_rng(2)
    X, y, units = rng.normal(size=(9, 3)), rng.normal(size=9), np.array([1e-30, 1.0, 1e40])
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(lr.least_squares_coefficients(X * units, y, method) * units, w, rtol=1e-10)
    np.testing.assert_allclose(lr.projection(X * units), lr.projection(X), atol=1e-12)


def test_least_norm_in_given_units_is_right_or_refused():
    X = np.array([[1.0, 1, 1], [2, 2, 3], [3, 3, -1], [0, 0, 5]])
    y = np.array([1.0, 2, 3, 1])
    both, one = np.linalg.lstsq(X[:, 1:], y, rcond=None)[0]  # the copies share alike what one would get
    for unit in (1e-5, 1.0, 1e5):
        w = lr.least_squares_coefficients(X * [1, 1, unit], y)
        np.testing.assert_allclose(w * [1, 1, unit], [both / 2, both / 2, one], rtol=1e-6)
    for unit in (1e-20, 1e20):
        with pytest.raises(ValueError, match="X has rank 2 < d, and in its units rounding leaves only 1"):
            lr.least_squares_coefficients(X * [1, 1, unit], y)


def test_a_constant_column_gets_no_coefficient():
    for value in (0.1, 1 / 3, 1e6 / 7, -2.7e-5, 0.0):
        X = np.column_stack([np.full(6, value), np.arange(6.0) * 1e-3])
        np.testing.assert_allclose(lr.least_squares(X, np.arange(6.0)).w, [0, 1e3], rtol=1e-9)


def test_zero_features_and_a_single_sample_predict_the_mean():
    np.testing.assert_array_equal(lr.least_squares_coefficients(np.zeros((3, 2)), [1.0, 2, 3]), [0, 0])
    fit = lr.least_squares([[4.0, 5.0]], [7.0])
    np.testing.assert_array_equal(fit.w, [0, 0])
    assert fit.b == 7


def test_projection_is_that_of_an_orthonormal_basis(problem):
    X, y = problem
    P = lr.projection(X)
    Q = scipy.linalg.orth(X)
    np.testing.assert_allclose(P, Q @ Q.T, atol=1e-12)
    np.testing.assert_allclose(P @ y, X @ np.linalg.lstsq(X, y, rcond=None)[0], atol=1e-10)
    assert np.trace(P) == pytest.approx(np.linalg.matrix_rank(X))


def test_projection_of_zero_features_is_zero():
    np.testing.assert_array_equal(lr.projection(np.zeros((3, 2))), np.zeros((3, 3)))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_partialling_out_gives_the_joint_coefficients(q, d, seed):
    rng = np.random.default_rng(seed)
    n = q + d + 4
    C, A, y = rng.normal(size=(n, q)), rng.normal(size=(n, d)), rng.normal(size=n)
    joint = np.linalg.lstsq(np.hstack([C, A]), y, rcond=None)[0][q:]
    A_tilde = lr.partial_out(C, A)
    np.testing.assert_allclose(lr.least_squares_coefficients(A_tilde, y), joint, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(C.T @ A_tilde, 0, atol=1e-12)


def test_partialling_out_ones_centres():
    A = np.random.default_rng(0).normal(size=(8, 3)) + 5
    np.testing.assert_allclose(lr.partial_out(np.ones((8, 1)), A), A - A.mean(axis=0), atol=1e-13)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_what_is_explained_becomes_exactly_zero(scale):
    rng = np.random.default_rng(4)
    for n, q in [(9, 3), (30, 8), (4, 4), (3, 7), (1, 1)]:
        C = scale * rng.normal(size=(n, q))
        np.testing.assert_array_equal(lr.partial_out(C, C @ rng.normal(size=(q, 2))), 0)
    A = np.column_stack([np.ones(9), np.arange(9.0)])
    rest = lr.partial_out(scale * np.ones((9, 1)), A * scale)
    np.testing.assert_array_equal(rest[:, 0], 0)
    np.testing.assert_allclose(rest[:, 1] / scale, np.arange(9.0) - 4, atol=1e-14)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_no_neighbour_is_better_and_no_solution_is_shorter(n, d, rank, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))
    y = rng.normal(size=n)
    w = lr.least_squares_coefficients(X, y)
    best = np.sum((y - X @ w) ** 2)
    for z in rng.normal(size=(5, d)):
        assert np.sum((y - X @ (w + 1e-2 * z)) ** 2) >= best * (1 - 1e-12) - 1e-20
        flat = z - np.linalg.pinv(X, rcond=1e-10) @ (X @ z)
        assert np.linalg.norm(w + flat) >= np.linalg.norm(w) * (1 - 1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [1.0, 2.0]), r"X must have shape \(n, d\), found shape \(2,\)"),
        (([[1.0], [np.nan]], [1.0, 2.0]), r"X must be finite, found nan at index \(1, 0\)"),
        (([[1.0], [2.0]], [1.0]), r"y must have shape \(2,\), found shape \(1,\)"),
        ((np.empty((0, 3)), []), r"X must not be empty, found shape \(0, 3\)"),
    ],
)
def test_bad_input_is_named(arguments, message):
    for fit in (lr.least_squares, lr.least_squares_coefficients):
        with pytest.raises(ValueError, match=message):
            fit(*arguments)


def test_other_bad_input_is_named():
    X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    with pytest.raises(
        ValueError, match=r"full column rank 2 for method 'qr', found rank 1: use method 'svd'"
    ):
        lr.least_squares_coefficients(X, [1.0, 2.0, 3.0], method="qr")
    with pytest.raises(ValueError, match="method must be 'svd' or 'qr', found 'lu'"):
        lr.least_squares_coefficients(X, [1.0, 2.0, 3.0], method="lu")
    with pytest.raises(ValueError, match="A must have 3 rows, found 2"):
        lr.partial_out(X, np.eye(2))
    with pytest.raises(ValueError, match="the result exceeds the floats"):
        lr.least_squares_coefficients([[1e-200]], [1e200])
    with pytest.raises(ValueError, match="the result exceeds the floats"):
        lr.least_squares([[1.7e308], [1.7e308]], [1.0, 2.0])


def test_inputs_are_not_changed():
    X, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    X.setflags(write=False)
    y.setflags(write=False)
    lr.least_squares(X, y)
    lr.projection(X)
    lr.partial_out(X[:, :1], X[:, 1:])
    np.testing.assert_array_equal(X, np.arange(6.0).reshape(3, 2))
