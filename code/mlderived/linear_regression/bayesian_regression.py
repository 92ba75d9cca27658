"""Bayesian linear regression: posterior, evidence, recursive least squares.

Throughout, X is (n, d) and y is (n,).  The model is y = b + X w + noise with
noise of law N(0, sigma2 I) and the prior w ~ N(0, (sigma2 / lam) I), so that
the posterior mean is the ridge estimate at penalty lam.  With
`intercept=True` the intercept b has a flat prior, which is the same as
centring X and y and counting n - 1 samples in the evidence; with
`intercept=False` b is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from mlderived._types import Array
from mlderived._validation import as_matrix, as_number, as_vector
from mlderived.linear_regression.shared import centred, finite, thin_svd

__all__ = [
    "EvidenceFit",
    "ExactFitError",
    "Posterior",
    "RecursiveFit",
    "bayesian_regression",
    "log_evidence",
    "maximise_evidence",
    "recursive_least_squares",
    "rls_step",
]


class ExactFitError(ValueError):
    """The targets are fitted without a miss: no noise can be estimated."""


@dataclass(frozen=True)
class Posterior:
    """The law of the coefficients given the data, N(mean, covariance)."""

    mean: Array
    """Mean of the coefficients, shape (d,)."""
    covariance: Array
    """Covariance of the coefficients, shape (d, d)."""
    root: Array
    """A square root of it, covariance = root root', shape (d, d)."""
    sigma2: float
    """Variance of the noise."""
    centre: Array
    """Point at which the level is measured, the column means, shape (d,)."""
    level: float
    """Mean of the prediction at the centre."""
    level_variance: float
    """Variance of the level, which is sigma2 / n, or 0 without intercept."""

    def predictive(self, X: ArrayLike) -> tuple[Array, Array]:
        """Return mean and variance of a new target at each row of X.

        X is (m, d), both results are (m,).

        Equations: eq-lin-predictive, eq-lin-predictive-intercept.
        """
        X = as_matrix(X, "X")
        if X.shape[1] != self.mean.size:
            raise ValueError(
                f"X must have {self.mean.size} columns, found {X.shape[1]}"
            )
        Z = X - self.centre
        with np.errstate(over="ignore", invalid="ignore"):
            mean = self.level + Z @ self.mean
            # by the root: in the covariance large variances hide small ones
            spread = np.sum((Z @ self.root) ** 2, axis=1)
            variance = self.sigma2 + self.level_variance + spread
        return finite(mean), finite(variance)


@dataclass(frozen=True)
class EvidenceFit:
    """Penalty and noise variance at which the evidence is largest."""

    lam: float
    """The penalty; infinite if no finite one is better than zero weights."""
    sigma2: float
    """The noise variance."""
    history: Array
    """Log evidence before each update of the pair, and after the last."""


@dataclass(frozen=True)
class RecursiveFit:
    """The estimates after 0, 1, ..., n samples."""

    path: Array
    """Row t is the ridge estimate from the first t samples, (n + 1, d)."""
    P: Array
    """(X'X + lam I)^{-1} after all samples, shape (d, d)."""


def _prepared(
    X: Array, y: Array, intercept: bool
) -> tuple[Array, Array, Array, float, int]:
    """Return X and y centred, their means, and the samples that count."""
    if not intercept:
        return X, y, np.zeros(X.shape[1]), 0.0, y.size
    X_c, means = centred(X)
    y_c, level = centred(y[:, None])
    return X_c, y_c[:, 0], means, float(level[0]), y.size - 1


