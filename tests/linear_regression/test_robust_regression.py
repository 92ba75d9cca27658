"""Robust regression against brute force, general solvers, SciPy and scikit-learn."""

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq, linprog, minimize
from sklearn.linear_model import HuberRegressor, QuantileRegressor

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (40, 4), (7, 1)]
EVERY = [*SHAPES, (4, 6), (1, 2), (2, 1)]


def sample(n, d, seed=0):
    """Data off-centre, with heavy tails."""
    rng = np.random.default_rng(100 * n + d + seed)
    X = 3 + 2 * rng.normal(size=(n, d))
    return X, 5 + X @ rng.normal(size=d) + rng.standard_t(1.5, size=n)


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    return sample(*request.param)


def rho(r, c):
    return np.where(np.abs(r) <= c, r**2 / 2, c * np.abs(r) - c**2 / 2)


def huber_objective(X, y, w, b, c):
    return rho(y - b - X @ w, c).sum()


def absolute(X, y, fit):
    return np.abs(y - fit.predict(X)).sum()


# Huber's loss and estimate ---------------------------------------------


def test_loss_is_the_integral_of_the_cut_residual():
    r = np.array([-7.0, -1.5, 0.0, 0.3, 1.5, 20.0])
    t = np.linspace(0, 1, 200_001)
    steps = np.clip(r[:, None] * (t[1:] + t[:-1]) / 2, -1.5, 1.5).mean(axis=1)
    np.testing.assert_allclose(lr.huber_loss(r, 1.5), r * steps, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("threshold", [0.05, 0.5, 2.0, 50.0])
def test_huber_is_no_worse_than_a_general_minimiser(problem, threshold):
    X, y = problem
    fit = lr.huber_regression(X, y, threshold)
    ours = huber_objective(X, y, fit.w, fit.b, threshold)
    start = np.append(fit.w, fit.b) + 0.1
    theirs = minimize(
        lambda v: huber_objective(X, y, v[:-1], v[-1], threshold),
        start,
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 5000},
    )
    assert ours <= theirs.fun * (1 + 1e-12)
    assert ours == pytest.approx(theirs.fun, rel=1e-6)


@pytest.mark.parametrize("threshold", [0.05, 0.5, 2.0, 50.0])
def test_huber_solves_the_estimating_equation(problem, threshold):
    X, y = problem
    fit = lr.huber_regression(X, y, threshold)
    psi = np.clip(y - fit.predict(X), -threshold, threshold)
    size = threshold * np.abs(X).sum(axis=0)
    np.testing.assert_allclose(X.T @ psi / size, 0, atol=1e-12)
    assert abs(psi.sum()) < 1e-11 * threshold * len(y)


@pytest.mark.parametrize("threshold", [0.3, 2.0])
def test_huber_agrees_with_the_quadratic_programme_of_its_outliers(problem, threshold):
    """Minimise over the gross errors, split into two parts >= 0, with bounds alone."""
    X, y = problem
    n = len(y)
    A = np.column_stack([np.ones(n), X])
    R = np.eye(n) - A @ np.linalg.pinv(A)

    def value(v):
        rest = R @ (y - v[:n] + v[n:])
        slope = np.concatenate([-rest, rest]) + threshold
        return rest @ rest / 2 + threshold * v.sum(), slope

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 50_000, "maxfun": 50_000}
    found = minimize(
        value, np.zeros(2 * n), jac=True, bounds=[(0, None)] * 2 * n, method="L-BFGS-B", options=options
    )
    fit = lr.huber_regression(X, y, threshold)
    assert huber_objective(X, y, fit.w, fit.b, threshold) == pytest.approx(found.fun, rel=1e-7)


@pytest.mark.parametrize("epsilon", [1.1, 1.35, 2.5])
def test_huber_is_that_of_scikit_learn_at_its_scale(epsilon):
    X, y = sample(200, 3)
    theirs = HuberRegressor(epsilon=epsilon, alpha=0, tol=1e-10, max_iter=5000).fit(X, y)
    ours = lr.huber_regression(X, y, epsilon * theirs.scale_)
    np.testing.assert_allclose(ours.w, theirs.coef_, atol=2e-4)
    np.testing.assert_allclose(ours.b, theirs.intercept_, atol=2e-3)
    # Their objective, at its own scale, is not above that of their fit.
    theirs_value = huber_objective(X, y, theirs.coef_, theirs.intercept_, epsilon * theirs.scale_)
    assert huber_objective(X, y, ours.w, ours.b, epsilon * theirs.scale_) <= theirs_value


@pytest.mark.parametrize("threshold", [1e-8, 1e-3, 0.1, 1.0, 1e6])
def test_history_never_rises_and_ends_at_the_objective(problem, threshold):
    X, y = problem
    fit = lr.huber_regression(X, y, threshold)
    assert (np.diff(fit.history) <= 0).all()
    value = huber_objective(X, y, fit.w, fit.b, threshold) / threshold**2
    assert fit.history[-1] == pytest.approx(value, rel=1e-9)
    assert 0 <= fit.gap <= 1e-9 * fit.history[-1]


