"""Fetch the runtime: ``python -m book_live FOLDER [--once]``.

Ends with 0 if it is there, 1 if a file is not what it should be, 3 if it cannot be had now.
With ``--once`` a failure is noted beside the folder, and the next call does not try again.
"""

import sys
from pathlib import Path

from book_live.fetch import AbsentError, DifferentError, fetch, has_runtime

WITHOUT = "the pages are built without Run buttons; `make runtime` tries again"


def main(folder: Path, once: bool) -> int:
    """Fetch what is missing, and say what happened."""
    note = folder.with_name(f"{folder.name}-absent.txt")
    if has_runtime(folder):
        return 0
    if once and note.exists():
        print(f"      No Python for the pages: {WITHOUT}.")
        return 3
    print("      fetching Python for the pages (80 MB, once)", flush=True)
    try:
        size = fetch(folder)
    except AbsentError as error:
        print(f"      It cannot be had: {error}.\n      So {WITHOUT}.", file=sys.stderr)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{error}\n", encoding="utf8")
        return 3
    except DifferentError as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    note.unlink(missing_ok=True)
    print(f"      {size / 1e6:.1f} MB in {folder}, every file verified")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "--once" in sys.argv[2:]))
