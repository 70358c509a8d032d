"""Descents for many problems at once: what a chunk of cells shares is the overhead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geomsup._typing import BoolArray, FloatArray, IntArray
from geomsup.optimize.lbfgs import descend
from geomsup.optimize.objective import Fidelity, Objective

__all__ = ["descend_together"]

MEMORY = 10
"""Pairs of L-BFGS: with 4 the longest descents of three features take three times as many steps, with 12 no fewer."""
STEPS_PER_PARAMETER = 15
TOL, STALL, PATIENCE = 1e-4, 1e-7, 20
"""Short of the bottom: the few that take longer would cost as much as all others, and Newton's method finishes."""


class _Together:
    """Several problems of one size as one objective; the last entry of a vector says whose it is, and never changes.

    Losses are divided by the scale of their problem, so that tolerances mean the same for all.
    """

    scale = 1.0

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self.objectives = objectives

    def __call__(self, x: FloatArray, fidelity: Fidelity) -> tuple[FloatArray, FloatArray]:
        W, b = self.objectives[0].unpack(x[:, :-1])
        W, b = np.ascontiguousarray(W), np.ascontiguousarray(b)
        M = np.swapaxes(W, -1, -2) @ W
        loss, dM, db = np.empty(len(x)), np.empty_like(M), np.empty_like(b)
        whose = x[:, -1].astype(np.int64)
        ends = [*(np.flatnonzero(np.diff(whose)) + 1).tolist(), len(x)]
        for rows in map(slice, [0, *ends[:-1]], ends):  # runs of one problem
            objective = self.objectives[whose[rows.start]]
            scale = objective.scale
            value, dM_own, db_own = objective.effective(M[rows], b[rows], fidelity)
            loss[rows], dM[rows], db[rows] = value / scale, dM_own / scale, db_own / scale
        gradient = self.objectives[0].pack(W @ (dM + np.swapaxes(dM, -1, -2)), db)
        return loss, np.column_stack([gradient, np.zeros(len(x))])

    def project(self, x: FloatArray) -> FloatArray:
        return np.column_stack([self.objectives[0].project(x[:, :-1]), x[:, -1]])

    def held(self, x: FloatArray, gradient: FloatArray) -> BoolArray:
        return np.column_stack([self.objectives[0].held(x[:, :-1], gradient[:, :-1]), np.zeros(len(x), dtype=bool)])


def descend_together(objectives: Sequence[Objective], x: FloatArray, whose: IntArray) -> tuple[FloatArray, FloatArray]:
    """L-BFGS from every row of x, each on the problem it belongs to.

    Parameters
    ----------
    objectives : sequence of Objective
        Of one size, with evaluations that are exact at every fidelity, and the same constraint on the bias.
    x : array, shape (starts, parameters)
        Starting points.
    whose : int array, shape (starts,)
        The number of the objective of each.

    Returns
    -------
    x, loss : arrays, shapes (starts, parameters) and (starts,)
        Where they end.
    """
    together = _Together(objectives)
    found = descend(
        together,  # type: ignore[arg-type] # has what a descent asks for
        np.column_stack([x, whose]),
        objectives[0].fine,
        max_steps=STEPS_PER_PARAMETER * objectives[0].size,
        tol=TOL,
        stall=STALL,
        memory=MEMORY,
        patience=PATIENCE,
    )
    scale = np.array([objective.scale for objective in objectives])
    return found.x[:, :-1], found.loss * scale[whose]
