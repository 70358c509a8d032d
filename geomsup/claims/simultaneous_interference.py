"""The loss of an output divided by what is active besides it."""

from functools import cache

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.loss.expected import expected_loss
from geomsup.optimize import minimize
from geomsup.problem import Problem

ROUNDING = 1e-13
"""Measured: at most 6e-17; the errors reported for the losses add up to less than 1e-13."""
N = 5


def prediction(p: float, what: str) -> float:
    """The loss itself; or the part that another one is compared with."""
    if what == "sum":
        return float(expected_loss(Problem(N, 2, p), *best(p)))
    alone, alternating, simultaneous = parts(p, *best(p))
    return (alone + alternating + simultaneous) / 2 if what == "half" else alternating


def measurement(p: float, what: str) -> float:
    """The sum of the three parts, each computed by itself; or the last of them."""
    found = parts(p, *best(p))
    return float(sum(found)) if what == "sum" else found[2]


def parts(p: float, W: FloatArray, b: FloatArray) -> tuple[float, float, float]:
    """What is lost where an output's feature is alone, off while others are on, and on with others."""
    problem, found = Problem(N, 2, p), np.zeros(3)
    for i, importance in enumerate(np.eye(N)):
        off, on, alone = np.full(N, p), np.full(N, p), np.zeros(N)
        off[i], on[i], alone[i] = 0.0, 1.0, 1.0
        one = problem.replace(importance=importance)
        errors = [float(expected_loss(one.replace(feature_probability=q), W, b)) for q in (alone, off, on)]
        lonely = p * (1 - p) ** (N - 1) * errors[0]
        found += lonely, (1 - p) * errors[1], p * errors[2] - lonely
    return float(found[0]), float(found[1]), float(found[2])


@cache
def best(p: float) -> tuple[FloatArray, FloatArray]:
    """The best arrangement found for five features in the plane."""
    solution = minimize(Problem(N, 2, p), n_starts=8, rng=0)
    return solution.W, solution.b


CLAIM = Claim(
    topic="loss",
    statement="The loss is the sum of what is lost where the feature of an output is the only one that is on (alone), "
    "is off (alternating interference), and is on together with others (simultaneous). For five equal features in the "
    "plane the last is more than the second from a density between 0.010 and 0.0125 on, and more than half of the loss "
    "from 0.04 on.",
    conditions="The division: any independent features and arrangement. The comparison: the best arrangement that a "
    "search finds, a pentagon at these densities.",
    source="The question is from Nanda, 200 Concrete Open Problems in Mechanistic Interpretability, 4.16.",
    status=Status.SEARCHED,
    evidence="The sum is proved and measured on four minima; every part is an exact loss; the minima are searched.",
    proof="Of the sum: the three cases exclude each other, and one of them holds; alone, and together with others, "
    "make up the loss given that the feature is on (law of total expectation).",
    cases=[
        *(Case(f"p = {p}: the three parts", (p, "sum"), "=", ROUNDING, Status.PROVED) for p in (0.01, 0.05, 0.3)),
        Case("p = 0.0100: simultaneous less than alternating", (0.01, "alternating"), "<"),
        Case("p = 0.0125: simultaneous more than alternating", (0.0125, "alternating"), ">"),
        Case("p = 0.03: simultaneous less than half", (0.03, "half"), "<"),
        Case("p = 0.05: simultaneous more than half", (0.05, "half"), ">"),
    ],
    prediction=prediction,
    measurement=measurement,
)
