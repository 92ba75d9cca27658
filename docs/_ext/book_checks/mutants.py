"""Mutants of `printed`: a check must notice each mistake that its formula could contain."""

import ast
import copy
import os
import re
import resource
import signal
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from book_checks.evidence import Mutants, Survivor
from book_checks.trial import Program, Sides, Trial, compiled, is_symbolic, same
from mlderived.checking import DRAWS, EXACT, RESERVED, CheckError, DisagreementError

__all__ = ["FEWEST_KILLS", "Mutation", "mutants_of", "mutations", "shortcomings"]

FEWEST_KILLS = 3
"""A check with fewer mutants killed by value is vacuous."""

TIME = 0.5
"""Seconds of processor time after which a mutant is stopped."""

MEMORY = 1 << 30
"""Bytes that a mutant may use beyond what the check uses."""

ROUNDING = 1e-11
"""Two values that are further apart than this, relative to their scale, are different."""

NEIGHBOURS = 2
"""How many other variables of its shape each variable is replaced by."""

SHOWN = 6
"""How many survivors a message shows."""

_FORMULAS = {
    **dict.fromkeys(("argmin", "argmax", "minimum", "maximum", "root", "zero"), 1),
    **dict.fromkeys(("limit", "rate", "simulation", "iterate"), 1),
    "inequality": 3,
    "monotone": 1,
}
"""How many arguments of a verb are formulas; the others are where a search starts, a scale, a case."""

_UNARY = frozenset(
    {"inv", "pinv", "sqrt", "log", "log1p", "exp", "expm1", "expit", "logit", "tanh", "sin", "cos", "abs"}
    | {"sort", "cumsum", "sign"}
)
_EXTREMES = {
    "min": "max",
    "fmin": "fmax",
    "argmin": "argmax",
    "minimum": "maximum",
    "index_min": "index_max",
    "cumsum": "cumprod",
    "tril": "triu",
    "any": "all",
}
_EXTREMES |= {after: before for before, after in _EXTREMES.items()}
_COMPARED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
_RELATIONS = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "preceq": "succeq", "succeq": "preceq"}


