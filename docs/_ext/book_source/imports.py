"""What a module of the package imports: the files that its results may depend on."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

__all__ = ["imported_names", "sources"]

PACKAGE = "mlderived"


@cache
def _parse(path: Path, _stamp: tuple[int, int]) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf8"), str(path))


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def imported_names(tree: ast.AST, module: str = "", is_package: bool = False) -> Iterator[str]:
    """Yield the dotted names that a module imports; ``from a import b`` yields ``a`` and ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                kept = parts[: len(parts) - node.level + is_package]
                base = ".".join([*kept, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _module_file(package_path: Path, module: str) -> Path | None:
    base = package_path.joinpath(*module.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _with_parents(name: str) -> Iterator[str]:
    """Yield a.b.c as a, a.b and a.b.c: importing a module runs its parents too."""
    parts = name.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _data_files(package: Path) -> Iterator[Path]:
    """Yield the files of a package that are not Python, leaving out those of packages inside it."""
    for path in package.iterdir():
        if path.is_dir():
            if path.name != "__pycache__" and not (path / "__init__.py").exists():
                yield from _data_files(path)
        elif path.suffix not in {".py", ".pyc"}:
            yield path


def sources(names: Iterable[str], package_path: Path) -> list[Path]:
    """Return the files of the package that importing ``names`` may read, directly or not."""
    found: dict[str, Path] = {}
    todo = list(names)
    while todo:
        for module in _with_parents(todo.pop()):
            if module in found or module.split(".")[0] != PACKAGE:
                continue
            if path := _module_file(package_path, module):
                found[module] = path
                todo += imported_names(_parse(path, _stamp(path)), module, path.name == "__init__.py")
    files = set(found.values())
    for path in found.values():
        if path.name == "__init__.py":
            files.update(_data_files(path.parent))
    return sorted(files)
