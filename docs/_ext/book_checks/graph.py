"""The expressions of a check as one graph: names expanded, functions applied, equal terms the same node."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from mlderived.checking import DRAWS, MEASURED, VERBS

__all__ = ["HEAVY", "Graph", "Node", "Sides", "read_sides"]

HEAVY = {
    *("cholesky", "cond", "det", "eigh", "eigvalsh", "expm", "inv", "logdet", "lstsq", "matrix_power"),
    *("matrix_rank", "pinv", "qr", "solve", "svd"),
    *MEASURED,
    *VERBS,
}
"""Functions that hold a formula or a decomposition: one of them weighs as much as four operations."""

BUILDERS = {
    *("arange", "array", "concatenate", "eye", "float", "full", "hstack", "int", "len", "linspace", "list"),
    *("ones", "range", "reshape", "stack", "transpose", "tuple", "vstack", "zeros", "zip", "enumerate"),
}
"""Functions that only arrange data: they weigh nothing."""

_SAME = {"float", "array", "tuple", "list", "squeeze"}
"""Functions of one argument that do not change a quantity."""

Node: TypeAlias = int


@dataclass(frozen=True)
class _Closure:
    """A lambda or a def of the body, with the names that it sees."""

    parameters: tuple[str, ...]
    body: ast.expr
    names: Mapping[str, "Node | _Closure"]


Names: TypeAlias = Mapping[str, "Node | _Closure"]


@dataclass
class Graph:
    """Nodes are numbers; equal terms have the same number.

    A sum is flat and sorted, as are products of numbers; products of matrices are flat; ``a - b`` is
    ``a + (-b)``, ``a / b`` is ``a * b**-1`` and ``solve(A, b)`` is ``inv(A) @ b``.
    """

    kinds: list[tuple[str, tuple[Node, ...]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    _known: dict[tuple[str, tuple[Node, ...]], Node] = field(default_factory=dict)
    _free: dict[Node, frozenset[Node]] = field(default_factory=dict)

    def node(self, kind: str, children: Iterable[Node] = (), text: str = "") -> Node:
        """The node of this kind with these children."""
        key = (kind, tuple(children))
        if key not in self._known:
            self._known[key] = len(self.kinds)
            self.kinds.append(key)
            self.texts.append(text or kind)
        return self._known[key]

    def below(self, node: Node) -> set[Node]:
        """The node and all that it is made of."""
        found: set[Node] = set()
        waiting = [node]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting.extend(self.kinds[here][1])
        return found

    def weight(self, nodes: Iterable[Node]) -> int:
        """How many operations stand in the nodes and below; what occurs twice counts once."""
        return sum(self._own(node) for node in {below for node in nodes for below in self.below(node)})

    def _own(self, node: Node) -> int:
        kind, children = self.kinds[node]
        word, _, name = kind.partition(" ")
        if word in ("+", "*", "@"):
            return len(children) - 1
        if word == "call":
            return 4 if name in HEAVY else 0 if name in BUILDERS else 1
        return int(word in ("pow", "loop", "other"))

    def bound(self, node: Node) -> bool:
        """Whether the node depends on the argument of a function that is handed to a verb."""
        return any(self.kinds[below][0].startswith("argument") for below in self.free(node))

    def free(self, node: Node) -> frozenset[Node]:
        """The arguments in the node that no function inside it binds."""
        if node not in self._free:
            kind, children = self.kinds[node]
            found = frozenset(leaf for child in children for leaf in self.free(child))
            if kind == "function":
                found -= set(children[:-1])
            self._free[node] = frozenset({node}) if kind.startswith(("argument ", "counter ")) else found
        return self._free[node]

    def height(self, node: Node) -> int:
        """How many functions and loops are nested in the node."""
        kind, children = self.kinds[node]
        return max(map(self.height, children), default=0) + (kind in ("function", "loop"))

    def total(self, terms: Iterable[Node], text: str) -> Node:
        """A sum: flat, sorted, without zeros and without terms that cancel."""
        flat: list[Node] = []
        for term in terms:
            kind, children = self.kinds[term]
            flat.extend(children if kind == "+" else [term])
        for term in list(flat):
            opposite = self.negative(term)
            if term in flat and opposite in flat and term != opposite:
                flat.remove(term)
                flat.remove(opposite)
        flat = [term for term in flat if self.kinds[term][0] != "number 0.0"]
        if not flat:
            return self.number(0.0)
        return flat[0] if len(flat) == 1 else self.node("+", sorted(flat), text)

    def product(self, factors: Iterable[Node], text: str) -> Node:
        """A product of numbers, or entry by entry: flat, sorted, signs in front, without ones."""
        flat: list[Node] = []
        minus = False
        for factor in factors:
            if self.kinds[factor][0] == "neg":
                minus, factor = not minus, self.kinds[factor][1][0]
            kind, children = self.kinds[factor]
            flat.extend(children if kind == "*" else [factor])
        names = [self.kinds[factor][0] for factor in flat]
        if "number 0.0" in names:
            return self.number(0.0)
        flat = [factor for factor in flat if self.kinds[factor][0] != "number 1.0"]
        value = (
            flat[0] if len(flat) == 1 else self.node("*", sorted(flat), text) if flat else self.number(1.0)
        )
        return self.negative(value) if minus else value

    def chain(self, factors: Iterable[Node], text: str) -> Node:
        """A product of matrices: flat, in order."""
        flat: list[Node] = []
        for factor in factors:
            kind, children = self.kinds[factor]
            flat.extend(children if kind == "@" else [factor])
        return self.node("@", flat, text)

    def negative(self, value: Node) -> Node:
        """The value with the other sign."""
        kind, children = self.kinds[value]
        return children[0] if kind == "neg" else self.node("neg", [value], f"-{self.texts[value]}")

    def power(self, base: Node, exponent: float, text: str) -> Node:
        """A power with a known exponent; a power of a power is one power."""
        kind, children = self.kinds[base]
        if kind.startswith("pow "):
            base, exponent = children[0], exponent * float(kind[4:])
        if exponent == 0.0:
            return self.number(1.0)
        return base if exponent == 1.0 else self.node(f"pow {exponent}", [base], text)

    def number(self, value: float) -> Node:
        """A literal."""
        return self.node(f"number {value}", (), str(value))

    def transpose(self, value: Node, text: str) -> Node:
        """The transpose; of a product, the product of the transposes."""
        kind, children = self.kinds[value]
        if kind == "T":
            return children[0]
        if kind == "@":
            return self.chain(
                [self.transpose(child, f"{self.texts[child]}.T") for child in reversed(children)], text
            )
        return self.node("T", [value], text)


@dataclass(frozen=True)
class Sides:
    """The two sides as nodes of one graph.

    Each is a tuple with an item for each entry (one, if it is no tuple); an item holds the sides of the chain
    that are joined by ``=``, and those behind an inequality as ``others``.
    """

    graph: Graph
    route: tuple[tuple[Node, ...], ...]
    printed: tuple[tuple[Node, ...], ...]
    others: tuple[Node, ...] = ()

    def all(self) -> tuple[Node, ...]:
        """Every node that stands in a side."""
        return (*(node for entry in (*self.route, *self.printed) for node in entry), *self.others)


def read_sides(tree: ast.Module, sizes: Iterable[str]) -> Sides:
    """Read a body without problems: plain assignments and functions, each name bound once."""
    reader = _Reader(Graph())
    names: dict[str, Node | _Closure] = {size: reader.graph.node(f"size {size}", (), size) for size in sizes}
    sides: dict[str, tuple[tuple[Node, ...], ...]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            names[statement.name] = _function(statement, dict(names))
        elif isinstance(statement, ast.Assign):
            target, value = statement.targets[0], statement.value
            if isinstance(target, ast.Name) and target.id in ("route", "printed"):
                sides[target.id] = reader.entries(value, dict(names))
            else:
                reader.assign(target, value, names)
    return Sides(reader.graph, sides["route"], sides["printed"], tuple(reader.others))


def _function(statement: ast.FunctionDef, names: Names) -> _Closure:
    """A def as a lambda: its assignments become lambdas that are applied at once."""
    parameters = tuple(argument.arg for argument in statement.args.args)
    *steps, last = statement.body
    assert isinstance(last, ast.Return)
    assert last.value is not None
    body = last.value
    for step in reversed(steps):
        assert isinstance(step, ast.Assign)
        target = step.targets[0]
        assert isinstance(target, ast.Name)
        inner = ast.Lambda(ast.arguments([], [ast.arg(target.id)], None, [], [], None, []), body)
        body = ast.copy_location(ast.Call(inner, [step.value], []), step)
    return _Closure(parameters, ast.fix_missing_locations(body), names)


class _Reader:
    """Turns expressions into nodes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.others: list[Node] = []
        self._written: dict[int, tuple[ast.AST, str]] = {}

    def text(self, value: ast.expr) -> str:
        """The source of an expression, kept because functions are read each time that they are applied."""
        if id(value) not in self._written:
            self._written[id(value)] = value, ast.unparse(value)
        return self._written[id(value)][1]

    def assign(self, target: ast.expr, value: ast.expr, names: dict[str, Node | _Closure]) -> None:
        """Note what a name, or each name of a tuple, stands for."""
        seen = dict(names)
        if isinstance(target, ast.Name):
            names[target.id] = self.closure_or_node(value, seen)
        elif isinstance(target, ast.Tuple | ast.List):
            if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
                pairs = [(self.closure_or_node(item, seen)) for item in value.elts]
            else:
                whole = self.read(value, seen)
                pairs = [self.item(whole, place) for place in range(len(target.elts))]
            for name, node in zip(target.elts, pairs, strict=True):
                if isinstance(name, ast.Name):
                    names[name.id] = node

    def item(self, whole: Node, place: int) -> Node:
        """The entry at this place; of ``x[1:]`` one further on in ``x``."""
        kind, children = self.graph.kinds[whole]
        if kind == "index" and self.graph.kinds[children[1]][0] == "slice":
            low, high = (self.graph.kinds[child][0] for child in self.graph.kinds[children[1]][1][:2])
            if low.startswith("number") and high == "none":
                return self.item(children[0], place + int(float(low[7:])))
        index = self.graph.number(float(place))
        return self.graph.node("index", [whole, index], f"{self.graph.texts[whole]}[{place}]")

    def closure_or_node(self, value: ast.expr, names: Names) -> Node | _Closure:
        """A function as it is, anything else as a node."""
        if isinstance(value, ast.Lambda):
            return _Closure(tuple(argument.arg for argument in value.args.args), value.body, dict(names))
        if isinstance(value, ast.Name) and isinstance(names.get(value.id), _Closure):
            return names[value.id]
        return self.read(value, names)

    def entries(self, value: ast.expr, names: Names) -> tuple[tuple[Node, ...], ...]:
        """The entries of a tuple, each as the sides of its chain."""
        items = value.elts if isinstance(value, ast.Tuple) else [value]
        return tuple(self.sides_of(self.read(item, names)) for item in items)

    def sides_of(self, node: Node) -> tuple[Node, ...]:
        """The sides that the first one of a chain equals, or the node alone."""
        kind, children = self.graph.kinds[node]
        if kind != "chain":
            return (node,)
        equal, found = True, list[Node]()
        for relation, child in zip((None, *children[1::2]), children[::2], strict=True):
            equal = equal and (relation is None or self.graph.kinds[relation][0] == "word '='")
            if equal:
                found.extend(self.sides_of(child))
            else:
                self.others.append(child)
        return tuple(found)

    def read(self, value: ast.expr, names: Names) -> Node:
        """The node of an expression."""
        graph, text = self.graph, self.text(value)
        match value:
            case ast.Name(id=name):
                found = names.get(name)
                if isinstance(found, _Closure):
                    return self.function(found, "counter")
                return graph.node(f"name {name}", (), name) if found is None else found
            case ast.Constant(value=bool() | str() | None):
                return graph.node(f"word {value.value!r}", (), text)
            case ast.Constant(value=int() | float() as number):
                return graph.number(float(number))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return graph.negative(self.read(operand, names))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand, names)
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(self.read(left, names), op, self.read(right, names), text)
            case ast.Attribute(value=inner, attr="T"):
                return graph.transpose(self.read(inner, names), text)
            case ast.Attribute(value=inner, attr=attribute):
                return graph.node(f"attribute {attribute}", [self.read(inner, names)], text)
            case ast.Call():
                return self.call(value, names)
            case ast.Subscript(value=inner, slice=ast.Constant(value=int(place))) if place >= 0:
                return self.item(self.read(inner, names), place)
            case ast.Subscript(value=inner, slice=index):
                return graph.node("index", [self.read(inner, names), self.read(index, names)], text)
            case ast.Slice():
                bounds = (value.lower, value.upper, value.step)
                return graph.node(
                    "slice", [self.read(b, names) if b else graph.node("none") for b in bounds], text
                )
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return graph.node("tuple", [self.read(item, names) for item in items], text)
            case ast.Lambda():
                closure = self.closure_or_node(value, names)
                assert isinstance(closure, _Closure)
                return self.function(closure, "counter")
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return self.loop(value, names)
        children = [self.read(c, names) for c in ast.iter_child_nodes(value) if isinstance(c, ast.expr)]
        operators = " ".join(type(op).__name__ for op in getattr(value, "ops", []))
        return graph.node(f"other {type(value).__name__} {operators}", children, text)

    def operation(self, left: Node, op: ast.operator, right: Node, text: str) -> Node:
        """Two operands with an operator between them."""
        graph = self.graph
        match op:
            case ast.Add():
                return graph.total([left, right], text)
            case ast.Sub():
                return graph.total([left, graph.negative(right)], text)
            case ast.Mult():
                return graph.product([left, right], text)
            case ast.Div():
                return graph.product([left, graph.power(right, -1.0, f"1 / {graph.texts[right]}")], text)
            case ast.MatMult():
                return graph.chain([left, right], text)
        kind = graph.kinds[right][0]
        sign = -1.0 if kind == "neg" else 1.0
        kind = graph.kinds[graph.kinds[right][1][0]][0] if kind == "neg" else kind
        if isinstance(op, ast.Pow) and kind.startswith("number"):
            return graph.power(left, sign * float(kind[7:]), text)
        return graph.node(f"other {type(op).__name__}", [left, right], text)

    def call(self, value: ast.Call, names: Names) -> Node:
        """A call: functions of the body are applied, draws are leaves of their own."""
        graph, text = self.graph, self.text(value)
        match value.func:
            case ast.Lambda():
                closure = self.closure_or_node(value.func, names)
            case ast.Name(id=called):
                closure = names.get(called, called)  # type: ignore[arg-type]
            case ast.Attribute(value=inner, attr=attribute):
                first = self.read(inner, names)
                kind = graph.kinds[first][0]
                if kind == "name chapter":
                    return graph.node(
                        f"call chapter.{attribute}", [first, *self.arguments(value, names)], text
                    )
                return graph.node(f"call {attribute}", [first, *self.arguments(value, names)], text)
            case _:
                return graph.node(
                    "other call", [self.read(value.func, names), *self.arguments(value, names)], text
                )
        if isinstance(closure, _Closure):
            given = [self.closure_or_node(argument, names) for argument in value.args]
            inner_names = {**closure.names, **dict(zip(closure.parameters, given, strict=False))}
            return self.read(closure.body, inner_names)
        name = closure if isinstance(closure, str) else graph.texts[closure]
        if name in DRAWS:
            return graph.node(f"draw {value.lineno}:{value.col_offset}", (), text)
        if name == "inequality" and len(value.args) == 4:
            return self.inequality(value, names)
        arguments = self.arguments(value, names, "argument" if name in HEAVY else "counter")
        if name == "chain":
            return graph.node("chain", arguments, text)
        if name == "solve" and len(arguments) == 2:
            inverse = graph.node("call inv", arguments[:1], f"inv({graph.texts[arguments[0]]})")
            return graph.chain([inverse, arguments[1]], text)
        if name == "sqrt" and len(arguments) == 1:
            return graph.power(arguments[0], 0.5, text)
        if name in _SAME and len(arguments) == 1:
            return arguments[0]
        return graph.node(f"call {name}", arguments, text)

    def inequality(self, value: ast.Call, names: Names) -> Node:
        """An inequality is the left side at its arguments; the right side stands for itself."""
        left, _, right, at = value.args
        given = at.elts if isinstance(at, ast.Tuple) else [at]
        applied = [ast.copy_location(ast.Call(side, given, []), value) for side in (left, right)]
        self.others.append(self.read(applied[1], names))
        return self.read(applied[0], names)

    def arguments(self, value: ast.Call, names: Names, kind: str = "counter") -> list[Node]:
        """The nodes of all arguments."""
        given = [*value.args, *(keyword.value for keyword in value.keywords)]
        nodes = []
        for argument in given:
            found = self.closure_or_node(argument, names)
            nodes.append(self.function(found, kind) if isinstance(found, _Closure) else found)
        return nodes

    def function(self, closure: _Closure, kind: str) -> Node:
        """A function that is handed on; what its arguments are called does not matter."""
        height = 0
        for _ in range(2):  # how many functions stand inside is known after the first time
            names = [f"{kind} {height}.{place}" for place in range(len(closure.parameters))]
            leaves = [
                self.graph.node(leaf, (), name) for leaf, name in zip(names, closure.parameters, strict=True)
            ]
            inner = {**closure.names, **dict(zip(closure.parameters, leaves, strict=True))}
            body = self.read(closure.body, inner)
            height = self.graph.height(body)
        return self.graph.node("function", [*leaves, body], self.text(closure.body))

    def loop(self, value: ast.GeneratorExp | ast.ListComp | ast.SetComp, names: Names) -> Node:
        """A comprehension; its counters are treated as the arguments of a function."""
        height = 0
        for _ in range(2):
            inner, children, counters = dict(names), [], 0
            for part in value.generators:
                children.append(self.read(part.iter, inner))
                for name in (node.id for node in ast.walk(part.target) if isinstance(node, ast.Name)):
                    inner[name] = self.graph.node(f"counter {height}.{counters}", (), name)
                    counters += 1
                children.extend(self.read(condition, inner) for condition in part.ifs)
            body = self.read(value.elt, inner)
            height = self.graph.height(body)
        return self.graph.node("loop", [*children, body], self.text(value))
