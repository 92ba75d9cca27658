"""The key of an executed page: everything that its outputs depend on."""

import ast
import hashlib
import json
import platform
import re
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from book_source.imports import imported_names, sources

from .pages import Page

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


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
