"""Our estimators are scikit-learn's citizens, and compute what the functions compute."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import linear_model
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlderived import data, estimators

ALL = [getattr(estimators, name)() for name in estimators.__all__]


@parametrize_with_checks(ALL)
def test_conventions_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture
def cars():
    X, y, features = data.auto_mpg()
    return pd.DataFrame(X, columns=list(features)), y


@pytest.mark.parametrize("estimator", ALL, ids=lambda one: type(one).__name__)
def test_pipeline_clone_pickle_and_data_frames(estimator, cars):
    frame, y = cars
    pipe = make_pipeline(StandardScaler(), clone(estimator)).fit(frame, y)
    again = pickle.loads(pickle.dumps(pipe))
    np.testing.assert_array_equal(again.predict(frame), pipe.predict(frame))
    assert pipe.score(frame, y) > 0.5
    ours = clone(estimator).fit(frame, y)
    assert list(ours.feature_names_in_) == list(frame.columns)
    np.testing.assert_array_equal(ours.predict(frame), clone(estimator).fit(frame, y).predict(frame))
    with pytest.raises(ValueError, match="feature names"):
        ours.predict(frame[frame.columns[::-1]])


def test_a_grid_search_finds_the_penalty_of_scikit_learn(cars):
    frame, y = cars
    lams = np.logspace(-2, 4, 13)
    ours = GridSearchCV(estimators.RidgeRegressor(), {"lam": lams}).fit(frame, y)
    theirs = GridSearchCV(linear_model.Ridge(), {"alpha": lams}).fit(frame, y)
    assert ours.best_params_["lam"] == theirs.best_params_["alpha"]
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], rtol=1e-8
    )


def test_coefficients_are_those_of_scikit_learn(cars):
    X, y = cars[0].to_numpy(), cars[1]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    n, alpha, share = len(y), 0.1, 0.3
    pairs = [
        (estimators.LeastSquaresRegressor(), linear_model.LinearRegression()),
        (estimators.RidgeRegressor(3.0), linear_model.Ridge(3.0)),
        (estimators.LassoRegressor(n * alpha), linear_model.Lasso(alpha, tol=1e-12, max_iter=10**5)),
        (
            estimators.ElasticNetRegressor(n * alpha * share, n * alpha * (1 - share)),
            linear_model.ElasticNet(alpha, l1_ratio=share, tol=1e-12, max_iter=10**5),
        ),
        (estimators.LadRegressor(), linear_model.QuantileRegressor(alpha=0)),
    ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours.fit(X, y).predict(X), theirs.fit(X, y).predict(X), rtol=1e-6)


def test_bayesian_coefficients_are_ridge_at_the_penalty_of_largest_evidence(cars):
    X, y = cars[0].to_numpy(), cars[1]
    ours = estimators.BayesianRegressor().fit(X, y)
    ridge = estimators.RidgeRegressor(ours.lam_).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), ridge.predict(X), rtol=1e-8)


def test_reduced_rank_of_full_rank_is_least_squares_for_each_response(cars):
    X = cars[0].to_numpy()
    full = estimators.ReducedRankRegressor(2).fit(X[:, :3], X[:, 3:])
    for k in (0, 1):
        one = estimators.LeastSquaresRegressor().fit(X[:, :3], X[:, 3 + k])
        np.testing.assert_allclose(full.predict(X[:, :3])[:, k], one.predict(X[:, :3]), rtol=1e-8)
    low = estimators.ReducedRankRegressor(1).fit(X[:, :3], X[:, 3:])
    assert np.linalg.matrix_rank(low.coef_) == 1
