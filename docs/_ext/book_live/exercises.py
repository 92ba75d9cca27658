"""The directive ``answer``: below an exercise, a field for a formula that the page compares with a check."""

import ast
import json
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from book_checks import body
from book_source import Page, read_chapters, read_page

__all__ = ["BUILDERS", "Answer", "AnswerDirective", "depart_answer", "skip_answer", "task_of", "visit_answer"]


BUILDERS = ("html", "dirhtml")
"""The builders whose pages run cells."""


class Answer(nodes.General, nodes.Element):
    """A field for a formula; ``task`` is what the comparison needs."""


def task_of(page: Page, label: str, given: str = "", asked: str = "route") -> str:
    """Return what the comparison needs: the check, the names that the reader sees, and what is asked for."""
    check = next((check for check in page.checks if check.label == label), None)
    if check is None:
        raise LookupError(f"no check of this page has the label {label}: name one that decides the exercise")
    sizes = body.sizes(check)
    known = _names(body.parse(check)) | {name for one in sizes for name in one}
    if unknown := sorted({*given.split(), *_names(ast.parse(asked))} - known):
        raise LookupError(f"the check {label} has no {', '.join(unknown)}: correct `:given:` or `:asked:`")
    task = {"label": label, "body": check.body, "sizes": sizes, "given": given.split(), "asked": asked}
    module = f"mlderived.{page.chapter.module}" if page.chapter and "chapter" in known else ""
    return json.dumps({**task, "module": module.replace("/", ".")})


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


class AnswerDirective(SphinxDirective):
    """The check that decides, the names that the reader is given, and in the content what is asked for."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "given": directives.unchanged_required,
        "asked": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Find the check on the page; the field is empty where nothing can run."""
        path = Path(self.env.doc2path(self.env.docname))
        page = read_page(path.read_text(encoding="utf8"), str(path), read_chapters(self.env.srcdir))
        try:
            node = Answer(task=task_of(page, self.arguments[0], **self.options))
        except LookupError as error:
            raise self.error(str(error.args[0])) from None
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def visit_answer(self: HTML5Translator, node: Answer) -> None:
    """Write the question with what the script needs; the script adds the field."""
    if not self.config.book_live_present or self.builder.name not in BUILDERS:
        raise nodes.SkipNode
    self.body.append(f'<div class="live-answer" data-task="{escape(node["task"])}">\n')


def depart_answer(self: HTML5Translator, node: Answer) -> None:
    """Close it."""
    self.body.append("</div>\n")


def skip_answer(self: nodes.NodeVisitor, node: Answer) -> None:
    """Leave it out: there is nothing to type on paper."""
    raise nodes.SkipNode
