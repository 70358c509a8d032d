"""The least energy of 2m + 1 unit vectors."""

from math import sqrt

from geomsup.bounds import Bound
from geomsup.claims._claim import Case, Claim, Status
from geomsup.claims._energies import energy_with_pairs, least_energy_found, pentagon_bound
from geomsup.claims._shipped import shipped_bound
from geomsup.frames import polygon

ROUNDING, SEARCH = 1e-13, 1e-11
"""Measured: constructions to 4e-16, searches to 4e-15."""


def prediction(m: int, what: str) -> float:
    """5(3 − √5)/4, whatever m is."""
    return 5 * (3 - sqrt(5)) / 4


def measurement(m: int, what: str) -> float:
    """Of 2m + 1 vectors in R^m: a pentagon and antipodal pairs; the least found; a number that nothing can beat."""
    if what == "pairs":
        return energy_with_pairs(polygon(5), m)
    if what == "search":
        return least_energy_found(2 * m + 1, m)
    return (pentagon_bound() if m == 2 else shipped_bound(f"energy-{2 * m + 1}-{m}")).value


def certificates() -> list[Bound]:
    """For m = 2, 3 and 4."""
    return [pentagon_bound(), shipped_bound("energy-7-3"), shipped_bound("energy-9-4")]


CLAIM = Claim(
    topic="energy and capacity",
    statement="The least Σ_{i≠j} (u_i·u_j)₊² of 2m + 1 unit vectors in R^m is 5(3 − √5)/4 = 0.954915 for every m ≥ "
    "2: a pentagon, and an antipodal pair in each of the other m − 2 dimensions.",
    conditions="m ≥ 2; sum over ordered pairs.",
    source="Conjectured here from searches.",
    status=Status.SEARCHED,
    evidence="m = 2: proved exactly, a certificate over Q(√5). m = 3: a three-point certificate proves 0.93824, 1.7 "
    "% below; m = 4: 0.79679, 17 % below; beyond, only the bound of degree 2 in docs/bounds.md. That the "
    "construction has this energy is proved for every m. Searches for m up to 8 find nothing lower.",
    proof="Products between factors are 0, and pairs have no positive product, so the construction has the energy "
    "of the pentagon: 10 products (√5 − 1)/4, squared. For m = 2 the polynomial of capacity-plane has Σ_{i≠j} f ≥ "
    "25 c_0 − 5 h(1) = 25 (7 − √5)/20 − 5.",
    cases=[
        *(
            Case(f"pentagon and m − 2 antipodal pairs, m = {m}", (m, "pairs"), "=", ROUNDING, Status.PROVED)
            for m in (2, 3, 4, 8)
        ),
        Case("m = 2: bound", (2, "bound"), "=", ROUNDING, Status.PROVED),
        *(Case(f"m = {m}: bound", (m, "bound"), "≤", 0.0, Status.PROVED) for m in (3, 4)),
        *(Case(f"m = {m}: least found", (m, "search"), "=", SEARCH) for m in range(2, 9)),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
