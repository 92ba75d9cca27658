"""Bayesian regression against SciPy, scikit-learn, brute force and ridge regression."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct
from sklearn.linear_model import BayesianRidge

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (4, 6), (7, 1), (1, 2)]
NO_HYPERPRIOR = dict.fromkeys(["alpha_1", "alpha_2", "lambda_1", "lambda_2"], 0.0)


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    """Data off-centre and off-scale, with n < d and d = 1 among the shapes."""
    n, d = request.param
    rng = np.random.default_rng(n * 10 + d)
    return 3 + 2 * rng.normal(size=(n, d)), 5 + rng.normal(size=n)


def signal(n, d, seed=0):
    rng = np.random.default_rng(seed)
    X = 3 + rng.normal(size=(n, d)) * np.arange(1, d + 1)
    return X, 5 + X @ rng.normal(size=d) + rng.normal(size=n)


def test_posterior_is_the_conditional_law_of_jointly_normal_vectors(problem):
    X, y = problem
    n, d = X.shape
    lam, sigma2 = 0.7, 0.3
    prior, cross = sigma2 / lam * np.eye(d), sigma2 / lam * X.T
    total = sigma2 * np.eye(n) + sigma2 / lam * X @ X.T
    ours = lr.bayesian_regression(X, y, lam, sigma2, intercept=False)
    np.testing.assert_allclose(ours.mean, cross @ np.linalg.solve(total, y), rtol=1e-8)
    expected = prior - cross @ np.linalg.solve(total, cross.T)
    np.testing.assert_allclose(ours.covariance, expected, atol=1e-9)


def test_mean_is_the_ridge_fit(problem):
    X, y = problem
    ours, ridge = lr.bayesian_regression(X, y, 0.7, 0.3), lr.ridge(X, y, 0.7)
    np.testing.assert_allclose(ours.mean, ridge.w, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.predictive(X)[0], ridge.predict(X), rtol=1e-9)


def test_evidence_is_the_density_of_the_targets(problem):
    X, y = problem
    covariance = 0.3 * (np.eye(len(y)) + X @ X.T / 0.7)
    expected = multivariate_normal(np.zeros(len(y)), covariance).logpdf(y)
    ours = lr.log_evidence(X, y, 0.7, 0.3, intercept=False)
    assert ours == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shape", [(9, 3), (13, 2), (4, 6), (7, 1), (2, 3)], ids=str)
def test_evidence_with_an_intercept_is_that_of_differences(shape):
    # Differences of neighbours are contrasts, orthonormal up to their own covariance D D'.
    n, d = shape
    rng = np.random.default_rng(n)
    X, y = 3 + rng.normal(size=(n, d)), 5 + rng.normal(size=n)
    D = np.diff(np.eye(n), axis=0)
    covariance = 0.3 * D @ (np.eye(n) + X @ X.T / 0.7) @ D.T
    density = multivariate_normal(np.zeros(n - 1), covariance).logpdf(D @ y)
    expected = density + np.linalg.slogdet(D @ D.T)[1] / 2
    assert lr.log_evidence(X, y, 0.7, 0.3) == pytest.approx(expected, rel=1e-9)


def test_flat_intercept_is_the_limit_of_a_wide_normal_one(problem):
    X, y = problem
    n, lam, sigma2, x = len(y), 0.7, 0.3, np.full((1, X.shape[1]), 2.5)
    X_all = np.vstack([X, x])
    C = sigma2 * (np.eye(n + 1) + X_all @ X_all.T / lam) + 1e7
    mean = C[n, :n] @ np.linalg.solve(C[:n, :n], y)
    variance = C[n, n] - C[n, :n] @ np.linalg.solve(C[:n, :n], C[:n, n])
    ours = lr.bayesian_regression(X, y, lam, sigma2).predictive(x)
    np.testing.assert_allclose(ours, [[mean], [variance]], rtol=1e-5)


def test_predictions_agree_with_a_gaussian_process(problem):
    X, y = problem
    lam, sigma2, X_new = 0.7, 0.3, X[:1] + np.arange(3.0)[:, None]
    kernel = ConstantKernel(sigma2 / lam, "fixed") * DotProduct(0, "fixed")
    process = GaussianProcessRegressor(kernel, alpha=sigma2).fit(X, y)
    mean, std = process.predict(X_new, return_std=True)
    ours = lr.bayesian_regression(X, y, lam, sigma2, intercept=False).predictive(X_new)
    np.testing.assert_allclose(ours[0], mean, rtol=1e-7)
    np.testing.assert_allclose(ours[1], std**2 + sigma2, rtol=1e-6)


@pytest.mark.parametrize("shape", [(30, 3), (13, 2), (40, 6), (19, 1)], ids=str)
def test_maximum_agrees_with_scikit_learn(shape):
    X, y = signal(*shape)
    ours = lr.maximise_evidence(X, y, intercept=False)
    theirs = BayesianRidge(
        tol=1e-13, max_iter=10000, fit_intercept=False, compute_score=True, **NO_HYPERPRIOR
    )
    theirs.fit(X, y)
    assert ours.lam == pytest.approx(theirs.lambda_ / theirs.alpha_, rel=1e-6)
    assert ours.sigma2 == pytest.approx(1 / theirs.alpha_, rel=1e-6)
    assert ours.history[-1] == pytest.approx(theirs.scores_[-1], rel=1e-9)
    posterior = lr.bayesian_regression(X, y, ours.lam, ours.sigma2, intercept=False)
    np.testing.assert_allclose(posterior.covariance, theirs.sigma_, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_maximum_is_where_a_general_optimiser_ends(seed):
    X, y = signal(12, 4, seed)
    ours = lr.maximise_evidence(X, y)
    found = minimize(
        lambda t: -lr.log_evidence(X, y, *np.exp(t)), np.log([1.0, y.var()]), method="Nelder-Mead", tol=1e-10
    )
    assert ours.history[-1] == pytest.approx(-found.fun, rel=1e-9)
    assert ours.history[-1] == pytest.approx(lr.log_evidence(X, y, ours.lam, ours.sigma2), rel=1e-12)
    np.testing.assert_allclose(np.log([ours.lam, ours.sigma2]), found.x, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 9), st.integers(1, 6), st.booleans(), st.integers(0, 2**32 - 1))
def test_no_update_lowers_the_evidence(n, d, intercept, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.exp(2 * rng.normal(size=d))
    y = X @ rng.normal(size=d) + rng.normal(size=n)
    with suppress(ValueError):  # n directions may fit n targets exactly
        history = lr.maximise_evidence(X, y, intercept=intercept).history
        assert np.all(np.diff(history) >= -1e-10 * np.abs(history).max())


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e8, 1e150])
def test_the_units_of_features_and_targets_do_not_matter(scale):
    X, y = signal(20, 3)
    unit = lr.maximise_evidence(X, y)
    ours = lr.maximise_evidence(scale * X, y)
    assert ours.lam / scale / scale == pytest.approx(unit.lam, rel=1e-8)
    assert ours.sigma2 == pytest.approx(unit.sigma2, rel=1e-8)
    ours = lr.maximise_evidence(X, scale * y)
    assert ours.lam == pytest.approx(unit.lam, rel=1e-8)
    assert ours.sigma2 / scale / scale == pytest.approx(unit.sigma2, rel=1e-8)
    np.testing.assert_allclose(ours.history, unit.history - 19 * np.log(scale), rtol=1e-9)


def test_penalty_is_infinite_when_zero_weights_are_best():
    X = np.array([[1.0], [-1], [1], [-1], [0]])
    y = np.array([1.0, 1, -1, -1, 0.5])  # orthogonal to X once it is centred
    ours = lr.maximise_evidence(X, y)
    assert ours.lam == np.inf
    assert ours.sigma2 == pytest.approx(y.var(ddof=1))
    assert ours.history[-1] == pytest.approx(lr.log_evidence(X, y, 1e12, ours.sigma2), rel=1e-9)
    constant = lr.maximise_evidence(np.full((5, 2), 0.1), y)
    assert constant.lam == np.inf
    assert constant.sigma2 == pytest.approx(y.var(ddof=1))


def test_an_exact_fit_has_no_maximum():
    X = np.arange(12.0).reshape(6, 2) ** 2
    with pytest.raises(ValueError, match="y must not be fitted exactly"):
        lr.maximise_evidence(X, X @ [1.0, 2.0] + 3)
    with pytest.raises(ValueError, match="the evidence is largest as sigma2 -> 0"):
        lr.maximise_evidence(np.diag([1.0, 2, 3]), [1.0, 2, 3], intercept=False)


def test_recursion_is_ridge_on_the_first_samples(problem):
    X, y = problem
    ours = lr.recursive_least_squares(X, y, 0.7)
    assert ours.path.shape == (len(y) + 1, X.shape[1])
    np.testing.assert_array_equal(ours.path[0], 0)
    w, P = np.zeros(X.shape[1]), np.eye(X.shape[1]) / 0.7
    for t in range(1, len(y) + 1):
        expected = lr.ridge_path(X[:t], y[:t], [0.7])[0]
        np.testing.assert_allclose(ours.path[t], expected, rtol=1e-8, atol=1e-11)
        w, P = lr.rls_step(w, P, X[t - 1], y[t - 1])
        np.testing.assert_allclose(w, expected, rtol=1e-7, atol=1e-10)
    gram = X.T @ X + 0.7 * np.eye(X.shape[1])
    np.testing.assert_allclose(ours.P @ gram, np.eye(X.shape[1]), atol=1e-9)
    np.testing.assert_allclose(P, ours.P, rtol=1e-7, atol=1e-10)


def test_recursion_keeps_its_digits_at_condition_number_1e8():
    rng = np.random.default_rng(0)
    U, V = np.linalg.qr(rng.normal(size=(30, 4)))[0], np.linalg.qr(rng.normal(size=(4, 4)))[0]
    X, w = U @ np.diag(np.logspace(0, -8, 4)) @ V.T, rng.normal(size=4)
    ours = lr.recursive_least_squares(X, X @ w, 1e-25)
    np.testing.assert_allclose(ours.path[-1], w, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_posterior_and_recursion_at_extreme_scales(scale):
    X, y = signal(9, 3)
    lam = 0.7 * scale * scale
    unit = lr.bayesian_regression(X, y, 0.7, 0.3)
    # the covariance itself would not be a floating-point number with sigma2 = 0.3
    ours = lr.bayesian_regression(scale * X, scale * y, lam, 0.3 * scale * scale)
    np.testing.assert_allclose(ours.mean, unit.mean, rtol=1e-9)
    np.testing.assert_allclose(ours.covariance, unit.covariance, rtol=1e-9)
    path = lr.recursive_least_squares(X, scale * y, 0.7).path
    np.testing.assert_allclose(path / scale, lr.recursive_least_squares(X, y, 0.7).path, rtol=1e-9)


def test_directions_without_data_keep_the_variance_of_the_prior():
    X = np.array([[1e8, 1e8], [2e8, 2e8], [-1e8, -1e8]])
    covariance = lr.bayesian_regression(X, [1.0, 2, 3], 1e-4, 0.3, intercept=False).covariance
    across, along = np.array([1.0, -1]) / np.sqrt(2), np.array([1.0, 1]) / np.sqrt(2)
    assert across @ covariance @ across == pytest.approx(0.3 / 1e-4, rel=1e-9)
    assert along @ covariance @ along < 1e-9


def test_predictive_variance_where_the_covariance_has_no_digits_left():
    # Along (1, 1) the variance is sigma2 / (12e16 + lam), beside sigma2 / lam = 3000 across.
    X = np.array([[1e8, 1e8], [2e8, 2e8], [-1e8, -1e8]])
    fit = lr.bayesian_regression(X, [1.0, 2, 3], 1e-4, 0.3, intercept=False)
    variance = fit.predictive([[1e8, 1e8], [1e9, 1e9], [0, 0]])[1]
    np.testing.assert_allclose(variance, 0.3 * np.array([1 + 1 / 6, 1 + 100 / 6, 1]), rtol=1e-9)
    np.testing.assert_allclose(fit.root @ fit.root.T, fit.covariance, rtol=1e-12)
    # Below condition 1e8 the leverage of least squares is the limit of small penalties.
    V = np.vander(np.linspace(0, 1, 30), 9)
    fit = lr.bayesian_regression(V, np.ones(30), 1e-25, 2.0, intercept=False)
    leverage = np.sum(np.linalg.qr(V)[0] ** 2, axis=1)
    np.testing.assert_allclose(fit.predictive(V)[1], 2 * (1 + leverage), rtol=1e-7)


COLUMN, PAIR = [[1.0], [2.0]], [1.0, 2.0]


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (lr.bayesian_regression, (COLUMN, PAIR, 0.0, 1.0), r"lam must be a number > 0, found 0\.0"),
        (lr.bayesian_regression, (COLUMN, PAIR, 1.0, -1), "sigma2 must be a number > 0, found -1"),
        (lr.log_evidence, (COLUMN, [1.0], 1.0, 1.0), r"y must have shape \(2,\), found shape \(1,\)"),
        (lr.log_evidence, (PAIR, PAIR, 1.0, 1.0), r"X must have shape \(n, d\), found shape \(2,\)"),
        (lr.log_evidence, (COLUMN, [1e300, 2e300], 1.0, 1e-300), "rescale X, y"),
        (lr.maximise_evidence, ([[1.0], [np.nan]], PAIR), r"X must be finite, found nan at index \(1, 0\)"),
        (lr.maximise_evidence, (COLUMN, [3.0, 3.0]), "y must vary, found nothing to explain"),
        (lr.maximise_evidence, ([[1.0]], [3.0]), "y must vary, found nothing to explain"),
        (lr.maximise_evidence, (1e200 * np.arange(4.0)[:, None] ** 2, [1.0, 2, 3, 9]), "rescale X or y"),
        (lr.recursive_least_squares, (COLUMN, PAIR, 0.0), r"lam must be a number > 0, found 0\.0"),
        (lr.recursive_least_squares, ([[1e200]], [1.0], 1.0), "rescale X"),
        (lr.rls_step, (PAIR, [[1.0]], [1.0], 1.0), r"w must have shape \(1,\), found shape \(2,\)"),
        (lr.rls_step, ([1.0], [[1.0]], [1.0], np.nan), r"y must be finite, found nan"),
        (lr.rls_step, ([1.0], [[1.0]], [1.0], PAIR), r"y must have shape \(1,\), found shape \(1, 2\)"),
        (lr.rls_step, ([1.0], [[1e308]], [1e10], 1.0), "rescale X"),
        (lr.rls_step, ([1.0], [[-1.0]], [1.0], 1.0), "rescale X"),
        (lr.rls_step, ([1.0], [PAIR], [1.0], 1.0), r"P must be square, found shape \(1, 2\)"),
    ],
)
def test_bad_input_is_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


def test_prediction_needs_as_many_columns_as_the_fit():
    fit = lr.bayesian_regression([[0.0], [1.0]], [0.0, 1.0], 1.0, 1.0)
    with pytest.raises(ValueError, match="X must have 1 columns, found 2"):
        fit.predictive([[1.0, 2.0]])


def test_one_sample_with_an_intercept_says_nothing_about_the_coefficients():
    fit = lr.bayesian_regression([[2.0, 3.0]], [5.0], 0.5, 0.3)
    np.testing.assert_array_equal(fit.mean, [0, 0])
    np.testing.assert_allclose(fit.covariance, 0.6 * np.eye(2))
    assert lr.log_evidence([[2.0, 3.0]], [5.0], 0.5, 0.3) == 0


def test_inputs_are_not_changed():
    X, y = signal(9, 2)
    P, w = np.eye(2), np.zeros(2)
    before = [a.copy() for a in (X, y, P, w)]
    for array in (X, y, P, w):
        array.setflags(write=False)
    lr.maximise_evidence(X, y)
    lr.bayesian_regression(X, y, 1.0, 1.0).predictive(X)
    lr.recursive_least_squares(X, y, 1.0)
    lr.rls_step(w, P, X[0], y[0])
    for array, old in zip((X, y, P, w), before, strict=True):
        np.testing.assert_array_equal(array, old)
