"""Robust regression: Huber's loss and least absolute deviations.

Throughout, X is (n, d) and y is (n,).  The intercept is free.
The threshold of Huber's loss is in the units of y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import qr
from scipy.optimize import linprog

from mlderived._types import Array
from mlderived._validation import as_matrix, as_number, as_vector
from mlderived.linear_regression.shared import (
    LinearFit,
    centred,
    finite,
    thin_svd,
)

__all__ = [
    "HuberFit",
    "huber_location",
    "huber_loss",
    "huber_regression",
    "least_absolute_deviations",
]


@dataclass(frozen=True)
class HuberFit(LinearFit):
    """A fit by Huber's loss, with the course of its objective."""

    history: Array
    """The objective over threshold**2 at each iterate; it never rises."""
    gap: float
    """A bound on how far the last entry is above the least value."""


def huber_loss(r: ArrayLike, threshold: float) -> Array:
    """Return Huber's loss of each residual, shape (n,).

    It is 0.5 * r^2 for abs(r) <= threshold, and beyond it continues as a
    straight line of slope threshold > 0.

    Equations: def-lin-huber.

    >>> huber_loss([1.0, -3.0], 2.0)
    array([0.5, 4. ])
    """
    r, c = as_vector(r, "r"), as_number(threshold, "threshold", positive=True)
    with np.errstate(over="ignore"):
        inner = np.minimum(np.abs(r), c)
        return finite(0.5 * inner**2 + c * (np.abs(r) - inner))


def huber_regression(
    X: ArrayLike, y: ArrayLike, threshold: float
) -> HuberFit:
    """Fit a linear predictor with Huber's loss and a free intercept.

    X is (n, d), y is (n,), threshold > 0 in the units of y.  Minimises
    sum(huber_loss(y - b - X w, threshold)) over w and b; where the fitted
    values leave w open, w is the shortest one.

    Equations: opt-lin-huber, opt-lin-irls, eq-lin-huber-gap.
    """
    X, c = as_matrix(X, "X"), as_number(threshold, "threshold", positive=True)
    y = as_vector(y, "y", size=X.shape[0])
    Q, V, x_mean = _orthonormal(X)
    z, history, gap = _huber(Q, _in_units(y, c))
    w = finite(c * (V @ z[1:]))
    b = finite(c * z[0] / np.sqrt(y.size) - x_mean @ w)
    return HuberFit(w, float(b), np.array(history), gap)


def huber_location(y: ArrayLike, threshold: float) -> float:
    """Return the b that minimises sum(huber_loss(y - b, threshold)).

    y is (n,), threshold > 0 in the units of y.  It is a location without
    features: between the mean (large threshold) and the median (small).

    Equations: opt-lin-huber.

    >>> round(huber_location([1.0, 2, 4, 5, 13], 2.0), 12)
    3.666666666667
    """
    y, c = as_vector(y, "y"), as_number(threshold, "threshold", positive=True)
    Q = np.full((y.size, 1), 1 / np.sqrt(y.size))
    z = _huber(Q, _in_units(y, c))[0]
    return float(finite(c * z[0] / np.sqrt(y.size)))


def least_absolute_deviations(X: ArrayLike, y: ArrayLike) -> LinearFit:
    """Fit a linear predictor by least absolute deviations.

    X is (n, d), y is (n,).  Minimises sum(abs(y - b - X w)) over w and b, as
    a linear program.  The minimiser need not be unique; the one returned
    passes through as many samples as the fitted values have dimensions.

    Equations: opt-lin-lad, opt-lin-lad-program, eq-lin-lad-certificate.

    >>> fit = least_absolute_deviations([[0.0], [1], [2]], [1.0, 2, 9])
    >>> float(abs([1.0, 2, 9] - fit.predict([[0.0], [1], [2]])).sum())
    3.0
    """
    X = as_matrix(X, "X")
    y = as_vector(y, "y", size=X.shape[0])
    Q, V, x_mean = _orthonormal(X)
    z = _lad(Q, y)
    w = finite(V @ z[1:])
    b = finite(z[0] / np.sqrt(y.size) - x_mean @ w)
    return LinearFit(w, float(b))


def _orthonormal(X: Array) -> tuple[Array, Array, Array]:
    """Return Q, V and the means of X, so that b + X w = Q z.

    The columns of Q are orthonormal, the first of them constant.  Then
    w = V z[1:] and b = z[0] / sqrt(n) - means'w.
    """
    X_c, means = centred(X)
    U, s, V = thin_svd(X_c)
    first = np.full((len(X), 1), 1 / np.sqrt(len(X)))
    with np.errstate(over="ignore"):
        return np.hstack([first, U]), finite(V / s), means


def _in_units(y: Array, c: float) -> Array:
    """Return y / c, the targets in units where the threshold is one."""
    with np.errstate(over="ignore"):
        y = y / c
    if (np.abs(y) > 1e150).any():  # squares would exceed the floats
        raise ValueError(f"threshold must be larger for this y, found {c}")
    return y


def _reined_in(y: Array, least: float) -> tuple[Array, float]:
    """Return y with far targets moved nearer, and its typical deviation.

    How far an outlier lies matters to rounding, and not to the fit.
    The deviation is at least the least one.
    """
    middle = np.median(y)
    apart = np.abs(y - middle)
    apart = apart[apart > 0]
    size = max(least, float(np.median(apart)) if apart.size else least)
    return np.clip(y, middle - 1e7 * size, middle + 1e7 * size), size


