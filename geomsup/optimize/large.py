"""Finishing a minimum with too many parameters for a Hessian by differences: part by part, then a look at the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from geomsup._typing import FloatArray
from geomsup.features import Independent
from geomsup.loss.expected import expected_loss
from geomsup.optimize.lbfgs import descend
from geomsup.optimize.newton import (
    LARGEST_HESSIAN,
    Curvature,
    assemble_hessian,
    free_coordinates,
    polish,
    spectrum,
    value_and_slope,
)
from geomsup.optimize.objective import Objective
from geomsup.optimize.parts import assemble, take_apart
from geomsup.optimize.truncated import Products, truncated_newton

__all__ = ["finish_large", "lowest_curvature"]

LARGEST_SPECTRUM = 2000
"""Parameters up to which all eigenvalues are computed; beyond that Lanczos' method looks for the lowest."""
TERMS_TO_MOVE, TERMS_TO_JUDGE = 160, 1024
"""Of the second derivatives of rows, for steps and for the kind of a critical point."""
MOST_PASSES = 3
"""Over the parts: Newton's method forms eight Hessians in each, which is short of the bottom at times."""
BASIS, RESTARTS = 40, 12
"""Vectors of Lanczos' method, and how often it starts again from the best before a kind is left open."""


def finish_large(objective: Objective, x: FloatArray, tol: float, max_steps: int) -> FloatArray:
    """A critical point near x: Newton's method on every part of `take_apart`, or on the whole where there are none.

    Parameters
    ----------
    objective : Objective
        What is minimised. Where its features are not independent, x is returned as it is.
    x : array, shape (parameters,)
        Descended from.
    tol : float
        Gradient norm to reach.
    max_steps : int
        Most Newton steps, of a part too large for a Hessian.
    """
    if not isinstance(objective.problem.features, Independent):
        return x
    parts = take_apart(objective, x)
    if parts[0].objective is objective:
        return _finish_part(objective, x, tol, max_steps)
    share = tol / len(parts) ** 0.5
    for _ in range(MOST_PASSES):
        parts = [replace(part, x=_finish_part(part.objective, part.x, share, max_steps)) for part in parts]
        apart = assemble(objective, parts)
        if float(np.linalg.norm(value_and_slope(objective, apart)[1])) <= tol:
            break
    # the whole may hold tiny entries in the place of zeros, for which only the exact loss is good enough
    before, after = (expected_loss(objective.problem, *objective.unpack(point), tol=1e-10) for point in (x, apart))
    if float(after) - after.error > float(before) + before.error:  # the zeros cost more than finishing gained
        return _finish_part(objective, x, tol, max_steps)
    return apart


def _finish_part(objective: Objective, x: FloatArray, tol: float, max_steps: int) -> FloatArray:
    tol_here, stall = (1e-8, 1e-12) if objective.exact else (1e-5, 1e-7)
    for fidelity in objective.stages:  # Newton's method alone can stop at a kink, such as a bias of zero
        x = descend(objective, x[None], fidelity, max_steps=1500, tol=tol_here, stall=stall).x[0]
    if objective.size <= LARGEST_HESSIAN:
        return polish(objective, x, tol)[0]
    return truncated_newton(objective, x, tol, terms=TERMS_TO_MOVE, max_steps=max_steps)[0]


def lowest_curvature(objective: Objective, x: FloatArray, gradient: FloatArray) -> Curvature | None:
    """The spectrum at a critical point, or its two ends where there are many parameters; None where it is not known."""
    if not isinstance(objective.problem.features, Independent):
        return None
    free = free_coordinates(objective, x, gradient)
    products = Products(objective, x, free, TERMS_TO_JUDGE)
    if objective.size <= LARGEST_SPECTRUM:
        H = assemble_hessian(objective, products.W, products.rows, products.slopes / 2)
        return spectrum(objective, x, gradient, H)
    turns = np.linalg.qr(objective.rotations(x) * free[:, None])[0]
    ceiling = float(np.abs(products.diagonal()).max())

    def modulo_rotations(v: FloatArray) -> FloatArray:
        v = v.ravel()
        inside = np.where(free, v - turns @ (turns.T @ v), 0.0)
        image = products(inside)
        return image - turns @ (turns.T @ image) + ceiling * (v - inside)

    operator = LinearOperator((x.size, x.size), matvec=modulo_rotations, dtype=np.float64)
    try:
        start = np.random.default_rng(0).normal(size=x.size)
        values, vectors = eigsh(operator, k=2, which="BE", ncv=BASIS, tol=1e-2, maxiter=RESTARTS, v0=start)
    except ArpackError:
        return None
    return Curvature(values, vectors)
