"""The kernel that executes the cells: started as a script, one process a page.

It knows ``glue``, turns warnings that a library's next release would make errors into errors,
and draws figures as SVG for the pages and PDF for the printed book.
"""

import logging
import math
import warnings
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from IPython.display import display
from traitlets.config import Config

# Where a warning must come from to count: the cell or what it calls, not the kernel.
ORIGINS = r"(__main__|mlderived|numpy|scipy|matplotlib|sklearn)(\.|$)"
ERRORS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, RuntimeWarning)


def glue(key: str, value: Any) -> None:
    """Hand a number or a word to the text, which prints it with ``{glue:text}`key:.2f```."""
    plain = value.item() if hasattr(value, "item") else value
    if not isinstance(plain, bool | int | float | str):
        raise TypeError(f"glue({key!r}, …) takes a number or a word, found {type(value).__name__}")
    if isinstance(plain, float) and not math.isfinite(plain):
        raise ValueError(f"glue({key!r}, …): the value is {plain}")
    display(
        {"application/papermill.record/text/plain": repr(plain)},
        raw=True,
        metadata={"scrapbook": {"name": key, "mime_prefix": "application/papermill.record/"}},
    )


def main() -> None:
    """Run the kernel with the book's settings."""
    settings = Config()
    settings.InteractiveShell.colors = "nocolor"
    settings.InteractiveShell.xmode = "Plain"
    settings.HistoryManager.enabled = False
    settings.InlineBackend.figure_formats = {"svg", "pdf"}
    settings.InlineBackend.print_figure_kwargs = {"bbox_inches": None}
    logging.getLogger("fontTools").setLevel(
        logging.ERROR
    )  # it remarks on the dates in matplotlib's own fonts
    app = IPKernelApp.instance(config=settings)
    app.initialize()
    app.shell.user_ns["glue"] = glue
    for category in ERRORS:
        warnings.filterwarnings("error", category=category, module=ORIGINS)
    app.start()


if __name__ == "__main__":
    main()
