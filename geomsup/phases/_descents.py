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
STEPS, TOL, STALL = 500, 1e-5, 1e-8
"""As in a search of one problem whose evaluations are exact."""


class _Together:
    """Several problems of one size as one objective; the last entry of a vector says whose it is, and never changes.

    Losses are divided by the scale of their problem, so that tolerances mean the same for all.
    """

    scale = 1.0

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self.objectives = objectives

    def __call__(self, x: FloatArray, fidelity: Fidelity) -> tuple[FloatArray, FloatArray]:
        whose = x[:, -1].astype(np.int64)
        loss, gradient = np.empty(len(x)), np.zeros_like(x)
        for k in np.unique(whose).tolist():
            rows, objective = whose == k, self.objectives[k]
            value, slope = objective(np.ascontiguousarray(x[rows, :-1]), fidelity)
            loss[rows], gradient[rows, :-1] = value / objective.scale, slope / objective.scale
        return loss, gradient

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
        max_steps=STEPS,
        tol=TOL,
        stall=STALL,
        memory=MEMORY,
    )
    scale = np.array([objective.scale for objective in objectives])
    return found.x[:, :-1], found.loss * scale[whose]
