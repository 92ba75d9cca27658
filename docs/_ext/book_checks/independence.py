"""The route of a check is independent of what is printed: operators evaluated, no formula shared."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from book_checks import body
from book_checks.body import Problem
from book_checks.graph import Graph, Node, Sides, read_sides
from book_math.macros import Macro
from book_source import Check
from mlderived.checking import MEASURED, VERBS

__all__ = ["OPERATORS", "TRIVIAL", "expand", "operators", "problems", "relations"]

TRIVIAL = 4
"""The two sides may share terms of so many operations; an inverse or decomposition counts as many."""

MOMENTS = (
    "expectation",
    "variance",
    "covariance",
    "probability",
    "characteristic",
    "quadrature",
    "simulation",
)
OPTIMA = ("argmin", "argmax", "minimum", "maximum", "optimum", "kkt", "index_max", "index_min", "max", "min")

OPERATORS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "a derivative": (r"\\(?:nabla|partial)(?![A-Za-z])", ("gradient", "jacobian", "hessian", "derivative")),
    "an expectation, variance or probability": (
        r"\\mathbb\{[EP]\}|\\operatorname\{(?:E|P|Var|Cov)\}",
        MOMENTS,
    ),
    "a maximum or minimum": (
        r"\\(?:min|max|sup|inf)(?![A-Za-z])|\\operatorname\*?\{(?:arg\s*(?:\\[,;!]\s*)?)?(?:min|max|sup|inf)\}",
        OPTIMA,
    ),
    "a limit": (r"\\lim(?:sup|inf)?(?![A-Za-z])", ("limit", "rate")),
    "an integral": (r"\\[io]*int(?![A-Za-z])", ("quadrature", "expectation", "probability")),
}
"""For each operator its TeX, with macros expanded, and the functions that evaluate it from its definition."""

WRAPPERS: Mapping[str, str] = {
    "abs": r"\\lvert|\\abs|\|",
    "cumsum": r"\\sum",
    "exp": r"\\exp|e\^",
    "max": r"\\max|\\sup|infty",
    "mean": r"\\frac|\\bar|/ *n",
    "min": r"\\min|\\inf",
    "norm": r"\\lVert|\\lvert|\\\|",
    "prod": r"\\prod",
    "sign": r"sgn|sign|iff|[rR]ightarrow|[<>]|\\[lg]eq?(?![A-Za-z])",
    "sort": r"\\lambda|_\{?\(",
    "sum": r"\\sum|boldsymbol\{1\}",
    "trace": r"\{tr\}",
    "pow 2.0": r"\^\{?2|\\top",
    "pow 4.0": r"\^\{?4",
}
"""Functions that lose signs, order or entries, and the TeX that has them; else they hide errors."""

ROUNDING = ("floor", "int", "argsort", "all", "any", "nonzero", "unique", "searchsorted")
"""Functions that no whole side may be wrapped in."""

_GROUP = r"\{((?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*)\}"
_NAMED = re.compile(r"[_^]\s*(?:\{\s*\\(?:min|max|sup|inf|lim)\s*\}|\\(?:min|max|sup|inf|lim)(?![A-Za-z]))")
_RELATION = re.compile(
    r"[=<>]|\\(?:neq?|leq?|geq?|approx|equiv|iff|succeq?|preceq?|propto|(?:Long)?[lL]eftrightarrow|implies)(?![A-Za-z])"
)


def expand(tex: str, macros: Iterable[Macro]) -> str:
    """The TeX with the macros of the book replaced by what they stand for, without the reasons of lines."""
    tex = re.sub(r"\\why\s*" + _GROUP, "", tex)
    table = {macro.name: macro for macro in macros if macro.name != "why"}
    for _ in range(10):
        before = tex
        for name, macro in table.items():
            pattern = rf"\\{name}(?![A-Za-z])" + r"\s*" * bool(macro.args) + _GROUP * macro.args

            def filled(found: re.Match[str], macro: Macro = macro) -> str:
                return re.sub(r"#(\d)", lambda argument: found[int(argument[1])], macro.tex)

            tex = re.sub(pattern, filled, tex)
        if tex == before:
            break
    return tex


def operators(tex: str) -> tuple[set[str], set[str]]:
    r"""The operators of the left side, and those of the rest; a name such as ``\lambda_{\max}`` has none."""
    tex = _NAMED.sub("", tex)
    left = _left_side(tex)

    def among(part: str) -> set[str]:
        return {name for name, (pattern, _) in OPERATORS.items() if re.search(pattern, part)}

    return among(left), among(tex[len(left) :])


def _left_side(tex: str) -> str:
    """What stands before the first relation that is in no group of braces."""
    return tex[: next(relations(tex), len(tex))]


def relations(tex: str) -> Iterator[int]:
    """Where the relations begin that are in no group of braces."""
    for found in _RELATION.finditer(tex):
        before = tex[: found.start()]
        if before.count("{") - before.count(r"\{") == before.count("}") - before.count(r"\}"):
            yield found.start()


def problems(check: Check, tex: str, macros: Iterable[Macro]) -> Iterator[Problem]:
    """Everything that makes the two sides depend on each other; the body has no problem of its own."""
    tree = body.parse(check)
    sizes = {name for one in body.sizes(check) for name in one}
    sides = read_sides(tree, sizes)
    lines = {name: _line(tree, name) for name in body.SIDES}
    yield from _package(check, sides, lines["route"])
    yield from _constants(sides, lines["route"])
    tex = expand(tex, macros)
    yield from _wrapped(sides, tex, lines["printed"])
    if "independent" in check.options:
        if len(check.options["independent"].split()) < 4:
            yield Problem(
                check.line,
                "`:independent:` gives no reason",
                "say in a few words why the route is independent",
            )
        return
    yield from _operators(sides, tex, lines["route"])
    yield from _shared(sides, lines["printed"])


def _line(tree: ast.Module, side: str) -> int:
    return next(
        s.lineno for s in tree.body if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == side
    )


def _names(graph: Graph, nodes: Iterable[Node]) -> set[str]:
    return {graph.kinds[below][0] for node in nodes for below in graph.below(node)}


def _route(sides: Sides) -> tuple[Node, ...]:
    return tuple(node for entry in sides.route for node in entry)


def _package(check: Check, sides: Sides, line: int) -> Iterator[Problem]:
    if "name chapter" in _names(sides.graph, _route(sides)) and "oracle" not in check.options:
        yield Problem(
            line,
            "`route` calls the package, which may hold the same mistake",
            "use the package as a further side of a chain in `printed`, or name in `:oracle:` the test that "
            "compares the function with something that is not our formula",
        )


def _constants(sides: Sides, line: int) -> Iterator[Problem]:
    """Something is drawn, counted or evaluated."""
    verbs = {f"call {name}" for name in (*MEASURED, *VERBS)}
    found = _names(sides.graph, sides.all())
    if not any(name in verbs or name.startswith(("draw ", "size ")) for name in found):
        yield Problem(line, "constants are compared", "draw the data, or evaluate the route with a verb")


def _wrapped(sides: Sides, tex: str, line: int) -> Iterator[Problem]:
    """No side is compared through a function that hides what the display says."""
    kinds = [
        {sides.graph.kinds[node][0].removeprefix("call ") for node in entry}
        for entry in (*sides.route, *sides.printed)
    ]
    for names in kinds:
        for name in sorted(names.intersection(ROUNDING)):
            yield Problem(line, f"a side is wrapped in {name}, which rounds", "compare the quantity itself")
    for name, written in WRAPPERS.items():
        if all(names == {name} for names in kinds) and not re.search(written, tex):
            shown = "a power" if name.startswith("pow") else name
            yield Problem(
                line,
                f"both sides are wrapped in {shown}, which the display does not have",
                "compare the quantities themselves",
            )


def _operators(sides: Sides, tex: str, line: int) -> Iterator[Problem]:
    graph = sides.graph
    left, rest = operators(tex)
    called = {name.removeprefix("call ") for name in _names(graph, _route(sides))}
    wanted = [name for name in sorted(left) if called.isdisjoint(OPERATORS[name][1])]
    if not left and rest and all(called.isdisjoint(OPERATORS[name][1]) for name in rest):
        wanted = sorted(rest)
    for name in wanted:
        yield Problem(
            line,
            f"the display has {name}, which `route` does not evaluate from its definition",
            f"use {' or '.join(OPERATORS[name][1][:5])} in `route`, or say in `:independent:` why not",
        )
    for node in {below for side in _route(sides) for below in graph.below(side)}:
        kind, children = graph.kinds[node]
        if kind == "function" and _ignores(graph, children):
            yield Problem(
                line,
                f"the function `{graph.texts[node]}` in `route` ignores its argument",
                "let the verb evaluate the quantity itself",
            )


def _ignores(graph: Graph, children: tuple[Node, ...]) -> bool:
    *arguments, inside = children
    return bool(arguments) and graph.below(inside).isdisjoint(arguments)


def _shared(sides: Sides, line: int) -> Iterator[Problem]:
    """Each entry of ``printed`` has a side that shares nothing with the route and is not the package."""
    graph = sides.graph
    paired = len(sides.route) == len(sides.printed)
    for place, entry in enumerate(sides.printed):
        against = sides.route[place] if paired else _route(sides)
        own = [side for side in entry if "name chapter" not in _names(graph, [side])]
        found = [_heaviest(graph, against, side) for side in own or entry]
        if all(found):
            weight, nodes = min(one for one in found if one)
            text = " and ".join(f"`{' '.join(graph.texts[node].split())}`" for node in nodes)
            yield Problem(
                line,
                f"both sides share {text} ({weight} operations)",
                "let `route` reach the quantity without the formula, "
                "or say in `:independent:` why it is independent",
            )


def _heaviest(graph: Graph, route: Iterable[Node], side: Node) -> tuple[int, tuple[Node, ...]] | None:
    """The heaviest term of both, if it is more than trivial, or all that one of them says."""
    least = min(graph.weight([side]), *(graph.weight([node]) for node in route))
    found = [(graph.weight(nodes) + extra, nodes) for nodes, extra in _common(graph, route, side)]
    heavy = [one for one in found if one[0] > TRIVIAL or (one[0] and one[0] >= least)]
    return max(heavy, default=None)


def _common(graph: Graph, route: Iterable[Node], side: Node) -> Iterator[tuple[tuple[Node, ...], int]]:
    """Terms of both that do not depend on the argument of a verb, and the operations that join them."""
    left, right = ({below for node in nodes for below in _tested(graph, node)} for nodes in (route, [side]))
    for node in left & right:
        if not graph.bound(node):
            yield (node,), 0
    for node in _taken_apart(graph, left) & _taken_apart(graph, right):
        yield (node,), 4  # as much as the inverse that both sides find
    for one in left - right:
        kind, children = graph.kinds[one]
        if kind not in ("+", "*", "@"):
            continue
        for other in right - left:
            if graph.kinds[other][0] == kind:
                others = graph.kinds[other][1]
                common = _run(children, others) if kind == "@" else tuple(x for x in children if x in others)
                common = tuple(x for x in common if not graph.bound(x))
                if len(common) > 1:
                    yield common, len(common) - 1


DECOMPOSITIONS = ("cholesky", "eigh", "inv", "lstsq", "pinv", "qr", "svd")
"""Functions that find an inverse, or all that is needed for one."""


def _taken_apart(graph: Graph, nodes: Iterable[Node]) -> set[Node]:
    """The matrices of more than one operation that are inverted or decomposed there."""
    found = {
        graph.kinds[node][1][0]
        for node in nodes
        if graph.kinds[node][0].removeprefix("call ") in DECOMPOSITIONS and graph.kinds[node][1]
    }
    return {node for node in found if graph.weight([node]) > 1 and not graph.bound(node)}


def _run(one: tuple[Node, ...], other: tuple[Node, ...]) -> tuple[Node, ...]:
    """The longest run of factors that stands in both products."""
    runs = (one[i:j] for i in range(len(one)) for j in range(i + 1, len(one) + 1))
    inside = [run for run in runs if any(other[k : k + len(run)] == run for k in range(len(other)))]
    return max(inside, key=len, default=())


def _tested(graph: Graph, node: Node) -> set[Node]:
    """The node and all below, save the candidates that ``optimum`` and ``kkt`` test themselves."""
    found: set[Node] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        found.add(here)
        kind, children = graph.kinds[here]
        waiting.extend(children[:1] + children[2:] if kind in ("call optimum", "call kkt") else children)
    return found