@dataclass(eq=False)
class Site:
    """A node of a statement and where it hangs.

    ``indices`` and ``arguments`` are the names that loops and functions inside the statement bind around it;
    ``position`` says that it is part of an index.
    """

    statement: int
    parent: ast.AST
    field: str
    index: int | None
    node: ast.expr
    indices: frozenset[str]
    arguments: frozenset[str]
    position: bool

    @property
    def local(self) -> frozenset[str]:
        """The names that do not mean the variables of the check here."""
        return self.indices | self.arguments

    def put(self, node: ast.AST) -> None:
        """Hang another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True)
class Mutation:
    """Other nodes for some sites; ``wordless`` when it only reorders, so that equality needs no words."""

    sites: tuple[Site, ...]
    nodes: tuple[ast.expr, ...]
    wordless: bool = False

    @property
    def line(self) -> int:
        """The line of the page."""
        return self.sites[0].node.lineno

    @property
    def change(self) -> str:
        """What was changed, in words."""
        often = f", {len(self.sites)} times" if len(self.sites) > 1 else ""
        return f"`{ast.unparse(self.sites[0].node)}` becomes `{ast.unparse(self.nodes[0])}`{often}"

    def codes(self, parts: Program, file: str) -> dict[int, CodeType]:
        """The code of the statements that it changes."""
        for site, node in zip(self.sites, self.nodes, strict=True):
            site.put(node)
        try:
            return {
                k: compiled(parts.statements[k], file)
                for k in sorted({site.statement for site in self.sites})
            }
        finally:
            for site in self.sites:
                site.put(site.node)

    def source(self, parts: Program) -> str:
        """The changed statements, on one line each."""
        for site, node in zip(self.sites, self.nodes, strict=True):
            site.put(node)
        try:
            changed = sorted({site.statement for site in self.sites})
            return "\n".join(_shown(parts.statements[k]) for k in changed)
        finally:
            for site in self.sites:
                site.put(site.node)


def _shown(statement: ast.stmt) -> str:
    """The statement; of a side of a chain only the expression."""
    if isinstance(statement, ast.Assign) and _is_side(statement):
        return ast.unparse(statement.value)
    return ast.unparse(statement)


def _is_side(statement: ast.Assign) -> bool:
    target = statement.targets[0]
    return isinstance(target, ast.Name) and target.id.startswith("side ")


# What is changed --------------------------------------------------------------


def mutations(parts: Program, trials: Sequence[Trial], sizes: frozenset[str]) -> list[Mutation]:
    """All mutants of what serves `printed` only; which variables have equal shapes is seen in the trials."""
    sites = [site for k in parts.own for site in _sites(parts.statements[k], k)]
    shapes = _shapes(parts, trials, sizes)
    found = [
        Mutation((site,), (_at(site, node),), wordless or site.position)
        for site in sites
        for node, wordless in _changes(site, shapes, sizes)
    ]
    found += _everywhere(sites, shapes)
    found += _doubled(parts, sites)
    seen: dict[Any, Mutation] = {}
    for one in found:
        key = tuple((id(site.node), ast.dump(node)) for site, node in zip(one.sites, one.nodes, strict=True))
        seen.setdefault(key, one)
    return list(seen.values())


def _at(site: Site, node: ast.expr) -> ast.expr:
    return ast.fix_missing_locations(ast.copy_location(node, site.node))


def _sites(statement: ast.stmt, k: int) -> Iterator[Site]:
    """The expressions that may be changed: not draws, not where a search starts, not targets.

    Nor what a side hands to a function of the check: the formula is in the function.
    """
    handed = statement.value if isinstance(statement, ast.Assign) and _is_side(statement) else None
    if _called(handed) in RESERVED:
        handed = None
    none = frozenset[str]()
    waiting: list[tuple[ast.AST, frozenset[str], frozenset[str], bool]] = [(statement, none, none, False)]
    while waiting:
        parent, indices, arguments, inside = waiting.pop(0)
        if isinstance(parent, ast.Lambda | ast.FunctionDef):
            arguments |= {argument.arg for argument in parent.args.args}
        if isinstance(parent, ast.FunctionDef | ast.ListComp | ast.SetComp | ast.GeneratorExp):
            indices |= _stored(parent)
        for field, index, child in _children(parent):
            position = inside or (isinstance(parent, ast.Subscript) and field == "slice")
            waiting.append((child, indices, arguments, position))
            if not isinstance(child, ast.expr) or isinstance(getattr(child, "ctx", None), ast.Store):
                continue
            if not (parent is handed and isinstance(child, ast.Name)):
                yield Site(k, parent, field, index, child, indices, arguments, position)


def _children(parent: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    name = _called(parent)
    if name in DRAWS or isinstance(parent, ast.arguments):
        return
    for field, value in ast.iter_fields(parent):
        if isinstance(parent, ast.Call) and field == "func" and isinstance(value, ast.Name):
            continue
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            kept = value[: _FORMULAS[name] * (field == "args")] if name in _FORMULAS else value
            for index, one in enumerate(kept):
                if isinstance(one, ast.AST):
                    yield field, index, one


def _called(node: ast.AST | None) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _stored(node: ast.AST) -> frozenset[str]:
    return frozenset(
        one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    )


def _shapes(parts: Program, trials: Sequence[Trial], sizes: frozenset[str]) -> dict[str, tuple[Any, ...]]:
    """For each variable its kind and shape in every trial, in the order in which they are bound."""
    found: dict[str, tuple[Any, ...]] = dict.fromkeys(sorted(sizes), ("size",))
    for written in parts.writes:
        for name in sorted(written & parts.letters):
            values: list[Any] = [trial.names.get(name) for trial in trials]
            if " " not in name and all(_is_number(value) for value in values):
                found[name] = tuple(np.shape(value) for value in values)
    return found


def _is_number(value: object) -> bool:
    if is_symbolic(value):
        return True
    return isinstance(value, int | float | np.ndarray | np.generic) and np.asarray(value).dtype.kind in "iufc"


def _like(name: str, site: Site, shapes: dict[str, tuple[Any, ...]]) -> list[str]:
    """The nearest variables that could stand in the place of this one."""
    if name in site.local or _called(site.parent) == "len":
        return []
    # A side of a chain in the place of its neighbour compares that one with itself.
    beside = {child.id for child in ast.iter_child_nodes(site.parent) if isinstance(child, ast.Name)}
    taken = site.local | {name} | (beside if _called(site.parent) == "chain" else set())
    order = list(shapes)
    others = [one for one in order if shapes[one] == shapes[name] and one not in taken]
    others.sort(key=lambda one: abs(order.index(one) - order.index(name)))
    return others[:NEIGHBOURS]


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _number(value: Any) -> ast.expr:
    return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if value < 0 else ast.Constant(value)


def _changes(
    site: Site, shapes: dict[str, tuple[Any, ...]], sizes: frozenset[str]
) -> Iterator[tuple[ast.expr, bool]]:
    """The changes of one node, each with whether it only reorders."""
    node = site.node
    if isinstance(node, ast.BinOp):
        yield from _of_operation(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand, False
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value, True
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARED:
        yield ast.Compare(node.left, [_COMPARED[type(node.ops[0])]()], node.comparators), False
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Subscript):
        for index in _of_index(node.slice):
            yield ast.Subscript(node.value, index, ast.Load()), True
    elif isinstance(node, ast.Name):
        yield from _of_name(node, site, shapes, sizes)
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node, site)


def _of_operation(node: ast.BinOp) -> Iterator[tuple[ast.expr, bool]]:
    left, right = node.left, node.right
    if isinstance(node.op, ast.Add | ast.Sub):
        minus = isinstance(node.op, ast.Sub)
        yield ast.BinOp(left, ast.Add() if minus else ast.Sub(), right), False
        yield left, False
        yield (ast.UnaryOp(ast.USub(), right) if minus else right), False
        if not (isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Sub)):
            yield ast.BinOp(ast.UnaryOp(ast.USub(), left), node.op, right), False
    elif isinstance(node.op, ast.Mult | ast.MatMult | ast.Div):
        yield left, False
        if not (isinstance(left, ast.Constant) and left.value == 1):
            yield (
                (ast.BinOp(ast.Constant(1), node.op, right) if isinstance(node.op, ast.Div) else right),
                False,
            )
        if isinstance(node.op, ast.MatMult) and ast.dump(left) != ast.dump(right):
            yield ast.BinOp(right, node.op, left), True
        if isinstance(node.op, ast.Div):
            yield ast.BinOp(right, node.op, left), False
    elif isinstance(node.op, ast.Pow):
        yield left, False
        yield ast.BinOp(left, node.op, ast.BinOp(right, ast.Add(), ast.Constant(1))), False
        if ast.unparse(right) != "2":
            yield ast.BinOp(left, node.op, ast.BinOp(right, ast.Sub(), ast.Constant(1))), False


def _of_call(node: ast.Call) -> Iterator[tuple[ast.expr, bool]]:
    name, arguments = _called(node), node.args
    if name in ("chain", "inequality"):
        for k, one in enumerate(arguments):
            if isinstance(one, ast.Constant) and one.value in _RELATIONS:
                turned = [*arguments[:k], ast.Constant(_RELATIONS[one.value]), *arguments[k + 1 :]]
                yield ast.Call(node.func, turned, node.keywords), False
        return
    if name in _UNARY and len(arguments) == 1:
        yield arguments[0], False
    if name in _EXTREMES:
        yield ast.Call(_name(_EXTREMES[name]), arguments, node.keywords), False
    if name == "range" and len(arguments) == 1:
        shorter = ast.BinOp(arguments[0], ast.Sub(), ast.Constant(1))
        yield ast.Call(node.func, [shorter], []), False
        yield ast.Call(node.func, [ast.Constant(1), arguments[0]], []), False
    elif name not in _FORMULAS and name != "range":
        for k in range(len(arguments) - 1):
            one, other = arguments[k : k + 2]
            if ast.dump(one) != ast.dump(other):
                yield (
                    ast.Call(node.func, [*arguments[:k], other, one, *arguments[k + 2 :]], node.keywords),
                    True,
                )
    for k, keyword in enumerate(node.keywords):
        others = [*node.keywords[:k], *node.keywords[k + 1 :]]
        if keyword.arg in ("axis", "ddof", "rowvar", "bias", "keepdims"):
            yield ast.Call(node.func, arguments, others), keyword.arg == "axis"
        if keyword.arg == "axis" and ast.unparse(keyword.value) in ("0", "1"):
            other = ast.Constant(1 - int(ast.unparse(keyword.value)))
            yield ast.Call(node.func, arguments, [*others, ast.keyword("axis", other)]), True


def _of_index(index: ast.expr) -> Iterator[ast.expr]:
    """Another position; where it is equal by value, the terms of a sum were only taken in another order."""
    if isinstance(index, ast.Tuple):
        if len(index.elts) == 2 and ast.dump(index.elts[0]) != ast.dump(index.elts[1]):
            yield ast.Tuple(index.elts[::-1], ast.Load())
        for k, one in enumerate(index.elts):
            for other in _of_index(one):
                yield ast.Tuple([*index.elts[:k], other, *index.elts[k + 1 :]], ast.Load())
    elif isinstance(index, ast.Slice):
        for field in ("lower", "upper"):
            bound = getattr(index, field)
            if bound is not None:
                moved = copy.copy(index)
                setattr(moved, field, ast.BinOp(bound, ast.Sub(), ast.Constant(1)))
                yield moved
    elif isinstance(index, ast.Constant) and isinstance(index.value, int):
        yield ast.Constant(index.value + 1)
        yield _number(index.value - 1)
    else:
        yield ast.BinOp(index, ast.Sub(), ast.Constant(1))


def _of_name(
    node: ast.Name, site: Site, shapes: dict[str, tuple[Any, ...]], sizes: frozenset[str]
) -> Iterator[tuple[ast.expr, bool]]:
    name = node.id
    if name in site.local:
        for other in sorted((site.indices if name in site.indices else site.arguments) - {name}):
            yield _name(other), False
        return
    for other in _like(name, site, shapes) if name in shapes else ():
        yield _name(other), False
    if name in sizes and _called(site.parent) != "range":
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1)), False
    matrix = all(len(shape) == 2 for shape in shapes.get(name, ("",)))
    if matrix and not isinstance(site.parent, ast.Attribute):
        yield ast.Attribute(node, "T", ast.Load()), True


def _of_constant(node: ast.Constant, site: Site) -> Iterator[tuple[ast.expr, bool]]:
    """A number as a factor or a term; exponents, positions and axes have their own changes."""
    value = node.value
    if isinstance(value, bool | str) or not isinstance(value, int | float):
        return
    power = isinstance(site.parent, ast.BinOp) and isinstance(site.parent.op, ast.Pow)
    if (power and site.field == "right") or isinstance(site.parent, ast.Subscript | ast.Slice):
        return
    if isinstance(site.parent, ast.keyword) and site.parent.arg == "axis":
        return
    whole = isinstance(value, int)
    for other in dict.fromkeys(
        (value + 1, value - 1, 2 * value, value // 2 if whole and value % 2 == 0 else value / 2)
    ):
        if other != value:
            yield _number(other), False


def _everywhere(sites: Sequence[Site], shapes: dict[str, tuple[Any, ...]]) -> Iterator[Mutation]:
    """One sign or one variable changed at all its places: in one side, and in all of them."""
    groups: dict[tuple[Any, ...], list[Site]] = defaultdict(list)
    for site in sites:
        node = site.node
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            key = ast.dump(node)
        elif isinstance(node, ast.Name) and node.id in shapes and node.id not in site.local:
            key = node.id
        else:
            continue
        groups[key, site.statement].append(site)
        groups[key, None].append(site)
    for group in groups.values():
        if len(group) < 2:
            continue
        first = group[0].node
        if isinstance(first, ast.Name):
            for other in _like(first.id, group[0], shapes):
                yield Mutation(tuple(group), tuple(_at(site, _name(other)) for site in group))
        else:
            flipped = []
            for site in group:
                assert isinstance(site.node, ast.BinOp)
                turned = ast.Sub() if isinstance(site.node.op, ast.Add) else ast.Add()
                flipped.append(_at(site, ast.BinOp(site.node.left, turned, site.node.right)))
            yield Mutation(tuple(group), tuple(flipped))


def _doubled(parts: Program, sites: Sequence[Site]) -> Iterator[Mutation]:
    """An abbreviation, or an expression that occurs more than once, twice as large at all its places."""
    groups: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        if not site.position and isinstance(site.node, ast.BinOp | ast.Call):
            statement = parts.statements[site.statement]
            named = site.parent is statement and isinstance(statement, ast.Assign) and not _is_side(statement)
            alone = named and isinstance(statement.targets[0], ast.Name) and parts.own[-1] != site.statement  # type: ignore[attr-defined]
            groups[f"{alone * site.statement} {ast.dump(site.node)}"].append(site)
            if alone:
                groups[f"{site.statement}"] = [site, site]
    for group in groups.values():
        if len(group) > 1:
            places = tuple(dict.fromkeys(group))
            doubled = tuple(_at(site, ast.BinOp(ast.Constant(2), ast.Mult(), site.node)) for site in places)
            yield Mutation(places, doubled)


# How each ends ----------------------------------------------------------------

_SHAPE = re.compile(r"shape|dimension|broadcast|align|square|mismatch|axis|axes|tuple|rectangular|empty|size")
_NUMBER = re.compile(r"[Ss]ingular|positive.definite|converge|not finite|domain")


def _verdict(error: BaseException) -> str:
    if isinstance(error, DisagreementError | ArithmeticError | Warning):
        return "value"
    if isinstance(error, MemoryError | RecursionError):
        return "time"
    text = str(error)
    if isinstance(error, CheckError):
        return "shape" if _SHAPE.search(text) and not _NUMBER.search(text) else "value"
    if isinstance(error, ValueError) and _NUMBER.search(text):
        return "value"
    if isinstance(error, ValueError) and _SHAPE.search(text):
        return "shape"
    return "stillborn"


def _fate(mutation: Mutation, trials: Sequence[Trial], originals: Sequence[Sides], file: str) -> str:
    """How a mutant ends; "equal", "weaker" or "other" when no draw kills it."""
    parts = trials[0].parts
    try:
        codes = mutation.codes(parts, file)
    except (SyntaxError, ValueError):
        return "stillborn"
    fates = Counter[str]()
    for trial, original in zip(trials, originals, strict=True):
        try:
            with np.errstate(divide="raise", over="raise", invalid="raise"):
                sides = trial.again(codes)
        except Exception as error:
            fates[_verdict(error)] += 1
            if fates["value"] or fates["time"]:
                break
            continue
        rounding = ROUNDING if trial.own_tolerance <= EXACT else trial.own_tolerance
        fates[_compared(original, sides, rounding)] += 1
    for worst in ("value", "time", "shape", "other", "weaker", "equal", "stillborn"):
        if fates[worst]:
            return worst
    raise AssertionError("a check without draws has no mutants")


def _compared(original: Sides, mutant: Sides, tolerance: float) -> str:
    """How a mutant that passed differs from the original."""
    before, after = (
        (*sides.chains, *(bound.sides for bound in sides.bounds)) for sides in (original, mutant)
    )
    if len(before) != len(after) or not same(original.printed, mutant.printed, tolerance):
        return "other"
    if same(before, after, tolerance):
        return "equal"
    for old, new in zip(before, after, strict=True):
        if old[1::2] != new[1::2] or not _weaker(old, new, tolerance):
            return "other"
    return "weaker"


def _weaker(before: Sequence[Any], after: Sequence[Any], tolerance: float) -> bool:
    """Whether no inequality of the chain became tighter."""
    for k in range(1, len(before), 2):
        relation = before[k]
        if relation == "=":
            continue
        sign = -1.0 if relation in (">", ">=", "succeq") else 1.0
        gaps = [sign * (np.asarray(side[k + 1]) - np.asarray(side[k - 1])) for side in (before, after)]
        if gaps[0].shape != gaps[1].shape:
            return False
        gained = gaps[1] - gaps[0]
        least = np.linalg.eigvalsh(gained) if relation in ("preceq", "succeq") else gained
        scale = max(float(np.max(np.abs(side))) for side in (before[k - 1], before[k + 1]))
        if np.min(least) < -tolerance * scale:
            return False
    return True


def mutants_of(
    trials: Sequence[Trial], originals: Sequence[Sides], sizes: frozenset[str], file: str, reason: str
) -> Mutants:
    """Run all mutants on the trials; ``reason`` is the identity by which some are equal to the original."""
    todo = mutations(trials[0].parts, trials, sizes)
    fates: list[str] = []
    while len(fates) < len(todo):
        fates += _batch(todo[len(fates) :], trials, originals, file)
    count, survived = Counter[str](), []
    for mutation, fate in zip(todo, fates, strict=True):
        if fate == "weaker" or (fate == "equal" and mutation.wordless):
            count["set_aside"] += 1
        elif fate == "equal" and reason:
            count["equivalent"] += 1
        elif fate in ("equal", "other"):
            source = mutation.source(trials[0].parts)
            survived.append(Survivor(mutation.line, mutation.change, source, fate == "equal"))
        else:
            count[fate if fate == "stillborn" else f"killed_{fate}"] += 1
    return Mutants(**count, survived=tuple(survived))


def _batch(
    todo: Sequence[Mutation], trials: Sequence[Trial], originals: Sequence[Sides], file: str
) -> list[str]:
    """The fates of mutants, run in a forked process, up to the first that had to be stopped."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            _set_limits()
            # Unhandled, the signal ends the process, also inside a loop of C.
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            for mutation in todo:
                signal.setitimer(signal.ITIMER_PROF, TIME)
                os.write(write, f"{_fate(mutation, trials, originals, file)}\n".encode())
            signal.setitimer(signal.ITIMER_PROF, 0)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        fates = pipe.read().decode().split()
    os.waitpid(pid, 0)
    return fates if len(fates) == len(todo) else [*fates, "time"]


