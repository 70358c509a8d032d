"""Unit vectors: the energy with its first and second derivatives along the sphere, and Newton's method on it."""

from __future__ import annotations

import numpy as np

from geomsup._typing import BoolArray, FloatArray
from geomsup.optimize.newton import Curvature
from geomsup.optimize.objective import Fidelity, Objective
from geomsup.problem import Problem
from geomsup.sparse._multistart import Finished
from geomsup.sparse.potential import Potential

__all__ = ["SphereEnergy", "finish_on_sphere"]

MAX_HESSIANS = 50
"""Newton steps at most; two or three are common."""
FLAT = 1e-9
"""Eigenvalue, relative to the largest, below which a gradient along it is rounding and not followed."""
LENGTHS = 0.5 ** np.arange(4)
"""Of the Newton steps that are tried: a full step is too long where it crosses a kink of f'."""


class SphereEnergy(Objective):
    """The energy as an objective: x holds the vectors, which `project` scales to length 1."""

    def __init__(self, potential: Potential, n: int, m: int) -> None:
        super().__init__(Problem(n, m), "zero")
        self.potential = potential
        self.scale = float(n)

    def project(self, x: FloatArray) -> FloatArray:
        """Every vector scaled to length 1."""
        U, _ = self.unpack(x)
        return np.asarray(U / np.linalg.norm(U, axis=-2, keepdims=True)).reshape(x.shape)

    def __call__(self, x: FloatArray, fidelity: Fidelity) -> tuple[FloatArray, FloatArray]:
        """Energy (S,) and tangential gradient (S, size) of S sets of unit vectors; the fidelity plays no part."""
        if self.stopped:
            raise InterruptedError("the search was stopped")
        U, _ = self.unpack(x)
        t, others = self._cosines(U)
        value = np.where(others, self.potential.value(t), 0.0).sum(axis=(-2, -1))
        with np.errstate(invalid="ignore"):  # where points that repel infinitely coincide: the search turns back
            slope = 2 * U @ np.where(others, self.potential.slope(t), 0.0)
            radial = np.sum(U * slope, axis=-2, keepdims=True)
            return value, (slope - U * radial).reshape(x.shape)

    def scale_at(self, x: FloatArray) -> float:
        """What a gradient is measured by: the norm of the unprojected one, at least the number of vectors."""
        U, _ = self.unpack(x)
        t, others = self._cosines(U)
        return max(self.scale, float(np.linalg.norm(2 * U @ np.where(others, self.potential.slope(t), 0.0))))

    def spectrum(self, x: FloatArray) -> Curvature:
        r"""Spectrum of the second derivatives along the sphere, without rotations.

        .. math:: H_{ij} = 2 f''_{ij}\, u_j u_i^\top + 2 f'_{ij} 1 \quad (i \ne j), \qquad
                  H_{ii} = 2 \sum_j f''_{ij}\, u_j u_j^\top - 2 \Bigl(u_i \cdot \sum_j f'_{ij} u_j\Bigr) 1,

        restricted to tangent vectors; the last term is the multiplier of ‖u_i‖ = 1.
        """
        U, _ = self.unpack(x)
        m, n = U.shape
        t, others = self._cosines(U)
        first = np.where(others, self.potential.slope(t), 0.0)
        second = np.where(others, self.potential.curvature(t), 0.0)
        H = np.einsum("ij,aj,bi->aibj", second, U, U) + np.einsum("ij,ab->aibj", first, np.eye(m))
        own = np.einsum("ij,aj,bj->iab", second, U, U)
        own -= np.einsum("ai,ai->i", U, U @ first)[:, None, None] * np.eye(m)
        H[:, np.arange(n), :, np.arange(n)] += own
        radial = np.zeros((m, n, n))
        radial[:, np.arange(n), np.arange(n)] = U
        fixed = np.hstack([radial.reshape(m * n, n), self.rotations(x)])
        basis = np.linalg.qr(np.hstack([fixed, np.eye(m * n)]))[0][:, fixed.shape[1] : m * n]
        values, vectors = np.linalg.eigh(basis.T @ (2 * H.reshape(m * n, m * n)) @ basis)
        return Curvature(values, basis @ vectors)

    def _cosines(self, U: FloatArray) -> tuple[FloatArray, BoolArray]:
        """u_i·u_j within [-1, 1], 0 on the diagonal; and where it counts."""
        others = ~np.eye(U.shape[-1], dtype=bool)
        return np.where(others, np.clip(np.swapaxes(U, -1, -2) @ U, -1.0, 1.0), 0.0), others


def finish_on_sphere(objective: SphereEnergy, x: FloatArray) -> Finished:
    """Newton's method along the sphere from a point already close, as long as the gradient shrinks."""
    value, gradient = (part[0] for part in objective(x[None], objective.fine))
    shape = objective.spectrum(x)
    for _ in range(MAX_HESSIANS):
        size = np.abs(shape.values)
        steep = size > FLAT * size.max(initial=0.0)
        step = shape.vectors[:, steep] @ (shape.vectors[:, steep].T @ gradient / size[steep])
        trials = objective.project(x - LENGTHS[:, None] * step)
        values, gradients = objective(trials, objective.fine)
        best = int(np.argmin(np.linalg.norm(gradients, axis=1)))
        if not np.linalg.norm(gradients[best]) < np.linalg.norm(gradient):
            break
        x, value, gradient = trials[best], values[best], gradients[best]
        shape = objective.spectrum(x)
    return Finished(x, float(value), float(np.linalg.norm(gradient)), shape.kind, shape.lowest)
