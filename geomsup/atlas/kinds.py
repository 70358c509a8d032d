"""What is tabulated: six questions about n features in m dimensions, where they are asked, and how each is measured."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from geomsup._typing import FloatArray
from geomsup.loss import expected_loss
from geomsup.problem import Problem
from geomsup.sparse import ReluSquared, capacity_of, energy_of
from geomsup.sparse.one_active import OneActive

__all__ = [
    "KINDS",
    "MOST_HIDDEN",
    "Key",
    "Kind",
    "gain",
    "keys",
    "known_kind",
    "most_features",
    "probability",
    "value_of",
]

Kind = Literal["energy", "capacity", "one_active", "p=0.1", "p=0.03", "p=0.01"]
Key = tuple[Kind, int, int]
"""Kind, m, n."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Energy of unit vectors under ReLU², capacity, loss with one active feature and b ≤ 0, expected loss at three p."""
MOST_HIDDEN = 8
EXTRA: tuple[Key, ...] = (*((kind, 5, 16) for kind in KINDS if kind != "capacity"), ("capacity", 22, 100))
"""Beyond the range: the sizes of the Clebsch and of the Higman–Sims graph."""
ROUNDOFF = 2.0**-53


def known_kind(kind: str) -> Kind:
    """The kind, if it is one; ValueError otherwise."""
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is unknown: pass one of {', '.join(map(repr, KINDS))}")
    return kind


def probability(kind: Kind) -> float | None:
    """The feature probability in the name of a kind, None for the three that are limits."""
    return float(kind[2:]) if kind.startswith("p=") else None


def most_features(kind: Kind, m: int) -> int:
    """The largest n tabulated: 3m, for a capacity 4m, at least 12; and at most 16 for an expected loss.

    The best capacities known for m ≤ 8 have fewer than 4m atoms.
    """
    if kind == "capacity":
        return max(12, 4 * m)
    most = max(12, 3 * m)
    return most if probability(kind) is None else min(most, 16)


def keys() -> tuple[Key, ...]:
    """Every entry of the atlas, kind by kind, by m and then n."""
    sizes = [(kind, m) for kind in KINDS for m in range(1, MOST_HIDDEN + 1)]
    return (*((kind, m, n) for kind, m in sizes for n in range(1, most_features(kind, m) + 1)), *EXTRA)


def gain(kind: Kind, new: float, old: float) -> float:
    """How much better one value is than another, relative to the latter: positive when it is better."""
    difference = new - old if kind == "capacity" else old - new
    return difference / max(abs(old), 1e-3)


def value_of(kind: Kind, W: FloatArray, b: FloatArray) -> tuple[float, float]:
    """The value of an arrangement, and a bound on the error of that number.

    Parameters
    ----------
    kind : str
        Which of the questions.
    W, b : arrays of shapes (m, n) and (n,)
        The arrangement. Energies depend on the directions of W alone, and capacities not on its scale; b is 0 there.
    """
    m, n = W.shape
    p = probability(kind)
    if p is not None:
        loss = expected_loss(Problem(n, m, p), W, b, tol=1e-12)
        return float(loss), float(loss.error)
    if kind == "one_active":
        objective = OneActive(Problem(n, m), "nonpositive")
        value = float(objective(objective.pack(W, b)[None], objective.fine)[0][0])
        return max(value, 0.0), objective.rounding(W, b)
    products = np.maximum(W.T @ W, 0.0)
    if kind == "energy":
        # A product of two columns scaled to length 1 is off by less than (m + 6) roundings, its square by twice that
        # times the product; adding n² squares up adds at most 30 more to each.
        lengths = np.linalg.norm(W, axis=0)
        cosines = products / np.outer(lengths, lengths)
        return energy_of(ReluSquared(), W), (2 * m + 42) * ROUNDOFF * float(cosines.sum() - np.trace(cosines))
    # The double sum has relative error (2m + 30) roundings in every (|W_i|·|W_j|) (W_i·W_j)₊, the square above it 40.
    size = np.abs(W).T @ np.abs(W)
    value = capacity_of(W)
    relative = (2 * m + 30) * float(np.sum(size * products) / np.sum(products**2)) + 40
    return value, relative * ROUNDOFF * value
