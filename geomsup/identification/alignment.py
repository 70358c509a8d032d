"""How far apart two arrangements are, up to a rotation and an exchange of features that are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geomsup._typing import ArrayLike, FloatArray, IntArray
from geomsup.arrangement import Arrangement
from geomsup.identification._exchanges import Exchanges
from geomsup.identification._matching import best_matching, procrustes, search
from geomsup.problem import Problem

__all__ = ["Alignment", "alignment"]

MOST_TRIED = 5040
"""Matchings up to which all are tried: 7!. Measured: 40 ms for seven features in three dimensions."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """Two arrangements brought as close together as was found.

    Parameters
    ----------
    distance : float
        ‖Q·first[:, permutation] − second‖_F.
    lower_bound : float
        No rotation and permutation come closer than this.
    rotation : array of shape (m, m)
        The orthogonal Q.
    permutation : int array of shape (n,)
        Feature ``permutation[i]`` of the first arrangement goes with feature i of the second.
    exact : bool
        Whether `distance` is the least one to within rounding: every permutation was tried, or the lower bound is
        reached. Otherwise it is an upper bound.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.alignment([[1.0, -1.0]], [[-1.0, 0.5]])
    Alignment(distance=0.5, exact)
    """

    distance: float
    lower_bound: float
    rotation: FloatArray
    permutation: IntArray
    exact: bool

    def __repr__(self) -> str:
        kind = "exact" if self.exact else f"at least {self.lower_bound:.3g}"
        return f"Alignment(distance={self.distance:.6g}, {kind})"


def alignment(first: ArrayLike, second: ArrayLike, *, interchangeable: Problem | ArrayLike | None = None) -> Alignment:
    r"""The distance between two arrangements, whatever their bases and whichever of their like features come first.

    .. math:: d(W, W') = \min_{Q \in O(m),\; \pi} \lVert Q W P_\pi - W' \rVert_F

    The minimum of a norm over a group that acts by isometries is a metric on the orbits: it is zero exactly when one
    arrangement can be turned into the other, it is symmetric, and it obeys the triangle inequality. For a given
    permutation Q is a polar factor (Procrustes); permutations are all tried where there are at most 5040. Beyond that
    a search from both sides gives an upper bound on d, next to a lower bound,

    .. math:: d(W, W')^2 \ge \max\Bigl( \sum_k (\sigma_k - \sigma'_k)^2,\; \sum_i (r_i - r'_i)^2 \Bigr)

    with the singular values, and with the norms of the columns sorted within each label (Mirsky; triangle inequality).

    Parameters
    ----------
    first, second : array_like of shapes (m, n) and (m', n)
        The one with fewer dimensions is laid into the space of the other.
    interchangeable : Problem or array_like of n labels, optional
        Features with equal labels may be exchanged; by default all of them. A problem permits what leaves the law of
        its inputs and the importances unchanged: exchanging independent features that are alike, members of a set that
        are alike, and whole sets that are alike.

    Raises
    ------
    ValueError
        Not two matrices with as many columns, or labels or a problem of another number of features.

    Examples
    --------
    >>> import geomsup as gs
    >>> pentagon = gs.frames.polygon(5)
    >>> print(f"{gs.alignment(pentagon, pentagon[::-1, [3, 1, 4, 0, 2]]).distance:.9f}")
    0.000000000
    """
    A, B = Arrangement(first).W, Arrangement(second).W
    if A.shape[1] != B.shape[1]:
        raise ValueError(f"first has {A.shape[1]} features and second {B.shape[1]}: pass as many, with zero columns")
    m = max(len(A), len(B))
    A, B = (np.pad(W, ((0, m - len(W)), (0, 0))) for W in (A, B))
    exchanges = _exchanges(interchangeable, A.shape[1])
    tried = exchanges.count <= MOST_TRIED
    if tried:
        candidates = [best_matching(A, B, exchanges.all())]
    else:
        candidates = [search(A, B, exchanges), np.argsort(search(B, A, exchanges))]
    rotations = [procrustes(A[:, matching], B) for matching in candidates]
    distances = [float(np.linalg.norm(Q @ A[:, P] - B)) for Q, P in zip(rotations, candidates, strict=True)]
    best = int(np.argmin(distances))
    bound = _lower_bound(A, B, exchanges.labels)
    # Measured: equal arrangements come out at most 2e-14 apart relative to their norm.
    reached = distances[best] <= bound + 1e-12 * float(np.linalg.norm(B))
    return Alignment(
        distances[best], min(bound, distances[best]), rotations[best], candidates[best], bool(tried or reached)
    )


def _exchanges(interchangeable: Problem | ArrayLike | None, n: int) -> Exchanges:
    if isinstance(interchangeable, Problem):
        if interchangeable.n_features != n:
            raise ValueError(f"the problem has {interchangeable.n_features} features, but W has {n}: pass its own W")
        return Exchanges.of_problem(interchangeable)
    labels = np.zeros(n) if interchangeable is None else np.asarray(interchangeable)
    if labels.shape != (n,):
        raise ValueError(f"interchangeable has shape {labels.shape}, but there are {n} features: pass one label each")
    return Exchanges.of_labels(labels)


def _lower_bound(A: FloatArray, B: FloatArray, labels: IntArray) -> float:
    spectra = np.linalg.svd(A, compute_uv=False) - np.linalg.svd(B, compute_uv=False)
    norms = [np.linalg.norm(W, axis=0) for W in (A, B)]
    sorted_norms = [r[np.lexsort((r, labels))] for r in norms]
    return float(max(np.linalg.norm(spectra), np.linalg.norm(sorted_norms[0] - sorted_norms[1])))
