"""From labels to the functions that name them, and to the tests of those."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Function", "functions_of"]

_LABEL = re.compile(r"\b(?:eq|def|asm|opt|not|thm|lem|prop|cor|alg)-([a-z]+)-[a-z0-9]+(?:-[a-z0-9]+)*\b")


@dataclass(frozen=True)
class Function:
    """A function or class of the package; ``test`` is the file and line of the first test that uses it."""

    name: str
    file: str
    line: int
    test_file: str = ""
    test_line: int = 0

    @property
    def short(self) -> str:
        """The name without its module."""
        return self.name.rpartition(".")[2]


def functions_of(package: Path | None, keys: Set[str]) -> dict[str, tuple[Function, ...]]:
    """For each label the functions whose docstrings name it; ``package`` is the folder code/mlderived."""
    found: dict[str, list[Function]] = defaultdict(list)
    if package is None:
        return {}
    for path in sorted(package.rglob("*.py")):
        for function, labels in _documented(path, package.parents[1]):
            for label in labels:
                if _key(label) in keys and function not in found[label]:
                    found[label].append(function)
    return {label: tuple(functions) for label, functions in found.items()}


def _key(label: str) -> str:
    return label.split("-")[1]


def _documented(path: Path, root: Path) -> Iterator[tuple[Function, list[str]]]:
    """The functions and classes of a module whose docstrings name labels."""
    module = path.relative_to(root / "code").with_suffix("")
    tests = root / "tests" / Path(*module.parts[1:-1]) / f"test_{module.name}.py"
    for node in ast.parse(path.read_text(encoding="utf8")).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        text = ast.get_docstring(node, clean=False) or ""
        if labels := [hit[0] for hit in _LABEL.finditer(text)]:
            name = ".".join([*module.parts, node.name])
            line = _first_use(tests, node.name)
            test = tests.relative_to(root).as_posix() if line else ""
            yield Function(name, path.relative_to(root).as_posix(), node.lineno, test, line), labels


def _first_use(tests: Path, name: str) -> int:
    """The line of the first test that uses the name, or 0."""
    if not tests.is_file():
        return 0
    for node in ast.parse(tests.read_text(encoding="utf8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            names |= {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
            if name in names:
                return node.lineno
    return 0
