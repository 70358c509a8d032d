"""C(2) = 5(7 + √5)/11."""

from math import sqrt

from geomsup.bounds import Bracket, capacity
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import antipodal_pairs, polygon
from geomsup.sparse import capacity_of, capacity_search

ROUNDING = 1e-13
"""Of a float near 4.2: two units in the last place are 1.8e-15. Measured: at most 9e-16; for searches 2e-14."""


def prediction(what: str, n: int = 0) -> float:
    """5(7 + √5)/11."""
    return 5 * (7 + sqrt(5)) / 11


def measurement(what: str, n: int = 0) -> float:
    """Both sides of the bracket, what a search finds, or what an arrangement is worth."""
    if what == "search":
        return capacity_search(2, n, n_starts=16, rng=0).value
    if what == "worth":
        return capacity_of(antipodal_pairs(2) if n == 4 else polygon(n))
    bracket = capacity(2)
    return bracket.lower if what == "lower" else bracket.upper


def certificates() -> list[Bracket]:
    """Of both sides, over Q(√5)."""
    return [capacity(2)]


CLAIM = Claim(
    topic="energy and capacity",
    statement="C(2) = 5(7 + √5)/11 = 4.198213: two dimensions are worth that many features without bias, and the "
    "regular pentagon attains it. So in the limit 3L/p ≥ n − C(2) for n features in the plane.",
    conditions="C(m) = sup (Σ‖W_j‖²)²/Σ_{i,j} (W_i·W_j)₊² over all arrangements, of any number of features, in R^m; "
    "equal importance, b = 0, p → 0.",
    source="docs/bounds.md, The pentagon.",
    status=Status.PROVED,
    evidence="A two-point certificate over Q(√5), decided by Sturm's theorem, and the exact worth of the pentagon: "
    "the same number. Searches with more features reach it and no more.",
    proof="h = Σ c_k T_k with the c_k of docs/bounds.md has c_k ≥ 0 and lies below t₊² on [−1, 1]; so Σ w_i w_j "
    "(u_i·u_j)₊² ≥ c_0 (Σw)², with 1/c_0 = 5(7 + √5)/11.",
    cases=[
        Case("upper side, certificate", ("upper",), "=", ROUNDING),
        Case("lower side, exact worth of the pentagon", ("lower",), "=", ROUNDING),
        *(Case(f"largest found with {n} features", ("search", n), "=", ROUNDING, Status.SEARCHED) for n in (5, 7)),
        Case("two antipodal pairs", ("worth", 4), "<"),
        Case("heptagon", ("worth", 7), "<"),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
