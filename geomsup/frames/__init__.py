"""Named arrangements of directions, as matrices W of shape (n_hidden, n_features) with unit columns.

=======================================  ============================================================
:mod:`~geomsup.frames.polytopes`         families: polygons, simplices, antipodal pairs, prisms
:mod:`~geomsup.frames.solids`            octahedron, cube, icosahedron and others, the 24-cell
:mod:`~geomsup.frames.codes`             directions from graphs: Petersen, Clebsch, equiangular frames
:mod:`~geomsup.frames.golay`             a hundred directions in R²² from the Higman–Sims graph
:mod:`~geomsup.frames.combinations`      tegum products, norms, random directions
=======================================  ============================================================

A frame is fixed by its Gram matrix WᵀW up to a rotation; each docstring gives that matrix in closed form.

>>> import geomsup as gs
>>> gs.frames.tegum(gs.frames.polygon(3), gs.frames.antipodal_pairs(1)).shape
(3, 5)
"""

from geomsup.frames.codes import clebsch_code, equiangular, petersen_code
from geomsup.frames.combinations import random_frame, scaled, tegum
from geomsup.frames.golay import higman_sims_code
from geomsup.frames.polytopes import (
    COULOMB_ANGLE,
    MAGIC_ANGLE,
    antipodal_pairs,
    antiprism,
    bipyramid,
    mercedes_benz,
    polygon,
    prism,
    simplex,
    square_antiprism,
)
from geomsup.frames.solids import cell_24, cube, cuboctahedron, dodecahedron, icosahedron, octahedron

__all__ = [
    "COULOMB_ANGLE",
    "MAGIC_ANGLE",
    "antipodal_pairs",
    "antiprism",
    "bipyramid",
    "cell_24",
    "clebsch_code",
    "cube",
    "cuboctahedron",
    "dodecahedron",
    "equiangular",
    "higman_sims_code",
    "icosahedron",
    "mercedes_benz",
    "octahedron",
    "petersen_code",
    "polygon",
    "prism",
    "random_frame",
    "scaled",
    "simplex",
    "square_antiprism",
    "tegum",
]
