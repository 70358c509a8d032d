"""Two sets of features that come together are never worse off than with antipodes across the sets."""

import numpy as np

from geomsup.claims._claim import Case, Claim, Status
from geomsup.features import CorrelatedSets
from geomsup.loss.expected import expected_loss
from geomsup.optimize import minimize
from geomsup.problem import Problem

ROUNDING = 1e-14
"""Measured: at most 6e-17."""


def prediction(g: int, p: float, what: str) -> float:
    """g p²/3."""
    return g * p**2 / 3


def measurement(g: int, p: float, what: str) -> float:
    """Two sets of g in g dimensions: the exact loss of unit antipodes across the sets; or the least that is found."""
    problem = Problem(n_hidden=g, features=CorrelatedSets.of_size(2, g, p))
    if what == "search":
        return minimize(problem, n_starts=8, rng=0).loss
    W = np.hstack([np.eye(g), -np.eye(g)])
    return float(expected_loss(problem, W, np.zeros(2 * g)))


CLAIM = Claim(
    topic="loss",
    statement="Two sets of g features that are on together with probability p have a minimum of at most g p²/3 in g "
    "dimensions, for two pairs in the plane 2p²/3: the loss of unit vectors, an orthonormal basis for each set and the "
    "two bases opposite to each other.",
    conditions="Importance 1; the sets are on independently of each other, values independent and uniform on [0, 1].",
    source="Elhage et al. 2022, Toy Models of Superposition, section on correlated features, for the arrangement.",
    status=Status.PROVED,
    evidence="The proof; exact losses; searches, which find less: at p = 0.05 the angles in a set are 90.6°, not 90°.",
    proof="With b = 0 output i is (x_i − x_j)₊, j its antipode, and the error min(x_i, x_j). It is not 0 only if both "
    "sets are on, with probability p², and then E min² = 1/6. There are 2g outputs.",
    cases=[
        *(Case(f"g = 2, p = {p}: antipodes across the sets", (2, p, "antipodes"), "=", ROUNDING) for p in (0.05, 0.5)),
        Case("g = 10, p = 0.01: antipodes across the sets", (10, 0.01, "antipodes"), "=", ROUNDING),
        *(
            Case(f"g = 2, p = {p}: least loss found", (2, p, "search"), "≤", 0.0, Status.VERIFIED)
            for p in (0.05, 0.2, 0.5)
        ),
    ],
    prediction=prediction,
    measurement=measurement,
)
