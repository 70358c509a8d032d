"""How many equally good arrangements there are."""

from functools import cache
from itertools import permutations
from math import factorial

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.features import CorrelatedSets
from geomsup.identification import symmetry
from geomsup.optimize import minimize
from geomsup.problem import Problem

SAME = 1e-6
"""Between entries of Gram matrices of order 1. Those of minima are good to 1e-9."""


PAIRS = Problem(n_hidden=2, features=CorrelatedSets.of_size(3, 2, 0.05))


def prediction(problem: Problem, order: int) -> float:
    """The order of the group of the problem over that of the symmetries of its best arrangement."""
    return order / symmetry(best(problem)).order


def measurement(problem: Problem, order: int) -> float:
    """How many Gram matrices there are among those of the best arrangement with its features exchanged."""
    W = best(problem)
    G = W.T @ W
    found: list[FloatArray] = []
    for p in group(problem):
        copy = G[np.ix_(p, p)]
        if all(np.abs(copy - other).max() > SAME for other in found):
            found.append(copy)
    return float(len(found))


def group(problem: Problem) -> list[tuple[int, ...]]:
    """The permutations of equal features that keep the law of the inputs: sets go to sets."""
    sets = {frozenset(members.members) for members in problem.features.groups}
    every = permutations(range(problem.n_features))
    return [p for p in every if {frozenset(p[i] for i in one) for one in sets} == sets]


@cache
def best(problem: Problem) -> FloatArray:
    """The best arrangement found."""
    return minimize(problem, n_starts=8, rng=0).W


CLAIM = Claim(
    topic="geometry",
    statement="An arrangement has |G| / |S| copies of equal loss that no rotation turns into each other, where G is "
    "the group of permutations that keep the law of the inputs and the importances, and S its subgroup of those that a "
    "rotation of the arrangement performs.",
    conditions="Any problem and arrangement; copies by permutation of the features. Other arrangements of the same "
    "loss are not excluded. In the cases S is the whole symmetry group of the arrangement.",
    source="The question whether there are several equally good sets of features is from Nanda, 200 Concrete Open "
    "Problems in Mechanistic Interpretability, 4.20.",
    status=Status.PROVED,
    evidence="The proof; distinct Gram matrices counted, against the order that gs.symmetry finds. The arrangements "
    "are the best of a search.",
    proof="Permuting features and biases alike by an element of G keeps the expected loss. Two arrangements differ by "
    "a rotation exactly if their Gram matrices are equal. So the copies are the orbit of (WᵀW, b) under G, S is its "
    "stabiliser, and the orbit has |G| / |S| elements (orbit and stabiliser). Biases follow the Gram matrix here.",
    cases=[
        Case("n = 5, m = 2, p = 0.3: two pairs, one dropped", (Problem(5, 2, 0.3), factorial(5)), "="),
        Case("n = 5, m = 2, p = 0.1: pentagon", (Problem(5, 2, 0.1), factorial(5)), "="),
        Case("n = 6, m = 3, p = 0.1: octahedron", (Problem(6, 3, 0.1), factorial(6)), "="),
        Case("three correlated pairs, m = 2, p = 0.05: hexagon", (PAIRS, 2**3 * factorial(3)), "="),
    ],
    prediction=prediction,
    measurement=measurement,
)
