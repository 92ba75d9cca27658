"""Symbolic checks: letters instead of numbers, and SymPy decides whether the two sides are identical.

A check that draws with ``symbolic`` sees these functions in the place of those of NumPy.  Two expressions
are compared at exact rational points first, to fifty digits, which tells nearly all differences at once;
whether they are identical is then decided by simplification.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np
import sympy

from mlderived.checking import RESERVED, Agreement, Bench, CheckError, DisagreementError, Law

__all__ = ["POINTS", "SymbolicBench", "identical", "same"]

POINTS = 8
"""At so many points two expressions are compared."""

DIGITS = 50
CLOSE = sympy.Float(10) ** -40
"""Two values at a point that are closer than this, relative to their size, are equal."""

LARGEST = 400
"""An expression with more operations is not simplified, so that no check is endless."""


class SymbolicBench(Bench):
    """A draw of a symbolic check: its letters, and the pairs of expressions that were compared."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.pairs: list[tuple[Any, Any]] = []
        self._numbers = count(1)

    def namespace(self) -> dict[str, Any]:
        """All names that the body of a symbolic check sees."""
        given = {**_KEPT, **NAMES, "symbolic": self._letters, "chain": self._chain}
        return {"__builtins__": {}, **{name: _refused(name) for name in RESERVED - given.keys()}, **given}

    def agree(self, route: Any, printed: Any) -> Agreement:
        """Compare the two sides at the points; whether they are identical is asked of ``undecided``."""
        if isinstance(route, tuple | list) != isinstance(printed, tuple | list):
            raise CheckError("one side is a tuple and the other is not; both need the same shape")
        if isinstance(printed, tuple | list):
            if len(route) != len(printed) or not printed:
                raise CheckError(
                    f"tuples of {len(route)} and {len(printed)} entries; both need the same number"
                )
            for left, right in zip(route, printed, strict=True):
                self.agree(left, right)
            return Agreement(0.0, 1.0, 0.0)
        left, right = _entries(route), _entries(printed)
        if left.shape != right.shape:
            raise CheckError(f"shapes differ: route {left.shape}, printed {right.shape}")
        if not left.size:
            raise CheckError(f"both sides are empty: their shape is {left.shape}")
        self.compared += left.size
        for one, other in zip(left.ravel(), right.ravel(), strict=True):
            _compare(one, other)
            self.pairs.append((one, other))
        return Agreement(0.0, 1.0, 0.0)

    def undecided(self) -> int:
        """How many of the pairs SymPy leaves undecided; they agree at the points.

        Raises
        ------
        CheckError
            When nothing that was compared has a letter.
        """
        if not any(one.free_symbols | other.free_symbols for one, other in self.pairs):
            raise CheckError("no letter is left in what is compared, so nothing is shown")
        return sum(not identical(one, other) for one, other in self.pairs)

    def _letters(self, *shape: int, positive: bool = False) -> Any:
        """A letter, or an array of letters."""
        name = f"x{next(self._numbers)}"
        kind = {"positive": True} if positive else {"real": True}
        if not shape:
            return sympy.Symbol(name, **kind)
        found = np.empty(shape, dtype=object)
        for place in np.ndindex(*shape):
            found[place] = sympy.Symbol("_".join([name, *(str(k + 1) for k in place)]), **kind)
        return found

    def _chain(self, *items: Any) -> Any:
        if len(items) < 3 or len(items) % 2 == 0:
            raise CheckError('chain(a, "=", b) takes sides and relations in turn')
        if set(items[1::2]) != {"="}:
            raise CheckError("a symbolic chain has no other relation than =; draw numbers for an inequality")
        for place, (left, right) in enumerate(zip(items[:-2:2], items[2::2], strict=True), start=1):
            try:
                self.agree(left, right)
            except CheckError as error:
                raise type(error)(f"step {place} of the chain (=): {error}") from None
        return items[0]


def _refused(name: str) -> Callable[..., Any]:
    def refused(*_: Any, **__: Any) -> Any:
        raise CheckError(
            f"{name} takes numbers, and this check draws letters; draw numbers in a check of its own"
        )

    return refused


def _entries(value: Any) -> Any:
    """The side as an array of exact expressions."""
    array = np.asarray(value, dtype=object)
    found = np.empty(array.shape, dtype=object)
    for place in np.ndindex(*array.shape):
        found[place] = _exact(array[place])
    return found


def _exact(value: Any) -> sympy.Expr:
    try:
        one = sympy.sympify(value)
    except (sympy.SympifyError, TypeError, AttributeError):
        raise CheckError(f"a side is no expression but a {type(value).__name__}") from None
    if not isinstance(one, sympy.Expr):
        raise CheckError(f"a side is no expression but a {type(value).__name__}")
    if one.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo):
        raise CheckError(f"a side is not finite: {one}")
    return sympy.nsimplify(one, rational=True) if one.has(sympy.Float) else one


