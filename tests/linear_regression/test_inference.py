"""Inference for least squares against statsmodels, SciPy, brute force and exact laws."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.feature_selection import f_regression

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (6, 4), (7, 1), (40, 6)]


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    """Data off-centre and off-scale, with d = 1 and n - p = 1 among the shapes."""
    n, d = request.param
    rng = np.random.default_rng(n * 10 + d)
    X = 3 + 2 * rng.normal(size=(n, d)) * np.geomspace(1, 100, d)
    return X, 5 + X @ rng.normal(size=d) + rng.normal(size=n)


def design(X, intercept):
    return sm.add_constant(X, has_constant="add") if intercept else X


@pytest.mark.parametrize("intercept", [True, False])
def test_agrees_with_statsmodels(problem, intercept):
    X, y = problem
    ours = lr.ols_inference(X, y, intercept=intercept)
    theirs = sm.OLS(y, design(X, intercept)).fit()
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.standard_errors, theirs.bse, rtol=1e-8)
    np.testing.assert_allclose(ours.t_values, theirs.tvalues, rtol=1e-7)
    np.testing.assert_allclose(ours.p_values, theirs.pvalues, rtol=1e-6)
    assert ours.sigma2 == pytest.approx(theirs.mse_resid, rel=1e-8)
    assert ours.degrees_of_freedom == theirs.df_resid
    for level in (0.5, 0.95, 0.999):
        np.testing.assert_allclose(ours.confidence_intervals(level), theirs.conf_int(1 - level), rtol=1e-6)


@pytest.mark.parametrize("intercept", [True, False])
def test_prediction_intervals_agree_with_statsmodels(problem, intercept):
    X, y = problem
    X_new = np.vstack([X[:2] + 1, 10 * X[:1], 0 * X[:1]])
    theirs = sm.OLS(y, design(X, intercept)).fit().get_prediction(design(X_new, intercept))
    for level in (0.8, 0.95):
        ours = lr.prediction_intervals(X, y, X_new, level, intercept=intercept)
        np.testing.assert_allclose(ours, theirs.conf_int(obs=True, alpha=1 - level), rtol=1e-7)


@pytest.mark.parametrize("intercept", [True, False])
def test_f_test_agrees_with_statsmodels_for_every_subset(intercept):
    rng = np.random.default_rng(1)
    X, y = 2 + rng.normal(size=(12, 3)), rng.normal(size=12)
    full = sm.OLS(y, design(X, intercept)).fit()
    for kept in ([], [0], [1], [2], [0, 1], [2, 0], [1, 2]):
        ours = lr.f_test(X, y, kept, intercept=intercept)
        if kept or intercept:
            restricted = design(X[:, kept], intercept) if kept else np.ones((12, 1))
            f, p, m = full.compare_f_test(sm.OLS(y, restricted).fit())
        else:
            f, m = (y @ y - full.ssr) / 3 / full.mse_resid, 3
            p = stats.f.sf(f, 3, 9)
        assert ours.f_value == pytest.approx(f, rel=1e-9)
        assert ours.p_value == pytest.approx(p, rel=1e-9)
        assert ours.degrees_of_freedom == (m, full.df_resid)


def test_f_of_one_column_is_the_square_of_its_t(problem):
    X, y = problem
    fit = lr.ols_inference(X, y)
    for j in range(X.shape[1]):
        one = lr.f_test(X, y, [i for i in range(X.shape[1]) if i != j])
        assert one.f_value == pytest.approx(fit.t_values[1 + j] ** 2, rel=1e-8)
        assert one.p_value == pytest.approx(fit.p_values[1 + j], rel=1e-7)


def test_one_feature_agrees_with_scipy_and_scikit_learn():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=15), rng.normal(size=15)
    fit, theirs = lr.ols_inference(x[:, None], y), stats.linregress(x, y)
    np.testing.assert_allclose(fit.coefficients, [theirs.intercept, theirs.slope], rtol=1e-10)
    np.testing.assert_allclose(fit.standard_errors, [theirs.intercept_stderr, theirs.stderr], rtol=1e-10)
    assert fit.p_values[1] == pytest.approx(theirs.pvalue, rel=1e-9)
    f, p = f_regression(x[:, None], y)
    ours = lr.f_test(x[:, None], y, [])
    assert (ours.f_value, ours.p_value) == (pytest.approx(f[0]), pytest.approx(p[0]))


def test_two_groups_give_the_t_test_of_equal_variances():
    a, b = np.array([1.0, 3, 2.5]), np.array([4.0, 8, 5, 7])
    fit = lr.ols_inference(np.repeat([0.0, 1], [3, 4])[:, None], np.concatenate([a, b]))
    t, p = stats.ttest_ind(b, a)
    assert (fit.t_values[1], fit.p_values[1]) == (pytest.approx(t), pytest.approx(p))


def test_moments_agree_with_the_exact_law_of_sign_noise():
    rng = np.random.default_rng(3)
    X, w, sigma = rng.normal(size=(8, 2)), np.array([1.0, -2]), 0.7
    # every sign vector once: mean zero, covariance the identity, exactly
    signs = 2.0 * ((np.arange(256)[:, None] >> np.arange(8)) & 1) - 1
    fits = [lr.ols_inference(X, X @ w + sigma * e, intercept=False) for e in signs]
    estimates = np.array([fit.coefficients for fit in fits])
    np.testing.assert_allclose(estimates.mean(axis=0), w, atol=1e-12)
    assert np.mean([fit.sigma2 for fit in fits]) == pytest.approx(sigma**2, rel=1e-12)
    true_errors = fits[0].standard_errors * sigma / np.sqrt(fits[0].sigma2)
    np.testing.assert_allclose(true_errors, estimates.std(axis=0), rtol=1e-10)


def test_small_p_values_keep_their_digits():
    X, y = np.arange(30.0)[:, None], 10 * np.arange(30.0) + np.resize([1.0, -1, -1, 1], 30)
    fit = lr.ols_inference(X, y)
    assert 0 < fit.p_values[1] < 1e-40
    assert fit.p_values[1] == pytest.approx(2 * stats.t.sf(fit.t_values[1], 28), rel=1e-9)


@pytest.mark.parametrize("x_scale", [1e-200, 1e-150, 1.0, 1e150, 1e200])
@pytest.mark.parametrize("y_scale", [1e-100, 1.0, 1e100])
def test_units_change_nothing_but_units(x_scale, y_scale):
    rng = np.random.default_rng(4)
    X, y = 2 + rng.normal(size=(9, 2)), rng.normal(size=9)
    units = np.array([x_scale, 1.0])
    plain, scaled = lr.ols_inference(X, y), lr.ols_inference(X * units, y * y_scale)
    w = np.append(1, 1 / units) * y_scale
    np.testing.assert_allclose(scaled.coefficients / w, plain.coefficients, rtol=1e-10)
    np.testing.assert_allclose(scaled.standard_errors / w, plain.standard_errors, rtol=1e-10)
    np.testing.assert_allclose(scaled.t_values, plain.t_values, rtol=1e-10)
    test = lr.f_test(X * units, y * y_scale, [1])
    assert test.f_value == pytest.approx(lr.f_test(X, y, [1]).f_value, rel=1e-10)
    ends = lr.prediction_intervals(X * units, y * y_scale, X[:1] * units)
    np.testing.assert_allclose(ends / y_scale, lr.prediction_intervals(X, y, X[:1]), rtol=1e-10)


def test_digits_survive_a_condition_number_of_1e8():
    rng = np.random.default_rng(5)
    U, V = np.linalg.qr(rng.normal(size=(30, 4)))[0], np.linalg.qr(rng.normal(size=(4, 4)))[0]
    X = U @ np.diag(np.logspace(0, -8, 4)) @ V.T
    e = rng.normal(size=30)
    e -= U @ (U.T @ e)
    fit = lr.ols_inference(X, X @ np.ones(4) + 1e-8 * e, intercept=False)
    np.testing.assert_allclose(fit.coefficients, 1, rtol=1e-5)
    expected = 1e-8 * np.linalg.norm(e) / np.sqrt(26) * np.linalg.norm(V / np.logspace(0, -8, 4), axis=1)
    np.testing.assert_allclose(fit.standard_errors, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1.0], [2.0]], [1.0, 2.0], "more rows than the 2 coefficients, found 2"),
        ([[1.0]], [1.0], "more rows than the 2 coefficients, found 1"),
        ([[1.0, 2, 3], [2, 4, 7]], [1.0, 2.0], "more rows than the 4 coefficients, found 2"),
        (np.full((5, 1), 0.1), np.arange(5.0), "full column rank 2, found rank 1"),
        (np.outer(np.arange(6.0), [1, 2]), np.arange(6.0) ** 2, "full column rank 3, found rank 2"),
        (np.arange(5.0)[:, None], 3 + 2 * np.arange(5.0), "fits y exactly"),
        (np.arange(5.0)[:, None], np.zeros(5), "fits y exactly"),
        (np.arange(5.0)[:, None], np.arange(4.0), r"y must have shape \(5,\)"),
        ([[1.0], [np.nan], [2.0]], np.arange(3.0), "X must be finite"),
        (np.arange(5.0)[:, None], np.array([0, 1, 4, 2, 9]) * 1e200, "rescale"),
        (np.arange(5.0)[:, None], np.array([0, 1, 4, 2, 9]) * 1e-200, "variance is below the floats"),
    ],
)
def test_bad_input_is_named(X, y, message):
    with pytest.raises(ValueError, match=message):
        lr.ols_inference(X, y)


def test_other_bad_input_is_named():
    X, y = np.arange(10.0).reshape(5, 2) ** 2, np.array([1.0, 2, 1, 5, 3])
    for kept in ([0, 1], [2], [-1], [0, 0]):
        with pytest.raises(ValueError, match="kept must hold some, not all, of the positions 0 to 1"):
            lr.f_test(X, y, kept)
    for kept in ([0.0], [False]):
        assert lr.f_test(X, y, kept) == lr.f_test(X, y, [0])
    small = lr.ols_inference(X * 1e-300, y * 1e7)
    with pytest.raises(ValueError, match="exceeds the floats"):
        small.confidence_intervals(1 - 1e-12)
    with pytest.raises(ValueError, match="X_new must have 2 columns, found 1"):
        lr.prediction_intervals(X, y, [[1.0]])
    with pytest.raises(ValueError, match="level must be below 1, found 1"):
        lr.prediction_intervals(X, y, X, 1.0)
    with pytest.raises(ValueError, match="level must be a number > 0"):
        lr.ols_inference(X, y).confidence_intervals(0)


def test_inputs_are_not_changed():
    X, y = np.arange(10.0).reshape(5, 2) ** 2, np.array([1.0, 2, 1, 5, 3])
    before = X.copy(), y.copy()
    X.setflags(write=False)
    y.setflags(write=False)
    lr.ols_inference(X, y)
    lr.f_test(X, y, [0])
    lr.prediction_intervals(X, y, X)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])