def test_gap_bounds_the_distance_from_the_best(problem):
    X, y = problem
    fit = lr.huber_regression(X, y, 0.4)
    rng = np.random.default_rng(1)
    ours = huber_objective(X, y, fit.w, fit.b, 0.4)
    for size in np.logspace(-8, 0, 30):
        w, b = fit.w + size * rng.normal(size=fit.w.size), fit.b + size * rng.normal()
        assert huber_objective(X, y, w, b, 0.4) >= ours - 0.4**2 * fit.gap - 1e-13 * ours


def test_a_large_threshold_gives_least_squares(problem):
    X, y = problem
    fit = lr.huber_regression(X, y, 1e9)
    A = np.column_stack([X, np.ones(len(y))])
    expected = np.linalg.lstsq(A, y, rcond=None)[0]
    np.testing.assert_allclose(np.append(fit.w, fit.b), expected, rtol=1e-9)


def test_a_small_threshold_gives_least_absolute_deviations(problem):
    X, y = problem
    fit = lr.huber_regression(X, y, 1e-9)
    least = absolute(X, y, lr.least_absolute_deviations(X, y))
    assert absolute(X, y, fit) == pytest.approx(least, rel=1e-8)


def test_an_outlier_may_go_anywhere():
    X, y = sample(40, 2)
    y[3] = 1e3
    near = lr.huber_regression(X, y, 1.0)
    for far in (1e4, 1e10, 1e100):
        y[3] = far
        fit = lr.huber_regression(X, y, 1.0)
        np.testing.assert_allclose(fit.w, near.w, rtol=1e-8)
        assert fit.b == pytest.approx(near.b, rel=1e-8)


@pytest.mark.parametrize("c", [0.01, 0.7, 2.0, 100.0])
def test_location_is_the_root_of_the_pull(c):
    y = sample(31, 1)[1]
    expected = brentq(lambda b: np.clip(y - b, -c, c).sum(), y.min(), y.max(), xtol=1e-14)
    assert lr.huber_location(y, c) == pytest.approx(expected, rel=1e-9)
    assert lr.huber_location(y[:1], c) == pytest.approx(y[0], rel=1e-14)


def test_location_is_regression_on_a_constant():
    y = sample(12, 1)[1]
    fit = lr.huber_regression(np.full((12, 2), 7.0), y, 0.5)
    np.testing.assert_array_equal(fit.w, 0)
    assert fit.b == pytest.approx(lr.huber_location(y, 0.5), rel=1e-12)


# Least absolute deviations ---------------------------------------------


def best_vertex(X, y):
    """The least sum over all fits through d + 1 samples."""
    A = np.column_stack([np.ones(len(y)), X])
    fits = (
        np.linalg.solve(A[list(S)], y[list(S)]) for S in itertools.combinations(range(len(y)), A.shape[1])
    )
    return min(np.abs(y - A @ w).sum() for w in fits)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(9, 3), (13, 2), (7, 1), (8, 4)], ids=str)
def test_lad_is_the_best_of_all_interpolating_fits(shape, seed):
    X, y = sample(*shape, seed)
    fit = lr.least_absolute_deviations(X, y)
    assert absolute(X, y, fit) == pytest.approx(best_vertex(X, y), rel=1e-11)
    zero = np.abs(y - fit.predict(X)) < 1e-11 * np.abs(y).max()
    assert zero.sum() >= shape[1] + 1


def test_lad_agrees_with_scikit_learn(problem):
    X, y = problem
    theirs = QuantileRegressor(quantile=0.5, alpha=0, solver="highs").fit(X, y)
    ours = absolute(X, y, lr.least_absolute_deviations(X, y))
    assert ours == pytest.approx(np.abs(y - theirs.predict(X)).sum(), rel=1e-8)


def test_lad_has_the_value_of_the_program_in_the_text(problem):
    X, y = problem
    n, d = X.shape
    found = linprog(
        np.concatenate([np.zeros(d + 1), np.ones(2 * n)]),
        A_eq=np.hstack([np.ones((n, 1)), X, np.eye(n), -np.eye(n)]),
        b_eq=y,
        bounds=[(None, None)] * (d + 1) + [(0, None)] * (2 * n),
    )
    assert absolute(X, y, lr.least_absolute_deviations(X, y)) == pytest.approx(found.fun, rel=1e-8)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_lad_without_features_is_a_median(n):
    y = sample(n, 1)[1]
    fit = lr.least_absolute_deviations(np.ones((n, 1)), y)
    assert absolute(np.ones((n, 1)), y, fit) == pytest.approx(np.abs(y - np.median(y)).sum(), rel=1e-12)


def test_lad_finds_a_line_through_most_of_the_samples_exactly():
    X = sample(40, 3)[0]
    w = np.array([1.0, -2, 3])
    y = 4 + X @ w
    for far in (50.0, 1e10, 1e150):
        y[:9] = far
        fit = lr.least_absolute_deviations(X, y)
        np.testing.assert_allclose(fit.w, w, rtol=1e-10)
        assert fit.b == pytest.approx(4, rel=1e-9)


