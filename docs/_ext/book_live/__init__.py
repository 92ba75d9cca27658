"""Live cells: the reader edits and runs them in the page, with Python in a worker of the browser."""

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from book_live.exercises import BUILDERS, Answer, AnswerDirective, depart_answer, skip_answer, visit_answer
from book_live.fetch import CORE, LIBRARIES, has_runtime, lock_of, needs

LOGGER = logging.getLogger(__name__)
HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# Its modules that run in the page; their packages are empty there.
MODULES = ("book_live/answers.py", "book_live/runner.py", "book_figures/svg.py")


class LiveBar(nodes.General, nodes.Element):
    """The place of the buttons of a live cell, which the script fills."""


class AddBars(SphinxPostTransform):
    """Keep a place for the buttons below the code of each live cell, so that nothing moves when they come."""

    default_priority = 900  # after myst-nb has folded the code that is to be hidden

    def run(self, **kwargs: Any) -> None:
        """Number the live cells of the page and add the places."""
        if self.app.builder.name not in BUILDERS or not self.config.book_live_present:
            return
        number = 0
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") == "cell_code" and "live" in cell["cell_metadata"].get("tags", []):
                number += 1
                cell.insert(1, LiveBar(number=number))


def _visit_bar(self: HTML5Translator, node: LiveBar) -> None:
    self.body.append(f'<div class="live-bar" data-cell="{node["number"]}"></div>\n')
    raise nodes.SkipNode


def _configure(app: Sphinx, config: Config) -> None:
    """Find the runtime; without it the pages are built without what needs it."""
    config.book_live_present = has_runtime(Path(config.book_live_runtime))
    if config.book_live_present:
        config.html_static_path.append(str(HERE / "static"))
        app.add_css_file("live.css")
        app.add_js_file("live.js")


def package() -> bytes:
    """Return the package of the book and what runs cells, as a zip; the same source, the same bytes."""
    code = ROOT / "code"
    files = {
        path.relative_to(code).as_posix(): path.read_bytes()
        for path in code.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.parent.name.endswith(".egg-info")
    }
    for name in MODULES:
        files[name] = (HERE.parent / name).read_bytes()
        files[f"{Path(name).parent}/__init__.py"] = b""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _write(app: Sphinx, error: Exception | None) -> None:
    """Put the runtime and the package beside the pages, or say that there is none."""
    if error or app.builder.name not in BUILDERS:
        return
    target = Path(app.outdir) / "_static" / "live"
    if not app.config.book_live_present:
        shutil.rmtree(target, ignore_errors=True)
        LOGGER.info("No Python for the pages in %s: no Run buttons.", app.config.book_live_runtime)
        return
    runtime = Path(app.config.book_live_runtime)
    packages = lock_of(runtime)
    sizes: dict[str, int] = {"python": 0}
    (target / "pyodide").mkdir(parents=True, exist_ok=True)
    shown: set[str] = set()
    for name in CORE:
        sizes["python"] += _copy(runtime / name, target / "pyodide")
    for library in LIBRARIES:  # each after those that it rests on, so their bytes count once
        sizes[library] = 0
        for name in needs([library], packages):
            if name not in shown:
                shown.add(name)
                sizes[library] += _copy(runtime / str(packages[name]["file_name"]), target / "pyodide")
    for old in target.glob("mlderived-*.zip"):
        old.unlink()
    content = package()
    archive = f"mlderived-{hashlib.sha256(content).hexdigest()[:12]}.zip"
    (target / archive).write_bytes(content)
    manifest = {"package": archive, "sizes": sizes}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf8")


def _copy(source: Path, folder: Path) -> int:
    """Copy a file unless it is there; return its size."""
    size, target = source.stat().st_size, folder / source.name
    if not target.is_file() or target.stat().st_size != size:
        shutil.copyfile(source, target)
    return size


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_config_value("book_live_runtime", str(ROOT / ".cache" / "pyodide"), "", str)
    app.add_config_value("book_live_present", False, "html", bool)
    app.add_node(LiveBar, html=(_visit_bar, None))
    skipped = (skip_answer, None)
    app.add_node(Answer, html=(visit_answer, depart_answer), latex=skipped, text=skipped)
    app.add_directive("answer", AnswerDirective)
    app.add_post_transform(AddBars)
    app.connect("config-inited", _configure, priority=100)
    app.connect("build-finished", _write)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
