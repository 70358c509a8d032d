"""What a search for unit vectors of least energy found."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

import numpy as np

from geomsup._files import complete, read_npz, write_npz
from geomsup._typing import FloatArray
from geomsup.optimize.solution import Kind, Status
from geomsup.sparse.potential import Potential
from geomsup.sparse.potentials import potential_from_dict, potential_to_dict

__all__ = ["EnergyMinimum", "EnergySolution"]

_SAVED = "energy solution"


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
