"""One zip file with the built pages, the PDF and the EPUB, to be opened from the disk.

``python -m book_downloads.offline build`` writes build/mlderived-offline.zip and puts it beside the pages.
"""

import sys
import tomllib
from pathlib import Path

from book_downloads import files
from book_downloads.archive import write_zip

ZIP = "mlderived-offline.zip"
# What the pages never ask for.
LEFT_OUT = {"objects.inv", ".buildinfo"}
# Cells run where a server serves the pages; the Python for them is six times as large as all else.
LIVE = "_static/live/"
README = """Machine Learning, Derived, version {version}

Open index.html in a browser. Everything works without a network: mathematics, search, the ledger.
Only the code in the pages cannot be run there: use the notebooks that the pages link to.
{held}
Text and figures: CC BY 4.0. Code: BSD 3-Clause. The changelog is appendix/changelog.html.
"""


def version_of(root: Path) -> str:
    """Return the version of the book."""
    version: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf8"))["project"]["version"]
    return version


def entries(html: Path, build: Path, version: str) -> dict[str, bytes]:
    """Return the content of the zip file, sorted by name."""
    top = f"mlderived-{version}"
    carried = [one for one in files.made(build) if one.kind != files.OFFLINE]
    held = "".join(
        f"The whole book as {one.kind}, {one.purpose}: {files.FOLDER}/{one.name}\n" for one in carried
    )
    found = {
        path.relative_to(html).as_posix(): path.read_bytes()
        for path in html.rglob("*")
        if path.is_file()
        and path.name not in LEFT_OUT
        and not path.relative_to(html).as_posix().startswith((f"{files.FOLDER}/", LIVE))
    }
    found |= {f"{files.FOLDER}/{one.name}": one.path.read_bytes() for one in carried}
    found[files.LIST.as_posix()] = files.listed(carried).encode()
    found["README.txt"] = README.format(version=version, held=f"\n{held}" if held else "").encode()
    return {f"{top}/{name}": found[name] for name in sorted(found)}


def main(arguments: list[str]) -> str | None:
    """Write the zip file; return a message when there are no pages."""
    build = Path(arguments[0])
    html = build / "html"
    if not (html / "index.html").is_file():
        return (
            f"{html}/index.html is not there, and the offline copy is made of the pages: run make book first"
        )
    write_zip(build / ZIP, entries(html, build, version_of(Path(__file__).parents[3])))
    files.put(build, html)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
