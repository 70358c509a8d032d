"""Features that exclude each other cost nothing."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.features import AnticorrelatedSets
from geomsup.frames import antipodal_pairs, polygon, tegum
from geomsup.loss.expected import expected_loss
from geomsup.optimize import minimize
from geomsup.problem import Problem

ROUNDING = 1e-14
"""Measured: at most 1e-17; of the minimum that a search finds 2e-16."""
Factors = tuple[FloatArray, ...]


def prediction(sizes: tuple[int, ...], p: float, factors: Factors) -> float:
    """Nothing."""
    return 0.0


def measurement(sizes: tuple[int, ...], p: float, factors: Factors) -> float:
    """The exact loss of a tegum product of the factors, one for each set; of the best arrangement found without any."""
    members = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    features = AnticorrelatedSets([one.tolist() for one in members], p)
    if not factors:
        return minimize(Problem(n_hidden=len(sizes), features=features), n_starts=8, rng=0).loss
    W = tegum(*factors)
    return float(expected_loss(Problem(n_hidden=len(W), features=features), W, np.zeros(W.shape[1])))


LINE = antipodal_pairs(1)

CLAIM = Claim(
    topic="loss",
    statement="Sets of features of which at most one is on at a time are represented without any loss, whatever their "
    "probabilities, if every set has d_k dimensions to itself and at most 2d_k members.",
    conditions="Members of a set exclude each other; the sets are independent; values in [0, 1]; ReLU; Σ d_k ≤ m.",
    source="Elhage et al. 2022, Toy Models of Superposition, section on anticorrelated features, saw antipodal pairs.",
    status=Status.PROVED,
    evidence="The proof; exact losses; a search.",
    proof="Give the members of a set unit vectors whose products are not positive, such as the 2d vectors of d "
    "antipodal pairs, and b = 0. If member i is the one that is on, its output is x_i, that of another member j is "
    "(x_i u_i·u_j)₊ = 0, and outputs of other sets see nothing of it, since the subspaces are orthogonal.",
    cases=[
        *(Case(f"2 × 2, probability {p}: unit antipodes", ((2, 2), p, (LINE, LINE)), "=", ROUNDING) for p in (0.05, 1)),
        Case("four and two members: square ⊗ pair", ((4, 2), 0.5, (antipodal_pairs(2), LINE)), "=", ROUNDING),
        Case("three and two members: triangle ⊗ pair", ((3, 2), 0.5, (polygon(3), LINE)), "=", ROUNDING),
        Case("2 × 2, probability 0.3: least loss found", ((2, 2), 0.3, ()), "=", ROUNDING, Status.VERIFIED),
    ],
    prediction=prediction,
    measurement=measurement,
)
