"""C(5) = 80/7."""

from geomsup.claims._claim import Claim, Status
from geomsup.claims._codes import AttainedCapacity
from geomsup.frames import clebsch_code

ATTAINED = AttainedCapacity(5, 80 / 7, clebsch_code)

CLAIM = Claim(
    topic="energy and capacity",
    statement="C(5) = 80/7: 5 dimensions are worth 11.428571 features without bias, and the 16 directions of the "
    "Clebsch graph attain that.",
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
