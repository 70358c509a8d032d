r"""`outline`: the boundaries of a phase diagram, each point of them located by following the two branches beside it.

A map says that the minimum changes somewhere between two cells. Between their coordinates the problems form a
:class:`~geomsup.phases.Path`, on which `phase_boundary` follows what both cells found to where their exact losses are
equal, or where one ends in the other.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup._steps import Step
from geomsup._typing import JSON, FloatArray, IntArray
from geomsup._validate import integer
from geomsup.optimize.objective import Bias
from geomsup.phases._sides import Changes, Crossings, side_between
from geomsup.phases._stages import Cell, Stages
from geomsup.phases._store import Record, Store
from geomsup.phases._workers import workforce
from geomsup.phases.diagram import PhaseDiagram
from geomsup.phases.families import family_of, identity_of_family
from geomsup.phases.grid import Grid
from geomsup.phases.sweeping import described
from geomsup.problem import Problem

__all__ = ["Outline", "outline"]

CHUNK = 8


@dataclass(frozen=True, eq=False)
class Outline:
    """Where the minimum of a map changes.

    Parameters
    ----------
    dims : pair of str
        The axes of the map.
    points : array, shape (k, 2)
        Points of the boundaries, one for each side between two cells with different minima.
    errors : array, shape (k,)
        Of the coordinate that varies along that side, as `Boundary.error`.
    orders : array of int, shape (k,)
        1 where the arrangement jumps, 2 where one turns into the other.
    labels : array of str, shape (k, 2)
        Names of the minima on both sides, that of the lower coordinate first.
    segments : array, shape (l, 2, 2)
        Lines that join points around a corner of four cells; three or more meet in the middle.
    segment_orders : array of int, shape (l,)
        2 where a point at an end is of second order, otherwise 1.
    unresolved : tuple of (point, reason)
        Middles of the sides on which no boundary was found: the name changes and the branch does not, or a third
        arrangement is lowest between the two.

    Examples
    --------
    >>> import geomsup as gs
    >>> axes = {"feature_probability": [0.1, 0.3, 0.5], "relative_importance": [0.3, 0.31]}
    >>> diagram = gs.phase_diagram(gs.Problem(2, 1), axes)
    >>> boundary = gs.phases.outline(diagram, gs.Problem(2, 1))
    >>> print(f"{boundary.points[0, 0]:.9f}", boundary.orders)
    0.375686188 [1 1]
    """

    dims: tuple[str, str]
    points: FloatArray
    errors: FloatArray
    orders: IntArray
    labels: np.ndarray[tuple[int, ...], np.dtype[Any]]
    segments: FloatArray
    segment_orders: IntArray
    unresolved: tuple[tuple[tuple[float, float], str], ...]

    def __repr__(self) -> str:
        first = int(np.sum(self.orders == 1))
        return (
            f"Outline({' × '.join(self.dims)}: {first} points of first order, {len(self.orders) - first} of second, "
            f"{len(self.unresolved)} sides unresolved)"
        )


def outline(
    diagram: PhaseDiagram,
    problem: Problem | Callable[..., Problem],
    *,
    bias: Bias = "free",
    workers: int = 1,
    cache: str | os.PathLike[str] | None = None,
    callback: Callable[[Step], None] | None = None,
) -> Outline:
    r"""Locate the boundaries of a map.

    Between two neighbouring cells there is a boundary if their minima have different names or numbers of features
    represented, or if Newton's method from what one found ends, in the other, in another minimum than it found.

    Parameters
    ----------
    diagram : PhaseDiagram
        Over two axes of numbers along which a problem can be followed.
    problem, bias
        Those of the diagram.
    workers, cache, callback
        As in :func:`geomsup.sweep`.

    Returns
    -------
    Outline

    Raises
    ------
    ValueError
        The diagram is no map, or sizes of problems or activations change along an axis.

    Examples
    --------
    The candidates of the theory have a closed form; the true boundary at r = 0.5 lies elsewhere:

    >>> import geomsup as gs
    >>> axes = {"feature_probability": [0.3, 0.6], "relative_importance": [0.45, 0.5]}
    >>> diagram = gs.phase_diagram(gs.Problem(2, 1), axes)
    >>> found = gs.phases.outline(diagram, gs.Problem(2, 1))
    >>> found
    Outline(feature_probability × relative_importance: 2 points of first order, 0 of second, 0 sides unresolved)
    >>> print(f"{found.points[1, 0]:.9f}")
    0.484587926
    """
    grid = Grid.read(diagram.coords)
    if len(grid.dims) != 2 or any(values.dtype.kind not in "if" for values in grid.coords.values()):
        raise ValueError(f"{diagram!r} is not a map over two axes of numbers: sweep over two")
    if set(grid.dims) & {"n_features", "n_hidden"}:
        raise ValueError(
            f"{' × '.join(grid.dims)}: the number of parameters changes along an axis, and no branch can be followed "
            "there; draw the map with its cells"
        )
    integer("workers", workers, at_least=1)
    family = family_of(problem, grid)
    found = {name: diagram[name].reshape(grid.size, *diagram[name].shape[2:]) for name in ("W", "b", "loss", "label")}
    store = None
    if cache is not None:
        minima = hashlib.sha256(found["W"].tobytes() + found["b"].tobytes()).hexdigest()
        asked: JSON = {"axes": grid.to_dict(), "minima": minima, **described({"bias": bias})}
        store = Store(cache, *identity_of_family(family, "outline", asked))
    sides = [(k, j) for k in range(grid.size) for j in grid.neighbours(k) if j > k]
    cells = [Cell(number, *side_between(grid, found, k, j), []) for number, (k, j) in enumerate(sides)]
    with workforce(workers, None) as workers_at_hand:
        stages = Stages(grid, workers_at_hand, store, CHUNK, callback)
        changes = stages.run("changes", Changes(family, bias), cells)
        apart = [cell for cell in cells if changes[cell.number]["apart"]]
        crossings = stages.run("crossings", Crossings(family, bias), apart)
    return _assembled(grid, found["label"], {sides[number]: record for number, record in crossings.items()})


def _assembled(grid: Grid, labels: Any, crossings: dict[tuple[int, int], Record]) -> Outline:
    """Points from crossings, and lines between those around one corner."""
    points: dict[tuple[int, int], list[float]] = {}
    orders: dict[tuple[int, int], int] = {}
    unresolved = []
    for (k, j), record in crossings.items():
        low, high = grid.point(k), grid.point(j)
        if record["order"] == 0:
            middle = [(low[name] + high[name]) / 2 for name in grid.dims]
            unresolved.append(((middle[0], middle[1]), str(record["why"])))
        else:
            points[k, j] = [float(record["s"]) if low[name] != high[name] else low[name] for name in grid.dims]
            orders[k, j] = int(record["order"])
    lines, line_orders = [], []
    for corner in _corners(grid):
        met = [side for side in corner if side in points]
        ends = [points[side] for side in met]
        if len(met) == 2:
            lines.append(ends)
            line_orders.append(max(orders[side] for side in met))
        elif len(met) > 2:
            lines += [[one, np.mean(ends, axis=0).tolist()] for one in ends]
            line_orders += [orders[side] for side in met]
    return Outline(
        dims=(grid.dims[0], grid.dims[1]),
        points=np.array([*points.values()]).reshape(-1, 2),
        errors=np.array([float(crossings[side]["error"]) for side in points]),
        orders=np.array([*orders.values()], dtype=np.int64),
        labels=np.array([[labels[k], labels[j]] for k, j in points]).reshape(-1, 2),
        segments=np.array(lines).reshape(-1, 2, 2),
        segment_orders=np.array(line_orders, dtype=np.int64),
        unresolved=tuple(unresolved),
    )


def _corners(grid: Grid) -> Iterator[list[tuple[int, int]]]:
    """The four sides that meet in each corner of four cells."""
    rows, width = grid.shape
    for i in range(rows - 1):
        for j in range(width - 1):
            k = i * width + j
            yield [(k, k + 1), (k, k + width), (k + 1, k + width + 1), (k + width, k + width + 1)]
