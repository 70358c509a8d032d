r"""Arrangements whose capacity no other one exceeds, exactly: three-point bounds that are sharp.

A bound that only comes close to the capacity of a code leaves open whether the code is best. Here the program is solved
on the face of kernels that the code makes equalities (:mod:`geomsup.bounds._faces`), and what it leaves elsewhere is as
large as possible (:mod:`geomsup.bounds._sharp_program`). Then rounding harms nothing: entries of the matrices that are
free are rounded, the others follow from the equations, and the check is exact (:mod:`geomsup.bounds._equality`).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, ArrayLike, FloatArray
from geomsup._validate import real_array
from geomsup.bounds._faces import Faces, Variable
from geomsup.bounds._numbers import text
from geomsup.bounds._sharp_program import proposal
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound, bound_from
from geomsup.bounds.three_point import checked_degree

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["sharp_capacity"]

LARGEST, ROUNDING = 1000, 1e-9
"""Denominators of cosines, and how far from such a fraction one may be."""
BITS = 30
"""Binary places of a rounded number."""



def sharp_capacity(
    W: ArrayLike, degree: int = 5, *, callback: Callable[[Progress], None] | None = None
) -> Bound:
    r"""Prove that no arrangement is worth more than this one, without bias and in the sparse limit.

    Parameters
    ----------
    W : array_like, shape (m, n)
        Different directions in columns, m ≥ 3, all of the same norm and with rational cosines.
    degree : int
        Of the kernels, in each cosine.
    callback : callable, optional
        Called with a `Progress` after each round; its `best` is t.

    Returns
    -------
    Bound
        *Proved*; its value is C(m) itself, that of `W`.

    Raises
    ------
    ValueError
        Cosines that are not such, or no proof was found: the bound of this degree may not be sharp.
    ImportError
        Clarabel is not installed.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bounds.sharp_capacity(gs.frames.clebsch_code()).exact
    '80/7'
    """
    U = real_array("W", W)
    if U.ndim != 2 or len(U) < 3:
        raise ValueError(f"W has shape {U.shape}: pass directions in columns, shape (m, n) with m of at least 3")
    norms = np.linalg.norm(U, axis=0)
    if not norms.all() or np.ptp(norms) > ROUNDING * norms.max():
        raise ValueError("columns of W do not have equal norms, none 0: pass a code of unit vectors")
    faces = _faces(U / norms, checked_degree(degree))
    n = len(faces.which)
    together = [int(np.sum(faces.which == k)) for k in range(len(faces.cosines))]
    c = sum((k * x * x for k, x in zip(together, faces.cosines, strict=True) if x > 0), fmpq(0)) / n**2
    z = _on_the_face(faces, c, proposal(faces, c, callback))
    proof: JSON = {
        "matrices": [[[text(x) for x in row] for row in F] for F in faces.matrices(z)],
        "equalities": [[text(x) for x in p] for p in faces.triples],
        "constant": text(c),
    }
    claim = {"quantity": "capacity", "m": len(U), "value": text(1 / c)}
    return bound_from(Certificate("three-point", claim, proof), f"three-point SDP, degree {degree}, sharp")


def _faces(U: FloatArray, degree: int) -> Faces:
    values, which = np.unique(np.round(U.T @ U, 9), return_inverse=True)
    fractions = [Fraction(x).limit_denominator(LARGEST) for x in values.tolist()]
    if max(abs(float(x) - y) for x, y in zip(fractions, values, strict=True)) > ROUNDING:
        raise ValueError(f"cosines of W are not fractions with denominators up to {LARGEST}: pass a code of such")
    return Faces(len(U), [fmpq(*x.as_integer_ratio()) for x in fractions], which.reshape(len(U.T), -1), degree)


def _on_the_face(faces: Faces, c: fmpq, z: FloatArray) -> dict[Variable, fmpq]:
    """The entries rounded: all but one in each equation freely, and that one from it."""
    A, b = (table.tolist() for table in faces.equations(c))
    rounded = [fmpq(round(x * 2**BITS), 2**BITS) for x in z.tolist()]
    for row, (right,) in zip(A, b, strict=True):
        pivot = next(j for j, x in enumerate(row) if x)
        rest = range(pivot + 1, len(row))
        rounded[pivot] = right - sum((row[j] * rounded[j] for j in rest), fmpq(0))
    return dict(zip(faces.kernels, rounded, strict=True))
