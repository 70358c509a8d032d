"""Families of polytopes with their vertices on the unit sphere: polygons, simplices, cross-polytopes, prisms."""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup._validate import integer, real_number
from geomsup.frames.combinations import tegum

__all__ = [
    "COULOMB_ANGLE",
    "MAGIC_ANGLE",
    "antipodal_pairs",
    "antiprism",
    "bipyramid",
    "mercedes_benz",
    "polygon",
    "prism",
    "simplex",
    "square_antiprism",
]

MAGIC_ANGLE = float(np.degrees(np.arccos(1 / np.sqrt(3))))
"""54.7356°, polar angle of the square antiprism that is a tight frame: 3cos² = 1, D = 3/8."""
COULOMB_ANGLE = 55.913992
"""Degrees; polar angle of the square antiprism of eight charges on a sphere (Thomson's problem), D = .37438."""


def polygon(k: int) -> FloatArray:
    r"""The regular k-gon in the plane: :math:`(W^\top W)_{ij} = \cos(2\pi(i-j)/k)`.

    k = 2 is the digon, laid in the plane, and the square is two digons. Symmetry order 2k for k ≥ 3; tight, D = 2/k.

    Parameters
    ----------
    k : int
        At least 2.

    Returns
    -------
    ndarray of shape (2, k)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.feature_dimensionality(gs.frames.polygon(5)).round(12)
    array([0.4, 0.4, 0.4, 0.4, 0.4])
    """
    k = integer("k", k, at_least=2)
    return _ring(k, 90.0)[:2]


def mercedes_benz() -> FloatArray:
    """Three directions at 120°, products −1/2: the triangle, by the name it has in frame theory.

    Returns
    -------
    ndarray of shape (2, 3)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.mercedes_benz().shape
    (2, 3)
    """
    return polygon(3)


def simplex(d: int) -> FloatArray:
    """The regular simplex in R^d: d + 1 directions with products −1/d.

    d = 1 the digon, 2 the triangle, 3 the tetrahedron. Symmetry order (d + 1)!; tight, D = d/(d + 1).

    Parameters
    ----------
    d : int
        At least 1.

    Returns
    -------
    ndarray of shape (d, d + 1)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.feature_dimensionality(gs.frames.simplex(3)).round(12)
    array([0.75, 0.75, 0.75, 0.75])
    """
    d = integer("d", d, at_least=1)
    W = np.zeros((d, d + 1))
    # Vertex i is orthogonal to the simplex of the vertices after it: one new coordinate each (Cholesky of the Gram).
    for i in range(d):
        W[i, i] = np.sqrt((d + 1) * (d - i) / (d * (d - i + 1)))
        W[i, i + 1 :] = -W[i, i] / (d - i)
    return W


def antipodal_pairs(m: int) -> FloatArray:
    """m digons, the vertices of the cross-polytope: products −1 in a pair, 0 between pairs.

    Features 2k and 2k + 1 are a pair. Symmetry order 2^m m!; tight, D = 1/2.

    Parameters
    ----------
    m : int
        At least 1.

    Returns
    -------
    ndarray of shape (m, 2m)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.antipodal_pairs(2)
    array([[ 1., -1.,  0.,  0.],
           [ 0.,  0.,  1., -1.]])
    """
    return tegum(*[[[1.0, -1.0]]] * integer("m", m, at_least=1))


def prism(k: int, polar_angle: float | None = None) -> FloatArray:
    r"""Two parallel k-gons, one above the other, at polar angles θ and 180° − θ.

    .. math:: \pm\cos^2\theta + \sin^2\theta \cos(2\pi j/k), \qquad j = 0, \dots, k-1,

    with + for vertices of one k-gon and − for those of different ones. Symmetry order 4k, but 48 for the cube.

    Parameters
    ----------
    k : int
        At least 3.
    polar_angle : float, optional
        θ in degrees, between 0 and 90; by default all edges are equal, tan θ = 1/sin(π/k).

    Returns
    -------
    ndarray of shape (3, 2k)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.prism(3).shape
    (3, 6)
    """
    k = integer("k", k, at_least=3)
    angle = np.degrees(np.arctan(1 / np.sin(np.pi / k))) if polar_angle is None else _angle(polar_angle)
    ring = _ring(k, angle)
    return np.hstack([ring, ring * [[1.0], [1.0], [-1.0]]])


def antiprism(k: int, polar_angle: float | None = None) -> FloatArray:
    r"""Two parallel k-gons at polar angles θ and 180° − θ, the second turned by half a step.

    .. math:: \cos^2\theta + \sin^2\theta \cos(2\pi j/k) \quad\text{and}\quad
              -\cos^2\theta + \sin^2\theta \cos(2\pi(j + \tfrac12)/k), \qquad j = 0, \dots, k-1,

    for vertices of one k-gon and of different ones. Symmetry order 4k, but 48 for the octahedron, antiprism(3).

    Parameters
    ----------
    k : int
        At least 3.
    polar_angle : float, optional
        θ in degrees, between 0 and 90; by default all edges are equal, cot² θ = sin²(π/k) − sin²(π/2k).

    Returns
    -------
    ndarray of shape (3, 2k)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.antiprism(4).shape
    (3, 8)
    """
    k = integer("k", k, at_least=3)
    if polar_angle is None:
        cotangent = np.sqrt(np.sin(np.pi / k) ** 2 - np.sin(np.pi / (2 * k)) ** 2)
        angle = np.degrees(np.arctan(1 / cotangent))
    else:
        angle = _angle(polar_angle)
    return np.hstack([_ring(k, angle), _ring(k, angle, turned=0.5) * [[1.0], [1.0], [-1.0]]])


def square_antiprism(polar_angle: float = MAGIC_ANGLE) -> FloatArray:
    """Eight directions in R³, two squares turned by 45°: `antiprism` with k = 4.

    At the default angle, 54.7356°, the products are ±1/3 in a square and (−1 ± √2)/3 between them; only there is the
    frame tight and D = 3/8. Eight charges on a sphere take `COULOMB_ANGLE`; equal edges are at 59.2641°,
    ``antiprism(4)``. Symmetry order 16.

    Parameters
    ----------
    polar_angle : float
        Degrees, between 0 and 90.

    Returns
    -------
    ndarray of shape (3, 8)

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.feature_dimensionality(gs.frames.square_antiprism())[0].round(12))
    0.375
    """
    return antiprism(4, polar_angle)


def bipyramid(k: int) -> FloatArray:
    """The k-gon and two poles: the tegum product of `polygon` and a digon.

    Products cos(2πj/k) in the polygon, −1 between the poles, 0 otherwise. Symmetry order 4k, but 48 for the octahedron,
    bipyramid(4).

    Parameters
    ----------
    k : int
        At least 3.

    Returns
    -------
    ndarray of shape (3, k + 2)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.bipyramid(3).shape
    (3, 5)
    """
    return tegum(polygon(integer("k", k, at_least=3)), antipodal_pairs(1))


def _angle(polar_angle: float) -> float:
    angle = real_number("polar_angle", polar_angle)
    if not 0 < angle < 90:
        raise ValueError(f"polar_angle={angle:g} is not between the pole and the equator: pass degrees in (0, 90)")
    return angle


def _ring(k: int, polar_angle: float, *, turned: float = 0.0) -> FloatArray:
    """k directions at one polar angle, evenly around the axis, the first `turned` steps from the half-plane y = 0."""
    around = 2 * np.pi * (np.arange(k) + turned) / k
    polar = np.radians(polar_angle)
    return np.array([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.full(k, np.cos(polar))])
