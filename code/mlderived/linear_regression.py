"""Linear regression: ridge regression through the singular value decomposition.

Chapter 5.  Throughout, X is (n, d), y is (n,), lam is the ridge penalty of the objective
0.5 * sum((y - X w)^2) + 0.5 * lam * sum(w^2), and the intercept is not penalised.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from mlderived._types import Array
from mlderived._validation import as_matrix, as_number, as_vector

__all__ = [
    "LinearFit",
    "ridge",
    "ridge_bias",
    "ridge_covariance",
    "ridge_degrees_of_freedom",
    "ridge_mse_matrix",
    "ridge_path",
    "ridge_threshold",
    "shrinkage_factors",
]


class LinearFit(NamedTuple):
    """A fitted linear predictor x -> b + x'w."""

    w: Array
    """Coefficients, shape (d,)."""
    b: float
    """Intercept."""

    def predict(self, X: ArrayLike) -> Array:
        """Return b + X w for rows X of shape (m, d)."""
        X = as_matrix(X, "X")
        if X.shape[1] != self.w.size:
            raise ValueError(f"X must have {self.w.size} columns, found {X.shape[1]}")
        return self.b + X @ self.w


def _svd(X: Array) -> tuple[Array, Array, Array]:
    """Return U (n, r), s (r,), V (d, r) with X = U diag(s) V' and r the numerical rank."""
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    kept = s > max(X.shape) * np.finfo(np.float64).eps * s[0]
    return U[:, kept], s[kept], Vt[kept].T


def ridge_path(X: ArrayLike, y: ArrayLike, lams: ArrayLike) -> Array:
    """Return the ridge coefficients without intercept for each penalty, shape (m, d).

    X is (n, d), y is (n,), lams is (m,) with entries >= 0; row k minimises
    0.5 * sum((y - X w)^2) + 0.5 * lams[k] * sum(w^2).  At penalty 0 it is the minimiser of least norm.

    Equations: eq-lin-ridge-estimator, eq-lin-ridge-svd.
    """
    X, lams = as_matrix(X, "X"), as_vector(lams, "lams")
    y = as_vector(y, "y", size=X.shape[0])
    if lams.min() < 0:
        raise ValueError(f"lams must be >= 0, found {lams.min()}")
    U, s, V = _svd(X)
    # s / (s^2 + lam), written so that s^2 can neither overflow nor vanish
    weights = 1 / (s + lams[:, None] / s)
    return weights * (U.T @ y) @ V.T


def ridge(X: ArrayLike, y: ArrayLike, lam: float) -> LinearFit:
    """Fit ridge regression with an unpenalised intercept.

    X is (n, d), y is (n,), lam >= 0.  Centring X and y removes the intercept from the problem.

    Equations: opt-lin-ridge-problem, eq-lin-ridge-svd.

    >>> ridge([[0.0], [1.0], [2.0]], [1.0, 2.0, 3.0], 2.0)
    LinearFit(w=array([0.5]), b=1.5)
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    y = as_vector(y, "y", size=X.shape[0])
    x_mean, y_mean = X.mean(axis=0), y.mean()
    w = ridge_path(X - x_mean, y - y_mean, [lam])[0]
    return LinearFit(w, float(y_mean - x_mean @ w))


def shrinkage_factors(X: ArrayLike, lam: float) -> Array:
    """Return s_j^2 / (s_j^2 + lam) for the r nonzero singular values of X, largest first, shape (r,).

    Equations: def-lin-ridge-shrinkage.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    s = _svd(X)[1]
    return 1 / (1 + lam / s / s)


def ridge_degrees_of_freedom(X: ArrayLike, lam: float) -> float:
    """Return the effective degrees of freedom of the ridge fit, between 0 and rank(X).

    Equations: eq-lin-ridge-df.
    """
    return float(shrinkage_factors(X, lam).sum())


def ridge_bias(X: ArrayLike, w: ArrayLike, lam: float) -> Array:
    """Return the bias of the ridge estimator when the true coefficients are w, shape (d,).

    Equations: eq-lin-ridge-bias.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    w = as_vector(w, "w", size=X.shape[1])
    V = _svd(X)[2]
    return V @ (shrinkage_factors(X, lam) * (V.T @ w)) - w


def ridge_covariance(X: ArrayLike, lam: float, sigma2: float) -> Array:
    """Return the covariance matrix of the ridge estimator at noise variance sigma2, shape (d, d).

    Equations: eq-lin-ridge-covariance.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    sigma2 = as_number(sigma2, "sigma2", positive=True)
    _, s, V = _svd(X)
    W = V / (s + lam / s)
    return sigma2 * W @ W.T


def ridge_mse_matrix(X: ArrayLike, w: ArrayLike, lam: float, sigma2: float) -> Array:
    """Return E (w_hat - w)(w_hat - w)' for the ridge estimator, shape (d, d).

    Equations: def-lin-mse-matrix, eq-lin-mse-split.
    """
    bias = ridge_bias(X, w, lam)
    return ridge_covariance(X, lam, sigma2) + np.outer(bias, bias)


def ridge_threshold(X: ArrayLike, w: ArrayLike, sigma2: float) -> float:
    """Return the largest penalty at which ridge is at least as good as least squares in every direction.

    X is (n, d) of full column rank, w is (d,), sigma2 > 0.
    The result is infinite when sum((X w)^2) <= sigma2.

    Equations: eq-lin-theobald.
    """
    X, sigma2 = as_matrix(X, "X"), as_number(sigma2, "sigma2", positive=True)
    w = as_vector(w, "w", size=X.shape[1])
    _, s, V = _svd(X)
    if s.size < X.shape[1]:
        raise ValueError(f"X must have full column rank {X.shape[1]}, found rank {s.size}")
    a2 = (V.T @ w) ** 2
    if a2 @ s**2 <= sigma2:
        return np.inf
    # The left side of eq-lin-theobald increases with lam and is at most lam |w|^2 / 2.
    low = 2 * sigma2 / a2.sum()
    high = low
    while a2 @ (1 / (2 / high + 1 / s**2)) <= sigma2:
        high *= 2
    return float(brentq(lambda lam: a2 @ (1 / (2 / lam + 1 / s**2)) - sigma2, low, high, xtol=1e-14 * high))
