"""Run the cells of a page in one namespace: inside the browser, and in the tests outside of it.

Needs the standard library alone; figures need matplotlib, which the cell that draws has imported.
"""

import ast
import io
import linecache
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from book_figures.svg import inline
from mlderived.plotting import PALETTE

__all__ = ["LONGEST", "Runner", "keep_lines", "needed", "told"]

PACKAGE = "mlderived"
LONGEST = 20_000
"""Characters that a cell may print: a page with more would be slow."""

Part = dict[str, str]


def _imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that the code imports; from a package also what may be modules in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file(module: str) -> Path | None:
    """Return the file of a module of the package, without running it."""
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    base = Path(spec.origin).parent.joinpath(*module.split(".")[1:])
    files = [path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()]
    return files[0] if files else None


def needed(code: str, libraries: list[str]) -> list[str]:
    """Return which libraries a cell rests on, itself or through the package; none if it is not Python."""
    try:
        todo = list(_imported(ast.parse(code)))
    except SyntaxError:
        return []
    seen: set[str] = set()
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        if module.split(".")[0] == PACKAGE:
            todo += [module.rpartition(".")[0]] if "." in module else []
            if path := _file(module):
                todo += _imported(ast.parse(path.read_text(encoding="utf8")))
    roots = {module.split(".")[0] for module in seen}
    return [name for name in libraries if name in roots]


class Runner:
    """The cells of one page share its names."""

    def __init__(self) -> None:
        # Not __main__: in the tests that is the test runner.
        self._page = ModuleType("page")
        sys.modules["page"] = self._page
        os.environ["MPLBACKEND"] = "agg"
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it tells that it lists fonts
        # There is no window to show a figure in, and the page shows every figure.
        warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
        self._figures = 0

    def run(self, code: str, number: int, alt: str = "") -> list[Part]:
        """Run a cell and return what it shows, in order: text, a value, figures, an error."""
        place = f"<cell {number}>"
        keep_lines(code, place)
        printed, shown, failed = io.StringIO(), [], []
        with redirect_stdout(printed), redirect_stderr(printed):
            try:
                value = self._value(code, place)
                shown = [{"kind": "text", "text": repr(value)}] if value is not None else []
                shown += self._drawn(alt)
            except BaseException as error:  # also SystemExit: the worker must live on
                failed = [{"kind": "error", "name": type(error).__name__, "text": told(error, place)}]
                _close_figures()
        text = printed.getvalue()
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]}\n… {len(text) - LONGEST} more characters are left out"
        return [*([{"kind": "text", "text": text}] if text else []), *shown, *failed]

    def _value(self, code: str, place: str) -> Any:
        """Run the statements; return the value of the last if it is an expression without a semicolon."""
        tree = ast.parse(code, place)
        last = tree.body[-1] if tree.body else None
        quiet = not isinstance(last, ast.Expr) or code.rstrip().endswith(";")
        names = vars(self._page)
        if quiet or not isinstance(last, ast.Expr):
            exec(_compiled(tree, place), names)
            return None
        exec(_compiled(ast.Module(tree.body[:-1], []), place), names)
        return eval(_compiled(ast.Expression(last.value), place), names)

    def _drawn(self, alt: str) -> Iterator[Part]:
        """Yield the open figures as SVG that follows the theme, and close them."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            drawing = io.StringIO()
            pyplot.figure(number).savefig(drawing, format="svg", metadata={"Date": None})
            self._figures += 1
            name = f"live-{self._figures}"
            words = alt or "The figure that your code drew."
            yield {"kind": "figure", "svg": inline(drawing.getvalue(), name, words, PALETTE).markup}
        _close_figures()


def _close_figures() -> None:
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def _compiled(tree: ast.Module | ast.Expression, place: str) -> CodeType:
    mode = "eval" if isinstance(tree, ast.Expression) else "exec"
    return compile(tree, place, mode)


def keep_lines(code: str, place: str) -> None:
    """Let errors show the lines of code that stands in no file."""
    linecache.cache[place] = (len(code), None, code.splitlines(keepends=True), place)


def told(error: BaseException, place: str) -> str:
    """Return the error with the lines of the reader's own cells on its way, without those of libraries."""
    if isinstance(error, SyntaxError) and error.filename == place:
        return "".join(traceback.format_exception_only(error)).replace(f'File "{place}", ', "").strip()
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith("<cell ")]
    lines = []
    for frame in own:
        cell = "" if frame.filename == place else f" of {frame.filename[1:-1]}"
        lines.append(f"line {frame.lineno}{cell}: {frame.line}")
    return "\n".join([*lines, "".join(traceback.format_exception_only(error)).strip()])
