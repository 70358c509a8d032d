"""D = 3/8 of the square antiprism, at one angle only."""

from collections.abc import Callable

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.dimensionality import feature_dimensionality
from geomsup.frames import COULOMB_ANGLE, MAGIC_ANGLE, square_antiprism
from geomsup.sparse import Riesz, minimize_energy

ROUNDING = 1e-13
"""Measured: 1e-16."""


def prediction(make: Callable[[], FloatArray]) -> float:
    """3/8."""
    return 3 / 8


def measurement(make: Callable[[], FloatArray]) -> float:
    """The largest D_i; all eight are equal."""
    return float(np.max(feature_dimensionality(make())))


def point_charges() -> FloatArray:
    """The Coulomb antiprism: eight point charges on a sphere."""
    return minimize_energy(Riesz(), 8, 3, n_starts=8, rng=0).U


CLAIM = Claim(
    topic="geometry",
    statement="The features of the square antiprism of polar angle θ have D = 1/(4 sin⁴θ + 8 cos⁴θ), which is 3/8 "
    "at θ = arctan √2 = 54.7356° and less at every other angle; the antiprism of eight point charges, 55.914°, has "
    "0.37438.",
    conditions="Eight unit vectors, two rings of four turned by 45°, 0 < θ < 90°.",
    source="3/8 is given for the square antiprism by Elhage et al. 2022, Toy Models of Superposition, without an "
    "angle; derived here.",
    status=Status.PROVED,
    evidence="The proof; measured at the angle, on both sides of it, and for point charges found by a search.",
    proof="Four equally spaced directions φ have Σcos²φ = Σsin²φ = 2 and Σ sin φ cos φ = 0, so WWᵀ = diag(4 sin²θ, "
    "4 sin²θ, 8 cos²θ), and Σ_j (W_i·W_j)² = W_i·WWᵀW_i = 4 sin⁴θ + 8 cos⁴θ = 1/D. With s = sin²θ this is 12 s² − "
    "16 s + 8, least at s = 2/3, where it is 8/3: tan²θ = 2.",
    cases=[
        Case("at 54.7356°", (lambda: square_antiprism(MAGIC_ANGLE),), "=", ROUNDING),
        Case("at 54°", (lambda: square_antiprism(54.0),), "<"),
        Case("at the Coulomb angle, 55.914°", (lambda: square_antiprism(COULOMB_ANGLE),), "<"),
        Case("eight point charges, searched", (point_charges,), "<", 0.0, Status.SEARCHED),
    ],
    prediction=prediction,
    measurement=measurement,
)
