"""The tasks of an outline, for one side between two neighbouring cells: whether there is a boundary, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup.optimize.distinct import Describer
from geomsup.optimize.objective import Bias, Objective
from geomsup.optimize.settle import settle
from geomsup.phases._kinks import GONE
from geomsup.phases._stages import Cell
from geomsup.phases._store import Record
from geomsup.phases.boundary import phase_boundary
from geomsup.phases.grid import Grid
from geomsup.phases.path import Path
from geomsup.problem import Problem

STEP = 0.5
"""Longest step along a branch, as a share of the way between two cells, over which little changes."""
SAME_LOSS, SAME_PLACE = 1e-9, 0.05
"""Relative difference of losses, and distance of arrangements (:class:`Describer`), up to which what a cell found,
moved to the next cell, is what that cell found."""


def side_between(grid: Grid, found: Record, k: int, j: int) -> tuple[dict[str, Any], Record]:
    """The coordinates of two cells, and what was found in them."""
    return {"low": grid.point(k), "high": grid.point(j)}, {name: array[[k, j]] for name, array in found.items()}


@dataclass(frozen=True)
class Changes:
    """The task that tells whether two neighbouring cells hold the same minimum."""

    family: Callable[..., Problem]
    bias: Bias

    def __call__(self, cells: list[Cell]) -> list[Record]:
        return [{"apart": np.array(self._apart(cell))} for cell in cells]

    def _apart(self, cell: Cell) -> bool:
        assert cell.previous is not None
        W, b, loss, label = (cell.previous[name] for name in ("W", "b", "loss", "label"))
        norms = np.linalg.norm(W, axis=1)
        present = np.sum(norms > GONE * norms.max(axis=1, keepdims=True), axis=1)
        if label[0] != label[1] or present[0] != present[1]:
            return True
        objective = Objective(self.family(**cell.point["high"]), self.bias)
        moved = settle(objective, objective.pack(W[0], b[0]), leave_saddles=False)
        if moved.loss - loss[1] > SAME_LOSS * objective.scale:
            return True
        describer = Describer(objective.problem)
        return describer.distance(describer.describe(moved.W, moved.b), describer.describe(W[1], b[1])) > SAME_PLACE


@dataclass(frozen=True)
class Crossings:
    """The task that follows both minima along the side between two cells."""

    family: Callable[..., Problem]
    bias: Bias

    def __call__(self, cells: list[Cell]) -> list[Record]:
        return [self._crossing(cell) for cell in cells]

    def _crossing(self, cell: Cell) -> Record:
        assert cell.previous is not None
        W, b = cell.previous["W"], cell.previous["b"]
        low, high = cell.point["low"], cell.point["high"]
        name = next(name for name in low if low[name] != high[name])
        # A coordinate may fall along its axis; a path rises.
        first, second = sorted((0, 1), key=lambda k: (low, high)[k][name])
        ends = sorted((low[name], high[name]))
        try:
            path = Path(lambda s: self.family(**{**low, name: s}), ends[0], ends[1], name)
            starts = (W[first], b[first]), (W[second], b[second])
            boundary = phase_boundary(path, *starts, at=(ends[0], ends[1]), bias=self.bias, max_step=STEP)
        except ValueError as error:
            return _record(np.nan, np.nan, 0, str(error))
        return _record(boundary.s, boundary.error, boundary.order, "")


def _record(s: float, error: float, order: int, why: str) -> Record:
    return {"s": np.array(s), "error": np.array(error), "order": np.array(order), "why": np.array(why[:200], "U200")}
