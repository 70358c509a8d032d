r"""Capacity: how many features m dimensions are worth in the sparse limit without bias.

With b = 0 and equal importance, put w_j = ‖W_j‖² and u_j = W_j/‖W_j‖. The limit of 3L/p as p → 0 is then

.. math:: \sum_i (1 - w_i)^2 + \sum_{i \ne j} w_i w_j (u_i \cdot u_j)_+^2
          = n - 2 \sum_i w_i + \sum_{i, j} w_i w_j (u_i \cdot u_j)_+^2 .

Replacing w by λw and taking the best λ leaves

.. math:: n - \frac{(\sum_i w_i)^2}{\sum_{i,j} w_i w_j (u_i \cdot u_j)_+^2},

so the best arrangement of n features is the weighted set of at most n unit vectors at which the quotient is largest.
That largest value is C_n(m), and the least limit of 3L/p is n − C_n(m): norms and dropped features are both in w.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._files import complete, read_npz, write_npz
from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import integer, real_array
from geomsup.optimize.solution import Status
from geomsup.problem import Problem
from geomsup.sparse._multistart import Callback, finish_all, multistart
from geomsup.sparse.one_active import OneActive, finish, starting_points, status_of

__all__ = ["CapacitySolution", "capacity_of", "capacity_search"]

_SAVED = "capacity solution"
SAME_DIRECTION = 1e-6
"""Distance of unit vectors below which their weights add up: they are one atom, split between several features.
Measured at finished minima: parts of an atom differ by at most 2e-12, atoms by more than 1."""
NO_WEIGHT = 1e-8
"""Share of the total weight below which a feature counts as dropped. Measured: at most 1e-40, and atoms have 3e-2."""
SAME_VALUE = 1e-6
"""Relative difference of values below which a descent, before it is finished, counts as a hit of the best."""


@dataclass(frozen=True, eq=False)
class CapacitySolution:
    """The largest capacity that a search found, with the measure that attains it: a lower bound on C_n(m).

    Parameters
    ----------
    value : float
        (Σw)² / Σ w_i w_j (u_i·u_j)₊² of the measure.
    U : array, shape (m, atoms)
        Its unit vectors, in columns.
    weights : array, shape (atoms,)
        Their weights, which add up to 1.
    hits : int
        Descents that ended at this value, before they were finished, to 1e-6.
    status : Status
        As in :class:`~geomsup.OneActiveSolution`.
    n_starts : int
        Random starts made.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.capacity_search(3, 9, n_starts=16, rng=0)  # 45/7
    CapacitySolution(value=6.42857142857, m=3, 9 atoms, ... of 16 starts, CONVERGED)
    """

    value: float
    U: FloatArray
    weights: FloatArray
    hits: int
    status: Status
    n_starts: int

    @property
    def n_atoms(self) -> int:
        """Number of distinct directions with weight."""
        return self.weights.size

    @property
    def W(self) -> FloatArray:
        """The atoms at the scale at which 3L/p → n − C: columns √(C w_j) u_j, shape (m, atoms)."""
        return np.asarray(np.sqrt(self.value * self.weights) * self.U)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to a ``.npz`` file (suffix added if missing) and return its path."""
        arrays = {"value": np.array(self.value), "U": self.U, "weights": self.weights}
        meta = {"hits": self.hits, "status": self.status.name, "n_starts": self.n_starts}
        return write_npz(path, arrays, meta, _SAVED)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CapacitySolution:
        """Read a solution written by `save`; ValueError if the file holds anything else."""
        arrays, meta = read_npz(path, _SAVED)
        with complete(path, _SAVED):
            value, status = float(arrays["value"]), Status[meta["status"]]
            return cls(value, arrays["U"], arrays["weights"], meta["hits"], status, meta["n_starts"])

    def __repr__(self) -> str:
        return (
            f"CapacitySolution(value={self.value:.12g}, m={len(self.U)}, {self.n_atoms} atoms, "
            f"{self.hits} of {self.n_starts} starts, {self.status.name})"
        )