def _rounding(Q: Array, y: Array, z: Array) -> Array:
    """Return the rounding errors that y - Q z may have, entry by entry."""
    eps = np.finfo(np.float64).eps
    return np.asarray(4 * eps * (np.abs(y) + np.abs(Q) @ np.abs(z)))


def _huber(Q: Array, y: Array) -> tuple[Array, list[float], float]:
    """Minimise the loss of y - Q z over z at threshold 1, where Q'Q = I.

    Return z, the history of the objective and the gap.  Each step is the
    better of two: weighted least squares, and least squares on the present
    inliers with every outlier moved to the threshold; once, the best of
    three, with the step to the least absolute deviations.
    """
    near, _ = _reined_in(y, 1.0)
    z = Q.T @ near
    history = [float(huber_loss(near - Q @ z, 1.0).sum())]
    for count in range(500):
        r = near - Q @ z
        slope = Q.T @ np.clip(r, -1, 1)
        rounding = np.where(np.abs(r) <= 1, _rounding(Q, near, z), 1e-15)
        if np.linalg.norm(slope) <= np.linalg.norm(rounding):
            break  # the slope is zero, as far as the residuals are known
        moves = _huber_moves(Q, r)
        if count == 20:  # a tiny threshold: absolute deviations are near
            moves.append(_lad(Q, r))
        changes = [_change(r, -Q @ move) for move in moves]
        if min(changes) >= 0:
            break
        z = z + moves[int(np.argmin(changes))]
        history.append(history[-1] + min(changes))
    psi = np.clip(near - Q @ z, -1, 1)
    u = _feasible(Q, psi)
    gaps = 0.5 * (psi - u) ** 2 + (psi - u) * (near - Q @ z - psi)
    _certify(gaps, history[-1], huber_loss(_rounding(Q, near, z), 1.0))
    if (psi != np.clip(y - Q @ z, -1, 1)).any():
        raise ValueError("y must have fewer powers of ten for this X")
    return z, history, float(gaps.sum())


def _huber_moves(Q: Array, r: Array) -> list[Array]:
    """Return two moves of z from residuals r, at threshold 1.

    Both solve (Q' diag(q) Q) move = Q' clip(r, -1, 1): with the weights q of
    iteratively reweighted least squares, and with q = 1 for inliers alone.

    Equations: eq-lin-irls-step, eq-lin-huber-inliers.
    """
    slope, size = Q.T @ np.clip(r, -1, 1), np.abs(r)
    return [
        np.linalg.lstsq((Q.T * q) @ Q, slope, rcond=1e-12)[0]
        for q in (1 / np.maximum(size, 1), size <= 1)
    ]


def _change(r: Array, d: Array) -> float:
    """Return the loss of r + d less that of r, at threshold 1."""
    # With u = clip(r, -1, 1) the loss is u r - u^2 / 2.  Of an outlier that
    # stays one this leaves u d: no large losses are subtracted.
    old, new = np.clip(r, -1, 1), np.clip(r + d, -1, 1)
    return float(np.sum(old * d + (new - old) * (r + d - (old + new) / 2)))


def _feasible(Q: Array, u: Array) -> Array:
    """Return a vector near u with Q'u = 0 and entries between -1 and 1."""
    inside = (np.abs(u) < 1).astype(np.float64)
    for free in (inside, 1.0, 1.0):  # entries at the bounds move last
        A = Q.T * free
        u = u - A.T @ np.linalg.lstsq(A @ Q, Q.T @ u, rcond=1e-12)[0]
    return np.asarray(u / max(1.0, float(np.abs(u).max())))


def _certify(gaps: Array, objective: float, rounding: Array) -> None:
    """Refuse a fit whose objective may be too large by more than 1e-9."""
    if gaps.sum() > 1e-9 * objective + rounding.sum():
        raise ValueError(
            "y must have fewer powers of ten for this X: the objective "
            f"{objective:.3g} may be too large by {gaps.sum():.0e}"
        )


def _lad(Q: Array, y: Array) -> Array:
    """Minimise sum(abs(y - Q z)) over z, Q'Q = I, by linear programming.

    The dual program is solved, whose multipliers are z.  Its tolerances are
    absolute, so y is measured from its median in units of its typical
    deviation; at last the fit is made to pass exactly through the samples
    that the program chose.
    """
    n, p = Q.shape
    near, size = _reined_in(y, np.finfo(np.float64).tiny)
    z_0 = np.sqrt(n) * np.median(y) * np.eye(p)[0]
    found = linprog(
        -(near - Q @ z_0) / size,
        A_eq=Q.T,
        b_eq=np.zeros(p),
        bounds=(-1, 1),
        method="highs-ds",
    )
    z = z_0 - size * found.eqlin.marginals
    rounding = _rounding(Q, near, z)
    chosen = np.flatnonzero(np.abs(near - Q @ z) <= 1e-8 * size + rounding)
    chosen = chosen[qr(Q[chosen].T, mode="r", pivoting=True)[1][:p]]
    through = np.linalg.lstsq(Q[chosen], near[chosen], rcond=None)[0]
    z = min(z, through, key=lambda z: float(np.abs(near - Q @ z).sum()))
    r, u = near - Q @ z, _feasible(Q, np.asarray(found.x))
    _certify(np.abs(r) - u * r, float(np.abs(r).sum()), rounding)
    if ((near != y) & (np.sign(r) != np.sign(y - Q @ z))).any():
        raise ValueError("y must have fewer powers of ten for this X")
    return np.asarray(z)
