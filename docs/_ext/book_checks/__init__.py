"""The check directive, the five kinds of display and what each owes."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from book_checks import directive, pairs, rules
from book_source import read_book

logger = logging.getLogger(__name__)


def report_violations(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every broken rule of the sources, each time: also of pages that are not read again."""
    docs = Path(app.srcdir)
    book = read_book(docs)
    found = rules.violations(book, rules.package_beside(docs)) if app.config.book_checks_lint else []
    if app.config.book_checks_pairs:
        found += pairs.violations(book)
    for violation in found:
        logger.warning("%s", violation.message, location=violation.place(docs), type="book", subtype="checks")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_config_value("book_checks_lint", True, "", bool)
    app.add_config_value("book_checks_pairs", True, "", bool)
    app.add_directive("check", directive.CheckDirective)
    app.add_directive("unchecked", directive.UncheckedDirective)
    app.add_node(directive.check_node, html=(directive.skip, None), latex=(directive.skip, None))
    app.setup_extension("book_checks.reference")
    app.connect("env-check-consistency", report_violations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
