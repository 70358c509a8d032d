"""Where the candidates for two features in one dimension meet."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.phases import along, phase_boundary, triple_point
from geomsup.problem import Problem

ROOT = 1e-10
"""Measured: at most 1e-15 for boundaries, 1e-12 for the point where all three meet."""
Arrangement = tuple[FloatArray, FloatArray]


def prediction(r: float, what: str) -> float:
    """The density at which a candidate meets the pair, 4r/(2 + 5r) or 4/(5 + 2r); or a coordinate of (1, 4/7)."""
    match what:
        case "last":
            return 4 * r / (2 + 5 * r)
        case "first":
            return 4 / (5 + 2 * r)
        case "r":
            return 1.0
        case _:
            return 4 / 7


def measurement(r: float, what: str) -> float:
    """The same by root finding on exact losses."""
    if what in ("last", "first"):
        path = along(Problem(2, 1, importance=[1, r]), "feature_probability", (0.05, 1.0))
        return phase_boundary(path, antipodal, ignore_last if what == "last" else ignore_first).s
    point = triple_point(
        lambda r, s: Problem(2, 1, s, importance=[1, r]),
        *(lambda r, s, one=one: one(s) for one in (antipodal, ignore_last, ignore_first)),
        at=(0.7, 0.45),
    ).point
    return float(point[0 if what == "r" else 1])


def ignore_first(s: float) -> Arrangement:
    """W = (0, 1), and the mean as the bias of the first."""
    return np.array([[0.0, 1.0]]), np.array([s / 2, 0.0])


def ignore_last(s: float) -> Arrangement:
    """W = (1, 0), and the mean as the bias of the last."""
    return np.array([[1.0, 0.0]]), np.array([0.0, s / 2])


def antipodal(s: float) -> Arrangement:
    """W = (1, −1) without bias."""
    return np.array([[1.0, -1.0]]), np.zeros(2)


CLAIM = Claim(
    topic="phases",
    statement="Of the candidates for two features of importances 1 and r in one dimension the antipodal pair meets "
    "ignoring the last on r = 2s/(4 − 5s) and ignoring the first on r = 2/s − 5/2; all three meet at (r, s) = (1, "
    "4/7).",
    conditions="Density s, values uniform on [0, 1]; unit vectors, b = 0, and s/2 for a feature that is ignored. The "
    "true minima have other norms and biases, lower losses and other boundaries: docs/phases_boundaries.md.",
    source="Wattenberg, Exact toy models (notebook), for the candidates; Elhage et al. 2022 drew the same diagram.",
    status=Status.PROVED,
    evidence="The proof; roots of the difference of exact losses, found without these formulas.",
    proof="The pair loses (1 + r) s²/6, ignoring the last r v, ignoring the first v, with v = s/3 − s²/4. Equate, "
    "divide by s and solve: (1 + r) s/6 = r (1/3 − s/4) gives 2s = r (4 − 5s); (1 + r) s/6 = 1/3 − s/4 gives 2r s = 4 "
    "− 5s. Both hold where r² = 1, so r = 1 and 7s = 4.",
    cases=[
        *(Case(f"r = {r}: ignoring the last", (r, "last"), "=", ROOT) for r in (0.1, 0.5, 0.95)),
        *(Case(f"r = {r}: ignoring the first", (r, "first"), "=", ROOT) for r in (1.05, 2.0, 8.0)),
        Case("all three: importance", (1.0, "r"), "=", ROOT),
        Case("all three: density", (1.0, "s"), "=", ROOT),
    ],
    prediction=prediction,
    measurement=measurement,
)
