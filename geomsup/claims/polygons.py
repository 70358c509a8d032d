"""In the plane the best arrangement with one active feature is a regular polygon of at most seven vertices."""

from geomsup.bounds import Bound, one_active_bound
from geomsup.claims._claim import Case, Claim, Status
from geomsup.sparse import k_gon, minimize_one_active

SEARCH = 1e-10
"""Measured: at most 4e-16 for n up to 7, and 2e-15 beyond."""
ROUNDING = 1e-14
"""Of h_k, in floats. Measured: 3e-16."""
LARGEST = 7


def prediction(n: int, what: str) -> float:
    """Σ of a regular k-gon, k = min(n, 7), and n − k dropped features."""
    k = min(n, LARGEST)
    h = k_gon(k).h if k >= 5 else 0.0
    return (h + n - k) / 3


def measurement(n: int, what: str) -> float:
    """The least loss found; the least there is, by certificate; or the loss of the n-gon, nothing dropped."""
    if what == "search":
        return minimize_one_active(n, 2, n_starts=128 if n > LARGEST else 32, rng=0).loss
    if what == "polygon":
        return k_gon(n).h / 3
    return one_active_bound(n, 2).value


def certificates() -> list[Bound]:
    """For n = 5, 6 and 7."""
    return [one_active_bound(n, 2) for n in (5, 6, 7)]


CLAIM = Claim(
    topic="one active feature",
    statement="For n features in the plane and one active feature the least loss is that of a regular k-gon with "
    "its best norm and bias, k = min(n, 7), and n − k dropped features: (h_k + n − k)/3.",
    conditions="m = 2, b ≤ 0, importance 1, values uniform on [0, 1], h_k of gs.k_gon; for n ≤ 4 the loss is 0.",
    source="Chen et al. 2023, arXiv:2310.06301, for the losses of k-gons; that nothing is better is conjectured here.",
    status=Status.SEARCHED,
    evidence="Searches up to n = 10. Proved for n ≤ 7. The octagon is worse than a heptagon and a dropped feature.",
    proof="For n ≤ 4, n of the vectors of two antipodal pairs, without bias, lose nothing. For n = 5, 6 and 7: "
    "docs/bounds.md, Exactly: regular polygons are the least.",
    cases=[
        Case("n = 4: the least", (4, "bound"), "=", 0.0, Status.PROVED),
        Case("n = 5: the least", (5, "bound"), "=", ROUNDING, Status.PROVED),
        Case("n = 6: the least", (6, "bound"), "=", ROUNDING, Status.PROVED, slow=True),
        Case("n = 7: the least", (7, "bound"), "=", ROUNDING, Status.PROVED, slow=True),
        *(Case(f"n = {n}: least loss found", (n, "search"), "=", SEARCH, slow=n > 8) for n in range(4, 11)),
        *(Case(f"regular {n}-gon, nothing dropped", (n, "polygon"), ">", 0.0, Status.VERIFIED) for n in (8, 9, 12)),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
