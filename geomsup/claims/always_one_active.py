"""In the plane, with one feature always active, positive biases help dropped features only."""

from geomsup.bounds import Bound, one_active_bound
from geomsup.claims._claim import Case, Claim, Status
from geomsup.sparse import k_gon, minimize_one_active

SEARCH = 1e-10
"""Measured: at most 2e-15."""
LARGEST = 7


def prediction(n: int, what: str) -> float:
    """The mean loss of a regular k-gon, k = min(n, 7), and n − k dropped features with bias 1/(2n)."""
    k = min(n, LARGEST)
    return k_gon(k).mean_loss(n, biased=n - k)


def measurement(n: int, what: str) -> float:
    """The least mean loss found; a number that nothing can beat; or the least found with some bias above 0.001."""
    if what == "bound":
        return one_active_bound(n, 2, bias="free").value / n
    found = minimize_one_active(n, 2, bias="free", n_starts=128 if n > LARGEST else 32, rng=0)
    if what == "search":
        return found.mean_loss
    return min(one.loss for one in found.minima if one.b.max() > 1e-3) / n


def certificates() -> list[Bound]:
    """For n = 5 and 6."""
    return [one_active_bound(n, 2, bias="free") for n in (5, 6)]


CLAIM = Claim(
    topic="one active feature",
    statement="For n features in the plane of which always exactly one is active, with biases of any sign, the least "
    "loss is that of a regular k-gon with its best norm and bias b ≤ 0, k = min(n, 7), and n − k dropped features with "
    "bias 1/(2n): (h_k + n − k)/(3n) − (n − k)/(4n²).",
    conditions="m = 2, importance 1, values uniform on [0, 1], n ≥ 4, h_k of gs.k_gon; the mean over which feature is "
    "active.",
    source="Chen et al. 2023, arXiv:2310.06301, for the model and the losses; that nothing is better is conjectured "
    "here.",
    status=Status.SEARCHED,
    evidence="Searches up to n = 10. Lower bounds by certificate over all W and all b: to 2.7e-7 for n = 5 and 2.8e-7 "
    "for n = 6, relative; none for n ≥ 7.",
    proof="For n ≤ 4 antipodal pairs lose nothing. For n = 5 and 6: docs/bounds.md, Biases of any sign.",
    cases=[
        Case("n = 5: bound", (5, "bound"), "≤", 0.0, Status.PROVED),
        Case("n = 6: bound", (6, "bound"), "≤", 0.0, Status.PROVED),
        *(Case(f"n = {n}: least loss found", (n, "search"), "=", SEARCH, slow=n > 8) for n in range(4, 11)),
        Case("n = 5: least found with a positive bias", (5, "positive"), ">", 0.0),
        Case("n = 6: least found with a positive bias", (6, "positive"), ">", 0.0),
        Case("n = 7: least found with a positive bias", (7, "positive"), ">", 0.0),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
