"""Polytopes that are several polytopes side by side."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import antipodal_pairs, bipyramid, octahedron, polygon, random_frame, tegum
from geomsup.identification import alignment, identify

ROUNDING = 1e-12
"""Of a distance between arrangements. Measured: at most 7e-15."""
DIGON = antipodal_pairs(1)


def prediction(W: FloatArray, product: FloatArray) -> float:
    """No distance."""
    return 0.0


def measurement(W: FloatArray, product: FloatArray) -> float:
    """Distance from the product, up to rotation and order; of W in another basis and another order."""
    return alignment(turned(W), product).distance


def turned(W: FloatArray) -> FloatArray:
    """W in another basis, with its features in another order."""
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(random_frame(len(W), len(W), rng=rng))
    return np.asarray(Q @ W[:, rng.permutation(W.shape[1])])


def names(W: FloatArray) -> str:
    """What `identify` says of it in that basis and order."""
    return identify(turned(W)).name


CLAIM = Claim(
    topic="geometry",
    statement="The octahedron is three digons in orthogonal dimensions, and the bipyramid over a k-gon is the k-gon "
    "⊗ a digon: D = 1/2 in the octahedron, and 2/3 three times and 1/2 twice in the triangular bipyramid.",
    conditions="Up to rotation and the order of the features.",
    source="Elhage et al. 2022, Toy Models of Superposition, section on the geometry of superposition (tegum "
    "products).",
    status=Status.PROVED,
    evidence="The proof; the distance between the two, searched over rotations and orders, is 0.",
    proof="The vertices of the octahedron are ±e_1, ±e_2, ±e_3. A bipyramid is a polygon in a plane and ± the "
    "normal of that plane. Products between different factors are 0, so each feature has the D of its factor.",
    cases=[
        Case("octahedron, 3 digons", (octahedron(), tegum(DIGON, DIGON, DIGON)), "=", ROUNDING),
        Case("square, 2 digons", (polygon(4), tegum(DIGON, DIGON)), "=", ROUNDING),
        Case("triangular bipyramid, triangle ⊗ digon", (bipyramid(3), tegum(polygon(3), DIGON)), "=", ROUNDING),
        Case("pentagonal bipyramid, pentagon ⊗ digon", (bipyramid(5), tegum(polygon(5), DIGON)), "=", ROUNDING),
    ],
    prediction=prediction,
    measurement=measurement,
)
