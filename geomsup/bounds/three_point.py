r"""Three-point bounds: a semidefinite program proposes, exact arithmetic and subdivision prove.

The inequalities are in :mod:`geomsup.bounds._check_three_point`. The program is solved on finitely many points, to
which the worst violations are added; the F_k are then written as sums of squares, F = Σ a aᵀ, with the a rounded to
rationals, so that nothing the solver does can spoil their sign; and the constant is lowered until the proof passes. A
solver that stops early, or is wrong, costs quality and never truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, ArrayLike, FloatArray
from geomsup._validate import integer, real_array
from geomsup.bounds._check_three_point import (
    MAX_DEGREE,
    bound_on_triples,
    intervals,
    pairs_below,
    pieces_of_measure,
)
from geomsup.bounds._exchange import Program, Proposal, exchange
from geomsup.bounds._numbers import below, exact, text
from geomsup.bounds._pieces import read_potential
from geomsup.bounds._polynomials import Polynomial, combination
from geomsup.bounds._semidefinite import Kernels
from geomsup.bounds._triples import kernel
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound, bound_from
from geomsup.bounds.verify import Refuted

if TYPE_CHECKING:
    from collections.abc import Callable

    from geomsup.optimize import Progress
    from geomsup.sparse import Potential

__all__ = ["three_point_capacity", "three_point_energy"]

BITS = 46
"""Binary places of a rounded number."""
SMALLEST = 1e-12
"""Eigenvalue, relative to the largest, below which a matrix has none."""
MARGIN, LOWERINGS = 3e-9, 13
"""What a proposal is lowered by at first, beyond what it was seen to fail by; and how often that is multiplied by 4."""
STEEP = 1e4
"""Where a potential is cut off, in multiples of its size at right angles: that only weakens the bound."""


def three_point_capacity(
    m: int, degree: int, *, near: ArrayLike | None = None, callback: Callable[[Progress], None] | None = None
) -> Bound:
    r"""An upper bound on the capacity of m dimensions from the angles of all triples.

    Parameters
    ----------
    m : int
        Hidden dimensions, at least 3.
    degree : int
        Of the kernels, in each cosine.
    near : array_like, shape (m, n), optional
        Directions of a good arrangement: its angles count from the start, which helps where the bound is sharp.
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
    >>> bound = gs.bounds.three_point_capacity(5, 4)  # two points give 11.497, the Clebsch graph 80/7 = 11.4286
    >>> bound.status.value, 80 / 7 <= bound.value <= 11.4302
    ('proved', True)
    """
    m = integer("m", m, at_least=3)
    relu: JSON = {"name": "relu_squared"}
    program = Program(_kernels(m, degree), lambda t: np.maximum(t, 0.0) ** 2, (-1.0, 0.0, 1.0), None, 0, 0.5 / m)
    proposal = exchange(program, seeds=None if near is None else _angles_of(near), callback=callback)
    proof, c = _proved(program, proposal, relu)
    claim = {"quantity": "capacity", "m": m, "value": text(1 / c)}
    return bound_from(Certificate("three-point", claim, proof), f"three-point SDP, degree {degree}")


def three_point_energy(
    potential: Potential,
    n: int,
    m: int,
    degree: int,
    *,
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
    breaks = tuple(sorted({below(end) for ends in intervals(read_potential(description)) for end in ends}))

    def f(t: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            size = max(1.0, float(np.abs(potential.value(np.zeros(1)))[0]))
            return np.minimum(potential.value(t), STEEP * size)

    kernels = _kernels(m, degree)
    size = max(abs(two_points.value) / n**2, 1e-3)
    program = Program(kernels, f, breaks, n, degree if piece_degree is None else piece_degree, size)
    proposal = exchange(program, seeds=None if near is None else _angles_of(near), callback=callback)
    proof, c = _proved(program, proposal, description)
    T = kernel(m, [[[_rational(x) for x in row] for row in rows] for rows in proof["factors"]])
    value = n * (n - 1) * c - n * sum(T.values(), fmpq(0))
    claim = {"quantity": "energy", "m": m, "n": n, "potential": description, "value": text(value)}
    return bound_from(Certificate("three-point", claim, proof), f"three-point SDP, degree {degree}")


def _rational(x: str) -> fmpq:
    """The rational that a text of this module stands for."""
    return fmpq(*(int(part) for part in x.split("/")))


def _kernels(m: int, degree: int) -> Kernels:
    if integer("degree", degree, at_least=1) > MAX_DEGREE:
        raise ValueError(f"degree={degree} is above {MAX_DEGREE}, the highest that is checked: pass less")
    return Kernels(m, degree)


def _angles_of(U: ArrayLike) -> FloatArray:
    """Cosines of all triples of columns, each once."""
    W = real_array("near", U)
    W = W[:, np.linalg.norm(W, axis=0) > 0]
    G = np.clip(np.round((W / np.linalg.norm(W, axis=0)).T @ (W / np.linalg.norm(W, axis=0)), 12), -1.0, 1.0)
    i, j, k = np.meshgrid(*[np.arange(len(G))] * 3, indexing="ij")
    inside = (i <= j) & (j <= k)
    i, j, k = i[inside], j[inside], k[inside]
    return np.unique(np.sort(np.stack([G[i, j], G[i, k], G[j, k]], axis=1), axis=1), axis=0)


def _proved(program: Program, proposal: Proposal | None, description: JSON) -> tuple[JSON, fmpq]:
    """The proof and its constant, lowered as little as it takes."""
    if proposal is None:
        raise ValueError("the solver found nothing: no three-point bound known; pass a lower degree")
    potential, n, m = read_potential(description), program.n, program.kernels.m
    x, size = proposal.x * program.size, program.size
    factors = [_factor(F / (n or 1)) for F in program.kernels.matrices(x[program.free :])]
    T = kernel(m, factors)
    pieces = (
        [] if n is None else [_rounded(c / (n - 2)) for c in x[1 : program.free].reshape(len(program.breaks) - 1, -1)]
    )
    for attempt in range(LOWERINGS):
        lowered = MARGIN * 4**attempt
        up = exact((proposal.triples + lowered) * size / (n or 1))
        proof: JSON = {"factors": [[[text(y) for y in row] for row in rows] for rows in factors]}
        try:
            if n is None:
                c = _places(float(x[0])) - up
                bound_on_triples(T, pieces_of_measure(potential, c), intervals(potential))
            else:
                c = _places(float(x[0])) - (n - 2) * up - exact((proposal.pairs + lowered) * size)
                raised = [[one[0] + up, *one[1:]] for one in pieces]
                p: list[Polynomial] = [combination(2, list(one)) for one in raised]
                pairs_below(T, p, c, n, potential)
                bound_on_triples(T, p, intervals(potential))
                proof["pieces"] = [[text(y) for y in one] for one in raised]
        except Refuted:
            continue
        return {**proof, "constant": text(c)}, c
    raise ValueError("the solver's proposal could not be proved, even lowered: no three-point bound known")


def _factor(F: FloatArray) -> list[list[fmpq]]:
    """Rows a with F ≈ Σ a aᵀ, largest first."""
    values, vectors = np.linalg.eigh(F)
    kept = values > max(SMALLEST * values.max(), SMALLEST)
    return [_rounded(row) for row in (np.sqrt(values[kept]) * vectors[:, kept]).T[::-1]]


def _rounded(row: FloatArray) -> list[fmpq]:
    return [_places(y) for y in row.tolist()]


def _places(y: float) -> fmpq:
    return fmpq(round(y * 2**BITS), 2**BITS)
