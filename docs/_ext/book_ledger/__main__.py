"""Print the totals and the weakest checks of a built ledger: python -m book_ledger build/ledger.json."""

import json
import sys
from pathlib import Path


def main(path: Path) -> int:
    """Print the summary; 1 when there is no ledger."""
    if not path.exists():
        print(f"{path}: there is no such file; run make book", file=sys.stderr)
        return 1
    ledger = json.loads(path.read_text(encoding="utf8"))
    records = {one["label"]: one for one in ledger["records"]}
    for chapter in ledger["chapters"]:
        print(
            f"{chapter['number']}. {chapter['title']}: {chapter['claim']} claims, "
            f"{chapter['without_evidence']} without evidence, "
            f"{chapter['inline_relations']} relations in the line"
        )
    print("The checks that notice least:")
    for label in ledger["weakest"]:
        one = records[label]
        mutants = one["mutants"] or {}
        print(
            f"  {one['check_file']}:{one['check_line']}: {label}: resolution {one['resolution']}, "
            f"{mutants.get('killed_value', 0)} altered formulas noticed by value, "
            f"{mutants.get('survived', 0)} not noticed"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
