"""Many descents from given points, which of them ended in the same place, and finishing the lowest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from geomsup._typing import FloatArray
from geomsup.optimize.distinct import Describer
from geomsup.optimize.in_order import in_order
from geomsup.optimize.lbfgs import LEAST_SCALE, Descent, descend
from geomsup.optimize.objective import Objective
from geomsup.optimize.solution import Kind, Progress

__all__ = ["Callback", "Finished", "finish_all", "multistart"]

Callback = Callable[[Progress], None]
Ends = list[tuple[FloatArray, int]]
"""Points, each with the number of descents that ended there."""
AnyObjective = TypeVar("AnyObjective", bound=Objective)

CHUNK = 32
"""Instances per batch. It does not depend on the number of workers, so that results do not either."""
TOL, STALL, MAX_STEPS = 1e-7, 1e-12, 3000
"""Of a descent: second-order steps finish what it leaves."""


class Finished(NamedTuple):
    """A critical point: parameters, loss, gradient norm, kind and smallest eigenvalue of the Hessian."""

    x: FloatArray
    loss: float
    gradient_norm: float
    kind: Kind
    curvature: float


def multistart(
    objective: Objective, x: FloatArray, n_keep: int, callback: Callback | None, workers: int = 1
) -> Ends:
    """Descend from every row of x: the lowest distinct ends, at most ``n_keep``."""

    def run(k: int) -> Descent:
        chunk = x[k * CHUNK : (k + 1) * CHUNK]
        return descend(objective, chunk, objective.fine, max_steps=MAX_STEPS, tol=TOL, stall=STALL)

    ends, losses = [], []
    for found in in_order(objective, run, -(-len(x) // CHUNK), workers):
        ends.append(found.x)
        losses.append(found.loss)
        if callback is not None:
            done = sum(map(len, losses))
            callback(Progress("searching", done, len(x), float(min(loss.min() for loss in losses))))
    x = np.concatenate(ends)
    groups = _equal_ones(objective, x, np.concatenate(losses), loss_tol=1e-7, tol=1e-3)
    return [(x[group[0]], len(group)) for group in groups[:n_keep]]


def finish_all(
    objective: AnyObjective,
    ends: Ends,
    finish: Callable[[AnyObjective, FloatArray], Finished],
    callback: Callback | None,
    workers: int = 1,
) -> list[tuple[Finished, int]]:
    """Finish every end; those that turn out to be equal together with their hits, lowest loss first."""
    done: list[Finished] = []
    for one in in_order(objective, lambda k: finish(objective, ends[k][0]), len(ends), workers):
        done.append(one)
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
