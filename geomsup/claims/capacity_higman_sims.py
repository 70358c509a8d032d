"""C(22) = 550/9, to 1e-8."""

from geomsup.claims._claim import Claim, Status
from geomsup.claims._codes import AttainedCapacity
from geomsup.frames import higman_sims_code

ATTAINED = AttainedCapacity(22, 550 / 9, 1e-8, higman_sims_code)
"""The gap is above the 8.4e-9 of the certificate."""

CLAIM = Claim(
    topic="energy and capacity",
    statement="550/9 ≤ C(22) ≤ (1 + 1e-8) 550/9: 22 dimensions are worth 61.111111 features without bias, and the "
    "100 directions of the Higman–Sims graph attain that.",
    conditions="C(m) as in capacity-plane. That C(22) is exactly 550/9 is a conjecture.",
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
