"""The glossary, made from the places of the text where terms are defined."""

import itertools
import re
from typing import NamedTuple

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole, new_document
from sphinx.writers.html5 import HTML5Translator
from sphinx.writers.latex import LaTeXTranslator

logger = logging.getLogger(__name__)


class Defined(nodes.strong):
    """A term where it is defined; bold to a writer that does not know it."""


class GlossaryList(nodes.General, nodes.Element):
    """The place of the glossary."""


class Entry(NamedTuple):
    """A term, the page that defines it, and the sentence that does."""

    term: str
    docname: str
    sentence: list[nodes.Node]


class DefineRole(SphinxRole):
    """``{define}`pseudoinverse```: the term is defined in this sentence."""

    inliner: Inliner

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Mark the term and make it a target of ``{term}``."""
        term = " ".join(self.text.split())
        name = "term-" + nodes.make_id(term)
        node = Defined("", term, ids=[name], term=term)
        self.set_source_info(node)
        self.env.domains.standard_domain.note_object("term", term, name, location=node)
        return [node], []


class Glossary(SphinxDirective):
    """``{glossary-of-the-book}``: every defined term with its sentence, in alphabetical order."""

    def run(self) -> list[nodes.Node]:
        """Leave a place that is filled when all pages are read."""
        self.env.metadata[self.env.docname]["glossary"] = "all"
        return [GlossaryList()]


POINTING = re.compile(r"(This|These|They|It|Its|Call|The second|The difference)\b")
"""How a sentence begins that points back to the one before it, or to a display."""


def sentence_of(term: Defined) -> list[nodes.Node]:
    """Return a copy of the sentence around a term: the source has one sentence a line.

    A sentence that points back brings the one before it; where it goes on from a display, or into one, the
    number of the display stands for it.
    """
    paragraph = term.parent
    lines: list[list[nodes.Node]] = [[]]
    for child in paragraph.children:
        if isinstance(child, nodes.Text) and child.astext() == "\n":
            lines.append([])
        else:
            lines[-1].append(child)
    last = first = next(place for place, line in enumerate(lines) if term in line)
    while first > 0 and POINTING.match(_text(lines[first])):
        first -= 1
    sentence: list[nodes.Node] = []
    for line in lines[first : last + 1]:
        sentence += [nodes.Text(" "), *map(_plain, line)] if sentence else list(map(_plain, line))
    beside = paragraph.parent.children
    here = beside.index(paragraph)
    begin, end = _text(lines[first]), _text(lines[last])
    if first == 0 and (begin[:1].islower() or POINTING.match(begin)):
        before = _display(beside[:here][::-1])
        if before and begin[:1].islower():
            sentence = [before, nodes.Text(" " if re.match(r"(is|are)\b", begin) else ", "), *sentence]
        elif before:
            sentence = [before, nodes.Text(". "), *sentence]
    if last == len(lines) - 1 and not re.search(r"[.?!]$", end):
        after = _display(beside[here + 1 :])
        sentence = _without_end(sentence) + ([nodes.Text(": "), after] if after else []) + [nodes.Text(".")]
    return sentence


def _text(line: list[nodes.Node]) -> str:
    return "".join(child.astext() for child in line)


def _plain(node: nodes.Node) -> nodes.Node:
    """Return a copy, the term in bold: its anchor stays where it is defined."""
    return nodes.strong("", node.astext()) if isinstance(node, Defined) else node.deepcopy()


def _display(beside: list[nodes.Node]) -> nodes.Node | None:
    """Return a reference to the display that stands next to a paragraph, looking past checks and indices."""
    for node in beside:
        if isinstance(node, nodes.math_block):
            return _reference(node["label"]) if node.get("label") else None
        if isinstance(node, nodes.paragraph | nodes.section):
            return None
    return None


def _without_end(sentence: list[nodes.Node]) -> list[nodes.Node]:
    """Drop what leads into a display: a comma, a colon, an «and»."""
    *rest, last = sentence
    if not isinstance(last, nodes.Text):
        return sentence
    return [*rest, nodes.Text(re.sub(r"(,? and)?[ ,:]*$", "", last.astext()))]


def _reference(label: str) -> addnodes.pending_xref:
    node = addnodes.pending_xref(
        "", refdomain="math", reftype="eq", reftarget=label, refexplicit=False, refwarn=True, refdoc=""
    )
    node += nodes.inline("", label)
    return node


def store(env: BuildEnvironment) -> dict[str, list[Entry]]:
    """Return the environment's table: page to its definitions."""
    if not hasattr(env, "book_glossary"):
        env.book_glossary = {}  # type: ignore[attr-defined]
    return env.book_glossary  # type: ignore[attr-defined, no-any-return]


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the definitions of the page that was read."""
    name = app.env.docname
    store(app.env)[name] = [Entry(node["term"], name, sentence_of(node)) for node in doctree.findall(Defined)]


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget a page that is read again or gone."""
    store(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Take over what a parallel reader found."""
    store(env).update({name: store(other)[name] for name in docnames if name in store(other)})


def entries(env: BuildEnvironment) -> list[Entry]:
    """Return the definitions of the book in alphabetical order."""
    return sorted((one for page in store(env).values() for one in page), key=lambda one: one.term.casefold())


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the page of the glossary when a definition changed; say where a term is defined twice."""
    found = entries(env)
    for one, other in itertools.pairwise(found):
        if one.term.casefold() == other.term.casefold():
            logger.warning(
                "the term %r is defined in %s and in %s; define it once, and refer to it by {term}",
                one.term, one.docname, other.docname, location=other.docname, type="book", subtype="glossary",
            )  # fmt: skip
    now = [(one.term, one.docname, "".join(map(str, one.sentence))) for one in found]
    before = getattr(env, "book_glossary_shown", None)
    env.book_glossary_shown = now  # type: ignore[attr-defined]
    shown = [name for name, data in env.metadata.items() if "glossary" in data]
    return shown if now != before else []


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the definitions into the page of the glossary."""
    for place in list(doctree.findall(GlossaryList)):
        found = nodes.definition_list(classes=["book-glossary"])
        for entry in entries(app.env):
            found += _item(entry, docname)
        # The references inside are those of other pages and are resolved for this one.
        document = new_document("")
        document += found
        for reference in document.findall(addnodes.pending_xref):
            reference["refdoc"] = docname
        app.env.resolve_references(document, docname, app.builder)
        for node in document.findall(lambda node: bool(isinstance(node, nodes.Element) and node["ids"])):
            node["ids"] = []  # they stand where the sentence stands
        place.replace_self(document.children)


def _item(entry: Entry, docname: str) -> nodes.definition_list_item:
    link = addnodes.pending_xref(
        "",
        refdomain="std",
        reftype="term",
        reftarget=entry.term,
        refexplicit=True,
        refwarn=True,
        refdoc=docname,
    )
    link += nodes.inline("", entry.term)
    sentence = nodes.paragraph("", "", *(node.deepcopy() for node in entry.sentence))
    return nodes.definition_list_item("", nodes.term("", "", link), nodes.definition("", sentence))


def visit_html(self: HTML5Translator, node: Defined) -> None:
    """Open the term."""
    self.body.append(self.starttag(node, "dfn", ""))


def depart_html(self: HTML5Translator, node: Defined) -> None:
    """Close it."""
    self.body.append("</dfn>")


def visit_latex(self: LaTeXTranslator, node: Defined) -> None:
    """Open the term, with the target that the glossary links to."""
    target = self.hypertarget(f"{self.curfilestack[-1]}:{node['ids'][0]}", withdoc=False)
    self.body.append(f"{target}\\textbf{{")


def depart_latex(self: LaTeXTranslator, node: Defined) -> None:
    """Close it."""
    self.body.append("}")


def setup(app: Sphinx) -> dict[str, bool | int]:
    """Register the extension."""
    app.add_node(Defined, html=(visit_html, depart_html), latex=(visit_latex, depart_latex))
    app.add_node(GlossaryList)
    app.add_role("define", DefineRole())
    app.add_directive("glossary-of-the-book", Glossary)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", pages_to_write)
    app.connect("doctree-resolved", fill)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
