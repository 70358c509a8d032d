"""The linear model does not superpose."""

import numpy as np

from geomsup.bounds import Bound, linear_bound
from geomsup.claims._claim import Case, Claim, Status
from geomsup.features import AnticorrelatedSets
from geomsup.importance import geometric_importance
from geomsup.optimize import minimize
from geomsup.problem import Problem

LOSS, OVERLAP = 1e-12, 1e-7
"""Measured at the minima found: losses to 2e-15, products of different features to 3e-10."""


def prediction(problem: Problem, what: str) -> float:
    """The proved bound; or no product of different features."""
    return linear_bound(problem).value if what == "loss" else 0.0


def measurement(problem: Problem, what: str) -> float:
    """Of the best arrangement found: its loss; or the largest |W_i·W_j|, i ≠ j."""
    solution = minimize(problem, n_starts=8, rng=0)
    return solution.loss if what == "loss" else float(np.abs(np.triu(solution.W.T @ solution.W, 1)).max())


def certificates() -> list[Bound]:
    """Of the tail of principal components."""
    return [linear_bound(problem) for problem in (DECAY, EQUAL, SETS)]


DECAY = Problem(8, 3, 0.1, geometric_importance(8, 0.7), activation="identity")
EQUAL = Problem(6, 2, 0.3, activation="identity")
UNEQUAL_P = Problem(5, 2, [0.5, 0.3, 0.2, 0.1, 0.05], activation="identity")
SETS = Problem(n_hidden=2, features=AnticorrelatedSets([[0, 1, 2], [3, 4]], [0.5, 0.3]), activation="identity")

CLAIM = Claim(
    topic="loss",
    statement="The linear model x' = WᵀWx + b gains nothing by superposition: its loss is at least Σ_{k>m} of the "
    "eigenvalues of D^½ΣD^½, and for uncorrelated features that is reached by m orthonormal columns for the "
    "features of largest I_i Var x_i and zero for the others; by nothing else, if the m-th and (m+1)-th largest "
    "differ.",
    conditions="D = diag(I), Σ = Cov x. The last sentence for I_i Var x_i > 0. With equal importance the bound is "
    "reached for any Σ; with unequal importance and correlation tied weights may stay above it.",
    source="Elhage et al. 2022, Toy Models of Superposition, section on the linear model; Eckart and Young 1936. "
    "docs/bounds.md has the conditions.",
    status=Status.PROVED,
    evidence="The proof; certificates in rational arithmetic; minima of searches, their losses and products.",
    proof="With the best bias the loss is ‖D^½Σ^½ − D^½MΣ^½‖², M = WᵀW of rank at most m: at least the tail of the "
    "singular values of A = D^½Σ^½ squared (Eckart and Young). For uncorrelated features A is diagonal, and M = the "
    "projection on the m coordinates of largest A_ii reaches it. If A_mm > A_(m+1)(m+1) in that order, the best "
    "approximation is unique: D^½MΣ^½ is that diagonal matrix, so M is that projection, and WᵀW = M says: "
    "orthonormal columns and zeros.",
    cases=[
        Case("n = 8, m = 3, importance 0.7^i: loss", (DECAY, "loss"), "=", LOSS, Status.VERIFIED),
        Case("n = 8, m = 3, importance 0.7^i: largest product", (DECAY, "product"), "=", OVERLAP, Status.VERIFIED),
        Case("n = 5, m = 2, five probabilities: loss", (UNEQUAL_P, "loss"), "=", LOSS, Status.VERIFIED),
        Case(
            "n = 5, m = 2, five probabilities: largest product", (UNEQUAL_P, "product"), "=", OVERLAP, Status.VERIFIED
        ),
        Case("n = 6, m = 2, all equal: loss", (EQUAL, "loss"), "=", LOSS, Status.VERIFIED),
        Case("two anticorrelated sets, m = 2, equal importance: loss", (SETS, "loss"), "=", LOSS, Status.VERIFIED),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
