"""C(5) = 80/7, to 2e-8."""

from geomsup.claims._claim import Claim, Status
from geomsup.claims._codes import AttainedCapacity
from geomsup.frames import clebsch_code

ATTAINED = AttainedCapacity(5, 80 / 7, 2e-8, clebsch_code)
"""The gap is above the 1.4e-8 of the certificate."""

CLAIM = Claim(
    topic="energy and capacity",
    statement="80/7 ≤ C(5) ≤ (1 + 2e-8) 80/7: 5 dimensions are worth 11.428571 features without bias, and the 16 "
    "directions of the Clebsch graph attain that.",
    conditions="C(m) as in capacity-plane. That C(5) is exactly 80/7 is a conjecture.",
    source="docs/bounds.md, Three points, after Bachoc and Vallentin 2008; the conjecture is that of this package.",
    status=Status.PROVED,
    evidence="Above, a three-point certificate of degree 5: sums of squares in rationals, and one inequality in "
    "three cosines proved by subdivision with every rounding bounded. Below, the code in exact arithmetic.",
    proof="docs/bounds.md, Three points.",
    cases=ATTAINED.cases,
    prediction=ATTAINED.prediction,
    measurement=ATTAINED.measurement,
    certificates=ATTAINED.certificates,
)
