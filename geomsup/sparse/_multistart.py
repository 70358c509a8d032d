"""Many descents from given points, which of them ended in the same place, and finishing the lowest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from geomsup._typing import FloatArray
from geomsup.optimize.distinct import Describer
from geomsup.optimize.lbfgs import LEAST_SCALE, descend
from geomsup.optimize.objective import Objective
from geomsup.optimize.solution import Kind, Progress

__all__ = ["Callback", "Finished", "finish_all", "multistart"]

Callback = Callable[[Progress], None]
Ends = list[tuple[FloatArray, int]]
"""Points, each with the number of descents that ended there."""
AnyObjective = TypeVar("AnyObjective", bound=Objective)

CHUNK = 32
"""Instances per batch."""
TOL, STALL, MAX_STEPS = 1e-7, 1e-12, 3000
"""Of a descent: second-order steps finish what it leaves."""


class Finished(NamedTuple):
    """A critical point: parameters, loss, gradient norm, kind and smallest eigenvalue of the Hessian."""

    x: FloatArray
    loss: float
    gradient_norm: float
    kind: Kind
    curvature: float


def multistart(objective: Objective, x: FloatArray, n_keep: int, callback: Callback | None) -> Ends:
    """Descend from every row of x: the lowest distinct ends, at most ``n_keep``."""
    ends, losses = [], []
    for begin in range(0, len(x), CHUNK):
        found = descend(objective, x[begin : begin + CHUNK], objective.fine, max_steps=MAX_STEPS, tol=TOL, stall=STALL)
        ends.append(found.x)
        losses.append(found.loss)
        if callback is not None:
            done = min(begin + CHUNK, len(x))
            callback(Progress("searching", done, len(x), float(min(loss.min() for loss in losses))))
    x = np.concatenate(ends)
    groups = _equal_ones(objective, x, np.concatenate(losses), loss_tol=1e-7, tol=1e-3)
    return [(x[group[0]], len(group)) for group in groups[:n_keep]]


def finish_all(
    objective: AnyObjective,
    ends: Ends,
    finish: Callable[[AnyObjective, FloatArray], Finished],
    callback: Callback | None,
) -> list[tuple[Finished, int]]:
    """Finish every end; those that turn out to be equal together with their hits, lowest loss first."""
    done: list[Finished] = []
    for x, _ in ends:
        done.append(finish(objective, x))
        if callback is not None:
            callback(Progress("finishing", len(done), len(ends), min(one.loss for one in done)))
    x, loss = np.array([one.x for one in done]), np.array([one.loss for one in done])
    groups = _equal_ones(objective, x, loss, loss_tol=1e-10, tol=1e-5)
    return [(done[group[0]], sum(ends[k][1] for k in group)) for group in groups]


def _equal_ones(
    objective: Objective, x: FloatArray, loss: FloatArray, *, loss_tol: float, tol: float
) -> list[list[int]]:
    """Indices of rows of x that agree up to rotation and exchange of features together, lowest loss first."""
    W, b = objective.unpack(x)
    return Describer(objective.problem).groups(
        W, b, loss, loss_tol=loss_tol, tol=tol, least=LEAST_SCALE * objective.scale
    )
