"""Frequent features go opposite to rare ones."""

from functools import cache

import numpy as np

from geomsup.claims._claim import Case, Claim, Status
from geomsup.dimensionality import feature_dimensionality
from geomsup.loss.expected import expected_loss
from geomsup.optimize import Solution, minimize
from geomsup.problem import Problem

ROUNDING = 1e-14
"""Measured: at most 1e-17."""
SEARCH = 1e-9
"""Measured: losses to 6e-17, dimensionalities to 3e-11."""
P, EACH = 0.3, 4
FREQUENT, RARE = np.repeat([[True, False], [False, True]], EACH, axis=1)


def prediction(q: float, what: str) -> float:
    """Of a frequent pair and two of a frequent and a rare feature, each at its best, and two dropped rare features."""
    same, across = (minimize(Problem(2, 1, [P, p]), n_starts=0, start=PAIR) for p in (P, q))
    if what == "loss":
        return same.loss + 2 * across.loss + 2 * (q / 3 - q**2 / 4)
    if what == "rare":
        return 2 * float(feature_dimensionality(across.W)[1])
    return -((P - q) ** 2) / 3


def measurement(q: float, what: str) -> float:
    """The best arrangement found; or what unit pairs across the classes lose less than pairs within them."""
    if what == "pairs":
        four = Problem(4, 2, [P, P, q, q])
        W, b = np.array([[1.0, 0, -1, 0], [0, 1, 0, -1]]), np.zeros(4)
        return float(expected_loss(four, W, b)) - float(expected_loss(four, W[:, [0, 2, 1, 3]], b))
    solution = search(q)
    if what == "loss":
        return solution.loss
    return float(feature_dimensionality(solution.W)[RARE].sum())


@cache
def search(q: float) -> Solution:
    """Four frequent features and four rare ones in three dimensions."""
    return minimize(Problem(2 * EACH, 3, np.where(FREQUENT, P, q)), n_starts=16, rng=0)


PAIR = (np.array([[1.0, -1.0]]), np.zeros(2))

CLAIM = Claim(
    topic="loss",
    statement="Of four features of density 0.3 and four of density q ≤ 0.2, of equal importance, in three dimensions "
    "the frequent ones are all kept, one pair of them opposite to each other and two opposite to a rare feature each; "
    "two rare features are dropped. Pairs across the classes are better than pairs within: among unit antipodes by (P "
    "− q)²/3 for two pairs.",
    conditions="Independent, uniform on [0, 1]; q from 0.003 on. The last sentence: any two densities P and q, b = 0.",
    source="The question is from Nanda, 200 Concrete Open Problems in Mechanistic Interpretability, 4.4; derived here.",
    status=Status.SEARCHED,
    evidence="Searches find the loss of three separate pairs and two dropped features, to rounding, and nothing lower; "
    "the sum over the pairs is exact. The comparison of unit pairs is proved.",
    proof="Of the last sentence: a pair of densities p and p' loses pp'/3, since either output errs by min(x, x') and "
    "only if both are on. Two pairs across lose 2Pq/3, two within P²/3 + q²/3; the difference is (P − q)²/3.",
    cases=[
        *(Case(f"q = {q}: least loss found", (q, "loss"), "=", SEARCH) for q in (0.2, 0.03)),
        Case("q = 0.003: least loss found", (0.003, "loss"), "=", SEARCH, slow=True),
        Case("q = 0.03: ΣD of the rare features", (0.03, "rare"), "=", 1e-7),
        Case("q = 0.1: unit pairs across less pairs within", (0.1, "pairs"), "=", ROUNDING, Status.PROVED),
    ],
    prediction=prediction,
    measurement=measurement,
)
