"""One draw of a check, kept so that `printed` can be evaluated again, changed, without its route."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, MappingProxyType
from typing import Any

import numpy as np

from mlderived.checking import DRAWS, EXACT, Agreement, Bench, Scaled

__all__ = ["Program", "Sides", "Trial", "bench_of", "is_symbolic", "program", "same"]


@dataclass(frozen=True)
class Program:
    """The statements of a check, each side of a chain on its own, and which of them serve `printed` only.

    ``letters`` are the variables that a formula could confuse: the draws, and what `printed` rests on; not
    what only the route makes.  ``shared`` are those that `printed` reads and on which the route rests too.
    """

    statements: tuple[ast.stmt, ...]
    codes: tuple[CodeType, ...]
    reads: tuple[frozenset[str], ...]
    writes: tuple[frozenset[str], ...]
    own: tuple[int, ...]
    letters: frozenset[str]
    shared: frozenset[str]


@dataclass(frozen=True)
class Bound:
    """An inequality between functions: what it was called with, and both sides where it was asked."""

    arguments: tuple[Any, ...]
    options: dict[str, Any]
    sides: tuple[Any, ...]


@dataclass(frozen=True)
class Sides:
    """What `printed` was: its value, the chains and inequalities on the way, and how closely it agreed."""

    printed: Any
    chains: tuple[tuple[Any, ...], ...]
    bounds: tuple[Bound, ...]
    agreement: Agreement
    tolerance: float


def program(tree: ast.Module, file: str) -> Program:
    """Take the body of a check apart."""
    statements: list[ast.stmt] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            hoist = _Hoist(len(statements))
            statement.value = hoist.visit(statement.value)
            statements += hoist.sides
        statements.append(statement)
    reads = tuple(map(_read, statements))
    writes = tuple(map(_written, statements))
    needed = _closure({"route"}, reads, writes)
    served = _closure({"printed"}, reads, writes)
    own = tuple(sorted(served - needed))
    codes = tuple(compiled(statement, file) for statement in statements)
    drawn = {k for k, names in enumerate(reads) if names & DRAWS.keys()}
    letters = frozenset[str]().union(*(writes[k] for k in served | drawn)) - {"route", "printed"}
    outside = frozenset[str]().union(*(reads[k] for k in own)) - frozenset[str]().union(
        *(writes[k] for k in own)
    )
    shared = letters & outside & frozenset[str]().union(*(writes[k] for k in needed))
    return Program(tuple(statements), codes, reads, writes, own, letters, shared)


def compiled(statement: ast.stmt, file: str) -> CodeType:
    """The code of one statement."""
    return compile(ast.Module([statement], []), file, "exec")


_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class _Hoist(ast.NodeTransformer):
    """Give each side of a chain a statement of its own, so that one side can be evaluated alone."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.sides: list[ast.stmt] = []

    def visit_Call(self, node: ast.Call) -> ast.Call:
        node.args = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Name) and node.func.id == "chain":
            node.args = [self._moved(argument) for argument in node.args]
        return node

    def visit(self, node: ast.AST) -> Any:
        """Leave what has names of its own as it is."""
        return node if isinstance(node, _SCOPES) else super().visit(node)

    def _moved(self, side: ast.expr) -> ast.expr:
        if isinstance(side, ast.Constant | ast.Name | ast.Starred):
            return side
        name = f"side {self.start + len(self.sides)}"
        stored = ast.copy_location(ast.Name(name, ast.Store()), side)
        self.sides.append(ast.copy_location(ast.Assign([stored], side), side))
        return ast.copy_location(ast.Name(name, ast.Load()), side)