def _compare(one: sympy.Expr, other: sympy.Expr) -> None:
    """Compare two expressions at the points."""
    letters = sorted(one.free_symbols | other.free_symbols, key=lambda letter: letter.name)
    seen = 0
    for k in range(POINTS):
        at = {letter: _value(letter, k) for letter in letters}
        left, right = (_number(side, at) for side in (one, other))
        if left is None or right is None:
            continue
        seen += 1
        gap, scale = abs(left - right), max(abs(left), abs(right))
        if gap > CLOSE * scale:
            where = ", ".join(f"{letter} = {value}" for letter, value in at.items()) or "every point"
            raise DisagreementError(
                f"the sides differ at {where}: route {sympy.N(left, 8)}, printed {sympy.N(right, 8)}\n"
                f"  route   {_short(one)}\n  printed {_short(other)}",
                float(gap / scale),
            )
        if not letters:
            return
    if seen < min(3, POINTS):
        raise CheckError("the sides are not finite numbers at most points; say which letters are positive")


def _value(letter: sympy.Symbol, k: int) -> sympy.Rational:
    """The value of a letter at point k, always the same."""
    rng = np.random.default_rng([k, *letter.name.encode()])
    value = sympy.Rational(int(rng.integers(3, 400)), 101)
    return value if letter.is_positive or rng.integers(2) else -value


def _number(side: sympy.Expr, at: Mapping[sympy.Symbol, sympy.Rational]) -> sympy.Expr | None:
    """The value at a point; None where there is none."""
    value = side.subs(at)
    value = value if value.is_Rational else value.evalf(DIGITS)
    return value if value.is_number and value.is_finite and not value.has(sympy.Integral) else None


def identical(one: sympy.Expr, other: sympy.Expr) -> bool:
    """Whether SymPy reduces the difference to zero."""
    rest = one - other
    for step in (sympy.expand, sympy.cancel, sympy.simplify):
        if rest == 0:
            return True
        if sympy.count_ops(rest) > LARGEST:
            return False
        rest = step(rest)
    return bool(rest == 0)


def same(one: Any, other: Any) -> bool:
    """Whether two values of a symbolic check agree at the points."""
    left, right = _entries(one), _entries(other)
    if left.shape != right.shape:
        return False
    try:
        for a, b in zip(left.ravel(), right.ravel(), strict=True):
            _compare(a, b)
    except CheckError:
        return False
    return True


def _short(expression: sympy.Expr) -> str:
    text = str(expression)
    return text if len(text) <= 160 else f"{text[:157]}…"


# The functions that a symbolic check sees ------------------------------------


def _by_entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, entry by entry where it is given an array."""

    def applied(x: Any, *more: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return function(x, *more)
        found = np.empty(x.shape, dtype=object)
        for place in np.ndindex(*x.shape):
            found[place] = function(x[place], *more)
        return found

    return applied


def _terms(values: Any, axis: int | None) -> Iterator[Any]:
    if isinstance(values, np.ndarray):
        yield from np.moveaxis(values, axis, 0) if axis is not None else values.ravel()
    else:
        yield from values


def _total(values: Any, axis: int | None = None) -> Any:
    return _folded(_terms(values, axis), lambda a, b: a + b)


def _product(values: Any, axis: int | None = None) -> Any:
    return _folded(_terms(values, axis), lambda a, b: a * b)


def _folded(terms: Iterable[Any], combine: Callable[[Any, Any], Any]) -> Any:
    found = list(terms)
    if not found:
        raise CheckError("a sum or product over no terms")
    result = found[0]
    for term in found[1:]:
        result = combine(result, term)
    return result


def _of_matrix(function: Callable[[sympy.Matrix], Any]) -> Callable[[Any], Any]:
    """A function of SymPy's matrices for arrays."""

    def applied(A: Any) -> Any:
        found = function(sympy.Matrix(np.asarray(A, dtype=object)))
        return np.array(found.tolist(), dtype=object) if isinstance(found, sympy.MatrixBase) else found

    return applied


_inverse = _of_matrix(lambda A: A.inv())


def _whole(size: int | tuple[int, ...], value: int) -> Any:
    return np.full(size, value, dtype=object)


def _letters_like(x: Any) -> Any:
    array = np.asarray(x, dtype=object)
    found = np.empty(array.shape, dtype=object)
    for place in np.ndindex(*array.shape):
        found[place] = (
            sympy.Dummy(positive=True)
            if getattr(array[place], "is_positive", False)
            else sympy.Dummy(real=True)
        )
    return found


