"""Signature of TeX: how often signs, numerals, powers, … occur in each side of a display."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from book_math.macros import Macro

__all__ = [
    "INEQUALITIES",
    "RELATIONS",
    "Side",
    "Signature",
    "argument",
    "expand",
    "in_order",
    "lex",
    "linear",
    "terms",
    "tex_inequalities",
    "tex_sides",
]

_LEX = re.compile(r"\\operatorname\*|\\[A-Za-z]+|\\.|#\d|\d+(?:\.\d+)?|\S", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)%.*")


def _commands(names: str) -> frozenset[str]:
    return frozenset(f"\\{name}" for name in names.split())


_FRACTIONS = _commands("frac tfrac dfrac")
_STYLES = _commands("boldsymbol mathbf mathcal mathsf mathit hat tilde bar widehat widetilde overline dot")
_MARKS = {
    r"\hat": "hat",
    r"\widehat": "hat",
    r"\bar": "bar",
    r"\overline": "bar",
    r"\tilde": "tilde",
    r"\widetilde": "tilde",
}
_TEXTS = _commands("text textsf textrm mbox tag label")
_RELATIONS = {"=", "<", ">"} | _commands(
    "coloneqq ne neq le leq ge geq approx equiv iff implies propto sim succ succeq prec preceq "
    "Leftrightarrow Rightarrow Longleftrightarrow Longrightarrow to mapsto"
)
_APART = (",", ";", r"\quad", r"\qquad")
_OPEN = {"(", "[", r"\{", r"\langle", r"\lVert", r"\lvert", r"\lfloor", r"\lceil"}
_CLOSE = {")", "]", r"\}", r"\rangle", r"\rVert", r"\rvert", r"\rfloor", r"\rceil"}
_LIMITS = {"sum", "product", "integral", "limit", "maximum", "minimum"}
_COMMANDS = {
    "+": "+",
    "-": "−",
    r"\pm": "±",
    "!": "factorial",
    r"\sum": "sum",
    r"\prod": "product",
    r"\int": "integral",
    r"\lim": "limit",
    r"\max": "maximum",
    r"\sup": "maximum",
    r"\min": "minimum",
    r"\inf": "minimum",
    r"\log": "log",
    r"\ln": "log",
    r"\exp": "exp",
    r"\det": "determinant",
    r"\nabla": "derivative",
    r"\partial": "derivative",
} | {rf"\{name}": name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
_WORDS = {
    "argmin": "minimum",
    "argmax": "maximum",
    "tr": "trace",
    "Cov": "covariance",
    "Var": "variance",
    "logdet": "determinant",
}
_GREEK = _commands(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi "
    "chi psi omega"
)

Item = tuple[str, str]
Signature = Counter[str]


def lex(tex: str) -> list[str]:
    """The tokens of TeX, without spaces and comments; a number is one token."""
    return _LEX.findall(_COMMENT.sub("", tex))


def expand(tokens: Iterable[str], macros: Mapping[str, Macro]) -> list[str]:
    """The tokens with every macro of the table replaced by what it stands for."""
    done: list[str] = []
    waiting = [*tokens][::-1]
    while waiting:
        token = waiting.pop()
        macro = macros.get(token[1:]) if token.startswith("\\") else None
        if macro is None:
            done.append(token)
            continue
        arguments = [argument(waiting) for _ in range(macro.args)]
        filled: list[str] = []
        for part in lex(macro.tex):
            filled += arguments[int(part[1]) - 1] if part.startswith("#") else [part]
        waiting += filled[::-1]
    return done


def argument(waiting: list[str]) -> list[str]:
    """Take and return the next token or group from the end of the list; of a number, one digit."""
    if not waiting:
        return []
    token = waiting.pop()
    if token.isdigit() and len(token) > 1:
        waiting.append(token[1:])
        return [token[0]]
    if token != "{":
        return [token]
    group, depth = [], 1
    while waiting:
        token = waiting.pop()
        depth += (token == "{") - (token == "}")
        if not depth:
            break
        group.append(token)
    return group


def _items(tokens: Sequence[str]) -> list[Item]:
    """What is counted, and the brackets, commas and relations between."""
    out: list[Item] = []
    waiting = list(tokens)[::-1]
    while waiting:
        token = waiting.pop()
        if token in _FRACTIONS:
            out += _fraction(argument(waiting), argument(waiting))
        elif token == r"\sqrt":
            out += [("count", "root"), *_items(argument(waiting)), ("end", "")]
        elif token in _STYLES:
            inner = _items(argument(waiting))
            inner = [("letter", value) if kind == "numeral" else (kind, value) for kind, value in inner]
            if token in _MARKS and [kind for kind, _ in inner] == ["letter"]:
                out.append(("mark", f"mark {_MARKS[token]} {inner[0][1]}"))
            out += inner
        elif token in _TEXTS:
            argument(waiting)
        elif token == r"\htmlClass":
            argument(waiting), argument(waiting)
        elif token in (r"\begin", r"\end"):
            if argument(waiting) == list("array") and token == r"\begin":
                argument(waiting)
        elif token == r"\mathbb":
            out.append(_blackboard("".join(argument(waiting))))
        elif token in (r"\operatorname", r"\operatorname*"):
            word = "".join(part for part in argument(waiting) if part.isalnum())
            out.append(("count", _WORDS[word]) if word in _WORDS else ("letter", word.lower()))
        elif token in ("_", "^") and out[-1:] in ([("count", "sum")], [("count", "product")]):
            out += _bound(token, argument(waiting), waiting)
        elif token == "_":
            _subscript(argument(waiting), out)
        elif token == "^":
            _superscript(argument(waiting), out)
        elif token == "{":
            waiting.append(token)
            out += _items(argument(waiting))
        else:
            _symbol(token, out)
    return out


def _symbol(token: str, out: list[Item]) -> None:
    if token in _COMMANDS:
        out.append(("count", _COMMANDS[token]))
    elif token == "/":
        if out[-1:] == [("numeral", "1")]:
            out.pop()
        out += [("count", "inverse"), ("bar", "")]
    elif token in _RELATIONS:
        out.append(("relation", token))
    elif token in _OPEN:
        out.append(("open", token))
        if token == r"\langle":
            out.append(("count", "transpose"))
    elif token in _CLOSE:
        out.append(("close", token))
    elif token in (",", ";"):
        out.append(("comma", token))
    elif token[0].isdigit():
        out.append(("numeral", token))
    elif token.isalpha():
        out.append(("letter", token.lower()))
    elif token.lower().replace("var", "") in _GREEK:
        out.append(("letter", token[1:].lower().replace("var", "")))
    elif token == r"\ell":
        out.append(("letter", "l"))


def _blackboard(letter: str) -> Item:
    words = {"E": "expectation", "P": "probability"}
    return ("count", words[letter]) if letter in words else ("letter", letter.lower())


def _fraction(top: list[str], bottom: list[str]) -> list[Item]:
    if top[:1] == [r"\partial"] or top[:4] == [r"\mathrm", "{", "d", "}"]:
        return [("count", "derivative"), *_items(top[1 if top[0] == r"\partial" else 4 :]), ("end", "")]
    above = [] if top == ["1"] else _items(top)
    return [*above, ("count", "inverse"), ("bar", ""), ("open", ""), *_items(bottom), ("close", "")]


def _bound(mark: str, tokens: list[str], waiting: list[str]) -> list[Item]:
    """How many terms a sum has, where its bounds are letters and numerals: ``j=1`` below, ``d`` above."""
    scripts = {mark: tokens}
    if waiting and waiting[-1] in ("_", "^") and waiting[-1] != mark:
        other = waiting.pop()
        scripts[other] = argument(waiting)
    below, above = scripts.get("_", []), scripts.get("^", [])
    if below[1:2] != ["="] or not above:
        return []
    first, last = linear(below[2:]), linear(above)
    if first is None or last is None:
        return []
    last.subtract(first)
    last["1"] += 1
    return [("count", f"bound {terms(last)}")]


def linear(tokens: Sequence[str]) -> Counter[str] | None:
    """A sum of letters and whole numbers, such as ``d - 1``, as coefficients; numbers belong to "1"."""
    found: Counter[str] = Counter()
    sign = 1
    for k, token in enumerate(tokens):
        if token in ("+", "-"):
            sign = 1 if token == "+" else -1
        elif (token.isdigit() or re.fullmatch("[A-Za-z]", token)) and (k == 0 or tokens[k - 1] in ("+", "-")):
            found["1" if token.isdigit() else token.lower()] += sign * (int(token) if token.isdigit() else 1)
        else:
            return None
    return found


def terms(coefficients: Mapping[str, int]) -> str:
    """The coefficients as a formula, the same for the same sum."""
    parts = [
        f"{value:+d}" if name == "1" else f"{value:+d}{name}".replace("1", "", abs(value) == 1)
        for name, value in sorted(coefficients.items(), reverse=True)
        if value
    ]
    return "".join(parts).removeprefix("+") or "0"


def _subscript(tokens: list[str], out: list[Item]) -> None:
    """Count the letters of an index; what stands under a sum or a maximum is a bound."""
    if not (out and out[-1][0] == "count" and out[-1][1] in _LIMITS):
        if r"\star" in tokens and out and out[-1][0] == "letter":
            out.insert(-1, ("mark", f"mark star {out[-1][1]}"))
        out += [("index", f"index {token}") for token in tokens if re.fullmatch("[a-z]", token)]


def _superscript(tokens: list[str], out: list[Item]) -> None:
    """Count a superscript: a transpose, an inverse, a power; or nothing, where it is a limit or a mark."""
    if out and out[-1][0] == "count" and out[-1][1] in _LIMITS:
        return
    if out[-1:] == [("letter", "e")]:
        out[-1:] = [("count", "exp"), *_items(tokens)]
        return
    if tokens[:1] == ["-"] and len(tokens) > 1:
        out.append(("count", "inverse"))
        tokens = tokens[1:]
        if tokens == ["1"]:
            return
    if tokens == [r"\top"]:
        out.append(("count", "transpose"))
    elif tokens == ["+"]:
        out.append(("count", "plus"))
    elif tokens in (["1", "/", "2"], [r"\frac", "1", "2"], [r"\tfrac", "12"], [r"\frac", "12"]):
        out.append(("count", "root"))
    elif len(tokens) == 1 and tokens[0].isdigit():
        out.append(("count", f"power {tokens[0]}"))
    elif not _is_index(tokens) and tokens[:1] not in (
        [],
        ["'"],
        ["*"],
        [r"\star"],
        [r"\ast"],
        [r"\prime"],
        [r"\dagger"],
        [r"\circ"],
    ):
        out += [("count", "power"), *_items(tokens), ("end", "")]


def _is_index(tokens: Sequence[str]) -> bool:
    """Whether a superscript is one bracket, such as ``(t)``: the number of an iterate."""
    return tokens[:1] == ["("] and ")" not in tokens[:-1] and tokens[-1] == ")"


@dataclass(frozen=True)
class Side:
    """One side of the relations of a display: its tokens as written, and its signature.

    ``relation`` stands before it, as a check writes it; it is "," where the side begins another statement,
    and empty before the first.  ``before`` is that relation as it stands in the TeX.  ``order`` are
    the letters, signs and transposes as they are read.
    """

    tokens: tuple[str, ...]
    signature: Signature
    relation: str = ""
    before: tuple[str, ...] = ()
    order: tuple[str, ...] = ()

    @property
    def is_name(self) -> bool:
        """Whether it is one letter or numeral, perhaps with indices and arguments: nothing to evaluate."""
        if {r"\norm", r"\abs", r"\lVert", r"\lvert"} & set(self.tokens):
            return False
        counts = [count for key, count in self.signature.items() if not key.startswith(("index", "mark"))]
        only = all(key.startswith(("letter", "numeral", "index", "mark")) for key in self.signature)
        return only and sum(counts) <= 1


def tex_sides(tex: str, macros: Mapping[str, Macro]) -> list[Side]:
    """The sides of the relations of a display, without its reasons and alignment."""
    found: list[Side] = []
    parts, between = _split(tex)
    waiting: list[str] = []
    for tokens, before in zip(parts, ["", *between], strict=True):
        waiting.append(before)
        items = _items(expand(tokens, macros))
        signature = Counter(_counted(items))
        if signature:
            found.append(
                Side(
                    tuple(tokens),
                    signature,
                    _relation(waiting) if found else "",
                    tuple(filter(None, waiting)),
                    in_order(_counted(_transposed(items))),
                )
            )
            waiting = []
    return found


def _relation(tokens: Sequence[str]) -> str:
    """The relation between two sides; a comma only where there is nothing else."""
    words = [RELATIONS.get(token, token.lstrip("\\")) for token in tokens if token]
    return next((word for word in words if word != ","), ",")


def tex_inequalities(tex: str) -> list[str]:
    """The inequalities of a display, in their order, as a check writes them."""
    words = [RELATIONS.get(token, "") for token in _split(tex)[1]]
    return [word for word in words if word in INEQUALITIES]


INEQUALITIES = ("<", ">", "preceq", "succeq", "<=", ">=")
RELATIONS = {
    "=": "=",
    "<": "<",
    ">": ">",
    r"\preceq": "preceq",
    r"\succeq": "succeq",
    r"\le": "<=",
    r"\leq": "<=",
    r"\ge": ">=",
    r"\geq": ">=",
    r"\iff": "iff",
    r"\Leftrightarrow": "iff",
    r"\Longleftrightarrow": "iff",
    r"\implies": "implies",
    r"\Rightarrow": "implies",
    r"\Longrightarrow": "implies",
    **dict.fromkeys(_APART, ","),
}
"""What stands between the sides of a display, and how a check writes it."""


def _split(tex: str) -> tuple[list[list[str]], list[str]]:
    """The tokens of the sides of a display, and the relations and commas between them."""
    sides: list[list[str]] = [[]]
    between: list[str] = []
    depth, before, token = 0, "", ""
    waiting = lex(tex)[::-1]
    while waiting:
        before, token = token, waiting.pop()
        depth += (token in _OPEN or token == "{") - (token in _CLOSE or token == "}")
        if token in (r"\begin", r"\end", r"\why", *_TEXTS):
            argument(waiting)
        elif token in (r"\quad", r"\qquad") and before in ("&", "\\\\"):
            continue  # the line goes on from the one above
        elif depth <= 0 and (token in _RELATIONS or token in _APART):
            sides.append([])
            between.append(token)
        elif token not in ("&", "\\\\"):
            sides[-1].append(token)
    return sides, between


def in_order(tokens: Iterable[str]) -> tuple[str, ...]:
    """The letters, signs and transposes among tokens.

    Left out is what stands below a bar, for it may be written as a factor in front, and so are Greek letters
    with a negative power.  A transpose is read after the sign and the Greek factors of what it turns.
    """
    found: list[str] = []
    for token in tokens:
        if token.endswith(" below a bar"):
            found.pop()  # the letter or numeral itself
        elif token == "inverse" and found and f"\\{found[-1].removeprefix('letter ')}" in _GREEK:
            found.pop()
        elif token in ("+", "−", "transpose") or token.startswith(("letter", "numeral")):
            found.append(token)
    words = [token.removeprefix("letter ") for token in found if not token.startswith("numeral")]
    for k in reversed(range(len(words) - 1)):
        while words[k : k + 1] == ["transpose"] and k + 1 < len(words) and _is_factor(words[k + 1]):
            words[k : k + 2] = words[k + 1], words[k]
            k += 1
    return tuple(words)


def _is_factor(word: str) -> bool:
    return word == "−" or f"\\{word}" in _GREEK


def _transposed(items: list[Item]) -> list[Item]:
    """The same items with each transpose before what it turns: a letter or a bracket."""
    out: list[Item] = []
    for item in items:
        place = len(out)
        if item == ("count", "transpose") and place and out[-1][0] != "open":
            depth = 0
            while place:
                place -= 1
                depth += (out[place][0] == "close") - (out[place][0] == "open")
                if depth == 0 and out[place][0] not in ("index", "count", "mark"):
                    break
        out.insert(place, item)
    return out


def _counted(items: list[Item]) -> Iterator[str]:
    """The tokens, without the arguments of functions that are single letters: f(x) is f."""
    low = _below(items)
    place = 0
    while place < len(items):
        kind, value = items[place]
        if kind in ("count", "index", "mark"):
            yield value
        elif kind in ("letter", "numeral"):
            yield f"{kind} {value}"
            if place in low:
                yield f"{value} below a bar"
        place += 1
        if kind in ("letter", "index"):
            place = _after_argument(items, place)


def _after_argument(items: list[Item], place: int) -> int:
    """Where to read on after a letter: behind a bracket that holds letters alone."""
    if items[place : place + 1] != [("open", "(")]:
        return place
    end = place + 1
    while end < len(items) and (
        items[end][0] in ("letter", "index", "comma", "mark") or items[end][1] == "plus"
    ):
        end += 1
    return end + 1 if end > place + 1 and items[end : end + 1] == [("close", ")")] else place


def _below(items: list[Item]) -> set[int]:
    """The places that stand below the bar of a fraction: the item or bracket after each bar."""
    found: set[int] = set()
    for place, (kind, _) in enumerate(items):
        if kind != "bar":
            continue
        depth, end = 0, place + 1
        while end < len(items):
            depth += (items[end][0] == "open") - (items[end][0] == "close")
            end += 1
            if depth <= 0 and items[end - 1][0] != "end":
                break
        found |= set(range(place + 1, end))
    return found
