"""Gradient descent against closed forms, finite differences and brute force."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize_scalar
from sklearn.linear_model import Ridge

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (4, 6), (7, 1), (1, 2)]


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    n, d = request.param
    rng = np.random.default_rng(n * 10 + d)
    return 3 + 2 * rng.normal(size=(n, d)), 5 + rng.normal(size=n)


def test_a_step_follows_the_gradient_by_differences(problem):
    X, y = problem
    start = np.linspace(-1, 1, X.shape[1])
    slope = approx_fprime(start, lambda w: 0.5 * np.sum((y - X @ w) ** 2), 1e-7)
    path = lr.gradient_descent(X, y, 1e-3, 1, start)
    np.testing.assert_allclose(path.w[1], start - 1e-3 * slope, rtol=1e-4, atol=1e-6)


def test_objective_is_that_of_the_iterates(problem):
    X, y = problem
    path = lr.gradient_descent(X, y, 0.5 * lr.step_limit(X), 7)
    assert path.w.shape == (8, X.shape[1])
    np.testing.assert_array_equal(path.w[0], 0)
    np.testing.assert_allclose(path.objective, [0.5 * np.sum((y - X @ w) ** 2) for w in path.w])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.01, 0.999), st.integers(0, 2**32 - 1))
def test_objective_never_rises_below_the_limit(n, d, share, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, d)), rng.normal(size=n)
    path = lr.gradient_descent(X, y, share * lr.step_limit(X), 30, rng.normal(size=d))
    assert np.all(np.diff(path.objective) <= 1e-12 * path.objective[0])


def test_limit_from_zero_is_the_solution_of_least_norm():
    rng = np.random.default_rng(0)
    for n, d in [(9, 3), (4, 6), (7, 1)]:
        X, y = rng.normal(size=(n, d)), rng.normal(size=n)
        w = lr.gradient_descent(X, y, lr.best_step(X), 5000).w[-1]
        np.testing.assert_allclose(w, np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-8, atol=1e-10)


def test_what_the_rows_do_not_see_stays_at_the_start():
    rng = np.random.default_rng(1)
    X, y, start = rng.normal(size=(3, 5)), rng.normal(size=3), rng.normal(size=5)
    null = np.eye(5) - np.linalg.pinv(X) @ X
    w = lr.gradient_descent(X, y, lr.best_step(X), 5000, start).w[-1]
    np.testing.assert_allclose(w, np.linalg.pinv(X) @ y + null @ start, rtol=1e-7, atol=1e-9)


def test_limit_of_the_step_is_sharp():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(9, 3)), rng.normal(size=9)
    w_hat = np.linalg.lstsq(X, y, rcond=None)[0]
    error = {
        f: np.linalg.norm(lr.gradient_descent(X, y, f * lr.step_limit(X), 4000).w - w_hat, axis=1)
        for f in (0.99, 1.0, 1.01)
    }
    assert error[0.99][-1] < 1e-9 * error[0.99][0]
    assert error[1.01][-1] > 1e9 * error[1.01][0]
    assert error[1.0][-1] == pytest.approx(error[1.0][-3], rel=1e-6)
    assert error[1.0][-1] > 1e-3 * error[1.0][0]


def test_factor_is_the_norm_of_the_step_on_the_row_space(problem):
    X, _ = problem
    rows = np.linalg.pinv(X) @ X
    for share in (0.3, 0.5, 0.9, 1.3):
        step = share * lr.step_limit(X)
        expected = np.linalg.norm(rows - step * X.T @ X, 2)
        assert lr.contraction_factor(X, step) == pytest.approx(expected, rel=1e-9)


def test_best_step_is_found_by_search():
    rng = np.random.default_rng(3)
    for n, d in [(9, 3), (4, 6), (20, 2)]:
        X = rng.normal(size=(n, d))
        found = minimize_scalar(
            lambda t, X=X: lr.contraction_factor(X, t),
            bounds=(0, lr.step_limit(X)),
            method="bounded",
            options={"xatol": 1e-12},
        )
        assert lr.best_step(X) == pytest.approx(found.x, rel=1e-5)
        kappa = np.linalg.cond(X)
        assert lr.contraction_factor(X, lr.best_step(X)) == pytest.approx((kappa**2 - 1) / (kappa**2 + 1))
        assert lr.contraction_factor(X, lr.step_limit(X) / 2) == pytest.approx(1 - 1 / kappa**2)


def test_early_stopping_factors_are_the_shares_reached(problem):
    X, y = problem
    step = 0.4 * lr.step_limit(X)
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    w_hat = np.linalg.lstsq(X, y, rcond=None)[0]
    for times in (0, 1, 5, 40):
        reached = Vt @ lr.gradient_descent(X, y, step, times).w[-1]
        np.testing.assert_allclose(
            lr.early_stopping_factors(X, step, times), reached / (Vt @ w_hat), rtol=1e-8
        )
    assert s.size == lr.early_stopping_factors(X, step, 1).size


def test_early_stopping_lies_between_ridge_and_twice_ridge():
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(12, 4)), rng.normal(size=12)
    _, _, Vt = np.linalg.svd(X, full_matrices=False)
    step = 0.5 * lr.step_limit(X)
    for times in (1, 3, 30):
        penalised = Vt @ Ridge(alpha=1 / (step * times), fit_intercept=False, tol=1e-12).fit(X, y).coef_
        stopped = Vt @ lr.gradient_descent(X, y, step, times).w[-1]
        assert np.all(stopped / penalised >= 1 - 1e-9)
        assert np.all(stopped / penalised <= 2 + 1e-9)


def test_small_shares_keep_their_digits():
    X = np.diag([1.0, 1e-9])
    np.testing.assert_allclose(lr.early_stopping_factors(X, 1.0, 3), [1, 3e-18], rtol=1e-12)
    np.testing.assert_allclose(lr.early_stopping_factors(X, 0.25, 2), [1 - 0.75**2, 0.5e-18], rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_scales_neither_overflow_nor_vanish(scale):
    X, y = np.array([[2.0, 1], [0, 1], [1, -1]]), np.array([1.0, 2, 3])
    assert lr.step_limit(scale * X) * scale * scale == pytest.approx(lr.step_limit(X), rel=1e-12)
    assert lr.best_step(scale * X) * scale * scale == pytest.approx(lr.best_step(X), rel=1e-12)
    ours = lr.gradient_descent(scale * X, y, lr.best_step(scale * X), 20).w * scale
    np.testing.assert_allclose(ours, lr.gradient_descent(X, y, lr.best_step(X), 20).w, rtol=1e-10)
    step = lr.best_step(X)
    np.testing.assert_allclose(
        lr.early_stopping_factors(scale * X, lr.best_step(scale * X), 9),
        lr.early_stopping_factors(X, step, 9),
        rtol=1e-10,
    )


def test_zero_steps_and_zero_features():
    path = lr.gradient_descent([[0.0, 0.0]], [3.0], 1.0, 2, [1.0, 2.0])
    np.testing.assert_array_equal(path.w, [[1, 2]] * 3)
    np.testing.assert_array_equal(path.objective, [4.5] * 3)
    assert lr.gradient_descent([[1.0]], [3.0], 1.0, 0).w.shape == (1, 1)


def test_bad_input_is_named():
    X, y = np.eye(2), np.ones(2)
    with pytest.raises(ValueError, match="step must be a number > 0, found 0"):
        lr.gradient_descent(X, y, 0, 5)
    with pytest.raises(ValueError, match=r"n_steps must be a whole number, found 1\.5"):
        lr.gradient_descent(X, y, 0.1, 1.5)
    with pytest.raises(ValueError, match="n_steps must be a number >= 0, found -1"):
        lr.early_stopping_factors(X, 0.1, -1)
    with pytest.raises(ValueError, match=r"start must have shape \(2,\), found shape \(3,\)"):
        lr.gradient_descent(X, y, 0.1, 5, np.zeros(3))
    for f in (lr.step_limit, lr.best_step):
        with pytest.raises(ValueError, match="X must have a nonzero entry, found only zeros"):
            f(np.zeros((3, 2)))
        for size in (1e-200, 1e200):
            with pytest.raises(ValueError, match="rescale X"):
                f([[size]])


def test_divergence_beyond_the_floats_is_refused_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=r"floats at step 10000000000.0: expected a step below"):
            lr.gradient_descent(np.eye(2), np.ones(2), 1e10, 100)
        with pytest.raises(ValueError, match=r"floats at step 1\.0: expected .* smaller y and start"):
            lr.gradient_descent(np.zeros((2, 1)), [1e200, 1], 1.0, 3)
        with pytest.raises(ValueError, match="exceeds the floats"):
            lr.early_stopping_factors(np.eye(2), 1e10, 100)


def test_inputs_are_not_changed():
    X, y, start = np.eye(2), np.ones(2), np.zeros(2)
    for array in (X, y, start):
        array.setflags(write=False)
    lr.gradient_descent(X, y, 0.5, 3, start)
    np.testing.assert_array_equal(start, 0)
