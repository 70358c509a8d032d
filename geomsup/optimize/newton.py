"""Second order: the Hessian modulo rotations, the polish that finishes a minimum, and what kind of point it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geomsup._typing import BoolArray, FloatArray
from geomsup.optimize.lbfgs import LEAST_SCALE
from geomsup.optimize.objective import Fidelity, Objective
from geomsup.optimize.solution import Kind

__all__ = [
    "LARGEST_HESSIAN",
    "Curvature",
    "assemble_hessian",
    "curvature",
    "free_coordinates",
    "hessian",
    "polish",
    "spectrum",
    "value_and_slope",
]

LARGEST_HESSIAN = 700
"""Parameters up to which a Hessian is formed (240 gradients at n = 20, m = 5)."""
STEP = 3e-6
"""Step of the central differences: error about 1e-9 of the Hessian's scale, measured at the pentagon."""
NEWTON_STEP = 1e-10
"""Step of those used to move. The loss has only continuous second derivatives, in places: where features at right
angles meet a zero bias, a step across the kink averages over it and Newton's method slows down. Gradients are good to
1e-16 … 1e-14, so that the Hessian's error is about 1e-6 … 1e-4."""
FLAT = 1e-6
"""Eigenvalue, relative to the largest, below which a direction counts as flat: a hundred times that error."""


@dataclass(frozen=True)
class Curvature:
    """Eigenvalues of the Hessian (ascending) without rotations and held coordinates, and their vectors in columns."""

    values: FloatArray
    vectors: FloatArray

    @property
    def lowest(self) -> float:
        """The smallest eigenvalue; NaN where there is no direction."""
        return float(self.values[0]) if self.values.size else np.nan

    @property
    def kind(self) -> Kind:
        """minimum, degenerate (flat to second order in some direction) or saddle."""
        if not self.values.size:
            return "minimum"
        flat = FLAT * float(np.abs(self.values).max())
        if self.values[0] < -flat:
            return "saddle"
        return "degenerate" if self.values[0] <= flat else "minimum"


def hessian(
    objective: Objective, x: FloatArray, step: float = STEP, *, fidelity: Fidelity | None = None
) -> FloatArray:
    r"""Second derivatives, by the chain rule from those of single rows.

    Row i of M = WᵀW has a loss of its own, so one difference in column l of M gives column l of the second derivatives
    R_i in (M_i1 … M_in, b_i) for all rows at once. With D = ∂L/∂M,

    .. math:: \delta^2 L = \sum_i r_i^\top R_i\, r_i + 2 \langle D, \delta W^\top \delta W \rangle, \qquad
              r_i = (\delta W_i^\top W + W_i^\top \delta W,\; \delta b_i).

    Parameters
    ----------
    objective : Objective
        What is differentiated.
    x : array, shape (parameters,)
        Where.
    step : float
        Of the central differences.
    fidelity : Fidelity, optional
        Of the gradients; the objective's finest by default.

    Returns
    -------
    array, shape (parameters, parameters)
        Symmetric.
    """
    W, b = objective.unpack(x)
    return assemble_hessian(objective, W, *_row_hessians(objective, W.T @ W, b, step, fidelity or objective.fine))


def assemble_hessian(objective: Objective, W: FloatArray, R: FloatArray, D: FloatArray) -> FloatArray:
    """The Hessian at W from the second derivatives R of the rows and the slopes D in M, as in `hessian`."""
    m, n = W.shape
    features, hidden = np.arange(n), np.arange(m)
    inner, mixed = R[:, :n, :n], R[:, :n, n]
    RW = W @ inner  # row i: how its slopes in M_i answer to a move of W_i along each hidden axis
    H = np.zeros((m, n, m, n))
    H[hidden, :, hidden, :] = D + D.T
    H += (np.einsum("ki,li->kli", W, W).reshape(m * m, n) @ inner.reshape(n, n * n)).reshape(m, m, n, n).swapaxes(1, 2)
    H[:, features, :, features] += RW @ W.T
    once = np.einsum("akc,la->kalc", RW, W)
    H = H.reshape(m * n, m * n) + once.reshape(m * n, m * n) + once.reshape(m * n, m * n).T
    if objective.fixed is not None:
        return np.asarray((H + H.T) / 2)
    cross = np.einsum("ca,kc->kac", mixed, W)
    cross[:, features, features] += W @ mixed.T
    cross = cross.reshape(m * n, n)
    H = np.block([[H, cross], [cross.T, np.diag(R[:, n, n])]])
    return np.asarray((H + H.T) / 2)


