"""The lasso: coordinate descent, its certificate, its path, its relatives.

Throughout, X is (n, d), y is (n,), and lam is the penalty of the objective
0.5 * sum((y - b - X w)^2) + lam * sum(abs(w)), whose intercept b is free:
X and y are centred first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from mlderived._types import Array
from mlderived._validation import as_array, as_matrix, as_number, as_vector
from mlderived.linear_regression.shared import (
    LinearFit,
    centred,
    finite,
    thin_svd,
)

__all__ = [
    "LassoFit",
    "LassoPath",
    "coordinate_pass",
    "elastic_net",
    "lasso",
    "lasso_dual_gap",
    "lasso_fista",
    "lasso_max_penalty",
    "lasso_path",
    "soft_threshold",
]


@dataclass(frozen=True)
class LassoFit(LinearFit):
    """A sparse linear predictor x -> b + x'w with its certificate."""

    gap: float
    """The objective is at most this far, up to rounding, above its least."""
    history: Array
    """The objective at the start and after each round."""


@dataclass(frozen=True)
class LassoPath:
    """The lasso at every penalty: straight lines between knots."""

    knots: Array
    """The penalties where the path bends, from the largest to 0, (m,)."""
    W: Array
    """Coefficients at the knots, shape (m, d)."""
    b: Array
    """Intercepts at the knots, shape (m,)."""

    def at(self, lam: float) -> LinearFit:
        """Return the fit at the penalty lam >= 0."""
        lam = as_number(lam, "lam", positive=False)
        knots = self.knots[::-1]
        w = [np.interp(lam, knots, column[::-1]) for column in self.W.T]
        b = np.interp(lam, knots, self.b[::-1])
        return LinearFit(np.array(w), float(b))


def soft_threshold(z: ArrayLike, t: ArrayLike) -> Array:
    """Return sign(z) * max(abs(z) - t, 0), entry by entry, for t >= 0.

    Equations: def-lin-soft-threshold.

    >>> soft_threshold([3.0, -0.5, -2.0], 1.0)
    array([ 2.,  0., -1.])
    """
    z, t = as_array(z, "z"), as_array(t, "t")
    if t.min() < 0 or t.shape not in ((), z.shape):
        raise ValueError(
            f"t must be >= 0 and a number or of shape {z.shape}, "
            f"found {t.min()} and shape {t.shape}"
        )
    return np.asarray(np.sign(z) * np.maximum(np.abs(z) - t, 0) + 0.0)


def _problem(X: ArrayLike, y: ArrayLike) -> tuple[Array, Array, Array, float]:
    """Return X and y centred, and their means."""
    X = np.asfortranarray(as_matrix(X, "X"))  # columns are quick to reach
    y = as_vector(y, "y", size=X.shape[0])
    X_c, x_mean = centred(X)
    y_c, y_mean = centred(y[:, None])
    return X_c, y_c[:, 0], x_mean, float(y_mean[0])


def _power(size: ArrayLike) -> Array:
    """Return the power of two just below each size, 1 for size 0."""
    size = np.asarray(size, dtype=np.float64)
    exponent = np.where(size > 0, np.frexp(size)[1] - 1, 0)
    return np.asarray(np.ldexp(1.0, exponent))


def _gap(r: Array, c: Array, w: Array, p: Array) -> float:
    """Return the duality gap from r = y - X w and c = X'r."""
    over = np.abs(c) > p
    theta = float(np.min(p[over] / np.abs(c[over]), initial=1.0))
    on = w != 0
    slack = p[on] * np.abs(w[on]) - theta * w[on] * c[on]
    return float(
        0.5 * (1 - theta) ** 2 * (r @ r) + np.maximum(slack, 0).sum()
    )


def _face_step(
    X: Array,
    y: Array,
    p: Array,
    w: Array,
    G: Array,
    g: Array,
    E: NDArray[np.intp],
) -> tuple[Array, float]:
    """Return the step of w[E] to the minimiser with its signs, and a bound.

    E are the places where w is not zero, G = X[:, E]'X[:, E], and -g is the
    gradient there.
    """
    try:
        pivots = np.linalg.cholesky(G).diagonal()
        if pivots.min() > 1e-3 * pivots.max():
            return np.linalg.solve(G, g), 1.0
    except np.linalg.LinAlgError:
        pass
    U, s, V = thin_svd(X[:, E])  # G would lose half of the digits
    ps = p[E] * np.sign(w[E])
    lost = ps - V @ (V.T @ ps)
    if s.size < E.size and np.abs(lost).max() > 1e-8 * np.abs(ps).max():
        return -lost, np.inf  # the fit stays and the penalty falls
    return V @ ((U.T @ (y - X @ w) - V.T @ ps / s) / s), 1.0