def _set_limits() -> None:
    """Bound the memory; the time is bounded for each mutant."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
    statm = Path("/proc/self/statm")
    if statm.exists():
        used = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))


# What is wrong -----------------------------------------------------------------


def shortcomings(mutants: Mutants, reason: str) -> list[tuple[int, str]]:
    """What the mutants show to be wrong with a check: a line (0 for the whole check) and what to do."""
    found = [(one.line, _said(one)) for one in mutants.survived[:SHOWN]]
    more = len(mutants.survived) - SHOWN
    if more > 0:
        found.append((0, f"{more} more mutants survive"))
    if mutants.killed_value < FEWEST_KILLS:
        found.append(
            (
                0,
                f"vacuous: {mutants.killed_value} mutants are killed by value, {FEWEST_KILLS} are the least; "
                "write the formula out in `printed`, term by term",
            )
        )
    aside = mutants.set_aside + mutants.equivalent
    if 2 * aside > mutants.live:
        found.append(
            (
                0,
                f"{aside} of {mutants.live} mutants are equal to the original by value; "
                "draw more general data, or compare more of the formula",
            )
        )
    if reason and not mutants.equivalent:
        found.append((0, "`:equivalent:` covers no mutant; remove it"))
    return found


def _said(survivor: Survivor) -> str:
    if survivor.equal:
        return (
            f"{survivor.change} without a change of value, on every draw; "
            "draw more general data, or name the identity behind it in `:equivalent:`"
        )
    return f"{survivor.change}, and no draw notices; sharpen the check"
