"""Blind transcription: a formula typed from the page alone, run on the draws of its check.

The transcriber sees the page, the sizes and the names that are drawn, never the check.  He writes Python
that assigns ``printed``: the display, or ``chain(a, "=", b, "<=", c)`` of all its sides, with ``...`` for
those that only name something and those in letters that are not drawn.  Each side is compared with the
check's own, or with the independent route where the check leaves the side to it; the relations are those of
the display.
"""

import ast
import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from book_checks import body, lock, pairs, tokens
from book_checks.readable import readable
from book_checks.tokens_code import apart, draws
from book_checks.tokens_tex import RELATIONS, Side, tex_sides
from book_checks.trial import bench_of, is_symbolic
from book_source import Book, Check, Display, Page
from mlderived.checking import Bench, CheckError, Law, Scaled

__all__ = ["Asked", "Result", "asked", "brief", "transcribe", "tried"]

TIMES = 2
"""Draws at each set of sizes."""


@dataclass(frozen=True)
class Result:
    """How a transcription compared: ``message`` is empty where it agrees."""

    message: str
    runs: int = 0
    deviation: float = 0.0


@dataclass(frozen=True)
class Asked:
    """A side of the display that is asked for, and the expression of the check that it is compared with.

    Without one it is compared with the route, if ``by_route``; else there is nothing to type but ``...``.
    """

    side: Side
    expression: ast.expr | None
    by_route: bool

    @property
    def is_open(self) -> bool:
        """Whether it is not typed."""
        return self.expression is None and not self.by_route


def asked(display: Display, check: Check, macros: Mapping[str, Any]) -> list[Asked]:
    """The sides that the transcriber is asked for: not those of conditions beside the display."""
    sides = tex_sides(display.tex, macros)
    paired = tokens.pair(display, check, macros)
    beside = dict(zip(paired.places, paired.expressions, strict=True))
    found = []
    for statement in tokens.statements(sides):
        checked = bool(set(statement) & set(beside))
        before = sides[statement[0]].relation
        if not checked and before == ",":
            continue
        by_route = [i for i in statement if i not in beside and not sides[i].is_name]
        for i in statement:
            equal = "=" in [sides[k].relation for k in (i, i + 1) if k in statement[1:]]
            routed = checked and equal and "shown" not in check.options and by_route[:1] == [i]
            found.append(Asked(sides[i], beside.get(i), routed))
    return found


def tried(display: Display, check: Check, source: str, macros: Mapping[str, Any], module: str = "") -> Result:
    """Run a transcription on the draws of the check."""
    if not source.strip():
        return Result("nothing was typed; write lines that end with `printed = …`")
    wanted = asked(display, check, macros)
    runs, worst = 0, 0.0
    for number, sizes in enumerate(body.sizes(check) or ({},)):
        at = " ".join(f"{name}={value}" for name, value in sizes.items())
        for draw in range(TIMES):
            ours, bench = _run(check, sizes, [number, draw], module)
            try:
                theirs = _typed(source, {name: ours[name] for name in _given(check)} | sizes, bench)
                _related(theirs[1::2], wanted)
                right = not check.label.startswith("not-")
                worst = max(worst, _compared(ours, theirs[::2], wanted, bench, right))
            except CheckError as error:
                return Result(f"at {at}: {error.args[0].splitlines()[0]}", runs)
            except Exception as error:
                return Result(f"at {at}: your lines do not run: {type(error).__name__}: {error}", runs)
            runs += 1
    return Result("", runs, worst)


def _related(typed: Sequence[Any], wanted: Sequence[Asked]) -> None:
    """Compare the number of sides and the relations with those of the display."""
    if len(typed) + 1 != len(wanted):
        raise CheckError(f"you wrote {len(typed) + 1} sides, and {len(wanted)} are asked for")
    for number, (relation, one) in enumerate(zip(typed, wanted[1:], strict=True), start=1):
        if relation != one.side.relation:
            raise CheckError(
                f"between sides {number} and {number + 1} you wrote {relation!r}, and the page has "
                f"{readable(one.side.before)}"
            )


def _compared(
    ours: Mapping[str, Any], theirs: list[Any], wanted: Sequence[Asked], bench: Bench, right: bool
) -> float:
    """The largest deviation of the typed sides from those of the check, and of the first from the route.

    Where the display is wrong on purpose, its other sides are not those of the route.
    """
    route = ours["route"][0] if isinstance(ours["route"], tuple) else ours["route"]
    worst, first = 0.0, True
    for number, (one, side) in enumerate(zip(wanted, theirs, strict=True), start=1):
        if one.is_open != (side is ...):
            how = "is not compared: write ..." if one.is_open else "is to be typed, not left as ..."
            raise CheckError(f"side {number}, {readable(one.side.tokens)}, {how}")
        if one.expression is not None:
            value = eval(compile(ast.Expression(one.expression), "check", "eval"), dict(ours))
            worst = max(worst, _deviation(value, side, bench, f"side {number}"))
        same = right and one.expression is not None and first and any(each.by_route for each in wanted)
        if one.by_route or same:
            worst = max(worst, _deviation(route, side, bench, f"side {number} and the independent route"))
        first = first and one.expression is None
    return worst


def _deviation(ours: Any, typed: Any, bench: Bench, what: str) -> float:
    if isinstance(ours, Scaled) and np.shape(ours.value) == np.shape(typed):
        # Both vanish but for rounding, so their difference does, on the scale of the check.
        ours, typed = ours._replace(value=np.asarray(ours.value) - typed), np.zeros(np.shape(typed))
    elif not np.any(ours) and np.array_equal(ours, typed):
        return 0.0
    try:
        return bench.agree(ours, typed).deviation
    except CheckError as error:
        deviation = getattr(error, "deviation", None)
        by = f"by {deviation:.1e} of its scale" if deviation is not None else f"({error})"
        raise CheckError(f"{what} differs {by}") from None


