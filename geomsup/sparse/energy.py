r"""Energies of unit vectors: minimise the sum of a potential over pairs of points on a sphere.

.. math:: E(U) = \sum_{i \ne j} f(u_i \cdot u_j), \qquad \|u_i\| = 1,

over *ordered* pairs, so that every pair counts twice. Thomson's problem, and the literature on point charges, count
every pair once: that is :attr:`EnergySolution.pair_energy` = E/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._typing import ArrayLike, BoolArray, FloatArray
from geomsup._validate import integer, real_array
from geomsup.optimize.newton import Curvature
from geomsup.optimize.objective import Fidelity, Objective
from geomsup.optimize.solution import Kind, Progress, Status
from geomsup.problem import Problem
from geomsup.sparse._multistart import Callback, equal_ones, multistart
from geomsup.sparse.potentials import Potential

__all__ = ["EnergyMinimum", "EnergySolution", "energy_of", "minimize_energy"]

CONVERGED = 1e-12
"""Gradient norm, relative to the energy's scale, at which a minimum is finished."""
LENGTHS = 0.5 ** np.arange(4)
"""Of the Newton steps that are tried: a full step is too long where it crosses a kink of f'."""


@dataclass(frozen=True, eq=False)
class EnergyMinimum:
    """One critical point that a search found: unit vectors, energy, norm of the tangential gradient, hits, kind."""

    U: FloatArray
    energy: float
    gradient_norm: float
    hits: int
    kind: Kind

    def __repr__(self) -> str:
        return f"EnergyMinimum(energy={self.energy:.12g}, hits={self.hits}, kind={self.kind!r})"


@dataclass(frozen=True, eq=False)
class EnergySolution:
    """The lowest energy that a search found, and the other critical points it ended in: an upper bound on the minimum.

    Parameters
    ----------
    potential : Potential
        What was summed.
    minima : tuple of EnergyMinimum
        Distinct up to rotation and order of the points, lowest energy first.
    status : Status
        CONVERGED if the best gradient is at most 1e-12 of the energy's scale, otherwise INEXACT or SADDLE.
    n_starts : int
        Random starts made.

    Examples
    --------
    >>> import geomsup as gs
    >>> solution = gs.minimize_energy(gs.Riesz(), 5, 3, n_starts=8, rng=0)
    >>> print(f"{solution.pair_energy:.6f} = {solution.energy:.6f} / 2")  # the triangular bipyramid
    6.474691 = 12.949383 / 2
    """

    potential: Potential
    minima: tuple[EnergyMinimum, ...]
    status: Status
    n_starts: int

    @property
    def U(self) -> FloatArray:
        """The best unit vectors, in columns, shape (m, n)."""
        return self.minima[0].U

    @property
    def energy(self) -> float:
        """Σ over ordered pairs i ≠ j."""
        return self.minima[0].energy

    @property
    def pair_energy(self) -> float:
        """Σ over pairs i < j, half of `energy`: the convention of Thomson's problem."""
        return self.energy / 2

    @property
    def gradient_norm(self) -> float:
        """Norm of the tangential gradient at the best vectors."""
        return self.minima[0].gradient_norm

    def __repr__(self) -> str:
        return (
            f"EnergySolution({self.potential!r}, energy={self.energy:.12g}, {len(self.minima)} distinct minima "
            f"from {self.n_starts} starts, {self.status.name})"
        )


def energy_of(potential: Potential, U: ArrayLike) -> float:
    r"""Σ_{i≠j} f(û_i·û_j) over ordered pairs of the columns of U, each scaled to length 1.

    Parameters
    ----------
    potential : Potential
        f.
    U : array_like, shape (m, n)
        Directions in columns.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        U is not a matrix, or a column is zero.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.energy_of(gs.ReluSquared(), [[1, -1, 0], [0, 0, 2]])  # no acute angle
    0.0
    """
    U = real_array("U", U)
    if U.ndim != 2:
        raise ValueError(f"U has shape {U.shape}, but vectors are columns of a matrix: pass shape (m, n)")
    if not U.any(axis=0).all():
        raise ValueError(f"column {int(np.argmin(U.any(axis=0)))} of U is zero and has no direction: leave it out")
    objective = SphereEnergy(potential, U.shape[1], U.shape[0])
    return float(objective(objective.project(U.reshape(1, -1)), objective.fine)[0][0])