def _jacobian(f: Callable[[Any], Any], x: Any) -> Any:
    """Derivatives of f at x: the shape of f(x) followed by that of x."""
    at = np.asarray(x, dtype=object)
    letters = _letters_like(x)
    value = np.asarray(f(letters if at.ndim else letters[()]), dtype=object)
    back = dict(zip(letters.ravel(), map(sympy.sympify, at.ravel()), strict=True))
    found = np.empty(value.shape + at.shape, dtype=object)
    for place in np.ndindex(*value.shape):
        for position in np.ndindex(*at.shape):
            found[place + position] = sympy.diff(value[place], letters[position]).subs(back)
    return found if found.ndim else found[()]


def _hessian(f: Callable[[Any], Any], x: Any) -> Any:
    return _jacobian(lambda z: _jacobian(f, z), x)


def _integral(f: Callable[[Any], Any], low: Any, high: Any) -> Any:
    t = sympy.Dummy(real=True)
    return sympy.integrate(f(t), (t, _bound(low), _bound(high)))


def _bound(value: Any) -> Any:
    """An end of an integral; the infinity of NumPy is that of SymPy."""
    return sympy.oo * int(np.sign(value)) if isinstance(value, float) and np.isinf(value) else value


def _limit(f: Callable[[Any], Any]) -> Any:
    m = sympy.Dummy(positive=True)
    return _by_entry(lambda value: sympy.limit(value, m, sympy.oo))(f(m))


def _distribution(points: Any, weights: Any) -> Law:
    points, weights = np.asarray(points), np.asarray(weights, dtype=object)
    if weights.ndim != 1 or len(points) != len(weights) or sympy.simplify(sum(weights) - 1) != 0:
        raise CheckError("distribution(points, weights): one weight for each point, and their sum is 1")
    return Law(points, weights)


def _expectation(f: Callable[[Any], Any], law: Law) -> Any:
    return _folded((w * f(x) for w, x in zip(law.weights, law.points, strict=True)), lambda a, b: a + b)


def _variance(f: Callable[[Any], Any], law: Law) -> Any:
    mean = _expectation(f, law)
    return _expectation(lambda x: (f(x) - mean) ** 2, law)


_ARRANGING = """
    array concatenate cumprod cumsum diag diff hstack kron outer reshape roll squeeze stack tile trace
    transpose vstack
"""
_KEPT: Mapping[str, Any] = {
    **{f.__name__: f for f in (len, range, enumerate, zip, map, reversed, int, tuple, list)},
    **{name: getattr(np, name) for name in _ARRANGING.split()},
}
_ELEMENTARY = """
    cos cosh digamma erf exp factorial gamma log sign sin sinh sqrt tan tanh
"""
NAMES: Mapping[str, Any] = {
    **{name: _by_entry(getattr(sympy, name)) for name in _ELEMENTARY.split()},
    "abs": _by_entry(sympy.Abs),
    "comb": _by_entry(sympy.binomial),
    "gammaln": _by_entry(sympy.loggamma),
    "expit": _by_entry(lambda x: 1 / (1 + sympy.exp(-x))),
    "expm1": _by_entry(lambda x: sympy.exp(x) - 1),
    "log1p": _by_entry(lambda x: sympy.log(1 + x)),
    "logit": _by_entry(lambda x: sympy.log(x / (1 - x))),
    "pi": sympy.pi,
    "det": _of_matrix(lambda A: A.det()),
    "inv": _inverse,
    "logdet": _of_matrix(lambda A: sympy.log(A.det())),
    "solve": lambda A, b: _inverse(A) @ b,
    "norm": lambda x: sympy.sqrt(_total(np.asarray(x, dtype=object) ** 2)),
    "eye": lambda n: np.array(sympy.eye(n).tolist(), dtype=object),
    "ones": lambda size: _whole(size, 1),
    "zeros": lambda size: _whole(size, 0),
    "max": lambda *x: sympy.Max(*(x[0].ravel() if isinstance(x[0], np.ndarray) else x)),
    "min": lambda *x: sympy.Min(*(x[0].ravel() if isinstance(x[0], np.ndarray) else x)),
    "mean": lambda x, axis=None: _total(x, axis) / (x.size if axis is None else x.shape[axis]),
    "sum": _total,
    "prod": _product,
    "derivative": _jacobian,
    "gradient": _jacobian,
    "jacobian": _jacobian,
    "hessian": _hessian,
    "quadrature": _integral,
    "limit": _limit,
    "distribution": _distribution,
    "expectation": _expectation,
    "variance": _variance,
}
"""Functions and verbs that take letters; derivatives, integrals and limits are those of SymPy."""
