"""The pentagon is optimal with one active feature."""

from geomsup.bounds import Bound, one_active_bracket, polygon_minimum
from geomsup.claims._claim import Case, Claim, Status
from geomsup.sparse import k_gon, minimize_one_active

ROUNDING = 1e-14
"""Of the loss of the pentagon, in floats. Measured: 4e-16."""
SEARCH = 1e-12
"""Measured: 1e-16."""


def prediction(what: str) -> float:
    """The loss of the regular pentagon at its best norm and bias; no gap."""
    return 0.0 if what == "gap" else k_gon(5).h / 3


def measurement(what: str) -> float:
    """The least loss, and the relative gap between both sides of it; or the least loss that a search finds."""
    if what == "gap":
        return one_active_bracket(5, 2).relative_gap
    if what == "search":
        return minimize_one_active(5, 2, n_starts=32, rng=0).loss
    return polygon_minimum(5, bias="free" if what == "any sign" else "nonpositive").value


def certificates() -> list[Bound]:
    """Of the least loss, over b ≤ 0 and over biases of any sign."""
    return [polygon_minimum(5), polygon_minimum(5, bias="free")]


CLAIM = Claim(
    topic="one active feature",
    statement="Of all arrangements of five features in the plane, with any norms and any biases b ≤ 0, the regular "
    "pentagon with norm 1.17046 and bias −0.28230 has the least loss with one active feature, 0.0791281354, and it "
    "alone, up to rotation, reflection and the order of the features. The same over biases of any sign.",
    conditions="n = 5, m = 2, importance 1, values uniform on [0, 1]: with b ≤ 0 the limit of L/p as p → 0, with "
    "biases of any sign five times the loss of inputs that always have one active feature.",
    source="The question whether the pentagon is optimal: Levine, Math for AI Safety, MAIS-O42; the theorem is in "
    "docs/bounds.md.",
    status=Status.PROVED,
    evidence="A certificate: a marked two-point bound 1.3e-8 below it, boxes that leave only neighbourhoods of the "
    "pentagon with every rounding bounded, and second derivatives there in ball arithmetic; for biases of any sign "
    "another, by which a positive one costs more than the bound leaves. A search finds nothing below it.",
    proof="docs/bounds.md, Exactly: regular polygons are the least.",
    cases=[
        Case("least loss", ("least",), "=", ROUNDING),
        Case("least loss over biases of any sign", ("any sign",), "=", ROUNDING),
        Case("relative gap between what is attained and what nothing beats", ("gap",), "="),
        Case("least loss found", ("search",), "=", SEARCH, Status.SEARCHED),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
