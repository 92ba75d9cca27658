"""Compare a formula that the reader typed with the independent route of a check, in the browser.

The reader sees the names that are drawn and never the check; the answer tells whether and by how much the
formula differs, not what it should be.
"""

import ast
import builtins
import importlib
import json
from typing import Any

import numpy as np

from book_live.runner import keep_lines, told
from mlderived.checking import Bench, CheckError

__all__ = ["TIMES", "answer"]

TIMES = 2
"""Draws at each set of sizes."""


PLACE = "<cell answer>"


def answer(asked: str, typed: str) -> dict[str, str]:
    """Say how a formula compares; ``asked`` is what the page holds: the check and what is asked for."""
    task = json.loads(asked)
    if not typed.strip():
        return _said("text", "Nothing is typed yet.")
    runs, worst = 0, 0.0
    for number, sizes in enumerate(task["sizes"]):
        at = ", ".join(f"{name} = {size}" for name, size in sizes.items())
        for draw in range(TIMES):
            bench = Bench(np.random.default_rng([*task["label"].encode(), number, draw]))
            ours = bench.namespace() | sizes
            if task["module"]:
                ours["chapter"] = importlib.import_module(task["module"])
            exec(compile(task["body"], "<check>", "exec"), ours)
            expected = eval(compile(task["asked"], "<asked>", "eval"), ours)
            given = {name: ours[name] for name in task["given"]}
            try:
                value = _value(typed, given)
            except Exception as error:  # whatever the reader's lines raise
                return _said("error", told(error, PLACE))
            try:
                worst = max(worst, bench.agree(expected, value).deviation)
            except CheckError as error:
                return _said("differs", f"At {at} {_difference(error)}", runs)
            runs += 1
    how = f"largest deviation {worst:.0e} of the size of the answer"
    return _said("agrees", f"Agrees on {runs} draws with a computation by another way; {how}.")


def _value(typed: str, given: dict[str, Any]) -> Any:
    """Run the reader's lines on copies of what is drawn; the last is the formula."""
    names = Bench(np.random.default_rng(0)).namespace() | {"__builtins__": vars(builtins), "np": np}
    names |= {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in given.items()}
    keep_lines(typed, PLACE)
    tree = ast.parse(typed, PLACE)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        raise CheckError("the last line is to be the formula itself, without `=`")
    exec(compile(ast.Module(tree.body[:-1], []), PLACE, "exec"), names)
    return eval(compile(ast.Expression(last.value), PLACE, "eval"), names)


def _difference(error: CheckError) -> str:
    deviation = getattr(error, "deviation", None)
    if deviation is not None:
        return f"it differs by {deviation:.0e} of the size of the answer."
    return f"it cannot be compared: {str(error).replace('route', 'expected').replace('printed', 'yours')}."


def _said(kind: str, text: str, runs: int = 0) -> dict[str, str]:
    before = f" It agreed on the {runs} draws before." if runs else ""
    return {"kind": kind, "text": f"{text}{before}"}
