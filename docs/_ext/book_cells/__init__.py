"""Execute every chapter once, in parallel, with a cache that knows the package's source."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from . import store
from .execute import execute
from .lint import lint
from .pages import read_pages

LOGGER = logging.getLogger(__name__)
ROOT = Path(__file__).parents[3]


def _configure(app: Sphinx, config: Config) -> None:
    """Let myst-nb read the pages through our reader and execute nothing itself."""
    cache = config.book_cells_cache or str(Path(app.outdir).parent / "cells")
    config.book_cells_cache = cache
    arguments = {"cache": cache, "package_path": config.book_cells_package}
    config.nb_execution_mode = "off"
    config.nb_custom_formats = {".md": ("book_cells.reader.read", arguments, False)}


def _execute(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Lint all cells, execute the pages that need it, and name the pages whose outputs changed."""
    pages, unreadable = read_pages(Path(app.srcdir), sorted(env.found_docs))
    for problem in unreadable:
        LOGGER.error(problem.message, location=f"{problem.path}:{problem.line}", type="cells")
    for problem in [problem for page in pages for problem in lint(page)]:
        LOGGER.warning(problem.message, location=f"{problem.path}:{problem.line}", type="cells")
    cache = Path(app.config.book_cells_cache)
    result = execute(pages, cache, Path(app.config.book_cells_package), say=LOGGER.info)
    store.prune(cache, set(result.keys.values()))
    for failure in result.failures:
        LOGGER.error(failure.message, location=f"{failure.page.path}:{failure.line}", type="cells")
    if unreadable or result.failures:  # an exception would bury them under Sphinx's own report
        raise SystemExit(1)
    before: dict[str, str] = getattr(env, "book_cells_keys", {})
    env.book_cells_keys = result.keys
    return [name for name, key in result.keys.items() if before.get(name) != key]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_config_value("book_cells_package", str(ROOT / "code"), "env", str)
    app.add_config_value("book_cells_cache", "", "env", str)
    app.connect("config-inited", _configure, priority=100)
    app.connect("env-get-outdated", _execute)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
