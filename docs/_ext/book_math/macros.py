"""The one table of TeX macros, ``docs/macros.toml``, and what is made from it."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_ENTRY = re.compile(r"^[ \t]*(\w+)[ \t]*=", re.MULTILINE)


@dataclass(frozen=True)
class Macro:
    r"""``\name`` with ``args`` arguments stands for ``tex``, or ``html`` and ``latex`` where these differ."""

    name: str
    tex: str
    args: int
    means: str
    html: str
    latex: str
    line: int


def read_macros(macros_file: Path) -> tuple[Macro, ...]:
    """Return the macros of the table, sorted by name; a malformed entry is a ValueError that names it."""
    text = macros_file.read_text(encoding="utf8")
    table = tomllib.loads(text).get("macro", {})
    lines = {found[1]: text.count("\n", 0, found.start(1)) + 1 for found in _ENTRY.finditer(text)}
    return tuple(
        _macro(macros_file, name, lines.get(name, 1), entry) for name, entry in sorted(table.items())
    )


def _macro(macros_file: Path, name: str, line: int, entry: dict[str, str | int]) -> Macro:
    tex, args, means = str(entry.get("tex", "")), int(entry.get("args", 0)), str(entry.get("means", ""))
    found = Macro(name, tex, args, means, str(entry.get("html", tex)), str(entry.get("latex", tex)), line)
    unknown = sorted(set(entry) - {"tex", "args", "means", "html", "latex"})
    faults = {
        f"has an unknown key {unknown}": bool(unknown),
        "has no `tex`": not tex,
        "has no `means`": not means,
        "must have a name of letters": re.fullmatch("[A-Za-z]+", name) is None,
        "must be written in ASCII": not (found.html + found.latex).isascii(),
    }
    faults |= {
        f"has args = {args} but `{body}` uses other arguments": _arguments(body) != set(range(1, args + 1))
        for body in (found.html, found.latex)
    }
    for fault, present in faults.items():
        if present:
            raise ValueError(f"{macros_file}:{line}: the macro {name} {fault}; mend this line")
    return found


def _arguments(body: str) -> set[int]:
    return {int(digit) for digit in re.findall(r"#(\d)", body)}


def katex_macros(macros: Iterable[Macro]) -> dict[str, str]:
    """Return the table in the form of KaTeX's option ``macros``."""
    return {f"\\{macro.name}": macro.html for macro in macros}


def latex_preamble(macros_file: Path) -> str:
    r"""Return the same macros for LaTeX's preamble.

    ``\DeclareRobustCommand`` also replaces what LaTeX or a package has defined before (``\vec``, ``\P``),
    and is safe in headings and captions.  The text must come after all packages.
    """
    lines = [
        f"\\DeclareRobustCommand{{\\{macro.name}}}{f'[{macro.args}]' if macro.args else ''}{{{macro.latex}}}"
        for macro in read_macros(macros_file)
    ]
    return "\n".join(lines) + "\n"


def unused_macros(macros: Iterable[Macro], texts: Iterable[str]) -> list[str]:
    """Return the names that stand neither in the texts nor in another macro."""
    macros = tuple(macros)
    bodies = [macro.tex + macro.html + macro.latex for macro in macros]
    used = {name for text in [*texts, *bodies] for name in re.findall(r"\\([A-Za-z]+)", text)}
    return [macro.name for macro in macros if macro.name not in used]
