"""What LaTeX's log complains of: ``python -m book_latex.log build/latex/mlderived.log``."""

import re
import sys
from pathlib import Path

WIDEST = 10.0  # points by which a line may stick out
REMEDIES = {
    "overfull": "break the formula or shorten the line of code",
    "missing": "write the sign as mathematics, or add its range to mlderived.sty",
    "undefined": "correct the label, or the reference to it",
    "duplicate": "rename one of the two labels",
    "error": "correct the LaTeX at this line",
}


def unwrap(text: str) -> str:
    """Join the lines that TeX broke at 79 characters."""
    lines: list[str] = []
    broken = False
    for line in text.splitlines():
        if broken:
            lines[-1] += line
        else:
            lines.append(line)
        broken = len(line) == 79
    return "\n".join(lines)


def place(source: list[str], line: int) -> str:
    """Say which label or heading stands last before a line of the LaTeX source."""
    for text in reversed(source[:line]):
        found = re.findall(r"\\label\{(?:\\detokenize\{)?([^{}]+)", text)
        if found:
            return f", after the label {found[-1]}"
    return ""


def log_problems(log_path: Path) -> list[str]:
    """List what spoils the PDF: text that sticks out, missing glyphs, undefined and duplicate labels."""
    log = unwrap(log_path.read_text(encoding="utf8", errors="replace"))
    tex = log_path.with_suffix(".tex")
    source = tex.read_text(encoding="utf8").splitlines() if tex.exists() else []
    problems: dict[str, None] = {}

    def note(kind: str, found: str, line: int | None = None) -> None:
        where = f"{tex.name}:{line}{place(source, line)}" if line else log_path.name
        problems[f"{where}: {found}; {REMEDIES[kind]}."] = None

    for match in re.finditer(r"^Overfull \\hbox \(([\d.]+)pt too wide\)(.*)$", log, re.M):
        if float(match[1]) > WIDEST:
            lines = re.search(r"lines? (\d+)", match[2])
            note("overfull", f"text sticks out by {match[1]} pt", int(lines[1]) if lines else None)
    for match in re.finditer(r"^Missing character: There is no (.+?) in font (.+?)!", log, re.M):
        note("missing", f"the font {match[2].split(':')[0]} has no glyph for {match[1]}")
    for match in re.finditer(r"(?:Reference|Citation|Hyper reference) [`'](.+?)' .*undefined.*?", log):
        line = re.search(r"input line (\d+)", log[match.start() : match.end() + 80])
        note("undefined", f"the label {match[1]} is not defined", int(line[1]) if line else None)
    for match in re.finditer(r"Label [`'](.+?)' multiply defined", log):
        note("duplicate", f"the label {match[1]} is defined twice")
    for match in re.finditer(r"^! (.+)$(?:(?s:.{0,400}?)^l\.(\d+))?", log, re.M):
        note("error", match[1], int(match[2]) if match[2] else None)
    return list(problems)


def main(path: str) -> int:
    """Print the problems; 1 if there is one."""
    problems = log_problems(Path(path))
    print("\n".join(problems) or f"{path}: no problem.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
