"""Run checks, each in a process of its own, forked from this one and stopped when it takes too long."""

import contextlib
import faulthandler
import hashlib
import importlib
import json
import math
import os
import resource
import selectors
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy

import mlderived
from book_checks import body
from book_source import Book, Check
from mlderived.checking import Bench, DisagreementError

__all__ = ["DRAWS", "Job", "Outcome", "fingerprints", "jobs_of", "run_check", "run_checks"]

DRAWS = 3
"""How often a check draws at each set of sizes."""

LIMIT = 10
"""Seconds of processor time after which a check is stopped."""

PATIENCE = 6
"""It is also stopped after so many times as long by the clock."""

WRONG = 1e-6
"""A display that is wrong on purpose differs by more than this, relative to its scale."""


@dataclass(frozen=True)
class Job:
    """A check with the folder of its book and the module of its chapter."""

    check: Check
    docs: Path
    module: str


@dataclass(frozen=True)
class Outcome:
    """What running a check showed.

    ``message`` is empty when the check passed; ``tolerance`` is the widest one used, ``deviation`` the
    largest relative deviation that occurred.
    """

    label: str
    file: str
    line: int
    message: str
    draws: int = 0
    tolerance: float = 0.0
    deviation: float = 0.0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the check passed."""
        return not self.message


def jobs_of(book: Book, labels: Iterable[str] = ()) -> list[Job]:
    """The checks of the book, or those with the given labels."""
    wanted = set(labels)
    return [
        Job(check, book.docs, page.chapter.module.replace("/", ".") if page.chapter else "")
        for page in book.pages
        for check in page.checks
        if not wanted or check.label in wanted
    ]


def run_check(job: Job, *, limit: int = LIMIT) -> Outcome:
    """Run one check."""
    return next(run_checks([job], limit=limit))


def run_checks(jobs: Iterable[Job], *, workers: int = 1, limit: int = LIMIT) -> Iterator[Outcome]:
    """Run checks, several at a time, and give each outcome when it is there."""
    waiting = list(reversed(list(jobs)))
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or selector.get_map():
                while waiting and len(selector.get_map()) < workers:
                    child = _start(waiting.pop(), limit)
                    selector.register(child.pipe, selectors.EVENT_READ, child)
                nearest = min(key.data.deadline for key in selector.get_map().values())
                ready = {key.data for key, _ in selector.select(max(0.0, nearest - time.monotonic()))}
                for key in list(selector.get_map().values()):
                    child = key.data
                    if child in ready and child.read_more():
                        continue
                    late = time.monotonic() >= child.deadline
                    if child in ready or late:
                        selector.unregister(child.pipe)
                        yield child.finish(limit, late=child not in ready)
        finally:
            for key in list(selector.get_map().values()):
                key.data.finish(limit, late=True)


@dataclass(eq=False)
class _Child:
    """A running check and what it has written so far."""

    job: Job
    pid: int
    pipe: int
    started: float
    deadline: float
    written: bytes = b""

    def read_more(self) -> bool:
        """Read what is there; False at the end."""
        part = os.read(self.pipe, 1 << 16)
        self.written += part
        return bool(part)

    def finish(self, limit: int, *, late: bool) -> Outcome:
        """Stop the process if it is late, and say how it went."""
        if late:
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.pipe)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        check = self.job.check
        seconds = time.monotonic() - self.started
        if late or code == -signal.SIGXCPU:
            what = f"stopped after {limit} s; a check takes less: use smaller sizes or a loop that ends"
        elif not self.written:
            what = f"its process ended with {signal.Signals(-code).name if code < 0 else f'status {code}'}"
        else:
            return Outcome(**json.loads(self.written), seconds=seconds)
        return Outcome(
            check.label, check.file, check.line, _failure(self.job, check.line, what), seconds=seconds
        )


def _start(job: Job, limit: int) -> _Child:
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Python warns of threads; the only ones here are those of BLAS, which survives a fork.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.close(read)
            faulthandler.disable()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            result = asdict(_evaluate(job))
            del result["seconds"]
            os.write(write, json.dumps(result).encode())
        os._exit(0)
    os.close(write)
    now = time.monotonic()
    return _Child(job, pid, read, now, now + PATIENCE * limit)


def _evaluate(job: Job) -> Outcome:
    """Run the check in this process at all sizes and draws."""
    check = job.check
    outcome = {"label": check.label, "file": check.file, "line": check.line}
    wrong_on_purpose = check.label.startswith("not-")
    draws, tolerance, deviation, differences = 0, 0.0, 0.0, 0
    warnings.simplefilter("error")
    here: dict[str, int] = {}
    try:
        code = compile(body.parse(check), str(job.docs / check.file), "exec")
        sets = body.sizes(check) or ({},)
        for place, here in enumerate(sets):
            for draw in range(DRAWS if any(sets) else DRAWS * body.FEWEST):
                bench = Bench(np.random.default_rng([*check.label.encode(), place, draw]))
                names = bench.namespace() | here | _chapter(job, code.co_names)
                try:
                    with np.errstate(divide="raise", over="raise", invalid="raise"):
                        exec(code, names)
                        agreement = bench.agree(names["route"], names["printed"])
                    deviation = max(deviation, agreement.deviation)
                except DisagreementError as error:
                    if not wrong_on_purpose:
                        raise
                    differences += error.deviation > WRONG
                draws, tolerance = draws + 1, max(tolerance, bench.tolerance)
    except Exception as error:
        return Outcome(**outcome, message=_explain(job, error, here), draws=draws)  # type: ignore[arg-type]
    if wrong_on_purpose and not differences:
        what = f"is wrong on purpose, but the sides agree to {WRONG:g} on all {draws} draws"
        return Outcome(**outcome, message=_failure(job, check.line, what), draws=draws)  # type: ignore[arg-type]
    # A power of ten, so that the evidence is the same on every machine.
    rounded = 10.0 ** math.ceil(math.log10(tolerance) - 1e-9)
    return Outcome(**outcome, message="", draws=draws, tolerance=rounded, deviation=deviation)  # type: ignore[arg-type]


def _chapter(job: Job, names: tuple[str, ...]) -> dict[str, Any]:
    """The module of the chapter, when the body asks for it."""
    if "chapter" not in names:
        return {}
    return {"chapter": importlib.import_module(f"mlderived.{job.module}")}


def _explain(job: Job, error: Exception, here: dict[str, int]) -> str:
    """The error, the line of the chapter in which it arose, and the sizes."""
    path = str(job.docs / job.check.file)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    line = frames[-1].lineno if frames else getattr(error, "lineno", None)
    at = f" at {' '.join(f'{name}={value}' for name, value in here.items())}" if here else ""
    kind = "" if type(error).__module__ == "mlderived.checking" else f"{type(error).__name__}: "
    hint = (
        "; the names that a check may use are in docs/_ext/book_checks/README.md"
        if isinstance(error, NameError)
        else ""
    )
    shown = "".join(f'\n  File "{frame.filename}", line {frame.lineno}\n    {frame.line}' for frame in frames)
    return _failure(job, line or job.check.line, f"{kind}{error}{hint}{at}{shown}")


def _failure(job: Job, line: int, what: str) -> str:
    return f"{job.docs / job.check.file}:{line}: {job.check.label}: {what}"


def fingerprints(book: Book, jobs: Iterable[Job]) -> dict[str, str]:
    """For each check a hash of all that its outcome rests on."""
    tex = {display.label: display.tex for display in book.displays}
    common = hashlib.sha256(f"{sys.version_info[:2]} {np.__version__} {scipy.__version__}".encode())
    for folder in (Path(mlderived.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            common.update(path.name.encode() + path.read_bytes())
    return {
        job.check.label: hashlib.sha256(
            common.digest()
            + repr((job.check.label, sorted(job.check.options.items()), job.check.body)).encode()
            + tex.get(job.check.label, "").encode()
        ).hexdigest()
        for job in jobs
    }
