"""Diagnostics of a least squares fit: leverage, influence, R^2, collinearity.

Throughout, X is (n, d) and y is (n,).  With an intercept, a column of ones
stands before X.  p is the number of independent columns, ones included.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mlderived._types import Array
from mlderived._validation import as_matrix, as_number, as_vector
from mlderived.linear_regression.shared import (
    centred,
    finite,
    noise_scale,
    orthonormal_design,
    thin_svd,
    unit,
)

__all__ = [
    "adjusted_r_squared",
    "cooks_distances",
    "leave_one_out_residuals",
    "leverages",
    "r_squared",
    "variance_inflation_factors",
]


def _smoother(
    X: Array, lam: float, *, intercept: bool
) -> tuple[Array, Array]:
    """Return U (n, p) and factors (p,): the fit is U diag(factors) U'y."""
    if lam == 0:
        U = orthonormal_design(X, intercept=intercept)[0]
        factors = np.ones(U.shape[1])
    else:
        U, s, _ = thin_svd(centred(X)[0] if intercept else X)
        with np.errstate(over="ignore"):
            factors = 1 / (1 + lam / s / s)
    if intercept:
        ones = np.full(X.shape[0], X.shape[0] ** -0.5)
        U, factors = np.column_stack([ones, U]), np.append(1, factors)
    return U, factors


def _one_minus(h: Array) -> Array:
    """Return 1 - h, after refusing rows whose removal loses a direction."""
    room = 1 - h
    if room.min() <= 1e-10:
        raise ValueError(
            "each row must be predictable from the others: leverages must "
            f"be below 1, found 1 at row {int(np.argmin(room))}"
        )
    return room


def leverages(
    X: ArrayLike, lam: float = 0.0, *, intercept: bool = True
) -> Array:
    """Return how strongly each fitted value follows its target, shape (n,).

    They lie between 0 and 1.  With lam > 0 they are those of ridge
    regression, whose intercept is free.

    Equations: def-lin-leverage, eq-lin-leverage-intercept.

    >>> (18 * leverages([[-3.0], [-1], [-1], [5]])).round(9)
    array([ 9.,  5.,  5., 17.])
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    U, factors = _smoother(X, lam, intercept=intercept)
    return np.clip(U**2 @ factors, 0, 1)


def leave_one_out_residuals(
    X: ArrayLike,
    y: ArrayLike,
    lam: float = 0.0,
    *,
    intercept: bool = True,
) -> Array:
    """Return y_i minus its prediction from all other rows, shape (n,).

    With lam > 0 the prediction is that of ridge regression, whose intercept
    is free.  Refuses a row of leverage 1.

    Equations: eq-lin-leave-one-out, def-lin-press.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    y = as_vector(y, "y", size=X.shape[0])
    y, scale = unit(y)
    U, factors = _smoother(X, lam, intercept=intercept)
    room = _one_minus(U**2 @ factors)
    with np.errstate(over="ignore"):
        return finite(scale * ((y - U @ (factors * (U.T @ y))) / room))


def cooks_distances(
    X: ArrayLike, y: ArrayLike, *, intercept: bool = True
) -> Array:
    """Return how far the fit moves without each row, shape (n,).

    Squared lengths of the moves, over p times the estimated variance of the
    noise.  Refuses a row of leverage 1 and an exact fit.

    Equations: def-lin-cook, eq-lin-cook.
    """
    X = as_matrix(X, "X")
    y = unit(as_vector(y, "y", size=X.shape[0]))[0]
    U = _smoother(X, 0.0, intercept=intercept)[0]
    if not U.size:
        raise ValueError("X must have a nonzero entry, found none")
    h = np.sum(U**2, axis=1)
    room = _one_minus(h)
    e = y - U @ (U.T @ y)
    sigma = noise_scale(U, y)
    D: Array = np.square(e / sigma / room) * h / U.shape[1]
    return D


def r_squared(y: ArrayLike, predicted: ArrayLike) -> float:
    """Return 1 minus residual over total sum of squares.

    y and predicted are (n,); y must not be constant.  The predictions may
    be those of any model, on any data: then it can be negative.

    Equations: def-lin-r-squared.

    >>> r_squared([1.0, 2.0, 3.0, 4.0], [1.5, 1.5, 3.5, 3.5])
    0.8
    """
    y = as_vector(y, "y")
    predicted = as_vector(predicted, "predicted", size=y.size)
    unit_y, size = unit(y)
    total = float(np.linalg.norm(unit_y - unit_y.mean()))
    if total <= y.size * np.finfo(np.float64).eps:
        raise ValueError(
            f"y must not be constant, found {y.size} equal entries"
        )
    scale = max(size, np.abs(predicted).max())
    error = np.linalg.norm(y / scale - predicted / scale)
    with np.errstate(over="ignore"):
        return float(finite(1 - np.square(error / total * (scale / size))))


def adjusted_r_squared(y: ArrayLike, fitted: ArrayLike, p: int) -> float:
    """Return R^2 with each sum of squares over its degrees of freedom.

    y and fitted are (n,); p < n counts the coefficients, intercept included.

    Equations: def-lin-adjusted-r-squared, eq-lin-adjusted-r-squared.
    """
    R2, n = r_squared(y, fitted), np.size(y)
    if p not in range(1, n):
        raise ValueError(f"p must be from 1 to {n - 1}, found {p}")
    return 1 - (1 - R2) * (n - 1) / (n - p)


def variance_inflation_factors(X: ArrayLike) -> Array:
    """Return 1 / (1 - R_j^2) for each feature, shape (d,).

    R_j^2 is that of the regression of feature j on the others, with an
    intercept.  The centred columns must be linearly independent.

    Equations: eq-lin-vif.
    """
    X = as_matrix(X, "X")
    U, C, _ = orthonormal_design(X, intercept=True)
    if U.shape[1] < X.shape[1]:
        raise ValueError(
            "the columns of X and ones must be linearly independent: "
            f"expected rank {X.shape[1] + 1}, found {U.shape[1] + 1}"
        )
    X_c = centred(X)[0]
    largest = np.abs(X_c).max(axis=0)
    lengths = np.linalg.norm(X_c / largest, axis=0)
    inflation = np.linalg.norm(C * largest[:, None], axis=1) * lengths
    return finite(inflation**2)
