"""What an antipodal pair loses."""

from geomsup.claims._claim import Case, Claim, Status
from geomsup.loss.expected import expected_loss
from geomsup.problem import Problem

ROUNDING = 1e-14
"""Measured: at most 6e-17."""


def prediction(p: float, a: float, b: float) -> float:
    """(a + b) p²/6."""
    return (a + b) * p**2 / 6


def measurement(p: float, a: float, b: float) -> float:
    """The exact loss of W = (1, −1) without bias."""
    return float(expected_loss(Problem(2, 1, p, [a, b]), [[1.0, -1.0]], [0.0, 0.0]))


CLAIM = Claim(
    topic="loss",
    statement="Two features at unit vectors in opposite directions, without bias, lose I p²/6 each: (a + b) p²/6 "
    "together.",
    conditions="Importances a and b, feature probability p, independent, values uniform on [0, 1], ReLU.",
    source="Wattenberg, Exact toy models (notebook).",
    status=Status.PROVED,
    evidence="The proof; the exact loss.",
    proof="Output 1 is (x_1 − x_2)₊, and x_1 − (x_1 − x_2)₊ = min(x_1, x_2). It is not 0 only if both are active, "
    "with probability p², and then E min² = ∫ 2t (1 − t)² dt = 1/6.",
    cases=[
        *(Case(f"p = {p}, importance 1", (p, 1.0, 1.0), "=", ROUNDING) for p in (0.01, 0.3, 1.0)),
        Case("p = 0.5, importances 1 and 0.2", (0.5, 1.0, 0.2), "=", ROUNDING),
    ],
    prediction=prediction,
    measurement=measurement,
)
