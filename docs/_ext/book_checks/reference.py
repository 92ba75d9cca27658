"""The page of draws and verbs, made from the docstrings of mlderived.checking."""

import inspect
import re
from collections.abc import Iterator

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from mlderived import checking

__all__ = ["entry", "reference", "setup"]


def reference() -> str:
    """Every group as a section with a definition list, in Markdown."""
    return "\n\n".join(
        f"## {title}\n\n" + "\n\n".join(map(entry, names)) for title, names in checking.GROUPS.items()
    )


def entry(name: str) -> str:
    """A draw or verb as it is called in a check, what it does, and an example."""
    function = getattr(checking, name)
    text = inspect.getdoc(function) or ""
    words, _, example = text.partition("\n\nExamples\n--------\n")
    parts = re.sub(r"``(.*?)``", r"`\1`", words).strip().split("\n")
    if example and name not in checking.DRAWS:
        parts += ["", "```pycon", *example.strip().split("\n"), "```"]
    body = "\n".join(f"  {part}".rstrip() for part in parts)
    return f"`{name}({', '.join(_arguments(name))})`\n:{body[1:]}"


def _arguments(name: str) -> Iterator[str]:
    """The arguments as they are written in a check, where draws have no generator."""
    for argument in inspect.signature(getattr(checking, name)).parameters.values():
        if argument.name in ("rng", "tolerance"):
            continue
        star = "*" if argument.kind is inspect.Parameter.VAR_POSITIONAL else ""
        default = "" if argument.default is inspect.Parameter.empty else f"={argument.default!r}"
        yield f"{star}{argument.name}{default}"


class Verbs(SphinxDirective):
    """``{verbs}``: all draws and verbs."""

    def run(self) -> list[nodes.Node]:
        """Parse the generated Markdown in the place of the directive."""
        self.env.note_dependency(checking.__file__)
        section = nodes.section()
        section.document = self.state.document
        lines = StringList(reference().splitlines(), self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, section, match_titles=True)
        return section.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("verbs", Verbs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
