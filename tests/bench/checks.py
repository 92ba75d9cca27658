"""Time for many checks with their mutants: the book's own, replicated under other labels, so at other draws.

Run it with ``python tests/bench/checks.py 400 2000`` (PYTHONPATH=code:docs/_ext).
"""

import sys
import time
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from book_checks import runner
from book_source import read_book

DOCS = Path(__file__).parents[2] / "docs"


def copies(count: int) -> list[runner.Job]:
    """So many jobs, each with a label of its own."""
    jobs = runner.jobs_of(read_book(DOCS))
    return [
        replace(job, check=replace(job.check, argument=f"{job.check.label}-{k}"))
        for k, job in enumerate(islice(cycle(jobs), count))
    ]


def main(counts: list[int]) -> None:
    """Print the seconds for each count, and what failed."""
    for count in counts:
        start, used, failed = time.monotonic(), 0.0, []
        for outcome in runner.run_checks(copies(count), workers=2, deep=True):
            used += outcome.seconds
            if not outcome.ok:
                failed.append(outcome.message)
        elapsed = time.monotonic() - start
        print(f"{count} checks: {elapsed:.0f} s by the clock, {used / count:.3f} s of processor time each")
        print(f"  {len(failed)} failed", *failed[:20], sep="\n  ")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [400, 2000])
