"""From a point near the bottom of a basin to the bottom: descent at rising fidelity, Newton, exact loss."""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.loss.expected import expected_loss_and_grad
from geomsup.optimize.lbfgs import descend
from geomsup.optimize.newton import LARGEST_HESSIAN, polish
from geomsup.optimize.objective import Objective
from geomsup.optimize.solution import Kind, Minimum

__all__ = ["GRADIENT_TOL", "descend_in_stages", "settle"]

GRADIENT_TOL = 1e-9
"""Gradient norm, relative to the loss scale, at which a search has converged."""
SIDESTEP = 0.02
"""Length of the step that leaves a saddle, to both sides."""


def descend_in_stages(objective: Objective, x: FloatArray, max_steps: int | None = None) -> FloatArray:
    """L-BFGS from one point, at each fidelity of the objective in turn."""
    newton = objective.size <= LARGEST_HESSIAN and not objective.exact
    tol, stall = (1e-4, 1e-7) if newton else (1e-8, 1e-10)
    steps = objective.stage_steps if max_steps is None else max_steps
    for fidelity in objective.stages:
        x = descend(objective, x[None], fidelity, max_steps=steps, tol=tol, stall=stall).x[0]
    return x


def settle(objective: Objective, x: FloatArray, hits: int = 1) -> Minimum:
    """Newton from a descended point, leaving a saddle if it is one; then the exact loss and gradient.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    x : array, shape (parameters,)
        A point that `descend_in_stages` returned, or one as close to a critical point.
    hits : int
        Descents that ended there.

    Returns
    -------
    Minimum
        With ``kind="unclassified"`` where the Hessian would be too large to form.
    """
    kind: Kind = "unclassified"
    lowest = np.nan
    if objective.size <= LARGEST_HESSIAN:
        for attempt in range(3):
            x, _, _, shape = polish(objective, x, 0.3 * GRADIENT_TOL * objective.scale)
            kind = shape.kind
            lowest = float(shape.values[0]) if shape.values.size else np.nan
            if kind != "saddle" or attempt == 2:
                break  # the kind is that of the point returned
            sides = x + SIDESTEP * np.array([[1.0], [-1.0]]) * shape.vectors[:, 0]
            left = descend(objective, sides, objective.fine, max_steps=1500, tol=1e-8, stall=1e-12)
            x = left.x[int(np.argmin(left.loss))]
    W, b = (np.array(part) for part in objective.unpack(x))
    loss, dW, db = expected_loss_and_grad(objective.problem, W, b, tol=1e-12 if len(b) <= 32 else 1e-10)
    gradient = objective.pack(dW, db)
    gradient = np.where(objective.held(x, gradient), 0.0, gradient)
    return Minimum(W, b, float(loss), float(loss.error), float(np.linalg.norm(gradient)), hits, kind, lowest)