def bayesian_regression(
    X: ArrayLike,
    y: ArrayLike,
    lam: float,
    sigma2: float,
    *,
    intercept: bool = True,
) -> Posterior:
    """Return the posterior of the coefficients, given lam and sigma2.

    X is (n, d), y is (n,), lam > 0, sigma2 > 0.

    Equations: asm-lin-prior, eq-lin-posterior, eq-lin-predictive-intercept.

    >>> post = bayesian_regression([[1.0], [2.0]], [1.0, 3.0], 2.0, 7.0,
    ...                            intercept=False)
    >>> post.mean.round(12), post.covariance.round(12)
    (array([1.]), array([[1.]]))
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=True)
    y = as_vector(y, "y", size=X.shape[0])
    sigma2 = as_number(sigma2, "sigma2", positive=True)
    X_c, y_c, centre, level, _ = _prepared(X, y, intercept)
    U, s, V = thin_svd(X_c)
    root = np.sqrt(lam)
    # s / (s^2 + lam) and the root of 1 / (s^2 + lam), without squares
    with np.errstate(over="ignore"):
        mean = V @ (1 / (s + lam / s) * (U.T @ y_c))
        V_full = np.linalg.qr(V, mode="complete")[0]
        V_full[:, : s.size] = V
        scale = np.full(V_full.shape[0], 1 / root)
        scale[: s.size] = 1 / np.hypot(s, root)
        half = V_full * (np.sqrt(sigma2) * scale)
        covariance = half @ half.T
    spread = sigma2 / y.size if intercept else 0.0
    return Posterior(
        finite(mean),
        finite(covariance),
        half,
        sigma2,
        centre,
        level,
        spread,
    )


def log_evidence(
    X: ArrayLike,
    y: ArrayLike,
    lam: float,
    sigma2: float,
    *,
    intercept: bool = True,
) -> float:
    """Return the log density of the targets under the model.

    X is (n, d), y is (n,), lam > 0, sigma2 > 0.  With an intercept it is the
    density of the n - 1 contrasts that do not depend on it.

    Equations: eq-lin-evidence-svd, eq-lin-contrasts.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=True)
    y = as_vector(y, "y", size=X.shape[0])
    sigma2 = as_number(sigma2, "sigma2", positive=True)
    X_c, y_c, _, _, n = _prepared(X, y, intercept)
    U, s, _ = thin_svd(X_c)
    log_odds = 2 * np.log(s) - np.log(lam)
    with np.errstate(over="ignore", invalid="ignore"):
        y_s = y_c / np.sqrt(sigma2)
        z = U.T @ y_s
        rest = np.sum((y_s - U @ z) ** 2)
        square = rest + np.sum(expit(-log_odds) * z**2)
    log_det = n * (np.log(2 * np.pi) + np.log(sigma2)) + np.sum(
        np.logaddexp(0, log_odds)
    )
    return float(finite(-(log_det + square) / 2))


def _mackay(
    s2: Array, z: Array, rest: float, n: int, lam: Array
) -> tuple[Array, Array, Array, Array]:
    """Return lam and sigma2 after one update, Q and log |I + XX'/lam|.

    One entry for each penalty in lam; Q is |y - X w|^2 + lam |w|^2.
    """
    kept = s2 / (s2 + lam[:, None])
    lost = lam[:, None] / (s2 + lam[:, None])
    errors, weights = rest + lost**2 @ z**2, kept**2 @ (z**2 / s2)
    sigma2 = errors / (n - s2.size + lost.sum(axis=1))
    log_det = np.log1p(s2 / lam[:, None]).sum(axis=1)
    lam_new = kept.sum(axis=1) * sigma2 / weights
    return lam_new, sigma2, errors + lam * weights, log_det


def _climb(
    s2: Array, z: Array, rest: float, n: int
) -> tuple[float, float, Array]:
    """Return penalty, noise variance and history in singular coordinates."""
    total = float(z @ z + rest)
    at_infinity = -n * np.log(2 * np.pi * np.e * total / n) / 2
    zero_weights = np.inf, total / n, np.array([at_infinity])
    if not z.any():
        return zero_weights
    exact = rest <= (100 * n * np.finfo(np.float64).eps) ** 2 * total
    if exact and s2.size < n:
        raise ExactFitError(
            "y must not be fitted exactly: the evidence grows without end as"
            f" sigma2 -> 0, found {n} targets and {s2.size} directions"
        )
    # where the fixed point of small penalties lies, if there is one
    small = s2[-1] if exact else rest / np.sum(z**2 / s2) / n
    low, high = np.log(min(small, s2[-1])) - 15, np.log(n) + 20
    grid = np.exp(np.arange(low, high, 0.1))
    Q, log_det = _mackay(s2, z, rest, n, grid)[2:]
    profile = at_infinity + (n * np.log(total / Q) - log_det) / 2
    best = int(np.argmax(profile))
    if profile[best] <= at_infinity + 1e-12 * n:
        return zero_weights
    if s2.size == n and best == 0:
        raise ExactFitError(
            "the evidence is largest as sigma2 -> 0, where y is fitted"
            f" exactly: found {n} targets and {n} directions"
        )
    pair = [grid[[best]], Q[[best]] / n]
    history: list[float] = []
    for _ in range(1_000):
        lam, sigma2 = pair
        *pair, Q, log_det = _mackay(s2, z, rest, n, lam)
        square = Q / sigma2 + n * (np.log(2 * np.pi) + np.log(sigma2))
        history.append(float(-(square + log_det)[0] / 2))
        if abs(np.log(pair[0] / lam)[0]) < 1e-10:
            break
    return float(lam[0]), float(sigma2[0]), np.array(history)


