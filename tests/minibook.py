"""Build a miniature book in a temporary folder with the book's own conf.py and read what Sphinx says."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Build:
    """What a build left behind."""

    returncode: int
    output: str
    source: Path
    out: Path


def build(
    folder: Path, pages: dict[str, str], builder: str = "html", *options: str, timeout: float = 120
) -> Build:
    """Write ``pages`` (file name below docs to text) under ``folder`` and build them.

    The files ``chapters.toml``, ``macros.toml`` and ``references.bib`` of the book are used unless ``pages``
    has its own.  Building twice in the same folder is an incremental build.  What displays owe is not asked:
    give the options ``"-D", "book_checks_lint=1"`` to ask it, ``"-D", "book_checks_pairs=1"`` to compare
    displays and checks, and ``"-D", "book_ledger_strict=1"`` to ask that the checks have been run.  Cells do
    not run in its pages: the Python for them is large.
    """
    source, out = folder / "docs", folder / "build" / builder
    for name, text in pages.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf8")
    for name in ("chapters.toml", "macros.toml", "references.bib"):
        if not (source / name).exists():
            shutil.copy(ROOT / "docs" / name, source / name)
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-c",
        str(ROOT),
        "-b",
        builder,
        "-n",
        "-W",
        "--keep-going",
        "-q",
    ]
    command += [
        "-D",
        "book_checks_lint=0",
        "-D",
        "book_checks_pairs=0",
        "-D",
        "book_ledger_strict=0",
        "-D",
        f"book_live_runtime={folder / 'none'}",
        *options,
        "-d",
        str(folder / "build" / "doctrees"),
        str(source),
        str(out),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "PYTHONPATH": "", "SOURCE_DATE_EPOCH": "1750000000"},
    )
    return Build(done.returncode, done.stdout + done.stderr, source, out)
