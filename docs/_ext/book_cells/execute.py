"""Execute pages in kernels of their own, two at a time, and keep what each cell shows."""

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import v4

from . import store
from .keys import page_key
from .pages import WIDTH, Cell, Page

PROCESSES = 2
TIMEOUT = 120  # seconds a cell
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")
_ADDRESS = re.compile(r"\bat 0x[0-9a-f]+")
# What would make an output depend on the machine, its user or the number of threads.
_FIXED = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "SOURCE_DATE_EPOCH": "946684800",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
_DROPPED = ("MPLBACKEND", "PYTHONWARNINGS", "PYTHONSTARTUP")


@dataclass(frozen=True)
class Failure:
    """A cell that did not run to its end as it should."""

    page: Page
    cell: Cell
    line: int
    reason: str

    @property
    def message(self) -> str:
        """What failed, without the place."""
        return f"cell {self.cell.number} of {self.page.name} {self.reason}"

    def __str__(self) -> str:
        return f"{self.page.path}:{self.line}: {self.message}"


class _CellError(Exception):
    """A cell failed; carries the line of the source and the reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def _traceback(cell: Cell, error: Any) -> _CellError:
    """Tell where in the page the error came from, in plain text."""
    text = _ANSI.sub("", "\n".join(error["traceback"]))
    lines = [int(line) for number, line in _FRAME.findall(text) if int(number) == cell.number]
    line = cell.line + lines[0] - 1 if lines else cell.line
    text = "\n".join(f"    {row}".rstrip() for row in text.splitlines())
    return _CellError(line, f"fails with {error['ename']}: {error['evalue']}\n{text}")


def _check_outputs(cell: Cell, outputs: list[Any]) -> None:
    """Refuse outputs that must not be printed."""
    for output in outputs:
        if output["output_type"] == "error":
            raise _traceback(cell, output)
        if output["output_type"] == "stream" and output["name"] == "stderr":
            text = _ANSI.sub("", output["text"]).strip()
            raise _CellError(
                cell.line, f"writes to the error stream: mend its cause or catch the warning\n    {text}"
            )
        shown = output.get("text") or output.get("data", {}).get("text/plain", "")
        if address := _ADDRESS.search(shown):
            remedy = "show the value, or end the last line with a semicolon"
            what = f"shows a memory address ({address[0]}), which differs in each run"
            raise _CellError(cell.line, f"{what}: {remedy}")
        if (
            "image/svg+xml" not in output.get("data", {})
            and (longest := max(map(len, shown.splitlines()), default=0)) > WIDTH
        ):
            raise _CellError(cell.line, f"shows a line of {longest} characters: break it at {WIDTH}")


def _clean(outputs: list[Any]) -> list[dict[str, Any]]:
    """Keep what the pages need; join what the kernel sent in pieces."""
    kept: list[dict[str, Any]] = []
    for output in outputs:
        item = {key: value for key, value in output.items() if key != "execution_count"}
        if (
            item["output_type"] == "stream"
            and kept
            and kept[-1]["output_type"] == "stream"
            and kept[-1]["name"] == item["name"]
        ):
            kept[-1]["text"] += item["text"]
            continue
        if item["output_type"] == "execute_result":
            item["output_type"] = "display_data"
        kept.append(item)
    return kept


class _BookKernelManager(AsyncKernelManager):
    """Starts the book's kernel, whatever kernels the user has installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        script = Path(__file__).with_name("kernel.py")
        argv = [sys.executable, "-P", str(script), "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Book", language="python")


async def _run(page: Page, package_path: Path, timeout: int, folder: str) -> store.Outputs:
    """Execute the cells of one page in order; raise _CellError at the first that fails."""
    code = [v4.new_code_cell(cell.code) for cell in page.cells]
    env = {key: value for key, value in os.environ.items() if key not in _DROPPED}
    env |= _FIXED | {
        "PYTHONPATH": str(package_path.resolve()),
        "IPYTHONDIR": folder,
        "JUPYTER_CONFIG_DIR": folder,
    }
    client = NotebookClient(
        v4.new_notebook(cells=code),
        km=_BookKernelManager(transport="ipc", connection_file=f"{folder}/k.json"),
        timeout=timeout,
        resources={"metadata": {"path": folder}},
        store_widget_state=False,
        record_timing=False,
    )
    client.owns_km = True
    current = page.cells[0]
    try:
        async with client.async_setup_kernel(env=env):
            # An interrupt ends the whole run; nbclient would only end this page.
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            for index, current in enumerate(page.cells):
                try:
                    await client.async_execute_cell(code[index], index)
                finally:
                    errors = [output for output in code[index].outputs if output["output_type"] == "error"]
                    if errors:
                        raise _traceback(current, errors[0])
                _check_outputs(current, code[index].outputs)
    except CellTimeoutError:
        remedy = "make it cheaper, or give the experiment a small stored result"
        raise _CellError(current.line, f"ran longer than {timeout} s: {remedy}") from None
    except DeadKernelError:
        remedy = "it was killed, crashed, or used more memory than there is"
        raise _CellError(current.line, f"lost its process: {remedy}") from None
    except RuntimeError as error:
        raise _CellError(current.line, f"got no process to run in: {error}") from None
    return [_clean(cell.outputs) for cell in code]


@dataclass(frozen=True)
class Result:
    """What an execution of pages left behind: the key of each page and what failed."""

    keys: dict[str, str]
    executed: list[str]
    failures: list[Failure]


async def _execute_all(
    pages: list[tuple[Page, str]], cache: Path, package_path: Path, timeout: int, say: Callable[[str], None]
) -> list[Failure]:
    gate = asyncio.Semaphore(PROCESSES)
    failures: list[Failure] = []
    done = 0

    async def one(page: Page, key: str) -> None:
        nonlocal done
        async with gate:
            start = perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                try:
                    store.save(cache, key, page.name, await _run(page, package_path, timeout, folder))
                    outcome = "executed"
                except _CellError as stop:
                    index = max(
                        i
                        for i, cell in enumerate(page.cells)
                        if cell.line <= max(stop.line, page.cells[0].line)
                    )
                    failures.append(Failure(page, page.cells[index], stop.line, stop.reason))
                    outcome = "FAILED"
            done += 1
            say(f"[{done}/{len(pages)}] {page.name}: {outcome} in {perf_counter() - start:.1f} s")

    await asyncio.gather(*(one(page, key) for page, key in pages))
    return sorted(failures, key=lambda failure: (failure.page.name, failure.line))


def execute(
    pages: list[Page],
    cache: Path,
    package_path: Path,
    timeout: int = TIMEOUT,
    say: Callable[[str], None] = lambda line: None,
) -> Result:
    """Execute the pages whose outputs are not in the cache; ``say`` receives a line of progress for each."""
    keys = {page.name: page_key(page, package_path) for page in pages}
    missing = [(page, keys[page.name]) for page in pages if store.load(cache, keys[page.name]) is None]
    failures = asyncio.run(_execute_all(missing, cache, package_path, timeout, say)) if missing else []
    return Result(keys, [page.name for page, _ in missing], failures)
