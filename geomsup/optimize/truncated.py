r"""Truncated Newton for problems too large for a Hessian: only its products with vectors, from those of the rows.

With R_i the second derivatives of row i in (M_i1 … M_in, b_i) and D = ∂L/∂M, a move (V, v) of (W, b) changes the
gradient (W (D + Dᵀ), ∂L/∂b) by

.. math:: W (S + S^\top) + V (D + D^\top), \quad s; \qquad
          (S_i, s_i) = R_i\,(\delta M_i, v_i), \quad \delta M = V^\top W + W^\top V,

which takes n³ operations. Steps come from conjugate gradients that stop at the edge of a trust region or where they
meet negative curvature (Steihaug 1983, "The conjugate gradient method and trust regions in large scale optimization").
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import BoolArray, FloatArray
from geomsup.optimize.lbfgs import LEAST_SCALE
from geomsup.optimize.newton import value_and_slope
from geomsup.optimize.objective import Objective
from geomsup.optimize.row_hessians import row_hessians

__all__ = ["Products", "truncated_newton"]

MOST_BYTES = 250_000_000
"""Of the second derivatives of the rows, beyond which they are kept in single precision."""
INNER_TOL = 0.03
"""Residual, relative to the gradient, at which conjugate gradients stop: the Hessian itself is no better."""
FIRST_RADIUS = 0.1
"""Of the trust region, relative to the size of the point; the region grows and shrinks from there."""
MOST_PRODUCTS = 400
"""Conjugate gradients of one step."""
LEAST_CURVATURE = 1e-8
"""Of the preconditioner, relative to its largest entry."""


class Products:
    """The Hessian at x as a linear map of parameter vectors, restricted to the coordinates that are free.

    Parameters
    ----------
    objective : Objective
        Of a problem with independent features.
    x : array, shape (parameters,)
        Where.
    free : bool array, shape (parameters,)
        Other coordinates are held: products ignore them and are zero there.
    terms : int
        Of the second derivatives of rows.
    """

    def __init__(self, objective: Objective, x: FloatArray, free: BoolArray, terms: int) -> None:
        self.objective, self.free = objective, free
        self.W, b = (np.ascontiguousarray(part) for part in objective.unpack(x))
        n = b.size
        M = self.W.T @ self.W
        dtype = np.float64 if 8 * n**3 <= MOST_BYTES else np.float32
        linear = objective.problem.activation == "identity"
        self.rows = row_hessians(objective.data, M, b, terms=terms, linear=linear, dtype=dtype)
        _, dM, _ = objective.effective(M[None], b[None], objective.fine)
        self.slopes = dM[0] + dM[0].T

    def __call__(self, move: FloatArray) -> FloatArray:
        """H · move."""
        V, v = self.objective.unpack(np.where(self.free, move, 0.0))
        if self.objective.fixed is not None:
            v = np.zeros(V.shape[1])
        turned = V.T @ self.W
        rows = np.concatenate([turned + turned.T, v[:, None]], axis=1).astype(self.rows.dtype)
        answer = np.matmul(self.rows, rows[..., None])[..., 0].astype(np.float64)
        S = answer[:, :-1]
        product = self.objective.pack(self.W @ (S + S.T) + V @ self.slopes, answer[:, -1])
        return np.where(self.free, product, 0.0)

    def diagonal(self) -> FloatArray:
        """The diagonal of H."""
        W, R = self.W, self.rows
        n = W.shape[1]
        diagonal = np.tile(np.diag(self.slopes), (len(W), 1))
        for i, inner in enumerate(R[:, :n, :n]):  # row by row: all at once would copy what is largest
            WR = W @ inner
            diagonal += W[:, i, None] ** 2 * np.diag(inner)
            diagonal[:, i] += np.einsum("kd,kd->k", WR, W) + 2 * WR[:, i] * W[:, i]
        return self.objective.pack(diagonal, R[:, n, n].astype(np.float64))


def truncated_newton(
    objective: Objective, x: FloatArray, tol: float, *, terms: int, max_steps: int
) -> tuple[FloatArray, float, FloatArray]:
    """Trust-region Newton steps from x until the gradient norm is at most ``tol``; the loss never rises.

    Parameters
    ----------
    objective : Objective
        What to minimise; independent features.
    x : array, shape (parameters,)
        Where to begin.
    tol : float
        Gradient norm to reach.
    terms : int
        Of the Hessian, which steers only.
    max_steps : int
        Most steps tried.

    Returns
    -------
    x : array
    loss : float
    gradient : array
        Projected on the feasible directions.
    """
    loss, gradient = value_and_slope(objective, x)
    products: Products | None = None
    fresh, radius = False, np.inf
    for _ in range(max_steps):
        norm = float(np.linalg.norm(gradient))
        if norm <= tol:
            break
        if products is None:
            products, fresh = Products(objective, x, ~objective.held(x, gradient), terms), True
            weight = np.abs(products.diagonal())
            weight = np.sqrt(np.maximum(weight, LEAST_CURVATURE * weight.max()))
            radius = min(radius, FIRST_RADIUS * float(np.linalg.norm(weight * x)))
        move, predicted, at_edge = _steihaug(products, gradient, weight, radius)
        trial = objective.project(x + move)
        trial_loss, trial_gradient = value_and_slope(objective, trial)
        gain, length = loss - trial_loss, float(np.linalg.norm(weight * move))
        trial_norm = float(np.linalg.norm(trial_gradient))
        # where gains drown in rounding, the gradient decides
        drowned = predicted <= 1e-13 * max(abs(loss), LEAST_SCALE * objective.scale)
        accepted = trial_norm < norm if drowned else gain >= 0.1 * predicted
        trusted = trial_norm <= 0.3 * norm if drowned else gain >= 0.5 * predicted
        if accepted:
            x, loss, gradient = trial, trial_loss, trial_gradient
        elif fresh:
            radius = length / 4
            if length <= 1e-12 * float(np.linalg.norm(weight * x)):
                break
            continue
        if trusted and at_edge:
            radius *= 2
        fresh = False
        if not trusted:
            products = None  # the Hessian at hand is too old
    return x, loss, gradient


def _steihaug(
    products: Products, gradient: FloatArray, weight: FloatArray, radius: float
) -> tuple[FloatArray, float, bool]:
    """A step that lowers the quadratic model within ‖weight · step‖ ≤ radius, by how much, and if it meets the edge."""
    g = gradient / weight
    step, Hstep = np.zeros_like(g), np.zeros_like(g)
    residual = g.copy()
    direction = -residual
    square = float(residual @ residual)
    goal, at_edge = INNER_TOL**2 * square, False
    for _ in range(MOST_PRODUCTS):
        image = products(direction / weight) / weight
        curvature = float(direction @ image)
        length = square / curvature if curvature > 0 else np.inf
        if not float(np.linalg.norm(step + length * direction)) < radius:
            length, at_edge = _to_edge(step, direction, radius), True
        step, Hstep = step + length * direction, Hstep + length * image
        residual = residual + length * image
        new = float(residual @ residual)
        if at_edge or new <= goal:
            break
        direction = -residual + new / square * direction
        square = new
    return step / weight, -float(g @ step + 0.5 * step @ Hstep), at_edge


def _to_edge(step: FloatArray, direction: FloatArray, radius: float) -> float:
    """The positive length at which step + length · direction reaches the radius."""
    a, b, c = float(direction @ direction), float(step @ direction), float(step @ step) - radius**2
    return float(-b + max(b * b - a * c, 0.0) ** 0.5) / a
