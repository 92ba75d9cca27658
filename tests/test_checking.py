"""Draws, verbs and comparison against closed forms, and every way of cheating the comparison."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import digamma, logsumexp, softmax

from mlderived import checking
from mlderived.checking import Bench, CheckError, DisagreementError, agree, chain, zero


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


# Draws


def test_draws_have_the_properties_they_promise(rng):
    assert checking.normal(rng, 5, 3).shape == (5, 3)
    assert isinstance(checking.normal(rng), float)
    assert np.all((checking.uniform(rng, 50, low=2, high=3) >= 2) & (checking.uniform(rng, 50) < 1))
    assert np.all((checking.positive(rng, 90) > 0.25) & (checking.positive(rng, 90) < 4))
    simplex = checking.simplex(rng, 4, 3)
    assert np.allclose(simplex.sum(axis=1), 1)
    assert np.all(simplex > 0)
    assert np.all(np.linalg.eigvalsh(checking.spd(rng, 4)) > 0)
    symmetric = checking.symmetric(rng, 4)
    assert np.array_equal(symmetric, symmetric.T)
    assert np.linalg.eigvalsh(symmetric)[0] < 0 < np.linalg.eigvalsh(symmetric)[-1]
    Q = checking.orthogonal(rng, 5, 2)
    assert np.allclose(Q.T @ Q, np.eye(2))
    assert sorted(checking.permutation(rng, 6)) == list(range(6))
    assert np.linalg.matrix_rank(checking.lowrank(rng, 6, 5, 2)) == 2
    assert np.linalg.cond(checking.collinear(rng, 7, 3, 1e4)) == pytest.approx(1e4)
    assert np.linalg.cond(checking.spd(rng, 3, 1e4)) == pytest.approx(1e4)
    shares = checking.unbalanced(rng, 2, 4)
    assert np.allclose(shares.sum(axis=1), 1)
    assert np.all(shares.max(axis=1) > 20 * shares.min(axis=1))
    spread = checking.offscale(rng, 50, 30).std(axis=0)
    assert spread.max() > 100 * spread.min()


def test_normal_data_are_off_centre_and_off_scale(rng):
    data = checking.normal(rng, 4000, 3)
    assert np.all(np.abs(data.mean(axis=0)) > 0.05)
    assert np.ptp(data.std(axis=0)) > 0.1


def test_classes_all_occur_and_need_enough_samples(rng):
    for _ in range(20):
        assert set(checking.classes(rng, 6, 4)) == {0, 1, 2, 3}
    with pytest.raises(CheckError, match="n >= K"):
        checking.classes(rng, 2, 3)


def test_the_same_generator_draws_the_same():
    first, second = (checking.normal(np.random.default_rng(3), 4, 2) for _ in range(2))
    assert np.array_equal(first, second)


# Derivatives


@pytest.mark.parametrize(
    ("f", "df"),
    [
        (lambda x: np.exp(2 * x) / x, lambda x: np.exp(2 * x) * (2 / x - 1 / x**2)),
        (lambda x: abs(x) ** 3, lambda x: 3 * x * abs(x)),  # not analytic: by differences
        (math.lgamma, digamma),  # takes no complex number
    ],
)
def test_derivative(f, df):
    assert checking.derivative(f, 1.5) == pytest.approx(df(1.5), rel=1e-9)


def test_gradient_has_the_shape_of_its_argument(rng):
    A, X = rng.normal(size=(3, 4)), rng.normal(size=(4, 3))
    assert np.allclose(checking.gradient(lambda X: np.trace(A @ X), X), A.T, rtol=1e-12, atol=1e-12)


def test_gradient_of_what_complex_numbers_would_falsify(rng):
    x = rng.normal(size=5)
    assert np.allclose(checking.gradient(np.linalg.norm, x), x / np.linalg.norm(x), rtol=1e-9)
    assert np.allclose(checking.gradient(lambda x: np.vdot(x, x), x), 2 * x, rtol=1e-9)


def test_jacobian(rng):
    A, x = rng.normal(size=(4, 3)), rng.normal(size=3)
    assert np.allclose(checking.jacobian(lambda x: np.sin(A @ x), x), np.cos(A @ x)[:, None] * A, rtol=1e-12)


@pytest.mark.parametrize("f", [logsumexp, lambda x: np.log(np.sum(np.abs(np.exp(x))))])
def test_hessian(rng, f):
    x = rng.normal(size=4)
    p = softmax(x)
    measured = checking._hessian(f, x)
    assert np.max(np.abs(measured.value - (np.diag(p) - np.outer(p, p)))) <= measured.accuracy * 0.3


def test_a_kink_or_noise_is_no_derivative(rng):
    with pytest.raises(CheckError, match="kink"):
        checking.gradient(lambda x: np.sum(np.abs(x)), np.array([1.0, 0.0]))
    with pytest.raises(CheckError, match="known only to"):
        checking.derivative(lambda x: float(np.float32(np.sin(x))), 1.0)


def test_derivatives_refuse_other_shapes():
    with pytest.raises(CheckError, match="use jacobian"):
        checking.gradient(lambda x: x, np.ones(2))
    with pytest.raises(CheckError, match="use gradient"):
        checking.derivative(lambda x: x, np.ones(2))
    with pytest.raises(CheckError, match="needs a number f"):
        checking.hessian(lambda x: x, np.ones(2))


# Optima


@pytest.mark.parametrize("norm", [lambda z: z @ z, lambda z: np.linalg.norm(z) ** 2])
def test_argmin_of_ridge(rng, norm):
    X, y = rng.normal(size=(4, 6)), rng.normal(size=4)
    found = checking.argmin(lambda w: norm(y - X @ w) + 0.3 * norm(w), np.zeros(6))
    assert np.allclose(found, np.linalg.solve(X.T @ X + 0.3 * np.eye(6), X.T @ y), rtol=1e-8, atol=1e-9)


def test_argmax_and_maximum_of_a_likelihood():
    x = np.array([1.0, 2.0, 6.0])

    def likelihood(t):
        return 3 * t - np.exp(t) * x.sum()

    assert checking.argmax(likelihood, 0.0) == pytest.approx(-np.log(3), abs=1e-9)
    assert checking.maximum(likelihood, 0.0) == pytest.approx(-3 * np.log(3) - 3, rel=1e-12)


def test_argmin_at_a_kink():
    target = np.array([2.0, -0.3, 1.5])
    found = checking.argmin(
        lambda b: 0.5 * np.sum((b - target) ** 2) + np.sum(np.abs(b)), np.ones(3), smooth=False
    )
    assert np.allclose(found, [1.0, 0.0, 0.5], atol=1e-7)


def test_a_minimiser_that_is_not_unique_is_refused(rng):
    X, y = rng.normal(size=(2, 4)), rng.normal(size=2)
    with pytest.raises(CheckError, match="not unique"):
        checking.argmin(lambda w: np.sum((y - X @ w) ** 2), np.zeros(4))
    with pytest.raises(CheckError, match="not unique"):
        checking.argmin(lambda w: abs(w[0]), np.zeros(2), smooth=False)
    assert checking.minimum(lambda w: 1 + np.sum((y - X @ w) ** 2), np.zeros(4)) == pytest.approx(
        1.0, rel=1e-12
    )


def test_a_saddle_or_an_unbounded_function_has_no_minimum():
    with pytest.raises(CheckError):
        checking.argmin(lambda w: w[0] ** 2 - w[1] ** 2, np.zeros(2))
    with pytest.raises(CheckError):
        checking.minimum(lambda w: -np.exp(w), 0.0)


def test_optimum_wants_slope_curvature_and_neighbours():
    def f(x):
        return (x[0] - 1) ** 2 + x[1] ** 4 + x[1] ** 2

    right = np.array([1.0, 0.0])
    assert checking.optimum(f, right) is right
    for x in ([1.0, 1e-4], [1.0 + 1e-6, 0.0]):
        with pytest.raises(DisagreementError, match="not a minimiser"):
            checking.optimum(f, np.array(x))
    with pytest.raises(CheckError, match="not unique"):
        checking.optimum(lambda x: x[0] ** 2, np.zeros(2))


def test_kkt_on_the_simplex_and_on_a_half_space(rng):
    a = np.array([0.5, 1.0, 2.0])

    def f(x):
        return np.sum(x * np.log(x / a))

    def mass(x):
        return x.sum() - 1

    right = a / a.sum()
    assert checking.kkt(f, right, equal=mass) is right
    with pytest.raises(DisagreementError, match="Lagrangian"):
        checking.kkt(f, np.full(3, 1 / 3), equal=mass)
    with pytest.raises(DisagreementError, match="not feasible"):
        checking.kkt(f, a, equal=mass)
    with pytest.raises(DisagreementError, match="neighbour"):
        checking.kkt(lambda x: -f(x), right, equal=mass)
    target = np.array([2.0, -1.0])
    nearest = np.array([1.0, -1.0])

    def distance(x):
        return np.sum((x - target) ** 2)

    assert checking.kkt(distance, nearest, atmost=lambda x: x - 1) is nearest
    with pytest.raises(DisagreementError, match="multiplier"):
        checking.kkt(lambda x: -distance(x), nearest, atmost=lambda x: x - 1)
    with pytest.raises(CheckError, match="needs constraints"):
        checking.kkt(distance, nearest)


def test_iterates_are_monotone_or_not():
    path = checking.iterate(lambda x: 0.5 * x + 1, 10.0, 5)
    assert path[:3] == [10.0, 6.0, 4.0]
    assert checking.monotone(lambda x: (x - 2) ** 2, path, ">=").tolist()[:2] == [64.0, 16.0]
    with pytest.raises(DisagreementError, match="not monotone: step 1"):
        checking.monotone(lambda x: (x - 2) ** 2, path, "<=")
    with pytest.raises(CheckError, match="no step moves"):
        checking.monotone(lambda x: 1.0, path, ">=")
    with pytest.raises(CheckError, match="by <= or >="):
        checking.monotone(lambda x: x, path, "=")
    with pytest.raises(CheckError, match="at least two"):
        checking.iterate(lambda x: x, 1.0, 1)


# Laws, integrals, limits, roots


def test_enumerated_noise_has_exact_moments(rng):
    A = rng.normal(size=(2, 4))
    for law in (checking.rademacher(4), checking.noise(rng, 4)):
        assert law.weights.sum() == pytest.approx(1, rel=1e-14)
        assert np.allclose(checking.expectation(lambda e: e, law), 0, atol=1e-14)
        assert np.allclose(checking.covariance(lambda e: A @ e, law), A @ A.T, rtol=1e-13)
        assert checking.variance(lambda e: e.sum(), law) == pytest.approx(4, rel=1e-13)
        assert np.allclose(checking.covariance(lambda e: A @ e, law, lambda e: e[1]), A[:, 1], rtol=1e-12)
    assert abs(checking.expectation(lambda e: e[0] ** 3, checking.noise(rng, 2))) > 0.3


def test_distribution_and_probability():
    die = checking.distribution(np.arange(1, 7), np.full(6, 1 / 6))
    assert checking.expectation(lambda k: k, die) == pytest.approx(3.5)
    assert checking.variance(lambda k: k, die) == pytest.approx(35 / 12)
    assert checking.probability(lambda k: k > 4, die) == pytest.approx(1 / 3)
    for points, weights in (([1, 2], [0.5, 0.6]), ([1, 2], [1.5, -0.5]), ([1], [0.5, 0.5]), ([], [])):
        with pytest.raises(CheckError):
            checking.distribution(points, weights)


def test_quadrature():
    def density(t):
        return np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)

    assert checking.quadrature(density, -np.inf, np.inf) == pytest.approx(1, rel=1e-10)
    moments = checking.quadrature(lambda t: np.array([t**2, t**4]) * density(t), -np.inf, np.inf)
    assert np.allclose(moments, [1, 3], rtol=1e-9)


def test_limit():
    assert checking.limit(lambda n: np.log(1 + 2 / n) * n) == pytest.approx(2, rel=1e-9)
    with pytest.raises(CheckError, match="known only to"):
        checking.limit(lambda n: np.sin(n))
    with pytest.raises(CheckError, match="at least four"):
        checking.limit(lambda n: 1.0, levels=3)


@pytest.mark.parametrize("power", [-0.5, -1.0, -2.0, 1.5])
def test_rate_is_the_exponent(power):
    found = checking.rate(lambda n: 3 * n**power + n ** (power - 1))
    assert agree(found, power).tolerance < 0.1
    for wrong in (power + 0.5, power - 0.5):
        with pytest.raises(DisagreementError):
            agree(found, wrong)


def test_rate_refuses_what_has_none():
    with pytest.raises(CheckError, match="not settled"):
        checking.rate(lambda n: np.exp(-n / 100))
    with pytest.raises(CheckError, match="positive"):
        checking.rate(lambda n: -1.0)


def test_the_law_of_a_function():
    law = checking.law_of(np.sum, checking.rademacher(3))
    assert law.points.tolist() == [-3.0, -1.0, 1.0, 3.0]
    assert law.weights.tolist() == [0.125, 0.375, 0.375, 0.125]
    value = checking.characteristic(np.sum, checking.rademacher(3), 0.7)
    assert value == pytest.approx(np.cos(0.7) ** 3, rel=1e-12)
    pair = checking.characteristic(lambda e: e, checking.rademacher(2), np.array([0.3, 0.5]))
    assert pair == pytest.approx(np.cos(0.3) * np.cos(0.5), rel=1e-12)


def test_root():
    assert checking.root(np.cos, 1, 2) == pytest.approx(np.pi / 2, rel=1e-15)


def test_enumerations():
    assert {tuple(s) for s in checking.signs(3)} == set(itertools.product((-1.0, 1.0), repeat=3))
    assert checking.subsets(2) == [(), (0,), (1,), (0, 1)]
    assert len({tuple(p) for p in checking.permutations(4)}) == 24
    assert checking.assignments(3, 2).shape == (8, 3)


# Comparison


@pytest.mark.parametrize(
    ("route", "printed"),
    [
        (2.0, 2.0 + 1e-10),
        (2.0, np.array(2.0)),
        (3, 3),
        (np.arange(3), [0, 1, 2]),
        (1 + 2j, 1 + 2j),
        (np.array([1e-200, 3e-200]), np.array([1e-200, 3e-200])),
        ((1.0, np.eye(2)), (1.0, np.eye(2))),
        (np.array([True, False]), np.array([True, False])),
    ],
)
def test_equal_sides_agree(route, printed):
    assert agree(route, printed).deviation <= 1e-9


@pytest.mark.parametrize(
    ("route", "printed", "says"),
    [
        (np.array([]), np.array([]), "route is empty"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "route is empty"),
        ((), (), "both need the same number"),
        (np.nan, np.nan, "route is not finite"),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), r"not finite: nan at \[1\]"),
        (np.inf, np.inf, "route is not finite"),
        (1.0, np.inf, "printed is not finite"),
        (np.ones(3), 1.0, "shapes differ"),
        (np.ones(3), np.ones((3, 1)), "shapes differ"),
        (np.ones((1, 3)), np.ones(3), "shapes differ"),
        ([2.0], 2.0, "shapes differ"),
        (2.0, [2.0], "shapes differ"),
        ([1.0, [2.0]], [1.0, [2.0]], "no rectangular array"),
        ("a", "a", "no number"),
        (None, None, "no number"),
        (object(), object(), "no number"),
        (np.array([1.0, None]), np.array([1.0, None]), "no number"),
        (0.0, 0.0, "write zero"),
        (np.zeros(3), np.full(3, 1e9), "write zero"),
        (True, True, "all the same"),
        (np.ones(3, bool), np.ones(3, bool), "all the same"),
        (np.array([True, False]), np.array([1.0, 0.0]), "like with like"),
        ((1.0, 2.0), (1.0,), "both need the same number"),
        ((1.0, 2.0), np.array([1.0, 2.0]), "route is a tuple"),
        (np.array(1.0), (1.0,), "printed is a tuple"),
    ],
)
def test_sides_that_cannot_be_compared(route, printed, says):
    with pytest.raises(CheckError, match=says) as caught:
        agree(route, printed)
    assert not isinstance(caught.value, DisagreementError)


@pytest.mark.parametrize(
    ("route", "printed"),
    [
        (2.0, 2.0 * (1 + 1e-8)),
        (2.0, -2.0),
        (10**12, 10**12 + 1),
        (1j, 1.0),
        (np.array([1.0, 2.0]), np.array([2.0, 1.0])),
        (np.array([True, False]), np.array([False, True])),
        ((1.0, 2.0), (1.0, 2.1)),
    ],
)
def test_sides_that_differ(route, printed):
    with pytest.raises(DisagreementError):
        agree(route, printed)


def test_a_difference_says_where_and_how_much():
    route, printed = np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3)
    printed[1, 2] = 4.0
    with pytest.raises(DisagreementError) as caught:
        agree(route, printed)
    assert caught.value.deviation == pytest.approx(0.2)
    assert "2.0e-01 of their scale" in str(caught.value)
    assert "most at [1, 2]: route 5.0, printed 4.0" in str(caught.value)


def test_zero_is_compared_on_its_stated_scale():
    assert agree(zero(np.full(2, 1e-12), 1.0, 1.0), np.zeros(2)).deviation == 1e-12
    assert agree(np.full(2, 1e-12), zero(np.zeros(2), 1.0, 1.0)).scale == 1.0
    with pytest.raises(DisagreementError):
        agree(zero(1e-2, 1.0, 1.0), 0.0)
    with pytest.raises(CheckError, match="both sides have other"):
        agree(zero(1.0, 100.0, 1.0), 2.0)
    for scale in (0.0, -1.0, np.nan, np.inf, np.ones(2)):
        with pytest.raises(CheckError, match="positive number"):
            zero(1.0, scale, 1.0)


def test_zero_wants_a_wrong_quantity_that_its_scale_would_notice():
    with pytest.raises(CheckError, match="nothing would be noticed"):
        zero(1.0, 1e30, 2.0)
    with pytest.raises(CheckError, match="nothing would be noticed"):
        zero(0.0, 1.0, 0.0)


def mean_squared(x):
    return np.mean(x) ** 2


def square_mean(x):
    return np.mean(x**2)


def test_an_inequality_holds_is_searched_and_is_reached():
    x = np.array([1.0, 2.0, -0.5])
    first = checking.inequality(mean_squared, "<=", square_mean, x, extremal=np.ones(3))
    assert first == mean_squared(x)
    # The limit of a function of m, and two arguments.
    checking.inequality(
        lambda s, lam: s**2 / (s**2 + lam), "<", lambda s, lam: 1.0, (2.0, 0.5), extremal=lambda m: (m, 0.5)
    )
    A = np.diag([1.0, 2.0])
    checking.inequality(
        lambda t: t * A, "preceq", lambda t: (t + 1) * A, 1.0, loose="the gap is A for every t"
    )


@pytest.mark.parametrize(
    ("right", "extremal", "says"),
    [
        (lambda x: np.mean(x**2) / 2, np.ones(3), "fails by|does not reach"),  # false somewhere
        (lambda x: 2 * np.mean(x**2), np.ones(3), "does not reach equality"),  # too weak
        (lambda x: np.mean(x**2) + 1, lambda m: np.ones(3), "does not tend to equality"),
        # True at the first point and false far away, where only the search goes.
        (lambda x: np.mean(x**2) + 4 * (1 - np.mean(x) ** 2), np.ones(3), "fails by"),
    ],
)
def test_a_wrong_inequality_is_found(right, extremal, says):
    with pytest.raises(DisagreementError, match=says):
        checking.inequality(mean_squared, "<=", right, np.array([0.3, 0.2, -0.5]), extremal=extremal)


def test_the_search_keeps_symmetric_matrices_symmetric():
    A = np.array([[2.0, 1.0], [1.0, 3.0]])
    checking.inequality(lambda B: 2 * B - np.eye(2), "preceq", lambda B: B @ B, A, extremal=np.eye(2))
    with pytest.raises(DisagreementError, match="fails by"):
        checking.inequality(lambda B: B, "preceq", lambda B: B @ B, 3 * A, extremal=np.eye(2))


def test_a_search_that_never_looks_is_refused():
    x = np.array([1.0, 2.0])

    def only_here(z):
        if np.any(z != x):
            raise CheckError("elsewhere it has no value")
        return np.sum(z**2)

    with pytest.raises(CheckError, match="both sides have values at 0 of 64 points"):
        checking.inequality(only_here, ">=", lambda z: z @ z, x, extremal=x)


def test_an_inequality_wants_the_case_of_equality_or_a_reason():
    x = np.array([1.0, 2.0])
    for options in ({}, {"loose": " "}, {"extremal": x, "loose": "why"}):
        with pytest.raises(CheckError, match="case of equality"):
            checking.inequality(mean_squared, "<=", square_mean, x, **options)
    with pytest.raises(CheckError, match="unknown relation"):
        checking.inequality(mean_squared, "=", square_mean, x, extremal=np.ones(2))


def test_an_estimate_is_compared_within_its_margin(rng):
    estimate = checking.simulation(lambda: rng.normal(size=2) ** 2)
    assert agree(estimate, np.ones(2)).tolerance > 1e-3
    for wrong in (np.full(2, 1.5), np.array([1.0, 0.5])):
        with pytest.raises(DisagreementError, match="outside of the margin"):
            agree(estimate, wrong)
    for left, right in ((estimate, 1.0), (1.0, estimate)):
        with pytest.raises(CheckError):
            agree(left, right)
    with pytest.raises(CheckError, match="not random"):
        checking.simulation(lambda: 1.0)
    with pytest.raises(CheckError, match="100 to 20000"):
        checking.simulation(lambda: rng.normal(), 10)


def test_chain_compares_every_step():
    A = np.diag([1.0, 2.0])
    assert chain(1.0, "=", 1.0, "<=", 1.0, "<", 2.0, ">=", 1.5, ">", 1.0) == 1.0
    assert chain(A, "preceq", 2 * A, "succeq", A) is A
    for items in (
        (1.0, "=", 1.0, "=", 1.1),
        (2.0, "<=", 1.0),
        (1.0, "<", 1.0),
        (1.0, ">", 1.0),
        (np.array([1.0, 3.0]), "<=", np.array([2.0, 2.0])),
        (A, "preceq", np.diag([3.0, 1.0])),
        (A, "preceq", 2 * A + np.triu(np.ones((2, 2)), 1)),  # an error above the diagonal
        (A + np.triu(np.ones((2, 2)), 1), "preceq", 9 * A),
    ):
        with pytest.raises(DisagreementError, match="step"):
            chain(*items)
    for items in (
        (1.0,),
        (1.0, "="),
        (1.0, "=", 1.0, "<="),
        (1.0, 1.0, 1.0),
        (1.0, "~", 1.0),
        (np.ones(2), "<=", 3.0),
        (np.ones(2), "preceq", 2 * np.ones(2)),
    ):
        with pytest.raises(CheckError) as caught:
            chain(*items)
        assert not isinstance(caught.value, DisagreementError)


# The bench


def test_the_bench_carries_the_accuracy_of_its_verbs(rng):
    bench = Bench(rng)
    names = bench.namespace()
    names["gradient"](lambda x: x @ x, np.ones(2))
    assert bench.tolerance == checking.EXACT
    names["argmin"](lambda b: abs(b[0] - 1), np.zeros(1), smooth=False)
    assert bench.tolerance == checking.COARSEST
    assert bench.agree(1.0, 1.0 + 1e-7).tolerance == checking.COARSEST
    assert names["chain"](1.0, "=", 1.0 + 1e-7) == 1.0


def test_the_bench_counts_what_is_compared_and_keeps_the_tightest_ratio(rng):
    bench = Bench(rng)
    names = bench.namespace()
    names["chain"](np.ones(2), "=", np.ones(2), "<=", np.full(2, 2.0))
    x = np.array([1.0, 2.0])
    names["inequality"](mean_squared, "<=", square_mean, x, extremal=np.ones(2))
    bench.agree((1.0, np.ones(3)), (1.0, np.ones(3)))
    assert bench.compared == 4 + 1 + 4
    assert bench.tightest == pytest.approx(1.0)


def test_the_bench_names_what_is_reserved(rng):
    assert Bench(rng).namespace().keys() - {"__builtins__"} == checking.RESERVED


def test_sums_in_a_check_do_not_broadcast_and_are_not_empty(rng):
    total, largest = (Bench(rng).namespace()[name] for name in ("sum", "max"))
    assert total(np.eye(2)) == 2.0
    assert np.array_equal(total(np.eye(2) for _ in range(3)), 3 * np.eye(2))
    assert np.array_equal(total([np.ones(2), np.ones(2)], axis=0), [2.0, 2.0])
    assert largest(np.arange(4)) == 3
    assert largest(1, 5) == 5
    with pytest.raises(CheckError, match="no terms"):
        total(x for x in ())
    with pytest.raises(CheckError, match="terms of shapes"):
        total([np.ones(2), np.ones((2, 2))])


def test_functions_of_the_bench(rng):
    names = Bench(rng).namespace()
    A = checking.spd(rng, 3)
    assert names["logdet"](A) == pytest.approx(np.log(np.linalg.det(A)))
    with pytest.raises(CheckError, match="sign"):
        names["logdet"](-A)
    U, s, Vt = names["svd"](A[:, :2])
    assert np.allclose((U * s) @ Vt, A[:, :2])
    assert np.allclose(names["lstsq"](A, A @ np.ones(3)), 1)
    assert names["prod"](k for k in (2, 3, 4)) == 24
    assert names["min"](np.array([3, 1])) == 1
