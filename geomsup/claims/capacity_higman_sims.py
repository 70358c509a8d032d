"""C(22) = 550/9."""

from geomsup.claims._claim import Claim, Status
from geomsup.claims._codes import AttainedCapacity
from geomsup.frames import higman_sims_code

ATTAINED = AttainedCapacity(22, 550 / 9, higman_sims_code)

CLAIM = Claim(
    topic="energy and capacity",
    statement="C(22) = 550/9: 22 dimensions are worth 61.111111 features without bias, and the 100 directions of the "
    "Higman–Sims graph attain that.",
    conditions="C(m) as in capacity-plane.",
    source="docs/bounds.md, Sharp in three points, after Bachoc and Vallentin 2008.",
    status=Status.PROVED,
    evidence="Above, a three-point certificate of degree 5 in rational numbers: matrices that are positive "
    "semidefinite, and one inequality in three cosines, proved by subdivision with every rounding bounded, and by "
    "convexity around the triples of the graph, where it is an equality. Below, the code in exact arithmetic.",
    proof="docs/bounds.md, Sharp in three points.",
    cases=ATTAINED.cases,
    prediction=ATTAINED.prediction,
    measurement=ATTAINED.measurement,
    certificates=ATTAINED.certificates,
)
