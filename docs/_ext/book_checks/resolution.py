"""The resolution of a check: the smallest relative error of `printed` that it notices."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from book_checks.trial import Bound, Sides, Trial, is_symbolic
from mlderived.checking import DisagreementError, Scaled

__all__ = ["COARSEST", "COARSEST_ENTRY", "Resolution", "resolution_of", "shortcomings", "stated"]

COARSEST = 1e-6
"""A coarser resolution needs a reason."""

COARSEST_ENTRY = 1e-3
"""A single entry may be wrong by this much of itself, without a reason."""

BOUND = "the greater or smaller side of inequality"
COARSEST_BOUND = 1e-5
"""What an inequality that is reached may be off by."""

WOBBLE = 1e-4
"""A relative error of a letter that every check must notice."""

DECADES = range(-12, 1)
"""The relative errors that are tried, as powers of ten."""

ENTRIES = 6
"""How many entries of a larger side are moved."""


@dataclass(frozen=True)
class Resolution:
    """The smallest relative error that is noticed, of the quantity and of a single entry.

    Both are powers of ten; ``coarsest`` says which side is known least well.  ``hidden`` are the letters that
    both sides use and that may be wrong in `printed` without notice, because it shows too little of them.
    """

    quantity: float
    entry: float
    coarsest: str
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Probe:
    """One side of one comparison, and a way to be wrong by a relative error."""

    where: str
    of_entry: bool
    notices: Callable[[float], bool]


def resolution_of(trials: Sequence[Trial], originals: Sequence[Sides]) -> Resolution:
    """Measure the resolution of a check that passed on these trials.

    An error of a formula is there at every draw, so that it is enough when one of them notices it.
    """
    probes: dict[tuple[str, bool], list[_Probe]] = {}
    for trial, original in zip(trials, originals, strict=True):
        for probe in _probes(trial, original):
            probes.setdefault((probe.where, probe.of_entry), []).append(probe)
    found = {key: _smallest(group) for key, group in probes.items()}
    whole = {where: error for (where, of_entry), error in found.items() if not of_entry}
    single = {where: error for (where, of_entry), error in found.items() if of_entry}
    coarsest = max(whole, key=whole.__getitem__)
    if max(whole.values()) <= COARSEST and single and max(single.values()) > COARSEST_ENTRY:
        coarsest = max(single, key=single.__getitem__)
    entry = max(single.values(), default=max(whole.values()))
    hidden = tuple(name for name in sorted(trials[0].parts.shared) if not _matters(name, trials))
    return Resolution(max(whole.values()), entry, coarsest, hidden)


def _matters(name: str, trials: Sequence[Trial]) -> bool:
    """Whether some draw notices that a letter of `printed` is slightly off."""
    for seed, trial in enumerate(trials):
        value = trial.names[name]
        if is_symbolic(value):
            if _letter_matters(name, trial):
                return True
            continue
        moved = _wobbled(value, np.random.default_rng(seed))
        if moved is None:
            return True
        try:
            with np.errstate(all="ignore"):
                trial.again({}, {name: moved})
        except Exception:
            return True
    return False


def _wobbled(value: Any, rng: np.random.Generator) -> Any:
    """The numbers in a value, each slightly off; None where there are none."""
    if isinstance(value, list | tuple):
        parts = [_wobbled(part, rng) for part in value]
        if all(part is None for part in parts):
            return None
        return [old if new is None else new for old, new in zip(value, parts, strict=True)]
    if isinstance(value, bool) or np.asarray(value).dtype.kind not in "fc":
        return None
    return value * (1.0 + WOBBLE * rng.standard_normal(np.shape(value)))


def _letter_matters(name: str, trial: Trial) -> bool:
    try:
        trial.again({}, {name: trial.names[name] * (1 + WOBBLE)})
    except Exception:
        return True
    return False


def _smallest(probes: Sequence[_Probe]) -> float:
    """The smallest power of ten that one of the probes notices, by bisection; infinite when none is."""
    low, high = 0, len(DECADES)
    while low < high:
        middle = (low + high) // 2
        if any(probe.notices(10.0 ** DECADES[middle]) for probe in probes):
            high = middle
        else:
            low = middle + 1
    return float(10.0 ** DECADES[low]) if low < len(DECADES) else float("inf")


def _probes(trial: Trial, original: Sides) -> Iterator[_Probe]:
    """Every side of the comparisons with the route and of the chains, scaled and with one entry moved."""
    parts = original.printed if _is_several(original.printed) else (original.printed,)
    route = trial.names["route"]
    routes = route if _is_several(original.printed) else (route,)
    for k, part in enumerate(parts):
        where = f"entry {k} of `printed`" if len(parts) > 1 else "`printed`"
        # Against an exact zero, it is the other side that is moved.
        moved = routes[k] if isinstance(routes[k], Scaled) else part
        fixed = part if moved is routes[k] else routes[k]

        def with_part(value: Any, fixed: Any = fixed) -> None:
            trial.compare(original, fixed, value)

        yield from _of_side(where, moved, with_part, both_ways=True)
    pinned = {id(part) for part in parts}
    for number, items in enumerate(original.chains, start=1):
        equal = {k + side for k in range(1, len(items), 2) if items[k] == "=" for side in (-1, 1)}
        for k in range(0, len(items), 2):
            if id(items[k]) in pinned:
                continue

            def with_side(value: Any, k: int = k, items: tuple[Any, ...] = items) -> None:
                trial.compare_chain(original, (*items[:k], value, *items[k + 1 :]))

            where = f"side {k // 2 + 1} of chain {number}"
            yield from _of_side(where, items[k], with_side, both_ways=k in equal)
        pinned |= {id(items[k]) for k in equal}

    for number, bound in enumerate(original.bounds, start=1):
        yield _of_bound(f"{BOUND} {number}", trial, bound)


def _of_bound(where: str, trial: Trial, bound: Bound) -> _Probe:
    """Scale the second side of an inequality between functions; one direction is an error."""
    first, relation, second, at = bound.arguments
    left, right = _remembered(first), _remembered(second)

    def fails(error: float) -> bool:
        try:
            trial.bound(left, relation, lambda *x: (1.0 + error) * right(*x), at, **bound.options)
        except DisagreementError:
            return True
        return False

    # A positive side that is too small fails the sooner.
    return _Probe(where, False, lambda error: fails(-error) or fails(error))


def _remembered(f: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which evaluates each point once: the searches visit many of them again."""
    known: dict[tuple[bytes, ...], Any] = {}

    def value(*x: Any) -> Any:
        key = tuple(np.asarray(part).tobytes() for part in x)
        if key not in known:
            known[key] = f(*x)
        return known[key]

    return value