def _row_hessians(
    objective: Objective, M: FloatArray, b: FloatArray, step: float, fidelity: Fidelity
) -> tuple[FloatArray, FloatArray]:
    """R (n, n + 1, n + 1) and D (n, n) of `hessian`."""
    n = b.size
    R = np.empty((n, n + 1, n + 1))
    for begin in range(0, n + 1, 8):
        columns = np.arange(begin, min(begin + 8, n + 1))
        slopes = []
        for sign in (1, -1):
            moved = np.repeat(np.hstack([M, b[:, None]])[None], columns.size, axis=0)
            moved[np.arange(columns.size), :, columns] += sign * step
            _, dM, db = objective.effective(np.ascontiguousarray(moved[..., :n]), moved[..., n], fidelity)
            slopes.append(np.concatenate([dM, db[..., None]], axis=-1))
        R[:, columns] = np.swapaxes(slopes[0] - slopes[1], 0, 1) / (2 * step)
    _, D, _ = objective.effective(M[None], b[None], fidelity)
    return (R + np.swapaxes(R, 1, 2)) / 2, D[0]


def curvature(
    objective: Objective,
    x: FloatArray,
    gradient: FloatArray,
    step: float = STEP,
    *,
    fidelity: Fidelity | None = None,
) -> Curvature:
    """Spectrum of the Hessian at x over the directions that are neither rotations nor held by the constraint."""
    return spectrum(objective, x, gradient, hessian(objective, x, step, fidelity=fidelity))


def free_coordinates(objective: Objective, x: FloatArray, gradient: FloatArray) -> BoolArray:
    """Those in which curvature is asked for: neither held by the constraint b ≤ 0 nor on it."""
    free = ~objective.held(x, gradient)
    if objective.nonpositive:
        free[objective.split :] &= x[objective.split :] < 0
    return np.asarray(free)


def spectrum(objective: Objective, x: FloatArray, gradient: FloatArray, H: FloatArray) -> Curvature:
    """The same of a Hessian at hand."""
    free = free_coordinates(objective, x, gradient)
    basis = np.eye(x.size)[:, free]
    turns = objective.rotations(x)[free]
    if turns.shape[1]:
        complement = np.linalg.qr(np.hstack([turns, np.eye(turns.shape[0])]))[0][:, turns.shape[1] :]
        complement = complement[:, : turns.shape[0] - turns.shape[1]]
        basis = basis @ complement
    values, vectors = np.linalg.eigh(basis.T @ H @ basis)
    return Curvature(values, basis @ vectors)


def polish(
    objective: Objective, x: FloatArray, tol: float, *, max_hessians: int = 8
) -> tuple[FloatArray, float, FloatArray, Curvature]:
    """Damped Newton steps modulo rotations, from a point already close; the loss never rises.

    Parameters
    ----------
    objective : Objective
        What to minimise.
    x : array, shape (parameters,)
        Where to begin.
    tol : float
        Gradient norm to reach.
    max_hessians : int
        Most Hessians formed on the way; one is used until it no longer helps.

    Returns
    -------
    x : array
        The point with the smallest gradient.
    loss : float
    gradient : array
        Projected on the feasible directions.
    curvature : Curvature
        At the point returned.
    """
    loss, gradient = value_and_slope(objective, x)
    shape = curvature(objective, x, gradient, NEWTON_STEP)
    damping, fresh, hessians = 1e-6, True, 1
    for _ in range(100):
        norm = float(np.linalg.norm(gradient))
        if norm <= tol:
            break
        largest = float(np.abs(shape.values).max(initial=1e-300))
        move = -shape.vectors @ ((shape.vectors.T @ gradient) / (np.abs(shape.values) + damping * largest))
        move *= min(1.0, 0.1 * max(1.0, float(np.linalg.norm(x))) / max(float(np.linalg.norm(move)), 1e-300))
        trial = objective.project(x + move)
        trial_loss, trial_gradient = value_and_slope(objective, trial)
        trial_norm = float(np.linalg.norm(trial_gradient))
        rounding = 1e-12 * max(abs(loss), LEAST_SCALE * objective.scale)
        good = trial_loss <= loss + rounding and trial_norm < norm
        if good:
            x, loss, gradient = trial, trial_loss, trial_gradient
            damping = max(damping / 10, 1e-12)
        if not good and fresh:
            if damping > 1:
                break
            damping *= 10
        elif not good or trial_norm > 0.3 * norm:  # the Hessian at hand is too old
            if hessians == max_hessians:
                break
            shape = curvature(objective, x, gradient, NEWTON_STEP)
            hessians += 1
            fresh = True
        else:
            fresh = False
    return x, loss, gradient, curvature(objective, x, gradient)


def value_and_slope(objective: Objective, x: FloatArray) -> tuple[float, FloatArray]:
    """Loss and gradient at one point, the latter projected on the feasible directions."""
    loss, gradient = objective(x[None], objective.fine)
    return float(loss[0]), np.where(objective.held(x, gradient[0]), 0.0, gradient[0])
