"""What a search returns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np

from geomsup._files import complete, read_npz, write_npz
from geomsup._typing import FloatArray
from geomsup.arrangement import Arrangement
from geomsup.problem import Problem

__all__ = ["Found", "Kind", "Minimum", "Progress", "Solution", "Status", "minima_from_arrays", "minima_to_arrays"]

Kind = Literal["minimum", "degenerate", "saddle", "unclassified"]


class Status(Enum):
    """How a search ended; the value is a sentence of advice.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.Status.CONVERGED.value)
    Converged: the gradient of the best arrangement is zero to 1e-9 of the loss scale.
    """

    CONVERGED = "Converged: the gradient of the best arrangement is zero to 1e-9 of the loss scale."
    INEXACT = (
        "Not fully converged: the gradient of the best arrangement is above 1e-9 of the loss scale. The loss is exact "
        "for the weights returned; pass them as start= to continue, or raise fine_steps of the method."
    )
    SADDLE = (
        "The best arrangement is a saddle that the search could not leave. Use more starts, or start= from a perturbed "
        "copy of it."
    )


class Progress(NamedTuple):
    """What a callback is told: the phase, how much of it is done, and the lowest loss so far."""

    phase: str
    done: int
    total: int
    best: float


@dataclass(frozen=True, eq=False)
class Minimum:
    """One local minimum that a search found.

    Parameters
    ----------
    W, b : arrays, shapes (n_hidden, n_features) and (n_features,)
        The arrangement.
    loss, error : float
        Expected loss and a bound on its error.
    gradient_norm : float
        Of the gradient in all free parameters, projected on b ≤ 0 where that is asked.
    hits : int
        How many descents ended in it, up to rotation and exchange of features that are alike.
    kind : {"minimum", "degenerate", "saddle", "unclassified"}
        From the Hessian modulo rotations: positive, positive with flat directions, indefinite; or too large to form.
    curvature : float
        Smallest eigenvalue of that Hessian; NaN where it was not formed.

    Examples
    --------
    >>> import geomsup as gs
    >>> best = gs.minimize(gs.Problem(n_features=2, n_hidden=1, feature_probability=0.1), rng=0).minima[0]
    >>> best.kind
    'minimum'
    """

    W: FloatArray
    b: FloatArray
    loss: float
    error: float
    gradient_norm: float
    hits: int
    kind: Kind
    curvature: float

    def __repr__(self) -> str:
        return f"Minimum(loss={self.loss:.12g} ± {self.error:.1e}, hits={self.hits}, kind={self.kind!r})"


class Found:
    """What every result that holds minima can tell about the best of them."""

    minima: tuple[Minimum, ...]

    @property
    def W(self) -> FloatArray:
        """Feature directions of the best arrangement, shape (n_hidden, n_features)."""
        return self.minima[0].W

    @property
    def b(self) -> FloatArray:
        """Bias of the best arrangement, shape (n_features,)."""
        return self.minima[0].b

    @property
    def loss(self) -> float:
        """Loss of the best arrangement, a sum over features."""
        return self.minima[0].loss

    @property
    def error(self) -> float:
        """Bound on the error of `loss`."""
        return self.minima[0].error

    @property
    def gradient_norm(self) -> float:
        """Norm of the gradient at the best arrangement, projected on the constraint where there is one."""
        return self.minima[0].gradient_norm

    @property
    def arrangement(self) -> Arrangement:
        """The best arrangement as an :class:`~geomsup.Arrangement`."""
        return Arrangement(self.W, self.b)


def minima_to_arrays(minima: tuple[Minimum, ...]) -> dict[str, np.ndarray[Any, Any]]:
    """Every field of the minima as one array, the minima along its first axis."""
    return {field.name: np.array([getattr(one, field.name) for one in minima]) for field in fields(Minimum)}


def minima_from_arrays(arrays: Mapping[str, np.ndarray[Any, Any]]) -> tuple[Minimum, ...]:
    """The inverse of `minima_to_arrays`.

    Raises
    ------
    KeyError, IndexError
        A field is missing, or shorter than the losses.
    """
    return tuple(
        Minimum(
            arrays["W"][k],
            arrays["b"][k],
            float(arrays["loss"][k]),
            float(arrays["error"][k]),
            float(arrays["gradient_norm"][k]),
            int(arrays["hits"][k]),
            cast(Kind, str(arrays["kind"][k])),
            float(arrays["curvature"][k]),
        )
        for k in range(len(arrays["loss"]))
    )


@dataclass(frozen=True, eq=False)
class Solution(Found):
    """The best arrangement a search found, with everything else it found: an upper bound on the optimal loss.

    Parameters
    ----------
    problem : Problem
        What was minimised.
    minima : tuple of Minimum
        Distinct local minima, lowest loss first.
    status : Status
        How the search ended; ``status.value`` is a sentence of advice.
    n_starts : int
        Random starts made.
    n_descents : int
        Descents made in all, hops included.

    Examples
    --------
    >>> import geomsup as gs
    >>> solution = gs.minimize(gs.Problem(n_features=2, n_hidden=1, feature_probability=0.1), rng=0)
    >>> solution.W.shape, solution.status.name
    ((1, 2), 'CONVERGED')
    """

    problem: Problem
    minima: tuple[Minimum, ...]
    status: Status
    n_starts: int
    n_descents: int

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to a ``.npz`` file (suffix added if missing) and return its path."""
        meta = {
            "problem": self.problem.to_dict(),
            "status": self.status.name,
            "n_starts": self.n_starts,
            "n_descents": self.n_descents,
        }
        return write_npz(path, minima_to_arrays(self.minima), meta, "solution")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Solution:
        """Read a solution written by `save`; ValueError if the file holds anything else."""
        arrays, meta = read_npz(path, "solution")
        with complete(path, "solution"):
            minima, problem = minima_from_arrays(arrays), Problem.from_dict(meta["problem"])
            return cls(problem, minima, Status[meta["status"]], meta["n_starts"], meta["n_descents"])

    def __repr__(self) -> str:
        return (
            f"Solution(loss={self.loss:.12g} ± {self.error:.1e}, {len(self.minima)} distinct minima "
            f"from {self.n_descents} descents, {self.status.name})"
        )
