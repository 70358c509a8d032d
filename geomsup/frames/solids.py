"""Single solids with their vertices on the unit sphere: regular ones, the cuboctahedron, and the 24-cell in R⁴."""

from __future__ import annotations

from itertools import product

import numpy as np

from geomsup._typing import FloatArray
from geomsup.frames.polytopes import antipodal_pairs

__all__ = ["cell_24", "cube", "cuboctahedron", "dodecahedron", "icosahedron", "octahedron"]

_GOLDEN = (1 + np.sqrt(5)) / 2
_SIGNS = tuple(product((1, -1), repeat=2))


def octahedron() -> FloatArray:
    """The octahedron, three digons: products −1 and 0. Symmetry order 48; tight, D = 1/2.

    Returns
    -------
    ndarray of shape (3, 6)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.octahedron().shape
    (3, 6)
    """
    return antipodal_pairs(3)


def cube() -> FloatArray:
    """The cube: products ±1/3 and −1. Symmetry order 48; tight, D = 3/8.

    Returns
    -------
    ndarray of shape (3, 8)

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.feature_dimensionality(gs.frames.cube())[0].round(12))
    0.375
    """
    return _sphere(np.array(list(product((1, -1), repeat=3))))


def cuboctahedron() -> FloatArray:
    """The cuboctahedron: products ±1/2, 0 and −1. Symmetry order 48; tight, D = 1/4.

    Returns
    -------
    ndarray of shape (3, 12)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.cuboctahedron().shape
    (3, 12)
    """
    return _sphere(_signed_pairs(3))


def icosahedron() -> FloatArray:
    """The icosahedron: products ±1/√5 and −1. Symmetry order 120; tight, D = 1/4.

    Returns
    -------
    ndarray of shape (3, 12)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.icosahedron().shape
    (3, 12)
    """
    return _sphere(_cyclic(1, _GOLDEN))


def dodecahedron() -> FloatArray:
    """The dodecahedron: products ±√5/3, ±1/3 and −1. Symmetry order 120; tight, D = 3/20.

    Returns
    -------
    ndarray of shape (3, 20)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.dodecahedron().shape
    (3, 20)
    """
    rings = _sphere(_cyclic(1 / _GOLDEN, _GOLDEN))
    return np.hstack([cube(), rings])


def cell_24() -> FloatArray:
    """The 24-cell in R⁴: products ±1/2, 0 and −1. Symmetry order 1152; tight, D = 1/6.

    Returns
    -------
    ndarray of shape (4, 24)

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.cell_24().shape
    (4, 24)
    """
    return _sphere(_signed_pairs(4))


def _signed_pairs(d: int) -> FloatArray:
    """±e_i ± e_j for i < j: the roots of D_d, one a row."""
    basis = np.eye(d)
    return np.array([a * basis[i] + b * basis[j] for j in range(d) for i in range(j) for a, b in _SIGNS])


def _cyclic(a: float, b: float) -> FloatArray:
    """(0, ±a, ±b) and its cyclic permutations, one a row."""
    return np.array([np.roll([0.0, s * a, t * b], shift) for shift in range(3) for s, t in _SIGNS])


def _sphere(points: FloatArray) -> FloatArray:
    """The rows as unit columns."""
    return np.asarray((points / np.linalg.norm(points, axis=1, keepdims=True)).T)
