"""From a point near the bottom of a basin to the bottom: descent at rising fidelity, Newton, exact loss."""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.loss.expected import expected_loss_and_grad
from geomsup.optimize.large import finish_large, lowest_curvature
from geomsup.optimize.lbfgs import descend
from geomsup.optimize.newton import LARGEST_HESSIAN, Curvature, polish
from geomsup.optimize.objective import Objective
from geomsup.optimize.solution import Kind, Minimum

__all__ = ["GRADIENT_TOL", "descend_in_stages", "loss_tolerance", "polish_past_saddles", "settle"]

GRADIENT_TOL = 1e-9
"""Gradient norm, relative to the loss scale, at which a search has converged."""
NEWTON_STEPS = 300
"""Most of a finish with many parameters."""
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


def settle(
    objective: Objective, x: FloatArray, hits: int = 1, *, newton_steps: int | None = None, leave_saddles: bool = True
) -> Minimum:
    """Newton from a descended point, leaving a saddle if it is one; then the exact loss and gradient.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    x : array, shape (parameters,)
        A point that `descend_in_stages` returned, or one as close to a critical point.
    hits : int
        Descents that ended there.
    newton_steps : int, optional
        Most steps where there are too many parameters for a Hessian by differences; 0 leaves x as it is there.
    leave_saddles : bool
        False returns a saddle as one, where a Hessian is formed: leaving it takes ten times as long.

    Returns
    -------
    Minimum
        With ``kind="unclassified"`` where that was so, or its lowest eigenvalue could not be found.
    """
    tol = 0.3 * GRADIENT_TOL * objective.scale
    shape: Curvature | None
    if objective.size <= LARGEST_HESSIAN:
        x, _, _, shape = (polish_past_saddles if leave_saddles else polish)(objective, x, tol)
    elif newton_steps == 0:
        shape = None
    else:
        x, shape = _finish_past_saddles(objective, x, tol, NEWTON_STEPS if newton_steps is None else newton_steps)
    kind: Kind = "unclassified" if shape is None else shape.kind
    lowest = np.nan if shape is None else shape.lowest
    W, b = (np.array(part) for part in objective.unpack(x))
    loss, dW, db = expected_loss_and_grad(objective.problem, W, b, tol=loss_tolerance(len(b)))
    gradient = objective.pack(dW, db)
    gradient = np.where(objective.held(x, gradient), 0.0, gradient)
    return Minimum(W, b, float(loss), float(loss.error), float(np.linalg.norm(gradient)), hits, kind, lowest)


def _finish_past_saddles(
    objective: Objective, x: FloatArray, tol: float, newton_steps: int
) -> tuple[FloatArray, Curvature | None]:
    """`finish_large`, and where that ends in a saddle, again from beside it; at most twice."""
    shape = None
    for attempt in range(3):
        x = finish_large(objective, x, tol, newton_steps)
        _, gradient = objective(x[None], objective.fine)
        shape = lowest_curvature(objective, x, gradient[0])
        if shape is None or shape.kind != "saddle" or attempt == 2:
            break
        sides = x + SIDESTEP * np.array([[1.0], [-1.0]]) * shape.vectors[:, 0]
        left = descend(objective, sides, objective.stages[-1], max_steps=objective.stage_steps, tol=1e-6, stall=1e-8)
        x = left.x[int(np.argmin(left.loss))]
    return x, shape
