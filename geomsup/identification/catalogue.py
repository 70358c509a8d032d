"""The arrangements that have a name, as far as they do not split into orthogonal parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import numpy as np

from geomsup._typing import FloatArray
from geomsup.frames import (
    antiprism,
    cell_24,
    clebsch_code,
    cube,
    cuboctahedron,
    dodecahedron,
    equiangular,
    icosahedron,
    petersen_code,
    polygon,
    prism,
    simplex,
)
from geomsup.identification.symmetry import symmetry

__all__ = ["Entry", "named", "plural"]

_POLYGONS = {3: "triangle", 5: "pentagon", 6: "hexagon", 7: "heptagon", 8: "octagon"}
_SIMPLICES = {1: "digon", 2: "triangle", 3: "tetrahedron"}
_GONAL = {3: "triangular", 4: "square", 5: "pentagonal", 6: "hexagonal", 7: "heptagonal", 8: "octagonal"}
_SPECIAL: tuple[tuple[int, str, Callable[[], FloatArray]], ...] = (
    (8, "cube", cube),
    (10, "Petersen code", petersen_code),
    (12, "icosahedron", icosahedron),
    (12, "cuboctahedron", cuboctahedron),
    (16, "Clebsch code", clebsch_code),
    (20, "dodecahedron", dodecahedron),
    (24, "24-cell", cell_24),
    *(
        (n, f"equiangular frame ({n} in {m})", partial(equiangular, n, m))
        for n, m in ((6, 3), (10, 5), (16, 6), (28, 7))
    ),
)


@dataclass(frozen=True, eq=False)
class Entry:
    """A name and unit columns that have it, those of a family at one polar angle in degrees."""

    name: str
    W: FloatArray
    family: Callable[[float], FloatArray] | None = None
    polar_angle: float | None = None

    def at(self, polar_angle: float) -> Entry:
        """The member of the family with this polar angle."""
        assert self.family is not None
        return Entry(self.name, self.family(polar_angle), self.family, polar_angle)

    @cached_property
    def members(self) -> tuple[FloatArray, ...]:
        """What is matched: of a family also members with less symmetry, if the one with equal edges has more.

        The square prism with equal edges is the cube, which does not say along which of three axes it is bent.
        """
        if self.polar_angle is None:
            return (self.W,)
        bent = [self.at(self.polar_angle + side * ASIDE) for side in (-1, 1)]
        more = bent[0].symmetry_order < self.symmetry_order
        return (self.W, *(one.W for one in bent)) if more else (self.W,)

    @cached_property
    def gram(self) -> FloatArray:
        """WᵀW."""
        return np.asarray(self.W.T @ self.W)

    @cached_property
    def products(self) -> FloatArray:
        """The inner products of all pairs, sorted, each pair once."""
        return np.sort(self.gram[np.triu_indices(len(self.gram), 1)])

    @cached_property
    def symmetry_order(self) -> int:
        """Order of the symmetry group."""
        return symmetry(self.W).order


ASIDE = 2.0
"""Degrees that such members are bent."""


@lru_cache(maxsize=64)
def named(n: int) -> tuple[Entry, ...]:
    """The entries of n features.

    What splits is left out, since its parts are named: the square is two digons, the octahedron three, a bipyramid a
    polygon and a digon.
    """
    return tuple(_entries(n))


def _entries(n: int) -> Iterator[Entry]:
    if n == 1:
        yield Entry("line", np.ones((1, 1)))
        return
    yield Entry(_SIMPLICES.get(n - 1, f"{n - 1}-simplex"), simplex(n - 1))
    if n >= 5:
        yield Entry(_POLYGONS.get(n, f"{n}-gon"), polygon(n))
    for size, name, frame in _SPECIAL:
        if size == n:
            yield Entry(name, frame())
    if n >= 6 and n % 2 == 0:
        k = n // 2
        base = _GONAL.get(k, f"{k}-gonal")
        yield _family(f"{base} prism", partial(prism, k))
        if k > 3:  # the antiprism of two triangles with equal edges is the octahedron
            yield _family(f"{base} antiprism", partial(antiprism, k))


def _family(name: str, make: Callable[..., FloatArray]) -> Entry:
    """The member with equal edges, for a start: its first vertex has the polar angle."""
    W = make()
    return Entry(name, W, make, float(np.degrees(np.arccos(W[2, 0]))))


def plural(name: str) -> str:
    """Several of them: "digons", "icosahedra", "4-simplices", "equiangular frames (6 in 3)"."""
    noun, bracket, rest = name.partition(" (")
    for singular, several in (("hedron", "hedra"), ("simplex", "simplices")):
        if noun.endswith(singular):
            return noun.removesuffix(singular) + several + bracket + rest
    return f"{noun}s{bracket}{rest}"
