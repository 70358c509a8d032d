r"""From weights straight down to the local minimum below them.

"Below" is meant literally: where the path of steepest descent :math:`\dot x = -\nabla L(x)` from the weights ends. A
quasi-Newton descent takes longer steps and may end elsewhere; here SciPy's stiff integrator follows the path into a
valley (a small gradient, and no direction of negative curvature), and only the way to the bottom of that valley is left
to L-BFGS and Newton's method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import BDF
from threadpoolctl import threadpool_limits

from geomsup._typing import FloatArray
from geomsup.optimize import Minimum
from geomsup.optimize.newton import LARGEST_HESSIAN, Curvature, curvature, hessian
from geomsup.optimize.objective import Fidelity, Objective
from geomsup.optimize.settle import GRADIENT_TOL, descend_in_stages, settle
from geomsup.problem import Problem

__all__ = ["Landing", "nearest_minimum"]

RTOL, ATOL = 1e-3, 1e-6
"""Accuracy of the path. Measured on 110 random starts of scales 1e-4 to 0.8 (n from 3 to 6, p from 0.01 to 0.3), and on
110 weights after 100 to 1,000 steps of AdamW: in all it ends where a path followed to 1e-5 and 1e-9 ends. L-BFGS from
the same points ends elsewhere in 33 and 8; with ATOL = 1e-4 the path does in one."""
SMOOTH = Fidelity(terms=2048, budget=0)
"""Of the path where not all rows are splines: a row that changes its method makes the gradient jump by the truncation
error, and a path can run into such a jump from both sides."""
VALLEY = 1e-3
"""Gradient norm, relative to the loss scale, below which a point without negative curvature is in its valley."""
MOST_STEPS = 2000
"""Of the path; 25 to 250 were needed from trained weights. Kinks (discrete values) can use them up."""
PUSH, MOST_SADDLES = 0.02, 5
"""Length of the step off a saddle, and how many saddles are left before one is reported."""


@dataclass(frozen=True)
class Landing:
    """Where a descent ended.

    Parameters
    ----------
    minimum : Minimum
        With ``hits=0``.
    n_saddles : int
        Saddles on the way that the path ended in and was pushed off.
    followed : bool
        Whether the path of steepest descent was followed; False where L-BFGS descended: on request, and beyond 700
        parameters.
    """

    minimum: Minimum
    n_saddles: int
    followed: bool


def nearest_minimum(problem: Problem, W: FloatArray, b: FloatArray, *, follow: bool = True) -> Landing:
    """The local minimum that steepest descent in (W, b) leads to.

    A path that ends in a saddle is pushed off it, to both sides of a random direction of negative curvature, and goes
    on where that leads lower.

    Parameters
    ----------
    problem : Problem
        Says what the loss is.
    W, b : arrays of shapes (n_hidden, n_features) and (n_features,)
        Where to begin.
    follow : bool
        Follow steepest descent, where that is possible; False: descend by L-BFGS.

    Returns
    -------
    Landing
    """
    objective = Objective(problem)
    x, n_saddles, followed = objective.pack(W, b), 0, follow and objective.size <= LARGEST_HESSIAN
    rng = np.random.default_rng(0)
    with threadpool_limits(1):
        if followed:
            x, saddle = _follow(objective, x)
            while saddle is not None and n_saddles < MOST_SADDLES:
                downhill = saddle.vectors[:, saddle.values < 0]
                move = downhill @ rng.normal(size=downhill.shape[1])
                move *= PUSH / np.linalg.norm(move)
                sides = [_follow(objective, x + side) for side in (move, -move)]
                x, saddle = min(sides, key=lambda end: float(objective(end[0][None], objective.fine)[0][0]))
                n_saddles += 1
        return Landing(settle(objective, descend_in_stages(objective, x), hits=0), n_saddles, followed)


def _follow(objective: Objective, x: FloatArray) -> tuple[FloatArray, Curvature | None]:
    """Follow dx/dt = −∇L(x) by backward differentiation formulas into a valley, or to a saddle with its curvature."""
    fidelity = objective.fine if objective.exact else SMOOTH

    def velocity(_: float, y: FloatArray) -> FloatArray:
        return np.asarray(-objective(y[None], fidelity)[1][0])

    def jacobian(_: float, y: FloatArray) -> FloatArray:
        return -hessian(objective, y, fidelity=fidelity)

    path = BDF(velocity, 0.0, x, np.inf, jac=jacobian, rtol=RTOL, atol=ATOL)
    due = 0
    for step in range(MOST_STEPS):
        slope = -velocity(0.0, path.y)
        norm = float(np.linalg.norm(slope))
        if norm <= VALLEY * objective.scale and step >= due:
            due = step + 1 + step // 4  # a Hessian costs as much as many steps, and a long way needs few
            shape = curvature(objective, path.y, slope, fidelity=fidelity)
            if shape.kind != "saddle":
                break
            if norm <= GRADIENT_TOL * objective.scale:
                return np.asarray(path.y), shape
        path.step()
        if path.status == "failed":
            break
    return np.asarray(path.y), None
