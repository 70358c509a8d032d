"""In the plane, with one feature always active, positive biases help dropped features only."""

from geomsup.bounds import Bound, polygon_minimum
from geomsup.claims._claim import Case, Claim, Status
from geomsup.sparse import k_gon, minimize_one_active

SEARCH = 1e-10
"""Measured: at most 2e-15."""
ROUNDING = 1e-14
"""Of h_k, in floats. Measured: 3e-16."""
LARGEST = 7


def prediction(n: int, what: str) -> float:
    """The mean loss of a regular k-gon, k = min(n, 7), and n − k dropped features with bias 1/(2n)."""
    k = min(n, LARGEST)
    return k_gon(k).mean_loss(n, biased=n - k)


def measurement(n: int, what: str) -> float:
    """The least mean loss there is, by certificate; the least found; or the least found with some bias above 0.001."""
    if what == "least":
        return polygon_minimum(n, bias="free").value / n
    found = minimize_one_active(n, 2, bias="free", n_starts=128 if n > LARGEST else 32, rng=0)
    if what == "search":
        return found.mean_loss
    return min(one.loss for one in found.minima if one.b.max() > 1e-3) / n


def certificates() -> list[Bound]:
    """For n = 5 and 6; that for n = 7 takes a quarter of a minute and is measured as a slow case."""
    return [polygon_minimum(n, bias="free") for n in (5, 6)]


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
    evidence="Searches up to n = 10. Proved for n ≤ 7: the regular n-gon has the least loss over all W and all b, and "
    "for n ≥ 5 nothing else has, up to rotation, reflection and the order of the features.",
    proof="For n ≤ 4 antipodal pairs lose nothing. For n = 5, 6 and 7: docs/bounds.md, Exactly: regular polygons are "
    "the least.",
    cases=[
        Case("n = 5: the least", (5, "least"), "=", ROUNDING, Status.PROVED),
        Case("n = 6: the least", (6, "least"), "=", ROUNDING, Status.PROVED, slow=True),
        Case("n = 7: the least", (7, "least"), "=", ROUNDING, Status.PROVED, slow=True),
        *(Case(f"n = {n}: least loss found", (n, "search"), "=", SEARCH, slow=n > 8) for n in range(4, 11)),
        Case("n = 5: least found with a positive bias", (5, "positive"), ">", 0.0),
        Case("n = 6: least found with a positive bias", (6, "positive"), ">", 0.0),
        Case("n = 7: least found with a positive bias", (7, "positive"), ">", 0.0),
    ],
    prediction=prediction,
    measurement=measurement,
    certificates=certificates,
)
