"""Read the MyST sources without Sphinx: displays, checks, environments, references and examples."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from docutils.parsers.rst.directives.misc import TestDirective
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

__all__ = [
    "EXTENSIONS",
    "Book",
    "Chapter",
    "Check",
    "Directive",
    "Display",
    "Environment",
    "Example",
    "Inline",
    "Page",
    "Reference",
    "Unchecked",
    "read_book",
    "read_chapters",
    "read_page",
]

EXTENSIONS = {"dollarmath", "colon_fence", "deflist", "attrs_inline", "fieldlist"}
"""The extensions of MyST that conf.py switches on; a test compares the two."""

LITERAL = frozenset(
    {
        "check",
        "code",
        "code-block",
        "code-cell",
        "doctest",
        "eval-rst",
        "literalinclude",
        "math",
        "parsed-literal",
        "raw",
        "sourcecode",
        "toctree",
        "unchecked",
    }
)
"""Directives whose body is not MyST."""

ENVIRONMENTS = frozenset({"proof", "exercise", "solution"})
"""Environments besides those of the domain ``prf``."""

_ROLE_TARGET = re.compile(r"<([^<>]+)>\s*$")


@dataclass(frozen=True)
class Chapter:
    """One entry of chapters.toml; ``page`` is the document of the chapter, or the folder of its pages."""

    number: int
    volume: str
    title: str
    page: str
    key: str
    module: str


@dataclass(frozen=True)
class Place:
    """Where something stands: file below docs, first line, and the names of the directives around it."""

    file: str
    line: int
    context: tuple[str, ...]


P = TypeVar("P", bound=Place)


@dataclass(frozen=True)
class Display(Place):
    """A displayed formula; ``form`` is ``$$`` or the name of the directive."""

    label: str
    tex: str
    form: str = "$$"

    @property
    def kind(self) -> str:
        """The part of the label before the first hyphen."""
        return self.label.partition("-")[0]


@dataclass(frozen=True)
class Inline(Place):
    """A formula in the running text."""

    tex: str


@dataclass(frozen=True)
class Reference(Place):
    """A role that points to a label."""

    role: str
    target: str


@dataclass(frozen=True)
class Example(Place):
    """A ``python`` block with prompts, which is run as a test."""

    text: str


@dataclass(frozen=True)
class Directive(Place):
    """A directive as written; ``end`` is its last line, ``body_line`` the first line of its body."""

    name: str
    argument: str
    options: Mapping[str, str] = field(hash=False)
    body: str
    body_line: int
    end: int


@dataclass(frozen=True)
class Check(Directive):
    """The body of a ``check`` directive; the argument is the label of the display that it checks."""

    @property
    def label(self) -> str:
        """The label of the display."""
        return self.argument


@dataclass(frozen=True)
class Unchecked(Directive):
    """An ``unchecked`` directive: why a claim has no check."""

    @property
    def label(self) -> str:
        """The label of the display."""
        return self.argument


@dataclass(frozen=True)
class Environment(Directive):
    """A theorem or its kin, a proof, an exercise or a solution."""

    @property
    def kind(self) -> str:
        """The name without its domain."""
        return self.name.removeprefix("prf:")

    @property
    def label(self) -> str:
        """The label, or nothing."""
        return self.options.get("label", "")

    def holds(self, item: Place) -> bool:
        """Whether the item stands inside."""
        return item.file == self.file and self.line < item.line <= self.end


@dataclass(frozen=True)
class Page:
    """One source file and all that was found in it, in order."""

    file: str
    docname: str
    chapter: Chapter | None
    text: str
    displays: tuple[Display, ...]
    inlines: tuple[Inline, ...]
    references: tuple[Reference, ...]
    examples: tuple[Example, ...]
    directives: tuple[Directive, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks."""
        return tuple(d for d in self.directives if isinstance(d, Check))

    @property
    def unchecked(self) -> tuple[Unchecked, ...]:
        """The reasons for claims without a check."""
        return tuple(d for d in self.directives if isinstance(d, Unchecked))

    @property
    def environments(self) -> tuple[Environment, ...]:
        """Theorems and their kin, proofs, exercises and solutions."""
        return tuple(d for d in self.directives if isinstance(d, Environment))


