"""The lasso against brute force over all supports, its optimality conditions and scikit-learn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet, Lasso, lars_path

from mlderived import linear_regression as lr

SHAPES = [(9, 3), (13, 2), (4, 6), (7, 1), (3, 2)]


@pytest.fixture(params=SHAPES, ids=str)
def problem(request):
    """Data off-centre and off-scale, with n < d and d = 1 among the shapes."""
    n, d = request.param
    rng = np.random.default_rng(n * 10 + d)
    return 3 + 2 * rng.normal(size=(n, d)), 5 + rng.normal(size=n)


def objective(X, y, w, lam):
    r = y - y.mean() - (X - X.mean(axis=0)) @ w
    return 0.5 * r @ r + lam * np.abs(w).sum()


def brute_force(X, y, lam):
    """The least objective over all supports and signs, each solved in closed form."""
    X_c, y_c, d = X - X.mean(axis=0), y - y.mean(), X.shape[1]
    best = np.zeros(d)
    for size in range(1, min(d, len(y) - 1) + 1):
        for E in map(list, itertools.combinations(range(d), size)):
            for s in itertools.product((-1.0, 1.0), repeat=size):
                w = np.zeros(d)
                w[E] = np.linalg.lstsq(X_c[:, E].T @ X_c[:, E], X_c[:, E].T @ y_c - lam * np.array(s))[0]
                if objective(X, y, w, lam) < objective(X, y, best, lam):
                    best = w
    return best


def assert_optimal(X, y, w, lam, rtol=1e-8):
    """The optimality conditions of the lasso with a free intercept."""
    X_c, y_c = X - X.mean(axis=0), y - y.mean()
    c = X_c.T @ (y_c - X_c @ w)
    assert np.abs(c).max() <= lam * (1 + rtol)
    on = np.abs(w) > 1e-13 * np.abs(w).max()
    np.testing.assert_allclose(c[on], lam * np.sign(w[on]), rtol=rtol)


def test_lasso_agrees_with_brute_force_over_supports_and_signs(problem):
    X, y = problem
    for share in (1e-3, 0.3, 0.9):
        lam = share * lr.lasso_max_penalty(X, y)
        fit, w = lr.lasso(X, y, lam), brute_force(X, y, lam)
        np.testing.assert_allclose(fit.w, w, rtol=1e-7, atol=1e-9)
        assert fit.b == pytest.approx(np.mean(y - X @ w), rel=1e-9)
        assert_optimal(X, y, fit.w, lam)


@pytest.mark.parametrize("shape", [(200, 20), (50, 80)], ids=str)
def test_lasso_agrees_with_scikit_learn_at_a_tight_tolerance(shape):
    rng = np.random.default_rng(shape[1])
    X = 3 + rng.normal(size=shape) @ (np.eye(shape[1]) + 0.5)
    y = X[:, :5] @ rng.normal(size=5) + rng.normal(size=shape[0])
    for share in (0.02, 0.3, 0.99):
        lam = share * lr.lasso_max_penalty(X, y)
        theirs = Lasso(alpha=lam / shape[0], tol=1e-14, max_iter=10**6).fit(X, y)
        ours = lr.lasso(X, y, lam)
        np.testing.assert_allclose(ours.w, theirs.coef_, atol=1e-5 * np.abs(ours.w).max())
        assert ours.b == pytest.approx(theirs.intercept_, abs=1e-5)
        assert objective(X, y, ours.w, lam) <= objective(X, y, theirs.coef_, lam) * (1 + 1e-12)
        np.testing.assert_array_equal(ours.w != 0, theirs.coef_ != 0)


def test_all_coefficients_vanish_exactly_from_the_largest_penalty_on(problem):
    X, y = problem
    top = lr.lasso_max_penalty(X, y)
    assert not lr.lasso(X, y, top * (1 + 1e-12)).w.any()
    assert not lr.lasso(X, y, 1e6 * top).w.any()
    assert lr.lasso(X, y, top * (1 - 1e-6)).w.any()


def test_history_falls_from_the_objective_at_zero_to_the_least(problem):
    X, y = problem
    fit = lr.lasso(X, y, 0.1 * lr.lasso_max_penalty(X, y))
    lam = 0.1 * lr.lasso_max_penalty(X, y)
    assert fit.history[0] == pytest.approx(objective(X, y, 0 * fit.w, lam), rel=1e-12)
    assert fit.history[-1] == pytest.approx(objective(X, y, fit.w, lam), rel=1e-12)
    assert np.all(np.diff(fit.history) <= 0)


def test_gap_bounds_the_suboptimality_and_vanishes_at_the_solution(problem):
    X, y = problem
    lam = 0.3 * lr.lasso_max_penalty(X, y)
    w = brute_force(X, y, lam)
    least, rng = objective(X, y, w, lam), np.random.default_rng(0)
    assert lr.lasso_dual_gap(X, y, w, lam) <= 1e-12 * least
    for size in (1e-3, 0.1, 10.0):
        other = w + size * rng.normal(size=w.size)
        assert lr.lasso_dual_gap(X, y, other, lam) >= objective(X, y, other, lam) - least


def test_gap_is_the_primal_less_the_dual_objective(problem):
    X, y = problem
    X_c, y_c, lam = X - X.mean(axis=0), y - y.mean(), 0.7
    w = np.random.default_rng(1).normal(size=X.shape[1])
    r = y_c - X_c @ w
    u = r * min(1, lam / np.abs(X_c.T @ r).max())
    dual = 0.5 * y_c @ y_c - 0.5 * (y_c - u) @ (y_c - u)
    assert lr.lasso_dual_gap(X, y, w, lam) == pytest.approx(objective(X, y, w, lam) - dual, rel=1e-10)


def test_passes_of_coordinate_descent_reach_the_same_solution(problem):
    X, y = problem
    X_c, y_c, lam = X - X.mean(axis=0), y - y.mean(), 0.2 * lr.lasso_max_penalty(X, y)
    w = np.zeros(X.shape[1])
    values = [objective(X, y, w, lam)]
    for _ in range(1000):
        w = lr.coordinate_pass(X_c, y_c, w, lam)
        values.append(objective(X, y, w, lam))
    assert np.all(np.diff(values) <= 1e-14 * values[0])
    np.testing.assert_allclose(lr.lasso(X, y, lam).w, w, atol=1e-6)


def test_fista_reaches_the_same_solution_within_its_bound(problem):
    X, y = problem
    lam = 0.2 * lr.lasso_max_penalty(X, y)
    fit, exact = lr.lasso_fista(X, y, lam, tol=1e-13), lr.lasso(X, y, lam)
    np.testing.assert_allclose(fit.w, exact.w, atol=1e-5)
    assert fit.b == pytest.approx(exact.b, abs=1e-4)
    assert fit.gap <= 1e-13 * fit.history[0]
    k = np.arange(1, fit.history.size)
    L = np.linalg.norm(X - X.mean(axis=0), 2) ** 2
    bound = 2 * L * exact.w @ exact.w / (k + 1) ** 2
    assert np.all(fit.history[1:] - exact.history[-1] <= bound + 1e-12 * fit.history[0])


def test_path_agrees_with_the_lasso_between_and_at_its_knots(problem):
    X, y = problem
    path = lr.lasso_path(X, y)
    assert path.knots[0] == pytest.approx(lr.lasso_max_penalty(X, y), rel=1e-12)
    assert path.knots[-1] == 0
    assert np.all(np.diff(path.knots) < 0)
    lams = np.append(path.knots[1:-1], (path.knots[1:] + path.knots[:-1]) / 2)
    for lam in lams:
        fit, on_path = lr.lasso(X, y, lam), path.at(lam)
        np.testing.assert_allclose(on_path.w, fit.w, atol=1e-8)
        assert on_path.b == pytest.approx(fit.b, abs=1e-7)


def test_path_ends_at_least_squares():
    rng = np.random.default_rng(3)
    X, y = 3 + rng.normal(size=(9, 3)), rng.normal(size=9)
    end = lr.lasso_path(X, y).at(0.0)
    expected = np.linalg.lstsq(np.column_stack([np.ones(9), X]), y)[0]
    np.testing.assert_allclose([end.b, *end.w], expected, rtol=1e-9)


@pytest.mark.parametrize("shape", [(40, 10), (12, 30)], ids=str)
def test_path_agrees_with_lars_path_of_scikit_learn(shape):
    rng = np.random.default_rng(shape[0])
    X = rng.normal(size=shape) @ (np.eye(shape[1]) + 0.3 * rng.normal(size=(shape[1], shape[1])))
    y = X[:, :4] @ np.array([3.0, -2, 1, 4]) + rng.normal(size=shape[0])
    X_c, y_c = X - X.mean(axis=0), y - y.mean()
    alphas, _, coefs = lars_path(X_c, y_c, method="lasso")
    path = lr.lasso_path(X, y)
    for alpha, w in zip(alphas, coefs.T, strict=True):
        if alpha > 1e-6:
            np.testing.assert_allclose(path.at(alpha * shape[0]).w, w, atol=1e-7)
    if shape[0] < shape[1]:  # here some columns leave again
        assert np.diff(np.count_nonzero(path.W, axis=1)).min() < 1


def test_path_of_orthogonal_columns_is_the_soft_threshold():
    X = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 2
    y = np.array([5.0, -1, 2, 1])
    z = X.T @ y
    path = lr.lasso_path(X, y)
    np.testing.assert_allclose(path.knots, [*np.sort(np.abs(z))[::-1], 0], atol=1e-12)
    for lam in (0.3, 1.0, 2.6):
        np.testing.assert_allclose(path.at(lam).w, np.sign(z) * np.maximum(np.abs(z) - lam, 0))
        np.testing.assert_allclose(lr.lasso(X, y, lam).w, path.at(lam).w, atol=1e-12)


def test_path_of_twin_columns_uses_one_of_them():
    rng = np.random.default_rng(0)
    x, z, y = rng.normal(size=9), rng.normal(size=9), rng.normal(size=9)
    twins, single = np.column_stack([x, x, z]), np.column_stack([x, z])
    for lam in (0.01, 0.5):
        ours, expected = lr.lasso_path(twins, y).at(lam).w, lr.lasso(single, y, lam).w
        np.testing.assert_allclose([ours[0] + ours[1], ours[2]], expected, atol=1e-10)


@pytest.mark.parametrize("shape", [(30, 5), (12, 20), (8, 1)], ids=str)
def test_elastic_net_agrees_with_scikit_learn(shape):
    rng = np.random.default_rng(shape[1])
    X, y, n = 2 + rng.normal(size=shape), rng.normal(size=shape[0]), shape[0]
    for lam1, lam2 in [(0.5, 2.0), (3.0, 0.1), (0.1, 0.0)]:
        alpha, ratio = (lam1 + lam2) / n, lam1 / (lam1 + lam2)
        theirs = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-14, max_iter=10**6).fit(X, y)
        ours = lr.elastic_net(X, y, lam1, lam2)
        np.testing.assert_allclose(ours.w, theirs.coef_, atol=1e-6)
        assert ours.b == pytest.approx(theirs.intercept_, abs=1e-6)
        value = objective(X, y, ours.w, lam1) + 0.5 * lam2 * ours.w @ ours.w
        assert ours.history[-1] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e8, 1e150])
def test_units_of_features_and_targets_only_rescale_the_answer(scale):
    rng = np.random.default_rng(1)
    X, y = 1 + rng.normal(size=(12, 4)), rng.normal(size=12)
    lam = 0.2 * lr.lasso_max_penalty(X, y)
    unit, path = lr.lasso(X, y, lam), lr.lasso_path(X, y)
    for a, c in [(scale, 1.0), (1.0, scale), (scale, scale), (scale, 1 / scale)]:
        fit = lr.lasso(a * X, c * y, lam * a * c)
        np.testing.assert_allclose(fit.w / c * a, unit.w, rtol=1e-9)
        assert fit.b / c == pytest.approx(unit.b, rel=1e-9)
        fista = lr.lasso_fista(a * X, c * y, lam * a * c)
        np.testing.assert_allclose(fista.w / c * a, unit.w, atol=1e-4)
        assert lr.lasso_max_penalty(a * X, c * y) == pytest.approx(lr.lasso_max_penalty(X, y) * a * c)
        if a < 1:  # the square outweighs the loss, and each coefficient is its own threshold
            net = lr.elastic_net(a * X, y, lam * a, 2.0 * a)
            z = (X - X.mean(axis=0)).T @ (y - y.mean())
            expected = np.sign(z) * np.maximum(np.abs(z) - lam, 0) / 2
            np.testing.assert_allclose(net.w, expected, rtol=max(1e-9, 1e2 * a))
        scaled = lr.lasso_path(a * X, c * y)
        np.testing.assert_allclose(scaled.knots / a / c, path.knots, rtol=1e-9)


def test_columns_of_very_different_units_keep_their_digits():
    rng = np.random.default_rng(2)
    X, y, units = rng.normal(size=(12, 3)), rng.normal(size=12), np.array([1e-120, 1.0, 1e120])
    # a large unit makes its coefficient cheap, a small one unaffordable
    fit = lr.lasso(X * units, y, 0.1)
    assert fit.w[0] == 0
    assert fit.w[2] != 0
    c = (X - X.mean(axis=0)).T @ (y - fit.predict(X * units))
    assert abs(c[2]) <= 1e-12
    assert c[1] == pytest.approx(0.1 * np.sign(fit.w[1]), rel=1e-9)


def test_coefficients_keep_their_digits_where_the_gram_matrix_would_lose_them():
    # orthonormal singular vectors with mean zero, so that nothing is lost by centring
    H = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 2
    s, lam = np.array([1.0, 1e-3, 1e-5]), 1e-13
    V = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    w = np.array([1.0, -2, 3])
    X = H @ np.diag(s) @ V.T
    y = X @ w
    expected = w - V @ np.diag(s**-2) @ V.T @ (lam * np.sign(w))
    for ours in (lr.lasso(X, y, lam, tol=0.0).w, lr.lasso_path(X, y).at(lam).w):
        np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_signs_survive_a_condition_number_of_1e8():
    rng = np.random.default_rng(4)
    U = np.linalg.qr(rng.normal(size=(40, 6)))[0]
    X = U @ np.diag(np.logspace(0, -8, 6)) @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    y = X @ rng.normal(size=6) + 1e-3 * rng.normal(size=40)
    for share in (1e-1, 1e-4, 1e-7):
        lam = share * lr.lasso_max_penalty(X, y)
        fit, path = lr.lasso(X, y, lam), lr.lasso_path(X, y).at(lam)
        assert fit.gap <= 1e-10 * fit.history[0]
        assert objective(X, y, fit.w, lam) == pytest.approx(objective(X, y, path.w, lam), rel=1e-9)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 8), st.integers(1, 8), st.floats(1e-3, 1.2), st.integers(0, 2**32 - 1))
def test_optimality_on_small_integers_where_columns_coincide(n, d, share, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.integers(-1, 2, size=(n, d)).astype(float), rng.integers(-2, 3, size=n).astype(float)
    top = lr.lasso_max_penalty(X, y)
    lam = share * top if top > 1e-9 else 1.0  # integers: what is smaller is rounding
    fit = lr.lasso(X, y, lam)
    assert_optimal(X, y, fit.w, lam)
    assert fit.gap <= 1e-10 * fit.history[0] + 1e-30


def test_path_is_optimal_or_refused_on_small_integers():
    rng, refused = np.random.default_rng(0), 0
    for _ in range(400):
        n, d = rng.integers(2, 9), rng.integers(1, 9)
        X, y = rng.integers(-1, 2, size=(n, d)).astype(float), rng.integers(-2, 3, size=n).astype(float)
        try:
            path = lr.lasso_path(X, y, max_knots=100)
        except ValueError as error:
            refused += "general position" in str(error)
            continue
        for lam in (path.knots[1:] + path.knots[:-1]) / 2:
            if lam > 0:
                assert_optimal(X, y, path.at(lam).w, lam, rtol=1e-6)
    assert 0 < refused < 200


def test_a_constant_column_or_target_gets_no_coefficient():
    X = np.column_stack([np.full(6, 1 / 3), np.arange(6.0)])
    fit = lr.lasso(X, np.arange(6.0), 1.0)
    np.testing.assert_allclose(fit.w, [0, 1 - 1 / 17.5], rtol=1e-12)
    still = lr.lasso(X, np.full(6, 0.1), 1.0)
    assert not still.w.any()
    assert still.b == pytest.approx(0.1)
    assert lr.lasso_path(X, np.full(6, 0.1)).knots.tolist() == [0.0]
    assert lr.lasso([[1.0, 2.0]], [3.0], 1.0).b == 3.0
    assert lr.lasso_fista(X, np.full(6, 0.1), 1.0).gap == 0
    np.testing.assert_array_equal(lr.coordinate_pass([[0.0], [0.0]], [1.0, 2.0], [3.0], 1.0), [0.0])


def test_soft_threshold_is_the_minimiser_on_a_grid():
    grid = np.linspace(-4, 4, 80001)
    for z, t in [(3.0, 1.0), (-3.0, 0.5), (0.7, 1.0), (0.0, 0.0), (2.0, 0.0)]:
        best = grid[np.argmin(0.5 * (z - grid) ** 2 + t * np.abs(grid))]
        assert lr.soft_threshold(z, t) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [1.0, 2.0], 1.0), r"X must have shape \(n, d\), found shape \(2,\)"),
        (([[1.0], [np.nan]], [1.0, 2.0], 1.0), r"X must be finite, found nan at index \(1, 0\)"),
        (([[1.0], [2.0]], [1.0], 1.0), r"y must have shape \(2,\), found shape \(1,\)"),
        (([[1.0], [2.0]], [1.0, 2.0], 0.0), r"lam must be a number > 0, found 0.0"),
        (([[1.0], [2.0]], [1.0, 2.0], -1.0), r"lam must be a number > 0, found -1.0"),
    ],
)
def test_bad_input_is_named(arguments, message):
    for fit in (lr.lasso, lr.lasso_fista):
        with pytest.raises(ValueError, match=message):
            fit(*arguments)


def test_other_bad_input_is_named():
    X, y = [[1.0], [2.0]], [1.0, 2.0]
    with pytest.raises(ValueError, match="max_iter must be at least 1, found 0"):
        lr.lasso(X, y, 1.0, max_iter=0)
    with pytest.raises(ValueError, match="tol must be a number >= 0, found -1"):
        lr.lasso(X, y, 1.0, tol=-1)
    with pytest.raises(ValueError, match="lam1 must be a number > 0, found 0"):
        lr.elastic_net(X, y, 0, 1.0)
    with pytest.raises(ValueError, match="lam2 must be a number >= 0, found -2"):
        lr.elastic_net(X, y, 1.0, -2)
    with pytest.raises(ValueError, match=r"w must have shape \(1,\), found shape \(2,\)"):
        lr.lasso_dual_gap(X, y, [1.0, 2.0], 1.0)
    with pytest.raises(ValueError, match="lam must be a number >= 0, found -1"):
        lr.lasso_path(X, y).at(-1)
    with pytest.raises(ValueError, match="at most 1 knots"):
        lr.lasso_path(X, y, max_knots=1)
    with pytest.raises(ValueError, match=r"t must be >= 0 .* found -1"):
        lr.soft_threshold(1.0, -1.0)
    with pytest.raises(ValueError, match="rescale X"):
        lr.lasso([[0.0], [1e-310]], [1.0, 2.0], 1e-320)


def test_few_rounds_leave_an_honest_gap():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 100)), rng.normal(size=60)
    lam = 0.1 * lr.lasso_max_penalty(X, y)
    for fit in (lr.lasso(X, y, lam, tol=0, max_iter=1), lr.lasso_fista(X, y, lam, tol=0, max_iter=5)):
        least = lr.lasso(X, y, lam).history[-1]
        assert fit.gap > 1e-3 * least
        assert fit.history[-1] - least <= fit.gap


def test_a_goal_that_is_not_reached_is_an_error():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 100)), rng.normal(size=60)
    lam = 0.1 * lr.lasso_max_penalty(X, y)
    with pytest.raises(ValueError, match=r"gap must fall to tol = 1e-12 .* found .* after 1 rounds"):
        lr.lasso(X, y, lam, max_iter=1)
    with pytest.raises(ValueError, match=r"gap must fall to tol = 1e-12 .* after 1 rounds"):
        lr.elastic_net(X, y, lam, 1.0, max_iter=1)
    with pytest.raises(ValueError, match=r"gap must fall to tol = 1e-10 .* after 5 rounds"):
        lr.lasso_fista(X, y, lam, max_iter=5)


@pytest.mark.parametrize("seed", range(4))
def test_a_condition_number_of_1e8_keeps_the_tolerance_or_is_refused(seed):
    rng = np.random.default_rng(seed)
    U, V = (np.linalg.qr(rng.normal(size=(n, 6)))[0] for n in (40, 6))
    X = U @ np.diag(np.logspace(0, -8, 6)) @ V
    y = X @ rng.normal(size=6) + 1e-3 * rng.normal(size=40)
    top, path = lr.lasso_max_penalty(X, y), lr.lasso_path(X, y)
    for lam in top * np.array([1e-1, 1e-4, 1e-7]):
        fit = lr.lasso(X, y, lam)
        assert fit.gap <= 1e-12 * fit.history[0]
        assert objective(X, y, fit.w, lam) == pytest.approx(objective(X, y, path.at(lam).w, lam), rel=1e-11)
    with pytest.raises(ValueError, match="raise lam, tol or max_iter"):
        lr.lasso(X, y, 1e-13 * top)


def test_inputs_are_not_changed():
    X, y, w = np.arange(6.0).reshape(3, 2) ** 2, np.arange(3.0), np.ones(2)
    before = X.copy(), y.copy(), w.copy()
    for array in (X, y, w):
        array.setflags(write=False)
    lr.lasso(X, y, 0.1)
    lr.elastic_net(X, y, 0.1, 1.0)
    lr.lasso_path(X, y)
    lr.lasso_fista(X, y, 0.1, tol=0, max_iter=3)
    lr.coordinate_pass(X, y, w, 0.1)
    for array, old in zip((X, y, w), before, strict=True):
        np.testing.assert_array_equal(array, old)
