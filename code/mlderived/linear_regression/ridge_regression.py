"""Ridge regression by the singular value decomposition.

Throughout, X is (n, d), y is (n,), and lam is the penalty of the objective
0.5 * sum((y - X w)^2) + 0.5 * lam * sum(w^2).  X is used as it is given: for
a fit with a free intercept pass centred X (`ridge` centres).
Singular values below max(n, d) * eps times the largest count as zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import log_expit, logsumexp

from mlderived._types import Array
from mlderived._validation import as_matrix, as_number, as_vector
from mlderived.linear_regression.shared import (
    LinearFit,
    centred,
    finite,
    gram_solution,
    thin_svd,
)

__all__ = [
    "ridge",
    "ridge_bias",
    "ridge_covariance",
    "ridge_degrees_of_freedom",
    "ridge_mse_matrix",
    "ridge_path",
    "ridge_threshold",
    "shrinkage_factors",
]


def _kept_and_lost(s: Array, lam: float) -> tuple[Array, Array]:
    """Return the shrinkage factors s^2 / (s^2 + lam) and one minus them."""
    # Two quotients, so that no square overflows and no difference cancels.
    with np.errstate(divide="ignore", over="ignore"):
        q = lam / s / s
        return 1 / (1 + q), 1 / (1 + 1 / q)


def ridge_path(X: ArrayLike, y: ArrayLike, lams: ArrayLike) -> Array:
    """Return the ridge coefficients for each penalty, shape (m, d).

    X is (n, d), y is (n,), lams is (m,) with entries >= 0.  There is no
    intercept.  Row k minimises
    0.5 * sum((y - X w)^2) + 0.5 * lams[k] * sum(w^2);
    at penalty 0 it is the minimiser of least norm.

    Equations: eq-lin-ridge-estimator, eq-lin-ridge-svd, eq-lin-ridge-limit.
    """
    X, lams = as_matrix(X, "X"), as_vector(lams, "lams")
    y = as_vector(y, "y", size=X.shape[0])
    if lams.min() < 0:
        raise ValueError(f"lams must be >= 0, found {lams.min()}")
    U, s, V = thin_svd(X)
    # s / (s^2 + lam), written so that the square cannot overflow
    with np.errstate(over="ignore"):
        W = 1 / (s + lams[:, None] / s) * (U.T @ y) @ V.T
    return finite(W)


def ridge(X: ArrayLike, y: ArrayLike, lam: float) -> LinearFit:
    """Fit ridge regression with a free intercept.

    X is (n, d), y is (n,), lam >= 0.  Minimises
    0.5 * sum((y - b - X w)^2) + 0.5 * lam * sum(w^2) over w and b.

    Equations: eq-lin-intercept, opt-lin-ridge-problem, eq-lin-ridge-svd.

    >>> ridge([[0.0], [1.0], [2.0]], [1.0, 2.0, 3.0], 2.0)
    LinearFit(w=array([0.5]), b=1.5)
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    y = as_vector(y, "y", size=X.shape[0])
    X_c, x_mean = centred(X)
    y_mean = y.mean()
    w = gram_solution(X_c, y - y_mean, lam)
    if w is None:
        w = ridge_path(X_c, y - y_mean, [lam])[0]
    return LinearFit(w, float(finite(y_mean - x_mean @ w)))


def shrinkage_factors(X: ArrayLike, lam: float) -> Array:
    """Return s_j^2 / (s_j^2 + lam), largest first, shape (r,).

    The s_j are the r nonzero singular values of X.

    Equations: def-lin-ridge-shrinkage.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    return _kept_and_lost(thin_svd(X)[1], lam)[0]


def ridge_degrees_of_freedom(X: ArrayLike, lam: float) -> float:
    """Return the effective degrees of freedom, between 0 and rank(X).

    A free intercept adds one if X is centred.

    Equations: eq-lin-ridge-df.
    """
    return float(shrinkage_factors(X, lam).sum())


def ridge_bias(X: ArrayLike, w: ArrayLike, lam: float) -> Array:
    """Return the bias of the ridge estimator at true coefficients w.

    The shape is (d,).

    Equations: eq-lin-ridge-bias.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    w = as_vector(w, "w", size=X.shape[1])
    _, s, V = thin_svd(X)
    bias = -V @ (_kept_and_lost(s, lam)[1] * (V.T @ w))
    if s.size < w.size:  # directions without data are lost whole
        bias -= w - V @ (V.T @ w)
    return finite(bias)


def ridge_covariance(X: ArrayLike, lam: float, sigma2: float) -> Array:
    """Return the covariance matrix of the ridge estimator, shape (d, d).

    sigma2 > 0 is the variance of the noise.

    Equations: eq-lin-ridge-covariance.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=False)
    sigma2 = as_number(sigma2, "sigma2", positive=True)
    _, s, V = thin_svd(X)
    with np.errstate(over="ignore"):
        W: Array = np.sqrt(sigma2) * V / (s + lam / s)
        return finite(W @ W.T)


def ridge_mse_matrix(
    X: ArrayLike, w: ArrayLike, lam: float, sigma2: float
) -> Array:
    """Return E (w_hat - w)(w_hat - w)' for ridge, shape (d, d).

    Equations: def-lin-mse-matrix, eq-lin-mse-split.
    """
    bias = ridge_bias(X, w, lam)
    with np.errstate(over="ignore"):
        square = np.outer(bias, bias)
    return finite(ridge_covariance(X, lam, sigma2) + square)


def ridge_threshold(X: ArrayLike, w: ArrayLike, sigma2: float) -> float:
    """Return the largest penalty that is safe in every direction.

    Up to it, ridge is at least as good as least squares at every point.
    X is (n, d) of full column rank, w is (d,), sigma2 > 0.
    It is infinite when sum((X w)^2) <= sigma2, up to rounding.

    Equations: eq-lin-theobald, eq-lin-theobald-limit.
    """
    X, sigma2 = as_matrix(X, "X"), as_number(sigma2, "sigma2", positive=True)
    w = as_vector(w, "w", size=X.shape[1])
    _, s, V = thin_svd(X)
    if s.size < w.size:
        raise ValueError(
            f"X must have full column rank {w.size}, found rank {s.size}"
        )
    a = V.T @ w
    if not a.any():
        return np.inf
    # In logarithms, so that no square overflows: rho = sigma2 / |X w|^2.
    with np.errstate(divide="ignore"):
        log_parts = 2 * np.log(s) + 2 * np.log(np.abs(a))
    log_rho = np.log(sigma2) - logsumexp(log_parts)
    if log_rho > -1e-14:
        return np.inf
    log_c = 2 * np.log(s / s[0])

    def excess(z: float) -> float:
        """Log of the left side at lam = 2 s_1^2 exp(z), minus log sigma2."""
        left = logsumexp(log_parts + log_expit(z - log_c))
        return float(left - np.log(sigma2))

    # All c lie between c_d and 1, which brackets the root.
    middle = log_rho - np.log(-np.expm1(log_rho))
    z = brentq(excess, middle + log_c[-1] - 1, middle + 1)
    with np.errstate(over="ignore"):
        threshold = np.exp(np.log(2) + 2 * np.log(s[0]) + z)
    return float(finite(threshold))
