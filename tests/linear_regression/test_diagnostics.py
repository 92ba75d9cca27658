"""Diagnostics against brute-force refits, statsmodels and scikit-learn."""

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from statsmodels.stats.outliers_influence import OLSInfluence, variance_inflation_factor

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (6, 4), (7, 1), (40, 6)]


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    """Data off-centre and off-scale, with d = 1 among the shapes."""
    n, d = request.param
    rng = np.random.default_rng(n * 10 + d)
    X = 3 + 2 * rng.normal(size=(n, d)) * np.geomspace(1, 100, d)
    return X, 5 + X @ rng.normal(size=d) + rng.normal(size=n)


def without(i, *arrays):
    return [np.delete(a, i, axis=0) for a in arrays]


@pytest.mark.parametrize("intercept", [True, False])
def test_agrees_with_statsmodels(problem, intercept):
    X, y = problem
    theirs = OLSInfluence(sm.OLS(y, sm.add_constant(X) if intercept else X).fit())
    np.testing.assert_allclose(lr.leverages(X, intercept=intercept), theirs.hat_matrix_diag, rtol=1e-8)
    ours = lr.leave_one_out_residuals(X, y, intercept=intercept)
    np.testing.assert_allclose(ours, theirs.resid_press, rtol=1e-6)
    np.testing.assert_allclose(
        lr.cooks_distances(X, y, intercept=intercept), theirs.cooks_distance[0], rtol=1e-6
    )


@pytest.mark.parametrize("intercept", [True, False])
def test_leave_one_out_residuals_agree_with_refits(problem, intercept):
    X, y = problem
    ours = lr.leave_one_out_residuals(X, y, intercept=intercept)
    model = LinearRegression(fit_intercept=intercept)
    for i in range(len(y)):
        left_out = model.fit(*without(i, X, y)).predict(X[i : i + 1])[0]
        assert ours[i] == pytest.approx(y[i] - left_out, rel=1e-7)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("shape", [(9, 3), (4, 6), (7, 1)], ids=str)
def test_ridge_leave_one_out_residuals_agree_with_refits(shape, intercept):
    rng = np.random.default_rng(sum(shape))
    X, y = 2 + rng.normal(size=shape), 5 + rng.normal(size=shape[0])
    for lam in (1e-2, 3.0):
        ours = lr.leave_one_out_residuals(X, y, lam, intercept=intercept)
        model = Ridge(alpha=lam, fit_intercept=intercept, solver="svd")
        for i in range(len(y)):
            left_out = model.fit(*without(i, X, y)).predict(X[i : i + 1])[0]
            assert ours[i] == pytest.approx(y[i] - left_out, rel=1e-8)


def test_cooks_distances_agree_with_refits(problem):
    X, y = problem
    fit = LinearRegression().fit(X, y)
    p = X.shape[1] + 1
    sigma2 = np.sum((y - fit.predict(X)) ** 2) / (len(y) - p)
    for i, ours in enumerate(lr.cooks_distances(X, y)):
        moved = fit.predict(X) - LinearRegression().fit(*without(i, X, y)).predict(X)
        assert ours == pytest.approx(moved @ moved / p / sigma2, rel=1e-6)


def test_leverages_are_the_slopes_of_the_fitted_values(problem):
    X, y = problem
    slopes = [
        LinearRegression().fit(X, y + np.eye(len(y))[i]).predict(X)[i]
        - LinearRegression().fit(X, y).predict(X)[i]
        for i in range(len(y))
    ]
    np.testing.assert_allclose(lr.leverages(X), slopes, atol=1e-9)


def test_leverages_have_their_bounds_and_sum(problem):
    X, _ = problem
    h = lr.leverages(X)
    assert h.sum() == pytest.approx(X.shape[1] + 1)
    assert np.all((h >= 1 / len(h) - 1e-12) & (h <= 1))
    assert lr.leverages(X, intercept=False).sum() == pytest.approx(X.shape[1])
    assert lr.leverages(X, 2.0).sum() == pytest.approx(
        1 + lr.ridge_degrees_of_freedom(X - X.mean(axis=0), 2.0)
    )


def test_collinear_columns_change_no_diagnostic():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 2)), rng.normal(size=9)
    more = np.column_stack([X, X @ [1e3, -2e3], np.full(9, 0.1)])
    np.testing.assert_allclose(lr.leverages(more), lr.leverages(X), atol=1e-12)
    np.testing.assert_allclose(lr.cooks_distances(more, y), lr.cooks_distances(X, y), rtol=1e-9)
    np.testing.assert_allclose(
        lr.leave_one_out_residuals(more, y), lr.leave_one_out_residuals(X, y), rtol=1e-9
    )


def test_r_squared_agrees_with_scikit_learn_and_statsmodels(problem):
    X, y = problem
    fit = sm.OLS(y, sm.add_constant(X)).fit()
    assert lr.r_squared(y, fit.fittedvalues) == pytest.approx(fit.rsquared, rel=1e-10)
    ours = lr.adjusted_r_squared(y, fit.fittedvalues, X.shape[1] + 1)
    assert ours == pytest.approx(fit.rsquared_adj, rel=1e-10)
    other = np.roll(y, 1)
    assert lr.r_squared(y, other) == pytest.approx(r2_score(y, other), rel=1e-10)


