"""Put the pieces of a page and the stored outputs together to a notebook."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode, v4

from book_cells.pages import Cell
from book_cells.store import Outputs
from book_notebooks.markdown import Piece, Start, Writer

LARGEST = 2_000_000  # bytes; GitHub shows nothing of what is much larger
ID = 64  # characters of the id of a cell, as nbformat allows

GLUE = '''\
def glue(key, value):
    """Print a number that stands in the text."""
    print(key, "=", repr(value.item() if hasattr(value, "item") else value))'''
ORACLE = "*The next cell compares with scikit-learn, which the extra `estimators` of the package brings.*"


@dataclass(frozen=True)
class Imprint:
    """What the first cell says."""

    book: str
    page: str
    version: str
    licence: str
    wheel: str
    address: str
    oracle: bool
    """Whether a cell needs scikit-learn."""

    @property
    def requirement(self) -> str:
        """What pip installs: the wheel beside the notebook, with the extras that its cells need."""
        return f"./{self.wheel}[plot{',estimators' if self.oracle else ''}]"

    def text(self) -> str:
        """Return the first cell."""
        page = f"[{self.page}]({self.address})" if self.address else f"*{self.page}*"
        return (
            f"**{self.book}**, version {self.version}: {page}, as a notebook.\n"
            f"© {self.licence}.\n\n"
            f"The code needs Python 3.11 or newer and the package of the book, the file `{self.wheel}` "
            "that lies beside this notebook in the archive of its chapter "
            "(it is not in the index that pip asks).\n"
            "To install it, put it into the folder of the notebook and run there\n\n"
            f'    python -m pip install "{self.requirement}"\n\n'
            "Run the cells in their order; the numbers in the text are those of the outputs shown here."
        )


def shown(outputs: list[dict[str, Any]]) -> list[NotebookNode]:
    """Return the outputs of a cell without the PDF of figures; a glued value is the line that glue prints."""
    found: list[NotebookNode] = []
    for output in outputs:
        data = dict(output.get("data", {}))
        glued = data.get("application/papermill.record/text/plain")
        if glued is not None:
            line = f"{output['metadata']['scrapbook']['name']} = {glued}\n"
            output = {"output_type": "stream", "name": "stdout", "text": line}
        elif data:
            output = {"output_type": "display_data", "metadata": {}} | {
                "data": {kind: value for kind, value in data.items() if kind != "application/pdf"}
            }
        if found and output["output_type"] == found[-1]["output_type"] == "stream":
            found[-1]["text"] += output["text"]
        else:
            found.append(nbformat.from_dict(output))
    return found


def code_cell(cell: Cell, outputs: list[dict[str, Any]], folded: bool) -> NotebookNode:
    """Return a code cell; what the page hides is folded."""
    hides = {tag.partition("-")[2] for tag in cell.tags if tag.partition("-")[0] in ("hide", "remove")}
    glue = cell.kind == "glue"
    hidden = {
        "source_hidden": folded or glue or bool(hides & {"input", "cell"}),
        "outputs_hidden": folded or glue or bool(hides & {"output", "cell"}),
    }
    metadata: dict[str, Any] = {"tags": list(cell.tags)}
    if any(hidden.values()):
        metadata["jupyter"] = {key: True for key, value in hidden.items() if value}
    return v4.new_code_cell(cell.code, id=f"cell-{cell.number}", metadata=metadata, outputs=shown(outputs))


def write_notebook(writer: Writer, code: Mapping[int, Cell], outputs: Outputs, imprint: Imprint) -> str:
    """Return the notebook of a page as JSON: the same page gives the same bytes."""
    book = _Assembly()
    book.text(imprint.text())
    if any(cell.kind == "glue" for cell in code.values()):
        hidden = {"tags": ["glue"], "jupyter": {"source_hidden": True}}
        book.cells.append(v4.new_code_cell(GLUE, id="glue", metadata=hidden))
    for piece in writer.page():
        book.add(piece, code, outputs)
    book.end()
    if writer.cited:
        entries = sorted(writer.cited.items(), key=lambda item: item[1])
        book.slug = "sources"
        book.text("\n\n".join(["## Sources", *(f'<a id="ref-{key}"></a>{entry}' for key, entry in entries)]))
    for count, cell in enumerate((cell for cell in book.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
    for cell in book.cells:
        names = {
            name: data for name, data in writer.attachments.items() if f"(attachment:{name})" in cell.source
        }
        if cell.cell_type == "markdown" and names:
            cell.attachments = names
    notebook = v4.new_notebook(
        cells=book.cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "title": imprint.page,
        },
    )
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


class _Assembly:
    """The cells so far, and the text that waits for the next heading or code cell."""

    def __init__(self) -> None:
        self.cells: list[NotebookNode] = []
        self.slug = "imprint"
        self.waiting: list[str] = []
        self.used: dict[str, int] = {}

    def text(self, text: str) -> None:
        """Add a cell of text; its id is that of its section, and a count."""
        slug = self.slug[: ID - 4]
        self.used[slug] = count = self.used.get(slug, 0) + 1
        name = slug if count == 1 else f"{slug}-{count}"
        self.cells.append(v4.new_markdown_cell(text, id=name))

    def end(self) -> None:
        """End the cell of text."""
        if self.waiting:
            self.text("\n\n".join(self.waiting))
            self.waiting = []

    def add(self, piece: Piece, code: Mapping[int, Cell], outputs: Outputs) -> None:
        """Add the next piece of the page."""
        if isinstance(piece, str):
            self.waiting.append(piece)
        elif isinstance(piece, Start):
            self.end()
            self.slug = piece.slug
        else:
            cell = code[piece.index]
            if cell.kind == "oracle":
                self.waiting.append(ORACLE)
            self.end()
            self.cells.append(code_cell(cell, outputs[cell.number - 1], piece.folded))
