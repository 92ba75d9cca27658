"""What the pages of linear regression share: the fit, the SVD, centring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import lapack

from mlderived._types import Array
from mlderived._validation import as_matrix

__all__ = ["LinearFit"]  # the rest is for the modules beside this one


@dataclass(frozen=True)
class LinearFit:
    """A fitted linear predictor x -> b + x'w."""

    w: Array
    """Coefficients, shape (d,)."""
    b: float
    """Intercept."""

    def predict(self, X: ArrayLike) -> Array:
        """Return b + X w for rows X of shape (m, d)."""
        X = as_matrix(X, "X")
        if X.shape[1] != self.w.size:
            raise ValueError(
                f"X must have {self.w.size} columns, found {X.shape[1]}"
            )
        return self.b + X @ self.w


def thin_svd(X: Array) -> tuple[Array, Array, Array]:
    """Return U (n, r), s (r,), V (d, r): X = U diag(s) V', r the rank."""
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    kept = s > max(X.shape) * np.finfo(np.float64).eps * s[0]
    return U[:, kept], s[kept], Vt[kept].T


def finite(value: Array) -> Array:
    """Refuse a result that float64 cannot hold."""
    if not np.isfinite(value).all():
        raise ValueError("the result exceeds the floats: rescale X, y or w")
    return value


def centred(X: Array) -> tuple[Array, Array]:
    """Return X with columns of mean zero, and the means, shape (d,).

    A constant column becomes exactly zero: its rounding errors are not a
    feature.
    """
    means = X.mean(axis=0)
    X_c = X - means
    noise = X.shape[0] * np.finfo(np.float64).eps * np.abs(means)
    # The first row tells for nearly all columns that they are not constant.
    flat = np.flatnonzero(np.abs(X_c[0]) <= noise)
    constant = np.abs(X_c[:, flat]).max(axis=0) <= noise[flat]
    X_c[:, flat[constant]] = 0
    return X_c, means


def gram_solution(X: Array, y: Array, lam: float) -> Array | None:
    """Return (X'X + lam I)^{-1} X'y by Cholesky, where that is as good.

    The Gram matrix squares the condition number, so it is used only for long
    matrices with columns of similar lengths, and if it is well conditioned
    after its diagonal was scaled to one: at most four digits are lost.
    Elsewhere the answer is None, and the caller takes the decomposition of X.
    """
    if X.shape[0] < 4 * X.shape[1]:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        G = X.T @ X
        G[np.diag_indices_from(G)] += lam
        diagonal = G.diagonal()
        least, most = diagonal.min(), diagonal.max()
        if not (least > 1e-200 and most < 1e200 and most < 1e8 * least):
            return None
        scale = 1 / np.sqrt(diagonal)
        G *= scale[:, None] * scale
        L, failed = lapack.dpotrf(G)
        if failed or lapack.dpocon(L, np.abs(G).sum(axis=0).max())[0] < 1e-4:
            return None
        w: Array = scale * lapack.dpotrs(L, scale * (X.T @ y))[0]
    return w if np.isfinite(w).all() else None
