"""TeX as plain text for a terminal."""

import unicodedata
from collections.abc import Sequence

from book_checks.tokens_tex import argument, lex

__all__ = ["readable", "rows"]

_WORDS = {
    r"\R": "ℝ",
    r"\T": "ᵀ",
    r"\top": "ᵀ",
    r"\sum": "Σ",
    r"\prod": "Π",
    r"\int": "∫",
    r"\star": "⋆",
    r"\le": "≤",
    r"\leq": "≤",
    r"\ge": "≥",
    r"\geq": "≥",
    r"\ne": "≠",
    r"\succeq": "⪰",
    r"\preceq": "⪯",
    r"\in": "∈",
    r"\to": "→",
    r"\downarrow": "↓",
    r"\infty": "∞",
    r"\coloneqq": "≔",
    r"\Longleftrightarrow": "⟺",
    r"\grad": "∇",
    r"\nabla": "∇",
    r"\partial": "∂",
    r"\cdot": "·",
    r"\dots": "…",
    r"\{": "{",
    r"\}": "}",
}
_MARKS = {r"\hat": "\u0302", r"\tilde": "\u0303", r"\bar": "\u0304"}
_PLAIN = {r"\mat", r"\vect", r"\mathrm", r"\mathbb", r"\operatorname", r"\boldsymbol", r"\mathcal"}
_NOTHING = {"&", r"\,", r"\;", r"\:", r"\!", r"\left", r"\right", r"\textstyle", r"\quad", r"\qquad"} | {
    rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "g")
}
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SPACED = {"+", "-", "=", "<", ">", "≤", "≥", "≠", "⪰", "⪯", "∈", "→", "↓", "≔", "⟺"}


def rows(tex: str) -> list[str]:
    """The rows of a display, without its reasons."""
    found: list[list[str]] = [[]]
    waiting = lex(tex)[::-1]
    while waiting:
        token = waiting.pop()
        if token in (r"\begin", r"\end", r"\why"):
            argument(waiting)
        elif token == r"\\":
            found.append([])
        else:
            found[-1].append(token)
    return [readable(row) for row in found if row]


def readable(tokens: Sequence[str]) -> str:
    """A formula in one line."""
    parts: list[str] = []
    waiting = list(tokens)[::-1]
    while waiting:
        token = waiting.pop()
        if token in (r"\frac", r"\tfrac", r"\dfrac"):
            parts.append(f" {_atom(argument(waiting))}/{_atom(argument(waiting))} ")
        elif token in _MARKS:
            parts.append(readable(argument(waiting)) + _MARKS[token])
        elif token in _PLAIN:
            parts.append(readable(argument(waiting)))
        elif token == r"\norm":
            parts.append(f"‖{readable(argument(waiting))}‖")
        elif token == r"\abs":
            parts.append(f"|{readable(argument(waiting))}|")
        elif token == r"\sqrt":
            parts.append(f"√{_atom(argument(waiting))}")
        elif token in "_^":
            parts.append(_script(token, readable(argument(waiting))))
        elif token == "{":
            waiting.append(token)
            parts.append(readable(argument(waiting)))
        elif token not in _NOTHING:
            parts.append(_word(token))
    parts = [
        f"{part} " if before.startswith("_{") and part.startswith("^") else part
        for before, part in zip(["", *parts], parts, strict=False)
    ]
    spaced = "".join(f" {part} " if part in _SPACED else part for part in parts)
    return " ".join(spaced.replace("-", "−").split())


def _atom(tokens: list[str]) -> str:
    text = readable(tokens)
    return text if len(text) == 1 else f"({text})"


def _script(mark: str, text: str) -> str:
    text = text.replace(" ", "")
    raised = text.replace("−", "-")
    if text == "ᵀ":
        return text
    if mark == "^" and raised.lstrip("-").isdigit():
        return raised.translate(_RAISED)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}{{{text}}}"


def _word(token: str) -> str:
    if token in _WORDS:
        return _WORDS[token]
    if not token.startswith("\\"):
        return token
    name = token[1:].replace("var", "", 1) if token.startswith(r"\var") else token[1:]
    spelled = {"lambda": "lamda", "Lambda": "Lamda"}.get(name, name)
    case = "CAPITAL" if name[:1].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {spelled}")
    except KeyError:
        return f" {name} " if name.isalpha() else name
