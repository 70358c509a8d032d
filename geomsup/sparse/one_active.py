r"""The model with exactly one active feature: minimise its loss over directions, norms and biases.

.. math:: \sum_i I_i \Bigl[A(M_{ii}, b_i) + \sum_{j \ne i} B(M_{ij}, b_i)\Bigr], \qquad M = W^\top W,

with A and B of :func:`geomsup.one_active_loss`. Two readings, by what b may do:

- ``bias="nonpositive"``: the limit of L/p as p → 0, which forces b ≤ 0.
- ``bias="free"``: inputs that always have one active feature out of n (Chen et al. 2023, arXiv:2310.06301). Their loss
  is the mean over which feature it is, so the sum above divided by n: :attr:`OneActiveSolution.mean_loss`.
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
from geomsup._validate import integer
from geomsup.loss._one_active import one_active
from geomsup.optimize.objective import Bias, Fidelity, Objective
from geomsup.optimize.settle import polish_past_saddles
from geomsup.optimize.solution import Found, Minimum, Status, minima_from_arrays, minima_to_arrays
from geomsup.optimize.starts import random_starts, spread_starts
from geomsup.problem import Problem
from geomsup.sparse._multistart import Callback, Finished, finish_all, multistart
from geomsup.sparse._starts import given_starts

__all__ = ["OneActiveSolution", "minimize_one_active"]

_SAVED = "one-active solution"
UNIT_ROUNDOFF = 2.0**-53
GRADIENT_TOL = 1e-12
"""Gradient norm, relative to the loss of W = 0, at which a minimum is finished."""


@dataclass(frozen=True, eq=False)
class OneActiveSolution(Found):
    """The best arrangement for one active feature that a search found: an upper bound on the minimum.

    `loss` is a sum over features, and over which one is active: the limit of L/p.

    Parameters
    ----------
    minima : tuple of Minimum
        Distinct critical points, lowest loss first; each loss is the sum over features and over which one is active.
    status : Status
        CONVERGED if the best gradient is at most 1e-12 of the loss of W = 0, otherwise INEXACT or SADDLE.
    n_starts : int
        Random starts made.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.minimize_one_active(6, 2, n_starts=8, rng=0)  # the hexagon
    OneActiveSolution(loss=0.289154256..., ... distinct minima from 8 starts, CONVERGED)
    """

    minima: tuple[Minimum, ...]
    status: Status
    n_starts: int

    @property
    def mean_loss(self) -> float:
        """`loss` divided by n: the loss of inputs that have exactly one active feature, as in Chen et al."""
        return self.loss / self.b.size

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to a ``.npz`` file (suffix added if missing) and return its path."""
        meta = {"status": self.status.name, "n_starts": self.n_starts}
        return write_npz(path, minima_to_arrays(self.minima), meta, _SAVED)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> OneActiveSolution:
        """Read a solution written by `save`; ValueError if the file holds anything else."""
        arrays, meta = read_npz(path, _SAVED)
        with complete(path, _SAVED):
            return cls(minima_from_arrays(arrays), Status[meta["status"]], meta["n_starts"])

    def __repr__(self) -> str:
        return (
            f"OneActiveSolution(loss={self.loss:.12g}, {len(self.minima)} distinct minima "
            f"from {self.n_starts} starts, {self.status.name})"
        )


