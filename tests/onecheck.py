"""A page with one check, for the tests of the runner."""

from collections.abc import Sequence

import numpy as np

from book_checks import body, runner
from book_checks.trial import Program, Sides, Trial, program
from book_source import Book, read_chapters, read_page
from minibook import ROOT

FILE = "derivations/05-linear-regression.md"
SIZES = ":sizes: n=9 d=3 | n=5 d=2 | n=7 d=4"
PAGE = """# Linear regression

$$
a = b
$$ (eq-lin-one)

```{{check}} eq-lin-one
{options}
{code}
```
"""


def job_of(code: str, options: str = SIZES, page: str = PAGE) -> runner.Job:
    """The check with that code on a page of its own."""
    chapters = read_chapters(ROOT / "docs")
    text = page.format(options=options, code=code)
    (job,) = runner.jobs_of(Book(ROOT / "docs", chapters, (read_page(text, FILE, chapters),)))
    return job


def deep(code: str, options: str = SIZES) -> runner.Outcome:
    """Run the check with its resolution and its mutants."""
    return runner.run_check(job_of(code, options), deep=True)


def trials_of(code: str) -> tuple[Program, Sequence[Trial], Sequence[Sides]]:
    """The check, run in this process at one draw of each size."""
    check = job_of(code).check
    parts = program(body.parse(check), check.file)
    trials = [Trial(parts, np.random.default_rng([1, *here.values()]), here) for here in body.sizes(check)]
    return parts, trials, [trial.run() for trial in trials]
