"""What the lasso recovers: supports, degrees of freedom, rates.

Throughout, X is (n, d) and used as it is given, without an intercept, and
lam is the penalty of 0.5 * sum((y - X w)^2) + lam * sum(abs(w)).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlderived._types import Array
from mlderived._validation import as_matrix, as_number, as_vector
from mlderived.linear_regression.shared import finite, thin_svd

__all__ = [
    "irrepresentable_number",
    "lasso_by_signs",
    "lasso_rate_bounds",
    "lasso_rate_penalty",
    "recovery_limit",
]

_MOST_COLUMNS = 10


def _candidates(
    X: Array, y: Array, penalty: Array
) -> Iterator[tuple[list[int], Array, Array]]:
    """Yield supports, signs (m, k) and stationary points (m, k)."""
    n, d = X.shape
    for k in range(1, min(n, d) + 1):
        z = np.array(list(product((-1.0, 1.0), repeat=k)))
        for support in map(list, combinations(range(d), k)):
            U, s, V = thin_svd(X[:, support])
            if s.size == k:
                pull = (z * penalty[support]) @ V / s
                yield support, z, ((U.T @ y - pull) / s) @ V.T


def _in_units(
    X: Array, y: Array, lam: float
) -> tuple[NDArray[np.intp], Array, Array, Array, Array]:
    """Return which columns may enter, their norms, and the scaled problem.

    Its columns have norm one, its targets are at most one, and each column
    has a penalty of its own.
    """
    largest, top = np.abs(X).max(axis=0), np.abs(y).max()
    norms = np.linalg.norm(X / np.where(largest, largest, 1), axis=0)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        penalty = lam / (largest * norms) / top
    # No pull exceeds the norm of the targets.
    kept = np.flatnonzero(penalty <= np.sqrt(y.size))
    units = largest[kept] * norms[kept]
    return kept, units, X[:, kept] / units, y / (top or 1), penalty[kept]


def lasso_by_signs(X: ArrayLike, y: ArrayLike, lam: float) -> Array:
    """Return a lasso solution by trying all supports and signs, shape (d,).

    X is (n, d) with at most 10 columns, y is (n,), lam > 0.  Exact up to
    rounding: each support and sign vector has one stationary point, and the
    one that violates the optimality conditions least is returned.

    Equations: opt-lin-lasso, eq-lin-lasso-kkt, eq-lin-lasso-cell.

    >>> lasso_by_signs([[1.0, 0.0], [0.0, 1.0]], [3.0, -0.5], 1.0)
    array([2., 0.])
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=True)
    y = as_vector(y, "y", size=X.shape[0])
    if X.shape[1] > _MOST_COLUMNS:
        raise ValueError(
            f"X must have at most {_MOST_COLUMNS} columns, found {X.shape[1]}"
        )
    w = np.zeros(X.shape[1])
    kept, units, Z, t, penalty = _in_units(X, y, lam)
    if not kept.size:
        return w
    least = np.max(np.abs(Z.T @ t) - penalty)
    best = np.zeros(kept.size)
    for support, z, points in _candidates(Z, t, penalty):
        if least <= 0:  # all conditions hold
            break
        slack = np.abs((t - points @ Z[:, support].T) @ Z) - penalty
        slack[:, support] = -z * points
        worst = slack.max(axis=1)
        if worst.min() < least:
            least = worst.min()
            best = np.zeros(kept.size)
            best[support] = points[worst.argmin()]
    with np.errstate(over="ignore"):
        w[kept] = best / units * np.abs(y).max()
    return finite(w)


def _split(X: ArrayLike, w: ArrayLike) -> tuple[Array, Array, Array, Array]:
    """Return X_S, X_N, w_S and (X_S'X_S)^{-1} sign(w_S)."""
    X = as_matrix(X, "X")
    w = as_vector(w, "w", size=X.shape[1])
    on = w != 0
    if not on.any():
        raise ValueError("w must have a nonzero entry, found none")
    _, s, V = thin_svd(X[:, on])
    if s.size < on.sum():
        raise ValueError(
            "the columns of X in the support of w must be linearly "
            f"independent: {on.sum()} columns, found rank {s.size}"
        )
    with np.errstate(over="ignore"):
        pull = V @ (V.T @ np.sign(w[on]) / s / s)
    return X[:, on], X[:, ~on], w[on], finite(pull)


def irrepresentable_number(X: ArrayLike, w: ArrayLike) -> float:
    """Return how well another feature imitates those of the support.

    That is the largest abs(x_j'X_S (X_S'X_S)^{-1} sign(w_S)) over j not in
    S, the support of w, shape (d,).  Below one, the lasso without noise
    finds S and the signs at small penalties; above one, at none.  It is zero
    when S has all columns.

    Equations: def-lin-irrepresentable, asm-lin-irrepresentable.
    """
    X_S, X_N, _, pull = _split(X, w)
    with np.errstate(over="ignore"):
        theta = finite(X_N.T @ (X_S @ pull))
    return float(np.max(np.abs(theta), initial=0.0))


def recovery_limit(X: ArrayLike, w: ArrayLike) -> float:
    """Return the penalty below which X_S alone keeps the signs of w_S.

    The data are y = X w without noise.  It is infinite if no coefficient
    is ever pulled towards zero.

    Equations: def-lin-witness, eq-lin-witness.
    """
    _, _, w_S, pull = _split(X, w)
    towards = np.sign(w_S) * pull
    with np.errstate(over="ignore"):
        limits = np.abs(w_S[towards > 0]) / towards[towards > 0]
    return float(np.min(limits, initial=np.inf))


def lasso_rate_penalty(n: int, d: int, sigma: float, delta: float) -> float:
    """Return 2 sigma sqrt(2 n log(2 d / delta)), for columns of norm sqrt(n).

    sigma > 0 is the standard deviation of the noise, 0 < delta < 1.

    Equations: def-lin-rate-penalty.
    """
    n_, d_ = _count(n, "n"), _count(d, "d")
    sigma = as_number(sigma, "sigma", positive=True)
    delta = as_number(delta, "delta", positive=True)
    if delta >= 1:
        raise ValueError(f"delta must be below 1, found {delta}")
    return float(2 * sigma * np.sqrt(2 * n_ * np.log(2 * d_ / delta)))


def _count(value: int, name: str) -> float:
    number = as_number(value, name, positive=True)
    if number != round(number):
        raise ValueError(f"{name} must be a whole number, found {value!r}")
    return number


def lasso_rate_bounds(
    n: int, s: int, lam: float, kappa: float
) -> tuple[float, float]:
    """Return the bounds on norm(w_hat - w) and norm(X (w_hat - w))^2 / n.

    s is the number of nonzero true coefficients, kappa > 0 the restricted
    eigenvalue, and lam at least twice the largest abs(x_j'noise).

    Equations: eq-lin-rate-estimation, eq-lin-rate-prediction.
    """
    n_, s_ = _count(n, "n"), _count(s, "s")
    lam = as_number(lam, "lam", positive=True)
    kappa = as_number(kappa, "kappa", positive=True)
    with np.errstate(over="ignore"):
        root = 3 * lam / n_ * np.sqrt(s_) / kappa
        bounds = finite(np.array([root / kappa, root**2]))
    return float(bounds[0]), float(bounds[1])
