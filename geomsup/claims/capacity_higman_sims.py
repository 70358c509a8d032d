"""C(22) = 550/9, to 1e-8."""

from geomsup.bounds import Bracket, capacity
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import higman_sims_code
from geomsup.sparse import capacity_of

GAP = 1e-8
"""Relative: what is proved above the lower side. The certificate has 8.4e-9."""
ROUNDING = 1e-12
"""Measured: 7e-15."""


def prediction(what: str) -> float:
    """550/9, or that with the gap."""
    return 550 / 9 * (1 + GAP if what == "upper" else 1)


def measurement(what: str) -> float:
    """Both sides of the bracket, or what the code is worth in floats."""
    if what == "code":
        return capacity_of(higman_sims_code())
    bracket = capacity(22)
    return bracket.lower if what == "lower" else bracket.upper


def certificates() -> list[Bracket]:
    """Of both sides."""
    return [capacity(22)]


CLAIM = Claim(
    topic="energy and capacity",
    statement="550/9 ≤ C(22) ≤ (1 + 1e-8) 550/9: 22 dimensions are worth 61.111111 features without bias, and the "
    "100 directions of the Higman–Sims graph attain that.",
    conditions="C(m) as in capacity-plane. That C(22) is exactly 550/9 is a conjecture.",
    source="docs/bounds.md, Three points, after Bachoc and Vallentin 2008; the conjecture is that of this package.",
    status=Status.PROVED,
    evidence="Above, a three-point certificate of degree 5: sums of squares in rationals, and one inequality in "
    "three cosines proved by subdivision with every rounding bounded. Below, the code in exact arithmetic.",
    proof="docs/bounds.md, Three points.",
    cases=[
        Case("upper side, certificate", ("upper",), "≤"),
        Case("lower side, exact worth of the code", ("lower",), "=", ROUNDING),
        Case("the code built from its graph", ("code",), "=", ROUNDING),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