def _module(page: Page) -> str:
    return page.chapter.module.replace("/", ".") if page.chapter else ""


def _run(
    check: Check, sizes: Mapping[str, int], seed: list[int], module: str
) -> tuple[dict[str, Any], Bench]:
    """All names of the check after one draw."""
    tree = body.parse(check)
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bench = bench_of(read, np.random.default_rng([*check.label.encode(), *seed]))
    names = bench.namespace() | dict(sizes)
    if "chapter" in read:
        names["chapter"] = importlib.import_module(f"mlderived.{module}")
    exec(compile(tree, check.file, "exec"), names)
    return names, bench


def _typed(source: str, given: Mapping[str, Any], bench: Bench) -> list[Any]:
    """The sides that the transcriber's lines assign to ``printed``, and the relations between them."""
    own = type(bench)(np.random.default_rng(0))
    names = own.namespace() | dict(given)
    items: list[Any] = []

    def chain(*more: Any) -> Any:
        if len(more) % 2 == 0:
            raise CheckError('chain(a, "=", b, …) takes sides and relations in turn')
        items.extend((",", *more) if items else more)
        return more[0]

    names["chain"] = chain
    exec(compile(source, "transcription", "exec"), names)
    bench.tolerance = max(bench.tolerance, own.tolerance)
    if "printed" not in names:
        raise CheckError("your lines do not assign `printed`")
    return items or [names["printed"]]


def _given(check: Check) -> list[str]:
    """The names that the check draws, and those of its option ``:given:``, in order."""
    found: list[str] = []
    asked = check.options.get("given", "").split()
    for statement in apart(check).setup:
        if isinstance(statement, ast.FunctionDef):
            found += [statement.name] if statement.name in asked else []
        if not isinstance(statement, ast.Assign):
            continue
        target = statement.targets[0]
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        values = (
            statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value] * len(names)
        )
        for name, value in zip(names, values, strict=True):
            if isinstance(name, ast.Name) and (draws(value) or name.id in asked):
                found.append(name.id)
    return found


def brief(book: Book, label: str) -> str:
    """What the transcriber is told: what is given, and which sides of the display are wanted."""
    found = pairs.find(book, label)
    if found is None:
        return f"{book.docs}: no check has the label {label}"
    page, display, check = found
    macros = pairs.macros_of(book.docs)
    wanted = asked(display, check, macros)
    sets = body.sizes(check) or ({},)
    ours, _ = _run(check, sets[0], [0, 0], _module(page))
    lines = [f"{check.label}: read it on the page, and look at nothing else.", "", "Given:"]
    at = ", ".join(f"{name} = {value}" for name, value in sets[0].items())
    lines += [f"  {name}: a size" for name in sets[0]]
    left_open = check.options.get("given", "").split()
    for name in _given(check):
        why = "; the page leaves it open, use it as it is" if name in left_open else ""
        lines.append(f"  {name}: {_described(ours[name], at)}{why}")
    lines += ["", "Wanted, in this order:"]
    for number, one in enumerate(wanted, start=1):
        how = "   (not compared: write ...)" if one.is_open else ""
        lines.append(f"  {number}. {readable(one.side.tokens)}{how}")
    how = "…"
    if len(wanted) > 1:
        how = "chain(first, relation, second, …)"
        words = " ".join(f'"{word}"' for word in dict.fromkeys(RELATIONS.values()))
        lines += ["", f"The relations are read on the page too: {words}."]
    lines += ["", f"Write Python that ends with `printed = {how}`; the functions are those of a check."]
    return "\n".join(lines)


def _described(value: Any, at: str) -> str:
    if isinstance(value, Law):
        shape = value.points.shape[1:]
        points = f"vectors of {shape[0]} entries" if shape else "numbers"
        return f"a law of {points} with {_moments(value)}, for expectation(f, …) and its kin ({at})"
    if callable(value):
        return f"a function of {', '.join(value.__code__.co_varnames[: value.__code__.co_argcount])}"
    shape = np.shape(value)
    if is_symbolic(value):
        return f"letters, {' by '.join(map(str, shape))} ({at})" if shape else "a letter"
    if not shape:
        return "a number"
    ones = ", its first column ones" if len(shape) == 2 and np.all(np.asarray(value)[:, 0] == 1.0) else ""
    return f"{' by '.join(map(str, shape))} ({at}){ones}"


def _moments(law: Law) -> str:
    """Mean and variances as they are drawn: the page's noise may be the law itself or a multiple of it."""
    mean = law.weights @ law.points
    spread = law.weights @ (law.points - mean) ** 2
    return f"mean {np.round(mean, 3) + 0.0}, variance {np.round(spread, 3)}"


def transcribe(book: Book, label: str, source: str) -> int:
    """Try what the transcriber wrote and record that it agrees."""
    found = pairs.find(book, label)
    if found is None:
        print(f"{book.docs}: no check has the label {label}", file=sys.stderr)
        return 2
    page, display, check = found
    macros = pairs.macros_of(book.docs)
    path, now = lock.lock_file(book.docs, page), lock.entries(page, macros)
    locked = lock.read(path)
    if label not in locked or label not in now or locked[label].changed(now[label]):
        print(f"{label} is not locked as it is now: run make relock LABEL={label} first", file=sys.stderr)
        return 2
    result = tried(display, check, source, macros, _module(page))
    if result.message:
        print(f"{label}: {result.message}")
        return 1
    lock.write(path, {**locked, label: replace(locked[label], transcribed=now[label].state)})
    print(
        f"{label} agrees on {result.runs} draws, largest deviation {result.deviation:.1e}; recorded in {path}"
    )
    return 0
