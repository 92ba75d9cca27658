"""Lint and execute the cells of the book: python -m book_cells --source docs --cache build/cells."""

import argparse
import sys
from pathlib import Path

from . import ROOT, store
from .execute import TIMEOUT, execute
from .lint import lint
from .pages import read_pages


def main() -> int:
    """Run from the command line; the exit code is 1 if a cell is wrong."""
    parser = argparse.ArgumentParser(prog="python -m book_cells", description=__doc__)
    parser.add_argument("--source", type=Path, default=Path("docs"), help="folder of the pages")
    parser.add_argument("--cache", type=Path, default=Path("build/cells"), help="folder of the outputs")
    parser.add_argument("--package", type=Path, default=ROOT / "code", help="folder that holds mlderived")
    parser.add_argument("--timeout", type=int, default=TIMEOUT, help="seconds a cell may take")
    parser.add_argument("--lint", action="store_true", help="only lint, execute nothing")
    options = parser.parse_args()
    pages, problems = read_pages(options.source)
    problems += [problem for page in pages for problem in lint(page)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if options.lint:
        return int(bool(problems))

    def say(line: str) -> None:
        print(line, flush=True)

    result = execute(pages, options.cache, options.package, options.timeout, say)
    store.prune(options.cache, set(result.keys.values()))
    for failure in result.failures:
        print(f"\n{failure}", file=sys.stderr)
    print(f"cells: {len(result.executed)} pages executed, {len(pages) - len(result.executed)} unchanged")
    return int(bool(problems or result.failures))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("cells: interrupted; the pages that were done are kept")
