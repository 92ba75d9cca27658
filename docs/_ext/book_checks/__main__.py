"""Run the checks or the lint: python -m book_checks run|lint docs."""

import argparse
import json
import sys
from pathlib import Path

from book_checks import rules, runner
from book_source import read_book


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m book_checks")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run the checks")
    run.add_argument("docs", type=Path)
    run.add_argument("labels", nargs="*", metavar="LABEL", help="only these")
    run.add_argument("--cache", type=Path, help="skip what passed before and has not changed since")
    run.add_argument("-j", "--jobs", type=int, default=1, help="how many at a time")
    lint = commands.add_parser("lint", help="list every broken rule")
    lint.add_argument("docs", type=Path)
    options = parser.parse_args(arguments)
    if options.command == "lint":
        return _lint(options.docs)
    return _run(options.docs, options.labels, options.cache, options.jobs)


def _lint(docs: Path) -> int:
    book = read_book(docs)
    found = rules.violations(book, rules.package_beside(docs))
    for violation in found:
        print(f"{violation.place(docs)}: {violation.message}")
    hidden = rules.hidden_relations(book)
    for page in book.pages:
        if page.chapter:
            shown = f"{len(page.displays)} displays, {hidden[page.file]} relations in the line"
            print(f"{docs / page.file}: {shown}")
    print(f"{len(found)} broken rules in {len(book.pages)} pages, {len(book.displays)} displays")
    return 1 if found else 0


def _run(docs: Path, labels: list[str], cache: Path | None, workers: int) -> int:
    book = read_book(docs)
    jobs = runner.jobs_of(book, labels)
    missing = set(labels) - {job.check.label for job in jobs}
    if missing:
        print(f"{docs}: no check has the label {', '.join(sorted(missing))}", file=sys.stderr)
        return 2
    prints = runner.fingerprints(book, jobs)
    passed = json.loads(cache.read_text()) if cache and cache.exists() else {}
    due = [job for job in jobs if passed.get(job.check.label, {}).get("hash") != prints[job.check.label]]
    failed = 0
    for done, outcome in enumerate(runner.run_checks(due, workers=workers), start=1):
        if outcome.ok:
            passed[outcome.label] = {
                "hash": prints[outcome.label],
                "draws": outcome.draws,
                "tolerance": outcome.tolerance,
            }
            print(f"[{done}/{len(due)}] {outcome.label}  {outcome.seconds:.2f} s", flush=True)
        else:
            failed += 1
            passed.pop(outcome.label, None)
            print(f"[{done}/{len(due)}] FAILED {outcome.message}", flush=True)
    if cache:
        every = {check.label for check in book.checks}
        cache.parent.mkdir(parents=True, exist_ok=True)
        kept = {label: passed[label] for label in sorted(passed) if label in every}
        cache.write_text(json.dumps(kept, indent=1) + "\n")
    unchanged = len(jobs) - len(due)
    print(f"{len(jobs)} checks: {len(due) - failed} passed now, {unchanged} unchanged, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
