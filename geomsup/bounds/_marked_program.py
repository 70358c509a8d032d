r"""The program behind a marked two-point bound, solved by cutting planes, and the rounding of its solution.

Theorem and names are those of :mod:`geomsup.bounds._check_marked`:

.. math:: \max_{v,\, F,\, q} \; v \quad\text{subject to}\quad F_0 \succeq 2v\,\pi\pi^\top, \quad F_k \succeq 0, \quad
          (n-1)\,q(e) + \tfrac12 e\,K(e, e, 1) \le 1 - \delta,

.. math:: -e^3 q(e) - \rho^4 e'^3 q(e') + \rho^2 e^2 e'^2 K(e, e', t) + \delta\,(e^3 + \rho^4 e'^3)
          \le \kappa(\rho t, \tau) + \rho^2 \kappa(t, \rho\tau')

with a room δ > 0, because boxes prove only what is strict. With biases of any sign the pairs with a positive one are
added (:mod:`geomsup.bounds._check_free`), which have no place where they are tight and get as large a room as they can.
The points (ρ, e, e', t) are cutting planes: a solution is searched for where it violates the inequalities, and those
places are added. As in :mod:`geomsup.bounds.lp`, what comes out is a proposal; it counts once its certificate was
checked.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq

from geomsup._typing import FloatArray, IntArray
from geomsup.bounds._marked_rows import Kind, Pair, Proposal, Shape, powers
from geomsup.bounds._numbers import exact, text
from geomsup.bounds.certificate import Certificate

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["MARKS", "Program", "apart", "dyadic", "random_points", "rounded", "solve"]

MARKS, DEGREE_ALONE = 2, 4
"""Rows of F_k and degree of q. Measured, in floats: for the pentagon 3 rows, or kernels that depend on ρ in another way
than ρ², gain nothing; for seven features in the plane 3 rows close a gap of 2 %, and a q of degree 8 gains no more."""
LOUD = 2
"""Rows of F_k for biases b ≥ 0."""
ROUNDS, NEW = 40, 100
"""Of solving and adding places, and the most that are added in one."""
ENOUGH = 0.5
"""Share of δ by which the inequality may be exceeded when the rounds stop."""
CORNER = 0.02
"""Smallest ρ, e, e' at which places are looked for: towards 0 the inequality holds once q > 0, see LEAST."""
FIRST, FIRST_FREE = 1500, 400
"""Random points to begin with, of pairs without and with a positive bias."""
POINTS, HUNTED, STEPS, NEAR = 60_000, 400, 80, 60
"""Random points of a round; how many are improved, in so many steps; rows that points are put around."""
CELL = 0.125
"""Of the points in a cell of this side only the worst is improved: else all would be near the tight places."""
KEPT = 0.3
"""Slack, relative to e³ + ρ⁴e'³, beyond which a row is dropped."""
ROOM_FREE, WORTH = 1e-3, 1e-4
"""Largest δ of pairs with a positive bias, and what it is worth in v. It is wanted for the proof on boxes: 1e-4 instead
of 1e-3 took the hexagon from 0.6 s to 5 s. Measured for n = 7, m = 2: 1e-3 costs 4e-4 of the bound, as a hexagon and a
dropped feature with a positive bias come close; 1e-4 costs nothing."""
LEAST = 5e-3
"""That q keeps: near e = 0 and ρ = 0 the inequality of pairs needs 4 q(e) q(e') ≥ e e' K². Measured for n = 7, m = 2: a
q that touches 0 there is not proved."""
BITS = 44
"""Binary places of a rounded coefficient."""
SHIFT = 1e-11
"""Added to each F_k, beyond its smallest eigenvalue if that is negative, so that rounding leaves it semidefinite."""


