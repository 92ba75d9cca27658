"""What number each label has in print: read from pages, LaTeX and notebooks, not from Sphinx's tables."""

import html
import json
import re
from pathlib import Path
from zipfile import ZipFile


def in_html(folder: Path) -> dict[str, str]:
    """Read the number beside each label on all pages: ``eq-x`` to ``(5.3)``, ``thm-x`` to ``Theorem 5.2``."""
    return in_pages({str(path): path.read_text(encoding="utf8") for path in sorted(folder.rglob("*.html"))})


def in_epub(path: Path) -> dict[str, str]:
    """Read the same from the pages of an EPUB, where solutions are not folded."""
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".xhtml")]
        return in_pages({f"{path}/{name}": archive.read(name).decode() for name in names})


def in_pages(pages: dict[str, str]) -> dict[str, str]:
    """Read the number beside each label; ``pages`` maps a name to its text."""
    found: dict[str, str] = {}
    for path, page in pages.items():
        patterns = (
            r'<span class="eqno">.*?href="#(?:equation-)?([^"]+)".*?(\([^()<]+\))',
            r'<div class="environment [^>]*id="([^"]+)">\s*(?:<span id="index-\d+"></span>)?'
            r'<p class="environment-title"><span class="environment-number">([^<]+)<',
            r'<details class="environment [^>]*id="([^"]+)"><summary>([^<]+)<',
            r'<div class="environment solution[^>]*id="([^"]+)">\s*'
            r'<p class="environment-title"><strong>([^<]+)<',
            r'<figure [^>]*id="([^"]+)">.*?<span class="caption-number">([^<]+)<',
            r'<table [^>]*id="([^"]+)">.*?<span class="caption-number">([^<]+)<',
        )
        for pattern in patterns:
            for label, number in re.findall(pattern, page, re.S):
                assert label not in found, f"{path}: {label} is numbered twice"
                found[label] = html.unescape(number).strip()
    return found


def in_latex(path: Path) -> dict[str, str]:
    """Read the same from the LaTeX source."""
    source = path.read_text(encoding="utf8")
    found: dict[str, str] = {}
    label = r"\\label\{\\detokenize\{[^{}]*:([^{}:]+)\}\}"
    for number, name in re.findall(r"\\tag\{([^{}]+)\}\\label\{equation:[^{}]*:([^{}:]+)\}", source):
        found[name] = f"({number})"
    for number, name in re.findall(
        r"\\begin\{book[a-z]+\}\{([^{}]+)\}\{[^{}]*\}\{\\phantomsection" + label, source
    ):
        found[name] = number
    for kind, number, block in re.findall(
        r"\\booknumber\{(figure|table)\}\{([^{}]+)\}(.*?)\\end\{(?:figure|savenotes)\}", source, re.S
    ):
        for name in re.findall(label, block)[:1]:
            found[name] = f"{kind.title()} {number}"
    return found


def in_notebook(path: Path) -> set[str]:
    """Read the numbers that a notebook prints beside displays, environments, figures and tables."""
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    tags = {f"({number})" for number in re.findall(r"\\tag\{([^{}]+)\}", text)}
    heads = re.findall(r"^(?:> )?\*\*([A-Z][a-z]+ S?\d[\d.]*\d)(?= \(|\*\*)", text, re.MULTILINE)
    folds = re.findall(r"<summary>([^<]+)</summary>", text)
    captions = re.findall(r"^(?:<a [^>]*></a>)*\*\*((?:Figure|Fig\.|Table) [\d.]+)\.\*\*", text, re.MULTILINE)
    return tags | set(heads) | set(folds) | set(captions)
