"""Small real data sets that travel with the package.

Each has a data card (``NAME.md``) beside it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

import numpy as np

from mlderived._types import Array

__all__ = ["DataSet", "auto_mpg"]


class DataSet(NamedTuple):
    """A table split into features and target."""

    X: Array
    """Features, shape (n, d)."""
    y: Array
    """Target, shape (n,)."""
    features: tuple[str, ...]
    """The d names of the columns of X."""


def auto_mpg() -> DataSet:
    """Return 392 cars: fuel use against five measurements of the car.

    X has shape (392, 5) with columns cylinders, displacement (cubic inches),
    horsepower, weight (pounds) and acceleration (seconds from 0 to 60 miles
    an hour); y, the fuel use in gallons per 100 miles, has shape (392,).

    Fuel use, 100 / mpg, is nearly linear in the weight of a car; miles per
    gallon is not.
    Source and licence: ``auto_mpg.md``.

    >>> auto_mpg().X.shape
    (392, 5)
    """
    text = (
        files("mlderived.data")
        .joinpath("auto_mpg.csv")
        .read_text(encoding="utf8")
    )
    header, *rows = text.splitlines()
    table = np.array([row.split(",") for row in rows], dtype=np.float64)
    return DataSet(
        table[:, 1:], 100 / table[:, 0], tuple(header.split(",")[1:])
    )
