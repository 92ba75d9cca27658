"""The body of a check: its sizes, its syntax and what it may not do."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from book_source import Check
from mlderived.checking import RESERVED

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
}

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


def _binding_problems(check: Check, tree: ast.Module) -> Iterator[Problem]:
    bound: dict[str, int] = {}
    for statement in tree.body:
        looping = isinstance(statement, ast.For)
        for name in _names_bound(statement):
            if name in RESERVED or name == "chapter":
                yield Problem(
                    statement.lineno, f"the body binds {name}, the name of a draw or verb", "use another name"
                )
            if name in bound and not looping:
                yield Problem(
                    statement.lineno,
                    f"the body binds {name} twice (first in line {bound[name]})",
                    "give each quantity a name of its own",
                )
            bound.setdefault(name, statement.lineno)
    for side in SIDES:
        if side not in bound:
            yield Problem(check.line, f"`{side}` is not assigned", f"assign `{side}` exactly once")


def _side_problems(check: Check, tree: ast.Module) -> Iterator[Problem]:
    """The two sides may not be made of each other, and the route may not be the package's own function."""
    found = {}
    for statement in tree.body:
        for side in SIDES:
            if side in _names_bound(statement):
                if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                    yield Problem(statement.lineno, f"`{side}` is not assigned alone", f"write `{side} = …`")
                else:
                    found[side] = statement
    for side, statement in found.items():
        used = {node.id for node in ast.walk(statement.value) if isinstance(node, ast.Name)}
        if side == "route" and "chapter" in used:
            yield Problem(
                statement.lineno,
                "`route` calls the package, which may hold the same mistake",
                "use the package as a further side of a chain in `printed`",
            )
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
    outer = {_wrapping(statement.value) for statement in found.values()}
    if len(found) == len(SIDES) and len(outer) == 1 and outer != {""}:
        yield Problem(
            found["printed"].lineno,
            f"both sides are wrapped in {outer.pop()}, which hides signs or digits",
            "compare the quantities themselves",
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


def _wrapping(side: ast.expr) -> str:
    """What is wrapped round a whole side and loses information."""
    if isinstance(side, ast.BinOp) and isinstance(side.op, ast.Pow):
        return "a power"
    return next((name for name in ("abs", "sign", "floor", "int", "norm") if _calls(side, name)), "")
