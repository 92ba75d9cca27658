"""The body of a check: its sizes, its syntax and what it may not do."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from book_source import Check
from mlderived.checking import DRAWS, MEASURED, RESERVED, VERBS

__all__ = ["Body", "Problem", "parse", "problems", "sizes"]

FEWEST = 3
"""A check has at least this many sets of sizes, or says why fewer are enough (``:few:``)."""

SIDES = ("route", "printed")

_BANNED: dict[type[ast.AST], str] = {
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.Try: "try",
    ast.TryStar: "try",
    ast.If: "a branch",
    ast.IfExp: "a branch",
    ast.Match: "a branch",
    ast.While: "a while loop",
    ast.Raise: "raise",
    ast.Assert: "an assert",
    ast.With: "with",
    ast.ClassDef: "a class",
    ast.Global: "global",
    ast.Nonlocal: "nonlocal",
    ast.Delete: "del",
    ast.Await: "await",
    ast.AsyncFunctionDef: "async",
    ast.NamedExpr: "an assignment inside an expression",
    ast.For: "a for statement, which may run no times",
    ast.BoolOp: "`and` or `or`, which is a branch",
    ast.AugAssign: "an assignment that changes a value",
    ast.AnnAssign: "an annotated assignment",
    ast.Starred: "a star, which hides how many things are compared",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.DictComp: "a dictionary",
    ast.JoinedStr: "a formatted string",
}

_ATTRIBUTES = {
    *("T", "conj", "copy", "cumsum", "diagonal", "dot", "imag", "max", "mean", "min", "ndim", "points"),
    *(
        "prod",
        "ravel",
        "real",
        "reshape",
        "shape",
        "size",
        "std",
        "sum",
        "trace",
        "transpose",
        "var",
        "weights",
    ),
}
"""What may stand behind a dot; nothing that rounds, sorts or changes in place."""

_KEYWORDS = {"out", "tolerance", "rtol", "atol", "decimals"}
"""Arguments that write into another value, or choose how closely the sides agree."""

SMALLEST = 1e-3
"""A smaller literal, but for the bounds of a root or integral, is a tolerance."""

_BOUNDED = ("root", "quadrature")

_COUNTING = frozenset(
    {"abs", "assignments", "enumerate", "len", "permutations", "range", "signs", "subsets", "sum", "zip"}
)
"""Functions that a condition of a loop, or the range of its counter, may call."""

_VERBS = frozenset({*DRAWS, *MEASURED, *VERBS, "chain"})

_SIZE = re.compile(r"([A-Za-z_]\w*)=([0-9]+)")


@dataclass(frozen=True)
class Problem:
    """What is wrong in a check, at which line, and what to do."""

    line: int
    what: str
    remedy: str


@dataclass(frozen=True)
class Body:
    """A check taken apart: the statements before the two sides, and the expressions of the sides."""

    setup: tuple[ast.stmt, ...]
    route: ast.expr
    printed: ast.expr


def sizes(check: Check) -> tuple[dict[str, int], ...]:
    """The sets of sizes that the check runs at, as written in ``:sizes:``.

    Raises
    ------
    ValueError
        When the option cannot be read.
    """
    sets = [part.split() for part in check.options.get("sizes", "").split("|")]
    if sets == [[]]:
        return ()
    found = []
    for words in sets:
        matches = [_SIZE.fullmatch(word) for word in words]
        if not words or not all(matches):
            raise ValueError(f"`:sizes: {check.options['sizes']}` is not of the form n=9 d=3 | n=13 d=2")
        pairs = [(match[1], int(match[2])) for match in matches if match]
        found.append(dict(pairs))
        if len(pairs) != len(found[-1]):
            raise ValueError(f"the sizes {' '.join(words)} give one name twice")
    return tuple(found)


def parse(check: Check) -> ast.Module:
    """The syntax tree of the body, with the line numbers of the chapter."""
    return ast.parse("\n" * (check.body_line - 1) + check.body, check.file)


def take_apart(check: Check) -> Body:
    """The setup and the two sides of a check without problems."""
    statements = parse(check).body
    found = {name: statement for statement in statements for name in SIDES if name in _names_bound(statement)}
    setup = tuple(statement for statement in statements if statement not in found.values())
    route, printed = (found[name] for name in SIDES)
    assert isinstance(route, ast.Assign)
    assert isinstance(printed, ast.Assign)
    return Body(setup, route.value, printed.value)


def problems(check: Check) -> Iterator[Problem]:
    """Everything that the body and its sizes may not have."""
    if not check.body.strip():
        yield Problem(
            check.line,
            "the check is empty",
            "assign `route` and `printed`, or state the reason with {unchecked}",
        )
        return
    try:
        tree = parse(check)
    except SyntaxError as error:
        yield Problem(
            error.lineno or check.line, f"the body is not Python: {error.msg}", "correct the syntax"
        )
        return
    yield from _size_problems(check, tree)
    yield from _banned(tree)
    yield from _statements(tree)
    yield from _verbs(tree)
    yield from _loops(check, tree)
    yield from _literals(tree)
    yield from _binding_problems(check, tree)
    yield from _side_problems(check, tree)


def _size_problems(check: Check, tree: ast.Module) -> Iterator[Problem]:
    try:
        found = sizes(check)
    except ValueError as error:
        yield Problem(check.line, str(error), "write sets of whole numbers, separated by |")
        return
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in {name: None for one in found for name in one if name not in read}:
        yield Problem(
            check.line, f"the body does not use the size {name}", "use it, or leave it out of `:sizes:`"
        )
    few = check.options.get("few", "").strip()
    if not found and "symbolic" in read:
        return  # letters stand for all numbers, and there is nothing else to vary
    if len(found) < FEWEST and not few:
        yield Problem(
            check.line,
            f"`:sizes:` has {len(found)} sets of sizes",
            f"give at least {FEWEST}, or the reason for fewer as `:few: …`",
        )
    if any(one == other for i, one in enumerate(found) for other in found[:i]):
        yield Problem(check.line, "`:sizes:` repeats a set", "make the sets different")
    for one in found:
        written = " ".join(f"{name}={value}" for name, value in one.items())
        if one.keys() != found[0].keys():
            yield Problem(
                check.line, f"the set {written} has other names than the first", "name the same sizes in each"
            )
        if len(set(one.values())) < len(one):
            yield Problem(
                check.line,
                f"the sizes {written} are not pairwise distinct",
                "make them distinct: equal sizes hide exchanged indices and transposes",
            )
        if 0 in one.values():
            yield Problem(check.line, f"the sizes {written} have a zero", "use sizes of at least 1")
        for name in one.keys() & RESERVED:
            yield Problem(
                check.line, f"the size {name} has the name of a draw or function", "choose another letter"
            )


def _banned(tree: ast.Module) -> Iterator[Problem]:
    for node in ast.walk(tree):
        if type(node) in _BANNED:
            yield Problem(
                node.lineno,  # type: ignore[attr-defined]
                f"the body has {_BANNED[type(node)]}",
                "write plain assignments; draws, verbs and functions are given (book_checks/README.md)",
            )
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            yield Problem(
                node.lineno, f"the body reads the private attribute {node.attr}", "use public names"
            )
        elif isinstance(node, ast.Attribute) and node.attr not in _ATTRIBUTES and not _of_chapter(node):
            yield Problem(
                node.lineno,
                f"the body uses the attribute {node.attr}",
                f"use a function of the list, or one of {', '.join(sorted(_ATTRIBUTES))}",
            )
        if isinstance(node, ast.keyword) and node.arg in _KEYWORDS:
            yield Problem(
                node.value.lineno,
                f"the body gives the argument {node.arg}",
                "leave the comparison to the harness",
            )


def _of_chapter(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "chapter"


def _statements(tree: ast.Module) -> Iterator[Problem]:
    """Only names are assigned, and functions are assignments that end with return."""
    for statement in tree.body:
        inner = statement.body if isinstance(statement, ast.FunctionDef) else [statement]
        if isinstance(statement, ast.FunctionDef):
            if statement.decorator_list or not isinstance(inner[-1], ast.Return) or not inner[-1].value:
                yield Problem(
                    statement.lineno,
                    f"the function {statement.name} does not end with return",
                    "write assignments and one return, or a lambda",
                )
            inner = inner[:-1]
        for step in inner:
            if isinstance(step, ast.Assign) and all(_only_names(target) for target in step.targets):
                if len(step.targets) > 1:
                    yield Problem(step.lineno, "the body assigns two targets at once", "assign one at a time")
            elif type(step) not in _BANNED and not isinstance(step, ast.FunctionDef):
                yield Problem(
                    step.lineno,
                    "the body has a statement that does not assign names",
                    "write `name = …`; build arrays with stack, where, concatenate",
                )
            elif isinstance(step, ast.FunctionDef) and step is not statement:
                yield Problem(step.lineno, "the body has a function inside a function", "use a lambda")


def _only_names(target: ast.expr) -> bool:
    items = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return all(isinstance(item, ast.Name) for item in items)


def _verbs(tree: ast.Module) -> Iterator[Problem]:
    """Verbs and draws are called by their own name, and nothing else has that name."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if node.id in _VERBS and id(node) not in called:
                yield Problem(
                    node.lineno, f"the body hands {node.id} on instead of calling it", f"write `{node.id}(…)`"
                )
        elif isinstance(node, ast.arg) and (node.arg in RESERVED or node.arg == "chapter"):
            yield Problem(
                node.lineno,
                f"an argument is called {node.arg}, the name of a draw or verb",
                "use another name",
            )
        elif isinstance(node, ast.comprehension):
            for name in ast.walk(node.target):
                if isinstance(name, ast.Name) and (name.id in RESERVED or name.id == "chapter"):
                    yield Problem(
                        name.lineno, f"a loop binds {name.id}, the name of a draw or verb", "use another name"
                    )
        elif isinstance(node, ast.arguments) and (
            node.defaults or node.vararg or node.kwarg or node.kwonlyargs
        ):
            line = (node.args or [node.vararg or node.kwarg or node.kwonlyargs[0]])[0].lineno
            yield Problem(line, "a function has defaults, stars or named arguments", "write plain arguments")