def _positive(value: float) -> float:
    """Refuse what is no positive float any more."""
    if not 0 < value < np.inf:
        raise ValueError("lam or sigma2 exceeds the floats: rescale X or y")
    return float(value)


def maximise_evidence(
    X: ArrayLike, y: ArrayLike, *, intercept: bool = True
) -> EvidenceFit:
    """Return the lam and sigma2 that maximise the log evidence.

    X is (n, d), y is (n,).  Runs MacKay's fixed point from the best penalty
    of a grid, until lam moves by less than a relative 1e-10 or 1,000 times.
    lam is infinite if no finite one beats zero weights.
    ValueError if the evidence has no maximum: targets that do not vary, or
    (ExactFitError) are fitted exactly.

    Equations: eq-lin-evidence-sigma, opt-lin-mackay,
    eq-lin-mackay-monotone, eq-lin-evidence-infinity.
    """
    X = as_matrix(X, "X")
    y = as_vector(y, "y", size=X.shape[0])
    X, y, _, _, n = _prepared(X, y, intercept)
    if not y.any():
        raise ValueError("y must vary, found nothing to explain")
    U, s, _ = thin_svd(X)
    # in units of the largest singular value and of the largest target
    x_unit, y_unit = s.max(initial=1e-300), float(np.abs(y).max())
    y = y / y_unit
    z = U.T @ y
    rest = float(np.sum((y - U @ z) ** 2))
    lam, sigma2, history = _climb((s / x_unit) ** 2, z, rest, n)
    with np.errstate(over="ignore"):
        if lam < np.inf:
            lam = _positive(lam * x_unit * x_unit)
        sigma2 = _positive(sigma2 * y_unit * y_unit)
    return EvidenceFit(lam, sigma2, history - n * np.log(y_unit))


def rls_step(
    w: ArrayLike, P: ArrayLike, x: ArrayLike, y: float
) -> tuple[Array, Array]:
    """Return the estimate and its matrix after one more sample.

    w is (d,), P is (d, d) symmetric positive definite, x is (d,), y is the
    target of x.

    Equations: opt-lin-rls.
    """
    P = as_matrix(P, "P")
    if P.shape[0] != P.shape[1]:
        raise ValueError(f"P must be square, found shape {P.shape}")
    w, x = as_vector(w, "w", size=len(P)), as_vector(x, "x", size=len(P))
    y = as_vector([y], "y", size=1)[0]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        Px = P @ x
        gain = Px / (1 + x @ Px)
        w, P = w + gain * (y - x @ w), P - np.outer(gain, Px)
    return finite(w), finite(P)


def recursive_least_squares(
    X: ArrayLike, y: ArrayLike, lam: float
) -> RecursiveFit:
    """Return the ridge estimates of the first 0, 1, ..., n samples.

    X is (n, d), y is (n,), lam > 0.  There is no intercept.  The recursion
    runs on a square root S of P = S S', so that P cannot lose its sign.

    Equations: opt-lin-rls, eq-lin-rls, eq-lin-potter.
    """
    X, lam = as_matrix(X, "X"), as_number(lam, "lam", positive=True)
    y = as_vector(y, "y", size=X.shape[0])
    S = np.eye(X.shape[1]) / np.sqrt(lam)
    path = np.zeros((len(y) + 1, X.shape[1]))
    with np.errstate(over="ignore", invalid="ignore"):
        for t, (x, target) in enumerate(zip(X, y, strict=True)):
            f = S.T @ x
            a = 1 + f @ f
            Sf = S @ f
            path[t + 1] = path[t] + Sf / a * (target - x @ path[t])
            S -= np.outer(Sf, f) / (a + np.sqrt(a))
        P = S @ S.T
    return RecursiveFit(finite(path), finite(P))
