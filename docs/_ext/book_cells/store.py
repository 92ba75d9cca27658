"""The store of executed pages: one file a key, written at once, with a digest that detects damage."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

Outputs = list[list[dict[str, Any]]]


def _path(folder: Path, key: str) -> Path:
    return folder / f"{key}.json"


def _digest(outputs: Outputs) -> str:
    return hashlib.sha256(json.dumps(outputs, sort_keys=True).encode()).hexdigest()


def load(folder: Path, key: str) -> Outputs | None:
    """Return the outputs of each cell, or None if there is no sound entry."""
    try:
        entry = json.loads(_path(folder, key).read_text(encoding="utf8"))
        return entry["outputs"] if entry["digest"] == _digest(entry["outputs"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(folder: Path, key: str, page: str, outputs: Outputs) -> None:
    """Write an entry; a reader sees all of it or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, key)
    part = path.with_suffix(f".{os.getpid()}.part")
    entry = {"page": page, "digest": _digest(outputs), "outputs": outputs}
    part.write_text(json.dumps(entry, indent=1, sort_keys=True), encoding="utf8")
    part.replace(path)


def prune(folder: Path, keys: set[str]) -> None:
    """Remove the entries of pages as they were before."""
    for path in folder.glob("*.json"):
        if path.stem not in keys:
            path.unlink(missing_ok=True)
