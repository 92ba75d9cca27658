"""Gradient descent on least squares.

Throughout, X is (n, d), y is (n,), and the objective is
0.5 * sum((y - X w)^2): a sum over the samples, not a mean, so the step of a
mean loss is n times ours.  X is used as it is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mlderived._types import Array
from mlderived._validation import as_matrix, as_number, as_vector
from mlderived.linear_regression.shared import finite, thin_svd

__all__ = [
    "DescentPath",
    "best_step",
    "contraction_factor",
    "early_stopping_factors",
    "gradient_descent",
    "step_limit",
]


@dataclass(frozen=True)
class DescentPath:
    """The iterates of gradient descent."""

    w: Array
    """The iterates w_0, ..., w_T, shape (T + 1, d)."""
    objective: Array
    """0.5 * sum((y - X w_t)^2) for each of them, shape (T + 1,)."""


def _as_count(value: int, name: str) -> int:
    count = as_number(value, name, positive=False)
    if count != int(count):
        raise ValueError(f"{name} must be a whole number, found {value!r}")
    return int(count)


def _nonzero_singular_values(X: Array) -> Array:
    s = thin_svd(X)[1]
    if s.size == 0:
        raise ValueError("X must have a nonzero entry, found only zeros")
    return s


def _as_step(value: float) -> float:
    if value == 0:
        raise ValueError("the step is below the floats: rescale X")
    return float(finite(np.asarray(value)))


def gradient_descent(
    X: ArrayLike,
    y: ArrayLike,
    step: float,
    n_steps: int,
    start: ArrayLike | None = None,
) -> DescentPath:
    """Take n_steps gradient steps from start, or from zero.

    X is (n, d), y is (n,), step > 0, start is (d,).
    The objective is 0.5 * sum((y - X w)^2).

    Equations: opt-lin-gradient-step.
    """
    X, step = as_matrix(X, "X"), as_number(step, "step", positive=True)
    y = as_vector(y, "y", size=X.shape[0])
    times, d = _as_count(n_steps, "n_steps"), X.shape[1]
    start = np.zeros(d) if start is None else as_vector(start, "start", d)
    w, objective = [start], []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(times + 1):
            residual = y - X @ w[-1]
            objective.append(0.5 * (residual @ residual))
            w.append(w[-1] + step * (X.T @ residual))
    if not np.isfinite(objective).all():
        raise ValueError(
            f"the objective exceeds the floats at step {step}: expected a "
            "step below step_limit(X), or smaller y and start"
        )
    return DescentPath(np.array(w[:-1]), np.array(objective))


def step_limit(X: ArrayLike) -> float:
    """Return 2 / s_1^2: below it gradient descent converges.

    Equations: eq-lin-gd-limit.
    """
    s = _nonzero_singular_values(as_matrix(X, "X"))
    with np.errstate(over="ignore"):
        return _as_step(2 / s[0] / s[0])


def best_step(X: ArrayLike) -> float:
    """Return 2 / (s_1^2 + s_r^2), the constant step of the best factor.

    Equations: eq-lin-gd-best.
    """
    s = _nonzero_singular_values(as_matrix(X, "X"))
    with np.errstate(over="ignore"):
        return _as_step(2 / s[0] / (s[0] + s[-1] * (s[-1] / s[0])))


def contraction_factor(X: ArrayLike, step: float) -> float:
    """Return the largest size of 1 - step * s_j^2 for nonzero s_j.

    The s_j are the singular values of X.
    One step multiplies the error in the row space by at most this factor.

    Equations: def-lin-gd-factor.
    """
    X, step = as_matrix(X, "X"), as_number(step, "step", positive=True)
    with np.errstate(over="ignore"):
        a = (np.sqrt(step) * _nonzero_singular_values(X)) ** 2
    return float(finite(np.abs(1 - a).max()))


def early_stopping_factors(X: ArrayLike, step: float, n_steps: int) -> Array:
    """Return 1 - (1 - step * s_j^2)^n_steps, largest s_j first, shape (r,).

    From zero, gradient descent has reached this share of the least-squares
    component in direction j.

    Equations: def-lin-gd-filter.
    """
    X, step = as_matrix(X, "X"), as_number(step, "step", positive=True)
    times = _as_count(n_steps, "n_steps")
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        a = (np.sqrt(step) * _nonzero_singular_values(X)) ** 2
        # For small a the difference would cancel.
        small = -np.expm1(times * np.log1p(-np.minimum(a, 0.5)))
        return finite(np.where(a < 0.5, small, 1 - (1 - a) ** times))