def _jump(X: Array, y: Array, p: Array, w: Array, G: Array, q: Array) -> None:
    """Move w to the minimiser with its signs; q = X'(y - X w) follows.

    A coefficient that would change its sign on the way becomes zero.
    """
    while w.any():
        E = w.nonzero()[0]
        g = q[E] - p[E] * np.sign(w[E])
        step, bound = _face_step(X, y, p, w, G[E][:, E], g, E)
        room = np.full(E.size, np.inf)
        np.divide(-w[E], step, out=room, where=step * w[E] < 0)
        length = min(bound, room.min())
        w[E] += length * step
        q -= length * (step @ G[E])
        if length == bound:
            break
        w[E[room.argmin()]] = 0


def _solve_on(X: Array, y: Array, p: Array, w: Array) -> Array:
    """Minimise 0.5 * sum((y - X w)^2) + sum(p * abs(w)), starting from w.

    A pass of coordinate descent finds signs, a linear system the minimiser
    with these signs, and so on until the optimality conditions hold.
    """
    G, w = X.T @ X, w.copy()
    sizes, t, J = G.diagonal().tolist(), p.tolist(), math.inf
    while True:
        r = y - X @ w
        J_old, J = J, 0.5 * float(r @ r) + float(p @ np.abs(w))
        if J_old <= J:
            return w  # only rounding is left
        q = X.T @ r
        for j, size in enumerate(sizes):
            old = float(w[j])
            z = float(q[j]) + size * old
            new = math.copysign(max(abs(z) - t[j], 0.0), z) / size
            if new != old:
                q -= (new - old) * G[j]
                w[j] = new
        _jump(X, y, p, w, G, q)
        if np.all(np.abs(q[w == 0]) <= p[w == 0] * (1 + 1e-12)):
            return w


def _minimise(
    X: Array, y: Array, p: Array, tol: float, max_iter: int
) -> tuple[Array, float, Array]:
    """Minimise 0.5 * sum((y - X w)^2) + sum(p * abs(w)).

    Returns w, the gap and the history.  Each round solves the problem for
    the columns in use and the worst violators of the optimality conditions.
    The gap is that of penalties larger by the rounding of X'r.
    """
    w, r, c = np.zeros(X.shape[1]), y, X.T @ y
    history = [0.5 * float(y @ y)]
    loose = p + np.finfo(np.float64).eps * math.sqrt(y.size * float(y @ y))
    gap, goal = _gap(r, c, w, loose), tol * history[0]
    for _ in range(max_iter):
        excess = np.where(w != 0, np.inf, np.abs(c) - p)
        size = min(w.size, max(10, 2 * int(np.count_nonzero(w))))
        A = np.argpartition(-excess, size - 1)[:size]
        A = A[excess[A] > 0]
        trial = np.zeros(w.size)
        X_A = X[:, A]
        trial[A] = _solve_on(X_A, y, p[A], w[A])
        r = y - X_A @ trial[A]
        on = trial != 0
        J = 0.5 * float(r @ r) + float(p[on] @ np.abs(trial[on]))
        c_trial = X.T @ r
        gap_trial = _gap(r, c_trial, trial, loose)
        if history[-1] <= J and gap <= gap_trial:
            break  # only rounding is left
        w, c, gap = trial, c_trial, gap_trial
        history.append(min(J, history[-1]))
        if gap <= goal:
            break
    return w, gap, np.array(history)


def _settings(lam: float, tol: float, max_iter: int, name: str) -> None:
    """Refuse settings that make no sense."""
    as_number(lam, name, positive=True)
    as_number(tol, "tol", positive=False)
    if max_iter < 1:
        raise ValueError(f"max_iter must be at least 1, found {max_iter}")


def _reached(gap: float, start: float, tol: float, rounds: int) -> None:
    """Refuse a gap above tol times the objective at zero."""
    if 0 < tol * start < gap:
        raise ValueError(
            f"the duality gap must fall to tol = {tol:.0e} of the objective "
            f"at zero, found {gap / start:.0e} after {rounds} rounds: raise "
            "lam, tol or max_iter, or set tol=0 for the best that they allow"
        )


def _augmented(X: Array, y: Array, roots: Array) -> tuple[Array, Array]:
    """Append the rows diag(roots) to X and zeros to y."""
    return np.vstack([X, np.diag(roots)]), np.append(y, np.zeros(roots.size))


def _fit(
    X: ArrayLike,
    y: ArrayLike,
    lam: float,
    lam2: float,
    tol: float,
    max_iter: int,
) -> LassoFit:
    """Fit the elastic net, with columns and targets of size one."""
    X_c, y_c, x_mean, y_mean = _problem(X, y)
    a = _power(np.maximum(X_c.max(axis=0), -X_c.min(axis=0)))
    c = _power(np.abs(y_c).max())
    X_c /= a
    y_c /= c
    if lam2 > 0:
        X_c, y_c = _augmented(X_c, y_c, np.sqrt(lam2) / a)
    with np.errstate(over="ignore"):
        p = lam / a / c
        w, gap, history = _minimise(X_c, y_c, p, tol, max_iter)
        _reached(gap, history[0], tol, history.size - 1)
        w = w / a * c
        values = np.append(history, gap) * c * c
        b = y_mean - x_mean @ w
    finite(np.concatenate([w, values, [b]]))
    return LassoFit(w, float(b), float(values[-1]), values[:-1])


