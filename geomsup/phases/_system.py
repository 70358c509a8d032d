r"""The equations of a branch: the gradient is zero, rotations apart, at a point of the path.

The unknowns are x = (W, b) and u, the share of the path that is behind. In the eigenbasis of the Hessian without its
rotation modes, with eigenvalues λ_k, a step (y, du) solves

.. math:: \lambda_k y_k + (\partial_u g)_k\, du = -g_k, \qquad t \cdot (y, du) = -c,

where t is the direction in which the branch was followed: the equations stay regular at a fold (Keller 1977).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from geomsup._typing import FloatArray
from geomsup.loss._one_active import one_active
from geomsup.loss.expected import expected_loss
from geomsup.optimize.newton import NEWTON_STEP, Curvature, hessian, spectrum
from geomsup.optimize.objective import Bias, Fidelity, Objective
from geomsup.phases.path import Path
from geomsup.problem import Problem

__all__ = ["CLOSEST", "LossName", "Point", "System", "derivative"]

LossName = Literal["expected", "one_active"]

CONVERGED = 1e-11
"""Gradient norm, relative to the scale of the loss, of a point on a branch. Measured: 1e-15 and less where every row is
a spline."""
NEWTON_STEPS = 15
DIFFERENCE = 1e-3
"""Step in u of the differences of fourth order along the path. Losses are polynomials in a density."""
STENCIL = np.arange(5.0)
CURVATURE_STEP, CLOSEST = 2e-4, 1e-9
"""Step of the differences, extrapolated to fourth order, behind the eigenvalues that are reported: rounding 5e-12. Near
a kink of the second derivatives, where some |M_ij|, |b_i| or |b_i + M_ij| is small, a fifth of that; below the second
number it counts as zero, and the difference averages over both sides."""
LEAST_EIGENVALUES = 1e-6, 1e-9
"""Relative to the largest: directions flatter than this take no part in a Newton step. At a bifurcation the gradient
along the critical direction is zero but for rounding, 1e-16, which would be divided by zero; where the branch has a
threefold symmetry the eigenvalue changes in proportion to what comes of it. The second is tried where the first leaves
a gradient: close to a kink at which a branch ends, eigenvalues are small and guesses are not that good."""


def derivative(function: Callable[[float], FloatArray], u: float) -> FloatArray:
    """f'(u) on [0, 1] from five values, shifted inwards at the ends; exact for polynomials of degree four."""
    first = min(max(u - 2 * DIFFERENCE, 0.0), 1.0 - 4 * DIFFERENCE)
    offsets = first + DIFFERENCE * STENCIL - u
    weights = np.linalg.solve(np.vander(offsets / DIFFERENCE, increasing=True).T, np.eye(5)[1]) / DIFFERENCE
    return np.asarray(sum(w * function(u + d) for w, d in zip(weights, offsets, strict=True)))


