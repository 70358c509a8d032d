"""Welch's bound on the coherence, and where it is reached."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.bounds import Bound, welch_bound
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import clebsch_code, equiangular, polygon, random_frame, simplex

ROUNDING = 1e-13
"""Measured: at most 4e-15."""


def prediction(W: FloatArray) -> float:
    """√((n − m)/(m(n − 1)))."""
    m, n = W.shape
    return float(np.sqrt((n - m) / (m * (n - 1))))


def measurement(W: FloatArray) -> float:
    """max |u_i·u_j|."""
    W = W / np.linalg.norm(W, axis=0)
    return float(np.abs(np.triu(W.T @ W, 1)).max())


def certificates() -> list[Bound]:
    """Σ_{i≠j} (u_i·u_j)² ≥ n²/m − n."""
    return [welch_bound(n, m, potential="frame") for n, m in ((7, 3), (16, 6))]


CASES = [
    *(Case(f"{n} random directions in R^{m}", (random_frame(m, n, rng=n),), "≥") for m, n in ((2, 5), (3, 7), (6, 16))),
    Case("pentagon", (polygon(5),), ">"),
    Case("Clebsch code, two different products", (clebsch_code(),), ">"),
    Case("tetrahedron", (simplex(3),), "=", ROUNDING),
    *(
        Case(f"equiangular tight frame, {n} in R^{m}", (equiangular(n, m),), "=", ROUNDING)
        for n, m in ((6, 3), (10, 5), (16, 6), (28, 7))
    ),
]

CLAIM = Claim(
    topic="geometry",
    statement="max_{i≠j} |u_i·u_j| ≥ √((n − m)/(m(n − 1))) for n unit vectors in R^m, with equality exactly for "
    "equiangular tight frames.",
    conditions="n ≥ m, n ≥ 2.",
    source="Welch 1974, Lower bounds on the maximum cross correlation of signals; Strohmer and Heath 2003, "
    "Grassmannian frames, for equality.",
    status=Status.PROVED,
    evidence="The proof; certificates of the bound of degree 2 it rests on; measured at frames that reach it and "
    "others.",
    proof="G = UᵀU has at most m eigenvalues that are not 0, with sum n, so ΣG_ij² = Σλ² ≥ n²/m. Without the "
    "diagonal Σ_{i≠j} G_ij² ≥ n²/m − n = n(n − m)/m, over n(n − 1) pairs: the largest square is at least the mean. "
    "Equality in the first is tightness, in the second equal angles.",
    cases=CASES,
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
