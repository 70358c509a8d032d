"""Many descents from given points, and which of them ended in the same place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from geomsup._typing import FloatArray
from geomsup.optimize.distinct import Describer
from geomsup.optimize.lbfgs import LEAST_SCALE, descend
from geomsup.optimize.objective import EXACT, Objective
from geomsup.optimize.solution import Progress

__all__ = ["Callback", "equal_ones", "multistart"]

Callback = Callable[[Progress], None]

CHUNK = 32
"""Instances per batch."""
TOL, STALL, MAX_STEPS = 1e-7, 1e-12, 3000
"""Of a descent: second-order steps finish what it leaves."""


def multistart(
    objective: Objective, x: FloatArray, n_keep: int, callback: Callback | None
) -> list[tuple[FloatArray, int]]:
    """Descend from every row of x: the lowest distinct ends, at most ``n_keep``, and how many descents led to each."""
    ends, losses = [], []
    for begin in range(0, len(x), CHUNK):
        found = descend(objective, x[begin : begin + CHUNK], EXACT, max_steps=MAX_STEPS, tol=TOL, stall=STALL)
        ends.append(found.x)
        losses.append(found.loss)
        if callback is not None:
            done = min(begin + CHUNK, len(x))
            callback(Progress("searching", done, len(x), float(min(loss.min() for loss in losses))))
    x, loss = np.concatenate(ends), np.concatenate(losses)
    groups = equal_ones(objective, x, loss, loss_tol=1e-7, tol=1e-3)
    return [(x[group[0]], len(group)) for group in groups[:n_keep]]


def equal_ones(
    objective: Objective, x: FloatArray, loss: FloatArray, *, loss_tol: float, tol: float
) -> list[list[int]]:
    """Indices of rows of x that agree up to rotation and exchange of features together, lowest loss first."""
    W, b = objective.unpack(x)
    return Describer(objective.problem).groups(
        W, b, loss, loss_tol=loss_tol, tol=tol, least=LEAST_SCALE * objective.scale
    )
