"""From a proposal of the three-point program to its proof: rounded to rationals, and lowered as little as it takes.

The F_k are written as sums of squares, F = Σ a aᵀ, with the a rounded, so that nothing the solver does can spoil their
sign; then the constant is lowered until the check passes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, FloatArray
from geomsup.bounds._check_three_point import bound_on_triples, intervals, pairs_below, pieces_of_measure
from geomsup.bounds._exchange import Proposal
from geomsup.bounds._multipliers import NONE, Multipliers, slopes
from geomsup.bounds._numbers import exact, text
from geomsup.bounds._pieces import Described, read_potential
from geomsup.bounds._polynomials import Polynomial, combination
from geomsup.bounds._three_point_program import Program
from geomsup.bounds._triples import Trivariate, kernel
from geomsup.bounds.verify import Refuted

__all__ = ["proved"]

BITS = 46
"""Binary places of a rounded number."""
SMALLEST = 1e-12
"""Eigenvalue, relative to the largest, below which a matrix has none."""
MARGIN, LOWERINGS = 3e-9, 13
"""What a proposal is lowered by at first, beyond what it was seen to fail by; and how often that is multiplied by 4."""
MOST = 20_000
"""Boxes before a proposal counts as not proved. Measured: certificates take 900 to 8500, and what is not lowered enough
takes any number."""


def proved(proposal: Proposal | None, description: JSON) -> tuple[JSON, fmpq, Trivariate]:
    """The proof, its constant, lowered as little as it takes, and T."""
    if proposal is None:
        raise ValueError("the solver found nothing: no three-point bound known; pass a lower degree")
    program, x = proposal.program, proposal.x * proposal.program.size
    potential, n, m, size = read_potential(description), program.n, program.kernels.m, program.size
    p, q, pairs, s, triangles = program.parts(x)
    share = n or 1
    factors = [_factor(F / share) for F in program.kernels.matrices(triangles)]
    squares = _rounded(np.maximum(pairs, 0.0) / share)
    T, ends = kernel(m, factors, pairs=squares), intervals(potential)
    proof: JSON = {"factors": [[[text(y) for y in row] for row in rows] for rows in factors]}
    if squares:
        proof["pairs"] = [text(y) for y in squares]
    entries, multipliers, reference = _multipliers(program, q / share, s, potential)
    proof |= entries
    for attempt in range(LOWERINGS):
        lowered = MARGIN * 4**attempt
        up = exact((proposal.triples + lowered) * size / share)
        try:
            if n is None:
                c = _places(float(x[0]))
                c = (c if reference is None else min(c, reference)) - up
                bound_on_triples(T, pieces_of_measure(potential, c), ends, multipliers, most=MOST)
            else:
                c = _places(float(x[0])) - (n - 2) * up - exact((proposal.pairs + lowered) * size)
                pieces = [_rounded(one / (n - 2)) for one in p.reshape(len(ends), -1)]
                raised = [[one[0] + up, *one[1:]] for one in pieces]
                polynomials: list[Polynomial] = [combination(2, list(one)) for one in raised]
                pairs_below(T, polynomials, c, n, potential, multipliers)
                bound_on_triples(T, polynomials, ends, multipliers, most=MOST)
                proof["pieces"] = [[text(y) for y in one] for one in raised]
        except Refuted:
            continue
        return {**proof, "constant": text(c)}, c, T
    raise ValueError("the solver's proposal could not be proved, even lowered: no three-point bound known")


def _multipliers(
    program: Program, q: FloatArray, s: FloatArray, potential: Described
) -> tuple[JSON, Multipliers, fmpq | None]:
    """What a proof says about multipliers, these in rationals, and c₀ if there are weights."""
    if not q.size:
        return {}, NONE, None
    stationary = [_rounded(one) for one in q.reshape(len(intervals(potential)), -1)]
    entries: JSON = {"stationary": [[text(y) for y in one] for one in stationary]}
    polynomials: list[Polynomial] = [combination(2, list(one)) for one in stationary]
    multipliers = Multipliers(polynomials, slopes(potential), [], [])
    if not s.size:
        return entries, multipliers, None
    reference, weights = _places(program.reference * program.size), _rounded(np.maximum(s / program.size, 0.0))
    entries |= {"reference": text(reference), "weights": [text(y) for y in weights]}
    both = combination(program.kernels.m, [fmpq(0), *weights])
    return entries, replace(multipliers, s=both, rest=pieces_of_measure(potential, reference)), reference


def _factor(F: FloatArray) -> list[list[fmpq]]:
    """Rows a with F ≈ Σ a aᵀ, largest first."""
    values, vectors = np.linalg.eigh(F)
    kept = values > max(SMALLEST * values.max(), SMALLEST)
    return [_rounded(row) for row in (np.sqrt(values[kept]) * vectors[:, kept]).T[::-1]]


def _rounded(row: FloatArray) -> list[fmpq]:
    return [_places(y) for y in row.tolist()]


def _places(y: float) -> fmpq:
    return fmpq(round(y * 2**BITS), 2**BITS)
