"""Run every notebook as a reader would: ``python -m book_notebooks.trial build/html``.

A new virtual environment gets the package of the build with the extras that the notebook names, at the locked
versions, and Jupyter's kernel; nothing of the book is on its path.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from book_notebooks import FOLDER

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "requirements" / "book.txt"
TIMEOUT = 120  # seconds a cell


def surroundings(home: Path) -> dict[str, str]:
    """The variables of a reader who has nothing else."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), "OPENBLAS_NUM_THREADS": "1"}


def make_environment(folder: Path, wheel: Path) -> Path:
    """Make a virtual environment with the wheel, its extras and a kernel; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    constraints = folder / "constraints.txt"
    pins = re.findall(r"^[\w.-]+==[^\s;\\]+(?: ; [^\\\n]+)?", LOCK.read_text(encoding="utf8"), re.MULTILINE)
    constraints.write_text("\n".join(pins) + "\n", encoding="utf8")
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = [f"{wheel}[plot,estimators]", "ipykernel", "matplotlib-inline"]
    subprocess.run([*command, "--constraint", constraints, *wanted], check=True)
    # The first import says on the error stream that it looks for fonts.
    fonts = [python, "-c", "import matplotlib.font_manager"]
    subprocess.run(fonts, check=True, capture_output=True, env=surroundings(folder))
    return python


def texts(cell: Any) -> list[str]:
    """What a cell shows in words: how a figure is drawn depends on the reader's Jupyter.

    A kernel may send what a cell prints in several pieces.
    """
    found: list[str] = []
    stream = ""
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream" and output["name"] == stream:
            found[-1] += output["text"]
            continue
        stream = output.get("name", "")
        found.append(output["text"] if stream else output.get("data", {}).get("text/plain", ""))
    return found


def differences(path: Path, python: Path) -> list[str]:
    """Run a notebook; list the cells that fail or show other words than those stored in it."""

    class Manager(AsyncKernelManager):
        """Starts the kernel of the environment."""

        @property
        def kernel_spec(self) -> KernelSpec:
            argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    stored = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(transport="ipc", connection_file=f"{folder}/k.json")
        client = NotebookClient(fresh, km=manager, timeout=TIMEOUT, resources={"metadata": {"path": folder}})
        client.owns_km = True
        try:
            client.execute(env=surroundings(python.parents[1]))
        except CellExecutionError as error:
            return [f"{path.name}: a cell fails; mend it in the page\n{error}"]
    return [
        f"{path.name}: {one.id} shows {texts(two)}, and the book {texts(one)}; make the cell deterministic"
        for one, two in zip(stored.cells, fresh.cells, strict=True)
        if one.cell_type == "code" and texts(one) != texts(two)
    ]


def main(html: str) -> int:
    """Run all; 1 if one of them differs."""
    folder = Path(html, FOLDER).resolve()
    wheels, notebooks = sorted(folder.glob("*.whl")), sorted(folder.rglob("*.ipynb"))
    if not wheels or not notebooks:
        print(f"{folder}: expected notebooks and the package; run make book first", file=sys.stderr)
        return 1
    found = 0
    with tempfile.TemporaryDirectory() as place:
        python = make_environment(Path(place, "env"), wheels[0])
        for path in notebooks:
            problems = differences(path, python)
            found += len(problems)
            print("\n".join(problems) or f"{path.relative_to(folder)}: runs and shows the same", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else "build/html"))
