"""How many equal features a number of dimensions has room for at a density."""

from functools import cache

from geomsup.claims._claim import Case, Claim, Status
from geomsup.optimize import minimize
from geomsup.problem import Problem

ROOT = 1e-12
"""Measured: 2e-16."""
ROOM = ((2, 0.3, 4), (2, 0.1, 5), (2, 0.05, 6), (2, 0.01, 7), (3, 0.3, 6), (3, 0.2, 8), (3, 0.12, 9))
"""Dimensions, density, and the number of features there is room for."""


@cache
def least(m: int, s: float, n: int) -> float:
    """The least loss of n features that is found."""
    return minimize(Problem(n, m, s), n_starts=64, rng=0).loss


def prediction(what: str, m: int, s: float, n: int, more: int) -> float:
    """That of n features, and what more of them cost that are dropped."""
    return least(m, s, n) + more * (s / 3 - s**2 / 4)


def measurement(what: str, m: int, s: float, n: int, more: int) -> float:
    """The least loss of all."""
    return least(m, s, n + more)


CLAIM = Claim(
    topic="phases",
    statement="At a density s, m dimensions have room for some number k of equal features: 4 in the plane at s = 0.3, "
    "5 at 0.1, 6 at 0.05, 7 at 0.01. Each one beyond is dropped and costs s/3 − s²/4, and the others do as if it were "
    "not there.",
    conditions="Independent, uniform on [0, 1], W and b free. Not at every density: between the pentagon and the "
    "hexagon, for s from 0.068720 to 0.081118, features beyond the fifth are faint instead, a quarter as long as the "
    "others, and cost less. That one more feature costs at most s/3 − s²/4 is proved, always.",
    source="This package: figures/fig_phase_sizes.py.",
    status=Status.SEARCHED,
    evidence="Searches with up to eleven features. The last one there is room for costs less than if it were dropped.",
    cases=[
        *(
            Case(f"m = {m}, s = {s}, n = {k + 2}", ("room", m, s, k, 2), "=", ROOT, Status.SEARCHED, slow=m > 2)
            for m, s, k in ROOM
        ),
        *(
            Case(f"m = {m}, s = {s}, n = {k}", ("room", m, s, k - 1, 1), "<", 0.0, Status.SEARCHED, slow=m > 2)
            for m, s, k in ROOM
        ),
        Case("m = 2, s = 0.08, n = 6, faint", ("room", 2, 0.08, 5, 1), "<", 0.0, Status.VERIFIED),
        Case("m = 2, s = 0.08, n = 7, both faint", ("room", 2, 0.08, 6, 1), "<", 0.0, Status.VERIFIED),
    ],
    prediction=prediction,
    measurement=measurement,
)
