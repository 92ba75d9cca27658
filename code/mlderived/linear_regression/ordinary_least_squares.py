"""Least squares by orthogonal decompositions, and what it projects.

Throughout, X is (n, d) and y is (n,); the objective is
0.5 * sum((y - X w)^2), and with a free intercept b
0.5 * sum((y - b - X w)^2).  Whether columns count as dependent is judged
after scaling each of them to the same size, so it does not depend on units:
singular values below max(n, d) * eps times the largest count as zero.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular

from mlderived._types import Array
from mlderived._validation import as_matrix, as_vector
from mlderived.linear_regression.shared import (
    LinearFit,
    centred,
    finite,
    thin_svd,
)

__all__ = [
    "least_squares",
    "least_squares_coefficients",
    "partial_out",
    "projection",
]


def _sizes(X: Array) -> Array:
    """Return for each column a power of two of its size, shape (d,)."""
    # Division by a power of two is exact.
    exponents = np.frexp(np.abs(X).max(axis=0))[1]
    return np.asarray(np.ldexp(1.0, exponents - 1))


def _by_svd(X: Array, y: Array) -> Array:
    sizes = _sizes(X)
    U, s, V = thin_svd(X / sizes)
    rank = s.size
    if rank < X.shape[1]:  # several solutions: the least in given units
        sizes = np.ones(X.shape[1])
        U, s, V = (part[..., :rank] for part in thin_svd(X))
        if s.size < rank:
            raise ValueError(
                f"X has rank {rank} < d, and in its units rounding leaves "
                f"only {s.size}: rescale its columns to similar sizes"
            )
    return np.asarray(V @ ((U.T @ y) / s) / sizes)


def _by_qr(X: Array, y: Array) -> Array:
    d, sizes = X.shape[1], _sizes(X)
    rank = thin_svd(X / sizes)[1].size
    if rank < d:
        raise ValueError(
            f"X must have full column rank {d} for method 'qr', found rank "
            f"{rank}: use method 'svd'"
        )
    Q, R = np.linalg.qr(X / sizes)
    return np.asarray(solve_triangular(R, Q.T @ y) / sizes)


def least_squares_coefficients(
    X: ArrayLike, y: ArrayLike, method: Literal["svd", "qr"] = "svd"
) -> Array:
    """Return the w that minimises 0.5 * sum((y - X w)^2), shape (d,).

    X is (n, d), y is (n,); there is no intercept.  With method "svd" it is
    the minimiser of least norm; method "qr" needs full column rank.

    Equations: opt-lin-least-squares, eq-lin-min-norm, eq-lin-qr.

    >>> least_squares_coefficients([[1.0, 1.0], [2.0, 2.0]], [3.0, 1.0])
    array([0.5, 0.5])
    """
    X = as_matrix(X, "X")
    y = as_vector(y, "y", size=X.shape[0])
    if method not in ("svd", "qr"):
        raise ValueError(f"method must be 'svd' or 'qr', found {method!r}")
    with np.errstate(over="ignore", invalid="ignore"):
        return finite((_by_svd if method == "svd" else _by_qr)(X, y))


def least_squares(X: ArrayLike, y: ArrayLike) -> LinearFit:
    """Fit least squares with a free intercept.

    X is (n, d), y is (n,).  Minimises 0.5 * sum((y - b - X w)^2) over w and
    b; among several minimisers w has the least norm.

    Equations: eq-lin-intercept, eq-lin-min-norm.

    >>> least_squares([[-1.0], [0.0], [1.0]], [1.0, 3.0, 2.0])
    LinearFit(w=array([0.5]), b=2.0)
    """
    X = as_matrix(X, "X")
    y = as_vector(y, "y", size=X.shape[0])
    with np.errstate(over="ignore", invalid="ignore"):
        X_c, x_mean = centred(X)
        y_mean = y.mean()
        w = least_squares_coefficients(finite(X_c), finite(y - y_mean))
        return LinearFit(w, float(finite(y_mean - x_mean @ w)))


def projection(X: ArrayLike) -> Array:
    """Return the projection onto the column space of X, shape (n, n).

    Equations: def-lin-projection, eq-lin-projection.
    """
    X = as_matrix(X, "X")
    U = thin_svd(X / _sizes(X))[0]
    return np.asarray(U @ U.T)


def partial_out(C: ArrayLike, A: ArrayLike) -> Array:
    """Return what C does not explain of each column of A, shape (n, m).

    C is (n, q), A is (n, m): the residuals of least squares of A on C.
    A column that C explains up to rounding becomes exactly zero.

    Equations: def-lin-partial-out, eq-lin-fwl.
    """
    C, A = as_matrix(C, "C"), as_matrix(A, "A")
    if A.shape[0] != C.shape[0]:
        raise ValueError(f"A must have {C.shape[0]} rows, found {A.shape[0]}")
    U, sizes = thin_svd(C / _sizes(C))[0], _sizes(A)
    A = A / sizes
    R = A - U @ (U.T @ A)
    R -= U @ (U.T @ R)  # once more: the first pass leaves rounding errors
    noise = 10 * max(C.shape) * np.finfo(np.float64).eps
    R[:, np.abs(R).max(axis=0) <= noise] = 0
    return finite(R * sizes)
