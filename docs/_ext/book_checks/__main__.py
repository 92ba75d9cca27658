"""Work with the checks: python -m book_checks run|mutants|lint|relock|transcribe docs."""

import argparse
import sys
from pathlib import Path

from book_checks import pairs, rules, runner, transcribe
from book_checks.evidence import Evidence, read_evidence, table, write_evidence
from book_checks.relock import relock
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
    ends = commands.add_parser("mutants", help="run the mutants of all checks and show how they ended")
    ends.add_argument("docs", type=Path)
    ends.add_argument("labels", nargs="*", metavar="LABEL", help="only these")
    ends.add_argument("-j", "--jobs", type=int, default=1, help="how many at a time")
    again = commands.add_parser("relock", help="show a display and its check side by side and lock them")
    again.add_argument("docs", type=Path)
    again.add_argument(
        "labels", nargs="*", metavar="LABEL", help="one label; all, where there is no lock; helpers"
    )
    again.add_argument("--yes", action="store_true", help="do not ask")
    typed = commands.add_parser(
        "transcribe", help="run a formula typed from the page on the draws of its check"
    )
    typed.add_argument("docs", type=Path)
    typed.add_argument("label", metavar="LABEL")
    typed.add_argument(
        "--file", type=Path, help="the typed lines; without it they are read from the terminal"
    )
    lint = commands.add_parser("lint", help="list every broken rule")
    lint.add_argument("docs", type=Path)
    options = parser.parse_args(arguments)
    if options.command == "lint":
        return _lint(options.docs)
    if options.command == "relock":
        return relock(read_book(options.docs), options.labels, yes=options.yes)
    if options.command == "transcribe":
        return _transcribe(options.docs, options.label, options.file)
    if options.command == "mutants":
        return _mutants(options.docs, options.labels, options.jobs)
    return _run(options.docs, options.labels, options.cache, options.jobs)


def _lint(docs: Path) -> int:
    book = read_book(docs)
    found = sorted([*rules.violations(book, rules.package_beside(docs)), *pairs.violations(book)])
    for violation in found:
        print(f"{violation.place(docs)}: {violation.message}")
    hidden = rules.hidden_relations(book)
    for page in book.pages:
        if page.chapter:
            shown = f"{len(page.displays)} displays, {hidden[page.file]} relations in the line"
            done = f"{len(pairs.transcribed(docs, page))} of {len(page.checks)} checks transcribed blind"
            print(f"{docs / page.file}: {shown}, {done}")
    print(f"{len(found)} broken rules in {len(book.pages)} pages, {len(book.displays)} displays")
    return 1 if found else 0


def _transcribe(docs: Path, label: str, file: Path | None) -> int:
    book = read_book(docs)
    print(transcribe.brief(book, label), flush=True)
    return transcribe.transcribe(book, label, file.read_text(encoding="utf8") if file else sys.stdin.read())


def _run(docs: Path, labels: list[str], cache: Path | None, workers: int) -> int:
    book = read_book(docs)
    jobs = runner.jobs_of(book, labels)
    missing = set(labels) - {job.check.label for job in jobs}
    if missing:
        print(f"{docs}: no check has the label {', '.join(sorted(missing))}", file=sys.stderr)
        return 2
    prints = runner.fingerprints(book, jobs)
    records = read_evidence(cache) if cache else {}
    due = [job for job in jobs if not _stands(records.get(job.check.label), prints[job.check.label])]
    by_label = {job.check.label: job for job in due}
    failed = 0
    for done, outcome in enumerate(runner.run_checks(due, workers=workers, deep=True), start=1):
        label = outcome.label
        records[label] = runner.evidence_of(by_label[label], outcome, prints[label])
        failed += not outcome.ok
        shown = f"{label}  {outcome.seconds:.2f} s" if outcome.ok else f"FAILED {outcome.message}"
        print(f"[{done}/{len(due)}] {shown}", flush=True)
    if cache:
        every = {check.label for check in book.checks}
        write_evidence(cache, {label: one for label, one in records.items() if label in every})
    unchanged = len(jobs) - len(due)
    print(f"{len(jobs)} checks: {len(due) - failed} passed now, {unchanged} unchanged, {failed} failed")
    return 1 if failed else 0


def _stands(record: Evidence | None, fingerprint: str) -> bool:
    """Whether a check passed before and nothing that it rests on has changed since."""
    return record is not None and record.passed and record.hash == fingerprint


def _mutants(docs: Path, labels: list[str], workers: int) -> int:
    """Run all mutants, print how they ended, and name the weakest checks and the slowest."""
    jobs = {job.check.label: job for job in runner.jobs_of(read_book(docs), labels)}
    records = []
    for outcome in runner.run_checks(jobs.values(), workers=workers, deep=True):
        if outcome.message:
            print(outcome.message)
        records.append(runner.evidence_of(jobs[outcome.label], outcome, ""))
    print(table(records))
    return 0 if records and all(record.passed for record in records) else 1


if __name__ == "__main__":
    sys.exit(main())
