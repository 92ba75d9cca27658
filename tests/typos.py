r"""Every typo of one token that can be planted in the TeX of a display, by class."""

import re
from collections.abc import Iterator

_GROUP = r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\[A-Za-z]+|[^\\{}\s])"
_LETTER = (
    r"\\(?:hat|tilde|bar)\{\\(?:vect|mat)\{\w+\}\}|\\(?:vect|mat)\{[^{}]+\}|\\(?:var)?"
    r"(?:lambda|sigma|phi|delta|mu|theta|alpha|beta)(?![A-Za-z])|(?<![\\A-Za-z{])[a-zA-Z](?![A-Za-z])"
)

# class, what stands in the TeX, and what is put there instead, where #1 is the first group
TYPOS = [
    ("sign", r"\+", ["-", ""]),
    ("sign", r"-(?!1\})", ["+", ""]),
    ("factor", r"\\tfrac12", ["", r"\tfrac13", "2"]),
    ("factor", r"\\[td]?frac1n", ["", r"\tfrac12"]),
    ("factor", r"(?<![\w^\\{])[2-9](?!\d)", ["", "3", "1"]),
    ("factor", rf"\\frac\{{({_GROUP}*)\}}\{{({_GROUP}*)\}}", ["#1", r"\frac{#2}{#1}"]),
    ("factor", rf"(?:{_LETTER})(?:_(?:{_GROUP}))?(?:\^2)?", [""]),
    ("power", r"\^[2-9]", ["", "^4", "^1"]),
    ("power", r"(?<=\\lambda)(?!\^|_)|(?<=\\sigma)(?!\^|_)|(?<=s_j)(?!\^)", ["^2"]),
    ("inverse", r"\^\{-1\}", ["", r"^{-2}"]),
    ("sum", rf"\\sum_{_GROUP}(?:\^{_GROUP})?", [""]),
    (
        "order",
        r"(\\(?:mat|vect)\{[A-Za-z]\}(?:\^\\T)?)\s*(\\(?:mat|vect)\{[A-Za-z]\}(?:\^\\T)?)",
        ["#2#1"],
    ),
    ("transpose", r"\^\\T(?![A-Za-z])", [""]),
    ("transpose", r"(?<=\\mat\{[A-Z]\})(?!\^|\})", [r"^\T "]),
    ("function", r"\\(?:tr|sqrt|log|exp|det|E|Cov|Var)(?![A-Za-z])", [""]),
    ("letter", _LETTER, [r"\mu ", r"\vect{q}"]),
    ("index", r"(?<=_)([a-z0-9])", ["k"]),
    ("index", r"(?<=_)\\(?:lambda|star)", ["0"]),
    ("bound", r"(?<=\}\^)\{[a-z]\}", ["{m}", "{n}", "{d}"]),
    ("bound", r"(?<=[a-z]=)1(?=\})", ["0", "2"]),
]
"""Those of the last two classes are for the blind transcription: a count does not see an index."""


def _kept_out(tex: str, kind: str) -> set[int]:
    """Places where nothing is planted: reasons and, except for indices, subscripts and bounds."""
    spans = [match.span() for match in re.finditer(r"\\why\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}", tex)]
    spans += [match.span() for match in re.finditer(r"\\(?:begin|end)\{\w+\}", tex)]
    if kind not in ("index", "bound"):
        spans += [match.span() for match in re.finditer(rf"_{_GROUP}", tex)]
        spans += [match.span() for match in re.finditer(r"(?<=\})\^\{[a-z]\}", tex)]
    return {place for start, end in spans for place in range(start, end)}


def typos(tex: str) -> Iterator[tuple[str, str]]:
    """The class of each typo and the TeX that has it."""
    for kind, pattern, instead in TYPOS:
        for match in re.finditer(pattern, tex):
            if match.start() in _kept_out(tex, kind):
                continue
            for written in instead:
                new = written
                for number, group in enumerate(match.groups(), start=1):
                    new = new.replace(f"#{number}", group)
                typed = tex[: match.start()] + new + tex[match.end() :]
                if typed != tex:
                    yield kind, typed
