"""Every check and every example of the book, and the rules of its sources."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import mlderived
from book_checks import pairs, rules, runner
from book_source import Example, read_book

DOCS = Path(__file__).parents[1] / "docs"
BOOK = read_book(DOCS)
FLAGS = doctest.NORMALIZE_WHITESPACE


def docstring_examples() -> list[doctest.DocTest]:
    """The examples in the docstrings of the package."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    names = [module.name for module in pkgutil.walk_packages(mlderived.__path__, "mlderived.")]
    found = [test for name in sorted(names) for test in finder.find(importlib.import_module(name), name)]
    return [test for test in found if test.examples]


def run_examples(test: doctest.DocTest) -> None:
    """Run examples and fail with file, line, what was expected and what came."""
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append).failed
    if failed:
        pytest.fail("".join(said), pytrace=False)


@pytest.mark.parametrize("job", [pytest.param(job, id=job.check.label) for job in runner.jobs_of(BOOK)])
def test_check(job: runner.Job) -> None:
    """The two sides of a check agree, or differ for what is wrong on purpose."""
    outcome = runner.run_check(job)
    if not outcome.ok:
        pytest.fail(outcome.message, pytrace=False)


@pytest.mark.parametrize(
    "example", [pytest.param(example, id=f"{example.file}:{example.line}") for example in BOOK.examples]
)
def test_chapter_example(example: Example) -> None:
    """A block with prompts in a chapter shows what it really prints; each block stands alone."""
    name = f"{example.file}:{example.line}"
    test = doctest.DocTestParser().get_doctest(
        example.text, {}, name, str(DOCS / example.file), example.line - 1
    )
    run_examples(test)


@pytest.mark.parametrize("test", [pytest.param(test, id=test.name) for test in docstring_examples()])
def test_docstring_example(test: doctest.DocTest) -> None:
    """An example in a docstring shows what it really prints."""
    run_examples(test)


def test_no_violations() -> None:
    """Every display of the book has its label and what it owes, and says what its check says."""
    found = [*rules.violations(BOOK, rules.package_beside(DOCS)), *pairs.violations(BOOK)]
    if found:
        lines = "\n".join(f"{violation.place(DOCS)}: {violation.message}" for violation in found)
        pytest.fail(lines, pytrace=False)
