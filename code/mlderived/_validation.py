"""The checks at the public edge: each says what it expected and found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mlderived._types import Array


def as_array(value: ArrayLike, name: str) -> Array:
    """Return a float64 copy of a finite, non-empty array of any shape."""
    if np.ma.is_masked(value):
        raise ValueError(f"{name} must have no masked entries, found some")
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"dtype {array.dtype}")
        array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must hold real numbers, found {error}"
        ) from None
    if array.size == 0:
        raise ValueError(
            f"{name} must not be empty, found shape {array.shape}"
        )
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"{name} must be finite, found {array[where]} at index {where}"
        )
    return array


def as_matrix(value: ArrayLike, name: str) -> Array:
    """Return a float64 copy of a finite, non-empty matrix."""
    array = as_array(value, name)
    if array.ndim != 2:
        raise ValueError(
            f"{name} must have shape (n, d), found shape {array.shape}"
        )
    return array


def as_vector(value: ArrayLike, name: str, size: int | None = None) -> Array:
    """Return a float64 copy of a finite, non-empty vector.

    It must have the given size, if there is one.
    """
    array = as_array(value, name)
    if array.ndim != 1 or (size is not None and array.size != size):
        expected = "(m,)" if size is None else f"({size},)"
        raise ValueError(
            f"{name} must have shape {expected}, found shape {array.shape}"
        )
    return array


def as_number(value: ArrayLike, name: str, *, positive: bool) -> float:
    """Return a finite number that is positive, or at least not negative."""
    array = as_array(value, name)
    if array.ndim != 0 or array < 0 or (positive and array == 0):
        bound = "> 0" if positive else ">= 0"
        raise ValueError(f"{name} must be a number {bound}, found {value!r}")
    return float(array)