def _read(node: ast.AST, local: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names that a node reads from outside itself."""
    if isinstance(node, ast.Name):
        return frozenset({node.id} - local if isinstance(node.ctx, ast.Load) else ())
    if isinstance(node, ast.Lambda | ast.FunctionDef):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        local |= {argument.arg for argument in every}
    if isinstance(node, (ast.FunctionDef, *_SCOPES)):
        local |= {
            one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }
    return frozenset[str]().union(*(_read(child, local) for child in ast.iter_child_nodes(node)))


def _written(node: ast.AST) -> frozenset[str]:
    """The names that a statement binds or changes in place."""
    if isinstance(node, ast.FunctionDef):
        return frozenset({node.name})
    if isinstance(node, _SCOPES):
        return frozenset()
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return frozenset({node.id})
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
        return _read(node.value)
    return frozenset[str]().union(*map(_written, ast.iter_child_nodes(node)))


def _closure(wanted: set[str], reads: Sequence[frozenset[str]], writes: Sequence[frozenset[str]]) -> set[int]:
    """The statements that the names rest on, directly or not."""
    names, found = set(wanted), set[int]()
    while True:
        more = {k for k, written in enumerate(writes) if k not in found and written & names}
        if not more:
            return found
        found |= more
        names.update(*(reads[k] for k in more))


def bench_of(names: Iterable[str], rng: np.random.Generator) -> Bench:
    """The bench for a check that reads these names: one of letters if it draws them."""
    if "symbolic" not in names:
        return Bench(rng)
    from book_checks.symbolic import SymbolicBench  # SymPy takes a second to load

    return SymbolicBench(rng)


_RECORDED = frozenset({"chain", "inequality"})


class Trial:
    """A check at one draw: all of it is run once, `printed` as often as is asked."""

    def __init__(self, parts: Program, rng: np.random.Generator, given: Mapping[str, Any]) -> None:
        self.parts = parts
        self.bench = bench_of(frozenset[str]().union(*parts.reads), rng)
        self.names = self.bench.namespace() | dict(given)
        self._chains: list[tuple[Any, ...]] = []
        self._compare: Callable[..., Any] = self.names["chain"]
        self.names["chain"] = self._chain
        self.bound: Callable[..., Any] = self.names["inequality"]
        self.names["inequality"] = self._inequality
        self._bounds: list[Bound] = []
        self._searches_later = False
        self._states: dict[int, Any] = {}
        self._tolerances: dict[int, float] = {}

    @property
    def own_tolerance(self) -> float:
        """How accurate the verbs are that only `printed` uses."""
        return max(self._tolerances[k] for k in self.parts.own)

    def run(self) -> Sides:
        """Run the whole check.

        Raises
        ------
        Exception
            Whatever the check raises, `DisagreementError` among them.
        """
        for k, code in enumerate(self.parts.codes):
            self._states[k] = self.bench.rng.bit_generator.state
            outer = self.bench.tolerance
            if "chain" not in self.parts.reads[k]:
                self.bench.tolerance = EXACT
            noted = len(self._chains), len(self._bounds)
            exec(code, self.names)
            if k not in self.parts.own:
                del self._chains[noted[0] :], self._bounds[noted[1] :]
            self._tolerances[k] = self.bench.tolerance
            self.bench.tolerance = max(outer, self.bench.tolerance)
        return self._sides(self.names)

    def again(
        self, changed: Mapping[int, CodeType], moved: Mapping[str, Any] = MappingProxyType({})
    ) -> Sides:
        """Run what serves `printed` only, with other code for some statements or other values of letters.

        The searches for counter-examples come last, since the other comparisons are cheaper.
        """
        names = {**self.names, **moved}
        dirty = set(moved)
        self.bench.tolerance = max(self._tolerances.values())
        self._searches_later = True
        self._chains.clear()
        self._bounds.clear()
        for k in self.parts.own:
            if k not in changed and not self.parts.reads[k] & (dirty | _RECORDED):
                continue
            self.bench.rng.bit_generator.state = self._states[k]
            exec(changed.get(k, self.parts.codes[k]), names)
            dirty |= self.parts.writes[k]
        sides = self._sides(names)
        for bound in sides.bounds:
            self.bound(*bound.arguments, **bound.options)
        return sides

    def compare(self, sides: Sides, one: Any, other: Any) -> None:
        """Compare two other values as the route and `printed` were compared."""
        self.bench.tolerance = sides.tolerance
        self.bench.agree(one, other)

    def compare_chain(self, sides: Sides, items: Iterable[Any]) -> None:
        """Compare the sides of another chain."""
        self.bench.tolerance = sides.tolerance
        self._compare(*items)

    def _chain(self, *items: Any) -> Any:
        self._chains.append(items)
        return self._compare(*items)

    def _inequality(self, left: Any, relation: str, right: Any, at: Any, **options: Any) -> Any:
        points = at if isinstance(at, tuple) else (at,)
        if not self._searches_later:
            self.bound(left, relation, right, at, **options)
        sides = (left(*points), relation, right(*points))
        self._bounds.append(Bound((left, relation, right, at), options, sides))
        return sides[0]

    def _sides(self, names: Mapping[str, Any]) -> Sides:
        agreement = self.bench.agree(names["route"], names["printed"])
        return Sides(
            names["printed"], tuple(self._chains), tuple(self._bounds), agreement, self.bench.tolerance
        )


def same(one: Any, other: Any, tolerance: float = EXACT) -> bool:
    """Whether two values are equal up to rounding, or to what the verbs in them allow."""
    if isinstance(one, Scaled) and isinstance(other, Scaled):
        gap = np.max(np.abs(np.asarray(one.value) - np.asarray(other.value)))
        return bool(gap <= tolerance * one.scale)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(same(a, b, tolerance) for a, b in zip(one, other, strict=True))
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    if is_symbolic(one) or is_symbolic(other):
        from book_checks import symbolic

        return symbolic.same(one, other)
    left, right = np.asarray(one), np.asarray(other)
    if left.shape != right.shape:
        return False
    if left.dtype.kind not in "iufc" or right.dtype.kind not in "iufc":
        return bool(np.all(left == right))
    scale = np.max(np.abs(left), initial=0.0)
    return bool(np.max(np.abs(left - right), initial=0.0) <= tolerance * scale)


def is_symbolic(value: object) -> bool:
    """Whether a value has letters, or could have: an expression of SymPy or an array of them."""
    return hasattr(value, "free_symbols") or (isinstance(value, np.ndarray) and value.dtype.kind == "O")
