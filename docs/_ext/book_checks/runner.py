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
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy

import mlderived
from book_checks import body, mutants, resolution
from book_checks.evidence import Evidence, Mutants, Survivor, kind_of
from book_checks.trial import Sides, Trial, program
from book_source import Book, Check
from book_source.imports import sources
from mlderived.checking import CheckError, DisagreementError

__all__ = ["DRAWS", "Job", "Outcome", "evidence_of", "fingerprints", "jobs_of", "run_check", "run_checks"]

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
    largest relative deviation that occurred; ``tightest`` is how close the sides of an inequality came (1 is
    equality); ``undecided`` counts pairs of expressions that SymPy did not reduce to each other;
    ``resolution`` and ``mutants`` are there when they were asked for, unless the check failed before or is
    wrong on purpose.  ``seconds`` is processor time.
    """

    label: str
    file: str
    line: int
    message: str
    draws: int = 0
    tolerance: float = 0.0
    deviation: float = 0.0
    tightest: float | None = None
    undecided: int = 0
    resolution: float | None = None
    entry_resolution: float | None = None
    mutants: Mutants = field(default_factory=Mutants)
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


def run_check(job: Job, *, limit: int = LIMIT, deep: bool = False) -> Outcome:
    """Run one check."""
    return next(run_checks([job], limit=limit, deep=deep))


def run_checks(
    jobs: Iterable[Job], *, workers: int = 1, limit: int = LIMIT, deep: bool = False
) -> Iterator[Outcome]:
    """Run checks, several at a time, and give each outcome when it is there.

    With ``deep`` the resolution is measured and the mutants are run, and what they show is judged too.
    """
    waiting = list(reversed(list(jobs)))
    if any("symbolic" in job.check.body for job in waiting):
        importlib.import_module("book_checks.symbolic")  # once, before the processes are forked
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or selector.get_map():
                while waiting and len(selector.get_map()) < workers:
                    child = _start(waiting.pop(), limit, deep)
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
            return _outcome(json.loads(self.written))
        return Outcome(
            check.label, check.file, check.line, _failure(self.job, check.line, what), seconds=seconds
        )


def _processor_time() -> float:
    """Of this process and of those that it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _outcome(plain: dict[str, Any]) -> Outcome:
    """The outcome that a process has written."""
    found = plain.pop("mutants")
    survived = tuple(Survivor(**one) for one in found.pop("survived"))
    return Outcome(**plain, mutants=Mutants(**found, survived=survived))


def _start(job: Job, limit: int, deep: bool) -> _Child:
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
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
            try:
                outcome = _evaluate(job, deep)
            except Exception as error:  # of this program, not of the check
                what = "".join(traceback.format_exception(error)).rstrip()
                check = job.check
                message = _failure(job, check.line, f"the harness failed on it\n{what}")
                outcome = Outcome(check.label, check.file, check.line, message)
            result = asdict(replace(outcome, seconds=_processor_time()))
            with os.fdopen(write, "wb") as pipe:
                pipe.write(json.dumps(result).encode())
        os._exit(0)
    os.close(write)
    now = time.monotonic()
    return _Child(job, pid, read, now, now + PATIENCE * limit * (1 + deep))


def _evaluate(job: Job, deep: bool) -> Outcome:
    """Run the check in this process at all sizes and draws."""
    check = job.check
    outcome = Outcome(check.label, check.file, check.line, "")
    wrong_on_purpose = check.label.startswith("not-")
    draws, tolerance, deviation, differences = 0, 0.0, 0.0, 0
    tightest, undecided = 0.0, 0
    kept: list[tuple[Trial, Sides]] = []
    compared: dict[int, int] = {}
    warnings.simplefilter("error")
    here: dict[str, int] = {}
    try:
        parts = program(body.parse(check), str(job.docs / check.file))
        given = _chapter(job, {name for reads in parts.reads for name in reads})
        sets = body.sizes(check) or ({},)
        letters = any("symbolic" in reads for reads in parts.reads)
        for place, here in enumerate(sets):
            for draw in range(1 if letters else DRAWS if any(sets) else DRAWS * body.FEWEST):
                trial = Trial(
                    parts, np.random.default_rng([*check.label.encode(), place, draw]), here | given
                )
                try:
                    with np.errstate(divide="raise", over="raise", invalid="raise"):
                        sides = trial.run()
                    deviation = max(deviation, sides.agreement.deviation)
                    tightest = max(tightest, trial.bench.tightest or 0.0)
                    undecided += trial.bench.undecided()
                    if compared.setdefault(place, trial.bench.compared) != trial.bench.compared:
                        raise CheckError(
                            f"{trial.bench.compared} numbers are compared, {compared[place]} elsewhere; "
                            "let sizes alone decide how many there are"
                        )
                    if draw == 0 or len(sets) * draw < DRAWS:
                        kept.append((trial, sides))
                except DisagreementError as error:
                    if not wrong_on_purpose:
                        raise
                    differences += error.deviation > WRONG
                draws, tolerance = draws + 1, max(tolerance, trial.bench.tolerance)
    except Exception as error:
        return replace(outcome, message=_explain(job, error, here), draws=draws)
    if wrong_on_purpose and not differences:
        what = f"is wrong on purpose, but the sides agree to {WRONG:g} on all {draws} draws; "
        what += "make it an eq-, or transcribe what is wrong"
        return replace(outcome, message=_failure(job, check.line, what), draws=draws)
    # A power of ten, so that the evidence is the same on every machine.
    rounded = 10.0 ** math.ceil(math.log10(tolerance) - 1e-9)
    outcome = replace(
        outcome,
        draws=draws,
        tolerance=rounded,
        deviation=deviation,
        tightest=_rounded(tightest),
        undecided=undecided,
    )
    return outcome if wrong_on_purpose or not deep else _judged(job, outcome, kept, frozenset(sets[0]))


