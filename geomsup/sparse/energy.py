r"""Energies of unit vectors: minimise the sum of a potential over pairs of points on a sphere.

.. math:: E(U) = \sum_{i \ne j} f(u_i \cdot u_j), \qquad \|u_i\| = 1,

over *ordered* pairs, so that every pair counts twice. Thomson's problem, and the literature on point charges, count
every pair once: that is :attr:`EnergySolution.pair_energy` = E/2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import integer, real_array
from geomsup.optimize.solution import Status
from geomsup.sparse._multistart import Callback, Finished, finish_all, multistart
from geomsup.sparse._sphere import SphereEnergy, finish_on_sphere
from geomsup.sparse._starts import given_starts
from geomsup.sparse.energy_solution import EnergyMinimum, EnergySolution
from geomsup.sparse.potential import Potential

__all__ = ["EnergyMinimum", "EnergySolution", "energy_of", "minimize_energy"]

CONVERGED = 1e-12
"""Gradient norm, relative to the energy's scale, at which a minimum is finished."""


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
