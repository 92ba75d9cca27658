"""One look for all figures of the book.

A figure is drawn with `use_house_style` and the colours of `PALETTE`. The
pages of the book map each of these colours to the reader's theme, light or
dark, so a colour outside the palette is refused by the build.
"""

from __future__ import annotations

from types import MappingProxyType

__all__ = [
    "LINES",
    "MARKERS",
    "PALETTE",
    "SERIES",
    "WIDTH",
    "figure_size",
    "use_house_style",
]

WIDTH = 5.0
"""Width of a figure in inches.

Letters of 10 points then fit the text column and stay legible on a phone.
"""

PALETTE = MappingProxyType(
    {
        "ink": "#1f2933",
        "muted": "#59636e",
        "grid": "#d5dae0",
        "paper": "#ffffff",
        "1": "#0d6fae",
        "2": "#e76402",
        "3": "#03a595",
        "4": "#a24062",
        "5": "#5f3f00",
        "6": "#2a3991",
    }
)
"""The colours by role.

Those of the six series differ also for readers who see colours differently.
"""

SERIES = tuple(PALETTE[str(number)] for number in range(1, 7))
"""The colours of the series, in the order of their use."""

LINES = (
    "-",
    (0, (5, 1.6)),
    (0, (1, 1.3)),
    (0, (6, 1.5, 1, 1.5)),
    (0, (9, 2)),
    (0, (3, 1.2, 1, 1.2, 1, 1.2)),
)
"""The dashes of the series. No curve is told apart by its colour alone."""

MARKERS = ("o", "s", "^", "D", "v", "P")
"""The markers of the series, for points."""


def figure_size(height: float = 3.1) -> tuple[float, float]:
    """Return the size in inches: the book's width and the given height."""
    return WIDTH, height


def use_house_style() -> None:
    """Draw from here on in the style of the book, whatever was set before.

    Needs matplotlib, which the rest of the package does not.
    """
    import matplotlib as mpl
    from cycler import cycler

    ink, muted, grid, paper = (
        PALETTE[role] for role in ("ink", "muted", "grid", "paper")
    )
    mpl.rcdefaults()
    mpl.rcParams.update(
        {
            "figure.figsize": figure_size(),
            "figure.facecolor": "none",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "none",
            "axes.facecolor": "none",
            "font.size": 10,
            "axes.labelsize": 10,
            "axes.titlesize": 10,
            "axes.titlelocation": "left",
            "xtick.labelsize": 9.5,
            "ytick.labelsize": 9.5,
            "legend.fontsize": 9.5,
            "mathtext.fontset": "dejavuserif",
            "text.color": ink,
            "axes.labelcolor": ink,
            "axes.titlecolor": ink,
            "axes.edgecolor": muted,
            "xtick.color": muted,
            "ytick.color": muted,
            "xtick.labelcolor": ink,
            "ytick.labelcolor": ink,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.8,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": grid,
            "grid.linewidth": 0.6,
            "axes.prop_cycle": cycler(color=SERIES, linestyle=LINES),
            # Lines outside the cycle mark a level or a place.
            "lines.color": muted,
            "lines.linewidth": 1.8,
            "lines.markersize": 5,
            "lines.markeredgecolor": "auto",
            "scatter.edgecolors": "face",
            "patch.edgecolor": paper,
            "patch.facecolor": SERIES[0],
            "hatch.color": ink,
            "boxplot.boxprops.color": ink,
            "boxplot.whiskerprops.color": ink,
            "boxplot.capprops.color": ink,
            "boxplot.flierprops.color": ink,
            "boxplot.flierprops.markeredgecolor": ink,
            "legend.frameon": False,
            "svg.fonttype": "path",
            "svg.hashsalt": "mlderived",
            "pdf.fonttype": 42,
        }
    )
