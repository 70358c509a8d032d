r"""The program of :mod:`geomsup.bounds.sharp` in floats: on the face of a code, as much as possible left elsewhere.

.. math:: \max t, \qquad g := \tfrac13 (f(u) + f(v) + f(t')) - c - T \ge t\,\varphi, \qquad Z_k \succeq \delta,

with φ the square of the distance to the nearest triple of the code, and g = 0 and stationary at these triples. Where
they have cosines of 1 two more numbers are at least t: the slopes inwards, −∂g, and at (u, u, 1) the curvature
∂₁∂₁g − ∂₁∂₂g, of which triples of unit vectors show nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from geomsup._typing import FloatArray
from geomsup.bounds._exchange import angles_for, worst_triples
from geomsup.bounds._faces import Faces
from geomsup.bounds._numbers import below
from geomsup.bounds._semidefinite import cosines, solve, triangle
from geomsup.bounds._triples import Trivariate, derivative_of, value_at

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["proposal"]

INSIDE, TILT = 1e-4, 1e-6
"""δ, and what a small trace is worth beside t."""
START = 1500
"""Points at first."""
ROUNDS, DONE = 30, 1e-9
"""Of adding points, and by how much t φ/2 may exceed g in the end, which is rounding."""
NONE = "no sharp three-point bound known: the arrangement may not be best, or the degree too low"
BREAKS = (-1.0, 0.0, 1.0)


def proposal(faces: Faces, c: fmpq, callback: Callable[[Progress], None] | None = None) -> FloatArray:
    """Entries of the Z, in the order of ``faces.kernels``.

    Raises
    ------
    ValueError
        The largest t found is not positive: no bound of this degree is sharp with something left elsewhere.
    """
    sizes = [len(B) for B in faces.bases if B]
    if not sizes:
        raise ValueError(NONE)
    scale = np.concatenate([triangle(size)[2] for size in sizes])
    inside = INSIDE * np.concatenate([np.equal(*triangle(size)[:2]) for size in sizes])
    code = np.array([[below(x) for x in p] for p in faces.triples])
    T = _rows_of([*faces.kernels.values()])

    def inequalities(t: FloatArray, rows: FloatArray, room: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of t and the entries of Z − δ, those off the diagonal times √2, from those of t and the entries of Z."""
        return np.column_stack([t, rows / scale]), room - rows @ inside

    def on_points(points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        return _distances(points, code), T(points), (np.maximum(points, 0) ** 2).mean(axis=1) - below(c)

    def lacking(t: float, z: FloatArray, points: FloatArray) -> FloatArray:
        distances, rows, room = on_points(points)
        return np.asarray(t * distances + rows @ z - room)

    A, b = faces.equations(c)
    equal = inequalities(np.zeros(A.nrows()), _floats(A.tolist()), _floats(b.tolist())[:, 0])
    ends = inequalities(*_at_ends(faces))
    fixed = [equal, ends, (np.eye(1, 1 + scale.size), np.ones(1))]
    pool = angles_for(np.random.default_rng(0), BREAKS)
    points = cosines(pool[:: len(pool) // START])
    cost = np.concatenate([[-1.0], TILT * (inside > 0)])
    for done in range(ROUNDS):
        of_points = inequalities(*on_points(points))
        rows, room = (np.concatenate(parts) for parts in zip(*fixed, of_points, strict=True))
        x, _ = solve(cost, rows, room, sizes, equal=A.nrows())
        if not np.isfinite(x).all() or x[0] <= 0:
            break
        z = x[1:] / scale + inside
        excess, worst = worst_triples(partial(lacking, x[0] / 2, z), BREAKS, pool)
        if callback is not None:
            from geomsup.optimize import Progress  # loads SciPy's optimisers, which checking must not

            callback(Progress("sharp three-point program", done + 1, ROUNDS, float(x[0])))
        if excess.max() <= DONE:
            return np.asarray(z)
        points = np.vstack([points, worst[excess > DONE]])
    raise ValueError(NONE)


def _rows_of(kernels: Sequence[Trivariate]) -> Callable[[FloatArray], FloatArray]:
    """The kernels at points, one column for each."""
    exponents = sorted(set().union(*kernels))
    table = _floats([[p.get(one, fmpq(0)) for p in kernels] for one in exponents])
    powers = np.array(exponents).T

    def rows(points: FloatArray) -> FloatArray:
        u, v, t = (one[:, None] ** k for one, k in zip(points.T, powers, strict=True))
        return np.asarray((u * v * t) @ table)

    return rows


def _at_ends(faces: Faces) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The two conditions at triples with cosines of 1: entries for t and for Z, and right sides."""
    rows, room = [], []
    for p in faces.triples:
        if p[2] < 1:
            continue
        for axis in (axis for axis in range(3) if p[axis] == 1):
            rows.append([-value_at(derivative_of(T, axis), p) for T in faces.kernels.values()])
            room.append(fmpq(-2, 3))
        if p[1] < 1:
            slopes = [derivative_of(T, 0) for T in faces.kernels.values()]
            rows.append([value_at(derivative_of(T, 0), p) - value_at(derivative_of(T, 1), p) for T in slopes])
            room.append(fmpq(2 * (p[0] > 0), 3))
    return np.ones(len(rows)), _floats(rows), _floats([room])[0]


def _distances(points: FloatArray, code: FloatArray) -> FloatArray:
    """φ: in increasing order triples are closest."""
    ordered = np.sort(points, axis=1)
    return np.asarray(np.min([np.sum((ordered - p) ** 2, axis=1) for p in code], axis=0))


def _floats(table: Sequence[Sequence[fmpq]]) -> FloatArray:
    return np.array([[below(x) for x in row] for row in table])
