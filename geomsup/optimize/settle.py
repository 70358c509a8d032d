"""From a point near the bottom of a basin to the bottom: descent at rising fidelity, Newton, exact loss."""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.loss.expected import expected_loss_and_grad
from geomsup.optimize.lbfgs import descend
from geomsup.optimize.newton import LARGEST_HESSIAN, Curvature, polish
from geomsup.optimize.objective import Objective
from geomsup.optimize.solution import Kind, Minimum

__all__ = ["GRADIENT_TOL", "descend_in_stages", "loss_tolerance", "polish_past_saddles", "settle"]

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


def polish_past_saddles(
    objective: Objective, x: FloatArray, tol: float
) -> tuple[FloatArray, float, FloatArray, Curvature]:
    """`polish`, and where that ends in a saddle, again from the lower end of two descents beside it; at most twice."""
    x, loss, gradient, shape = polish(objective, x, tol)
    for _ in range(2):
        if shape.kind != "saddle":
            break
        sides = x + SIDESTEP * np.array([[1.0], [-1.0]]) * shape.vectors[:, 0]
        left = descend(objective, sides, objective.fine, max_steps=1500, tol=1e-8, stall=1e-12)
        x, loss, gradient, shape = polish(objective, left.x[int(np.argmin(left.loss))], tol)
    return x, loss, gradient, shape


def loss_tolerance(n_features: int) -> float:
    """The error to aim for in the loss of a finished arrangement; the error reported is the one reached."""
    return 1e-12 if n_features <= 32 else 1e-10


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
        x, _, _, shape = polish_past_saddles(objective, x, 0.3 * GRADIENT_TOL * objective.scale)
        kind, lowest = shape.kind, shape.lowest
    W, b = (np.array(part) for part in objective.unpack(x))
    loss, dW, db = expected_loss_and_grad(objective.problem, W, b, tol=loss_tolerance(len(b)))
    gradient = objective.pack(dW, db)
    gradient = np.where(objective.held(x, gradient), 0.0, gradient)
    return Minimum(W, b, float(loss), float(loss.error), float(np.linalg.norm(gradient)), hits, kind, lowest)
