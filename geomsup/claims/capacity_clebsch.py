"""C(5) = 80/7, to 2e-8."""

from geomsup.bounds import Bracket, capacity
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import clebsch_code
from geomsup.sparse import capacity_of

GAP = 2e-8
"""Relative: what is proved above the lower side. The certificate has 1.4e-8."""
ROUNDING = 1e-12
"""Measured: 2e-15."""


def prediction(what: str) -> float:
    """80/7, or that with the gap."""
    return 80 / 7 * (1 + GAP if what == "upper" else 1)


def measurement(what: str) -> float:
    """Both sides of the bracket, or what the code is worth in floats."""
    if what == "code":
        return capacity_of(clebsch_code())
    bracket = capacity(5)
    return bracket.lower if what == "lower" else bracket.upper


def certificates() -> list[Bracket]:
    """Of both sides."""
    return [capacity(5)]


CLAIM = Claim(
    topic="energy and capacity",
    statement="80/7 ≤ C(5) ≤ (1 + 2e-8) 80/7: 5 dimensions are worth 11.428571 features without bias, and the 16 "
    "directions of the Clebsch graph attain that.",
    conditions="C(m) as in capacity-plane. That C(5) is exactly 80/7 is a conjecture.",
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
