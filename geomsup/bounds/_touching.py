r"""A marked two-point proposal brought to touch where the best arrangement known makes its inequalities equalities.

What a solver returns misses the optimum by 1e-7 or more, the room of its cutting planes and its own tolerance. If the
bound is sharp, the places are known where nothing may be left: *alone* at the e of the arrangement, *pairs* at ρ = 1,
e' = e and its cosines t, with slopes 0, and (F_k − 2v ππᵀ [k = 0]) ψ(e) = 0 where Σ_j P_k(t_ij) > 0. For F, q and v
these are linear equations. The least change that satisfies them, with a room δ left at those places, costs a gap of
100 δ or less (measured, relative: 99 δ for the pentagon, 34 δ for the hexagon, 76 δ for the icosahedron).
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.bounds._marked_program import DEGREE_ALONE, Program
from geomsup.bounds._marked_rows import Proposal, powers
from geomsup.bounds._polynomials import gegenbauer

__all__ = ["touching"]

STEPS = 3
"""Of iterative refinement: the second already changes nothing beyond the last digit."""
NONE = 1e-9
"""Below this Σ_j P_k(t_ij) is 0. Measured at the arrangements above: 1e-14 or 3 and more."""


def touching(program: Program, proposal: Proposal, e: float, cosines: FloatArray, room: float) -> Proposal:
    """The proposal nearest to one that leaves no more than its room at an arrangement of like features.

    Parameters
    ----------
    program : Program
        What was solved.
    proposal : Proposal
        Close to it, or nothing good comes out; what does is checked like any other.
    e : float
        1 + b/r² of every feature.
    cosines : array
        Of one feature with all, itself first; the same for each.
    room : float
        δ, relative to e³ + ρ⁴e'³ in pairs.
    """
    rows, right = _equations(program, e, cosines, room)
    x = np.concatenate([proposal.F.ravel(), proposal.q, [proposal.v]])
    for _ in range(STEPS):
        x = x + np.linalg.lstsq(rows, right - rows @ x)[0]
    F, q = x[: proposal.F.size].reshape(proposal.F.shape), x[proposal.F.size : -1]
    return Proposal(F, q, float(x[-1]))


def _equations(program: Program, e: float, cosines: FloatArray, room: float) -> tuple[FloatArray, FloatArray]:
    """Rows over (F, q, v), and what they have to be."""
    count, m, pi = program.degree + 1, program.m, program.norms
    psi, slope = (np.pad(x, (0, program.loud)) for x in _powers(e, program.marks))
    both, mixed = np.outer(psi, psi), np.outer(slope, psi) + np.outer(psi, slope)
    of_q, of_slope = _powers(e, DEGREE_ALONE + 1)
    P = [np.polynomial.Polynomial([float(x.p) / float(x.q) for x in p]) for p in gegenbauer(m, count - 1)]
    rows, right = [], []

    def equation(weights: FloatArray, matrix: FloatArray, q: FloatArray, value: float) -> None:
        rows.append(np.concatenate([np.multiply.outer(weights, matrix).ravel(), q, [0.0]]))
        right.append(value)

    equation(np.ones(count), e / 2 * both, (len(cosines) - 1) * of_q, 1 - room)
    for t in np.unique(np.round(cosines[1:], 12)):
        values, slopes = np.array([p(t) for p in P]), np.array([p.deriv()(t) for p in P])
        kappa, by_t, by_e = _kappa(float(t), 1 - e)
        equation(values, e**4 * both, -2 * e**3 * of_q, 2 * kappa - 2 * room * e**3)
        equation(values, 2 * e**3 * both + e**4 / 2 * mixed, -3 * e**2 * of_q - e**3 * of_slope, by_e)
        if abs(t) < 1:
            equation(slopes, e**4 * both, 0 * of_q, 2 * by_t)
    for k, p in enumerate(P):
        if p(cosines).sum() > NONE:
            for a, unit in enumerate(np.eye(pi.size)):
                equation(np.eye(count)[k], (np.outer(unit, psi) + np.outer(psi, unit)) / 2, 0 * of_q, 0.0)
                rows[-1][-1] = -2 * pi[a] * float(pi @ psi) * (k == 0)
    return np.array(rows), np.array(right)


def _powers(e: float, count: int) -> tuple[FloatArray, FloatArray]:
    """1, e, e², … and their derivatives."""
    of_e = powers(np.array([e]), count).T[0]
    return of_e, np.arange(count) * np.concatenate([[0.0], of_e[:-1]])


def _kappa(z: float, y: float) -> tuple[float, float, float]:
    """κ(z, y), ∂κ/∂z and −∂κ/∂y."""
    if z <= y:
        return 0.0, 0.0, 0.0
    w = z - y
    return w**3 / z, w * w * (2 * z + y) / z**2, 3 * w * w / z