def minimize_energy(
    potential: Potential,
    n: int,
    m: int,
    *,
    n_starts: int = 64,
    n_keep: int = 8,
    rng: Any = None,
    callback: Callback | None = None,
) -> EnergySolution:
    r"""Search for n unit vectors in R^m of least energy Σ_{i≠j} f(u_i·u_j).

    Descents from uniformly random points, all at once; the lowest distinct ends are finished by Newton's method on the
    sphere, with exact second derivatives.

    Parameters
    ----------
    potential : Potential
        f, for example :class:`~geomsup.ReluSquared` or :class:`~geomsup.Riesz`.
    n, m : int
        Number of vectors and dimension.
    n_starts : int
        Random starts.
    n_keep : int
        Distinct ends that are finished.
    rng : int, Generator or None
        Source of the starts, through ``numpy.random.default_rng``.
    callback : callable, optional
        Called with a ``Progress`` after every batch.

    Returns
    -------
    EnergySolution
        *Searched*: no lower energy was found.

    Raises
    ------
    ValueError
        Counts that are not positive, or a potential that is infinite at random points.

    Examples
    --------
    >>> import geomsup as gs
    >>> solution = gs.minimize_energy(gs.ReluSquared(), 5, 2, n_starts=8, rng=0)
    >>> print(f"{solution.energy:.6f}")  # the pentagon, 5(3 - √5)/4
    0.954915
    """
    n, m = integer("n", n, at_least=1), integer("m", m, at_least=1)
    n_starts, n_keep = integer("n_starts", n_starts, at_least=1), integer("n_keep", n_keep, at_least=1)
    objective = SphereEnergy(potential, n, m)
    with threadpool_limits(1):
        starts = objective.project(np.random.default_rng(rng).normal(size=(n_starts, m * n)))
        if not np.isfinite(objective(starts, objective.fine)[0]).all():
            raise ValueError(
                f"the energy of {n} random points in m={m} dimensions under {potential!r} is not finite: pass a larger "
                "m (on a line points coincide), or a potential that is finite on (-1, 1)"
            )
        ends = multistart(objective, starts, n_keep, callback)
        done: list[EnergyMinimum] = []
        for x, hits in ends:
            done.append(_finish(objective, x, hits))
            if callback is not None:
                callback(Progress("finishing", len(done), len(ends), min(one.energy for one in done)))
        x, value = np.array([one.U.ravel() for one in done]), np.array([one.energy for one in done])
        groups = equal_ones(objective, x, value, loss_tol=1e-10, tol=1e-5)
    minima = tuple(
        EnergyMinimum(best.U, best.energy, best.gradient_norm, sum(done[k].hits for k in group), best.kind)
        for group in groups
        for best in [done[group[0]]]
    )
    status = (
        Status.CONVERGED if minima[0].gradient_norm <= CONVERGED * objective.scale_at(minima[0].U) else Status.INEXACT
    )
    return EnergySolution(potential, minima, Status.SADDLE if minima[0].kind == "saddle" else status, n_starts)


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
        U, _ = self.unpack(x)
        t, others = self._cosines(U)
        value = np.where(others, self.potential.value(t), 0.0).sum(axis=(-2, -1))
        with np.errstate(invalid="ignore"):  # where points that repel infinitely coincide: the search turns back
            slope = 2 * U @ np.where(others, self.potential.slope(t), 0.0)
            radial = np.sum(U * slope, axis=-2, keepdims=True)
            return value, (slope - U * radial).reshape(x.shape)

    def scale_at(self, U: FloatArray) -> float:
        """What a gradient is measured by: the norm of the unprojected one, at least the number of vectors."""
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


def _finish(objective: SphereEnergy, x: FloatArray, hits: int) -> EnergyMinimum:
    """Newton's method along the sphere from a point already close, as long as the gradient shrinks."""
    value, gradient = (part[0] for part in objective(x[None], objective.fine))
    shape = objective.spectrum(x)
    for _ in range(50):
        norm = float(np.linalg.norm(gradient))
        flat = 1e-9 * float(np.abs(shape.values).max(initial=0.0))
        steep = np.abs(shape.values) > flat  # a gradient along a flat direction is rounding
        answer = shape.vectors[:, steep].T @ gradient / np.abs(shape.values[steep])
        trials = objective.project(x - LENGTHS[:, None] * (shape.vectors[:, steep] @ answer))
        values, gradients = objective(trials, objective.fine)
        norms = np.linalg.norm(gradients, axis=1)
        best = int(np.argmin(norms))
        if not norms[best] < norm:
            break
        x, value, gradient = trials[best], values[best], gradients[best]
        shape = objective.spectrum(x)
    return EnergyMinimum(objective.unpack(x)[0].copy(), float(value), float(np.linalg.norm(gradient)), hits, shape.kind)
