"""Several responses at once, through a coefficient matrix of low rank."""

from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mlderived._types import Array
from mlderived._validation import as_matrix
from mlderived.linear_regression.shared import centred, finite, thin_svd

__all__ = ["ReducedRankFit", "reduced_rank_regression"]


@dataclass(frozen=True)
class ReducedRankFit:
    """A fitted predictor x -> intercept + B'x of several responses."""

    B: Array
    """Coefficients, shape (d, m), of rank at most the one asked for."""
    intercept: Array
    """Intercepts, shape (m,)."""
    singular_values: Array
    """Those of the centred least-squares fit, largest first."""

    def predict(self, X: ArrayLike) -> Array:
        """Return intercept + X B for rows X of shape (k, d)."""
        X = as_matrix(X, "X")
        if X.shape[1] != self.B.shape[0]:
            raise ValueError(
                f"X must have {self.B.shape[0]} columns, found {X.shape[1]}"
            )
        return self.intercept + X @ self.B


def _as_rank(rank: int, largest: int) -> int:
    """Return the rank as an integer between 0 and the largest."""
    try:
        r = operator.index(rank)
    except TypeError:
        r = -1
    if not 0 <= r <= largest:
        raise ValueError(
            f"rank must be an integer from 0 to {largest}, found {rank!r}"
        )
    return r


def reduced_rank_regression(
    X: ArrayLike, Y: ArrayLike, rank: int
) -> ReducedRankFit:
    """Fit coefficients of low rank to several responses, intercepts free.

    X is (n, d), Y is (n, m), rank is between 0 and min(d, m).  Minimises
    0.5 * sum((Y - intercept - X B)^2) over all B of at most this rank; if
    there are several minimisers, as with n <= d, B is one of least norm.
    With 0.5 * sum(singular_values[rank:]^2) it costs more than full rank.

    Equations: opt-lin-reduced-rank, eq-lin-reduced-rank.
    """
    X, Y = as_matrix(X, "X"), as_matrix(Y, "Y")
    if Y.shape[0] != X.shape[0]:
        raise ValueError(f"Y must have {X.shape[0]} rows, found {Y.shape[0]}")
    r = _as_rank(rank, min(X.shape[1], Y.shape[1]))
    (X_c, x_mean), (Y_c, y_mean) = centred(X), centred(Y)
    sizes = np.abs(X_c).max(axis=0)
    sizes[sizes == 0] = 1
    U, s, V = thin_svd(X_c / sizes)
    if s.size < X.shape[1]:  # several solutions: the least in given units
        sizes = np.ones(X.shape[1])
        U, s, V = thin_svd(X_c)
    # The fit is U F with orthonormal columns U: F has its singular values.
    F = U.T @ Y_c
    _, singular_values, Wt = np.linalg.svd(F, full_matrices=False)
    F_r = F @ Wt[:r].T @ Wt[:r]
    with np.errstate(over="ignore", invalid="ignore"):
        B = finite(V @ (F_r / s[:, None]) / sizes[:, None])
        return ReducedRankFit(B, finite(y_mean - x_mean @ B), singular_values)
