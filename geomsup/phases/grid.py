"""A grid of points: named axes, their values, and which points are neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from geomsup._typing import JSON

__all__ = ["Grid", "check_names", "suggestion"]

Coordinate = np.ndarray[tuple[int, ...], np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Grid:
    """The product of named axes; points are numbered with the last axis running fastest.

    Parameters
    ----------
    coords : dict of str to array
        The values along each axis, in the order of the axes.
    """

    coords: dict[str, Coordinate]

    @classmethod
    def read(cls, axes: Mapping[str, Any]) -> Grid:
        """A grid from what a caller passed.

        Raises
        ------
        ValueError
            No axes, an axis without values, with values that are not finite numbers or words, or with one value twice.
        """
        if not isinstance(axes, Mapping) or not axes:
            raise ValueError(f"axes={axes!r} names no axis: pass a dict such as {{'feature_probability': [0.1, 0.2]}}")
        return cls({str(name): _axis(str(name), values) for name, values in axes.items()})

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(self.coords)

    @property
    def shape(self) -> tuple[int, ...]:
        """Values along each axis."""
        return tuple(len(values) for values in self.coords.values())

    @property
    def size(self) -> int:
        """Points in all."""
        return int(np.prod(self.shape))

    def point(self, index: int) -> dict[str, Any]:
        """The coordinates of one point, as plain Python values."""
        where = np.unravel_index(index, self.shape)
        return {name: values[k].item() for (name, values), k in zip(self.coords.items(), where, strict=True)}

    def neighbours(self, index: int) -> list[int]:
        """The points one step away along one axis, before and after, axis by axis."""
        where = [int(k) for k in np.unravel_index(index, self.shape)]
        found = []
        for axis, k in enumerate(where):
            for beside in (k - 1, k + 1):
                if 0 <= beside < self.shape[axis]:
                    moved = (*where[:axis], beside, *where[axis + 1 :])
                    found.append(int(np.ravel_multi_index(moved, self.shape)))
        return found

    def to_dict(self) -> JSON:
        """A JSON-able description."""
        return {name: values.tolist() for name, values in self.coords.items()}


def _axis(name: str, values: Any) -> Coordinate:
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray(values, dtype=object)
    if array.ndim != 1 or array.dtype.kind not in "iufU":
        raise ValueError(
            f"axis {name!r} is not a list of numbers or of words (shape {array.shape}, type {array.dtype}): "
            "pass its values one after another"
        )
    if not array.size:
        raise ValueError(f"axis {name!r} is empty, so that the grid has no points: pass at least one value")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int(np.argmin(np.isfinite(array)))
        raise ValueError(f"axis {name!r} has the value {array[bad]} at {bad}: pass finite numbers")
    if len(np.unique(array)) < array.size:
        raise ValueError(f"axis {name!r} has a value more than once: pass each value once")
    array = array.copy()
    array.setflags(write=False)
    return array


def check_names(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that is not known.

    Raises
    ------
    ValueError
        With the nearest name there is.
    """
    known = list(known)
    for name in given:
        if name not in known:
            raise ValueError(f"{name!r} is not {what}: {suggestion(name, known)}")


def suggestion(name: str, known: list[str]) -> str:
    """What to pass instead."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"pass one of {', '.join(map(repr, known))}"
