"""The reader that gives myst-nb each page with the outputs of its executed cells."""

from pathlib import Path

from nbformat import NotebookNode, from_dict

from . import store
from .keys import page_key
from .pages import Page, cells, read_notebook


def read(text: str, cache: str, package_path: str) -> NotebookNode:
    """Read a page as myst-nb does and fill in what its cells showed."""
    notebook = read_notebook(text)
    notebook.metadata["source_map"] = source_map(notebook, text)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code:
        return notebook
    page = Page("", Path(), text, tuple(cells(text)))
    outputs = store.load(Path(cache), page_key(page, Path(package_path)))
    if outputs is None:
        raise LookupError("the page was executed from another source: build again")
    for node, cell, shown in zip(code, page.cells, outputs, strict=True):
        node.outputs = [from_dict(output) for output in shown]
        hidden = ["remove-cell"] if cell.kind == "glue" else []
        node.metadata["tags"] = [*cell.tags, *hidden]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def source_map(notebook: NotebookNode, text: str) -> list[int]:
    """Return where each cell begins, so that messages name the fence of a cell and the true line of text.

    For a code cell myst-nb has the second line after the fence; for text it forgets blank lines and adds one.
    """
    lines = text.splitlines()
    found = []
    for start, node in zip(notebook.metadata["source_map"], notebook.cells, strict=True):
        first = next(i for i in range(start, len(lines)) if lines[i].strip())
        found.append(start - 2 if node.cell_type == "code" else first - 1)
    return found
