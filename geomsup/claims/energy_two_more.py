"""The least energy of 2m + 2 unit vectors."""

from geomsup.bounds import Bound
from geomsup.claims._claim import Case, Claim, Status
from geomsup.claims._energies import energy_with_pairs, least_energy_found
from geomsup.claims._shipped import shipped_bound
from geomsup.frames import petersen_code, polygon, tegum

GAP = 1e-7
"""Relative, of the certificate for m = 4, which has 5.8e-8."""
ROUNDING, SEARCH = 1e-13, 1e-11
"""Measured: constructions to 4e-16, searches to 2e-15."""


def prediction(m: int, what: str) -> float:
    """5/3, whatever m is; what the certificate leaves of it for m = 4."""
    return 5 / 3 * (1 - GAP if what == "within the gap" else 1)


def measurement(m: int, what: str) -> float:
    """Of 2m + 2 vectors in R^m: the Petersen code, or two pentagons, and pairs; the least found; a bound."""
    if what == "pairs":
        return energy_with_pairs(petersen_code(), m)
    if what == "pentagons":
        return energy_with_pairs(tegum(polygon(5), polygon(5)), m)
    return least_energy_found(2 * m + 2, m) if what == "search" else shipped_bound(f"energy-{2 * m + 2}-{m}").value


def certificates() -> list[Bound]:
    """For m = 4 and 5."""
    return [shipped_bound("energy-10-4"), shipped_bound("energy-12-5")]


CLAIM = Claim(
    topic="energy and capacity",
    statement="The least Σ_{i≠j} (u_i·u_j)₊² of 2m + 2 unit vectors in R^m is 5/3 for every m ≥ 4: the Petersen "
    "code, and an antipodal pair in each of the other m − 4 dimensions.",
    conditions="m ≥ 4; sum over ordered pairs. For m = 2 and 3 the least found are 3 and 2.043833.",
    source="Conjectured here from searches; the code is that of Bachoc and Vallentin 2009, who prove another "
    "optimality.",
    status=Status.SEARCHED,
    evidence="m = 4: a three-point certificate proves 5/3 to 6e-8, relative. m = 5: 1.52720, 8.4 % below; beyond, "
    "only the bound of degree 2. That the construction has this energy is proved for every m. Searches for m = 4 to "
    "6 find nothing lower.",
    proof="The Petersen code has 60 ordered pairs with product 1/6 and others with −2/3: 60/36 = 5/3. Products "
    "between factors are 0, and pairs have no positive product.",
    cases=[
        *(
            Case(f"Petersen code and m − 4 antipodal pairs, m = {m}", (m, "pairs"), "=", ROUNDING, Status.PROVED)
            for m in (4, 5, 8)
        ),
        Case("two pentagons instead", (4, "pentagons"), ">", 0.0, Status.PROVED),
        Case("m = 4: bound", (4, "bound"), "≤", 0.0, Status.PROVED),
        Case("m = 4: bound, within the gap", (4, "within the gap"), "≥", 0.0, Status.PROVED),
        Case("m = 5: bound", (5, "bound"), "≤", 0.0, Status.PROVED),
        *(Case(f"m = {m}: least found", (m, "search"), "=", SEARCH) for m in range(4, 9)),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
