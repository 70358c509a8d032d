r"""Energies of unit vectors: minimise the sum of a potential over pairs of points on a sphere.

.. math:: E(U) = \sum_{i \ne j} f(u_i \cdot u_j), \qquad \|u_i\| = 1,

over *ordered* pairs, so that every pair counts twice. Thomson's problem, and the literature on point charges, count
every pair once: that is :attr:`EnergySolution.pair_energy` = E/2.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._files import complete, read_npz, write_npz
from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import integer, real_array
from geomsup.optimize.solution import Kind, Status
from geomsup.sparse._multistart import Callback, Finished, finish_all, multistart
from geomsup.sparse._sphere import SphereEnergy, finish_on_sphere
from geomsup.sparse._starts import given_starts
from geomsup.sparse.potentials import Potential, potential_from_dict, potential_to_dict

__all__ = ["EnergyMinimum", "EnergySolution", "energy_of", "minimize_energy"]

_SAVED = "energy solution"
CONVERGED = 1e-12
"""Gradient norm, relative to the energy's scale, at which a minimum is finished."""


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

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to a ``.npz`` file (suffix added if missing) and return its path.

        Raises
        ------
        ValueError
            The potential is a :class:`~geomsup.CustomPotential`: functions are not saved.
        """
        meta = {
            "potential": potential_to_dict(self.potential),
            "status": self.status.name,
            "n_starts": self.n_starts,
        }
        arrays = {
            field.name: np.array([getattr(one, field.name) for one in self.minima]) for field in fields(EnergyMinimum)
        }
        return write_npz(path, arrays, meta, _SAVED)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> EnergySolution:
        """Read a solution written by `save`; ValueError if the file holds anything else."""
        arrays, meta = read_npz(path, _SAVED)
        with complete(path, _SAVED):
            minima = tuple(
                EnergyMinimum(
                    arrays["U"][k],
                    float(arrays["energy"][k]),
                    float(arrays["gradient_norm"][k]),
                    int(arrays["hits"][k]),
                    cast(Kind, str(arrays["kind"][k])),
                )
                for k in range(len(arrays["energy"]))
            )
            return cls(potential_from_dict(meta["potential"]), minima, Status[meta["status"]], meta["n_starts"])

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
    objective = SphereEnergy(potential, U.shape[1], U.shape[0])
    return float(objective(objective.project(_directions(U).reshape(1, -1)), objective.fine)[0][0])


def minimize_energy(
    potential: Potential,
    n: int,
    m: int,
    *,
    n_starts: int = 64,
    n_keep: int = 8,
    rng: Any = None,
    workers: int = 1,
    callback: Callback | None = None,
    start: Any = None,
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
        Random starts. 0 is allowed together with `start`.
    n_keep : int
        Distinct ends that are finished.
    rng : int, Generator or None
        Source of the starts, through ``numpy.random.default_rng``.
    workers : int
        Threads; the result does not depend on their number.
    callback : callable, optional
        Called with a ``Progress`` after every batch, from the calling thread.
    start : array of shape (m, n), Arrangement, or a list of those, optional
        Directions to descend from besides the random ones.

    Returns
    -------
    EnergySolution
        *Searched*: no lower energy was found.

    Raises
    ------
    ValueError
        Counts that are not positive, a potential that is infinite at a start, or a start that does not fit.

    Examples
    --------
    >>> import geomsup as gs
    >>> solution = gs.minimize_energy(gs.ReluSquared(), 5, 2, n_starts=8, rng=0)
    >>> print(f"{solution.energy:.6f}")  # the pentagon, 5(3 - √5)/4
    0.954915
    """
    n, m = integer("n", n, at_least=1), integer("m", m, at_least=1)
    n_keep, workers = integer("n_keep", n_keep, at_least=1), integer("workers", workers, at_least=1)
    objective = SphereEnergy(potential, n, m)
    given = [_directions(U).reshape(1, -1) for U, _ in given_starts(objective.problem, start)]
    count = integer("n_starts", n_starts, at_least=0 if given else 1)
    with threadpool_limits(1):
        scattered = np.random.default_rng(rng).normal(size=(count, m * n))
        starts = objective.project(np.concatenate([*given, scattered]))
        if not np.isfinite(objective(starts, objective.fine)[0]).all():
            raise ValueError(
                f"the energy of {n} random points in m={m} dimensions under {potential!r} is not finite: pass a larger "
                "m (on a line points coincide), or a potential that is finite on (-1, 1)"
            )
        ends = multistart(objective, starts, n_keep, callback, workers)
        found = finish_all(objective, ends, finish_on_sphere, callback, workers)
    minima = tuple(
        EnergyMinimum(np.array(objective.unpack(one.x)[0]), one.loss, one.gradient_norm, hits, one.kind)
        for one, hits in found
    )
    return EnergySolution(potential, minima, _status(objective, found[0][0]), n_starts)


def _directions(U: FloatArray) -> FloatArray:
    """U, if every column has a direction."""
    if not U.any(axis=0).all():
        raise ValueError(f"column {int(np.argmin(U.any(axis=0)))} of U is zero and has no direction: leave it out")
    return U


def _status(objective: SphereEnergy, best: Finished) -> Status:
    if best.kind == "saddle":
        return Status.SADDLE
    return Status.CONVERGED if best.gradient_norm <= CONVERGED * objective.scale_at(best.x) else Status.INEXACT