def lasso(
    X: ArrayLike,
    y: ArrayLike,
    lam: float,
    *,
    tol: float = 1e-12,
    max_iter: int = 1000,
) -> LassoFit:
    """Fit the lasso with a free intercept.

    X is (n, d), y is (n,), lam > 0.  Minimises
    0.5 * sum((y - b - X w)^2) + lam * sum(abs(w)) over w and b, until the
    duality gap is at most tol times the objective at w = 0, in at most
    max_iter rounds.  A goal that is not reached is an error; with tol=0
    the rounds go on as far as rounding and max_iter allow.

    Equations: opt-lin-lasso, eq-lin-coordinate, eq-lin-lasso-gap.

    >>> lasso([[0.0], [1.0], [2.0]], [1.0, 2.0, 3.0], 1.0).w
    array([0.5])
    """
    _settings(lam, tol, max_iter, "lam")
    return _fit(X, y, lam, 0.0, tol, max_iter)


def elastic_net(
    X: ArrayLike,
    y: ArrayLike,
    lam1: float,
    lam2: float,
    *,
    tol: float = 1e-12,
    max_iter: int = 1000,
) -> LassoFit:
    """Fit the elastic net with a free intercept.

    X is (n, d), y is (n,), lam1 > 0, lam2 >= 0.  Minimises
    0.5 * sum((y - b - X w)^2) + lam1 * sum(abs(w)) + 0.5 * lam2 * sum(w^2)
    as a lasso with d invented samples, by the rules of `lasso`.

    Equations: opt-lin-elastic-net, eq-lin-elastic-net-augmented.
    """
    _settings(lam1, tol, max_iter, "lam1")
    as_number(lam2, "lam2", positive=False)
    return _fit(X, y, lam1, lam2, tol, max_iter)


def lasso_max_penalty(X: ArrayLike, y: ArrayLike) -> float:
    """Return the least penalty at which all coefficients are zero.

    Equations: eq-lin-lasso-max.

    >>> lasso_max_penalty([[0.0], [1.0], [2.0]], [1.0, 2.0, 3.0])
    2.0
    """
    X_c, y_c = _problem(X, y)[:2]
    a, c = _power(np.abs(X_c).max()), _power(np.abs(y_c).max())
    with np.errstate(over="ignore"):
        largest = np.abs((X_c / a).T @ (y_c / c)).max() * a * c
    return float(finite(largest))


def lasso_dual_gap(
    X: ArrayLike, y: ArrayLike, w: ArrayLike, lam: float
) -> float:
    """Return a bound on how far w is from the least objective.

    X is (n, d), y is (n,), w is (d,), lam > 0; the intercept is the best
    for w.

    Equations: eq-lin-lasso-gap, def-lin-dual-point.
    """
    X_c, y_c = _problem(X, y)[:2]
    w = as_vector(w, "w", size=X_c.shape[1])
    lam = as_number(lam, "lam", positive=True)
    with np.errstate(over="ignore", invalid="ignore"):
        r = y_c - X_c @ w
        gap = _gap(r, X_c.T @ r, w, np.full(w.size, lam))
        return float(finite(np.array(gap)))


