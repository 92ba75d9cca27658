"""What the pages of linear regression share: the fit, the SVD, centring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mlderived._types import Array
from mlderived._validation import as_matrix

__all__ = ["LinearFit", "centred", "finite", "thin_svd"]


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
    X_c[:, np.maximum(X_c.max(axis=0), -X_c.min(axis=0)) <= noise] = 0
    return X_c, means