@dataclass(frozen=True)
class Program:
    """What is solved: with `free`, biases may have any sign."""

    n: int
    m: int
    degree: int
    marks: int = MARKS
    free: bool = False

    @property
    def pairs(self) -> list[Pair]:
        """The inequalities of pairs, that of two biases b ≤ 0 first."""
        below, above = (Kind(self.shape, positive) for positive in (False, True))
        kinds = [(below, below), (below, above), (above, below), (above, above)]
        return [Pair(*both) for both in kinds[: 4 if self.free else 1]]

    @property
    def loud(self) -> int:
        """Rows of F_k for biases b ≥ 0."""
        return LOUD if self.free else 0

    @property
    def shape(self) -> Shape:
        """Of F and q."""
        return Shape(self.n, self.m, self.degree, self.marks, self.loud, DEGREE_ALONE)

    @property
    def norms(self) -> FloatArray:
        """π, by which G = r²e² πᵀψ(e)."""
        return np.concatenate([[3.0, -1.0, *([0.0] * (rows - 2))][:rows] for rows in (self.marks, self.loud)])

    def alone(self, e: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients of F and of q in (n − 1) q(e) + ½ e K(e, e, 1)."""
        marks = Kind(self.shape, positive=False).marks(e)
        return np.einsum("x,kax,kbx->xkab", e / 2, marks, marks), (self.n - 1) * powers(e, DEGREE_ALONE + 1).T

    def worth(self, v: float) -> float:
        """The loss that a v proves."""
        return (self.n - 1 / (4 * v)) / 3 if v > 0 else 0.0


def solve(
    program: Program, room: float, rng: np.random.Generator, callback: Callable[[Progress], None] | None = None
) -> Proposal | None:
    """The best proposal found that keeps its room up to ENOUGH; None if the solver fails."""
    pairs = program.pairs
    points = [_inside(random_points(FIRST_FREE if k else FIRST, rng)) for k in range(len(pairs))]
    e = (1 - np.cos(np.linspace(0, np.pi, 121))) / 2
    proposal = None
    for round_ in range(ROUNDS):
        found = _relaxation(program, points, room, e)
        if found is None:
            return proposal
        proposal, room_free = found
        rooms = [room, *[room_free] * (len(pairs) - 1)]
        enough = True
        for k, (pair, own_room) in enumerate(zip(pairs, rooms, strict=True)):
            slack = pair.slack(proposal, points[k])
            worst, depth = _hunt(pair, proposal, points[k][np.argsort(slack)[:NEAR]], rng)
            enough &= bool(depth.min() >= (1 - ENOUGH) * own_room)
            new = worst[apart(worst, depth, max(1e-2 * 0.8**round_, 1e-4), NEW)]
            points[k] = np.vstack([points[k][slack < KEPT], new])
        lowest, at = _lowest_alone(program, proposal)
        if callback is not None:  # the number of rounds is not known before; measured: 6 to 20
            from geomsup.optimize import Progress  # loads SciPy's optimisers, which checking must not

            callback(Progress("marked two-point program", round_ + 1, ROUNDS, program.worth(proposal.v)))
        if enough and lowest >= (1 - ENOUGH) * room:
            break
        e = np.concatenate([e, np.clip(at + np.outer([-1, 0, 1], np.geomspace(1e-5, 1e-3, 5)).ravel(), 0, 1)])
    return proposal


def _relaxation(
    program: Program, points: list[FloatArray], room: float, e: FloatArray
) -> tuple[Proposal, float] | None:
    """The semidefinite program with the inequalities at some points only, and δ of pairs with a positive bias."""
    cp: Any = import_module("cvxpy")  # the extra `bounds`; a certificate is checked without it

    size = (program.norms.size, program.norms.size)
    F = [cp.Variable(size, PSD=True) for _ in range(program.degree + 1)]
    q, v = cp.Variable(DEGREE_ALONE + 1), cp.Variable()
    pi = program.norms
    whole = cp.hstack([cp.vec(F[0] + 2 * v * np.outer(pi, pi), order="C"), *(cp.vec(one, order="C") for one in F[1:])])
    room_free = cp.Variable(nonneg=True)
    parts = [
        (*pair.left(X), pair.right(X) - (0 if k else room) * pair.weight(X), (k > 0) * pair.weight(X))
        for k, (pair, X) in enumerate(zip(program.pairs, points, strict=True))
    ]
    none = np.zeros(e.size)
    parts.append((*program.alone(e), np.full(e.size, 1 - room), none))
    nothing = np.zeros((e.size, program.degree + 1, *size))
    parts.append((nothing, -powers(e, DEGREE_ALONE + 1).T, np.full(e.size, -LEAST), none))
    for pair in program.pairs[-1:] if program.free else []:  # q ≥ 0 for positive biases too
        of_F, of_q, constant = pair.first.alone(e)
        parts.append((-of_F, -of_q, constant, none + 1))
    constraints = [room_free <= (ROOM_FREE if program.free else 0)]
    for of_F, of_q, bound, of_room in parts:
        flat = of_F.reshape(len(of_F), -1)
        scale = 1 / np.maximum(np.abs(flat).max(axis=1), np.abs(of_q).max(axis=1))
        left = (flat * scale[:, None]) @ whole + (of_q * scale[:, None]) @ q + (of_room * scale) * room_free
        constraints.append(left <= bound * scale)
    problem = cp.Problem(cp.Maximize(v + WORTH * room_free), constraints)
    try:
        with warnings.catch_warnings():  # that the last digits are not reached: expected, and the check decides
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12, max_iter=100)
    except cp.error.SolverError:
        return None
    if v.value is None:
        return None
    excess = np.array([one.value for one in F])
    excess[0] += 2 * float(v.value) * np.outer(pi, pi)
    return Proposal(excess, np.asarray(q.value), float(v.value)), float(room_free.value)


def _hunt(
    pair: Pair, proposal: Proposal, near: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Points of small slack, and the slack: the worst of many random points, each moved downhill in random steps."""
    around = np.repeat(near, 20, axis=0)
    around = around + 0.01 * rng.normal(size=around.shape) * 10.0 ** (-4 * rng.uniform(size=(len(around), 1)))
    X = _inside(np.vstack([random_points(POINTS, rng), around]))
    slack = pair.slack(proposal, X)
    order = np.argsort(slack)
    _, first = np.unique(np.floor(X[order] / CELL), axis=0, return_index=True)
    worst = order[np.sort(first)[:HUNTED]]
    X, slack, step = X[worst], slack[worst], 0.05
    for _ in range(STEPS):
        moved = _inside(X + step * rng.normal(size=X.shape) * (rng.uniform(size=X.shape) < 0.6))
        after = pair.slack(proposal, moved)
        better = after < slack
        X[better], slack[better] = moved[better], after[better]
        step *= 0.92
    return X, slack


def _lowest_alone(program: Program, proposal: Proposal) -> tuple[float, float]:
    """The least slack of the inequality of single features, and where."""
    low, high = 0.0, 1.0
    lowest, at = np.inf, 0.0
    for _ in range(3):
        e = np.linspace(low, high, 4001)
        F, q = program.alone(e)
        slack = 1 - F.reshape(e.size, -1) @ proposal.F.ravel() - q @ proposal.q
        lowest, at = float(slack.min()), float(e[slack.argmin()])
        low, high = max(0.0, at - (high - low) / 100), min(1.0, at + (high - low) / 100)
    return lowest, at


def rounded(program: Program, proposal: Proposal | None) -> Certificate | None:
    """The certificate of a proposal: its matrices made semidefinite, everything rounded to dyadic rationals."""
    if proposal is None or not proposal.v > 0:
        return None
    n, pi = program.n, program.norms
    v = dyadic(proposal.v * (1 - 1e-12))
    norms = [[2 * v * fmpq(int(a * b)) for b in pi] for a in pi]
    kernel = []
    for k, matrix in enumerate(proposal.F):
        A = matrix - (2 * proposal.v * np.outer(pi, pi) if k == 0 else 0)
        A = (A + A.T) / 2
        A += (max(0.0, -float(np.linalg.eigvalsh(A)[0])) + SHIFT) * np.eye(pi.size)
        kernel.append(
            [[text(dyadic(x) + (norms[a][b] if k == 0 else 0)) for b, x in enumerate(row)] for a, row in enumerate(A)]
        )
    claim = {"quantity": "one-active loss", "n": n, "m": program.m, "value": text((n - 1 / (4 * v)) / 3)}
    proof: dict[str, Any] = {"kernel": kernel, "alone": [text(dyadic(x)) for x in proposal.q]}
    if program.free:
        claim["bias"], proof["loud"] = "free", program.loud
    return Certificate("marked two-point", claim, proof)


def dyadic(x: float) -> fmpq:
    """x rounded to BITS binary places."""
    return exact(float(np.round(x * 2.0**BITS) / 2.0**BITS))


def random_points(count: int, rng: np.random.Generator) -> FloatArray:
    """Points in [0, 1]³ × [−1, 1], half of them on the faces where the inequality is tight for like features."""
    X = rng.uniform(size=(count, 4))
    X[:, 3] = 2 * X[:, 3] - 1
    part = count // 8
    X[:part, 0] = 1
    X[part : 2 * part, 3] = np.where(X[part : 2 * part, 3] > 0, 1.0, -1.0)
    X[2 * part : 4 * part, 2] = X[2 * part : 4 * part, 1]
    X[3 * part : 4 * part, 0] = 1
    return X


def _inside(X: FloatArray) -> FloatArray:
    return np.clip(X, [CORNER, CORNER, CORNER, -1.0], 1.0)


def apart(X: FloatArray, depth: FloatArray, distance: float, most: int) -> IntArray:
    """The first rows in order of depth, at most so many, without those close to one before."""
    kept: list[int] = []
    for row in np.argsort(depth):
        if len(kept) < most and (np.abs(X[kept] - X[row]).max(axis=1) > distance).all():
            kept.append(int(row))
    return np.array(kept)
