"""At saturation every feature lies in one eigenspace of WWᵀ."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.dimensionality import feature_dimensionality
from geomsup.frames import COULOMB_ANGLE, polygon, random_frame, square_antiprism, tegum
from geomsup.importance import geometric_importance
from geomsup.optimize import minimize
from geomsup.problem import Problem

ROUNDING = 1e-12
"""Measured: at most 9e-16, for weights that a search found too: both sides are of the same W."""


def prediction(W: FloatArray | Problem) -> float:
    """Σ_i ‖W_i‖² (E_i[1/λ] − 1/E_i[λ]), λ distributed as the squared components of Ŵ_i in the eigenspaces of WWᵀ."""
    W = arrangement(W)
    spectrum, vectors = np.linalg.eigh(W @ W.T)
    used = spectrum > 1e-9 * spectrum[-1]
    lengths = np.linalg.norm(W, axis=0)
    W, lengths = W[:, lengths > 0], lengths[lengths > 0]
    weights = (vectors[:, used].T @ (W / lengths)) ** 2
    return float(lengths**2 @ ((1 / spectrum[used]) @ weights - 1 / (spectrum[used] @ weights)))


def measurement(W: FloatArray | Problem) -> float:
    """rank W − ΣD_i."""
    W = arrangement(W)
    return float(np.linalg.matrix_rank(W) - feature_dimensionality(W).sum())


def arrangement(W: FloatArray | Problem) -> FloatArray:
    """W itself, or the best arrangement that a search finds for a problem."""
    return minimize(W, rng=0).W if isinstance(W, Problem) else W


UNEVEN = np.linspace(0.3, 1.5, 9) * random_frame(4, 9, rng=2)

CLAIM = Claim(
    topic="geometry",
    statement="rank W − ΣD_i = Σ_i ‖W_i‖² (E_i[1/λ] − 1/E_i[λ]), where λ is the eigenvalue of WWᵀ, distributed as "
    "the squared components of Ŵ_i in its eigenspaces. At saturation, ΣD_i = rank W, every feature therefore lies "
    "in one eigenspace, and D_i = ‖W_i‖²/λ_i.",
    conditions="Any real W; sums over the features with W_i ≠ 0.",
    source="Ivanov et al. 2026, Spectral Superposition, arXiv:2602.02224, for saturation; the identity is derived "
    "here.",
    status=Status.PROVED,
    evidence="The proof; the identity measured on random weights and on minima, where both sides are 0 at saturation.",
    proof="Let F = WWᵀ. Σ_j (Ŵ_i·W_j)² = Ŵ_i·FŴ_i = E_i[λ], so D_i = ‖W_i‖²/E_i[λ]. The projection on the row space "
    "has P_ii = W_i·F⁺W_i = ‖W_i‖² E_i[1/λ], and ΣP_ii = rank W. Subtract. By Jensen's inequality each term is at "
    "least 0, and 0 only if λ has one value for that feature.",
    cases=[
        Case("9 random directions in R⁴, norms 0.3 to 1.5", (UNEVEN,), "=", ROUNDING),
        Case("Coulomb antiprism", (square_antiprism(COULOMB_ANGLE),), "=", ROUNDING),
        Case("triangle ⊗ longer digon, saturated", (tegum(polygon(3), [[2.0, -2.0]]),), "=", ROUNDING),
        Case("best for n = 5, m = 2, p = 0.05, saturated", (Problem(5, 2, 0.05),), "=", ROUNDING),
        Case(
            "the same with importance 0.9^i, not saturated",
            (Problem(5, 2, 0.05, geometric_importance(5, 0.9)),),
            "=",
            ROUNDING,
        ),
    ],
    prediction=prediction,
    measurement=measurement,
)