def capacity_of(W: ArrayLike) -> float:
    r"""The number of features that an arrangement is worth without bias, at its best overall scale.

    .. math:: C(W) = \frac{(\sum_j \|W_j\|^2)^2}{\sum_{i,j} (W_i \cdot W_j)_+^2}

    (i = j included). The arrangement scaled by the best factor has 3L/p → n − C(W) as p → 0.

    Parameters
    ----------
    W : array_like, shape (m, n)
        Feature directions in columns, not all zero.

    Returns
    -------
    float
        Between 1 and n.

    Raises
    ------
    ValueError
        W is not a matrix, or is zero.

    Examples
    --------
    An antipodal tight frame in m dimensions is worth exactly 2m, whatever its number of vectors:

    >>> import numpy as np
    >>> import geomsup as gs
    >>> gs.capacity_of([[1, -1, 0, 0], [0, 0, 1, -1]])
    4.0
    >>> angle = np.pi * np.arange(10) / 5
    >>> print(f"{gs.capacity_of([np.cos(angle), np.sin(angle)]):.12f}")
    4.000000000000
    """
    W = real_array("W", W)
    if W.ndim != 2:
        raise ValueError(f"W has shape {W.shape}, but an arrangement is one matrix (m, n): pass one instance of W")
    if not W.any():
        raise ValueError("W is zero, and nothing is represented: pass at least one direction")
    W = W / np.abs(W).max()
    return float(np.sum(W**2) ** 2 / np.sum(np.maximum(W.T @ W, 0) ** 2))


def capacity_search(
    m: int,
    n: int,
    *,
    n_starts: int = 64,
    n_keep: int = 8,
    rng: Any = None,
    workers: int = 1,
    callback: Callback | None = None,
    start: Any = None,
) -> CapacitySolution:
    r"""Search for the measure on at most n unit vectors in R^m of the largest capacity.

    .. math:: C_n(m) = \max_{w \ge 0,\; \|u_i\| = 1} \frac{(\sum_i w_i)^2}{\sum_{i,j} w_i w_j (u_i \cdot u_j)_+^2}

    Parameters
    ----------
    m, n : int
        Dimension, and most atoms.
    n_starts, n_keep, rng, workers, callback, start
        As in :func:`geomsup.minimize_one_active`, whose search with ``bias="zero"`` this is. With more features than
        atoms the minima are families, because an atom can be split; they count as one here.

    Returns
    -------
    CapacitySolution
        *Searched*: no larger value was found. The value is attained, so it is a lower bound on C_n(m).

    Raises
    ------
    ValueError
        Counts that are not positive, or a start that does not fit.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(f"{gs.capacity_search(2, 5, n_starts=8, rng=0).value:.10f}")  # the pentagon, 5(7 + √5)/11
    4.1982127170
    """
    m, n = integer("m", m, at_least=1), integer("n", n, at_least=1)
    n_keep, workers = integer("n_keep", n_keep, at_least=1), integer("workers", workers, at_least=1)
    objective = OneActive(Problem(n, m), "zero")
    with threadpool_limits(1):
        x = starting_points(objective, n_starts, rng, start)
        ends = multistart(objective, x, len(x), callback, workers)
        best, _ = finish_all(objective, ends[:n_keep], finish, callback, workers)[0]
    W, _ = objective.unpack(best.x)
    value = capacity_of(W)
    found = [(capacity_of(objective.unpack(x)[0]), hits) for x, hits in ends]
    hits = sum(times for one, times in found if one >= value * (1 - SAME_VALUE))
    return CapacitySolution(value, *_atoms(W), hits, status_of(objective, best), n_starts)


def _atoms(W: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distinct directions of the columns of W, and the share of Σ‖W_j‖² on each."""
    share = np.sum(W**2, axis=0) / np.sum(W**2)
    W, share = W[:, share > NO_WEIGHT], share[share > NO_WEIGHT]
    U = W / np.linalg.norm(W, axis=0)
    first = np.argmax(np.linalg.norm(U[:, :, None] - U[:, None, :], axis=0) <= SAME_DIRECTION, axis=1)
    kept, atom = np.unique(first, return_inverse=True)
    weights = np.bincount(atom, weights=share)
    return U[:, kept], weights / weights.sum()
