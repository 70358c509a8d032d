r"""The program behind a marked two-point bound, solved by cutting planes, and the rounding of its solution.

Theorem and names are those of :mod:`geomsup.bounds._check_marked`:

.. math:: \max_{v,\, F,\, q} \; v \quad\text{subject to}\quad F_0 \succeq 2v\,\pi\pi^\top, \quad F_k \succeq 0, \quad
          (n-1)\,q(e) + \tfrac12 e\,K(e, e, 1) \le 1 - \delta,

.. math:: -e^3 q(e) - \rho^4 e'^3 q(e') + \rho^2 e^2 e'^2 K(e, e', t) + \delta\,(e^3 + \rho^4 e'^3)
          \le \kappa(\rho t, \tau) + \rho^2 \kappa(t, \rho\tau')

with a room δ > 0, because boxes prove only what is strict. The points (ρ, e, e', t) are cutting planes: a solution is
searched for where it violates the inequality, and those places are added. As in :mod:`geomsup.bounds.lp`, what comes
out is a proposal; it counts once its certificate was checked.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from flint import fmpq

from geomsup._typing import FloatArray, IntArray
from geomsup.bounds._numbers import exact, text
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.lp import gegenbauer_values

__all__ = [
    "Program",
    "Proposal",
    "apart",
    "dyadic",
    "kappa_values",
    "powers",
    "random_points",
    "rounded",
    "solve",
]

MARKS, DEGREE_ALONE = 2, 4
"""Rows of F_k and degree of q. Measured for the pentagon, in floats: 3 rows, or kernels that depend on ρ in another way
than ρ², gain nothing."""
ROUNDS, NEW = 40, 100
"""Of solving and adding places, and the most that are added in one."""
ENOUGH = 0.5
"""Share of δ by which the inequality may be exceeded when the rounds stop."""
CORNER = 0.02
"""Smallest ρ, e, e' at which places are looked for: towards 0 the inequality holds once q > 0."""
POINTS, HUNTED, STEPS, NEAR = 60_000, 250, 80, 60
"""Random points of a round; the worst of them, which are improved in so many steps; rows that points are put around."""
KEPT = 0.3
"""Slack, relative to e³ + ρ⁴e'³, beyond which a row is dropped."""
BITS = 44
"""Binary places of a rounded coefficient."""
SHIFT = 1e-11
"""Added to each F_k, beyond its smallest eigenvalue if that is negative, so that rounding leaves it semidefinite."""


@dataclass(frozen=True)
class Proposal:
    """A solution in floats: F of shape (degree + 1, MARKS, MARKS), q constant first, and v."""

    F: FloatArray
    q: FloatArray
    v: float


