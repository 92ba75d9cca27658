"""Assign numbers to sections and to everything that is counted, chapter by chapter."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes
from sphinx import addnodes
from sphinx.environment import BuildEnvironment

from book_numbers.registry import Registry

Number = tuple[int | str, ...]
# page -> kind -> id -> number: the shape of Sphinx's env.toc_fignumbers
Figures = dict[str, dict[str, dict[str, Number]]]
# page -> anchor -> number: the shape of Sphinx's env.toc_secnumbers
Sections = dict[str, dict[str, Number]]

# These share one counter, so that Lemma 5.3 comes after Theorem 5.2.
STATEMENTS = frozenset(
    ("theorem", "lemma", "proposition", "corollary", "definition", "algorithm", "remark", "example")
)
SECTION_DEPTH = 2


@dataclass(frozen=True)
class Item:
    """Something counted, in the order of reading; ``solves`` is the exercise whose solution holds it."""

    page: str
    kind: str
    id: str
    solves: str | None


def number_sections(env: BuildEnvironment, registry: Registry) -> Sections:
    """Number the sections of every chapter; front matter and appendices have no numbers.

    The numbers are also written into the tables of contents and the titles that Sphinx keeps.
    """
    numbers: Sections = {}

    def walk(node: nodes.Element, page: str, stack: list[int]) -> None:
        """Number the entries of one list; ``stack`` is the number of the last entry at this level."""
        for child in node.children:
            if isinstance(child, addnodes.compact_paragraph):
                if "skip_section_number" in child:
                    continue
                stack[-1] += 1
                number = tuple(stack) if len(stack) <= SECTION_DEPTH else ()
                reference = child[0]
                assert isinstance(reference, nodes.reference)
                reference["secnumber"] = number or None
                numbers.setdefault(page, {})[reference["anchorname"]] = number
                if not reference["anchorname"]:
                    env.titles[page]["secnumber"] = number or None
            elif isinstance(child, nodes.bullet_list):
                deeper = [*stack, 0]
                levels.setdefault(len(stack), deeper)
                walk(child, page, deeper)
            elif isinstance(child, addnodes.toctree):
                for included in child["includefiles"]:  # a page of the folder is a section of the chapter
                    walk(env.tocs[included], included, levels[1])
            elif isinstance(child, nodes.Element):
                walk(child, page, stack)

    for chapter in registry.chapters:
        for page in (chapter.page, f"{chapter.page}/index"):
            if page in env.tocs:
                levels: dict[int, list[int]] = {}
                walk(env.tocs[page], page, [chapter.number - 1])
    for page in env.tocs.keys() - numbers.keys():
        env.titles[page]["secnumber"] = None
        for reference in env.tocs[page].findall(nodes.reference):
            reference["secnumber"] = None
    return numbers


def kind_of(env: BuildEnvironment, node: nodes.Element) -> str | None:
    """Name the series that a node counts in, as its domain declares it."""
    for domain in env.domains.sorted():
        kind = domain.get_enumerable_node_type(node)
        if kind and not (kind in ("figure", "table", "code-block") and not _has_caption(node)):
            return kind
    return None


def _has_caption(node: nodes.Element) -> bool:
    return any(isinstance(child, nodes.caption | nodes.title) for child in node)


def items_of(env: BuildEnvironment, page: str) -> Iterator[Item]:
    """List what is counted on a page and on the pages below it, in the order of reading."""

    def walk(parent: nodes.Element, solves: str | None) -> Iterator[Item]:
        for node in parent.children:
            if isinstance(node, addnodes.toctree):
                for included in node["includefiles"]:
                    yield from items_of(env, included)
            elif isinstance(node, nodes.Element):
                kind = None if isinstance(node, nodes.section) else kind_of(env, node)
                if kind and node["ids"]:
                    yield Item(page, kind, node["ids"][0], node.get("solves", solves))
                yield from walk(node, node.get("solves", solves))

    yield from walk(env.get_doctree(page), None)


def number_items(chapter: int, items: list[Item]) -> dict[Item, Number]:
    """Number the items of one chapter.

    A solution has the number of its exercise.
    What stands in it is counted by itself (S5.3.1) and takes no number from the text.
    """
    numbers: dict[Item, Number] = {}
    counters: Counter[tuple[str | None, str]] = Counter()

    def count(item: Item, prefix: Number) -> None:
        series = (item.solves, "statement" if item.kind in STATEMENTS else item.kind)
        counters[series] += 1
        numbers[item] = (*prefix, counters[series])

    for item in items:
        if item.solves is None:
            count(item, (chapter,))
    exercises = {item.id: numbers[item] for item in items if item.kind == "exercise" and item.solves is None}
    for item in items:
        exercise = exercises.get(item.solves or "")
        if exercise is None:
            continue
        if item.kind == "solution":
            numbers[item] = exercise
        else:
            count(item, (f"S{exercise[0]}", *exercise[1:]))
    return numbers


def number_figures(env: BuildEnvironment, registry: Registry) -> Figures:
    """Number equations, figures, tables, statements, exercises and solutions of every chapter."""
    figures: Figures = {}
    for chapter in registry.chapters:
        for page in (chapter.page, f"{chapter.page}/index"):
            if page not in env.all_docs:
                continue
            numbered = number_items(chapter.number, list(items_of(env, page)))
            for item, number in numbered.items():
                figures.setdefault(item.page, {}).setdefault(item.kind, {})[item.id] = number
    # Sphinx's {eq} looks for this series on each page that has any number.
    for kinds in figures.values():
        kinds.setdefault("displaymath", {})
    return figures
