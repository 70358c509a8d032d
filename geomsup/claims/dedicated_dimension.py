"""From which importance on a dimension of one's own is the best."""

import numpy as np

from geomsup.claims._claim import Case, Claim, Status
from geomsup.loss.expected import expected_loss
from geomsup.optimize import minimize
from geomsup.problem import Problem

ROUNDING = 1e-14
"""Measured: at most 3e-17."""
STEPS = 40
"""Of Newton's method at most; seven are common where features are rare."""


def prediction(s: float, what: str) -> float:
    """2/s − 5/2, below which sharing is better; or no difference there."""
    return 2 / s - 2.5 if what == "crossing" else 0.0


def measurement(s: float, what: str) -> float:
    """r*(s); or what the antipodal pair loses more at 2/s − 5/2."""
    if what == "crossing":
        return crossing(s)
    problem = Problem(2, 1, s, importance=[2 / s - 2.5, 1.0])
    return float(expected_loss(problem, [[1.0, -1.0]], [0.0, 0.0])) - dropped(s)


def crossing(s: float) -> float:
    """The importance at which sharing a dimension costs as much as dedicating it, by Newton's method from below.

    The least loss of sharing is concave in r, so that its tangents lie above it and the steps do not overshoot.
    """
    r = max(2 / s - 2.5, 1.0)
    for _ in range(STEPS):
        problem = Problem(2, 1, s, importance=[r, 1.0])
        solution = minimize(problem, n_starts=4, start=(np.array([[1.0, -1.0]]), np.zeros(2)), rng=0)
        excess = solution.loss - dropped(s)
        if excess > -1e-13:
            break
        r -= excess / float(expected_loss(problem.replace(importance=[1.0, 0.0]), solution.W, solution.b))
    return r


def dropped(s: float) -> float:
    """The loss of a feature that is dropped, at its best bias."""
    return s / 3 - s**2 / 4


CLAIM = Claim(
    topic="phases",
    statement="Two features of density s and importances r and 1 in one dimension: for r < 2/s − 5/2 sharing the "
    "dimension is better than giving it to the first alone. The importance from which on it is its own is larger, "
    "20.52 at s = 0.1 against 17.5.",
    conditions="Independent, uniform on [0, 1], W and b free; r ≥ 1.",
    source="The question of dedicated dimensions is from Nanda, 200 Concrete Open Problems in Mechanistic "
    "Interpretability, 4.24; derived here.",
    status=Status.PROVED,
    evidence="The proof; the crossing r*(s) of the least loss found with the loss of the dedicated arrangement, which "
    "is searched.",
    proof="The first alone costs v = s/3 − s²/4, with any norm and bias at least that (the floor of a dropped "
    "feature). Unit antipodes without bias cost (1 + r) s²/6, which is less if r < 6v/s² − 1 = 2/s − 5/2; the best "
    "sharing arrangement costs no more.",
    cases=[
        *(Case(f"s = {s}: unit antipodes at 2/s − 5/2", (s, "pair"), "=", ROUNDING) for s in (0.05, 0.3, 0.5)),
        Case("s = 0.3: r*", (0.3, "crossing"), ">", 0.0, Status.SEARCHED),
        Case("s = 0.1: r*", (0.1, "crossing"), ">", 0.0, Status.SEARCHED, slow=True),
    ],
    prediction=prediction,
    measurement=measurement,
)
