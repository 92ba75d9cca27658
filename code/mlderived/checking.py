"""Draws, verbs and the comparison of the book's checks.

A check evaluates both sides of a printed equation at random data: ``printed``
transcribes the equation, ``route`` gets there another way.  This module
supplies what both are made of:

- *draws*: generic data, bound to one generator per run;
- *verbs*: operators evaluated from their definition (a gradient by
  differences, an expectation by enumeration), each with its own known
  accuracy;
- the *comparison*: finite, non-empty, of equal shapes, relative to the
  scale of the quantity.

``Bench`` ties the three together: its ``namespace`` is all that the body of a
check sees.
"""

from __future__ import annotations

import builtins
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, linalg, optimize, special

__all__ = [
    "COARSEST",
    "EXACT",
    "Agreement",
    "Bench",
    "CheckError",
    "DisagreementError",
    "Estimate",
    "Law",
    "Scaled",
    "agree",
    "argmax",
    "argmin",
    "assignments",
    "chain",
    "characteristic",
    "classes",
    "collinear",
    "covariance",
    "derivative",
    "distribution",
    "expectation",
    "gradient",
    "hessian",
    "inequality",
    "iterate",
    "jacobian",
    "kkt",
    "law_of",
    "limit",
    "lowrank",
    "maximum",
    "minimum",
    "monotone",
    "noise",
    "normal",
    "offscale",
    "optimum",
    "orthogonal",
    "permutation",
    "permutations",
    "positive",
    "probability",
    "quadrature",
    "rademacher",
    "rate",
    "root",
    "signs",
    "simplex",
    "simulation",
    "spd",
    "subsets",
    "symbolic",
    "symmetric",
    "unbalanced",
    "uniform",
    "variance",
    "zero",
]

Array: TypeAlias = NDArray[Any]
Function: TypeAlias = Callable[[Any], Any]

EXACT = 1e-9
"""Largest relative deviation of two sides that are exact up to rounding."""

COARSEST = 1e-6
"""A verb of coarser relative accuracy raises, so that no check is coarser."""


class CheckError(ValueError):
    """A check that cannot be decided: badly formed, or a verb failed."""


class DisagreementError(CheckError):
    """Two compared sides differ too much: by ``deviation`` of their scale."""

    def __init__(self, message: str, deviation: float = 1.0) -> None:
        super().__init__(message)
        self.deviation = deviation


class Scaled(NamedTuple):
    """A value that should vanish, and the scale against which it is small."""

    value: Any
    scale: float


class Estimate(NamedTuple):
    """A value that is known only to within ``margin``, entry by entry."""

    value: Any
    margin: Any


class Measured(NamedTuple):
    """The value of a verb and its relative accuracy."""

    value: Any
    accuracy: float


@dataclass(frozen=True)
class Agreement:
    """How closely two sides agreed.

    ``deviation`` is the largest deviation relative to ``scale``, and
    ``tolerance`` the one that was used.
    """

    deviation: float
    scale: float
    tolerance: float


# Draws -----------------------------------------------------------------


def normal(rng: np.random.Generator, *shape: int) -> Any:
    """Normal entries, off-centre and off-scale.

    Each index of the last axis has its own mean and spread.
    """
    last = shape[-1:]
    spread, mean = rng.uniform(0.5, 2.0, last), rng.uniform(-1.0, 1.0, last)
    return _plain(mean + spread * rng.standard_normal(shape))


def offscale(rng: np.random.Generator, *shape: int) -> Any:
    """Normal entries whose scales and centres differ widely.

    Along the last axis the spreads run over four powers of ten, and the
    means are up to ten spreads away from zero.
    """
    last = shape[-1:]
    spread = 10.0 ** rng.uniform(-2.0, 2.0, last)
    mean = spread * rng.uniform(-10.0, 10.0, last)
    return _plain(mean + spread * rng.standard_normal(shape))


def unbalanced(rng: np.random.Generator, *shape: int) -> Array:
    """Shares that sum to one along the last axis, some of them tiny.

    Each is about a fifth of the next greater one.
    """
    rank = np.argsort(rng.random(shape), axis=-1)
    weights = 5.0**-rank * rng.uniform(0.5, 1.0, shape)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def uniform(
    rng: np.random.Generator, *shape: int, low: float = 0.0, high: float = 1.0
) -> Any:
    """Uniform entries between ``low`` and ``high``."""
    return _plain(rng.uniform(low, high, shape))


def positive(rng: np.random.Generator, *shape: int) -> Any:
    """Positive entries from 1/4 to 4, uniform on the logarithmic scale."""
    return _plain(np.exp(rng.uniform(-np.log(4.0), np.log(4.0), shape)))


def simplex(rng: np.random.Generator, *shape: int) -> Array:
    """Positive entries that sum to one along the last axis."""
    weights = rng.uniform(0.1, 1.0, shape)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def symmetric(rng: np.random.Generator, d: int) -> Array:
    """A symmetric d by d matrix with eigenvalues of both signs (if d > 1)."""
    return _with_eigenvalues(
        rng, d, np.where(np.arange(d) % 2, -1.0, 1.0) * positive(rng, d)
    )


def spd(
    rng: np.random.Generator, d: int, condition: float | None = None
) -> Array:
    """A symmetric positive definite d by d matrix.

    It is not diagonal, and well conditioned unless ``condition`` is given.
    """
    if condition is None:
        return _with_eigenvalues(rng, d, positive(rng, d))
    return _with_eigenvalues(rng, d, np.geomspace(1.0, 1.0 / condition, d))


def _with_eigenvalues(
    rng: np.random.Generator, d: int, eigenvalues: Array
) -> Array:
    """The symmetric matrix with these eigenvalues and random eigenvectors."""
    Q = orthogonal(rng, d)
    A = (Q * eigenvalues) @ Q.T
    return np.asarray((A + A.T) / 2)


def orthogonal(
    rng: np.random.Generator, n: int, d: int | None = None
) -> Array:
    """An n by d matrix with orthonormal columns, uniformly distributed.

    When left out, d is n.
    """
    Q, R = np.linalg.qr(rng.standard_normal((n, n if d is None else d)))
    return np.asarray(Q * np.sign(np.diag(R)))


def permutation(rng: np.random.Generator, n: int) -> Array:
    """A random order of 0, …, n − 1."""
    return np.asarray(rng.permutation(n))


def classes(rng: np.random.Generator, n: int, K: int) -> Array:
    """Labels 0, …, K − 1 of n samples: each occurs, in unequal shares."""
    if n < K:
        raise CheckError(
            "classes(n, K) needs n >= K so that each class occurs, "
            f"found n={n}, K={K}"
        )
    share = np.arange(1.0, K + 1.0) / np.arange(1.0, K + 1.0).sum()
    return np.asarray(
        rng.permutation(
            np.concatenate([np.arange(K), rng.choice(K, n - K, p=share)])
        )
    )


def lowrank(rng: np.random.Generator, n: int, d: int, r: int) -> Array:
    """An n by d matrix of rank r.

    Its singular values but for the zeros are between 1/4 and 4.
    """
    U, V = orthogonal(rng, n, r), orthogonal(rng, d, r)
    return np.asarray((U * positive(rng, r)) @ V.T)


def collinear(
    rng: np.random.Generator, n: int, d: int, condition: float = 1e3
) -> Array:
    """An n by d matrix with nearly dependent columns.

    Its singular values run from 1 down to 1/condition.
    """
    r = min(n, d)
    return np.asarray(
        (orthogonal(rng, n, r) * np.geomspace(1.0, 1.0 / condition, r))
        @ orthogonal(rng, d, r).T
    )


def symbolic(
    rng: np.random.Generator, *shape: int, positive: bool = False
) -> Any:
    """Letters instead of numbers, for a check that SymPy decides.

    They are real, or positive.  All functions and verbs of the check then
    take expressions: derivatives, integrals and limits are exact, and the
    two sides have to be identical.  An inequality needs numbers.
    """
    raise CheckError(
        "letters need SymPy, which the checks of the book have and this "
        "module does not: python -m book_checks run docs LABEL"
    )


