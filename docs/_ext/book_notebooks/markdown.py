"""A page as Markdown for notebooks, from the doctree whose numbers and references are resolved."""

import base64
import html
import mimetypes
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

from docutils import nodes
from sphinx import addnodes

from book_environments.nodes import Environment, EnvironmentTitle, Exercise, Proof, Qed, Solution
from book_ledger.marks import Equation, Links, Panel
from book_live.exercises import Answer
from book_math.macros import Macro
from book_notebooks.formulas import portable

# What leaves no trace in a notebook.
SILENT = (addnodes.index, addnodes.toctree, nodes.comment, nodes.substitution_definition, nodes.raw, Answer)


@dataclass(frozen=True)
class Start:
    """A heading follows: a new cell of text begins."""

    slug: str


@dataclass(frozen=True)
class Code:
    """The code cell with this place among the cells of the page; folded when it belongs to a solution."""

    index: int
    folded: bool = False


Piece = str | Start | Code


@dataclass(frozen=True)
class Context:
    """What the words of a page need to know of the book."""

    macros: Mapping[str, Macro]
    number: Callable[[str], str]
    """The number of the display with a label, in its brackets."""
    heading: Callable[[nodes.Element], str]
    """Kind and number of an environment, figure, table, listing or section; nothing where there is none."""
    address: str
    """The page on the web, or nothing where the book has no address."""
    citations: Mapping[str, tuple[str, str]]
    """For each anchor of the bibliography the key and the entry in HTML."""
    source: Path
    """The folder of the sources."""
    hidden: Mapping[int, int]
    """The cells that the page does not show: place among the cells, and line."""


