"""The pentagon is optimal with one active feature."""

from geomsup.bounds import Bound, one_active_bound
from geomsup.claims._claim import Case, Claim, Status
from geomsup.sparse import k_gon, minimize_one_active

GAP = 2.7e-7
"""Relative, of the certificate that ships with the package: what is proved."""
SEARCH = 1e-12
"""Measured: 1e-16."""


def prediction(what: str) -> float:
    """The loss of the regular pentagon at its best norm and bias; what the certificate leaves of it."""
    return k_gon(5).h / 3 * (1 - GAP if what == "within the gap" else 1)


def measurement(what: str) -> float:
    """A number that nothing can beat; or the least loss that a search finds."""
    return minimize_one_active(5, 2, n_starts=32, rng=0).loss if what == "search" else one_active_bound(5, 2).value


def certificates() -> list[Bound]:
    """Of the marked two-point bound."""
    return [one_active_bound(5, 2)]


CLAIM = Claim(
    topic="one active feature",
    statement="No arrangement of five features in the plane, with any norms and any biases b ≤ 0, has a loss with "
    "one active feature below (1 − 2.7e-7) times that of the regular pentagon, 0.0791281354.",
    conditions="n = 5, m = 2, importance 1, values uniform on [0, 1]: the limit of L/p as p → 0. That the pentagon "
    "is exactly optimal is a conjecture.",
    source="The question whether the pentagon is optimal: Levine, Math for AI Safety, MAIS-O42; the theorem is in "
    "docs/bounds.md.",
    status=Status.PROVED,
    evidence="A marked two-point certificate: matrices in exact arithmetic, an inequality in four variables on "
    "boxes with every rounding bounded. A search finds nothing below the pentagon.",
    proof="docs/bounds.md, All norms and biases: the marked two-point bound.",
    cases=[
        Case("the bound is at most the loss of the pentagon", ("bound",), "≤"),
        Case("and within the gap of it", ("within the gap",), "≥"),
        Case("least loss found", ("search",), "=", SEARCH, Status.SEARCHED),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