def _plain(value: Any) -> Any:
    """A Python float instead of an array without dimensions."""
    return value if np.ndim(value) else float(value)


# Derivatives -----------------------------------------------------------


def derivative(f: Function, x: float) -> Any:
    """Derivative of ``f`` at the number ``x``.

    It is found by complex step or by extrapolated central differences.

    Examples
    --------
    >>> round(derivative(lambda x: x**3, 2.0), 9)
    12.0
    """
    return _derivative(f, x).value


def gradient(f: Function, x: Any) -> Array:
    """Gradient of the number ``f(x)``, with the shape of ``x``.

    Examples
    --------
    >>> gradient(lambda x: x @ x, np.array([1.0, -2.0])).round(9).tolist()
    [2.0, -4.0]
    """
    return np.asarray(_gradient(f, x).value)


def jacobian(f: Function, x: Any) -> Array:
    """Derivatives of ``f(x)`` with respect to ``x``.

    The shape is that of ``f(x)`` followed by that of ``x``.

    Examples
    --------
    >>> def f(x):
    ...     return np.array([x[0] * x[1], x[0] ** 2])
    >>> jacobian(f, np.array([2.0, 3.0])).round(9).tolist()
    [[3.0, 2.0], [4.0, 0.0]]
    """
    return np.asarray(_jacobian(f, x).value)


def hessian(f: Function, x: Any) -> Array:
    """Second derivatives of the number ``f(x)``.

    The shape is that of ``x`` twice.

    Examples
    --------
    >>> x = np.array([1.0, 3.0])
    >>> hessian(lambda x: x[0] ** 2 * x[1], x).round(6).tolist()
    [[6.0, 2.0], [2.0, 0.0]]
    """
    return np.asarray(_hessian(f, x).value)


def _derivative(f: Function, x: float) -> Measured:
    if np.ndim(x):
        raise CheckError(
            "derivative(f, x) needs a number x, "
            f"found shape {np.shape(x)}; use gradient"
        )
    value, accuracy = _jacobian(f, x)
    return Measured(_plain(value), accuracy)


def _gradient(f: Function, x: Any) -> Measured:
    if np.ndim(f(np.asarray(x, float))):
        raise CheckError(
            "gradient(f, x) needs a number f(x), "
            f"found shape {np.shape(f(x))}; use jacobian"
        )
    return _jacobian(f, x)


def _jacobian(f: Function, x: Any) -> Measured:
    """Derivatives by complex step, or by extrapolated differences.

    The first where ``f`` is analytic as written, else the second.
    """
    x = np.asarray(x, float)
    exact = _complex_step(f, x)
    if exact is not None and _confirmed(f, x, exact):
        return Measured(exact, EXACT)
    value, accuracy = _differences(f, x)
    if exact is not None and _close(exact, value, accuracy):
        return Measured(exact, EXACT)
    return Measured(value, _usable("the derivative", 10 * accuracy))


def _slope(f: Function, x: Any) -> Callable[[Array], Array]:
    """The quickest function that gives the derivatives of ``f``.

    It is chosen by trying it at ``x``.
    """
    x = np.asarray(x, float)
    exact = _complex_step(f, x)
    if exact is not None and (
        _confirmed(f, x, exact) or _close(exact, *_differences(f, x))
    ):
        return lambda z: np.asarray(_complex_step(f, np.asarray(z, float)))
    return lambda z: np.asarray(_differences(f, np.asarray(z, float)).value)


def _confirmed(f: Function, x: Array, exact: Array) -> bool:
    """Whether differences along one generic direction agree.

    A conjugate or modulus that made the complex step wrong would show.
    """
    direction = np.cos(np.arange(1.0, x.size + 1.0)).reshape(x.shape)
    direction = direction * np.maximum(1.0, np.abs(x))
    try:
        along = _differences(
            lambda t: f(_plain(x + t * direction)), np.array(0.0), levels=4
        ).value
    except (CheckError, ArithmeticError, np.linalg.LinAlgError):
        return False
    return _close(np.tensordot(exact, direction, axes=x.ndim), along, 0.0)


def _close(exact: Array, value: Array, accuracy: float) -> bool:
    """Whether the complex step agrees with the differences.

    If not, a conjugate or modulus made it wrong.
    """
    return exact.shape == value.shape and _scale(exact - value) <= max(
        1e-6, 10 * accuracy
    ) * _scale(value)


def _hessian(f: Function, x: Any) -> Measured:
    x = np.asarray(x, float)
    if np.ndim(f(x)):
        raise CheckError(
            f"hessian(f, x) needs a number f(x), found shape {np.shape(f(x))}"
        )
    second, accuracy = _differences(_slope(f, x), x)
    swapped = np.moveaxis(second, range(x.ndim), range(x.ndim, 2 * x.ndim))
    return Measured(
        (second + swapped) / 2,
        _usable("the second derivative", 10 * accuracy),
    )


def _complex_step(f: Function, x: Array, step: float = 1e-30) -> Array | None:
    """Im f(x + ih)/h for each coordinate.

    It is None where ``f`` does not take complex numbers.
    """
    columns = []
    for k in range(x.size):
        z = x.astype(complex).ravel()
        z[k] += 1j * step
        try:
            with warnings.catch_warnings():
                # An imaginary part that is dropped would go unnoticed.
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                moved = np.asarray(f(z.reshape(x.shape) if x.ndim else z[0]))
        except (
            TypeError,
            ValueError,
            FloatingPointError,
            np.exceptions.ComplexWarning,
        ):
            return None
        if moved.dtype.kind != "c":
            return None
        columns.append(moved.imag / step)
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)


def _differences(f: Function, x: Array, levels: int = 6) -> Measured:
    """Central differences at halved steps, extrapolated to step zero.

    They come with their estimated accuracy.
    """

    def at(k: int, change: float) -> tuple[float, Array]:
        z = x.ravel().copy()
        z[k] += change
        return float(z[k]), np.asarray(
            f(z.reshape(x.shape) if x.ndim else float(z[0]))
        )

    columns, errors = [], []
    for k in range(x.size):
        table: list[Array] = []
        bends = []
        best, best_error = None, np.inf
        step = 0.05 * max(1.0, abs(x.ravel()[k]))
        here = at(k, 0.0)[1]
        for _ in range(levels):
            (right, ahead), (left, behind) = at(k, step), at(k, -step)
            bends.append(_scale(ahead - 2 * here + behind) / step)
            # Divided by the step that was really taken, after rounding.
            row = [(ahead - behind) / (right - left)]
            for j, coarse in enumerate(table):
                row.append(
                    row[j] + (row[j] - coarse) / (4.0 ** (j + 1) - 1.0)
                )
                error = max(
                    _scale(row[j + 1] - row[j]), _scale(row[j + 1] - coarse)
                )
                if error <= best_error:
                    best, best_error = row[j + 1], error
            table, step = row, step / 2
        if best is None or not np.all(np.isfinite(best)):
            raise CheckError(
                "the function to differentiate is not finite "
                f"near {x.ravel()[k]!r}"
            )
        # At a kink the two one-sided slopes stay apart as the step shrinks.
        if bends[-1] > 0.25 * bends[0] and bends[-1] > 1e-6 * max(
            _scale(best), bends[0]
        ):
            raise CheckError(
                "the function to differentiate has a kink "
                f"at {x.ravel()[k]!r}: choose other points"
            )
        columns.append(best)
        errors.append(best_error)
    value = np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)
    return Measured(value, max(errors) / (_scale(value) or 1.0))


def _usable(what: str, accuracy: float) -> float:
    """The accuracy as a tolerance, at least ``EXACT``.

    Coarser than ``COARSEST`` is an error.
    """
    if not accuracy <= COARSEST:
        raise CheckError(
            f"{what} is known only to {accuracy:.1e}, "
            f"coarser than {COARSEST:.0e}: "
            "choose other points or another route"
        )
    return max(accuracy, EXACT)