def minimize_one_active(
    n: int,
    m: int,
    *,
    bias: Bias = "nonpositive",
    importance: ArrayLike | None = None,
    n_starts: int = 64,
    n_keep: int = 8,
    rng: Any = None,
    workers: int = 1,
    callback: Callback | None = None,
    start: Any = None,
) -> OneActiveSolution:
    r"""Search for the arrangement of n features in m dimensions of least loss with one active feature.

    Parameters
    ----------
    n, m : int
        Features and hidden dimensions; values are uniform on [0, 1].
    bias : "nonpositive", "free", "zero", or array of shape (n,)
        Keep b ≤ 0 (the sparse limit), leave it free (inputs that always have one active feature), fix it at zero, or
        at the values given.
    importance : float or array_like, shape (n,), optional
        I, 1 by default.
    n_starts : int
        Random starts, half of them with directions spread out first, and some with features dropped. 0 is allowed
        together with `start`.
    n_keep : int
        Distinct ends of descents that are finished by Newton's method.
    rng : int, Generator or None
        Source of the starts, through ``numpy.random.default_rng``.
    workers : int
        Threads; the result does not depend on their number.
    callback : callable, optional
        Called with a ``Progress`` after every batch, from the calling thread.
    start : array of shape (m, n), pair (W, b), Arrangement, OneActiveSolution, or a list of those, optional
        Descended from besides the random starts.

    Returns
    -------
    OneActiveSolution
        *Searched*: nothing lower was found.

    Raises
    ------
    ValueError
        Counts that are not positive, an importance, a bias or a start that does not fit.

    Notes
    -----
    The minimum is exactly 0 for n ≤ 2m, and far from unique: any unit vectors without acute angles attain it, such
    as m antipodal pairs, or a simplex for n = m + 1. What separates those in the toy model is the loss with two active
    features (:func:`geomsup.expansion`).

    Examples
    --------
    >>> import geomsup as gs
    >>> print(f"{gs.minimize_one_active(5, 2, n_starts=8, rng=0).loss:.10f}")  # the pentagon
    0.0791281354
    """
    n, m = integer("n", n, at_least=1), integer("m", m, at_least=1)
    n_keep, workers = integer("n_keep", n_keep, at_least=1), integer("workers", workers, at_least=1)
    objective = OneActive(Problem(n, m, importance=importance), bias)
    with threadpool_limits(1):
        ends = multistart(objective, starting_points(objective, n_starts, rng, start), n_keep, callback, workers)
        found = finish_all(objective, ends, finish, callback, workers)
    minima = tuple(_minimum(objective, one, hits) for one, hits in found)
    return OneActiveSolution(minima, status_of(objective, found[0][0]), n_starts)


class OneActive(Objective):
    """The loss with one active feature as an objective; its gradients are measured by the loss of W = 0, b = 0."""

    def __init__(self, problem: Problem, bias: Bias) -> None:
        super().__init__(problem, bias)
        self.alone = problem.importance * self.data.moments[:, 2]
        self.scale = max(float(self.alone.sum()), 1e-300)

    def effective(self, M: FloatArray, b: FloatArray, fidelity: Fidelity) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Loss (S,), dM (S, n, n) and db (S, n) of S effective matrices and biases; the fidelity plays no part."""
        if self.stopped:
            raise InterruptedError("the search was stopped")
        importance = self.problem.importance
        value, da, db = one_active(self.data, M, b[..., None], np.eye(self.problem.n_features))
        loss = self.alone.sum() + value.sum(axis=-1) @ importance
        return loss, importance[:, None] * da, importance * db.sum(axis=-1)

    def rounding(self, W: FloatArray, b: FloatArray) -> float:
        """Bound on the rounding of one loss: of WᵀW, then some sixty operations on each entry."""
        size = np.abs(W).T @ np.abs(W) + np.abs(b)[:, None] + np.eye(b.size)
        return float((2 * W.shape[0] + 64) * UNIT_ROUNDOFF * (self.problem.importance @ (size**2).sum(axis=1)))


def starting_points(objective: OneActive, count: int, rng: Any, start: Any) -> FloatArray:
    """Parameters of the starts given, then of as many spread starts as of random ones.

    Raises
    ------
    ValueError
        No start at all, or one that does not fit.
    """
    problem, rng = objective.problem, np.random.default_rng(rng)
    given = [objective.pack(*pair)[None] for pair in given_starts(problem, start)]
    if not integer("n_starts", count, at_least=0 if given else 1):
        return np.concatenate(given)
    dropped = 0.0 if objective.nonpositive else 1 / (2 * problem.n_features)  # the best bias of a feature dropped
    spread = spread_starts(rng, (count + 1) // 2, problem.n_hidden, problem.importance, dropped)
    scattered = random_starts(rng, count // 2, problem.n_hidden, problem.n_features)
    return np.concatenate([*given, objective.pack(*spread), objective.pack(*scattered)])


def finish(objective: OneActive, x: FloatArray) -> Finished:
    """Newton modulo rotations from a descended point, stepping aside from a saddle at most twice."""
    tol = GRADIENT_TOL / 10 * objective.scale
    x, loss, gradient, shape = polish_past_saddles(objective, x, tol)
    return Finished(x, max(loss, 0.0), float(np.linalg.norm(gradient)), shape.kind, shape.lowest)


def status_of(objective: OneActive, best: Finished) -> Status:
    """How a search ended that found ``best``."""
    if best.kind == "saddle":
        return Status.SADDLE
    return Status.CONVERGED if best.gradient_norm <= GRADIENT_TOL * objective.scale else Status.INEXACT


def _minimum(objective: OneActive, found: Finished, hits: int) -> Minimum:
    W, b = (np.array(part) for part in objective.unpack(found.x))
    return Minimum(W, b, found.loss, objective.rounding(W, b), found.gradient_norm, hits, found.kind, found.curvature)
