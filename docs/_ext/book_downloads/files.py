"""The files a reader takes away: where they are made, and how they come beside the pages."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

FOLDER = "files"
LIST = Path("_static", "files.js")
OFFLINE = "Offline copy"
# Where each is made below build/, and what it is for.
MADE = (
    ("PDF", "pdf/mlderived.pdf", "for paper"),
    ("EPUB", "epub/mlderived.epub", "for an e-reader"),
    (OFFLINE, "mlderived-offline.zip", "these pages, without a network"),
)


@dataclass(frozen=True)
class File:
    """A file that has been made."""

    kind: str
    path: Path
    purpose: str

    @property
    def name(self) -> str:
        """Its name beside the pages."""
        return self.path.name


def made(build: Path) -> list[File]:
    """Return the files that are there."""
    return [File(kind, build / path, purpose) for kind, path, purpose in MADE if (build / path).is_file()]


def put(build: Path, html: Path) -> list[File]:
    """Copy the files beside the pages, remove those that are gone, and write the list for the button."""
    found, folder = made(build), html / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    for one in found:
        folder.mkdir(exist_ok=True)
        shutil.copyfile(one.path, folder / one.name)
    (html / LIST).write_text(listed(found), encoding="utf8")
    return found


def listed(found: list[File]) -> str:
    """Return the script with the list: a script, since a page on a disk can read nothing else."""
    rows = [
        {"kind": one.kind, "file": f"{FOLDER}/{one.name}", "size": size(one.path), "purpose": one.purpose}
        for one in found
    ]
    # The class is there before the first paint, so the button takes its place without moving anything.
    return (
        f"window.bookFiles = {json.dumps(rows, indent=1)};\n"
        'document.documentElement.classList.toggle("has-files", window.bookFiles.length > 0);\n'
    )


def size(path: Path) -> str:
    """Return the size as people read it."""
    bytes_ = path.stat().st_size
    return f"{bytes_ / 1e6:.1f} MB" if bytes_ >= 1e5 else f"{max(1, round(bytes_ / 1e3))} KB"
