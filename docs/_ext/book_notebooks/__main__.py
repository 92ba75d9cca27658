"""Build the package and pack the notebooks of each chapter: ``python -m book_notebooks build/html``."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path

from book_notebooks import FOLDER, archive_of

ROOT = Path(__file__).parents[3]
NEEDED = ("pyproject.toml", "README.md", "LICENSE")
STAMP = (1980, 1, 1, 0, 0, 0)  # the first that an archive can hold


def build_wheel(target: Path) -> Path:
    """Build the package in a folder of its own: a folder ``build`` would mix with that of the book."""
    with tempfile.TemporaryDirectory() as folder:
        for name in NEEDED:
            shutil.copyfile(ROOT / name, Path(folder, name))
        shutil.copytree(
            ROOT / "code", Path(folder, "code"), ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
        for path in Path(folder).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        command = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
        done = subprocess.run(
            [sys.executable, "-c", command, folder],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": ""},
        )
        if done.returncode:
            raise SystemExit(f"the package cannot be built; mend pyproject.toml or code/:\n{done.stderr}")
        wheel = next(Path(folder).glob("*.whl"))
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob("mlderived-*.whl"):
            old.unlink()
        return Path(shutil.copyfile(wheel, target / wheel.name))


def pack(target: Path, wheel: Path) -> list[Path]:
    """Write one archive for each chapter: its notebooks, the package and the licences."""
    chapters: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(target.rglob("*.ipynb")):
        chapters[archive_of(path.relative_to(target).with_suffix("").as_posix())].append(path)
    for old in target.rglob("*.zip"):
        old.unlink()
    for name, notebooks in chapters.items():
        with zipfile.ZipFile(target / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (*notebooks, wheel, ROOT / "LICENSE", ROOT / "LICENSE-text"):
                entry = zipfile.ZipInfo(f"{Path(name).stem}/{path.name}", STAMP)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    return [target / name for name in chapters]


def main(html: str) -> None:
    """Pack what the build of the pages has left in ``html``."""
    target = Path(html, FOLDER)
    pack(target, build_wheel(target))


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1], "index.html").exists():
        raise SystemExit(
            "python -m book_notebooks FOLDER: expected the folder of the built pages; run make book first"
        )
    main(sys.argv[1])
