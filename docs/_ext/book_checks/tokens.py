r"""Token signature: how often signs, numerals, powers, … occur in the TeX of a display and in its check.

Counting is not parsing: both sides are read from left to right and counted, term by term as the reader sees
them.  ``\tfrac12 x``, ``x / 2`` and ``0.5 * x`` count alike, so do ``\norm{x}^2``, ``norm(x)**2`` and
``sum(x**2)``, and ``x^\T y`` and ``x @ y``.  Brackets, hats and the bounds of sums are not counted.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from book_checks import body
from book_checks.rules import Violation
from book_math.macros import Macro
from book_source import Book, Check, Display
from mlderived.checking import DRAWS, RESERVED

__all__ = ["Pairing", "Side", "argument", "code_sides", "expand", "lex", "pair", "tex_sides", "violations"]

_LEX = re.compile(r"\\operatorname\*|\\[A-Za-z]+|\\.|#\d|\d+(?:\.\d+)?|\S", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)%.*")


def _commands(names: str) -> frozenset[str]:
    return frozenset(f"\\{name}" for name in names.split())


_FRACTIONS = _commands("frac tfrac dfrac")
_STYLES = _commands("boldsymbol mathbf mathcal mathsf mathit hat tilde bar widehat widetilde overline dot")
_TEXTS = _commands("text textsf textrm mbox tag label")
_RELATIONS = {"=", "<", ">"} | _commands(
    "coloneqq ne neq le leq ge geq approx equiv iff implies propto sim succ succeq prec preceq "
    "Leftrightarrow Rightarrow Longleftrightarrow Longrightarrow to mapsto"
)
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
_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "inv": ("inverse",),
    "solve": ("inverse",),
    "pinv": (),
    "sqrt": ("root",),
    "outer": ("transpose",),
    "trace": ("trace",),
    "det": ("determinant",),
    "logdet": ("log", "determinant"),
    "log": ("log",),
    "exp": ("exp",),
    "expm": ("exp",),
    "factorial": ("factorial",),
    "prod": ("product",),
    "max": ("maximum",),
    "min": ("minimum",),
    **{name: (name,) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
}
_VERBS: Mapping[str, tuple[str, ...]] = {
    "argmin": ("minimum",),
    "minimum": ("minimum",),
    "argmax": ("maximum",),
    "maximum": ("maximum",),
    "derivative": ("derivative",),
    "gradient": ("derivative",),
    "jacobian": ("derivative",),
    "hessian": ("derivative",),
    "limit": ("limit",),
    "quadrature": ("integral",),
    "expectation": ("expectation",),
    "covariance": ("covariance",),
    "variance": ("variance",),
    "probability": ("probability",),
    "root": (),
}
_CONSTANTS = {"eye": "letter i", "ones": "letter 1", "zeros": "letter 0"}
_SCALARS = {"trace", "norm", "det", "logdet", "len", "sum", "mean", "max", "min"}
_MATRICES = {"inv", "eye", "outer", "pinv", "expm", "covariance", "diag", "cov", "kron"}

Item = tuple[str, str]
Signature = Counter[str]


# TeX -------------------------------------------------------------------


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
            out += [("letter", value) if kind == "numeral" else (kind, value) for kind, value in inner]
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


def _subscript(tokens: list[str], out: list[Item]) -> None:
    """Count the letters of an index; what stands under a sum or a maximum is a bound."""
    if not (out and out[-1][0] == "count" and out[-1][1] in _LIMITS):
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
    elif tokens in (["1", "/", "2"], [r"\frac", "1", "2"], [r"\tfrac", "12"], [r"\frac", "12"]):
        out.append(("count", "root"))
    elif len(tokens) == 1 and tokens[0].isdigit():
        out.append(("count", f"power {tokens[0]}"))
    elif tokens[:1] not in (
        [],
        ["("],
        ["'"],
        ["*"],
        [r"\star"],
        [r"\ast"],
        [r"\prime"],
        [r"\dagger"],
        [r"\circ"],
    ):
        out += [("count", "power"), *_items(tokens), ("end", "")]


@dataclass(frozen=True)
class Side:
    """One side of the relations of a display: its tokens as written, and its signature."""

    tokens: tuple[str, ...]
    signature: Signature


def tex_sides(tex: str, macros: Mapping[str, Macro]) -> list[Side]:
    """The sides of the relations of a display, without its reasons and alignment."""
    sides: list[list[str]] = [[]]
    depth = 0
    waiting = lex(tex)[::-1]
    while waiting:
        token = waiting.pop()
        depth += (token in _OPEN or token == "{") - (token in _CLOSE or token == "}")
        if token in (r"\begin", r"\end", r"\why", *_TEXTS):
            argument(waiting)
        elif depth <= 0 and (token in _RELATIONS or token in (",", ";")):
            sides.append([])
        elif token not in ("&", "\\\\"):
            sides[-1].append(token)
    counted = [Side(tuple(side), _counted(_items(expand(side, macros)))) for side in sides]
    return [side for side in counted if side.signature]


def _counted(items: list[Item]) -> Signature:
    """Count, without the arguments of functions that are single letters: f(x) counts as f."""
    found: Signature = Counter()
    low = _below(items)
    place = 0
    while place < len(items):
        kind, value = items[place]
        if kind in ("count", "index"):
            found[value] += 1
        elif kind in ("letter", "numeral"):
            found[f"{kind} {value}"] += 1
            found[f"{value} below a bar"] += place in low
        place += 1
        if kind in ("letter", "index"):
            place = _after_argument(items, place)
    return +found


def _after_argument(items: list[Item], place: int) -> int:
    """Where to read on after a letter: behind a bracket that holds letters alone."""
    if items[place : place + 1] != [("open", "(")]:
        return place
    end = place + 1
    while end < len(items) and items[end][0] in ("letter", "index", "comma"):
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


# Code ------------------------------------------------------------------


def _base(name: str) -> str:
    """The letter that a name stands for: w_hat is w, lam is λ, Vt is V."""
    stem = name.partition("_")[0].rstrip("0123456789") or name
    if stem[1:] == "t" and stem[0].isupper():
        stem = stem[0]
    return {"lam": "lambda", "eps": "epsilon"}.get(stem, stem.lower())


@dataclass(frozen=True)
class _Code:
    """Counts in code; ``bound`` are the names that a check defines, ``shown`` the letters of the TeX."""

    bound: Mapping[str, ast.expr]
    shown: frozenset[str]

    def meaning(self, name: str) -> ast.expr | None:
        """What a name abbreviates, unless the reader sees its letter."""
        return None if _base(name) in self.shown else self.bound.get(name)

    def count(self, node: ast.AST) -> Iterator[str]:
        """Every token of an expression."""
        match node:
            case ast.Constant(value=float() | int() as value) if not isinstance(value, bool):
                yield from _number(value)
            case ast.Name(id=name):
                meaning = self.meaning(name)
                yield from _named(name) if meaning is None else self.count(meaning)
            case ast.UnaryOp(op=ast.USub()):
                yield "−"
                yield from self.count(node.operand)
            case ast.BinOp(op=ast.Pow()):
                yield from self.count(node.left)
                yield from self._power(node.right)
            case ast.BinOp():
                yield from self._operation(node)
            case ast.Attribute(value=value, attr="T"):
                yield "transpose"
                yield from self.count(value)
            case ast.Subscript(value=value, slice=index):
                yield from self.count(value)
                yield from (f"index {one.id}" for one in ast.walk(index) if isinstance(one, ast.Name))
            case ast.Call():
                yield from self._call(node)
            case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner) | ast.Lambda(body=inner):
                yield from self.count(inner)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    yield from self.count(part)

    def _operation(self, node: ast.BinOp) -> Iterator[str]:
        match node.op:
            case ast.Add():
                yield "+"
            case ast.Sub():
                yield "−"
            case ast.Div():
                yield "inverse"
            case ast.MatMult() if self.kind(node.left) == "column":
                yield "transpose"
        if not (isinstance(node.op, ast.Div) and _is_one(node.left)):
            yield from self.count(node.left)
        yield from (
            _lowered(self.count(node.right)) if isinstance(node.op, ast.Div) else self.count(node.right)
        )

    def _power(self, node: ast.expr) -> Iterator[str]:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield "inverse"
            node = node.operand
            if _is_one(node):
                return
        if isinstance(node, ast.Constant):
            yield "root" if node.value == 0.5 else f"power {node.value!r}"
        else:
            yield "power"
            yield from self.count(node)

    def _call(self, node: ast.Call) -> Iterator[str]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _CONSTANTS:
            yield _CONSTANTS[name]
        elif name in ("len", "range"):
            return
        elif name in ("sum", "norm", "abs", "mean"):
            if name == "sum" and not _is_square(node.args[0]):
                yield "sum"
            yield from self.count(node.args[0])
        elif name in _VERBS:
            yield from _VERBS[name]
            # The second argument is a start, a point or a law; a covariance may have a second function.
            for part in (*node.args[:1], *(node.args[2:] if name == "covariance" else ())):
                yield from self.count(part)
        elif name in RESERVED or not name:
            yield from _FUNCTIONS.get(name, ())
            for part in node.args:
                yield from self.count(part)
        else:
            yield from self._own(name, node)

    def _own(self, name: str, node: ast.Call) -> Iterator[str]:
        """A function of the check: its letter, or its body with the arguments put in."""
        meaning = self.meaning(name)
        if isinstance(meaning, ast.Lambda):
            names = [one.arg for one in meaning.args.args]
            # A parameter whose letter the reader sees stands for itself, whatever is passed.
            passed = {
                one: argument
                for one, argument in zip(names, node.args, strict=False)
                if _base(one) not in self.shown and not _is_name(argument, one)
            }
            yield from _Code({**self.bound, **passed}, self.shown).count(meaning.body)
            return
        yield from _named(name) if meaning is None else self.count(meaning)
        if not all(isinstance(_whole(part), ast.Name) for part in node.args):
            for part in node.args:
                yield from self.count(part)

    def kind(self, node: ast.AST) -> str:
        """Matrix, column, row or scalar, judged by the letters: capitals are matrices."""
        match node:
            case ast.Name(id=name):
                meaning = self.meaning(name)
                if meaning is not None:
                    return self.kind(meaning)
                return "matrix" if name[0].isupper() else "column"
            case ast.UnaryOp(operand=inner) | ast.Attribute(value=inner) | ast.Lambda(body=inner):
                return self.kind(inner)
            case ast.Subscript(value=inner, slice=index):
                return _picked(self.kind(inner), index)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return _product(self.kind(left), self.kind(right))
            case ast.BinOp(left=left, right=right):
                both = (self.kind(left), self.kind(right))
                return next((kind for kind in ("matrix", "row", "column") if kind in both), "scalar")
            case ast.Call(func=ast.Name(id=name)):
                return self._kind_of_call(name, node)
        return "scalar"

    def _kind_of_call(self, name: str, node: ast.Call) -> str:
        if name in ("ones", "zeros"):
            return "column" if len(node.args) == 1 else "matrix"
        if name in _MATRICES:
            return "matrix"
        if name in ("sum", "mean") and node.keywords:
            return "column"
        if name == "sum" and isinstance(node.args[0], ast.GeneratorExp):
            return self.kind(node.args[0].elt)
        if name in _SCALARS:
            return "scalar"
        if name in RESERVED:
            return self.kind(node.args[1 if name == "solve" else 0]) if node.args else "scalar"
        meaning = self.bound.get(name)
        return self.kind(meaning) if meaning is not None else "matrix" if name[0].isupper() else "column"


def _named(name: str) -> Iterator[str]:
    yield f"letter {_base(name)}"
    if re.fullmatch("[A-Za-z]+_[a-z]", name):
        yield f"index {name[-1]}"


def _lowered(tokens: Iterable[str]) -> Iterator[str]:
    """The tokens of what stands below a bar, however many bars are above it."""
    for token in tokens:
        if token.endswith("below a bar"):
            continue
        yield token
        kind, _, value = token.partition(" ")
        if kind in ("letter", "numeral"):
            yield f"{value} below a bar"


def _number(value: float) -> Iterator[str]:
    """Tokens of a number: 0.5 is one half, and the 1.0 that makes a whole number a float is nothing."""
    if isinstance(value, float) and 0 < value < 1 and (1 / value).is_integer():
        whole = int(1 / value)
        yield from ("inverse", f"numeral {whole}", f"{whole} below a bar")
    elif not isinstance(value, float) or value != 1.0:
        yield f"numeral {int(value) if float(value).is_integer() else value}"


def _whole(node: ast.expr) -> ast.expr:
    """The vector of an entry."""
    return node.value if isinstance(node, ast.Subscript) else node


def _is_one(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_square(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and not isinstance(node, ast.GeneratorExp)
    )


def _picked(kind: str, index: ast.expr) -> str:
    """The kind of a part: x[j], X[j], X[:, j], X[i, j]."""
    indices = index.elts if isinstance(index, ast.Tuple) else [index]
    single = sum(not isinstance(one, ast.Slice) for one in indices)
    order = {"matrix": 2, "column": 1, "row": 1}.get(kind, 0) - single
    return "matrix" if order >= 2 else "column" if order == 1 else "scalar"


def _product(left: str, right: str) -> str:
    if right == "matrix":
        return "row" if left in ("row", "column") else "matrix"
    return "column" if left == "matrix" else "scalar"


def code_sides(check: Check) -> list[ast.expr]:
    """The sides of the display in the check.

    They are those of the option ``:shown:``, else those of the chain in ``printed``, else ``printed``
    itself; of a tuple its first entry, for the others are signs and neighbours.
    """
    shown = check.options.get("shown", "").strip()
    if shown:
        return _chained(ast.parse(shown, mode="eval").body, {}, whole=True)
    return _chained(body.take_apart(check).printed, _bindings(check))


def _chained(node: ast.expr, bound: Mapping[str, ast.expr], *, whole: bool = False) -> list[ast.expr]:
    if isinstance(node, ast.Tuple):
        return list(node.elts) if whole else _chained(node.elts[0], bound)
    meaning = bound.get(node.id) if isinstance(node, ast.Name) else node
    if isinstance(meaning, ast.Call) and isinstance(meaning.func, ast.Name) and meaning.func.id == "chain":
        return [side for part in meaning.args[::2] for side in _chained(part, bound)]
    return [node]


def _bindings(check: Check) -> dict[str, ast.expr]:
    """The names that abbreviate an expression or a function: not draws, and not parts of a tuple."""
    found: dict[str, ast.expr] = {}
    for statement in body.take_apart(check).setup:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not _draws(value):
                found[name] = value
            case ast.FunctionDef(name=name, args=args, body=[ast.Return(value=ast.expr() as value)]):
                found[name] = ast.Lambda(args, value)
    return found


def _draws(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) and part.id in DRAWS for part in ast.walk(node))


# Pairs -----------------------------------------------------------------


@dataclass(frozen=True)
class Pairing:
    """Which sides of a display stand beside which expressions of its check, and where they differ.

    ``places`` gives for each expression the number of its side in the display; a side that no expression
    stands beside belongs to ``route``, if there is anything in it to count.
    """

    places: tuple[int, ...]
    expressions: tuple[ast.expr, ...]
    differences: tuple[str, ...]


def pair(display: Display, check: Check, macros: Mapping[str, Macro]) -> Pairing:
    """Lay the sides of the check beside those of the display so that they differ least."""
    tex = [side.signature for side in tex_sides(display.tex, macros)]
    code = code_sides(check)
    bound = _bindings(check)
    if len(code) > len(tex):
        return Pairing((), tuple(code), (f"the check has {len(code)} sides and the display {len(tex)}",))

    @cache
    def gap(i: int, j: int) -> tuple[int, Signature, Signature]:
        counted = Counter(_Code(bound, _letters(tex[i])).count(code[j]))
        return sum(((tex[i] - counted) + (counted - tex[i])).values()), tex[i], counted

    @cache
    def best(i: int, j: int) -> tuple[int, tuple[int, ...]]:
        """The least difference of the sides from i on to the expressions from j on."""
        if j == len(code):
            return sum(_weight(side) for side in tex[i:]), ()
        if len(tex) - i < len(code) - j:
            return 10**9, ()
        rest, places = best(i + 1, j + 1)
        later, others = best(i + 1, j)
        take, leave = gap(i, j)[0] + rest, _weight(tex[i]) + later
        return (take, (i, *places)) if take < leave else (leave, others)

    places = best(0, 0)[1]
    differences = [
        f"side {i + 1} of the display: {line}"
        for j, i in enumerate(places)
        for line in _differ(*gap(i, j)[1:])
    ]
    route = body.take_apart(check).route
    route = route.elts[0] if isinstance(route, ast.Tuple) else route
    for i, side in enumerate(tex):
        if i not in places and _weight(side):
            counted = Counter(_Code(bound, _letters(side)).count(route))
            differences += [
                f"side {i + 1} of the display, beside `route`: {line}" for line in _differ(side, counted)
            ]
    return Pairing(places, tuple(code), tuple(differences))


def _letters(side: Signature) -> frozenset[str]:
    return frozenset(key.removeprefix("letter ") for key in side if key.startswith("letter "))


_PLAIN = frozenset({"minimum", "maximum", "limit", "expectation", "covariance", "variance", "probability"})


def _weight(side: Signature) -> int:
    """How much there is to count in a side beside letters, a numeral and an operator."""
    return sum(
        number
        for key, number in side.items()
        if key not in _PLAIN and not key.startswith(("letter", "numeral"))
    )


def _differ(tex: Signature, code: Signature) -> Iterator[str]:
    for key in sorted(tex | code):
        if tex[key] != code[key]:
            yield f"{key}: {tex[key]} in the TeX, {code[key]} in the check"


def violations(book: Book, macros: Mapping[str, Macro]) -> Iterator[Violation]:
    """Every difference without a reason, and every reason without a difference."""
    for page in book.pages:
        displays = {display.label: display for display in page.displays}
        for check in page.checks:
            if check.label in displays and not any(body.problems(check)):
                yield from _violations(displays[check.label], check, macros)


def _violations(display: Display, check: Check, macros: Mapping[str, Macro]) -> Iterator[Violation]:
    reason = check.options.get("tokens")
    place = (check.file, check.line, check.label)
    shown = _shown_problem(check)
    if shown:
        yield Violation(
            *place, f"`:shown:` {shown}", "give sides that stand in `printed`, separated by commas"
        )
        return
    differences = pair(display, check, macros).differences
    if reason is not None and not reason.strip():
        yield Violation(*place, "`:tokens:` has no reason", "say why the counts differ, or leave it out")
    elif reason and not differences:
        yield Violation(*place, "`:tokens:` excuses a difference that there is not", "leave it out")
    elif differences and reason is None:
        yield Violation(
            display.file,
            display.line,
            display.label,
            f"TeX and check differ: {'; '.join(differences)}",
            "correct the one that is wrong, write the check term by term, or give a reason as `:tokens: …`",
        )


def _shown_problem(check: Check) -> str:
    """What is wrong with the option ``:shown:``."""
    shown = check.options.get("shown")
    if shown is None:
        return ""
    try:
        wanted = _chained(ast.parse(shown.strip(), mode="eval").body, {}, whole=True)
    except SyntaxError:
        return "is not Python"
    printed = {ast.dump(node) for node in ast.walk(body.take_apart(check).printed)}
    missing = [ast.unparse(node) for node in wanted if ast.dump(node) not in printed]
    return f"names {', '.join(missing)}, which `printed` does not use" if missing else ""
