"""Zip files with the same bytes each time."""

from collections.abc import Collection, Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

EARLIEST = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16


def write_zip(path: Path, entries: Mapping[str, bytes], stored: Collection[str] = ()) -> None:
    """Write the entries in their order, all with the earliest time; those in ``stored`` as they are."""
    with ZipFile(path, "w") as archive:
        for name, content in entries.items():
            info = ZipInfo(name, EARLIEST)
            info.create_system = 3  # Unix: the same bytes on every system
            info.external_attr = READABLE
            info.compress_type = ZIP_STORED if name in stored else ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=9)