def _rounded(tightest: float) -> float | None:
    """The ratio to two digits, never up to equality; None where there is no inequality."""
    if not tightest:
        return None
    return 1.0 if tightest > 1.0 - 1e-6 else math.floor(100 * tightest) / 100


def _judged(
    job: Job, outcome: Outcome, kept: Sequence[tuple[Trial, Sides]], sizes: frozenset[str]
) -> Outcome:
    """What the resolution and the mutants show of a check that passed."""
    check = job.check
    trials, originals = [trial for trial, _ in kept], [sides for _, sides in kept]
    seen = resolution.resolution_of(trials, originals)
    reason = check.options.get("equivalent", "")
    ends = mutants.mutants_of(trials, originals, sizes, str(job.docs / check.file), reason)
    found = [
        (check.line, what) for what in resolution.shortcomings(seen, check.options.get("resolution", ""))
    ]
    found += [(line or check.line, what) for line, what in mutants.shortcomings(ends, reason)]
    return replace(
        outcome,
        message="\n".join(_failure(job, line, what) for line, what in found),
        resolution=seen.quantity,
        entry_resolution=seen.entry,
        mutants=ends,
    )


def _chapter(job: Job, names: Set[str]) -> dict[str, Any]:
    """The module of the chapter, when the body asks for it."""
    if "chapter" not in names:
        return {}
    return {"chapter": importlib.import_module(f"mlderived.{job.module}")}


_REMEDIES = {
    "shapes differ": "bring both sides to one shape, since nothing is broadcast",
    " is empty": "choose sizes and ranges at which there is something to compare",
    " is not finite": "draw data for which both sides are defined",
    "the sides differ": "correct the display or the check, whichever is wrong",
}
"""What to do about an error of the comparison."""


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
    said, _, rest = str(error).partition("\n")
    remedy = next((f"; {what}" for words, what in _REMEDIES.items() if words in said), "")
    shown = "".join(f'\n  File "{frame.filename}", line {frame.lineno}\n    {frame.line}' for frame in frames)
    return _failure(
        job, line or job.check.line, f"{kind}{said}{hint}{at}{remedy}{shown}{rest and chr(10)}{rest}"
    )


def _failure(job: Job, line: int, what: str) -> str:
    return f"{job.docs / job.check.file}:{line}: {job.check.label}: {what}"


def evidence_of(job: Job, outcome: Outcome, fingerprint: str) -> Evidence:
    """The record of a check for build/checks.json."""
    try:
        sizes = body.sizes(job.check)
        kind = kind_of(body.parse(job.check))
    except (ValueError, SyntaxError):
        sizes, kind = (), "none"
    return Evidence(
        label=outcome.label,
        passed=outcome.ok,
        message=outcome.message,
        sizes=sizes,
        draws=outcome.draws,
        tolerance=outcome.tolerance,
        resolution=outcome.resolution,
        entry_resolution=outcome.entry_resolution,
        tightest=outcome.tightest,
        undecided=outcome.undecided,
        evidence="random instances" if outcome.undecided else kind,
        mutants=outcome.mutants,
        seconds=round(outcome.seconds, 3),
        hash=fingerprint,
    )


RUNNING = ("body", "evidence", "mutants", "resolution", "runner", "symbolic", "trial")
"""The modules of this folder that the outcome of a check rests on."""


def fingerprints(book: Book, jobs: Iterable[Job]) -> dict[str, str]:
    """For each check a hash of all that its outcome rests on: of the package, what it can reach."""
    tex = {display.label: display.tex for display in book.displays}
    machine = [Path(__file__).with_name(f"{name}.py") for name in RUNNING]
    versions = sys.version_info[:2], np.__version__, scipy.__version__
    common = repr(versions), _hash_of(machine), _hash_of_module("mlderived.checking")
    return {
        job.check.label: hashlib.sha256(
            repr(
                (
                    common,
                    _hash_of_module(f"mlderived.{job.module}") if "chapter" in job.check.body else "",
                    job.check.label,
                    sorted(job.check.options.items()),
                    job.check.body,
                    tex.get(job.check.label, ""),
                )
            ).encode()
        ).hexdigest()
        for job in jobs
    }


@cache
def _hash_of_module(module: str) -> str:
    return _hash_of(sources([module], Path(mlderived.__file__).parents[1]))


def _hash_of(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in paths)).hexdigest()
