"""The ledger: basis and evidence of every display, the graph of results, and what the reader sees of them."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

from book_checks import runner
from book_checks.evidence import Evidence, read_evidence
from book_ledger import marks, page
from book_ledger.records import Ledger, Place, ledger_of
from book_ledger.state import keep, ledger_in
from book_numbers.labels import collect_numbers
from book_source import Book, read_book

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
COMMAND = "python -m book_checks run docs --cache build/checks.json (make book does it)"


def configure(app: Sphinx, config: Config) -> None:
    """Serve the style sheet and the script, and add the marks to the PDF."""
    config.html_static_path.append(str(HERE / "static"))
    config.latex_additional_files.append(str(HERE / "ledger.sty"))
    config.latex_elements["preamble"] = config.latex_elements.get("preamble", "") + "\\usepackage{ledger}\n"


def evidence_of(app: Sphinx) -> dict[str, Evidence]:
    """Read the record of the checks."""
    return read_evidence(Path(app.srcdir, app.config.book_ledger_evidence).resolve())


def require_evidence(app: Sphinx) -> None:
    """Stop a build whose evidence is missing or stale."""
    if not app.config.book_ledger_strict:
        return
    book = read_book(app.srcdir)
    if problems := stale(book, evidence_of(app)):
        shown = "\n".join(problems[:10])
        more = f"\n… and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise ExtensionError(f"the evidence of the checks is not up to date:\n{shown}{more}\nrun: {COMMAND}")


def stale(book: Book, evidence: dict[str, Evidence]) -> list[str]:
    """The checks whose record is missing, failed, or rests on something that has changed."""
    prints = runner.fingerprints(book, runner.jobs_of(book))
    found = []
    for check in book.checks:
        record = evidence.get(check.label)
        what = (
            "has no record"
            if record is None
            else "failed"
            if not record.passed
            else "has changed since it was run"
            if record.hash != prints[check.label]
            else ""
        )
        if what:
            found.append(f"{book.docs / check.file}:{check.line}: {check.label}: the check {what}")
    return found


def read_ledger(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Make the ledger of this build; name the pages that show what has changed."""
    book = read_book(app.srcdir)
    places = {
        label: Place(
            entry["number"], entry["page"], label if entry["kind"] == "equation" else entry["anchor"]
        )
        for label, entry in collect_numbers(env).items()
    }
    ledger = ledger_of(book, evidence_of(app), places)
    keep(env, ledger)
    for violation in ledger.graph.violations if app.config.book_checks_lint else ():
        logger.warning(
            "%s", violation.message, location=violation.place(book.docs), type="book", subtype="ledger"
        )
    before: dict[str, str] = getattr(env, "book_ledger_pages", {})
    env.book_ledger_pages = now = shown_on(env, ledger)  # type: ignore[attr-defined]
    return sorted(name for name in now if name in env.found_docs and before.get(name) != now[name])


def shown_on(env: BuildEnvironment, ledger: Ledger) -> dict[str, str]:
    """For each page a hash of what it shows of the ledger, and of the code that shows it."""
    records = ledger.records
    code = b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py")))
    found: dict[str, list[object]] = {}
    for record in records.values():
        linked = {name: records[name].name for name in (*record.uses, *record.used_by, *record.rests_on)}
        found.setdefault(record.url.partition(".html")[0], []).append([asdict(record), linked])
    whole: list[object] = [ledger.to_json()]
    found |= {name: whole for name, data in env.metadata.items() if "counts" in data}
    return {
        name: hashlib.sha256(code + json.dumps(facts, sort_keys=True).encode()).hexdigest()
        for name, facts in found.items()
    }


def write_ledger(app: Sphinx, exception: Exception | None) -> None:
    """Write ledger.json beside the pages and for the tools."""
    if exception is not None or app.builder.format != "html":
        return
    text = json.dumps(ledger_in(app.env).to_json(), indent=1, ensure_ascii=False) + "\n"
    for folder in (Path(app.outdir), Path(app.outdir).parent):
        (folder / "ledger.json").write_text(text, encoding="utf8")


def setup(app: Sphinx) -> dict[str, bool | int]:
    """Register the extension."""
    app.add_config_value("book_ledger_evidence", "../build/checks.json", "", str)
    app.add_config_value("book_ledger_strict", True, "", bool)
    app.add_directive("ledger", page.LedgerDirective)
    app.add_node(marks.Equation, html=(marks.visit_equation, marks.depart_equation))
    app.add_node(marks.Panel, html=(marks.visit_panel, marks.depart_panel))
    app.add_node(marks.PrintedMark, latex=(marks.visit_printed_mark, None))
    app.add_node(
        marks.Links,
        html=(marks.visit_links, marks.depart_links),
        latex=(marks.visit_printed_links, marks.depart_printed_links),
    )
    app.add_node(page.LedgerNode, html=(page.visit_ledger, None), latex=(page.visit_printed_ledger, None))
    app.add_post_transform(marks.PutMarks)
    app.connect("config-inited", configure)
    app.connect("builder-inited", require_evidence)
    app.connect("env-get-updated", read_ledger, priority=900)  # the numbers are assigned before
    app.connect("build-finished", write_ledger)
    app.add_css_file("ledger.css")
    app.add_js_file("ledger.js")
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
