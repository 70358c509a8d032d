"""Up to which density five features in the plane form a pentagon."""

import numpy as np
from scipy.optimize import brentq
from scipy.optimize import minimize as scipy_minimize

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import polygon
from geomsup.loss.expected import expected_loss
from geomsup.optimize import minimize
from geomsup.phases import along, phase_boundary
from geomsup.problem import Problem

ROOT = 1e-10
"""Measured: 3e-13."""
PAIR = np.array([[1.0, -1.0]]), np.zeros(2)
PAIRS = np.array([[1.0, -1, 0, 0, 0], [0, 0, 1, -1, 0]])


def prediction(what: str, s: float = 0.0) -> float:
    """Where the least loss of a regular pentagon is that of two separate pairs and a dropped feature; or no gain."""
    return float(brentq(pairs_less_pentagon, 0.2, 0.25, xtol=1e-13)) if what == "boundary" else 0.0


def measurement(what: str, s: float = 0.0) -> float:
    """Where the two branches of minima cross; or what the pairs lose more than the pentagon."""
    if what != "boundary":
        return pairs_less_pentagon(s)
    path = along(Problem(5, 2), "feature_probability", (0.1, 0.35))
    first = minimize(path(0.1), n_starts=0, start=(1.1 * polygon(5), np.full(5, -0.2)))
    second = minimize(path(0.3), n_starts=0, start=(PAIRS, np.array([0, 0, 0, 0, 0.15])))
    return phase_boundary(path, first, second, at=(0.1, 0.3)).s


def pairs_less_pentagon(s: float) -> float:
    """The loss of two pairs at their best and a dropped feature, less that of the best regular pentagon."""
    problem = Problem(5, 2, s)

    def loss(x: FloatArray) -> float:
        return float(expected_loss(problem, x[0] * polygon(5), np.full(5, x[1])))

    pentagon = scipy_minimize(loss, [1.1, -0.1], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-15}).fun
    pair = minimize(Problem(2, 1, s), n_starts=0, start=PAIR).loss
    return float(2 * pair + s / 3 - s**2 / 4 - pentagon)


CLAIM = Claim(
    topic="phases",
    statement="Five equal features in the plane form a regular pentagon up to the density 0.224875449, and from there "
    "two antipodal pairs with one feature dropped. The 0.228 that has been given for it is too high.",
    conditions="Independent, uniform on [0, 1], W and b free, densities from 0.1 to 0.35. The crossing of the two "
    "losses is verified; that nothing is better is searched.",
    source="The density 0.228 was noted from a prototype; the comparison of both with trained models is that of Elhage "
    "et al. 2022, Toy Models of Superposition. docs/phases_boundaries.md.",
    status=Status.SEARCHED,
    evidence="Two branches of minima followed until their losses cross; the same from regular pentagons and from pairs "
    "of two features each, without following anything; exact losses on both sides.",
    cases=[
        Case("density at which the losses are equal", ("boundary",), "=", ROOT, Status.VERIFIED),
        Case("s = 0.223: pairs less pentagon", ("gain", 0.223), ">", 0.0, Status.VERIFIED),
        Case("s = 0.226: pairs less pentagon", ("gain", 0.226), "<", 0.0, Status.VERIFIED),
    ],
    prediction=prediction,
    measurement=measurement,
)