def _scale(value: Any) -> float:
    """Largest absolute value of the entries."""
    sizes = np.abs(value)
    if not np.ndim(sizes):
        return float(sizes)
    return float(sizes.max()) if sizes.size else 0.0


# Optima ----------------------------------------------------------------


def argmin(f: Function, start: Any, *, smooth: bool = True) -> Any:
    """The unique minimiser of ``f``, by a general optimiser from ``start``.

    The result is more than a stationary point: random neighbours at four
    distances are not lower, and the curvature is positive in every direction.
    With ``smooth=False`` the search compares values alone (for absolute
    values and maxima), and uniqueness is judged by the neighbours.

    Examples
    --------
    >>> def f(b):
    ...     return (b[0] - 1) ** 2 + (b[0] + b[1]) ** 2
    >>> argmin(f, np.zeros(2)).round(7).tolist()
    [1.0, -1.0]
    """
    return _argmin(f, start, smooth=smooth).value


def argmax(f: Function, start: Any, *, smooth: bool = True) -> Any:
    """The unique maximiser of ``f``: see ``argmin``.

    Examples
    --------
    >>> round(argmax(lambda t: 4 * t - t**2, 0.0), 7)
    2.0
    """
    return _argmax(f, start, smooth=smooth).value


def minimum(f: Function, start: Any, *, smooth: bool = True) -> float:
    """The least value of ``f``, which may be taken at many points.

    Examples
    --------
    >>> round(minimum(lambda b: (b - 3) ** 2 + 5, 0.0), 9)
    5.0
    """
    return float(_minimum(f, start, smooth=smooth).value)


def maximum(f: Function, start: Any, *, smooth: bool = True) -> float:
    """The greatest value of ``f``, which may be taken at many points.

    Examples
    --------
    >>> round(maximum(lambda t: 4 * t - t**2, 0.0), 9)
    4.0
    """
    return float(_maximum(f, start, smooth=smooth).value)


def optimum(f: Function, x: Any) -> Any:
    """Return ``x`` after showing that ``f`` has a minimum there.

    It is shown by slope, curvature and neighbours.

    Examples
    --------
    >>> optimum(lambda x: (x - 3) ** 2, 3.0)
    3.0
    >>> optimum(lambda x: -((x - 3) ** 2), 3.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    mlderived.checking.DisagreementError: not a minimiser: a neighbour ...
    """
    at = np.asarray(x, float)
    _no_lower_neighbour(f, at)
    _slope_vanishes(f, at)
    _curved(_hessian(f, at).value.reshape(at.size, at.size))
    return x


def kkt(
    f: Function,
    x: Any,
    equal: Function | None = None,
    atmost: Function | None = None,
) -> Any:
    """Return ``x`` after showing that it minimises ``f`` under constraints.

    They are ``equal(x) = 0`` and ``atmost(x) <= 0``, each a number or an
    array.  Shown are feasibility, a vanishing slope of the Lagrangian,
    multipliers of the right sign, and that feasible neighbours are not lower.

    Examples
    --------
    >>> x = np.array([0.5, 0.5])
    >>> kkt(lambda x: x @ x, x, equal=lambda x: x.sum() - 1).tolist()
    [0.5, 0.5]
    """
    at = np.asarray(x, float)
    parts = [(c, i) for i, c in enumerate((equal, atmost)) if c is not None]
    if not parts:
        raise CheckError("kkt needs constraints; without them use optimum")
    near = [z for distance, z in _neighbours(at) if distance == 1e-2]
    active, signed = [], []
    for constraint, kind in parts:
        values = _flat(constraint, at)
        around = np.abs([_flat(constraint, z) for z in near])
        scale = np.maximum(100.0 * np.max(around, axis=0), 1e-300)
        off = values / scale if kind else np.abs(values) / scale
        if off.max() > EXACT:
            raise DisagreementError(
                f"not feasible: a constraint is missed by {off.max():.1e}",
                float(off.max()),
            )
        binding = off > -EXACT if kind else np.ones(len(off), bool)
        slopes = np.asarray(_jacobian(constraint, at).value)
        active.append(slopes.reshape(-1, at.size)[binding])
        signed += [bool(kind)] * int(binding.sum())
    slope = np.asarray(_gradient(f, at).value).ravel()
    rows = np.concatenate(active)
    multipliers = np.linalg.lstsq(rows.T, -slope, rcond=1e-12)[0]
    rest = _scale(slope + rows.T @ multipliers)
    typical = max(_scale(_gradient(f, z).value) for z in near)
    if rest > 10 * EXACT * typical:
        raise DisagreementError(
            f"not a minimiser: the slope of the Lagrangian is {rest:.1e}, "
            f"where slopes of {typical:.1e} are typical",
            rest / typical,
        )
    if np.any(multipliers[signed] < -COARSEST * _scale(multipliers)):
        raise DisagreementError(
            "not a minimiser: the multiplier of an inequality is negative"
        )
    _no_lower_on_the_boundary(f, at, parts, rows)
    return x


def _flat(f: Function, x: Array) -> Array:
    return np.atleast_1d(np.asarray(f(_plain(x)), float)).ravel()


def _no_lower_on_the_boundary(
    f: Function,
    at: Array,
    parts: list[tuple[Function, int]],
    rows: Array,
) -> None:
    """Compare with neighbours at which the same constraints are active."""
    inverse = np.linalg.pinv(rows)
    here = float(f(_plain(at)))

    def active(z: Array) -> Array:
        """The constraints that bind at ``at``, at another point."""
        values = []
        for constraint, kind in parts:
            there = _flat(constraint, z)
            binds = _flat(constraint, at) > -COARSEST * max(_scale(there), 1)
            values.append(there[binds] if kind else there)
        return np.concatenate(values)

    for distance, point in _neighbours(at):
        if distance not in (1e-4, 1e-2):
            continue
        step = (point - at).ravel()
        z = at.ravel() + step - inverse @ (rows @ step)
        for _ in range(8):
            z = z - inverse @ active(z.reshape(at.shape))
        z = z.reshape(at.shape)
        if any(kind and _flat(c, z).max() > EXACT for c, kind in parts):
            continue
        there = float(f(_plain(z)))
        if there < here - 1e-11 * max(abs(here), abs(there), 1e-300):
            raise DisagreementError(
                "not a minimiser: a feasible neighbour at relative distance "
                f"{distance:.0e} is lower"
            )


def _argmin(f: Function, start: Any, *, smooth: bool = True) -> Measured:
    if not smooth:
        x = _search(f, start)
        _no_lower_neighbour(f, x, strict=True)
        return Measured(_plain(x), COARSEST)
    x, step, curvature = _descend(f, start)
    _no_lower_neighbour(f, x)
    _curved(curvature)
    return Measured(_plain(x), _usable("the minimiser", 10 * step))


def _argmax(f: Function, start: Any, *, smooth: bool = True) -> Measured:
    return _argmin(lambda x: -f(x), start, smooth=smooth)


def _minimum(f: Function, start: Any, *, smooth: bool = True) -> Measured:
    x = _descend(f, start)[0] if smooth else _search(f, start)
    _no_lower_neighbour(f, x)
    return Measured(float(f(_plain(x))), EXACT if smooth else COARSEST)


def _maximum(f: Function, start: Any, *, smooth: bool = True) -> Measured:
    value, accuracy = _minimum(lambda x: -f(x), start, smooth=smooth)
    return Measured(-value, accuracy)


