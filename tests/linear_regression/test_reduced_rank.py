"""Reduced-rank regression against alternating least squares, limits and invariants."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from mlderived import linear_regression as lr

SHAPES = [(20, 4, 3), (15, 2, 5), (12, 5, 1), (9, 1, 4), (30, 3, 6)]


def data(n, d, m, seed=0):
    """Responses off-centre, from two hidden combinations and noise."""
    rng = np.random.default_rng(seed)
    X = 3 + rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    Y = -5 + X @ rng.normal(size=(d, 2)) @ rng.normal(size=(2, m)) + 2 * rng.normal(size=(n, m))
    return X, Y


def loss(X, Y, fit):
    return 0.5 * np.sum((Y - fit.predict(X)) ** 2)


def alternating_least_squares(X, Y, r, seed, steps=3000):
    """The objective after alternating exact minimisation over B = A C', from a random start."""
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    C = np.random.default_rng(seed).normal(size=(Y.shape[1], r))
    before = np.inf
    for _ in range(steps):
        A = np.linalg.lstsq(X, Y @ np.linalg.pinv(C).T, rcond=None)[0]
        C = np.linalg.lstsq(X @ A, Y, rcond=None)[0].T
        value = 0.5 * np.sum((Y - X @ A @ C.T) ** 2)
        if before - value < 1e-13 * value:
            break
        before = value
    return value


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_no_start_of_alternating_least_squares_does_better(shape):
    X, Y = data(*shape)
    for r in range(1, min(shape[1:]) + 1):
        ours = loss(X, Y, lr.reduced_rank_regression(X, Y, r))
        theirs = [alternating_least_squares(X, Y, r, seed) for seed in range(5)]
        assert min(theirs) == pytest.approx(ours, rel=1e-8)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_full_rank_is_least_squares_for_each_response(shape):
    X, Y = data(*shape)
    fit, theirs = lr.reduced_rank_regression(X, Y, min(shape[1:])), LinearRegression().fit(X, Y)
    np.testing.assert_allclose(fit.B.T, theirs.coef_, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(fit.intercept, theirs.intercept_, rtol=1e-8)
    np.testing.assert_allclose(fit.predict(X), theirs.predict(X), rtol=1e-8)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rank_and_loss_of_every_fit(shape):
    X, Y = data(*shape)
    full = lr.reduced_rank_regression(X, Y, min(shape[1:]))
    for r in range(min(shape[1:]) + 1):
        fit = lr.reduced_rank_regression(X, Y, r)
        assert np.linalg.matrix_rank(fit.B) == r
        lost = 0.5 * np.sum(fit.singular_values[r:] ** 2)
        assert loss(X, Y, fit) == pytest.approx(loss(X, Y, full) + lost, rel=1e-10)


def test_rank_zero_predicts_the_means():
    X, Y = data(7, 3, 2)
    fit = lr.reduced_rank_regression(X, Y, 0)
    np.testing.assert_array_equal(fit.B, np.zeros((3, 2)))
    np.testing.assert_allclose(fit.predict(X), np.tile(Y.mean(axis=0), (7, 1)))


def test_noiseless_coefficients_of_low_rank_are_recovered():
    rng = np.random.default_rng(1)
    X, B = rng.normal(size=(15, 5)), rng.normal(size=(5, 2)) @ rng.normal(size=(2, 4))
    fit = lr.reduced_rank_regression(X, X @ B + 7, 2)
    np.testing.assert_allclose(fit.B, B, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.intercept, 7, rtol=1e-10)


def test_fewer_samples_than_features_gives_the_fit_of_least_norm():
    X, Y = data(5, 8, 3)
    fit = lr.reduced_rank_regression(X, Y, 3)
    X_c, Y_c = X - X.mean(axis=0), Y - Y.mean(axis=0)
    np.testing.assert_allclose(fit.B, np.linalg.pinv(X_c) @ Y_c, rtol=1e-8, atol=1e-11)
    assert fit.singular_values.shape == (3,)


def test_collinear_columns_share_the_coefficient():
    X, Y = data(10, 2, 3)
    twice = np.column_stack([X, X])
    fit, once = lr.reduced_rank_regression(twice, Y, 1), lr.reduced_rank_regression(X, Y, 1)
    np.testing.assert_allclose(fit.B, np.vstack([once.B, once.B]) / 2, rtol=1e-8)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_extreme_scales(scale):
    X, Y = data(12, 3, 4)
    unit = lr.reduced_rank_regression(X, Y, 2)
    np.testing.assert_allclose(lr.reduced_rank_regression(X * scale, Y, 2).B * scale, unit.B, rtol=1e-9)
    np.testing.assert_allclose(lr.reduced_rank_regression(X, Y * scale, 2).B / scale, unit.B, rtol=1e-9)


def test_columns_of_very_different_size_are_not_taken_for_collinear():
    X, Y = data(12, 3, 4)
    units = np.array([1e150, 1.0, 1e-20])
    unit = lr.reduced_rank_regression(X, Y, 2)
    ours = lr.reduced_rank_regression(X * units, Y, 2)
    np.testing.assert_allclose(ours.B * units[:, None], unit.B, rtol=1e-9)
    np.testing.assert_allclose(ours.singular_values, unit.singular_values, rtol=1e-9)


def test_coefficients_keep_their_digits_at_condition_number_1e8():
    rng = np.random.default_rng(0)
    U = rng.normal(size=(30, 5))
    U = np.linalg.qr(U - U.mean(axis=0))[0]
    X = U @ np.diag(np.logspace(0, -8, 5)) @ np.linalg.qr(rng.normal(size=(5, 5)))[0].T
    B = rng.normal(size=(5, 2)) @ rng.normal(size=(2, 3))
    np.testing.assert_allclose(lr.reduced_rank_regression(X, X @ B, 3).B, B, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("X", "B"), [([[5.0]], 0.0), ([[1.0], [1.0]], 0.0), ([[1.0], [3.0]], 0.5)])
def test_one_sample_or_a_constant_column_has_no_slope(X, B):
    Y = np.arange(1.0, len(X) + 1)[:, None]
    fit = lr.reduced_rank_regression(X, Y, 1)
    np.testing.assert_allclose(fit.B, [[B]], atol=1e-15)
    assert fit.predict(X).mean() == pytest.approx(Y.mean())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0], [2.0]], [1.0, 2.0], 1), r"Y must have shape \(n, d\), found shape \(2,\)"),
        (([[1.0], [2.0]], [[1.0]], 1), "Y must have 2 rows, found 1"),
        (([[1.0], [2.0]], [[1.0], [2.0]], 2), "rank must be an integer from 0 to 1, found 2"),
        (([[1.0], [2.0]], [[1.0], [2.0]], -1), "rank must be an integer from 0 to 1, found -1"),
        (([[1.0], [2.0]], [[1.0], [2.0]], 1.0), "rank must be an integer from 0 to 1, found 1.0"),
        (([[1.0], [2.0]], [[1.0], [np.inf]], 1), r"Y must be finite, found inf at index \(1, 0\)"),
        (([[1e-310], [2e-310]], [[1.0], [2.0]], 1), "rescale X"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        lr.reduced_rank_regression(*arguments)


def test_predict_names_a_wrong_number_of_columns():
    X, Y = data(6, 2, 2)
    with pytest.raises(ValueError, match="X must have 2 columns, found 1"):
        lr.reduced_rank_regression(X, Y, 1).predict(X[:, :1])


def test_inputs_are_not_changed():
    X, Y = data(6, 2, 2)
    before = X.copy(), Y.copy()
    X.setflags(write=False)
    Y.setflags(write=False)
    lr.reduced_rank_regression(X, Y, 1)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(Y, before[1])
