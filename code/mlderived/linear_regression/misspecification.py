"""Least squares when the noise is not white: sandwich, weights, GLS.

Throughout, X is (n, p) and y is (n,).  X is used as it is given: for a free
intercept put a column of ones into X, so that the intercept has its own
entry in the coefficients and its own row and column in the covariance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular

from mlderived._types import Array
from mlderived._validation import as_matrix, as_vector
from mlderived.linear_regression.shared import finite, thin_svd

__all__ = [
    "generalised_least_squares",
    "sandwich_covariance",
    "weighted_least_squares",
]

_KINDS = ("HC0", "HC1", "HC2", "HC3")


def _orthonormal(X: Array) -> tuple[Array, Array]:
    """Return U (n, p) and B (p, p): X = U inv(B), U has orthonormal columns.

    Each column is scaled first, so that units do not decide the rank.
    """
    scale = np.abs(X).max(axis=0)
    scale[scale == 0] = 1
    U, s, V = thin_svd(X / scale)
    if s.size < X.shape[1]:
        raise ValueError(
            f"X must have full column rank {X.shape[1]}, found rank {s.size}"
        )
    return U, V / s / scale[:, None]


def _coefficients(X: Array, y: Array) -> Array:
    """Return the only minimiser of |y - X w|, shape (p,)."""
    U, B = _orthonormal(X)
    with np.errstate(over="ignore", invalid="ignore"):
        return finite(B @ (U.T @ y))


def sandwich_covariance(
    X: ArrayLike, y: ArrayLike, kind: str = "HC3"
) -> Array:
    """Estimate the covariance of the least-squares coefficients, (p, p).

    The noise may have a variance of its own in each sample.  kind is "HC0"
    (squared residuals), "HC1" (times n / (n - p)), "HC2" (over 1 - h_i) or
    "HC3" (over its square), h_i the leverages.  X is (n, p) of full column
    rank and holds a column of ones if there is an intercept; y is (n,).

    Equations: def-lin-plug-in, eq-lin-sandwich-diagonal.

    >>> sandwich_covariance([[1.0], [1.0]], [1.0, 3.0], "HC0")
    array([[0.5]])
    """
    X = as_matrix(X, "X")
    y = as_vector(y, "y", size=X.shape[0])
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {_KINDS}, found {kind!r}")
    n, p = X.shape
    U, B = _orthonormal(X)
    e = y - U @ (U.T @ y)
    if kind == "HC1":
        if n == p:
            raise ValueError(f"HC1 needs more rows than columns, found {n}")
        e *= np.sqrt(n / (n - p))
    elif kind in ("HC2", "HC3"):
        rest = 1 - np.sum(U**2, axis=1)
        if rest.min() < 10 * n * np.finfo(np.float64).eps:
            row = int(rest.argmin())
            raise ValueError(
                f"{kind} needs leverages below 1, found 1 in row {row}"
            )
        e /= np.sqrt(rest) if kind == "HC2" else rest
    with np.errstate(over="ignore", invalid="ignore"):
        moves = e[:, None] * (U @ B.T)
        return finite(moves.T @ moves)


def weighted_least_squares(
    X: ArrayLike, y: ArrayLike, weights: ArrayLike
) -> Array:
    """Return the coefficients of weighted least squares, shape (p,).

    Minimises 0.5 * sum(weights * (y - X w)^2).  weights is (n,) with
    entries >= 0, best proportional to 1 / Var(y_i); the rows of positive
    weight must have full column rank.

    Equations: eq-lin-wls, eq-lin-gls.
    """
    X = as_matrix(X, "X")
    y = as_vector(y, "y", size=X.shape[0])
    weights = as_vector(weights, "weights", size=X.shape[0])
    if weights.min() < 0:
        raise ValueError(f"weights must be >= 0, found {weights.min()}")
    root = np.sqrt(weights / (weights.max() or 1))
    return _coefficients(root[:, None] * X, root * y)


def generalised_least_squares(
    X: ArrayLike, y: ArrayLike, Sigma: ArrayLike
) -> Array:
    """Return the coefficients of generalised least squares, shape (p,).

    Minimises 0.5 * (y - X w)' inv(Sigma) (y - X w).  Sigma, (n, n), is the
    covariance of the noise up to a factor, positive definite; X has full
    column rank.

    Equations: opt-lin-gls, eq-lin-whitening, eq-lin-gls.
    """
    X, Sigma = as_matrix(X, "X"), as_matrix(Sigma, "Sigma")
    n = X.shape[0]
    y = as_vector(y, "y", size=n)
    if Sigma.shape != (n, n):
        raise ValueError(
            f"Sigma must have shape {(n, n)}, found shape {Sigma.shape}"
        )
    if np.abs(Sigma - Sigma.T).max() > 1e-10 * np.abs(Sigma).max():
        raise ValueError("Sigma must be symmetric, found Sigma != Sigma'")
    try:
        if np.diag(Sigma).min() <= 0:
            raise np.linalg.LinAlgError
        spread = np.sqrt(np.diag(Sigma))
        L = np.linalg.cholesky(Sigma / spread / spread[:, None])
    except np.linalg.LinAlgError:
        raise ValueError(
            "Sigma must be positive definite, found one that is not"
        ) from None
    spread /= spread.max()
    white = solve_triangular(
        L, np.column_stack([X, y]) / spread[:, None], lower=True
    )
    return _coefficients(white[:, :-1], white[:, -1])