def _loops(check: Check, tree: ast.Module) -> Iterator[Problem]:
    """What a loop leaves out depends on counters and sizes alone, so each draw compares as much."""
    try:
        fixed = {name for one in sizes(check) for name in one}
    except ValueError:
        fixed = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
            continue
        known = fixed | _COUNTING
        for generator in node.generators:
            if _read(generator.iter) <= known:
                known |= {n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name)}
        for condition in (condition for g in node.generators for condition in g.ifs):
            unsteady = sorted(_read(condition) - known)
            if unsteady:
                yield Problem(
                    condition.lineno,
                    f"the condition of a loop reads {', '.join(unsteady)}, so it may leave out everything",
                    "let conditions depend on counters and sizes; use where(…) for values",
                )


def _read(node: ast.AST) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


def _zero(*factors: ast.expr) -> bool:
    return any(isinstance(factor, ast.Constant) and factor.value == 0 for factor in factors)


def _literals(tree: ast.Module) -> Iterator[Problem]:
    """No literal is so small that it could only be a tolerance."""
    bounds = {
        id(part)
        for node in ast.walk(tree)
        if any(_calls(node, name) for name in _BOUNDED)
        for argument in node.args[1:]  # type: ignore[attr-defined]
        for part in ast.walk(argument)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and _zero(node.left, node.right):
            yield Problem(
                node.lineno, "the body multiplies by zero, which hides what stands there", "leave it out"
            )
        if not isinstance(node, ast.Constant) or not isinstance(node.value, float) or id(node) in bounds:
            continue
        if 0.0 < abs(node.value) < SMALLEST:
            yield Problem(
                node.lineno,
                f"the body has the literal {node.value:g}, which looks like a tolerance",
                "compare the quantities themselves; the harness knows how closely they agree",
            )


def _binding_problems(check: Check, tree: ast.Module) -> Iterator[Problem]:
    bound: dict[str, int] = {}
    for statement in tree.body:
        for name in _names_bound(statement):
            if name in RESERVED or name == "chapter":
                yield Problem(
                    statement.lineno, f"the body binds {name}, the name of a draw or verb", "use another name"
                )
            if name in bound:
                yield Problem(
                    statement.lineno,
                    f"the body binds {name} twice (first in line {bound[name]})",
                    "give each quantity a name of its own",
                )
            bound.setdefault(name, statement.lineno)
    yield from _read_too_early(tree)
    for side in SIDES:
        if side not in bound:
            yield Problem(check.line, f"`{side}` is not assigned", f"assign `{side}` exactly once")


def _read_too_early(tree: ast.Module) -> Iterator[Problem]:
    """A function sees what is bound before it, so that it can be read from above, and ends."""
    later = {name for statement in tree.body for name in _names_bound(statement)}
    for statement in tree.body:
        nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        bound = set(_names_bound(statement))
        inside = {node.arg for node in ast.walk(statement) if isinstance(node, ast.arg)}
        inside |= {node.id for node in nodes if isinstance(node.ctx, ast.Store)} - bound
        read = {node.id for node in nodes if isinstance(node.ctx, ast.Load)}
        for name in sorted(read & later - inside):
            yield Problem(
                statement.lineno,
                f"the body reads {name} before it is bound",
                "bind each name above the statement that reads it",
            )
        later -= bound


def _side_problems(check: Check, tree: ast.Module) -> Iterator[Problem]:
    """The two sides are assigned alone and not made of each other."""
    found = {}
    for statement in tree.body:
        for side in SIDES:
            if side in _names_bound(statement):
                if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                    yield Problem(statement.lineno, f"`{side}` is not assigned alone", f"write `{side} = …`")
                else:
                    found[side] = statement
    for statement in found.values():
        for node in ast.walk(statement.value):
            if _calls(node, "zero") and any(isinstance(n, ast.Constant) for n in node.args[1:2]):  # type: ignore[attr-defined]
                yield Problem(
                    node.lineno,  # type: ignore[attr-defined]
                    "the scale of `zero` is a literal",
                    "compute the scale from the quantities, such as norm(X) * norm(y)",
                )
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in SIDES and isinstance(node.ctx, ast.Load):
            yield Problem(node.lineno, f"the body reads `{node.id}`", "compute the two sides independently")
    if len({ast.dump(statement.value) for statement in found.values()}) < len(found):
        yield Problem(
            found["printed"].lineno,
            "both sides are the same expression",
            "let `route` reach the quantity without the formula",
        )


def _names_bound(statement: ast.stmt) -> list[str]:
    """The names that a statement assigns, not counting those of functions and comprehensions inside it."""
    if isinstance(statement, ast.FunctionDef):
        return [statement.name]
    hidden = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    names: list[str] = []
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        waiting.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, hidden))
    return sorted(set(names))


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
