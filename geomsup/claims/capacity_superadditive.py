"""C(m + m') ≥ C(m) + C(m')."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.bounds import capacity
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import clebsch_code, polygon, random_frame, tegum
from geomsup.sparse import capacity_of

ROUNDING = 1e-12
"""Measured: at most 4e-15."""


def prediction(one: FloatArray | int, other: FloatArray | int) -> float:
    """The sum of what two arrangements are worth, or of the lower sides of two capacities."""
    return worth(one) + worth(other)


def measurement(one: FloatArray | int, other: FloatArray | int) -> float:
    """What they are worth together at the best scales; or the lower side for the sum of the dimensions."""
    if isinstance(one, int) and isinstance(other, int):
        return capacity(one + other).lower
    return capacity_of(tegum(at_best_scale(np.asarray(one)), at_best_scale(np.asarray(other))))


def worth(one: FloatArray | int) -> float:
    """Of an arrangement; or the lower side of the capacity of so many dimensions."""
    return capacity(one).lower if isinstance(one, int) else capacity_of(one)


def at_best_scale(W: FloatArray) -> FloatArray:
    """W times a number, so that Σ‖W_j‖² is what it is worth."""
    return np.asarray(W * np.sqrt(capacity_of(W) / np.sum(W**2)))


CLAIM = Claim(
    topic="energy and capacity",
    statement="C(m + m') ≥ C(m) + C(m').",
    conditions="C(m) as in capacity-plane; m, m' ≥ 1.",
    source="Derived here; capacity_search and capacity use it.",
    status=Status.PROVED,
    evidence="The proof; arrangements side by side measured; the lower sides of the brackets of C(m) obey it, "
    "strictly: C(4) > 2 C(2).",
    proof="Let W have s = Σ‖W_j‖² and q = Σ(W_i·W_j)₊². Scaling W scales s² and q alike, so let s = q = s²/q, and "
    "the same for W' with s'. Side by side in orthogonal subspaces sums add and products between them are 0: (s + "
    "s')²/(q + q') = s + s'. Take s and s' to the suprema.",
    cases=[
        Case("pentagon and triangle", (polygon(5), polygon(3)), "=", ROUNDING),
        Case("pentagon and Clebsch code", (polygon(5), clebsch_code()), "=", ROUNDING),
        Case(
            "7 random directions in R³ and 4 in R²",
            (random_frame(3, 7, rng=0), random_frame(2, 4, rng=1)),
            "=",
            ROUNDING,
        ),
        *(
            Case(f"lower sides, C({a + b}) against C({a}) + C({b})", (a, b), "≥", ROUNDING)
            for a, b in ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (2, 5), (3, 5), (4, 4))
        ),
    ],
    prediction=prediction,
    measurement=measurement,
)
