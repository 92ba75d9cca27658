r"""TeX that MathJax and KaTeX read without the macros of the book.

A notebook is shown by JupyterLab and GitHub (MathJax) and by VS Code (KaTeX).  None of them knows
``docs/macros.toml``, so the macros are written out.
"""

import re
from collections.abc import Callable, Mapping

from book_math.macros import Macro

_COMMAND = re.compile(r"([_^]?)\\([A-Za-z]+)")
_EQREF = re.compile(r"\\eqref\{([^{}]*)\}")
_TEXT = re.compile(r"\\text\{")
# What KaTeX knows and MathJax has only in packages that Jupyter does not load.
_PORTABLE = {r"\\coloneqq(?![A-Za-z])": r"\\mathrel{:=}"}


def group_end(tex: str, start: int) -> int:
    """Return the place after the brace that closes the one at ``start``."""
    depth, place = 0, start
    while place < len(tex):
        if tex[place] == "\\":
            place += 1
        elif tex[place] in "{}":
            depth += 1 if tex[place] == "{" else -1
            if depth == 0:
                return place + 1
        place += 1
    raise ValueError(f"a brace of the formula is not closed; close it: {tex}")


def argument(tex: str, start: int) -> tuple[str, int]:
    """Read the argument of a macro at ``start``: a group, a command or one character; and where it ends."""
    while tex[start : start + 1].isspace():
        start += 1
    if tex[start : start + 1] == "{":
        end = group_end(tex, start)
        return tex[start + 1 : end - 1], end
    found = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL).match(tex, start)
    if found is None:
        raise ValueError(f"a macro at the end of the formula has no argument; add it: {tex}")
    return found[0], found.end()


def expand(tex: str, macros: Mapping[str, Macro]) -> str:
    """Write out the macros of the book."""
    done, place = "", 0
    while hit := _COMMAND.search(tex, place):
        done += tex[place : hit.start()]
        macro, place = macros.get(hit[2]), hit.end()
        if macro is None:
            done += hit[0]
            continue
        arguments = []
        for _ in range(macro.args):
            text, place = argument(tex, place)
            arguments.append(text)
        body = re.sub(r"#(\d)", lambda digit, found=arguments: found[int(digit[1]) - 1], macro.tex)  # type: ignore[misc]
        body = expand(body, macros)
        done += f"{hit[1]}{{{body}}}" if hit[1] else body
        if re.search(r"\\[A-Za-z]+$", body) and not hit[1] and tex[place : place + 1].isalpha():
            done += " "
    return done + tex[place:]


def unnest(tex: str) -> str:
    r"""Take the formulas out of ``\text{by $x$}``: a dollar inside of dollars ends the formula for some."""
    done, place = "", 0
    while hit := _TEXT.search(tex, place):
        done += tex[place : hit.start()]
        place = group_end(tex, hit.end() - 1)
        parts = re.split(r"(?<!\\)\$", tex[hit.end() : place - 1])
        for position, part in enumerate(parts):
            if part:
                done += f"{{\\textstyle {part}}}" if position % 2 else f"\\text{{{part}}}"
    return done + tex[place:]


def portable(tex: str, macros: Mapping[str, Macro], number: Callable[[str], str]) -> str:
    """Return a formula in commands that all readers of notebooks know; ``number`` gives that of a label."""
    tex = _EQREF.sub(lambda hit: rf"\text{{{number(hit[1])}}}", tex.strip())
    tex = unnest(_flat(expand(tex, macros)))
    for pattern, replacement in _PORTABLE.items():
        tex = re.sub(pattern, replacement, tex)
    return re.sub(r"<(?=[A-Za-z/!])", "< ", tex)  # no formula may look like a tag


def _flat(tex: str) -> str:
    r"""Write ``\text`` of an ``\eqref`` inside of a ``\text`` as words."""
    return re.sub(
        r"\\text\{(\([^{}$]*\))\}", lambda hit: hit[1] if _inside_text(tex, hit.start()) else hit[0], tex
    )


def _inside_text(tex: str, place: int) -> bool:
    return any(
        hit.end() <= place < group_end(tex, hit.end() - 1) and tex.count("$", hit.end(), place) % 2 == 0
        for hit in _TEXT.finditer(tex, 0, place)
    )