def test_variance_inflation_factors_agree_with_statsmodels(problem):
    X, _ = problem
    Z = sm.add_constant(X)
    theirs = [variance_inflation_factor(Z, j) for j in range(1, Z.shape[1])]
    np.testing.assert_allclose(lr.variance_inflation_factors(X), theirs, rtol=1e-7)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_units_change_nothing_but_units(scale):
    rng = np.random.default_rng(4)
    X, y = 2 + rng.normal(size=(9, 2)), rng.normal(size=9)
    Z, z = X * np.array([scale, 1.0]), y * scale
    np.testing.assert_allclose(lr.leverages(Z), lr.leverages(X), rtol=1e-10)
    np.testing.assert_allclose(lr.leverages(X * scale, scale * scale), lr.leverages(X, 1.0), rtol=1e-10)
    np.testing.assert_allclose(lr.cooks_distances(Z, z), lr.cooks_distances(X, y), rtol=1e-10)
    ours = lr.leave_one_out_residuals(Z, z) / scale
    np.testing.assert_allclose(ours, lr.leave_one_out_residuals(X, y), rtol=1e-10)
    np.testing.assert_allclose(lr.variance_inflation_factors(Z), lr.variance_inflation_factors(X), rtol=1e-10)
    assert lr.r_squared(z, z + scale) == pytest.approx(lr.r_squared(y, y + 1), rel=1e-10)


def test_inflation_keeps_its_digits_at_condition_1e8():
    x = np.array([1.0, -1, 1, -1])
    z = np.array([1.0, 1, -1, -1])
    X = np.column_stack([x, x + 2.0**-26 * z])
    # by hand: R^2 = 1 / (1 + 2^-52), of either on the other
    np.testing.assert_allclose(lr.variance_inflation_factors(X), 1 + 2.0**52, rtol=1e-6)


def test_one_sample_and_one_feature():
    np.testing.assert_array_equal(lr.leverages([[3.0]]), [1.0])
    np.testing.assert_array_equal(lr.leverages([[3.0]], intercept=False), [1.0])
    np.testing.assert_array_equal(lr.leverages([[0.0], [0.0]], intercept=False), [0.0, 0.0])
    with pytest.raises(ValueError, match="found 1 at row 0"):
        lr.leave_one_out_residuals([[3.0]], [1.0])


def test_bad_input_is_named():
    X, y = np.array([[0.0], [0], [0], [1]]), np.array([1.0, 2, 4, 3])
    for refused in (lr.leave_one_out_residuals, lr.cooks_distances):
        with pytest.raises(ValueError, match="leverages must be below 1, found 1 at row 3"):
            refused(X, y)
        with pytest.raises(ValueError, match=r"y must have shape \(4,\)"):
            refused(X, y[:3])
    with pytest.raises(ValueError, match="fits y exactly"):
        lr.cooks_distances(np.arange(4.0)[:, None], 2 * np.arange(4.0))
    with pytest.raises(ValueError, match="y must not be constant, found 3 equal entries"):
        lr.r_squared([0.1, 0.1, 0.1], [0.0, 0.1, 0.2])
    assert lr.r_squared([1.0, 2, 3], [1e150, 2, 3]) == pytest.approx(-5e299)
    with pytest.raises(ValueError, match="exceeds the floats"):
        lr.r_squared([1.0, 2, 3], [1e308, 2, 3])
    far = [[-3.0], [-1], [-1], [5]], np.array([3.0, -4, 0, 1]) * 4e307
    with pytest.raises(ValueError, match="exceeds the floats"):
        lr.leave_one_out_residuals(*far)
    with pytest.raises(ValueError, match="X must have a nonzero entry, found none"):
        lr.cooks_distances(np.zeros((4, 1)), y, intercept=False)
    for p in (0, 1.5, 3):
        with pytest.raises(ValueError, match=f"p must be from 1 to 2, found {p}"):
            lr.adjusted_r_squared([1.0, 2, 4], [1.0, 2, 3], p)
    with pytest.raises(ValueError, match="expected rank 3, found 2"):
        lr.variance_inflation_factors(np.column_stack([np.arange(4.0), np.full(4, 0.1)]))
    with pytest.raises(ValueError, match="expected rank 4, found 2"):
        lr.variance_inflation_factors([[1.0, 2, 3], [2, 4, 7]])
    with pytest.raises(ValueError, match="lam must be a number >= 0"):
        lr.leverages(X, -1.0)


def test_inputs_are_not_changed():
    X, y = np.arange(10.0).reshape(5, 2) ** 2, np.array([1.0, 2, 1, 5, 3])
    before = X.copy(), y.copy()
    X.setflags(write=False)
    y.setflags(write=False)
    lr.leverages(X)
    lr.leave_one_out_residuals(X, y, 1.0)
    lr.cooks_distances(X, y)
    lr.r_squared(y, y + 1)
    lr.variance_inflation_factors(X)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