@dataclass(frozen=True)
class Book:
    """All pages below ``docs``."""

    docs: Path
    chapters: tuple[Chapter, ...]
    pages: tuple[Page, ...]

    @property
    def displays(self) -> tuple[Display, ...]:
        """The displays of all pages."""
        return tuple(item for page in self.pages for item in page.displays)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks of all pages."""
        return tuple(item for page in self.pages for item in page.checks)

    @property
    def unchecked(self) -> tuple[Unchecked, ...]:
        """The claims without a check of all pages."""
        return tuple(item for page in self.pages for item in page.unchecked)

    @property
    def environments(self) -> tuple[Environment, ...]:
        """The environments of all pages."""
        return tuple(item for page in self.pages for item in page.environments)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references of all pages."""
        return tuple(item for page in self.pages for item in page.references)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples of all pages."""
        return tuple(item for page in self.pages for item in page.examples)


def read_book(docs: Path | str) -> Book:
    """Read every page below ``docs``, except in folders whose name starts with an underscore."""
    docs = Path(docs)
    chapters = read_chapters(docs)
    files = sorted(path.relative_to(docs) for path in docs.rglob("*.md"))
    pages = [
        read_page((docs / file).read_text(encoding="utf8"), file.as_posix(), chapters)
        for file in files
        if not any(part.startswith(("_", ".")) for part in file.parts)
    ]
    return Book(docs, chapters, tuple(pages))


def read_chapters(docs: Path | str) -> tuple[Chapter, ...]:
    """Read chapters.toml."""
    with (Path(docs) / "chapters.toml").open("rb") as file:
        return tuple(Chapter(**entry) for entry in tomllib.load(file)["chapter"])


def read_page(text: str, file: str, chapters: tuple[Chapter, ...] = ()) -> Page:
    """Read one page; ``file`` is its path below docs and decides its chapter."""
    docname = file.removesuffix(".md")
    chapter = next((c for c in chapters if docname == c.page or docname.startswith(c.page + "/")), None)
    items = list(_items(text, file, 1, ()))

    def of(kind: type[P]) -> tuple[P, ...]:
        return tuple(item for item in items if isinstance(item, kind))

    return Page(
        file,
        docname,
        chapter,
        text,
        displays=of(Display),
        inlines=of(Inline),
        references=of(Reference),
        examples=of(Example),
        directives=of(Directive),
    )


@cache
def _parser() -> MarkdownIt:
    """The parser of MyST, with only those inline rules that find formulas and roles."""
    config = MdParserConfig(enable_extensions=EXTENSIONS, dmath_double_inline=True)
    parser = create_md_parser(config, RendererHTML)
    parser.inline.ruler.enableOnly(["text", "newline", "escape", "backticks", "myst_role", "math_inline"])
    parser.inline.ruler2.enableOnly([])
    return parser


def _items(text: str, file: str, first: int, context: tuple[str, ...]) -> Iterator[Place]:
    """All items of a text whose first line is ``first`` in its file."""
    tokens = _parser().parse(text)
    gates = [_gate(token) for token in tokens]
    around = context
    line = first
    for index, token in enumerate(tokens):
        if token.map:
            line = first + token.map[0]
        if token.type == "inline":
            yield from _inline(token, file, line, around)
        elif token.type in ("math_block", "math_block_label"):
            yield Display(file, line, around, token.info.strip(), token.content.strip())
        elif token.type in ("fence", "colon_fence"):
            name, argument = _directive_name(token.info)
            opens, closes = f"{name.removesuffix('-start')}-end", name.removesuffix("-end")
            if name.endswith("-end") and around[-1:] == (closes,):
                around = around[:-1]
            elif name.endswith("-start") and opens in gates[index:]:
                last = tokens[gates.index(opens, index)].map
                assert last is not None
                yield from _directive(
                    token, name.removesuffix("-start"), argument, file, line, around, first + last[1] - 1
                )
                around = (*around, name.removesuffix("-start"))
            elif name:
                yield from _directive(token, name, argument, file, line, around)
            elif token.info.split()[:1] == ["python"] and re.search(r"^\s*>>> ", token.content, re.MULTILINE):
                yield Example(file, line + 1, around, token.content)


def _directive_name(info: str) -> tuple[str, str]:
    """Name and argument of a fence that is a directive, else two empty strings."""
    name, _, argument = info.strip().partition(" ")
    return (name[1:-1], argument.strip()) if name[:1] == "{" and name[-1:] == "}" else ("", "")


def _gate(token: Token) -> str:
    """The name of a directive that closes an environment."""
    name = _directive_name(token.info)[0] if token.type in ("fence", "colon_fence") else ""
    return name if name.endswith("-end") else ""


def _directive(
    token: Token, name: str, argument: str, file: str, line: int, context: tuple[str, ...], end: int = 0
) -> Iterator[Place]:
    """The directive itself and, unless its body is literal, what the body holds."""
    parsed = parse_directive_text(TestDirective, argument, token.content, line=line)
    body_line = line + 1 + parsed.body_offset
    assert token.map is not None
    kind = _directive_class(name)
    yield kind(
        file,
        line,
        context,
        name,
        argument,
        parsed.options,
        "\n".join(parsed.body),
        body_line,
        end or line + token.map[1] - token.map[0] - 1,
    )
    if name == "math":
        tex = "\n".join([argument, *parsed.body]).strip("\n")
        yield Display(file, line, context, parsed.options.get("label", ""), tex, name)
    if kind is Environment and name != "solution":
        yield from _items(argument, file, line, (*context, name))
    if name not in LITERAL:
        yield from _items("\n".join(parsed.body), file, body_line, (*context, name))


def _directive_class(name: str) -> type[Directive]:
    if name.startswith("prf:") or name in ENVIRONMENTS:
        return Environment
    return {"check": Check, "unchecked": Unchecked}.get(name, Directive)


def _inline(token: Token, file: str, line: int, context: tuple[str, ...]) -> Iterator[Place]:
    """Formulas and references of a run of text."""
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type in ("math_inline", "math_single"):
            yield Inline(file, line, context, child.content)
        elif child.type == "math_inline_double":
            yield Display(file, line, context, "", child.content)
        elif child.type == "myst_role":
            target = _ROLE_TARGET.search(child.content)
            yield Reference(
                file, line, context, child.meta["name"], (target[1] if target else child.content).strip()
            )
        line += child.content.count("\n")
