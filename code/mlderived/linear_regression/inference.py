"""Inference for least squares: standard errors, tests and intervals.

Throughout, X is (n, d) and y is (n,).  With an intercept, a column of ones
stands before X, so that there are p = d + 1 coefficients, the intercept
first; without one, p = d.  The p columns must be linearly independent, and
n > p.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc, stdtr, stdtrit

from mlderived._types import Array
from mlderived._validation import as_matrix, as_number, as_vector
from mlderived.linear_regression.shared import (
    finite,
    noise_scale,
    orthonormal_design,
    unit,
)

__all__ = [
    "FTest",
    "OlsInference",
    "f_test",
    "ols_inference",
    "prediction_intervals",
]


@dataclass(frozen=True)
class OlsInference:
    """Least squares coefficients and how precisely they are known."""

    coefficients: Array
    """Shape (p,), the intercept first if there is one."""
    standard_errors: Array
    """Estimated standard deviations of the coefficients, shape (p,)."""
    t_values: Array
    """Coefficients over standard errors, shape (p,)."""
    p_values: Array
    """Two-sided p-values of the hypotheses that one is zero, shape (p,)."""
    sigma2: float
    """Unbiased estimate of the variance of the noise."""
    degrees_of_freedom: int
    """n - p."""

    def confidence_intervals(self, level: float = 0.95) -> Array:
        """Return lower and upper ends for each coefficient, shape (p, 2).

        Equations: def-lin-confidence-interval.
        """
        q = _quantile(level, self.degrees_of_freedom)
        w = self.coefficients
        with np.errstate(over="ignore"):
            half = q * self.standard_errors
            return finite(np.column_stack([w - half, w + half]))


@dataclass(frozen=True)
class FTest:
    """The F test of a model against one with fewer columns."""

    f_value: float
    p_value: float
    degrees_of_freedom: tuple[int, int]
    """Of numerator and denominator, dropped columns, and n - p."""


def _quantile(level: float, k: int) -> float:
    """Return q with P(|T| <= q) = level for T of law t with k degrees."""
    level = as_number(level, "level", positive=True)
    if level >= 1:
        raise ValueError(f"level must be below 1, found {level}")
    return float(-stdtrit(k, (1 - level) / 2))


def _basis(X: Array, *, intercept: bool) -> tuple[Array, Array]:
    """Return U (n, p) and B (p, p): the pseudoinverse of the design is BU'.

    U has orthonormal columns, so the inverse of the Gram matrix is BB'.
    """
    n, p = X.shape[0], X.shape[1] + intercept
    if n <= p:
        raise ValueError(
            f"X must have more rows than the {p} coefficients, found {n}"
        )
    U, C, means = orthonormal_design(X, intercept=intercept)
    rank = U.shape[1] + intercept
    if rank < p:
        raise ValueError(
            f"the design must have full column rank {p}, found rank {rank}"
        )
    if not intercept:
        return U, C
    U = np.column_stack([np.full(n, n**-0.5), U])
    first = np.concatenate([[n**-0.5], -means @ C])
    return U, np.vstack([first, np.pad(C, ((0, 0), (1, 0)))])


def ols_inference(
    X: ArrayLike, y: ArrayLike, *, intercept: bool = True
) -> OlsInference:
    """Fit least squares and tell how precisely each coefficient is known.

    Minimises 0.5 * sum((y - b - X w)^2); standard errors assume noise of
    equal variances without correlation, p-values and intervals also that
    it is normal.

    Equations: eq-lin-ols-covariance, def-lin-sigma-hat, eq-lin-t-statistic.

    >>> fit = ols_inference([[-1.0], [-1], [1], [1]], [1.0, 3, 4, 8])
    >>> fit.coefficients.round(6), round(fit.sigma2, 6)
    (array([4., 2.]), 5.0)
    """
    X = as_matrix(X, "X")
    y = as_vector(y, "y", size=X.shape[0])
    U, B = _basis(X, intercept=intercept)
    y, scale = unit(y)
    sigma = noise_scale(U, y)
    k = U.shape[0] - U.shape[1]
    c = U.T @ y
    largest = np.abs(B).max(axis=1)
    rows = B / largest[:, None]  # else their squares leave the floats
    norms = np.linalg.norm(rows, axis=1)
    t = (rows / norms[:, None]) @ c / sigma
    with np.errstate(over="ignore"):
        lengths = norms * largest  # roots of the diagonal of BB'
        sigma2 = float(finite(np.square(sigma * scale)))
        if sigma2 < np.finfo(np.float64).tiny:
            raise ValueError("the variance is below the floats: rescale y")
        return OlsInference(
            coefficients=finite(B @ c * scale),
            standard_errors=finite(sigma * scale * lengths),
            t_values=t,
            p_values=2 * stdtr(k, -np.abs(t)),
            sigma2=sigma2,
            degrees_of_freedom=k,
        )


def f_test(
    X: ArrayLike,
    y: ArrayLike,
    kept: Sequence[int],
    *,
    intercept: bool = True,
) -> FTest:
    """Test whether all columns of X but the kept ones have coefficient zero.

    `kept` holds positions of columns, at least one fewer than d; it may be
    empty.  An intercept stays in both models.

    Equations: def-lin-f-statistic, eq-lin-f-rotated.

    >>> test = f_test([[-1.0], [-1], [1], [1]], [1.0, 3, 4, 8], [])
    >>> round(test.f_value, 9)
    3.2
    """
    X = as_matrix(X, "X")
    y = as_vector(y, "y", size=X.shape[0])
    n, d = X.shape
    rows = set(kept)
    if not rows < set(range(d)) or len(rows) < len(kept):
        raise ValueError(
            f"kept must hold some, not all, of the positions 0 to {d - 1}, "
            f"each once, found {list(kept)}"
        )
    U = _basis(X, intercept=intercept)[0]
    y = unit(y)[0]
    sigma = noise_scale(U, y)
    gain = U @ (U.T @ y)
    if intercept:
        gain -= y.mean()
    if rows:
        columns = [int(j) for j in sorted(rows)]
        U_0 = orthonormal_design(X[:, columns], intercept=intercept)[0]
        gain -= U_0 @ (U_0.T @ gain)
    m, k = d - len(rows), n - U.shape[1]
    f = float((np.linalg.norm(gain) / sigma) ** 2 / m)
    return FTest(f, float(fdtrc(m, k, f)), (m, k))


def prediction_intervals(
    X: ArrayLike,
    y: ArrayLike,
    X_new: ArrayLike,
    level: float = 0.95,
    *,
    intercept: bool = True,
) -> Array:
    """Return intervals for new targets at the rows of X_new, shape (m, 2).

    X_new is (m, d).  Each holds its target with probability `level`, before
    the data are drawn, if the noise is normal.

    Equations: def-lin-prediction-interval, eq-lin-prediction-variance.
    """
    X, X_new = as_matrix(X, "X"), as_matrix(X_new, "X_new")
    y = as_vector(y, "y", size=X.shape[0])
    if X_new.shape[1] != X.shape[1]:
        raise ValueError(
            f"X_new must have {X.shape[1]} columns, found {X_new.shape[1]}"
        )
    U, B = _basis(X, intercept=intercept)
    q = _quantile(level, U.shape[0] - U.shape[1])
    y, scale = unit(y)
    sigma = noise_scale(U, y)
    if intercept:
        X_new = np.column_stack([np.ones(len(X_new)), X_new])
    with np.errstate(over="ignore", invalid="ignore"):
        A = finite(X_new @ B)
        half = q * sigma * np.hypot(1, np.linalg.norm(A, axis=1))
        centre = A @ (U.T @ y)
        ends = np.column_stack([centre - half, centre + half])
        return finite(scale * ends)
