"""Every public function on hostile input: a ValueError that says what it found, or a finite answer.

The inputs stay as they were, and the same input gives the same bits.
"""

import dataclasses
import types
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlderived import linear_regression as lr

ORDINARY = [0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -7.0]
STRANGE = [np.nan, np.inf, -np.inf, 5e-324, 1e-308, 1e-150, 1e150, -1e150, 1e300, 1e-8, 1e8]
SCALES = [1.0, 1e-150, 1e150, 1e8, -1.0, 0.0]

# How each function is called with a matrix X (n, d), vectors y (n,) and w (d,), and a number t of any sign.
CALLS = {
    "adjusted_r_squared": lambda X, y, w, t: lr.adjusted_r_squared(y, 0.5 * y, max(1, w.size)),
    "bayesian_regression": lambda X, y, w, t: lr.bayesian_regression(X, y, t, 2.0),
    "best_step": lambda X, y, w, t: lr.best_step(X),
    "contraction_factor": lambda X, y, w, t: lr.contraction_factor(X, t),
    "cooks_distances": lambda X, y, w, t: lr.cooks_distances(X, y),
    "coordinate_pass": lambda X, y, w, t: lr.coordinate_pass(X, y, w, t),
    "early_stopping_factors": lambda X, y, w, t: lr.early_stopping_factors(X, t, 3),
    "elastic_net": lambda X, y, w, t: lr.elastic_net(X, y, t, 0.5),
    "f_test": lambda X, y, w, t: lr.f_test(X, y, [0]),
    "generalised_least_squares": lambda X, y, w, t: lr.generalised_least_squares(X, y, t * np.eye(len(y))),
    "gradient_descent": lambda X, y, w, t: lr.gradient_descent(X, y, t, 3),
    "huber_location": lambda X, y, w, t: lr.huber_location(y, t),
    "huber_loss": lambda X, y, w, t: lr.huber_loss(y, t),
    "huber_regression": lambda X, y, w, t: lr.huber_regression(X, y, t),
    "irrepresentable_number": lambda X, y, w, t: lr.irrepresentable_number(X, w),
    "lasso": lambda X, y, w, t: lr.lasso(X, y, t),
    "lasso_by_signs": lambda X, y, w, t: lr.lasso_by_signs(X, y, t),
    "lasso_dual_gap": lambda X, y, w, t: lr.lasso_dual_gap(X, y, w, t),
    "lasso_fista": lambda X, y, w, t: lr.lasso_fista(X, y, t, tol=1e-4, max_iter=300),
    "lasso_max_penalty": lambda X, y, w, t: lr.lasso_max_penalty(X, y),
    "lasso_path": lambda X, y, w, t: lr.lasso_path(X, y),
    "lasso_rate_bounds": lambda X, y, w, t: lr.lasso_rate_bounds(len(y), w.size, t, 0.5),
    "lasso_rate_penalty": lambda X, y, w, t: lr.lasso_rate_penalty(len(y), w.size, t, 0.1),
    "least_absolute_deviations": lambda X, y, w, t: lr.least_absolute_deviations(X, y),
    "least_squares": lambda X, y, w, t: lr.least_squares(X, y),
    "least_squares_coefficients": lambda X, y, w, t: lr.least_squares_coefficients(X, y),
    "leave_one_out_residuals": lambda X, y, w, t: lr.leave_one_out_residuals(X, y, t),
    "leverages": lambda X, y, w, t: lr.leverages(X, t),
    "log_evidence": lambda X, y, w, t: lr.log_evidence(X, y, t, 2.0),
    "maximise_evidence": lambda X, y, w, t: lr.maximise_evidence(X, y),
    "ols_inference": lambda X, y, w, t: lr.ols_inference(X, y),
    "partial_out": lambda X, y, w, t: lr.partial_out(X, y[:, None]),
    "prediction_intervals": lambda X, y, w, t: lr.prediction_intervals(X, y, X),
    "projection": lambda X, y, w, t: lr.projection(X),
    "r_squared": lambda X, y, w, t: lr.r_squared(y, 0.5 * y),
    "recovery_limit": lambda X, y, w, t: lr.recovery_limit(X, w),
    "recursive_least_squares": lambda X, y, w, t: lr.recursive_least_squares(X, y, t),
    "reduced_rank_regression": lambda X, y, w, t: lr.reduced_rank_regression(X, np.outer(y, [1.0, 2.0]), 1),
    "ridge": lambda X, y, w, t: lr.ridge(X, y, t),
    "ridge_bias": lambda X, y, w, t: lr.ridge_bias(X, w, t),
    "ridge_covariance": lambda X, y, w, t: lr.ridge_covariance(X, t, 2.0),
    "ridge_degrees_of_freedom": lambda X, y, w, t: lr.ridge_degrees_of_freedom(X, t),
    "ridge_mse_matrix": lambda X, y, w, t: lr.ridge_mse_matrix(X, w, t, 2.0),
    "ridge_path": lambda X, y, w, t: lr.ridge_path(X, y, [t, 1.0]),
    "ridge_threshold": lambda X, y, w, t: lr.ridge_threshold(X, w, t),
    "rls_step": lambda X, y, w, t: lr.rls_step(w, np.eye(w.size), w, t),
    "sandwich_covariance": lambda X, y, w, t: lr.sandwich_covariance(X, y),
    "shrinkage_factors": lambda X, y, w, t: lr.shrinkage_factors(X, t),
    "soft_threshold": lambda X, y, w, t: lr.soft_threshold(y, t),
    "step_limit": lambda X, y, w, t: lr.step_limit(X),
    "variance_inflation_factors": lambda X, y, w, t: lr.variance_inflation_factors(X),
    "weighted_least_squares": lambda X, y, w, t: lr.weighted_least_squares(X, y, np.abs(y)),
}
# Infinity is the answer: any penalty is safe, no penalty is best, any step converges.
INFINITE = {"ridge_threshold", "maximise_evidence", "step_limit", "recovery_limit"}


