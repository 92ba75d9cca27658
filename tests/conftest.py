"""Count the checks, chapter examples and docstring examples that passed; with --book, none may be zero."""

import os
from collections import Counter

# One thread, set before NumPy loads: numbers do not depend on the machine, and workers share the cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

COUNTED = {
    "test_check": "checks",
    "test_chapter_example": "chapter examples",
    "test_docstring_example": "docstring examples",
}
passed: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `make doctest`."""
    parser.addoption("--book", action="store_true", help="fail when one of the three counts is zero")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what passed; under xdist this runs where the reports of the workers arrive."""
    file, _, item = report.nodeid.partition("::")
    if report.when == "call" and report.passed and file.endswith("tests/test_book.py"):
        passed[item.partition("[")[0]] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail on an empty count."""
    worker = hasattr(session.config, "workerinput")
    if session.config.getoption("--book") and not worker and not all(passed[name] for name in COUNTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the counts."""
    if not passed and not config.getoption("--book"):
        return
    counts = ", ".join(f"{words} {passed[name]}" for name, words in COUNTED.items())
    terminalreporter.write_line(f"passed: {counts}")
    for name, words in COUNTED.items():
        if config.getoption("--book") and not passed[name]:
            terminalreporter.write_line(
                f"ERROR: no {words} passed; tests/test_book.py::{name} failed or found none"
            )
