"""Signature of code: how often signs, numerals, powers, … occur in each side of a check."""

import ast
import copy
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from book_checks import body
from book_checks.tokens_tex import Signature, in_order, linear, terms
from book_source import Check
from mlderived.checking import DRAWS, RESERVED

__all__ = [
    "alike",
    "apart",
    "code_directions",
    "code_inequalities",
    "code_order",
    "code_sides",
    "draws",
    "listed",
    "names_bound",
    "shown_in_turn",
    "shown_relations",
    "signature",
    "sound",
    "told_apart",
]

_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "inv": ("inverse",),
    "solve": ("inverse",),
    "pinv": ("plus",),
    "lstsq": ("plus",),
    "sqrt": ("root",),
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


_MARKS = {"hat", "bar", "tilde", "star"}


def told_apart(check: Check) -> set[str]:
    """The marks by which alone the check tells one name from another, such as the hat of w_hat beside w."""
    names = {node.id for node in ast.walk(body.parse(check)) if isinstance(node, ast.Name)}
    marks: dict[str, list[set[str]]] = {}
    for name in names:
        parts = name.split("_")
        stem = "_".join(part for part in parts if part not in _MARKS)
        marks.setdefault(stem, []).append(_MARKS & set(parts))
    return {
        f"mark {mark} {_base(stem)}"
        for stem, found in marks.items()
        for mark in _MARKS
        if any(mark in one for one in found) and any(mark not in one for one in found)
    }


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

    def without(self, *names: str) -> "_Code":
        """The same where these names stand for themselves: arguments and counters."""
        return replace(self, bound={name: node for name, node in self.bound.items() if name not in names})

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
            case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner):
                counters = [one.target for one in node.generators]
                yield from self.without(*_names(counters)).count(inner)
            case ast.Lambda(body=inner):
                yield from self.without(*(one.arg for one in node.args.args)).count(inner)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    yield from self.count(part)

    def _operation(self, node: ast.BinOp) -> Iterator[str]:
        """In the order in which they are read, but a transpose before what it turns."""
        if isinstance(node.op, ast.MatMult) and self.kind(node.left) == "column":
            yield "transpose"
        if not (isinstance(node.op, ast.Div) and _is_one(node.left)):
            yield from self.count(node.left)
        match node.op:
            case ast.Add():
                yield "+"
            case ast.Sub():
                yield "−"
            case ast.Div():
                yield "inverse"
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
        if isinstance(node.func, ast.Lambda):
            yield from self.count(node.func)
            return
        if name in _CONSTANTS:
            yield _CONSTANTS[name]
        elif name in ("len", "range"):
            return
        elif name in ("sum", "norm", "abs", "mean"):
            if name == "sum" and not any(_is_square(part) for part in node.args):
                yield "sum"
                yield from _bound(node)
            for part in node.args[:1]:
                yield from self.count(part)
        elif name == "outer" and len(node.args) == 2:
            yield from self.count(node.args[0])
            yield "transpose"
            yield from self.count(node.args[1])
        elif name in _VERBS:
            yield from _VERBS[name]
            # The second argument is a start, a point or a law; a covariance may have a second function.
            for part in (*node.args[:1], *(node.args[2:] if name == "covariance" else ())):
                yield from self.count(part)
        elif name in RESERVED or not name:
            yield from _FUNCTIONS.get(name, ())
            if name == "prod":
                yield from _bound(node)
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
                if _base(one) not in self.shown
            }
            yield from self.without(*(set(names) - passed.keys())).count(_put(meaning.body, passed))
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
        if name == "sum" and node.args and isinstance(node.args[0], ast.GeneratorExp):
            return self.kind(node.args[0].elt)
        if name in _SCALARS:
            return "scalar"
        if name in RESERVED:
            parts = node.args[1:] if name == "solve" else node.args
            return self.kind(parts[0]) if parts else "scalar"
        meaning = self.bound.get(name)
        return self.kind(meaning) if meaning is not None else "matrix" if name[0].isupper() else "column"