@dataclass(frozen=True)
class Program:
    """The linear functions of (F, q) that the inequalities need."""

    n: int
    m: int
    degree: int

    def right(self, X: FloatArray) -> FloatArray:
        """κ(ρt, τ) + ρ²κ(t, ρτ') at the rows (ρ, e, e', t) of X."""
        rho, e, f, t = X.T
        return np.asarray(kappa_values(rho * t, 1 - e) + rho**2 * kappa_values(t, rho * (1 - f)))

    def weight(self, X: FloatArray) -> FloatArray:
        """e³ + ρ⁴e'³."""
        rho, e, f, _ = X.T
        return np.asarray(e**3 + rho**4 * f**3)

    def left(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients of F and of q on the other side, each of shape (rows, ...)."""
        rho, e, f, t = X.T
        marks, others = powers(e, MARKS), powers(f, MARKS)
        P = gegenbauer_values(self.m, self.degree, t) * (rho * e * f) ** 2
        F = np.einsum("kx,ax,bx->xkab", P, marks, others)
        q = -(e**3 * powers(e, DEGREE_ALONE + 1) + rho**4 * f**3 * powers(f, DEGREE_ALONE + 1)).T
        return (F + F.swapaxes(2, 3)) / 2, q

    def alone(self, e: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients of F and of q in (n − 1) q(e) + ½ e K(e, e, 1)."""
        marks = powers(e, MARKS)
        one = np.einsum("x,ax,bx->xab", e / 2, marks, marks)
        return np.repeat(one[:, None], self.degree + 1, axis=1), (self.n - 1) * powers(e, DEGREE_ALONE + 1).T

    def slack(self, proposal: Proposal, X: FloatArray) -> FloatArray:
        """What is left of the inequality of pairs, relative to e³ + ρ⁴e'³."""
        F, q = self.left(X)
        left = F.reshape(len(X), -1) @ proposal.F.ravel() + q @ proposal.q
        return np.asarray((self.right(X) - left) / self.weight(X))


def solve(program: Program, room: float, rng: np.random.Generator) -> Proposal | None:
    """The best proposal found that keeps its room up to ENOUGH; None if the solver fails."""
    X = _inside(random_points(1500, rng))
    e = (1 - np.cos(np.linspace(0, np.pi, 121))) / 2
    proposal = None
    for round_ in range(ROUNDS):
        found = _relaxation(program, X, e, room)
        if found is None:
            return proposal
        proposal = found
        slack = program.slack(proposal, X)
        worst, depth = _hunt(program, proposal, X[np.argsort(slack)[:NEAR]], rng)
        lowest, at = _lowest_alone(program, proposal)
        if min(depth.min(), lowest) >= (1 - ENOUGH) * room:
            break
        new = worst[apart(worst, depth, max(1e-2 * 0.8**round_, 1e-4), NEW)]
        X = np.vstack([X[slack < KEPT], new])
        e = np.concatenate([e, np.clip(at + np.outer([-1, 0, 1], np.geomspace(1e-5, 1e-3, 5)).ravel(), 0, 1)])
    return proposal


def _relaxation(program: Program, X: FloatArray, e: FloatArray, room: float) -> Proposal | None:
    """The semidefinite program with the inequalities at some points only."""
    cp: Any = import_module("cvxpy")  # the extra `bounds`; a certificate is checked without it

    size = (MARKS, MARKS)
    F = [cp.Variable(size, PSD=True) for _ in range(program.degree + 1)]
    q, v = cp.Variable(DEGREE_ALONE + 1), cp.Variable()
    pi = _pi()
    whole = cp.hstack([cp.vec(F[0] + 2 * v * np.outer(pi, pi), order="C"), *(cp.vec(one, order="C") for one in F[1:])])
    constraints = []
    for (of_F, of_q), bound in (
        (program.left(X), program.right(X) - room * program.weight(X)),
        (program.alone(e), np.full(e.size, 1 - room)),
    ):
        flat = of_F.reshape(len(of_F), -1)
        scale = 1 / np.maximum(np.abs(flat).max(axis=1), np.abs(of_q).max(axis=1))
        constraints.append((flat * scale[:, None]) @ whole + (of_q * scale[:, None]) @ q <= bound * scale)
    problem = cp.Problem(cp.Maximize(v), constraints)
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
    return Proposal(excess, np.asarray(q.value), float(v.value))


def _hunt(
    program: Program, proposal: Proposal, near: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Points of small slack, and the slack: the worst of many random points, each moved downhill in random steps."""
    around = np.repeat(near, 20, axis=0)
    around = around + 0.01 * rng.normal(size=around.shape) * 10.0 ** (-4 * rng.uniform(size=(len(around), 1)))
    X = _inside(np.vstack([random_points(POINTS, rng), around]))
    slack = program.slack(proposal, X)
    worst = np.argpartition(slack, HUNTED)[:HUNTED]
    X, slack, step = X[worst], slack[worst], 0.05
    for _ in range(STEPS):
        moved = _inside(X + step * rng.normal(size=X.shape) * (rng.uniform(size=X.shape) < 0.6))
        after = program.slack(proposal, moved)
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


def rounded(proposal: Proposal | None, n: int, m: int) -> Certificate | None:
    """The certificate of a proposal: its matrices made semidefinite, everything rounded to dyadic rationals."""
    if proposal is None or not proposal.v > 0:
        return None
    v, pi = dyadic(proposal.v * (1 - 1e-12)), _pi()
    norms = [[2 * v * fmpq(int(a * b)) for b in pi] for a in pi]
    kernel = []
    for k, matrix in enumerate(proposal.F):
        A = matrix - (2 * proposal.v * np.outer(pi, pi) if k == 0 else 0)
        A = (A + A.T) / 2
        A += (max(0.0, -float(np.linalg.eigvalsh(A)[0])) + SHIFT) * np.eye(MARKS)
        kernel.append(
            [[text(dyadic(x) + (norms[a][b] if k == 0 else 0)) for b, x in enumerate(row)] for a, row in enumerate(A)]
        )
    claim = {"quantity": "one-active loss", "n": n, "m": m, "value": text((n - 1 / (4 * v)) / 3)}
    return Certificate("marked two-point", claim, {"kernel": kernel, "alone": [text(dyadic(x)) for x in proposal.q]})


def dyadic(x: float) -> fmpq:
    """x rounded to BITS binary places."""
    return exact(float(np.round(x * 2.0**BITS) / 2.0**BITS))


def _pi() -> FloatArray:
    pi = np.zeros(MARKS)
    pi[:2] = 3.0, -1.0
    return pi


def powers(e: FloatArray, count: int) -> FloatArray:
    """1, e, e², … as rows."""
    return np.array([e**k for k in range(count)])


def kappa_values(z: FloatArray, y: FloatArray) -> FloatArray:
    """(z − y)₊³/z for y ≥ 0."""
    above = np.maximum(z - y, 0.0)
    return np.asarray(above**3 / np.where(above > 0, z, 1.0))


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