def _descend(f: Function, start: Any) -> tuple[Array, float, Array]:
    """The minimiser, the last relative step, and the curvature.

    Quasi-Newton descent comes first, then Newton steps.
    """
    shape = np.shape(start)

    def value(z: Array) -> float:
        return float(f(_plain(z.reshape(shape))))

    derivatives = _slope(f, start)

    def slope(z: Array) -> Array:
        return derivatives(z.reshape(shape)).ravel()

    z = np.asarray(start, float).ravel()
    with np.errstate(all="ignore"):
        z = optimize.minimize(
            value,
            z,
            jac=slope,
            method="BFGS",
            options={"gtol": 1e-10, "maxiter": 2000},
        ).x
        if not np.isfinite(value(z)):
            raise CheckError(
                f"no minimum found: the descent reached the value {value(z)}"
            )
        curvature = _differences(slope, z).value
        curvature = (curvature + curvature.T) / 2
        step = np.inf
        for _ in range(10):
            move = np.linalg.lstsq(curvature, slope(z), rcond=1e-9)[0]
            z, step = z - move, _scale(move) / max(_scale(z), 1e-300)
            if step <= 1e-13:
                break
    return z.reshape(shape), step, curvature


def _search(f: Function, start: Any) -> Array:
    """Minimise by comparing values along directions.

    The search is restarted until nothing moves.
    """
    shape = np.shape(start)

    def value(z: Array) -> float:
        return float(f(_plain(z.reshape(shape))))

    z = np.asarray(start, float).ravel()
    for _ in range(20):
        with np.errstate(all="ignore"):
            found: Any = optimize.minimize(
                value,
                z,
                method="Powell",
                options={"xtol": 1e-12, "ftol": 1e-15},
            )
        moved = _scale(np.atleast_1d(found.x) - z)
        z = np.atleast_1d(found.x)
        if moved <= 1e-9 * max(_scale(z), 1.0):
            break
    return z.reshape(shape)


def _neighbours(x: Array) -> Iterator[tuple[float, Array]]:
    """Points around ``x`` at four distances, relative to its size.

    They lie along the axes and 32 other directions.
    """
    rng = np.random.default_rng(0)
    axes = np.concatenate([np.eye(x.size), -np.eye(x.size)])
    random = rng.standard_normal((32, x.size))
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    size = _scale(x) or 1.0
    for distance in (1e-6, 1e-4, 1e-2, 1.0):
        for direction in (*axes, *random):
            yield distance, x + distance * size * direction.reshape(x.shape)


def _no_lower_neighbour(
    f: Function, x: Array, *, strict: bool = False
) -> None:
    here = float(f(_plain(x)))
    if not np.isfinite(here):
        raise CheckError(
            f"the function to minimise is {here} at the point found"
        )
    for distance, point in _neighbours(x):
        with np.errstate(all="ignore"):
            there = float(f(_plain(point)))
        # A value is only known to a few units in the last place.
        slack = 1e-14 * max(abs(here), abs(there))
        if there < here - slack:
            raise DisagreementError(
                "not a minimiser: a neighbour at relative distance "
                f"{distance:.0e} is lower"
            )
        if strict and distance >= 1e-2 and there <= here + slack:
            raise CheckError(
                "the minimiser is not unique: a neighbour at "
                f"relative distance {distance:.0e} is as low"
            )


def _slope_vanishes(f: Function, x: Array) -> None:
    slope = _scale(_gradient(f, x).value)
    around = max(
        _scale(_gradient(f, point).value)
        for distance, point in _neighbours(x)
        if distance == 1.0
    )
    if slope > 10 * EXACT * around:
        raise DisagreementError(
            f"not a minimiser: the slope is {slope:.1e}, "
            f"where {around:.1e} is typical around it"
        )


def _curved(curvature: Array) -> None:
    eigenvalues = np.linalg.eigvalsh(curvature)
    if eigenvalues[0] <= 1e-7 * max(eigenvalues[-1], 0.0):
        raise CheckError(
            "the minimiser is not unique: the curvature is "
            f"{eigenvalues[0]:.1e} in some direction "
            f"and {eigenvalues[-1]:.1e} in another"
        )


# Laws, integrals, limits, roots ----------------------------------------


@dataclass(frozen=True, eq=False)
class Law:
    """A distribution on finitely many points.

    ``points[i]`` has probability ``weights[i]``.
    """

    points: Array
    weights: Array


def distribution(points: Any, weights: Any) -> Law:
    """The distribution with these points and probabilities.

    The points lie along the first axis.

    Examples
    --------
    >>> die = distribution(np.arange(1, 7), np.full(6, 1 / 6))
    >>> round(expectation(lambda k: k, die), 9)
    3.5
    """
    points, weights = np.asarray(points), np.asarray(weights, float)
    if weights.ndim != 1 or len(weights) == 0 or len(points) != len(weights):
        raise CheckError(
            f"law(points, weights): {points.shape} points do not match "
            f"weights of shape {weights.shape}"
        )
    if np.any(weights < 0) or abs(weights.sum() - 1.0) > 1e-12:
        raise CheckError(
            "law(points, weights): weights are non-negative and sum to 1, "
            f"found {weights.sum()!r}"
        )
    return Law(points, weights)