@dataclass
class Writer:
    """Writes one page; ``cited`` and ``attachments`` are what the page turned out to need."""

    context: Context
    doctree: nodes.document
    cited: dict[str, str] = field(default_factory=dict)
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find which anchors are linked from the page itself."""
        self.linked = {anchor for node in self.doctree.findall(nodes.reference) if (anchor := local(node))}
        self.waiting = dict(sorted(self.context.hidden.items()))

    def page(self) -> list[Piece]:
        """Return the page; anything that has no form in a notebook is an error."""
        pieces = self.blocks(self.doctree.children)
        return [*pieces, *self.release(len(self.waiting), lambda index, line: True)]

    def release(self, count: int, due: Callable[[int, int], bool]) -> list[Piece]:
        """Return the hidden cells whose turn has come."""
        ready = [index for index, line in self.waiting.items() if due(index, line)][:count]
        return [Code(index) for index in ready if self.waiting.pop(index, None) is not None]

    # Blocks

    def blocks(self, children: Iterable[nodes.Node], nested: bool = False) -> list[Piece]:
        """Write blocks one after the other."""
        found: list[Piece] = []
        for child in children:
            assert isinstance(child, nodes.Element), child
            if not nested and (here := line_of(child)):
                found += self.release(len(self.waiting), lambda index, line, here=here: line < here)  # type: ignore[misc]
            found += self.block(child, nested)
        return found

    def block(self, node: nodes.Element, nested: bool) -> list[Piece]:
        """Write one block; ``nested`` when its lines get a prefix, which no formula of many lines bears."""
        anchors = self.anchors(node)
        match node:
            case nodes.section():
                return [Start(node["ids"][0]), *self.blocks(node.children)]
            case nodes.title():
                level = sum(isinstance(one, nodes.section) for one in ancestors(node))
                number = self.context.heading(node.parent)
                head = f"{'#' * min(level, 6)} {f'{number} ' if number else ''}{self.inline(node)}"
                return [*self.listed_anchors(node.parent), *anchors, head]
            case nodes.paragraph() | nodes.rubric():
                return [anchored(anchors, "**" * isinstance(node, nodes.rubric) + self.inline(node))]
            case Equation() | nodes.math_block():
                return [*anchors, *self.equation(node, nested)]
            case Solution():
                head = f"<summary>{html.escape(self.context.heading(node))}</summary>"
                inner = [fold(piece) for piece in self.blocks(self.content(node))]
                return [*anchors, *wrapped(inner, lambda text: f"<details>\n{head}\n\n{text}\n\n</details>")]
            case Environment():
                inner = [f"{self.title(node)}", *self.blocks(self.content(node), nested=True)]
                return [*wrapped([*anchors, *inner], quoted)]
            case Proof():
                return [*anchors, *self.blocks(node.children, nested)]
            case nodes.Admonition():
                head = [f"**{self.inline(one)}**" for one in node.findall(nodes.title)]
                rest = [one for one in node.children if not isinstance(one, nodes.title)]
                return wrapped([*anchors, *head, *self.blocks(rest, nested=True)], quoted)
            case nodes.block_quote() | Links():
                inner = self.blocks(node.children, nested=True)
                return wrapped([*anchors, *inner], quoted) if isinstance(node, nodes.block_quote) else inner
            case nodes.literal_block() | nodes.doctest_block():
                language = node.get("language", "python")
                return [*anchors, fence(node.astext(), "" if language == "default" else language)]
            case nodes.bullet_list() | nodes.enumerated_list():
                return [*anchors, self.items(node)]
            case nodes.definition_list():
                return [*anchors, *(piece for item in node for piece in self.definition(item))]
            case nodes.table():
                return [*self.captioned(node, nodes.title), self.table(node)]
            case nodes.figure():
                rest = [child for child in node if not isinstance(child, nodes.caption)]
                return [*self.blocks(rest), *self.captioned(node, nodes.caption)]
            case nodes.image():
                return [self.image(node)]
            case nodes.container() if node.get("nb_element") == "cell_code":
                return self.cell(node)
            case nodes.container() if "literal-block-wrapper" in node["classes"]:
                rest = [child for child in node if not isinstance(child, nodes.caption)]
                return [*self.captioned(node, nodes.caption), *self.blocks(rest, nested)]
            case nodes.container() | nodes.compound():
                return [*anchors, *self.blocks(node.children, nested)]
            case nodes.transition():
                return ["---"]
            case nodes.target():
                return [*anchors]
            case _ if isinstance(node, SILENT):
                return []
        raise unknown(node)

    def content(self, node: Environment) -> list[nodes.Node]:
        """The blocks of an environment below its heading."""
        return [child for child in node if not isinstance(child, EnvironmentTitle)]

    def title(self, node: Environment) -> str:
        """The heading of an environment in bold, with its name."""
        names = [f" ({self.inline(child)})" for child in node if isinstance(child, EnvironmentTitle)]
        grade = f" · *{node['grade']}*" if isinstance(node, Exercise) and node.get("grade") else ""
        return f"**{self.context.heading(node)}{''.join(names)}**{grade}"

    def equation(self, node: nodes.Element, nested: bool) -> list[Piece]:
        """A display with its number as a tag, and a line that says what the check of it is."""
        display = next(iter(node.findall(nodes.math_block)))
        label = display.get("label")
        tex = portable(display.astext(), self.context.macros, self.context.number)
        number = self.context.number(label).strip("()") if label else ""
        lines = [*tex.splitlines(), *([rf"\tag{{{number}}}"] if number else [])]
        whole = (
            f"$$ {' '.join(line.strip() for line in lines)} $$" if nested else "\n".join(["$$", *lines, "$$"])
        )
        anchor = self.listed_anchors(display)
        return [*anchor, whole, *(line for panel in node.findall(Panel) for line in self.check(panel))]

    def check(self, panel: Panel) -> list[str]:
        """One line for a check: what it is, the label, and where the ledger has it."""
        if not any(isinstance(child, nodes.literal_block) for child in panel):
            return []
        row = [
            self.reference(one)
            for one in panel.findall(nodes.reference)
            if "#ledger-" in one.get("refuri", "")
        ]
        where = "".join(f" {text}." for text in row if text.startswith("[")) or " See the ledger of the book."
        number, title = panel["name"].strip("()"), html.escape(panel["title"])
        return [f"<small>({number}) {title}. Label `{panel['label']}`.{where}</small>"]

    def cell(self, node: nodes.Element) -> list[Piece]:
        """A code cell; the captions of its figures follow it."""
        index = node["cell_index"]
        before = self.release(len(self.waiting), lambda other, line: other < index)
        captions = [
            text for figure in node.findall(nodes.figure) for text in self.captioned(figure, nodes.caption)
        ]
        return [*before, Code(index), *captions]

    def captioned(self, node: nodes.Element, kind: type[nodes.Element]) -> list[Piece]:
        """The number and caption of a figure, table or listing."""
        anchors = self.anchors(node)
        found = [child for child in node if isinstance(child, kind)]
        if not found:
            return [*anchors]
        number = self.context.heading(node)
        return [
            anchored(anchors, f"**{number}.** {self.inline(found[0])}" if number else self.inline(found[0]))
        ]

    def items(self, node: nodes.Element) -> str:
        """A list; the blocks of an item are indented below its first."""
        found = []
        for position, item in enumerate(node.children, start=node.get("start", 1)):
            mark = f"{position}. " if isinstance(node, nodes.enumerated_list) else "- "
            assert isinstance(item, nodes.Element)
            text = joined(self.blocks(item.children, nested=True))
            found.append(mark + text.replace("\n", "\n" + " " * len(mark)))
        tight = all("\n\n" not in text for text in found)
        return re.sub(r"(?m)^ +$", "", ("\n" if tight else "\n\n").join(found))

    def definition(self, item: nodes.Node) -> list[str]:
        """A term in bold and what it means."""
        assert isinstance(item, nodes.Element)
        terms = ", ".join(f"**{self.inline(term)}**" for term in item.findall(nodes.term))
        parts = [
            joined(self.blocks(child.children, nested=True))
            for child in item
            if isinstance(child, nodes.definition)
        ]
        return ["\n\n".join([terms, *parts])]

    def table(self, node: nodes.table) -> str:
        """A table with pipes; a bar inside of a cell must not end it."""
        rows = [[self.entry(entry) for entry in row] for row in node.findall(nodes.row)]
        body = next(iter(node.findall(nodes.tbody)))
        sample = body[0] if len(body) else next(iter(node.findall(nodes.row)))
        rule = ["---:" if "text-right" in entry["classes"] else "---" for entry in sample]
        if not any(True for _ in node.findall(nodes.thead)):
            rows.insert(0, [""] * len(rule))
        lines = [f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:])]
        return "\n".join(lines)

    def entry(self, entry: nodes.Node) -> str:
        """One cell of a table, in one line."""
        assert isinstance(entry, nodes.Element)
        text = " ".join(self.inline(child, table=True) for child in entry.findall(nodes.paragraph))
        return text.replace("\n", " ")

    def image(self, node: nodes.image) -> str:
        """A picture that is a file of the sources goes into the notebook."""
        path = self.context.source / node["uri"]
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.attachments[path.name] = {kind: base64.b64encode(path.read_bytes()).decode()}
        return f"![{escaped(node.get('alt', ''))}](attachment:{path.name})"

    # Anchors

    def anchors(self, node: nodes.Element) -> list[str]:
        """An anchor for each id of a node to which the page links."""
        if isinstance(node, nodes.section | nodes.title):
            return []
        return self.listed_anchors(node)

    def listed_anchors(self, node: nodes.Element) -> list[str]:
        """The anchors of exactly this node, each once on the page."""
        names = [name for name in node.get("ids", []) if name in self.linked]
        self.linked -= set(names)
        return ["".join(f'<a id="{name}"></a>' for name in names)] if names else []

    # Words

    def inline(self, node: nodes.Element, table: bool = False) -> str:
        """Write the words of a node."""
        return "".join(self.word(child, table) for child in node.children).strip()

    def word(self, node: nodes.Node, table: bool) -> str:
        """Write a run of words."""
        match node:
            case nodes.Text():
                return escaped(node.astext())
            case nodes.math():
                tex = " ".join(portable(node.astext(), self.context.macros, self.context.number).split())
                return f"${bars(tex) if table else tex}$"
            case nodes.literal():
                code = node.astext().replace("\n", " ")
                ticks = "`" * (1 + max((len(run) for run in re.findall("`+", code)), default=0))
                return f"{ticks}{code}{ticks}" if len(ticks) == 1 else f"{ticks} {code} {ticks}"
            case nodes.strong():
                return f"**{self.inline(node, table)}**"
            case nodes.emphasis() | nodes.title_reference():
                return f"*{self.inline(node, table)}*"
            case nodes.reference():
                return self.reference(node, table)
            case Qed():
                return "\u2002∎"
            case nodes.image():
                return self.image(node)
            case nodes.target() | nodes.inline() | addnodes.download_reference() | nodes.abbreviation():
                return "".join(self.anchors(node)) + "".join(self.word(child, table) for child in node)
            case _ if isinstance(node, SILENT):
                return ""
        raise unknown(node)

    def reference(self, node: nodes.reference, table: bool = False) -> str:
        """A link within the notebook, to its sources or to the web; words alone where there is no address."""
        text, uri = self.inline(node, table), node.get("refuri", "")
        if anchor := local(node):
            return f"[{text}](#{anchor})"
        if (cited := uri.partition("#")[2]) in self.context.citations and "bibliography" in uri:
            key, entry = self.context.citations[cited]
            self.cited[key] = entry
            return f"[{text}](#ref-{key})"
        if re.match(r"[a-z]+:", uri):
            return f"[{text}]({uri})"
        return f"[{text}]({urljoin(self.context.address, uri)})" if self.context.address and uri else text


# Parts


def local(node: nodes.reference) -> str:
    """The anchor of a link to the page itself, or nothing."""
    uri = node.get("refuri", "")
    return str(node.get("refid") or (uri[1:] if uri.startswith("#") else ""))


def ancestors(node: nodes.Node) -> Iterable[nodes.Node]:
    """Yield the nodes around a node."""
    while node.parent is not None:
        node = node.parent
        yield node


def line_of(node: nodes.Element) -> int:
    """The line where a block begins, as far as docutils knows it; sections begin with their title."""
    found = node.line or (node[0].line if isinstance(node, nodes.section) and len(node) else None)
    return int(found or 0)


def unknown(node: nodes.Node) -> NotImplementedError:
    """The error for what has no form in a notebook yet."""
    return NotImplementedError(
        f"{node.source}:{node.line}: a notebook has no form for the node {type(node).__name__}; "
        "add one to docs/_ext/book_notebooks/markdown.py"
    )


def escaped(text: str) -> str:
    """Keep Markdown from reading signs in words as its own."""
    text = re.sub(r"([\\`*_$<\[\]|])", r"\\\1", text)
    return re.sub(
        r"(?m)^(\s*)([-+#>]|\d+[.)])(?=\s)", lambda hit: f"{hit[1]}{hit[2][:-1]}\\{hit[2][-1]}", text
    )


def bars(tex: str) -> str:
    """Write the bars of a formula by name: in a table a bar ends the cell."""
    return tex.replace(r"\|", r"\Vert ").replace("|", r"\vert ").strip()


def fence(code: str, language: str) -> str:
    """A block of code."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    return f"{ticks}{language}\n{code}\n{ticks}"


def quoted(text: str) -> str:
    """Put the sign of a quotation before each line."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def anchored(anchors: list[str], text: str) -> str:
    """A paragraph with its anchors."""
    return "".join(anchors) + text


def joined(pieces: Iterable[Piece]) -> str:
    """Join blocks of text; code cannot stand where they are wanted."""
    found = list(pieces)
    for piece in found:
        if not isinstance(piece, str):
            raise TypeError("a code cell stands inside a list or a table; move it behind it")
    return "\n\n".join(str(piece) for piece in found)


def wrapped(pieces: Iterable[Piece], wrap: Callable[[str], str]) -> list[Piece]:
    """Wrap each run of text between two code cells."""
    found: list[Piece] = []
    run: list[str] = []
    for piece in [*pieces, None]:
        if isinstance(piece, str):
            run.append(piece)
            continue
        if run:
            found.append(wrap("\n\n".join(run)))
            run = []
        if piece is not None:
            found.append(piece)
    return found


def fold(piece: Piece) -> Piece:
    """Fold the code cells of a solution with it."""
    return Code(piece.index, folded=True) if isinstance(piece, Code) else piece
