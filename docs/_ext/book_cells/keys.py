"""The key of an executed page: everything that its outputs depend on."""

import ast
import hashlib
import json
import platform
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .pages import Page

PACKAGE = "mlderived"
PROJECT = Path(__file__).parents[3] / "pyproject.toml"


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


def group(name: str) -> list[str]:
    """Return the names of the distributions in a dependency group of pyproject.toml."""
    items = tomllib.loads(PROJECT.read_text(encoding="utf8"))["dependency-groups"][name]
    return [re.findall(r"[A-Za-z0-9_.-]+", item)[0] for item in items if isinstance(item, str)]


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "absent"


@cache
def _environment() -> str:
    """Return what is the same for all pages: the versions and the executor's own source."""
    digest = hashlib.sha256(platform.python_version().encode())
    for distribution in [*group("reader"), *group("oracle"), "ipython", "ipykernel"]:
        digest.update(f"{distribution} {_version(distribution)}\n".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def page_key(page: Page, package_path: Path) -> str:
    """Return the hash of everything that the outputs of a page depend on."""
    names: set[str] = set()
    for cell in page.cells:
        try:
            names.update(imported_names(ast.parse(cell.code)))
        except SyntaxError:  # the lint tells where
            continue
    digest = hashlib.sha256(_environment().encode())
    digest.update(json.dumps([(cell.code, cell.kind) for cell in page.cells]).encode())
    for path in sources(names, package_path):
        digest.update(path.relative_to(package_path).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]