def test_the_table_has_every_public_function():
    functions = {name for name in lr.__all__ if isinstance(getattr(lr, name), types.FunctionType)}
    assert set(CALLS) == functions


@st.composite
def problems(draw):
    """A matrix with two vectors and a number: ordinary or strange entries, repeated rows, odd layouts."""
    n, d = draw(st.integers(0, 6)), draw(st.integers(0, 4))
    entries = st.sampled_from(draw(st.sampled_from([ORDINARY, ORDINARY, ORDINARY + STRANGE])))
    scale = draw(st.sampled_from(SCALES))
    with np.errstate(all="ignore"):
        X = np.array(draw(st.lists(entries, min_size=n * d, max_size=n * d))).reshape(n, d) * scale
    y = np.array(draw(st.lists(entries, min_size=n, max_size=n)), dtype=float)
    w = np.array(draw(st.lists(entries, min_size=d, max_size=d)), dtype=float)
    match draw(st.sampled_from(["plain", "rows", "column", "layout", "float32", "integer", "object"])):
        case "rows" if n:
            X, y = X[[0] * n], y[[0] * n]
        case "column" if n and d:
            X[:, 0] = X[0, 0]
        case "layout":
            X = np.asfortranarray(np.repeat(X, 2, axis=0))[::2]
        case "float32":
            with np.errstate(all="ignore"):
                X = X.astype(np.float32)
        case "integer":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                X = np.nan_to_num(X, posinf=3, neginf=-3).clip(-9, 9).astype(int)
        case "object":
            X = X.astype(object)
    for array in (X, y, w):
        array.setflags(write=False)
    return X, y, w, draw(st.sampled_from([1.0, 0.1, 40.0, 0.0, -1.0, 1e-150, 1e150, np.nan]))


def numbers(value):
    """All numbers in a result."""
    if dataclasses.is_dataclass(value):
        return np.concatenate([numbers(getattr(value, field.name)) for field in dataclasses.fields(value)])
    if isinstance(value, tuple):
        return np.concatenate([numbers(one) for one in value])
    return np.asarray(value, dtype=float).ravel()


@pytest.mark.parametrize("name", sorted(CALLS))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(problem=problems())
def test_hostile_input_is_named_or_answered(name, problem):
    before = [np.array(part, copy=True) for part in problem[:3]]
    first, message = None, ""
    try:
        first = CALLS[name](*problem)
    except ValueError as error:
        message = str(error)
    if first is None:
        # ours, and not what NumPy says of shapes that do not fit
        assert len(message) > 15
        assert not any(words in message for words in ("broadcast", "zero-size", "core dimension"))
    else:
        found = numbers(first)
        assert not np.isnan(found).any()
        assert name in INFINITE or np.isfinite(found).all()
        assert found.tobytes() == numbers(CALLS[name](*problem)).tobytes()
    for part, old in zip(problem[:3], before, strict=True):
        assert part.shape == old.shape
        assert all(a is b or a == b or (a != a and b != b) for a, b in zip(part.flat, old.flat, strict=True))