def test_lad_with_equal_targets_and_ties():
    X = np.arange(6.0)[:, None]
    fit = lr.least_absolute_deviations(X, np.full(6, 3.0))
    np.testing.assert_allclose(fit.predict(X), 3.0, rtol=1e-14)
    y = np.array([0.0, 0, 1, 1, 2, 2])
    assert absolute(X, y, lr.least_absolute_deviations(X, y)) == pytest.approx(best_vertex(X, y), rel=1e-12)


# Both -------------------------------------------------------------------

FITS = {
    "huber": lambda X, y, unit: lr.huber_regression(X, y, 0.5 * unit),
    "lad": lambda X, y, unit: lr.least_absolute_deviations(X, y),
}


@pytest.fixture(params=FITS)
def fit(request):
    return FITS[request.param]


@pytest.mark.parametrize("unit", [1e-150, 1e-9, 1e9, 1e150])
@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_units_change_nothing(fit, unit, scale):
    X, y = sample(13, 2)
    plain, other = fit(X, y, 1.0), fit(scale * X, unit * y, unit)
    np.testing.assert_allclose(other.w / unit * scale, plain.w, rtol=1e-9)
    assert other.b / unit == pytest.approx(plain.b, rel=1e-9)


@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_a_shift_of_the_targets_along_the_features_moves_the_fit_along(fit, shape):
    X, y = sample(*shape)
    move = np.linspace(1, 2, shape[1])
    before, after = fit(X, y, 1.0), fit(X, y + 3 + X @ move, 1.0)
    gain = after.predict(X) - before.predict(X)
    np.testing.assert_allclose(gain, 3 + X @ move, rtol=1e-8)


@pytest.mark.parametrize("shape", [(4, 6), (1, 2), (2, 1), (6, 6)], ids=str)
def test_enough_features_fit_exactly(fit, shape):
    X, y = sample(*shape)
    np.testing.assert_allclose(fit(X, y, 1.0).predict(X), y, rtol=1e-10)


def test_repeated_and_constant_columns_change_no_prediction(fit):
    X, y = sample(20, 2)
    more = np.column_stack([X, X[:, 0], np.full(20, 3.0)])
    np.testing.assert_allclose(fit(more, y, 1.0).predict(more), fit(X, y, 1.0).predict(X), rtol=1e-9)


def test_digits_survive_a_condition_number_of_1e8():
    rng = np.random.default_rng(0)
    U, V = np.linalg.qr(rng.normal(size=(30, 5)))[0], np.linalg.qr(rng.normal(size=(5, 5)))[0]
    X, w = U @ np.diag(np.logspace(0, -8, 5)) @ V.T, rng.normal(size=5)
    y = X @ w
    y[:3] += 5
    np.testing.assert_allclose(lr.least_absolute_deviations(X, y).w, w, rtol=1e-5)
    residuals = y - lr.huber_regression(X, y, 1e-3).predict(X)
    pulls = U.T @ np.clip(residuals, -1e-3, 1e-3)
    np.testing.assert_allclose(pulls / 1e-3, 0, atol=1e-7)


def test_inputs_stay_as_they_are(fit):
    X, y = sample(13, 2)
    X_before, y_before = X.copy(), y.copy()
    fit(X, y, 1.0)
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1.0, 2]], [1.0, 2], r"y must have shape \(1,\), found shape \(2,\)"),
        ([1.0, 2], [1.0, 2], r"X must have shape \(n, d\), found shape \(2,\)"),
        ([[1.0], [np.nan]], [1.0, 2], r"X must be finite, found nan at index \(1, 0\)"),
        ([[1.0], [2]], [1.0, np.inf], r"y must be finite, found inf at index \(1,\)"),
        (np.empty((0, 2)), [], r"X must not be empty, found shape \(0, 2\)"),
        ([["a"]], [1.0], "X must hold real numbers"),
    ],
)
def test_bad_data_is_refused(fit, X, y, message):
    with pytest.raises(ValueError, match=message):
        fit(X, y, 1.0)


@pytest.mark.parametrize("threshold", [0.0, -1.0, np.nan, np.inf, "a", [1.0]])
def test_bad_thresholds_are_refused(threshold):
    with pytest.raises(ValueError, match="threshold must"):
        lr.huber_regression([[1.0], [2]], [1.0, 2], threshold)
    with pytest.raises(ValueError, match="threshold must"):
        lr.huber_location([1.0, 2], threshold)
    with pytest.raises(ValueError, match="threshold must"):
        lr.huber_loss([1.0, 2], threshold)


def test_results_beyond_the_floats_are_refused():
    with pytest.raises(ValueError, match="the result exceeds the floats"):
        lr.huber_loss([1e200], 1e200)
    with pytest.raises(ValueError, match="threshold must be larger for this y"):
        lr.huber_location([1.0, 2e10], 1e-300)
    X, y = sample(9, 2)
    with pytest.raises(ValueError, match="threshold must be larger for this y"):
        lr.huber_regression(X, y, 1e-300)


def test_features_too_small_for_a_quotient_are_refused(fit):
    X, y = sample(9, 2)
    with pytest.raises(ValueError, match="the result exceeds the floats"):
        fit(1e-310 * X, y, 1.0)