class _Put(ast.NodeTransformer):
    """Put expressions in the place of names, but not where a function or loop inside binds the name anew."""

    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self.given = given

    def visit(self, node: ast.AST) -> Any:
        """The node with names replaced; a function or loop inside is left its own names."""
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                return self.given.get(name, node)
            case ast.Lambda():
                own = {one.arg for one in node.args.args}
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                own = _names(one.target for one in node.generators)
            case _:
                return self.generic_visit(node)
        return _Put({name: value for name, value in self.given.items() if name not in own}).generic_visit(
            node
        )


def _put(node: ast.expr, given: Mapping[str, ast.expr]) -> ast.expr:
    """A copy of the expression with other expressions in the place of names."""
    changed: ast.expr = _Put(given).visit(copy.deepcopy(node))
    return changed


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    return {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}


def _named(name: str) -> Iterator[str]:
    yield f"letter {_base(name)}"
    yield from (f"mark {mark} {_base(name)}" for mark in _MARKS & set(name.split("_")))
    if name.endswith(("_plus", "_pinv")):
        yield "plus"
    if re.fullmatch(r"[A-Za-z]\w*_[a-z]", name):
        yield f"index {name[-1]}"


def _bound(node: ast.Call) -> Iterator[str]:
    """How many terms a sum over ``range`` has, where it is a sum of letters and numerals."""
    match node.args:
        case [
            ast.GeneratorExp(
                generators=[ast.comprehension(iter=ast.Call(func=ast.Name(id="range"), args=ends), ifs=[])]
            )
        ] if len(ends) <= 2:
            first, last = (_linear(end) for end in ([ast.Constant(0), *ends])[-2:])
            if first is not None and last is not None:
                last.subtract(first)
                yield f"bound {terms(last)}"


def _linear(node: ast.expr) -> Counter[str] | None:
    return linear([part.lower() for part in re.findall(r"\w+|\S", ast.unparse(node))])


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


@cache
def apart(check: Check) -> body.Body:
    """The setup and the two sides of a check; a KeyError when one is not assigned."""
    return body.take_apart(check)


@cache
def sound(check: Check) -> bool:
    """Whether a check can be taken apart; the rules of the body say why not."""
    try:
        apart(check)
    except (SyntaxError, KeyError, AssertionError):
        return False
    return not any(problem.what.startswith("the body reads") for problem in body.problems(check))


def names_bound(check: Check) -> set[str]:
    """The names that the setup of the check assigns."""
    nodes = [node for statement in apart(check).setup for node in ast.walk(statement)]
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def signature(node: ast.expr, check: Check, shown: frozenset[str]) -> Signature:
    """Count in an expression of the check; names whose letter is ``shown`` are not spelled out."""
    return Counter(_Code(_bindings(check), shown).count(node))


def code_order(node: ast.expr, check: Check, shown: frozenset[str]) -> tuple[str, ...]:
    """The letters, signs and transposes of an expression, in the order in which they are read."""
    return in_order(_Code(_bindings(check), shown).count(node))


def code_sides(check: Check) -> list[ast.expr]:
    """The sides of the display in the check.

    They are those of the option ``:shown:``, else those of the chain in ``printed``, else ``printed``
    itself; of a tuple its first entry, for the others are signs and neighbours.
    """
    shown = check.options.get("shown", "").strip()
    if shown:
        return listed(shown)
    return chained(apart(check).printed, _bindings(check))


def code_inequalities(check: Check) -> list[str] | None:
    """The inequalities of the comparisons in ``printed``, in order; None if nothing is compared there."""
    relations = list(_relations(apart(check).printed, _bindings(check)))
    return [relation for relation in relations if relation != "="] if relations else None


def _relations(node: ast.AST, bound: Mapping[str, ast.expr]) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id in bound:
        node = bound[node.id]
    match node:
        case ast.Tuple(elts=parts):
            for part in parts:
                yield from _relations(part, bound)
        case ast.Call(func=ast.Name(id="chain"), args=[first, *rest]):
            yield from _relations(first, bound)
            for relation, side in zip(rest[::2], rest[1::2], strict=True):
                yield from _constant(relation)
                yield from _relations(side, bound)
        case ast.Call(func=ast.Name(id="inequality"), args=[_, relation, _, _]):
            yield from _constant(relation)


