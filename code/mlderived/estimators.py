"""The book's models in the conventions of scikit-learn.

Each class takes its parameters at construction, learns in `fit`, and works in
a Pipeline or a GridSearchCV.  The mathematics stands in the modules of the
chapters; here is none.  Needs scikit-learn, which the rest of the package
does not: pip install mlderived[estimators].
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from mlderived import linear_regression as lr
from mlderived._types import Array

__all__ = [
    "BayesianRegressor",
    "ElasticNetRegressor",
    "HuberRegressor",
    "LadRegressor",
    "LassoRegressor",
    "LeastSquaresRegressor",
    "ReducedRankRegressor",
    "RidgeRegressor",
]


class _LinearRegressor(RegressorMixin, BaseEstimator):
    """What all share: validation, `coef_`, `intercept_`, prediction."""

    _min_samples = 1

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from X (n, d) and y (n,)."""
        features, targets = validate_data(
            self,
            X,
            y,
            dtype=np.float64,
            y_numeric=True,
            ensure_min_samples=self._min_samples,
        )
        fit = self._fit(features, np.asarray(targets, dtype=np.float64))
        self.coef_, self.intercept_ = fit.w, fit.b
        return self

    def _fit(self, X: Array, y: Array) -> lr.LinearFit:
        raise NotImplementedError

    def predict(self, X: ArrayLike) -> Array:
        """Return the predictions for the rows of X, shape (m,)."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        return np.asarray(rows @ self.coef_ + self.intercept_)


class LeastSquaresRegressor(_LinearRegressor):
    """Least squares; of several minimisers the one of least norm."""

    def _fit(self, X: Array, y: Array) -> lr.LinearFit:
        return lr.least_squares(X, y)


class RidgeRegressor(_LinearRegressor):
    """Ridge regression: `lam` is the alpha of scikit-learn's Ridge."""

    def __init__(self, lam: float = 1.0) -> None:
        self.lam = lam

    def _fit(self, X: Array, y: Array) -> lr.LinearFit:
        return lr.ridge(X, y, self.lam)


class LassoRegressor(_LinearRegressor):
    """The lasso: `lam` is n times the alpha of scikit-learn's Lasso.

    The fit ends when the duality gap is at most `tol` times the objective at
    zero weights; `gap_` is the gap that was reached.
    """

    def __init__(
        self, lam: float = 1.0, tol: float = 1e-12, max_iter: int = 1000
    ) -> None:
        self.lam = lam
        self.tol = tol
        self.max_iter = max_iter

    def _fit(self, X: Array, y: Array) -> lr.LinearFit:
        fit = lr.lasso(X, y, self.lam, tol=self.tol, max_iter=self.max_iter)
        self.gap_, self.n_iter_ = fit.gap, max(1, fit.history.size - 1)
        return fit


class ElasticNetRegressor(_LinearRegressor):
    """The elastic net: penalty lam1 * sum(abs(w)) + 0.5 * lam2 * sum(w^2).

    For scikit-learn's ElasticNet, lam1 = n * alpha * l1_ratio and
    lam2 = n * alpha * (1 - l1_ratio).
    """

    def __init__(
        self,
        lam1: float = 1.0,
        lam2: float = 1.0,
        tol: float = 1e-12,
        max_iter: int = 1000,
    ) -> None:
        self.lam1 = lam1
        self.lam2 = lam2
        self.tol = tol
        self.max_iter = max_iter

    def _fit(self, X: Array, y: Array) -> lr.LinearFit:
        fit = lr.elastic_net(
            X, y, self.lam1, self.lam2, tol=self.tol, max_iter=self.max_iter
        )
        self.gap_, self.n_iter_ = fit.gap, max(1, fit.history.size - 1)
        return fit


class HuberRegressor(_LinearRegressor):
    """Huber's loss with a `threshold` in the units of the target."""

    def __init__(self, threshold: float = 1.0) -> None:
        self.threshold = threshold

    def _fit(self, X: Array, y: Array) -> lr.LinearFit:
        return lr.huber_regression(X, y, self.threshold)


class LadRegressor(_LinearRegressor):
    """Least absolute deviations."""

    def _fit(self, X: Array, y: Array) -> lr.LinearFit:
        return lr.least_absolute_deviations(X, y)


class BayesianRegressor(_LinearRegressor):
    """Bayesian linear regression at the penalty of largest evidence.

    Penalty and noise variance are learnt: `lam_` and `sigma2_`.  Targets that
    are fitted exactly leave both at zero, and the fit is least squares.
    """

    _min_samples = 2

    def _fit(self, X: Array, y: Array) -> lr.LinearFit:
        try:
            fit = lr.maximise_evidence(X, y)
        except lr.ExactFitError:
            self.lam_, self.sigma2_, self.posterior_ = 0.0, 0.0, None
            return lr.least_squares(X, y)
        self.lam_, self.sigma2_ = fit.lam, fit.sigma2
        if not np.isfinite(fit.lam):  # the features explain nothing
            self.posterior_ = None
            return lr.LinearFit(np.zeros(X.shape[1]), float(y.mean()))
        post = lr.bayesian_regression(X, y, fit.lam, fit.sigma2)
        self.posterior_ = post
        level = float(post.level - post.centre @ post.mean)
        return lr.LinearFit(post.mean, level)


class ReducedRankRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Several responses with a matrix of coefficients of low `rank`.

    A rank above min(d, m) asks for no reduction.
    """

    def __init__(self, rank: int = 1) -> None:
        self.rank = rank

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from X (n, d) and y (n, m) or (n,)."""
        features, targets = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True
        )
        single = np.ndim(targets) == 1
        Y = np.asarray(targets, dtype=np.float64).reshape(len(features), -1)
        rank = min(self.rank, features.shape[1], Y.shape[1])
        fit = lr.reduced_rank_regression(features, Y, rank)
        self.coef_ = fit.B[:, 0] if single else fit.B.T
        self.intercept_ = fit.intercept[0] if single else fit.intercept
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Return the predictions for the rows of X, (m,) or (m, k)."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        return np.asarray(rows @ self.coef_.T + self.intercept_)
