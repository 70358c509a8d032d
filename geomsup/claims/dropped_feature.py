"""What a feature without a direction loses."""

from geomsup.bounds import Bound, dropped_feature_floor
from geomsup.claims._claim import Case, Claim, Status
from geomsup.loss.expected import expected_loss
from geomsup.problem import Problem

ROUNDING = 1e-14
"""Measured: at most 6e-17."""


def prediction(p: float, importance: float, bias: float | None = None) -> float:
    """I (p/3 − p²/4)."""
    return importance * (p / 3 - p**2 / 4)


def measurement(p: float, importance: float, bias: float | None = None) -> float:
    """The loss of W = 0 at a bias; or the floor that is proved for any."""
    problem = Problem(1, 1, p, importance)
    if bias is None:
        return dropped_feature_floor(problem, [0]).value
    return float(expected_loss(problem, [[0.0]], [bias]))


def certificates() -> list[Bound]:
    """Of the floor."""
    return [dropped_feature_floor(Problem(1, 1, 0.25, 0.5), [0])]


CLAIM = Claim(
    topic="loss",
    statement="A feature with W_i = 0 loses at least I_i (p/3 − p²/4), and exactly that at the bias p/2.",
    conditions="Importance I_i, feature probability p, values uniform on [0, 1], whatever the other features do. In "
    "general: I_i Var x_i, at the bias E x_i.",
    source="Wattenberg, Exact toy models (notebook), for the number; docs/bounds.md for the floor.",
    status=Status.PROVED,
    evidence="The proof; a certificate in rational arithmetic; the exact loss at the best bias and at others.",
    proof="The output is a constant c, and E(x − c)² = Var x + (c − E x)². Here E x = p/2 and E x² = p/3, so Var x "
    "= p/3 − p²/4. A bias p/2 > 0 passes the ReLU unchanged.",
    cases=[
        *(Case(f"p = {p}, bias p/2", (p, 1.0, p / 2), "=", ROUNDING) for p in (0.01, 0.3, 1.0)),
        Case("p = 0.3, importance 0.5, bias p/2", (0.3, 0.5, 0.15), "=", ROUNDING),
        Case("p = 0.3, bias 0", (0.3, 1.0, 0.0), ">"),
        Case("p = 0.3, bias 0.2", (0.3, 1.0, 0.2), ">"),
        Case("floor for any weights of the others, p = 0.3", (0.3, 1.0), "=", ROUNDING),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
