"""The learning coefficient of the k-gon."""

from geomsup.claims._claim import Case, Claim, Status
from geomsup.local import local_structure
from geomsup.problem import Problem
from geomsup.sparse import k_gon


def prediction(c: int, what: str) -> float:
    """(3c − 1)/2; or a positive curvature."""
    return (3 * c - 1) / 2 if what == "coefficient" else 0.0


def measurement(c: int, what: str) -> float:
    """Half the number of directions in which the loss curves at the critical c-gon, not a number at a saddle; or the
    least curvature but that of the rotation, relative to the largest."""
    polygon = k_gon(c).arrangement
    found = local_structure(Problem(c, 2), polygon.W, polygon.b, loss="one_active")
    if what == "coefficient":
        return float("nan") if found.learning_coefficient is None else found.learning_coefficient
    return float(found.values[0] / found.values[-1])


CLAIM = Claim(
    topic="one active feature",
    statement="The local learning coefficient of the critical regular c-gon of c features with one active feature "
    "is (3c − 1)/2, for c = 5, 6, 7, 8.",
    conditions="m = 2, values uniform on [0, 1], biases free; real log canonical threshold of the population loss.",
    source="Chen et al. 2023, arXiv:2310.06301.",
    status=Status.VERIFIED,
    evidence="The Hessian has rank 3c − 1: all eigenvalues but that of the rotation are positive, the least of them "
    "far above the errors of second differences, about 1e-8. The minima are then a nondegenerate circle, whose "
    "coefficient is half its codimension (docs/local.md). At c = 10 the polygon is a saddle and has none.",
    cases=[
        *(Case(f"c = {c}: coefficient", (c, "coefficient"), "=") for c in (5, 6, 7, 8)),
        *(Case(f"c = {c}: least curvature, relative", (c, "curvature"), ">") for c in (5, 6, 7, 8)),
        Case("c = 10, a saddle: least curvature, relative", (10, "curvature"), "<"),
    ],
    prediction=prediction,
    measurement=measurement,
)
