r"""Three-point bounds: a semidefinite program proposes, exact arithmetic and subdivision prove.

The inequalities are in :mod:`geomsup.bounds._check_three_point`. The program is solved on finitely many points, to
which the worst violations are added; what it proposes is rounded, lowered and proved. A solver that stops early, or is
wrong, costs quality and never truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, ArrayLike, FloatArray
from geomsup._validate import integer, real_array
from geomsup.bounds._check_three_point import MAX_DEGREE, intervals
from geomsup.bounds._exchange import exchange
from geomsup.bounds._multipliers import slopes
from geomsup.bounds._numbers import below, text
from geomsup.bounds._pieces import read_potential
from geomsup.bounds._semidefinite import Kernels
from geomsup.bounds._three_point_program import Program
from geomsup.bounds._three_point_proof import proved
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound, bound_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from geomsup.optimize import Progress
    from geomsup.sparse import Potential

__all__ = ["three_point_capacity", "three_point_energy"]

STEEP = 1e4
"""Where a potential is cut off, in multiples of its size at right angles: that only weakens the bound."""


def three_point_capacity(
    m: int,
    degree: int,
    *,
    wide: bool = False,
    multipliers: bool = False,
    near: ArrayLike | None = None,
    callback: Callable[[Progress], None] | None = None,
) -> Bound:
    r"""An upper bound on the capacity of m dimensions from the angles of all triples.

    Parameters
    ----------
    m : int
        Hidden dimensions, at least 3.
    degree : int
        Of the kernels, in each cosine.
    wide : bool
        Whether all kernels have polynomials of that degree, so that T is of twice that degree in each cosine, rather
        than such of degree − k: a better bound from a larger program.
    multipliers : bool
        Whether to use what holds at the best measure only: at each of its points the potential is stationary, and the
        same at all of them.
    near : array_like, shape (m, n), optional
        Directions of a good arrangement: its angles count from the start. Not needed where the bound is sharp.
    callback : callable, optional
        Called with a `Progress` after each round; its `best` is the best bound so far, before its proof.

    Returns
    -------
    Bound
        *Proved*.

    Raises
    ------
    ValueError
        Parameters out of range, or nothing could be proved.
    ImportError
        Clarabel is not installed.

    Examples
    --------
    >>> import geomsup as gs
    >>> bound = gs.bounds.three_point_capacity(5, 3)  # two points give 11.4972, the Clebsch graph has 80/7 = 11.4286
    >>> bound.status.value, 80 / 7 <= bound.value <= 11.4826
    ('proved', True)
    """
    m = integer("m", m, at_least=3)
    description: JSON = {"name": "relu_squared"}
    program = _program(description, _kernels(m, degree, wide), None, 0, 0.5 / m, multipliers)
    found = exchange(program, seeds=None if near is None else _angles_of(near), callback=callback)
    proof, c, _ = proved(found, description)
    claim = {"quantity": "capacity", "m": m, "value": text(1 / c)}
    return bound_from(Certificate("three-point", claim, proof), _method(degree, wide, multipliers))


def three_point_energy(
    potential: Potential,
    n: int,
    m: int,
    degree: int,
    *,
    wide: bool = False,
    multipliers: bool = False,
    near: ArrayLike | None = None,
    piece_degree: int | None = None,
    callback: Callable[[Progress], None] | None = None,
) -> Bound:
    r"""A lower bound on Σ_{i≠j} f(u_i·u_j) over n unit vectors in R^m from the angles of all triples.

    Parameters
    ----------
    potential : Potential
        One that is known between samples; see :func:`geomsup.bound`.
    n, m : int
        Number of vectors, at least 3, and dimension, at least 3.
    degree : int
        Of the kernels, in each cosine.
    wide : bool
        As in :func:`three_point_capacity`.
    multipliers : bool
        Whether to use what holds at the best arrangement only: no vector is pulled anywhere. The potential has to be a
        piecewise polynomial without kinks.
    near : array_like, shape (m, n), optional
        A good arrangement: its angles count from the start.
    piece_degree : int, optional
        Of the auxiliary function of one cosine, on each interval of f; `degree` by default.
    callback : callable, optional
        As in :func:`three_point_capacity`.

    Returns
    -------
    Bound
        *Proved*.

    Raises
    ------
    ValueError
        Parameters out of range, or nothing could be proved.
    ImportError
        Clarabel is not installed.

    Examples
    --------
    >>> import geomsup as gs
    >>> bound = gs.bounds.three_point_energy(gs.ReluSquared(), 16, 5, 3)  # the Clebsch code has 6.4; two points 6.27
    >>> bound.status.value, 6.36 < bound.value <= 6.4
    ('proved', True)
    """
    from geomsup.bounds.door import bound, description_of

    n, m = integer("n", n, at_least=3), integer("m", m, at_least=3)
    description = description_of(potential)
    two_points = bound(potential, n, m)
    size = max(abs(two_points.value) / n**2, 1e-3)
    pieces = degree if piece_degree is None else piece_degree
    program = _program(description, _kernels(m, degree, wide), n, pieces, size, multipliers, potential)
    found = exchange(program, seeds=None if near is None else _angles_of(near), callback=callback)
    proof, c, T = proved(found, description)
    value = n * (n - 1) * c - n * sum(T.values(), fmpq(0))
    claim = {"quantity": "energy", "m": m, "n": n, "potential": description, "value": text(value)}
    return bound_from(Certificate("three-point", claim, proof), _method(degree, wide, multipliers))


def _method(degree: int, wide: bool, multipliers: bool) -> str:
    return f"three-point SDP, degree {degree}" + ", wide" * wide + ", with multipliers" * multipliers


def _program(
    description: JSON,
    kernels: Kernels,
    n: int | None,
    piece_degree: int,
    size: float,
    multipliers: bool,
    potential: Potential | None = None,
) -> Program:
    """The program for a potential, t₊² by default."""
    described = read_potential(description)
    breaks = tuple(sorted({below(end) for ends in intervals(described) for end in ends}))

    def f(t: FloatArray) -> FloatArray:
        if potential is None:
            return np.asarray(np.maximum(t, 0.0) ** 2)
        with np.errstate(all="ignore"):
            at_right_angles = max(1.0, float(np.abs(potential.value(np.zeros(1)))[0]))
            return np.minimum(potential.value(t), STEEP * at_right_angles)

    if not multipliers:
        return Program(kernels, f, breaks, n, piece_degree, size)
    derivatives = [np.polynomial.Polynomial([below(x) for x in one] or [0.0]) for one in slopes(described)]

    def slope(t: FloatArray) -> FloatArray:
        which = np.searchsorted(breaks[1:-1], t, side="right")
        return np.select([which == k for k in range(len(derivatives))], [one(t) for one in derivatives])

    return Program(kernels, f, breaks, n, piece_degree, size, slope)


def _kernels(m: int, degree: int, wide: bool) -> Kernels:
    return Kernels(m, checked_degree(degree, MAX_DEGREE // 2 if wide else MAX_DEGREE), wide)


def checked_degree(degree: int, most: int = MAX_DEGREE) -> int:
    """The degree, if it is one that is checked."""
    if integer("degree", degree, at_least=1) > most:
        raise ValueError(f"degree={degree} is above {most}, the highest that is checked: pass less")
    return degree


def _angles_of(U: ArrayLike) -> FloatArray:
    """Cosines of all triples of columns, each once."""
    W = real_array("near", U)
    W = W[:, np.linalg.norm(W, axis=0) > 0]
    G = np.clip(np.round((W / np.linalg.norm(W, axis=0)).T @ (W / np.linalg.norm(W, axis=0)), 12), -1.0, 1.0)
    i, j, k = np.meshgrid(*[np.arange(len(G))] * 3, indexing="ij")
    inside = (i <= j) & (j <= k)
    i, j, k = i[inside], j[inside], k[inside]
    return np.unique(np.sort(np.stack([G[i, j], G[i, k], G[j, k]], axis=1), axis=1), axis=0)