def coordinate_pass(
    X: ArrayLike, y: ArrayLike, w: ArrayLike, lam: float
) -> Array:
    """Return w after one pass of coordinate descent, without intercept.

    X is (n, d), y is (n,), w is (d,), lam > 0.

    Equations: eq-lin-coordinate.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=True)
    y = as_vector(y, "y", size=X.shape[0])
    w = as_vector(w, "w", size=X.shape[1])
    for j in range(w.size):
        size = X[:, j] @ X[:, j]
        z = X[:, j] @ (y - X @ w) + size * w[j]
        w[j] = soft_threshold(z, lam) / size if size > 0 else 0.0
    return w


def lasso_fista(
    X: ArrayLike,
    y: ArrayLike,
    lam: float,
    *,
    tol: float = 1e-10,
    max_iter: int = 10000,
) -> LassoFit:
    """Fit the lasso by accelerated proximal gradient steps.

    Arguments, objective and stopping rule are those of `lasso`; the
    history has one entry for each step, and may rise at times.

    Equations: opt-lin-proximal-step, opt-lin-fista.
    """
    _settings(lam, tol, max_iter, "lam")
    X_c, y_c, x_mean, y_mean = _problem(X, y)
    a, c = float(np.linalg.norm(X_c, 2)) or 1.0, _power(np.abs(y_c).max())
    Z, u, p = X_c / a, y_c / c, np.full(x_mean.size, lam / a / c)
    w: Array = np.zeros(x_mean.size)
    v = w
    t, gap, history = 1.0, np.inf, []
    for _ in range(max_iter + 1):
        r = u - Z @ w
        history.append(0.5 * r @ r + p[0] * np.abs(w).sum())
        gap = _gap(r, Z.T @ r, w, p)
        if gap <= tol * history[0]:
            break
        # the largest singular value of Z is 1, and so is the step
        w_new = soft_threshold(v + Z.T @ (u - Z @ v), p)
        t_new = (1 + np.sqrt(1 + 4 * t * t)) / 2
        v = w_new + (t - 1) / t_new * (w_new - w)
        w, t = w_new, t_new
    _reached(gap, history[0], tol, len(history) - 1)
    w = w / a * c
    values = np.append(history, gap) * c * c
    b = y_mean - x_mean @ w
    finite(np.concatenate([w, values, [b]]))
    return LassoFit(w, float(b), float(values[-1]), values[:-1])


def _segment(
    X: Array, y: Array, E: list[int], s: list[float]
) -> tuple[Array, Array]:
    """Return u and v: the active coefficients are u - lam * v."""
    Q, R = np.linalg.qr(X[:, E])
    pivots = np.abs(R.diagonal())
    if pivots.min() <= 1e-12 * pivots.max():
        raise ValueError(
            "X must have columns in general position, found active columns "
            "that are linearly dependent"
        )
    v = solve_triangular(R, solve_triangular(R, np.array(s), trans=1))
    return solve_triangular(R, Q.T @ y), v


def _events(
    X: Array, y: Array, E: list[int], s: list[float], u: Array, v: Array
) -> tuple[Array, Array]:
    """Return the penalties where columns leave (k,) and join (2, d)."""
    f, a = X.T @ (y - X[:, E] @ u), X.T @ (X[:, E] @ v)
    leave = np.zeros(len(E))
    np.divide(u, v, out=leave, where=v * s < 0)
    join = np.zeros((2, a.size))
    for side, sign in zip(join, (1.0, -1.0), strict=True):
        meets = 1 - sign * a > 1e-10
        meets[E] = False
        np.divide(sign * f, 1 - sign * a, out=side, where=meets)
    return leave, join


def _refuse_ties(sizes: Array) -> None:
    """Refuse active coefficients that do not have their signs."""
    if sizes.min() < -1e-9 * np.abs(sizes).max():
        raise ValueError(
            "X must have columns in general position, found columns that "
            "join the path at nearly the same penalty"
        )


def lasso_path(
    X: ArrayLike, y: ArrayLike, *, max_knots: int = 10000
) -> LassoPath:
    """Return the lasso with a free intercept at every penalty, exactly.

    X is (n, d) with columns in general position, y is (n,).  Follows the
    minimiser of 0.5 * sum((y - b - X w)^2) + lam * sum(abs(w)) from the
    penalty where it leaves zero down to penalty 0.

    Equations: eq-lin-lasso-segment, eq-lin-lasso-events.
    """
    X_c, y_c, x_mean, y_mean = _problem(X, y)
    d = x_mean.size
    a, c = _power(np.abs(X_c).max()), _power(np.abs(y_c).max())
    X_c, y_c = X_c / a, y_c / c
    start = X_c.T @ y_c
    lam = float(np.abs(start).max())
    floor, knots, W = 1e-13 * lam, [lam], [np.zeros(d)]
    first = int(np.abs(start).argmax())
    E, s = [first], [float(np.sign(start[first]))]
    while lam > 0:
        u, v = _segment(X_c, y_c, E, s)
        leave, join = _events(X_c, y_c, E, s, u, v)
        event = max(leave.max(), join.max())
        lam = min(lam, event) if event > floor else 0.0
        w = np.zeros(d)
        w[E] = u - lam * v
        _refuse_ties(w[E] * s)
        if lam > 0 and leave.max() == event:
            k = int(leave.argmax())
            w[E.pop(k)] = 0
            s.pop(k)
        elif lam > 0:
            side, j = divmod(int(join.argmax()), d)
            E.append(j)
            s.append(1.0 - 2.0 * side)
        knots.append(lam)
        W.append(w)
        if len(knots) > max_knots:
            raise ValueError(
                f"the path must have at most {max_knots} knots, found more: "
                "columns that are not in general position can go in circles"
            )
    with np.errstate(over="ignore"):
        coefficients = finite(np.array(W) / a * c)
        return LassoPath(
            finite(np.array(knots) * a * c),
            coefficients,
            finite(y_mean - coefficients @ x_mean),
        )