def rademacher(n: int) -> Law:
    """All 2ⁿ vectors of n independent fair signs.

    Their mean is zero and their covariance the identity, exactly.

    Examples
    --------
    >>> expectation(lambda e: np.outer(e, e), rademacher(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return Law(signs(n), np.full(2**n, 0.5**n))


def noise(rng: np.random.Generator, n: int) -> Law:
    """All vectors of n independent, equally distributed two-point variables.

    The variables have mean 0 and variance 1.  They are skewed, so that a
    formula which silently assumes symmetry disagrees.
    """
    p = float(rng.uniform(0.1, 0.4))
    up = (signs(n) + 1.0) / 2.0
    points = up * np.sqrt((1 - p) / p) - (1 - up) * np.sqrt(p / (1 - p))
    return Law(
        points, np.asarray(np.prod(np.where(up == 1.0, p, 1.0 - p), axis=1))
    )


def expectation(f: Function, over: Law) -> Any:
    """E f(x) for x distributed as ``over``: the sum over all its points.

    Examples
    --------
    >>> expectation(lambda e: (e[0] + e[1]) ** 2, rademacher(2))
    2.0
    """
    return _plain(np.tensordot(over.weights, _values(f, over), axes=1))


def variance(f: Function, over: Law) -> Any:
    """Var f(x), entry by entry, for x distributed as ``over``.

    Examples
    --------
    >>> variance(lambda e: 3 * e[0], rademacher(1))
    9.0
    """
    return _plain(np.tensordot(over.weights, _centred(f, over) ** 2, axes=1))


def covariance(f: Function, over: Law, g: Function | None = None) -> Any:
    """Covariance matrix of the vector f(x), or of f(x) with g(x).

    Here x is distributed as ``over``.

    Examples
    --------
    >>> covariance(lambda e: e[0] + e[1], rademacher(2), lambda e: 2 * e)
    array([2., 2.])
    """
    left = _centred(f, over)
    right = left if g is None else _centred(g, over)
    return _plain(np.tensordot((left.T * over.weights).T, right, axes=(0, 0)))


def _values(f: Function, over: Law) -> Array:
    """The values of ``f`` at the points, along the first axis."""
    return np.stack([np.asarray(f(_plain(x)), float) for x in over.points])


def _centred(f: Function, over: Law) -> Array:
    """The values less their mean."""
    values = _values(f, over)
    return np.asarray(values - np.tensordot(over.weights, values, axes=1))


def probability(event: Callable[[Any], bool], over: Law) -> float:
    """Probability of the event for x distributed as ``over``.

    Examples
    --------
    >>> probability(lambda e: e[0] == e[1], rademacher(2))
    0.5
    """
    return float(expectation(lambda x: float(bool(event(x))), over))


def law_of(f: Function, over: Law) -> Law:
    """The law of f(x) for x distributed as ``over``; equal values merged.

    Examples
    --------
    >>> law_of(lambda e: e.sum(), rademacher(2)).weights.tolist()
    [0.25, 0.5, 0.25]
    """
    values = _values(f, over)
    _, first, place = np.unique(
        np.round(values, 12).reshape(len(values), -1),
        axis=0,
        return_index=True,
        return_inverse=True,
    )
    return Law(values[first], np.bincount(place.ravel(), over.weights))


def characteristic(f: Function, over: Law, t: Any) -> complex:
    """Characteristic function of f(x) at ``t``: the mean of exp(i t·f(x)).

    Two laws are equal when theirs agree; for a law with a density, compare
    with its closed form or with ``quadrature``.

    Examples
    --------
    >>> value = characteristic(lambda e: e[0], rademacher(1), 2.0)
    >>> round(value.real - float(np.cos(2.0)), 12)
    0.0
    """
    phases = [np.vdot(t, f(_plain(x))) for x in over.points]
    return complex(over.weights @ np.exp(1j * np.asarray(phases)))


def simulation(f: Callable[[], Any], times: int = 4000) -> Estimate:
    """Mean of ``f()`` over so many calls, and five standard errors.

    The last resort: enumerate or integrate where it is possible, and keep
    the samples so small that wrong formulas are far away.  ``f`` takes no
    argument and draws anew on each call.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> estimate = simulation(lambda: rng.normal() ** 2)
    >>> bool(abs(estimate.value - 1) < estimate.margin)
    True
    """
    if not 100 <= times <= 20000:
        raise CheckError(
            f"simulation takes from 100 to 20000 calls, found {times}"
        )
    values = np.stack([np.asarray(f(), float) for _ in range(times)])
    error = values.std(axis=0, ddof=1) / np.sqrt(times)
    if not np.all(error > 0):
        raise CheckError("simulation(f): f() is not random; it must draw")
    return Estimate(_plain(values.mean(axis=0)), 5.0 * error)


def quadrature(f: Function, low: float, high: float) -> Any:
    """Integral of ``f`` from ``low`` to ``high``, by adaptive quadrature.

    Either bound may be infinite.

    Examples
    --------
    >>> round(quadrature(lambda t: np.exp(-t), 0.0, np.inf), 12)
    1.0
    """
    return _quadrature(f, low, high).value


def _quadrature(f: Function, low: float, high: float) -> Measured:
    value, error = integrate.quad_vec(
        f, low, high, epsabs=0.0, epsrel=1e-11, limit=500
    )[:2]
    return Measured(
        _plain(value),
        _usable("the integral", float(error) / max(_scale(value), 1e-300)),
    )


def limit(f: Callable[[int], Any], start: int = 16, levels: int = 7) -> Any:
    """Limit of ``f(n)`` as n grows, by extrapolation in 1/n.

    The sizes n are start, 2 start, 4 start and so on; where these are too
    small for the data, they begin later.

    Examples
    --------
    >>> abs(limit(lambda n: (1 + 1 / n) ** n) - np.e) < 1e-8
    True
    """
    return _limit(f, start, levels).value


def _limit(
    f: Callable[[int], Any], start: int = 16, levels: int = 7
) -> Measured:
    if levels < 4:
        raise CheckError(f"limit needs at least four sizes, found {levels}")
    found = _extrapolated(f, start, levels)
    for later in LATER:
        if 10 * found.accuracy <= COARSEST:
            break
        other = _extrapolated(f, later * start, levels)
        found = min(found, other, key=lambda one: one.accuracy)
    return Measured(found.value, _usable("the limit", 10 * found.accuracy))


LATER = (4, 16, 64, 256, 1024)
"""Where a limit begins anew, in starts, when it is not known well enough."""


def _extrapolated(
    f: Callable[[int], Any], start: int, levels: int
) -> Measured:
    """The limit seen from ``levels`` doubled sizes, with its accuracy.

    That is the second smallest difference of neighbours in the table: the
    smallest may be so by chance.
    """
    best, errors = None, [np.inf]
    table: list[Array] = []
    for level in range(levels):
        row = [np.asarray(f(start * 2**level), float)]
        for j, coarse in enumerate(table):
            row.append(row[j] + (row[j] - coarse) / (2.0 ** (j + 1) - 1.0))
            error = max(
                _scale(row[j + 1] - row[j]), _scale(row[j + 1] - coarse)
            )
            if error <= min(errors):
                best = row[j + 1]
            errors.append(error)
        table = row
    accuracy = sorted(errors)[1] / max(_scale(best), 1e-300)
    return Measured(_plain(best), accuracy)


def rate(f: Callable[[int], float], start: int = 64) -> Estimate:
    """Exponent p of f(n) ~ c n**p: the slope on logarithmic axes.

    It is taken over three octaves from ``start``; the last slope counts, to
    within the differences among the three.

    Examples
    --------
    >>> round(rate(lambda n: 3 / n**2 + 1 / n**3).value, 2)
    -2.0
    """
    values = [float(f(start * 2**octave)) for octave in range(4)]
    if not np.all(np.isfinite(values)) or min(values) <= 0.0:
        raise CheckError("rate(f) needs positive finite values f(n)")
    slopes = np.diff(np.log2(values))
    margin = float(np.ptp(slopes)) + EXACT
    if margin > 0.25:
        raise CheckError(
            f"the slopes {_short(slopes)} have not settled: "
            "begin at a greater size"
        )
    return Estimate(float(slopes[-1]), margin)


def iterate(step: Function, start: Any, times: int) -> list[Any]:
    """The iterates start, step(start), … of an algorithm.

    There are ``times`` steps, so one more iterate.

    Examples
    --------
    >>> iterate(lambda x: x / 2, 8.0, 3)
    [8.0, 4.0, 2.0, 1.0]
    """
    if times < 2:
        raise CheckError(f"iterate needs at least two steps, found {times}")
    path = [start]
    for _ in range(times):
        path.append(step(path[-1]))
    return path


def monotone(f: Function, path: list[Any], relation: str) -> Array:
    """Values of ``f`` along the iterates, after showing how they run.

    With ``">="`` none is greater than the one before, with ``"<="`` none is
    smaller; and at least one step really moves.

    Examples
    --------
    >>> monotone(lambda x: x * x, [4.0, 2.0, 1.0], ">=").tolist()
    [16.0, 4.0, 1.0]
    """
    if relation not in ("<=", ">="):
        raise CheckError(f"monotone runs by <= or >=, found {relation!r}")
    values = np.array([float(f(x)) for x in path])
    steps = np.diff(values) * (1.0 if relation == "<=" else -1.0)
    scale = _scale(_side("the value along the path", values))
    if steps.min() < -EXACT * scale:
        place = int(np.argmin(steps))
        raise DisagreementError(
            f"not monotone: step {place + 1} goes the other way "
            f"by {-steps[place]:.1e}",
            float(-steps[place] / scale),
        )
    if steps.max() <= EXACT * scale:
        raise CheckError("no step moves: start further away")
    return values


def root(f: Function, low: float, high: float) -> float:
    """The zero of ``f`` between ``low`` and ``high``.

    At these two numbers ``f`` has opposite signs.

    Examples
    --------
    >>> round(root(lambda x: x**2 - 2, 0.0, 2.0), 12)
    1.414213562373
    """
    return float(optimize.brentq(f, low, high, xtol=1e-300, rtol=8.9e-16))


# Brute force -----------------------------------------------------------


def signs(n: int) -> Array:
    """All vectors of n signs, one a row.

    Examples
    --------
    >>> signs(2).tolist()
    [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    """
    return np.array(list(itertools.product((-1.0, 1.0), repeat=n)))


def subsets(n: int) -> list[tuple[int, ...]]:
    """All subsets of 0, …, n − 1, from the empty one to the whole.

    Examples
    --------
    >>> subsets(2)
    [(), (0,), (1,), (0, 1)]
    """
    return [
        chosen
        for size in range(n + 1)
        for chosen in itertools.combinations(range(n), size)
    ]


def permutations(n: int) -> Array:
    """All orders of 0, …, n − 1, one a row.

    Examples
    --------
    >>> permutations(3).tolist()[:2]
    [[0, 1, 2], [0, 2, 1]]
    """
    return np.array(list(itertools.permutations(range(n))))


def assignments(n: int, K: int) -> Array:
    """All ways to give each of n items a class 0, …, K − 1, one a row.

    Examples
    --------
    >>> assignments(2, 2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    return np.array(list(itertools.product(range(K), repeat=n)))


# Comparison ------------------------------------------------------------


def zero(value: Any, scale: float, wrong: Any) -> Scaled:
    """State that ``value`` vanishes, and the scale against which it is small.

    ``wrong`` is a similar quantity that does not vanish: it must be at least
    a thousandth of the scale, so that the scale is not too large to fail.
    Compare with an exact zero: ``printed = zeros(d)``.

    Examples
    --------
    >>> e = np.array([1.0, -1.0])
    >>> zero(e.sum(), np.abs(e).sum(), wrong=e[0]).scale
    2.0
    """
    if np.ndim(scale) or not np.isfinite(scale) or not scale > 0:
        raise CheckError(
            "zero(value, scale, wrong): the scale is a positive number, "
            f"found {scale!r}"
        )
    if not _scale(_side("wrong", wrong)) >= 1e-3 * scale:
        raise CheckError(
            "zero(value, scale, wrong): the wrong quantity is as small as "
            f"{_scale(wrong):.1e} of a scale of {scale:.1e}, so nothing "
            "would be noticed"
        )
    return Scaled(value, float(scale))


def inequality(
    left: Function,
    relation: str,
    right: Function,
    at: Any,
    *,
    extremal: Any = None,
    loose: str = "",
) -> Any:
    """Return left(at) after showing that the inequality holds, and is tight.

    It is tried at ``at`` and on a seeded search for a counter-example from
    there; what is positive stays positive, and a symmetric matrix
    symmetric.  ``at`` is the argument of both
    sides, or a tuple of their arguments.  ``extremal`` is the case of
    equality, of the same form, or a function of m that tends to it as m
    grows; where there is none, ``loose`` says why.

    Examples
    --------
    >>> def square(x):
    ...     return float(np.mean(x) ** 2)
    >>> def mean_square(x):
    ...     return float(np.mean(x**2))
    >>> x, equal = np.array([1.0, 2.0]), np.ones(2)
    >>> inequality(square, "<=", mean_square, x, extremal=equal)
    2.25
    """
    return _inequality(
        left, relation, right, at, extremal=extremal, loose=loose
    )[0]


def _inequality(
    left: Function,
    relation: str,
    right: Function,
    at: Any,
    *,
    extremal: Any = None,
    loose: str = "",
) -> tuple[Any, float]:
    """The left side, and the tightest ratio found (1 is equality)."""
    if (extremal is None) == (not loose.strip()):
        raise CheckError(
            "inequality needs the case of equality as `extremal`, "
            "or the reason for none as `loose`"
        )

    def slack(point: Any) -> float:
        arguments = point if isinstance(point, tuple) else (point,)
        a, b = left(*arguments), right(*arguments)
        return _slack(a, relation, b)

    least = np.inf
    if callable(extremal):
        least = _approached(lambda m: slack(extremal(m)))
    elif extremal is not None:
        least = slack(extremal)
        if least > COARSEST:
            raise DisagreementError(
                "the extremal case does not reach equality: "
                f"it is {least:.1e} of the scale away",
                least,
            )
    if least >= -COARSEST:
        least = min(least, _least_slack(slack, at))
    if least < -EXACT or (relation in ("<", ">") and slack(at) <= 0.0):
        raise DisagreementError(
            f"the inequality fails by {-least:.1e} of its scale", -least
        )
    first = left(*at) if isinstance(at, tuple) else left(at)
    return first, 1.0 - max(least, 0.0)


def _approached(slack: Callable[[int], float]) -> float:
    """The least slack on the way to the extremal case."""
    on_the_way = min(slack(16), slack(1024))
    left_over = float(_limit(lambda m: 1.0 + slack(m)).value) - 1.0
    if left_over > COARSEST:
        raise DisagreementError(
            "the extremal case does not tend to equality: "
            f"{left_over:.1e} of the scale is left",
            left_over,
        )
    return on_the_way


def _slack(left: Any, relation: str, right: Any) -> float:
    """How far the relation is from failing, relative to its scale."""
    if relation in (">", ">=", "succeq"):
        left, right = right, left
    a, b = _side("the smaller side", left), _side("the greater side", right)
    if a.shape != b.shape:
        raise CheckError(f"shapes differ: {a.shape} and {b.shape}")
    gaps = _gaps(a, relation, b)
    return float(gaps.min()) / max(_scale(a), _scale(b), 1e-300)


def _gaps(
    a: Array, relation: str, b: Array, tolerance: float = EXACT
) -> Array:
    """What must not be negative: b - a, or the eigenvalues of it."""
    if relation not in ("<", "<=", ">", ">=", "preceq", "succeq"):
        raise CheckError(
            f"unknown relation {relation!r}; "
            "there are = < <= > >= preceq succeq"
        )
    if relation not in ("preceq", "succeq"):
        return np.atleast_1d(b - a).ravel()
    for name, side in (("smaller", a), ("greater", b)):
        if side.ndim != 2 or side.shape[0] != side.shape[1]:
            raise CheckError(
                f"{relation} compares square matrices, "
                f"found shape {side.shape}"
            )
        skew = _scale(side - side.T) / max(_scale(a), _scale(b), 1e-300)
        if skew > tolerance:
            raise DisagreementError(
                f"the {name} side of {relation} is not symmetric: "
                f"by {skew:.1e} of the scale",
                skew,
            )
    return np.linalg.eigvalsh((b - a + (b - a).T) / 2)


def _least_slack(
    slack: Callable[[Any], float], at: Any, tries: int = 64
) -> float:
    """Search for arguments at which the slack is small, from ``at``.

    A clear counter-example ends it.
    """
    rng = np.random.default_rng(0)
    best, least, step = at, slack(at), 0.5
    inside = 0
    for _ in range(tries):
        if least < -COARSEST:
            return least
        there = _moved(best, step, rng)
        try:
            with np.errstate(all="ignore"):
                found = slack(there)
            inside += 1
        except (CheckError, np.linalg.LinAlgError, FloatingPointError):
            found = np.inf  # outside of the domain
        if found < least:
            best, least, step = there, found, 1.5 * step
        else:
            step = max(0.8 * step, 1e-4)
    if 8 * inside < tries:
        raise CheckError(
            "the search for a counter-example leaves the domain: "
            f"both sides have values at {inside} of {tries} points; "
            "write them so that they do where one looks"
        )
    return least


def _moved(point: Any, step: float, rng: np.random.Generator) -> Any:
    if isinstance(point, tuple):
        return tuple(_moved(part, step, rng) for part in point)
    x = np.asarray(point, float)
    shift = step * rng.standard_normal(x.shape)
    zoom = np.exp(step * rng.standard_normal())
    if x.ndim == 2 and np.array_equal(x, x.T):
        shift = (shift + shift.T) / 2
    if np.all(x > 0):
        return _plain(np.asarray(zoom * x * np.exp(shift)))
    return _plain(np.asarray(zoom * (x + shift * (_scale(x) or 1.0))))


def agree(route: Any, printed: Any, *, tolerance: float = EXACT) -> Agreement:
    """Compare two sides, relative to the scale of the route.

    Both are finite, non-empty and of equal shapes, without broadcasting;
    tuples are compared entry by entry.

    Raises
    ------
    CheckError
        When the sides cannot be compared.
    DisagreementError
        When they differ by more than ``tolerance``.

    Examples
    --------
    >>> agree(2.0, 2.0).deviation
    0.0
    >>> agree(2.0, np.array([2.0]))
    Traceback (most recent call last):
    mlderived.checking.CheckError: shapes differ: route (), printed (1,)
    """
    if isinstance(route, Estimate):
        return _agree_within(route, printed)
    if isinstance(printed, Estimate):
        raise CheckError("an estimate is the route, not what is printed")
    if _is_tuple(printed) and (_is_tuple(route) or isinstance(route, list)):
        return _agree_all(route, printed, tolerance)
    if _is_tuple(route):
        raise CheckError(
            f"route is a tuple of {len(route)}, printed is {_kind(printed)}"
        )
    if _is_tuple(printed):
        raise CheckError(
            f"route is {_kind(route)}, printed is a tuple of {len(printed)}"
        )
    if isinstance(printed, Scaled):
        route, printed = Scaled(route, printed.scale), printed.value
    stated = route.scale if isinstance(route, Scaled) else None
    left, right = (
        _side("route", route.value if isinstance(route, Scaled) else route),
        _side("printed", printed),
    )
    if left.shape != right.shape:
        raise CheckError(
            f"shapes differ: route {left.shape}, printed {right.shape}"
        )
    if left.dtype.kind == "b" or right.dtype.kind == "b":
        return _agree_on_truth(left, right)
    if stated is not None and np.any(left) and np.any(right):
        raise CheckError(
            "zero(value, scale) is compared with an exact zero, "
            "but both sides have other entries"
        )
    scale = stated if stated is not None else _scale(left)
    if scale == 0.0:
        raise CheckError(
            "route is zero, so there is no scale to compare with; "
            "write zero(value, scale)"
        )
    gap = np.abs(left.astype(complex) - right.astype(complex))
    where = np.unravel_index(int(np.argmax(gap)), gap.shape)
    deviation = float(gap[where]) / scale
    allowed = (
        0.0
        if left.dtype.kind in "iu" and right.dtype.kind in "iu"
        else tolerance
    )
    if not deviation <= allowed:
        raise DisagreementError(
            f"the sides differ by {deviation:.1e} of their scale "
            f"(allowed {allowed:.0e}), most at {_place(where)}: "
            f"route {left[where]!s}, printed {right[where]!s}\n"
            f"  route   {_short(left)}\n  printed {_short(right)}",
            deviation,
        )
    return Agreement(deviation, scale, tolerance)


def _is_tuple(side: Any) -> bool:
    return isinstance(side, tuple) and not isinstance(side, Scaled)


def _agree_within(route: Estimate, printed: Any) -> Agreement:
    """Compare with an estimate, each entry within its margin."""
    left, right = _side("route", route.value), _side("printed", printed)
    if left.shape != right.shape:
        raise CheckError(
            f"shapes differ: route {left.shape}, printed {right.shape}"
        )
    gap, margin = np.abs(left - right), np.asarray(route.margin)
    scale = _scale(left) or float(np.max(margin))
    if np.any(gap > margin):
        where = np.unravel_index(int(np.argmax(gap / margin)), gap.shape)
        raise DisagreementError(
            f"printed is outside of the margin of the estimate at "
            f"{_place(where)}: route {left[where]!s}, "
            f"printed {right[where]!s}",
            float(gap.max()) / scale,
        )
    return Agreement(
        float(gap.max()) / scale, scale, float(np.max(margin)) / scale
    )


def chain(*items: Any, tolerance: float = EXACT) -> Any:
    """Compare each pair of neighbours in ``a, "=", b, "<=", c``.

    The first side is returned.  The relations are ``=``, ``<``, ``<=``,
    ``>``, ``>=`` (entry by entry) and ``preceq``, ``succeq`` (the difference
    of symmetric matrices is positive semidefinite).  A strict one fails on
    equality.

    Examples
    --------
    >>> chain(1.0, "=", 1.0, "<=", 2.0)
    1.0
    """
    sides, relations = items[::2], items[1::2]
    if (
        len(items) < 3
        or len(items) % 2 == 0
        or not all(isinstance(r, str) for r in relations)
    ):
        raise CheckError(
            'chain(a, "=", b, "<=", c) takes sides and relations in turn'
        )
    for place, (left, relation, right) in enumerate(
        zip(sides[:-1], relations, sides[1:], strict=True), start=1
    ):
        try:
            _related(left, relation, right, tolerance)
        except CheckError as error:
            raise type(error)(
                f"step {place} of the chain ({relation}): {error}"
            ) from None
    return sides[0]


def _related(left: Any, relation: str, right: Any, tolerance: float) -> None:
    if relation == "=":
        agree(left, right, tolerance=tolerance)
        return
    if relation in (">", ">=", "succeq"):
        left, right = right, left
    a, b = _side("the smaller side", left), _side("the greater side", right)
    if a.shape != b.shape:
        raise CheckError(f"shapes differ: {a.shape} and {b.shape}")
    scale = max(_scale(a), _scale(b))
    if scale == 0.0:
        raise CheckError(
            "both sides are zero, so there is no scale to compare with"
        )
    least = float(_gaps(a, relation, b, tolerance).min())
    if least < -tolerance * scale or (
        relation in ("<", ">") and least <= 0.0
    ):
        raise DisagreementError(
            f"does not hold: by {-least:.3e}, "
            f"where the sides are of scale {scale:.3e}",
            -least / scale,
        )


def _agree_all(route: Any, printed: Any, tolerance: float) -> Agreement:
    if len(route) != len(printed) or not len(route):
        raise CheckError(
            f"tuples of {len(route)} and {len(printed)} entries; "
            "both need the same number, at least one"
        )
    parts = []
    for index, (left, right) in enumerate(zip(route, printed, strict=True)):
        try:
            parts.append(agree(left, right, tolerance=tolerance))
        except CheckError as error:
            error.args = (f"entry {index} of the tuples: {error}",)
            raise
    return max(parts, key=lambda part: part.deviation)


def _agree_on_truth(left: Array, right: Array) -> Agreement:
    """Truth values count only as an array in which both occur.

    So no check compares on its own terms.
    """
    if left.dtype != right.dtype:
        raise CheckError(
            f"route has dtype {left.dtype}, printed {right.dtype}; "
            "compare like with like"
        )
    if left.all() or not left.any():
        raise CheckError(
            "truth values that are all the same show nothing; "
            "compare the quantities themselves"
        )
    if np.any(left != right):
        raise DisagreementError(
            "truth values differ\n"
            f"  route   {_short(left)}\n  printed {_short(right)}"
        )
    return Agreement(0.0, 1.0, 0.0)


def _side(name: str, value: Any) -> Array:
    """The side as an array of finite numbers."""
    try:
        side = np.asarray(value)
    except ValueError:
        raise CheckError(
            f"{name} is no rectangular array but {_kind(value)}"
        ) from None
    if side.dtype.kind not in "biufc":
        raise CheckError(
            f"{name} is no number or array of numbers but {_kind(value)}"
        )
    if side.size == 0:
        raise CheckError(f"{name} is empty: its shape is {side.shape}")
    if not np.all(np.isfinite(side)):
        bad = np.unravel_index(int(np.argmin(np.isfinite(side))), side.shape)
        raise CheckError(
            f"{name} is not finite: {side[bad]} at {_place(bad)}"
        )
    return side


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def _place(where: tuple[Any, ...]) -> str:
    return (
        f"[{', '.join(str(int(i)) for i in where)}]"
        if where
        else "the only entry"
    )


def _short(side: Array) -> str:
    return np.array2string(
        side, precision=6, threshold=12, edgeitems=2, separator=", "
    ).replace("\n", "")


# The names that a check sees -------------------------------------------


def _total(terms: Any, axis: int | None = None) -> Any:
    """Sum of the entries of an array (or along ``axis``).

    For a list or generator it is the sum of the terms.
    """
    if axis is not None or isinstance(terms, np.ndarray):
        return np.sum(np.asarray(terms), axis=axis)
    return _fold(np.add, terms)


def _product(terms: Any, axis: int | None = None) -> Any:
    """Product of the entries of an array (or along ``axis``).

    For a list or generator it is the product of the factors.
    """
    if axis is not None or isinstance(terms, np.ndarray):
        return np.prod(np.asarray(terms), axis=axis)
    return _fold(np.multiply, terms)


def _fold(combine: Any, terms: Iterable[Any]) -> Any:
    values = [np.asarray(term) for term in terms]
    if not values:
        raise CheckError("a sum or product over no terms")
    result = values[0]
    for value in values[1:]:
        if value.shape != result.shape:
            raise CheckError(
                f"terms of shapes {result.shape} and {value.shape} "
                "in one sum or product"
            )
        result = combine(result, value)
    return result if result.ndim else result[()]


def _largest(first: Any, *others: Any, axis: int | None = None) -> Any:
    """Largest of an array (or along ``axis``), or of several numbers."""
    return (
        np.max(first, axis=axis)
        if isinstance(first, np.ndarray)
        else builtins.max(first, *others)
    )


def _smallest(first: Any, *others: Any, axis: int | None = None) -> Any:
    """Smallest of an array (or along ``axis``), or of several numbers."""
    return (
        np.min(first, axis=axis)
        if isinstance(first, np.ndarray)
        else builtins.min(first, *others)
    )


def _svd(A: Array) -> tuple[Array, Array, Array]:
    """Thin singular value decomposition: U, the singular values and Vᵀ."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U, s, Vt


def _lstsq(A: Array, b: Array) -> Array:
    """Least-squares solution of A x = b, of least norm if there are many."""
    return np.asarray(np.linalg.lstsq(A, b, rcond=None)[0])


def _logdet(A: Array) -> Any:
    """Logarithm of a matrix's determinant, which must be positive."""
    sign, value = np.linalg.slogdet(A)
    if sign.real <= 0:
        raise CheckError(
            f"logdet of a matrix whose determinant has sign {sign}"
        )
    return _plain(value + np.log(sign)) if _stepped(A) else float(value)


def _norm(x: Any, *args: Any, **options: Any) -> Any:
    """As in NumPy, but analytic in the complex step of a derivative."""
    if not args and not options and _stepped(x):
        return np.sqrt(np.sum(np.square(x)))
    return np.linalg.norm(x, *args, **options)


def _stepped(x: Any) -> bool:
    """Whether the imaginary parts are those of a complex step alone."""
    return bool(
        np.iscomplexobj(x) and _scale(np.imag(x)) <= 1e-20 * _scale(x)
    )


_PYTHON = (
    len,
    range,
    enumerate,
    zip,
    map,
    reversed,
    sorted,
    float,
    int,
    complex,
    tuple,
    list,
    dict,
    set,
)

_NUMPY = """
    abs all any arange argsort array clip concatenate cos cosh cov cumprod
    cumsum diag diff einsum exp expm1 eye floor fmax fmin full hstack imag
    kron linspace log log1p log2 mean median nonzero ones outer pi quantile
    real reshape roll searchsorted sign sin sinh sort sqrt squeeze stack std
    tan tanh tile trace transpose tril triu unique var vstack where zeros
"""

_LINALG = """
    cholesky cond det eigh eigvalsh inv matrix_power matrix_rank norm pinv qr
    solve
"""

_SPECIAL = """
    betaln comb digamma entr erf expit factorial gamma gammaln log_expit
    log_softmax logit logsumexp ndtr ndtri rel_entr softmax xlogy
"""

NAMES: Mapping[str, Any] = {
    **{f.__name__: f for f in _PYTHON},
    **{name: getattr(np, name) for name in _NUMPY.split()},
    **{name: getattr(np.linalg, name) for name in _LINALG.split()},
    **{name: getattr(special, name) for name in _SPECIAL.split()},
    "expm": linalg.expm,
    "index_max": np.argmax,
    "index_min": np.argmin,
    "logdet": _logdet,
    "norm": _norm,
    "lstsq": _lstsq,
    "max": _largest,
    "min": _smallest,
    "prod": _product,
    "sum": _total,
    "svd": _svd,
}
"""Functions of Python, NumPy and SciPy that a check may use.

``sum``, ``prod``, ``max`` and ``min`` take arrays, and the terms of a
generator too; ``index_max`` and ``index_min`` give positions, for ``argmax``
and ``argmin`` are verbs.
"""

DRAWS: Mapping[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        normal,
        offscale,
        uniform,
        positive,
        simplex,
        unbalanced,
        symmetric,
        spd,
        orthogonal,
        permutation,
        classes,
        lowrank,
        collinear,
        noise,
        symbolic,
    )
}
"""Draws: each takes first the run's generator, which the bench supplies."""

MEASURED: Mapping[str, Callable[..., Measured]] = {
    "derivative": _derivative,
    "gradient": _gradient,
    "jacobian": _jacobian,
    "hessian": _hessian,
    "argmin": _argmin,
    "argmax": _argmax,
    "minimum": _minimum,
    "maximum": _maximum,
    "quadrature": _quadrature,
    "limit": _limit,
}
"""Verbs with an accuracy of their own, which widens the draw's tolerance."""

VERBS: Mapping[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        zero,
        inequality,
        optimum,
        kkt,
        root,
        rate,
        iterate,
        monotone,
        distribution,
        rademacher,
        expectation,
        variance,
        covariance,
        probability,
        law_of,
        characteristic,
        simulation,
        signs,
        subsets,
        permutations,
        assignments,
    )
}
"""Verbs that are exact up to rounding."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Draws": tuple(DRAWS),
    "Derivatives": ("derivative", "gradient", "jacobian", "hessian"),
    "Optima": ("argmin", "argmax", "minimum", "maximum", "optimum", "kkt"),
    "Laws": (
        "expectation",
        "variance",
        "covariance",
        "probability",
        "distribution",
        "rademacher",
        "law_of",
        "characteristic",
        "simulation",
    ),
    "Analysis": ("quadrature", "limit", "rate", "root"),
    "Algorithms": ("iterate", "monotone"),
    "Brute force": ("signs", "subsets", "permutations", "assignments"),
    "Comparison": ("chain", "zero", "inequality"),
}
"""All draws and verbs by what they are for, in the order of the appendix."""

RESERVED = frozenset({*NAMES, *DRAWS, *MEASURED, *VERBS, "chain"})
"""All names that the body of a check sees and may not bind again."""


class Bench:
    """One draw of a check: its generator and its tolerance.

    The tolerance is what the verbs used so far allow; ``compared`` counts
    the numbers that were compared, and ``tightest`` is how close the sides
    of an inequality came (1 is equality).
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.tolerance = EXACT
        self.compared = 0
        self.tightest: float | None = None

    def namespace(self) -> dict[str, Any]:
        """All names that the body of a check sees, save two kinds.

        The sizes and the chapter's module are not among them.
        """
        draws = {name: self._bound(draw) for name, draw in DRAWS.items()}
        measured = {
            name: self._noting(verb) for name, verb in MEASURED.items()
        }
        return {
            "__builtins__": {},
            **NAMES,
            **draws,
            **measured,
            **VERBS,
            "chain": self._chain,
            "inequality": self._inequality,
        }

    def agree(self, route: Any, printed: Any) -> Agreement:
        """Compare the two sides with the tolerance of this draw."""
        self.compared += _count(printed)
        return agree(route, printed, tolerance=self.tolerance)

    def undecided(self) -> int:
        """How many comparisons are left open; numbers leave none."""
        return 0

    def _bound(self, draw: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: draw(self.rng, *args, **options)

    def _noting(self, verb: Callable[..., Measured]) -> Callable[..., Any]:
        def noted(*args: Any, **options: Any) -> Any:
            value, accuracy = verb(*args, **options)
            self.tolerance = max(self.tolerance, accuracy)
            return value

        return noted

    def _chain(self, *items: Any) -> Any:
        self.compared += sum(map(_count, items[2::2]))
        first = chain(*items, tolerance=self.tolerance)
        for k in range(1, len(items), 2):
            if items[k] != "=":
                slack = _slack(items[k - 1], items[k], items[k + 1])
                self.tightest = max(1.0 - slack, self.tightest or 0.0)
        return first

    def _inequality(self, *arguments: Any, **options: Any) -> Any:
        first, tightest = _inequality(*arguments, **options)
        self.compared += _count(first)
        self.tightest = max(tightest, self.tightest or 0.0)
        return first


def _count(side: Any) -> int:
    """How many numbers there are in a side."""
    if _is_tuple(side):
        return sum(map(_count, side))
    return int(np.size(side.value if isinstance(side, Scaled) else side))
