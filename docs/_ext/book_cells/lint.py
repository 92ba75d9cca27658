"""What a cell owes: one class, allowed imports, no dependence of live cells on hidden ones, bounded glue."""

import ast
import re
import symtable
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions

from .keys import group, imported_names
from .pages import CLASSES, WIDTH, Cell, Page, Problem

LIVE = {"numpy", "scipy", "matplotlib", "mlderived"} | sys.stdlib_module_names
OTHER_TAGS = {"hide-input", "hide-output", "hide-cell", "remove-input", "remove-output", "colormap"}
_GLUE_ROLE = re.compile(r"\{glue(?::[a-z]*)?\}`([^`]+)`")


@cache
def oracle_modules() -> frozenset[str]:
    """Return the modules that the oracle group of pyproject.toml brings."""
    wanted = {name.lower() for name in group("oracle")}
    return frozenset(
        module
        for module, distributions in packages_distributions().items()
        if wanted & {name.lower() for name in distributions}
    )


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def names(code: str) -> tuple[set[str], set[str]]:
    """Return the names of the page that a cell defines, and those that it uses from other cells."""
    top = symtable.symtable(code, "cell", "exec")
    defined = {
        symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()
    }
    used = {
        symbol.get_name()
        for table in _tables(top)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table is top or symbol.is_global())
    }
    grown = {
        node.target.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    return defined, (used - defined) | grown


def _class_of(cell: Cell) -> Iterator[str]:
    if not cell.kind:
        found = [tag for tag in cell.tags if tag in CLASSES]
        yield f"has the classes {found}, needs exactly one: add `:tags: [live]` (or oracle, or glue)"
    for tag in cell.tags:
        if tag not in CLASSES and tag not in OTHER_TAGS:
            yield f"has the unknown tag {tag!r}: use one of {', '.join([*CLASSES, *sorted(OTHER_TAGS)])}"


def _imports(cell: Cell, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for module in sorted(set(imported_names(ast.Module([node], [])))):
            root = module.split(".")[0]
            if root == "myst_nb":
                yield node.lineno, "imports myst_nb: remove the import, a glue cell knows `glue` already"
            elif root not in LIVE and cell.kind == "live":
                remedy = (
                    "make it an oracle cell, or use the standard library, numpy, scipy, matplotlib, mlderived"
                )
                yield node.lineno, f"is live and imports {root}, which does not run in the page: {remedy}"
            elif root not in LIVE and root not in oracle_modules():
                remedy = "use another library, or add it to the group `oracle` and run `make lock`"
                yield (
                    node.lineno,
                    f"imports {root}, which is not in the group `oracle` of pyproject.toml: {remedy}",
                )
            else:
                continue
            break


def _glue_calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "glue":
            yield node


def _bounded(tree: ast.Module) -> set[str]:
    """Return the names that take part in a comparison that an assert makes."""
    return {
        name.id
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Assert)
        for comparison in ast.walk(statement.test)
        if isinstance(comparison, ast.Compare)
        for name in ast.walk(comparison)
        if isinstance(name, ast.Name)
    }


def _glue(cell: Cell, tree: ast.Module) -> Iterator[tuple[int, str]]:
    calls = list(_glue_calls(tree))
    if cell.kind == "glue" and not calls:
        yield 1, 'is a glue cell without glue("key", value): add it, or make the cell live'
    for call in calls:
        if cell.kind != "glue":
            yield (
                call.lineno,
                "calls glue() and is not a glue cell: move the call to a cell with `:tags: [glue]`",
            )
        elif not (
            len(call.args) == 2
            and not call.keywords
            and isinstance(call.args[0], ast.Constant)
            and isinstance(call.args[0].value, str)
            and isinstance(call.args[1], ast.Name)
        ):
            yield call.lineno, 'calls glue() otherwise than glue("key", name): give the value a name first'
        elif call.args[1].id not in _bounded(tree):
            name = call.args[1].id
            remedy = f"add an assert as the sentence words it, such as `assert 0.4 < {name} < 0.6`"
            yield call.lineno, f"glues {name} without bounding it: {remedy}"


def glue_keys(tree: ast.Module) -> set[str]:
    """Return the keys that a cell glues."""
    return {
        call.args[0].value
        for call in _glue_calls(tree)
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def _glue_uses(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        for use in _GLUE_ROLE.finditer(line):
            yield number, use[1].split(":")[0]


def _dependence(
    cell: Cell, tree: ast.Module, used: set[str], last: dict[str, Cell]
) -> Iterator[tuple[int, str]]:
    """Find what a live cell takes from cells that do not run in the page; ``last`` has them."""
    for name in sorted(used & set(last)):
        other = last[name]
        if cell.kind == "live" and other.kind != "live":
            lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
            remedy = f"define {name} in a live cell, or make this cell {other.kind}"
            defines = f"cell {other.number} ({other.kind}) defines"
            yield min(lines, default=1), f"is live and uses {name}, which {defines}: {remedy}"


def _one(cell: Cell, last: dict[str, Cell], glued: dict[str, Cell]) -> Iterator[tuple[int, str]]:
    """Lint one cell, given what the cells before it define and glue; add its own."""
    for message in _class_of(cell):
        yield 1, message
    for number, line in enumerate(cell.code.splitlines(), 1):
        if len(line) > WIDTH:
            yield number, f"has a line of {len(line)} characters: break it at {WIDTH}"
    try:
        tree = ast.parse(cell.code)
        defined, used = names(cell.code)
    except SyntaxError as error:
        yield error.lineno or 1, f"is not plain Python ({error.msg}): a cell has no magics and no shell"
        return
    yield from _imports(cell, tree)
    yield from _glue(cell, tree)
    yield from _dependence(cell, tree, used, last)
    last.update(dict.fromkeys(defined, cell))
    for key in sorted(glue_keys(tree)):
        if key in glued:
            yield 1, f"glues {key!r}, as cell {glued[key].number} does: give each number its own key"
        glued[key] = cell


def lint(page: Page) -> list[Problem]:
    """Return everything that is wrong with the cells of a page."""
    last: dict[str, Cell] = {}
    glued: dict[str, Cell] = {}
    found = [
        (cell.line + line - 1, f"cell {cell.number} {message}")
        for cell in page.cells
        for line, message in _one(cell, last, glued)
    ]
    uses = list(_glue_uses(page.text))
    for line, key in uses:
        if key not in glued:
            remedy = f'add glue("{key}", …) to a glue cell of the page'
            found.append((line, f"the text prints {key!r}, which no cell glues: {remedy}"))
    for key in sorted(set(glued) - {key for _, key in uses}):
        cell = glued[key]
        remedy = "print it or remove it"
        found.append(
            (cell.line, f"cell {cell.number} glues {key!r}, which the text does not print: {remedy}")
        )
    return [Problem(page.path, line, message) for line, message in sorted(found)]
