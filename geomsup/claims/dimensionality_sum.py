"""ΣD_i ≤ rank W."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.dimensionality import feature_dimensionality
from geomsup.frames import COULOMB_ANGLE, polygon, random_frame, scaled, square_antiprism, tegum

ROUNDING = 1e-13
"""Measured: at most 9e-16 in the cases below."""


def prediction(W: FloatArray) -> float:
    """rank W."""
    return float(np.linalg.matrix_rank(W))


def measurement(W: FloatArray) -> float:
    """ΣD_i."""
    return float(feature_dimensionality(W).sum())


NORMS = np.linspace(0.2, 2.0, 10)
PLANE = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, -1.0]])

CLAIM = Claim(
    topic="geometry",
    statement="ΣD_i ≤ rank W for the feature dimensionalities D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)². Equality holds exactly "
    "when every nonzero W_i is an eigenvector of WWᵀ: features in orthogonal subspaces, a tight frame in each.",
    conditions="Any real W; D_i = 0 where W_i = 0.",
    source="Scherlis et al. 2022, arXiv:2210.01892, for the sum of capacities; the dimensionality is that of Elhage "
    "et al. 2022, Toy Models of Superposition. The proof below is by Cauchy and Schwarz.",
    status=Status.PROVED,
    evidence="The proof; measured for random and for tight arrangements.",
    proof="Let G = WᵀW and P the projection on the row space of W, so that PG = G. Then G_ii = ⟨Pe_i, Ge_i⟩ ≤ "
    "‖Pe_i‖ ‖Ge_i‖, whose square is G_ii² ≤ P_ii (G²)_ii. As D_i = G_ii²/(G²)_ii, D_i ≤ P_ii, and ΣD_i ≤ tr P = "
    "rank W. Equality for i means Ge_i = λPe_i. Multiply by W: WWᵀW_i = λW_i; and from that P e_i = Wᵀ(WWᵀ)⁺W_i = "
    "Ge_i/λ. On each eigenspace, WWᵀ restricted to the features in it is λ times the identity: a tight frame.",
    cases=[
        Case("10 random directions in R³, all of length 1", (random_frame(3, 10, rng=0),), "≤"),
        Case("the same with norms from 0.2 to 2", (scaled(random_frame(3, 10, rng=0), NORMS),), "≤"),
        Case("12 directions in a plane of R⁴", (PLANE @ random_frame(2, 12, rng=1),), "≤"),
        Case("Coulomb antiprism, which is not tight", (square_antiprism(COULOMB_ANGLE),), "<"),
        Case("regular pentagon", (polygon(5),), "=", ROUNDING),
        Case("triangle ⊗ longer digon ⊗ nothing", (tegum(polygon(3), [[2.0, -2.0]], [[0.0]]),), "=", ROUNDING),
        Case("tight square antiprism", (square_antiprism(),), "=", ROUNDING),
    ],
    prediction=prediction,
    measurement=measurement,
)