def _is_several(value: Any) -> bool:
    return isinstance(value, tuple | list) and not isinstance(value, Scaled)


def _of_side(where: str, side: Any, compare: Callable[[Any], object], *, both_ways: bool) -> Iterator[_Probe]:
    """The ways to change a side; a side of inequalities alone can be wrong in one direction only."""
    value = np.asarray(side.value if isinstance(side, Scaled) else side)
    if is_symbolic(value):
        yield from _of_expression(where, value, compare)
        return
    if value.dtype.kind not in "iufc":
        return
    scale = side.scale if isinstance(side, Scaled) else float(np.max(np.abs(value)))

    def noticed(change: Any) -> bool:
        changed = value + change
        try:
            compare(Scaled(changed, scale) if isinstance(side, Scaled) else changed)
        except DisagreementError:
            return True
        return False

    def probe(place: str, change: Any, *, of_entry: bool = False) -> _Probe:
        return _Probe(place, of_entry, lambda error: noticed(error * change))

    for sign, word in ((1.0, ", larger"), (-1.0, ", smaller")):
        which = word if both_ways else ""
        if not isinstance(side, Scaled):
            yield probe(f"{where}{which}", sign * value)
        for at in _places(value.shape):
            unit = np.zeros(value.shape)
            unit[at] = sign
            place = f"{where} at {list(at)}{which}" if at else f"{where}{which}"
            yield probe(place, scale * unit)
            if at and value[at] and not isinstance(side, Scaled):
                yield probe(place, np.abs(value) * unit, of_entry=True)


def _of_expression(where: str, value: Any, compare: Callable[[Any], object]) -> Iterator[_Probe]:
    """The ways to change a side of letters: the whole, and each entry."""

    def noticed(at: tuple[Any, ...], error: float) -> bool:
        changed = value.copy()
        changed[at] = changed[at] * (1 + Fraction(error).limit_denominator(10**15))
        try:
            compare(changed if changed.ndim else changed[()])
        except DisagreementError:
            return True
        return False

    yield _Probe(where, False, lambda error: noticed((), error))
    for at in _places(value.shape) if value.ndim else ():
        if value[at] != 0:
            yield _Probe(f"{where} at {list(at)}", True, lambda error, at=at: noticed(at, error))  # type: ignore[misc]


def _places(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All entries of a small side; of a larger one a sample, the first and the last among them."""
    size = int(np.prod(shape))
    flat = np.unique(np.linspace(0, size - 1, min(size, ENTRIES)).astype(int))
    return [tuple(int(i) for i in np.unravel_index(int(k), shape)) for k in flat]


def stated(option: str) -> tuple[float, str]:
    """The value and the reason of ``:resolution: value reason``.

    Raises
    ------
    ValueError
        When one of them is missing or the value is not a number above 1e-6, at most 1.
    """
    match = re.fullmatch(r"([\d.]+(?:e-?\d+)?)\s+(\S.*)", option.strip())
    if not match or not COARSEST < float(match[1]) <= 1:
        raise ValueError(f"`:resolution: {option}` is not a number above {COARSEST:g} and a reason")
    return float(match[1]), match[2]


def shortcomings(found: Resolution, option: str) -> list[str]:
    """What is wrong with the resolution: coarser than stated, or stated without need."""
    allowed = 0.0
    if option:
        try:
            allowed, _ = stated(option)
        except ValueError as error:
            return [str(error)]
    limit = COARSEST_BOUND if found.coarsest.startswith(BOUND) else COARSEST
    fine = found.quantity <= limit and found.entry <= COARSEST_ENTRY
    if option and fine and not found.hidden:
        return [f"the resolution is {found.quantity:g}, so `:resolution:` is not needed; remove it"]
    said = []
    if found.hidden and not option:
        names = ", ".join(f"`{name}`" for name in found.hidden)
        said.append(
            f"{names} may be wrong by {WOBBLE:g} in `printed` and no draw notices; compare the quantities "
            "themselves, not what is left of them, or give `:resolution: 1 reason`"
        )
    if not fine and max(found.quantity, found.entry) > allowed:
        coarse = found.quantity if found.quantity > limit else found.entry
        said.append(
            f"an error of {coarse:g} in {found.coarsest} is the least that is noticed; "
            f"compare more closely, or give `:resolution: {coarse:g} reason`"
        )
    return said
