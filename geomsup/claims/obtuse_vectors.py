"""At most 2m vectors without an acute angle."""

from geomsup.bounds import Bound, welch_bound
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import antipodal_pairs
from geomsup.sparse import ReluSquared, energy_of, minimize_energy


def prediction(m: int, how: str) -> float:
    """2m; or no energy."""
    return 2.0 * m if how == "certificates" else 0.0


def measurement(m: int, how: str) -> float:
    """The most vectors whose energy Σ (u_i·u_j)₊² is not proved to be positive; or an energy."""
    if how == "certificates":
        n = 1
        while welch_bound(n + 1, m).value <= 0:
            n += 1
        return float(n)
    if how == "pairs":
        return energy_of(ReluSquared(), antipodal_pairs(m))
    return minimize_energy(ReluSquared(), 2 * m + 1, m, n_starts=16, rng=0).energy


def certificates() -> list[Bound]:
    """The energy of 2m + 1 unit vectors is positive."""
    return [welch_bound(2 * m + 1, m) for m in range(1, 9)]


CLAIM = Claim(
    topic="geometry",
    statement="In R^m there are at most 2m nonzero vectors whose products are pairwise at most 0, and there are 2m: "
    "antipodal pairs.",
    conditions="m ≥ 1. So with more than 2m features in m dimensions, without dropping any, some interfere.",
    source="Classical; the proof is by induction. The second argument is the bound of degree 2 of docs/bounds.md.",
    status=Status.PROVED,
    evidence="The proof; certificates that 2m + 1 unit vectors have positive energy, m = 1 to 8; searches that agree.",
    proof="Induction on m; m = 1 is clear. Take one of the vectors, scaled to length 1: u. The others have parts v' "
    "= v − (v·u)u orthogonal to u, with v'·w' = v·w − (v·u)(w·u) ≤ 0, as v·u and w·u are both at most 0. A part v' "
    "= 0 means that v is a negative multiple of u, and two such would have a positive product: at most one. The "
    "rest, at least n − 2 vectors, are nonzero in R^(m−1), so n − 2 ≤ 2(m − 1).",
    cases=[
        *(Case(f"most vectors not excluded, m = {m}", (m, "certificates"), "=") for m in range(1, 9)),
        *(Case(f"energy of m antipodal pairs, m = {m}", (m, "pairs"), "=") for m in (1, 4, 8)),
        *(
            Case(f"least energy found of {2 * m + 1} vectors, m = {m}", (m, "search"), ">", 0.0, Status.SEARCHED)
            for m in (1, 2, 3, 4)
        ),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
