"""D of the named polytopes."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.dimensionality import feature_dimensionality
from geomsup.frames import antipodal_pairs, cell_24, clebsch_code, icosahedron, polygon, simplex, square_antiprism

ROUNDING = 1e-13
"""Measured: at most 5e-16."""


def prediction(W: FloatArray) -> float:
    """m/n."""
    m, n = W.shape
    return float(m / n)


def measurement(W: FloatArray) -> float:
    """The D_i that is furthest from m/n."""
    D = feature_dimensionality(W)
    return float(D[np.argmax(np.abs(D - prediction(W)))])


CLAIM = Claim(
    topic="geometry",
    statement="Each feature of a tight frame of n equal lengths in R^m has D_i = m/n: 3/4 in a tetrahedron, 2/3 in "
    "a triangle, 1/2 in a digon, 2/5 in a pentagon, 3/8 in the tight square antiprism.",
    conditions="WWᵀ = λ1 and ‖W_i‖ the same for all i.",
    source="Elhage et al. 2022, Toy Models of Superposition, section on the geometry of superposition, for the values.",
    status=Status.PROVED,
    evidence="The proof; the feature furthest from m/n measured.",
    proof="With lengths r, λm = tr WWᵀ = nr². Then Σ_j (Ŵ_i·W_j)² = Ŵ_i·WWᵀŴ_i = λ, so D_i = r²/λ = m/n.",
    cases=[
        Case("digon", (antipodal_pairs(1),), "=", ROUNDING),
        Case("triangle", (polygon(3),), "=", ROUNDING),
        Case("tetrahedron", (simplex(3),), "=", ROUNDING),
        Case("pentagon", (polygon(5),), "=", ROUNDING),
        Case("tight square antiprism", (square_antiprism(),), "=", ROUNDING),
        Case("icosahedron", (icosahedron(),), "=", ROUNDING),
        Case("24-cell", (cell_24(),), "=", ROUNDING),
        Case("Clebsch code", (clebsch_code(),), "=", ROUNDING),
    ],
    prediction=prediction,
    measurement=measurement,
)
