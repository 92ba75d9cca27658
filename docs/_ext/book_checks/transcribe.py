"""Blind transcription: a formula typed from the page alone, run on the draws of its check.

The transcriber sees the page, the sizes and the names that are drawn, never the check.  He writes Python that
assigns ``printed``: the display, or ``chain(a, "=", b, "<=", c)`` of its sides.  Each side is
compared with the check's own, and the first with the independent route.
"""

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from book_checks import body, lock, pairs, tokens
from book_checks.readable import readable
from book_checks.tokens_code import apart, code_sides, draws
from book_checks.tokens_tex import tex_sides
from book_source import Book, Check, Display
from mlderived.checking import Bench, CheckError, Law, agree

__all__ = ["Result", "brief", "transcribe", "tried"]

TIMES = 2
"""Draws at each set of sizes."""


@dataclass(frozen=True)
class Result:
    """How a transcription compared: ``message`` is empty where it agrees."""

    message: str
    runs: int = 0
    deviation: float = 0.0


def tried(display: Display, check: Check, source: str, macros: Mapping[str, Any]) -> Result:
    """Run a transcription on the draws of the check."""
    places = tokens.pair(display, check, macros).places
    runs, worst = 0, 0.0
    for number, sizes in enumerate(body.sizes(check) or ({},)):
        at = " ".join(f"{name}={value}" for name, value in sizes.items())
        for draw in range(TIMES):
            ours, bench = _run(check, sizes, [number, draw])
            try:
                theirs = _typed(source, {name: ours[name] for name in _given(check)} | sizes)
                worst = max(worst, _compared(ours, theirs, places, check, bench))
            except CheckError as error:
                return Result(f"at {at}: {error.args[0].splitlines()[0]}", runs)
            except Exception as error:
                return Result(f"at {at}: your lines do not run: {type(error).__name__}: {error}", runs)
            runs += 1
    return Result("", runs, worst)


def _compared(
    ours: Mapping[str, Any], theirs: list[Any], places: tuple[int, ...], check: Check, bench: Bench
) -> float:
    """The largest deviation of the typed sides from those of the check, and of the first from the route."""
    expressions = code_sides(check)
    if len(theirs) != len(expressions):
        raise CheckError(f"you wrote {len(theirs)} sides, and {len(expressions)} are asked for")
    worst = 0.0
    for place, expression, side in zip(places, expressions, theirs, strict=True):
        value = eval(compile(ast.Expression(expression), "check", "eval"), dict(ours))
        worst = max(worst, _deviation(value, side, bench, f"side {place + 1} of the display"))
    if "shown" not in check.options:
        route = ours["route"][0] if isinstance(ours["route"], tuple) else ours["route"]
        worst = max(worst, _deviation(route, theirs[0], bench, "the independent route"))
    return worst


def _deviation(ours: Any, typed: Any, bench: Bench, what: str) -> float:
    try:
        return agree(ours, typed, tolerance=bench.tolerance).deviation
    except CheckError as error:
        deviation = getattr(error, "deviation", None)
        by = f"by {deviation:.1e} of its scale" if deviation is not None else f"({error})"
        raise CheckError(f"{what} differs {by}") from None


def _run(check: Check, sizes: Mapping[str, int], seed: list[int]) -> tuple[dict[str, Any], Bench]:
    """All names of the check after one draw."""
    bench = Bench(np.random.default_rng([*check.label.encode(), *seed]))
    names = bench.namespace() | dict(sizes)
    exec(compile(body.parse(check), check.file, "exec"), names)
    return names, bench


def _typed(source: str, given: Mapping[str, Any]) -> list[Any]:
    """The sides that the transcriber's lines assign to ``printed``."""
    names = Bench(np.random.default_rng(0)).namespace() | dict(given)
    sides: list[Any] = []

    def chain(*items: Any) -> Any:
        sides[:] = items[::2]
        return items[0]

    names["chain"] = chain
    exec(compile(source, "transcription", "exec"), names)
    if "printed" not in names:
        raise CheckError("your lines do not assign `printed`")
    return sides or [names["printed"]]


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
    _, display, check = found
    macros = pairs.macros_of(book.docs)
    sides = tex_sides(display.tex, macros)
    places = tokens.pair(display, check, macros).places
    sets = body.sizes(check) or ({},)
    ours, _ = _run(check, sets[0], [0, 0])
    lines = [f"{check.label}: read it on the page, and look at nothing else.", "", "Given:"]
    at = ", ".join(f"{name} = {value}" for name, value in sets[0].items())
    lines += [f"  {name}: a size" for name in sets[0]]
    lines += [f"  {name}: {_described(ours[name], at)}" for name in _given(check)]
    lines += ["", "Wanted, in this order:"]
    lines += [f"  {number}. {readable(sides[place].tokens)}" for number, place in enumerate(places, start=1)]
    how = 'chain(first, "=", second, …)' if len(places) > 1 else "…"
    lines += ["", f"Write Python that ends with `printed = {how}`; the functions are those of a check."]
    return "\n".join(lines)


def _described(value: Any, at: str) -> str:
    if isinstance(value, Law):
        return f"a law of vectors of {value.points.shape[1]} entries ({at})"
    if callable(value):
        return f"a function of {', '.join(value.__code__.co_varnames[: value.__code__.co_argcount])}"
    shape = np.shape(value)
    if not shape:
        return "a number"
    return f"{' by '.join(map(str, shape))} ({at})"


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
    result = tried(display, check, source, macros)
    if result.message:
        print(f"{label} disagrees, {result.message}")
        return 1
    lock.write(path, {**locked, label: replace(locked[label], transcribed=now[label].state)})
    print(
        f"{label} agrees on {result.runs} draws, largest deviation {result.deviation:.1e}; recorded in {path}"
    )
    return 0
