"""What one active feature loses if its values keep away from zero."""

import numpy as np
from scipy.optimize import minimize as scipy_minimize

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.features import Constant, Discrete, Independent, Uniform, ValueLaw
from geomsup.frames import icosahedron, polygon
from geomsup.loss.expansion import expansion
from geomsup.loss.expected import expected_loss
from geomsup.optimize import minimize
from geomsup.problem import Problem

ROUNDING = 1e-13
"""Measured: at most 2e-16 a feature."""
SEARCH = 1e-10
"""Measured: at most 2e-13, of losses near 0.001."""
P = 0.01
THIRDS, UPPER = Discrete([1 / 3, 2 / 3, 1]), Uniform(0.5, 1.0)


def prediction(law: ValueLaw, what: str, U: FloatArray) -> float:
    """c² Var u / E(u − c)², c the largest product; or the least loss of a regular pentagon."""
    if what == "search":
        return _best_pentagon(_problem(law, U))
    c, mean, second = cosine(U), law.moment(1), law.moment(2)
    return c**2 * (second - mean**2) / (second - 2 * c * mean + c**2)


def measurement(law: ValueLaw, what: str, U: FloatArray) -> float:
    """What is lost with one active feature, for each of them and given that it is on; or the least loss found."""
    problem = _problem(law, U)
    if what == "search":
        return minimize(problem, n_starts=8, rng=0).loss
    n = U.shape[1]
    one = expansion(problem, *arrangement(law, U), order=1).terms[1]
    return float(one / (n * P * (1 - P) ** (n - 1)))


def arrangement(law: ValueLaw, U: FloatArray) -> tuple[FloatArray, FloatArray]:
    """W and b of the claim."""
    c, mean, second = cosine(U), law.moment(1), law.moment(2)
    square = (second - c * mean) / (second - 2 * c * mean + c**2)
    return np.sqrt(square) * U, np.full(U.shape[1], -c * square)


def cosine(U: FloatArray) -> float:
    """The largest product of two different unit vectors."""
    return float(np.max(U.T @ U - 2 * np.eye(U.shape[1])))


def _problem(law: ValueLaw, U: FloatArray) -> Problem:
    return Problem(n_hidden=len(U), features=Independent(P, law, U.shape[1]))


def _best_pentagon(problem: Problem) -> float:
    """Over norm and bias, from the arrangement of the claim."""

    def loss(x: FloatArray) -> float:
        return float(expected_loss(problem, x[0] * polygon(5), np.full(5, x[1])))

    options = {"xatol": 1e-8, "fatol": 1e-16}
    return float(scipy_minimize(loss, [1.1, -0.3], method="Nelder-Mead", options=options).fun)


CLAIM = Claim(
    topic="one active feature",
    statement="Unit vectors u_i with largest product c, times the square root of l² = E u(u − c)/E(u − c)², and b = −c "
    "l² lose c² Var u/E(u − c)² for an active feature that is alone, if no value u of an active feature is below c. "
    "With values 0 and 1 (Var u = 0) that is nothing, for any number of features in two dimensions or more.",
    conditions="0 ≤ c < 1, features independent and of one law, values in [c, 1], importance 1. In the plane regular "
    "n-gons have c = cos 2π/n, n ≥ 4. That other arrangements lose more is not claimed.",
    source="Derived here; the question is from Nanda, 200 Concrete Open Problems in Mechanistic Interpretability, 4.7 "
    "to 4.9.",
    status=Status.PROVED,
    evidence="The proof; exact one-active terms for four laws. That the regular pentagon is best for five features of "
    "each law at probability 0.01 is searched.",
    proof="If i alone is on, z_j = l²(u u_i·u_j − c) ≤ 0 for j ≠ i, since u ≤ 1, so all other outputs are right; and "
    "z_i = l²(u − c) ≥ 0. So the loss is E(u − l²(u − c))², whose least value over l² is the squared distance of u "
    "from the multiples of u − c: the Gram determinant of u and u − c over E(u − c)². That of u and u − c is c² times "
    "that of u and 1, which is Var u.",
    cases=[
        *(Case(f"0 or 1, regular {n}-gon", (Constant(), "alone", polygon(n)), "=", ROUNDING) for n in (5, 8, 24)),
        Case("0 or 1, icosahedron", (Constant(), "alone", icosahedron()), "=", ROUNDING),
        Case("uniform on [1/2, 1], regular hexagon", (UPPER, "alone", polygon(6)), "=", ROUNDING),
        Case("uniform on [1/2, 1], icosahedron", (UPPER, "alone", icosahedron()), "=", ROUNDING),
        Case("1/3, 2/3 or 1, regular pentagon", (THIRDS, "alone", polygon(5)), "=", ROUNDING),
        *(
            Case(f"{name}, n = 5, m = 2: least loss found", (law, "search", polygon(5)), "=", SEARCH, Status.SEARCHED)
            for name, law in (("0 or 1", Constant()), ("1/3, 2/3 or 1", THIRDS), ("uniform on [1/2, 1]", UPPER))
        ),
    ],
    prediction=prediction,
    measurement=measurement,
)
