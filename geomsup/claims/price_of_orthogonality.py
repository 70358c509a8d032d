"""What avoiding superposition costs, and from which sparsity on antipodal pairs are better."""

import numpy as np

from geomsup.bounds import Bound, price_of_orthogonality
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import antipodal_pairs
from geomsup.loss.expected import expected_loss
from geomsup.problem import Problem

ROUNDING = 1e-13
"""Measured: at most 5e-16."""


def prediction(n: int, m: int, S: float, what: str) -> float:
    """(n − m) v with v = (1 − S)(1 + 3S)/12; or the gain m (1 − S)(7S − 3)/12."""
    return (n - m) * (1 - S) * (1 + 3 * S) / 12 if what == "price" else m * (1 - S) * (7 * S - 3) / 12


def measurement(n: int, m: int, S: float, what: str) -> float:
    """The price; or how far below it the loss of m antipodal pairs is, the other features dropped."""
    problem = Problem(n, m, 1 - S)
    price = price_of_orthogonality(problem).value
    if what == "price":
        return price
    W, b = np.zeros((m, n)), np.full(n, (1 - S) / 2)
    W[:, : 2 * m], b[: 2 * m] = antipodal_pairs(m), 0.0
    return price - float(expected_loss(problem, W, b))


def certificates() -> list[Bound]:
    """Of the price."""
    return [price_of_orthogonality(Problem(5, 2, 0.25)), price_of_orthogonality(Problem(20, 5, 0.5))]


CLAIM = Claim(
    topic="loss",
    statement="Without superposition the loss is at least (n − m) v, v = (1 − S)(1 + 3S)/12. For n ≥ 2m, m "
    "antipodal pairs lose less than that by m (1 − S)(7S − 3)/12, so superposition pays whenever S > 3/7.",
    conditions="Importance 1, sparsity S = 1 − p, independent, uniform on [0, 1], ReLU. Without superposition: W "
    "with orthogonal columns, of which at most m are not zero. That pairs are better from S = 3/7 on says nothing "
    "about other arrangements, which may be better earlier.",
    source="Levine, Math for AI Safety (agendas A3 and A4), for the price and the gain; derived in docs/bounds.md.",
    status=Status.PROVED,
    evidence="The proof; certificates of the price in rational arithmetic; exact losses on both sides of 3/7.",
    proof="At most m columns of W are not zero, and every other feature loses v = Var x = p/3 − p²/4 at least. In "
    "pairs 2m features lose p²/6 each and the other n − 2m lose v: the gain is (n − m)v − m p²/3 − (n − 2m)v = m (v "
    "− p²/3), and v − p²/3 = p (4 − 7p)/12 = (1 − S)(7S − 3)/12.",
    cases=[
        Case("price, n = 5, m = 2, S = 0.5", (5, 2, 0.5, "price"), "=", ROUNDING),
        Case("price, n = 20, m = 5, S = 0.9", (20, 5, 0.9, "price"), "=", ROUNDING),
        Case("gain, n = 5, m = 2, S = 0.9", (5, 2, 0.9, "gain"), "=", ROUNDING),
        Case("gain, n = 5, m = 2, S = 3/7: none", (5, 2, 3 / 7, "gain"), "=", ROUNDING),
        Case("gain, n = 5, m = 2, S = 0.2: a loss", (5, 2, 0.2, "gain"), "=", ROUNDING),
        Case("gain, n = 20, m = 5, S = 0.99", (20, 5, 0.99, "gain"), "=", ROUNDING),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