class OneActiveTerm(Objective):
    r"""Σ_j p_j Σ_i I_i [loss of output i with feature j alone active]: the term of first order in the densities.

    For :math:`p_j = \rho_j p` and p → 0, L/p tends to this with ρ in place of p, over b ≤ 0.
    """

    def __init__(self, problem: Problem, bias: Bias) -> None:
        super().__init__(problem, bias)
        self.weight = problem.feature_probability
        self.alone = float(problem.importance * self.weight @ self.data.moments[:, 2])
        self.scale = max(self.alone, 1e-300)

    def effective(self, M: FloatArray, b: FloatArray, fidelity: Fidelity) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Loss (S,), dM (S, n, n) and db (S, n) of S effective matrices and biases; the fidelity plays no part."""
        value, da, db = one_active(self.data, M, b[..., None], np.eye(self.problem.n_features))
        importance = self.problem.importance
        return self.alone + (value @ self.weight) @ importance, importance[:, None] * da * self.weight, (
            importance * (db @ self.weight)
        )


@dataclass(frozen=True, eq=False)
class Point:
    """A point on a branch: x, u, its gradient norm, the curvature, and the direction in which the branch goes on."""

    x: FloatArray
    u: float
    gradient_norm: float
    curvature: Curvature
    tangent: FloatArray

    @property
    def z(self) -> FloatArray:
        """(x, u)."""
        return np.append(self.x, self.u)

    @property
    def n_negative(self) -> int:
        """Directions in which the loss falls, beyond what differences can tell from zero."""
        values = self.curvature.values
        return int(np.sum(values < -FLAT * np.abs(values).max(initial=0.0)))


FLAT = 1e-8
"""Eigenvalues, relative to the largest, that count as zero; measured: differences are good to 1e-11."""


class System:
    """Gradient, curvature and corrections along a path."""

    def __init__(self, path: Path, loss: LossName, bias: Bias) -> None:
        if loss not in ("expected", "one_active"):
            raise ValueError(f"loss={loss!r} is unknown: pass 'expected' or 'one_active'")
        if isinstance(bias, str) and bias == "nonpositive":
            raise ValueError("bias='nonpositive' makes branches with corners: pass 'free', 'zero' or an array")
        self.path, self.loss, self.bias = path, loss, bias
        self._kept: dict[float, Objective] = {}
        self.scale = self.objective(0.5).scale

    def s(self, u: float) -> float:
        """The parameter of the path at the share u."""
        path = self.path
        return min(max(path.low + u * (path.high - path.low), path.low), path.high)

    def u(self, s: float) -> float:
        """The share of the path at the parameter s."""
        return (s - self.path.low) / (self.path.high - self.path.low)

    def objective(self, u: float) -> Objective:
        """The loss at u."""
        if u not in self._kept:
            if len(self._kept) > 32:
                self._kept.clear()
            problem = self.path(self.s(u))
            make = Objective if self.loss == "expected" else OneActiveTerm
            self._kept[u] = make(problem, self.bias)
        return self._kept[u]

    def value_and_slope(self, x: FloatArray, u: float) -> tuple[float, FloatArray]:
        """Loss and gradient."""
        objective = self.objective(u)
        loss, gradient = objective(x[None], objective.fine)
        return float(loss[0]), gradient[0]

    def exact(self, x: FloatArray, u: float) -> tuple[float, float]:
        """Loss and a bound on its error."""
        W, b = self.objective(u).unpack(x)
        if self.loss == "one_active":
            size = np.abs(W).T @ np.abs(W) + np.abs(b)[:, None] + np.eye(b.size)
            problem = self.path(self.s(u))
            terms = problem.importance @ (size**2) @ problem.feature_probability
            return self.value_and_slope(x, u)[0], float((2 * len(W) + 64) * 2.0**-53 * terms)
        found = expected_loss(self.path(self.s(u)), W, b, tol=1e-13)
        return float(found), float(found.error)

    def rates(self, x: FloatArray, u: float) -> tuple[float, FloatArray]:
        """∂L/∂u and ∂g/∂u at fixed x. On a branch the first is dL/du, since the gradient is zero (envelope theorem)."""

        def both(at: float) -> FloatArray:
            loss, gradient = self.value_and_slope(x, at)
            return np.append(gradient, loss)

        change = derivative(both, u)
        return float(change[-1]), change[:-1]

    def curvature(self, x: FloatArray, u: float, *, fine: bool) -> Curvature:
        """Eigenvalues and vectors of the Hessian without rotations."""
        objective = self.objective(u)
        if fine:
            step = self._clear_of_kinks(x, u)
            H = (4 * hessian(objective, x, step) - hessian(objective, x, 2 * step)) / 3
        else:
            H = hessian(objective, x, NEWTON_STEP)
        return spectrum(objective, x, np.zeros_like(x), H)

    def _clear_of_kinks(self, x: FloatArray, u: float) -> float:
        W, b = self.objective(u).unpack(x)
        M = W.T @ W
        distances = np.abs(np.concatenate([M.ravel(), b, (M + b[:, None]).ravel()]))
        return float(min(CURVATURE_STEP, 0.2 * distances[distances > CLOSEST].min(initial=1.0)))

    def tangent(self, x: FloatArray, u: float, shape: Curvature, along: FloatArray) -> FloatArray:
        """The unit direction of the branch at (x, u), on the side of `along`."""
        change = self.rates(x, u)[1]
        direction = _bordered(shape, change, np.zeros(x.size), along, 1.0, LEAST_EIGENVALUES[0])
        return direction / np.linalg.norm(direction)

    def correct(self, z: FloatArray, along: FloatArray) -> Point | None:
        """Newton's method from z in the plane perpendicular to `along`; None where it does not converge."""
        return next((p for least in LEAST_EIGENVALUES if (p := self._correct(z, along, least)) is not None), None)

    def _correct(self, z: FloatArray, along: FloatArray, least: float) -> Point | None:
        held = not along[:-1].any()  # the plane of one u
        x, u = z[:-1], float(z[-1])
        if not 0 <= u <= 1:
            return None
        change, best = self.rates(x, u)[1], np.inf
        _, gradient = self.value_and_slope(x, u)
        shape = self.curvature(x, u, fine=False)
        for _ in range(NEWTON_STEPS):
            step = _bordered(shape, change, gradient, along, 0.0, least)
            length = float(np.linalg.norm(step))
            step *= min(1.0, 0.2 / max(length, 1e-300))
            x_next, u_next = x + step[:-1], u if held else u + float(step[-1])
            if not 0 <= u_next <= 1:
                return None
            _, gradient_next = self.value_and_slope(x_next, u_next)
            norm = float(np.linalg.norm(gradient_next))
            if norm > 0.9 * best and best <= CONVERGED * self.scale:
                break  # as small as rounding allows
            if norm > 0.1 * best:
                shape, change = self.curvature(x_next, u_next, fine=False), self.rates(x_next, u_next)[1]
            x, u, gradient, best = x_next, u_next, gradient_next, norm
            if best <= 1e-16 * self.scale:
                break
        if best > CONVERGED * self.scale:
            return None
        shape = self.curvature(x, u, fine=True)
        return Point(x, u, best, shape, self.tangent(x, u, shape, along))

    def at(self, x: FloatArray, u: float) -> Point | None:
        """Newton's method from x at fixed u."""
        return self.correct(np.append(x, u), np.eye(x.size + 1)[-1])


def _bordered(
    shape: Curvature, change: FloatArray, gradient: FloatArray, along: FloatArray, advance: float, least: float
) -> FloatArray:
    """(dx, du) with H dx + ∂_u g du = −g off the rotations, and along·(dx, du) = advance."""
    V, values = shape.vectors, shape.values
    k = values.size
    A = np.zeros((k + 1, k + 1))
    A[:k, :k] = np.diag(values)
    A[:k, k] = V.T @ change
    A[k, :k], A[k, k] = V.T @ along[:-1], along[-1]
    right = np.append(-V.T @ gradient, advance)
    y = np.linalg.lstsq(A, right, rcond=least)[0]
    return np.append(V @ y[:k], y[k])