def _constant(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)


def code_directions(check: Check) -> list[tuple[ast.expr, ast.expr]]:
    """What `printed` says by a sign: for each ``sign(b - a)`` the pair of a, which is smaller, and b."""
    return [
        (node.args[0].right, node.args[0].left)
        for node in ast.walk(apart(check).printed)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "sign"
        and len(node.args) == 1
        and isinstance(node.args[0], ast.BinOp)
        and isinstance(node.args[0].op, ast.Sub)
    ]


def listed(shown: str) -> list[ast.expr]:
    """The sides in the option ``:shown:``."""
    return [node for node in _shown(shown) if not _is_text(node)]


def shown_relations(check: Check) -> list[str]:
    """The relations in the option ``:shown:``, each between two of its sides; none when it has none."""
    shown = check.options.get("shown", "").strip()
    return [text for node in _shown(shown) for text in _constant(node) if _is_text(node)] if shown else []


def _shown(shown: str) -> list[ast.expr]:
    node = ast.parse(shown, mode="eval").body
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def shown_in_turn(shown: str) -> bool:
    """Whether the relations of ``:shown:``, where there are any, stand between its sides."""
    texts = [_is_text(node) for node in _shown(shown)]
    return not any(texts) or (len(texts) % 2 == 1 and texts == [k % 2 == 1 for k in range(len(texts))])


def alike(node: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are the same, or the same function of the check at any arguments."""
    if isinstance(node, ast.Call) and isinstance(other, ast.Call) and isinstance(node.func, ast.Name):
        same = ast.dump(node.func) == ast.dump(other.func)
        return same and (node.func.id not in RESERVED or ast.dump(node) == ast.dump(other))
    return ast.dump(node) == ast.dump(other)


def chained(node: ast.expr, bound: Mapping[str, ast.expr]) -> list[ast.expr]:
    """The sides of a comparison, also of one that a name stands for.

    Of a tuple it is the first entry, with the comparisons that go on from its last side.
    """
    if isinstance(node, ast.Tuple):
        sides = chained(node.elts[0], bound) if node.elts else []
        for part in node.elts[1:]:
            more = chained(part, bound)
            if len(more) > 1 and _same(more[0], sides[-1]):
                sides += more[1:]
        return sides
    meaning = bound.get(node.id) if isinstance(node, ast.Name) else node
    match meaning:
        case ast.Call(func=ast.Name(id="chain"), args=parts):
            return [side for part in parts[::2] for side in chained(part, bound)]
        case ast.Call(func=ast.Name(id="inequality"), args=[left, _, right, at]):
            given = at.elts if isinstance(at, ast.Tuple) else [at]
            return [ast.fix_missing_locations(ast.Call(side, given, [])) for side in (left, right)]
    return [node]


def _same(node: ast.expr, other: ast.expr) -> bool:
    return ast.dump(_applied(node)) == ast.dump(_applied(other))


def _applied(node: ast.expr) -> ast.expr:
    """The body of a function that is applied where it is written."""
    return node.func.body if isinstance(node, ast.Call) and isinstance(node.func, ast.Lambda) else node


@cache
def _bindings(check: Check) -> dict[str, ast.expr]:
    """The names that abbreviate an expression or a function: not draws, and not parts of a tuple."""
    found: dict[str, ast.expr] = {}
    for statement in apart(check).setup:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not draws(value):
                found[name] = value
            case ast.FunctionDef(name=name, args=args, body=[ast.Return(value=ast.expr() as value)]):
                found[name] = ast.Lambda(args, value)
    return found


def draws(node: ast.AST) -> bool:
    """Whether an expression draws."""
    return any(isinstance(part, ast.Name) and part.id in DRAWS for part in ast.walk(node))
