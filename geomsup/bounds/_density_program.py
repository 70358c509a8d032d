r"""The program behind the bound at a density p, solved by cutting planes, and the rounding of its solution.

Theorem and names are those of :mod:`geomsup.bounds._check_density`: λ is maximised over σ, s and the matrices, subject
to *alone*, *most* and *pairs* at some points, with a room δ (and δ(R² + R'²) for pairs), because boxes prove only what
is strict. A solution is searched for where it violates the inequalities, and those places are added. What comes out is
a proposal; it counts once its certificate was checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from flint import fmpq

from geomsup._typing import FloatArray
from geomsup.bounds._check_density import least_e
from geomsup.bounds._marked_program import apart, dyadic, kappa_values, powers, random_points
from geomsup.bounds._numbers import below, text
from geomsup.bounds._responses import respond
from geomsup.bounds._semidefinite import solve as solve_semidefinite
from geomsup.bounds._semidefinite import triangle
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.lp import gegenbauer_values

__all__ = ["Program", "rounded", "solve"]

EVEN, ODD, DEGREES = 3, 2, (0, 4, 4)
"""Marks R(1, e, …) of F_k, marks (1, e, …) of H_k, degrees of s_0, s_1, s_2. Measured for n = 5, m = 2 and p = 0.05, in
floats: without H_k the bound is 0.00728, with EVEN = 2 it is 0.00719, and with these 0.00785."""
THRESHOLD = fmpq(1, 4)
"""Above it by A a feature is left out."""
ROUNDS, NEW = 60, 200
"""Of solving and adding places, and the most that are added in one."""
ENOUGH = 0.5
"""Share of δ by which the inequality may be exceeded when the rounds stop."""
POINTS, HUNTED, STEPS, NEAR = 30_000, 500, 60, 60
"""Random points of a round; the worst of them, which are improved in so many steps; rows that points are put around."""
KEPT = 0.01
"""Slack, relative to 1 + R² + R'², beyond which a row is dropped."""
LARGEST = 30.0
"""R up to which pairs are looked at where they have no least value."""
TILT = 1e-6
"""What a unit of trace costs: the optimum is not unique, and large matrices make the rounds wander."""
SHIFT = 1e-11
"""Added to each matrix, beyond its smallest eigenvalue if that is negative, so that rounding leaves it semidefinite."""


@dataclass(frozen=True)
class Program:
    """The linear functions of x = (λ, σ, s_0, s_1, s_2, triangles of F_k and H_k) that the inequalities need."""

    n: int
    m: int
    p: float
    degree: int
    threshold: fmpq = THRESHOLD

    @property
    def alpha(self) -> float:
        """p/(1 − p)."""
        return self.p / (1 - self.p)

    @property
    def free(self) -> int:
        """Entries of x before the matrices."""
        return 2 + sum(DEGREES) + 3

    @property
    def sizes(self) -> list[int]:
        """Of F_0, F_1, … and H_0, H_1, …"""
        return [EVEN + 1] + [EVEN] * self.degree + [ODD] * (self.degree + 1)

    @property
    def columns(self) -> int:
        """Entries of x."""
        return self.free + sum(size * (size + 1) // 2 for size in self.sizes)

    def kernel(self, R: FloatArray, e: FloatArray, S: FloatArray, f: FloatArray, t: FloatArray) -> FloatArray:
        """Coefficients of the triangles in P at (R, e), (R', e') and t."""
        P = gegenbauer_values(self.m, self.degree, t)
        marks, others = R * powers(e, EVEN), S * powers(f, EVEN)
        with_one = np.vstack([np.ones_like(R), marks]), np.vstack([np.ones_like(S), others])
        roots = np.sqrt(R) * powers(e, ODD), np.sqrt(S) * powers(f, ODD)
        blocks = [with_one, *[(marks, others)] * self.degree, *[roots] * (self.degree + 1)]
        found = []
        for k, (a, b) in enumerate(blocks):
            i, j, scale = triangle(len(a))
            found.append(((a[i] * b[j] + a[j] * b[i]) / 2 * P[k % (self.degree + 1)]).T * scale)
        return np.hstack(found)

    def single(self, R: FloatArray, e: FloatArray) -> FloatArray:
        """Coefficients in s."""
        rows = np.zeros((R.size, self.columns))
        rows[:, 2 : self.free] = np.vstack([R**k * powers(e, degree + 1) for k, degree in enumerate(DEGREES)]).T
        return rows

    def pairs(self, R: FloatArray, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """s + s' + P as rows, and B + B' + α(D + D'), at R and the rows (ρ, e, e', t) of X."""
        rho, e, f, t = X.T
        rows = self.single(R, e) + self.single(rho**2 * R, f)
        rows[:, self.free :] = self.kernel(R, e, rho**2 * R, f, t)
        first, second, third = self.kept(X)
        return rows, first + second * R + third * R**2

    def kept(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The coefficients of 1, R and R² in B + B' + α(D + D')."""
        rho, e, f, t = X.T
        t = np.where(t == 0, 1e-300, t)
        one, other = respond(np.ones_like(t), rho * t, 1 - e), respond(rho, t, rho * (1 - f))
        B = (kappa_values(rho * t, 1 - e) + rho**2 * kappa_values(t, rho * (1 - f))) / 3
        responses = one.X + rho * other.X, one.Y + rho**2 * other.Y
        return np.full_like(t, 2 * self.alpha / 3), -2 * self.alpha * responses[0], B + self.alpha * responses[1]

    def slack(self, x: FloatArray, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What is left of pairs relative to 1 + R² + R'², at the R where it is least."""
        left = [self.pairs(np.full(len(X), R), X)[0] @ x for R in (0.0, 1.0, 4.0)]  # 1, R, R²: r r' = ρR
        a_2 = ((left[2] - left[0]) / 4 - (left[1] - left[0])) / 3
        kept = self.kept(X)
        a_0, a_1, a_2 = kept[0] - left[0], kept[1] - (left[1] - left[0] - a_2), kept[2] - a_2
        R = np.where(a_2 > 0, np.clip(-a_1 / np.where(a_2 > 0, 2 * a_2, 1.0), 0, LARGEST), LARGEST)
        return (a_0 + a_1 * R + a_2 * R**2) / _weight(R, X), R

    def alone(self, R: FloatArray, e: FloatArray) -> tuple[FloatArray, FloatArray]:
        """λ − (n − 1) s + ½ P(i, i) as rows, and A."""
        rows = -(self.n - 1) * self.single(R, e)
        rows[:, 0] = 1.0
        rows[:, self.free :] = self.kernel(R, e, R, e, np.ones_like(R)) / 2
        return rows, (1 - R * e**2 * (3 - e) + R**2 * e**3) / 3

    def most(self, R: FloatArray, e: FloatArray) -> FloatArray:
        """s − σ as rows."""
        rows = self.single(R, e)
        rows[:, 1] = -1.0
        return rows

    def price(self, R: FloatArray) -> FloatArray:
        """Of a positive bias."""
        return np.asarray(self.p / 4 * (np.maximum(1 - R, 0) + (self.n - 1) * self.alpha) ** 2)

    def kept_range(self, e: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The R with A ≤ a."""
        linear, square = e**2 * (3 - e), e**3
        root = np.sqrt(np.maximum(linear**2 - 4 * square * (1 - 3 * below(self.threshold)), 0))
        return (linear - root) / (2 * square), (linear + root) / (2 * square)


def solve(
    program: Program, room: float, rng: np.random.Generator, callback: Callable[[str], None] | None = None
) -> FloatArray | None:
    """The first x that keeps its room up to ENOUGH, or the last; None if the solver fails."""
    low = below(least_e(program.threshold))
    X, R = _first_points(low, rng)
    singles = [_first_singles(program, low)] * 2
    positive = _positive_biases(program)
    found = None
    for round_ in range(ROUNDS):
        x = _relaxation(program, X, R, singles, positive, room)
        if x is None:
            return found
        found = x
        slack, _ = program.slack(x, X)
        worst, depth, where = _hunt(program, x, X[np.argsort(slack)[:NEAR]], low, rng)
        new, least = _worst_singles(program, x, low)
        if callback is not None:
            callback(f"round {round_}: λ = {x[0]:.8g}, {len(X)} rows, slack {depth.min():.1e}, {min(least):.1e}")
        if min(depth.min(), *least) >= (1 - ENOUGH) * room:
            break
        rows = apart(worst, depth, max(2e-2 * 0.9**round_, 5e-4), NEW)
        X, R = np.vstack([X[slack < KEPT], worst[rows]]), np.concatenate([R[slack < KEPT], where[rows]])
        singles = [np.hstack([old, more]) for old, more in zip(singles, new, strict=True)]
    return found


def _relaxation(
    program: Program, X: FloatArray, R: FloatArray, singles: list[FloatArray], positive: FloatArray, room: float
) -> FloatArray | None:
    """The semidefinite program with the inequalities at some points only."""
    ones = np.ones_like(positive)
    parts = [
        _less(program.pairs(R, X), room * _weight(R, X)),
        _less(program.alone(*singles[0]), np.full(singles[0].shape[1], room)),
        (program.most(*singles[1]), np.full(singles[1].shape[1], -room)),
        _less(program.alone(positive, ones), room + program.price(positive)),
        (program.most(positive, ones), np.full(positive.size, -room)),
    ]
    sums = np.zeros((2, program.columns))
    sums[0, :2], sums[1, 1] = (1.0, program.n - 1), -1.0
    rows = np.vstack([*(part[0] for part in parts), sums])
    bounds = np.concatenate([*(part[1] for part in parts), [below(program.threshold), 0.0]])
    scale = 1 / np.abs(rows).max(axis=1)
    cost = np.zeros(program.columns)
    cost[0] = -1.0
    cost[program.free :] = TILT * np.concatenate([(i == j) * 1.0 for i, j, _ in map(triangle, program.sizes)])
    x, _ = solve_semidefinite(cost, rows * scale[:, None], bounds * scale, program.sizes)
    return x if np.isfinite(x).all() else None


def _less(part: tuple[FloatArray, FloatArray], room: FloatArray) -> tuple[FloatArray, FloatArray]:
    return part[0], part[1] - room


def _hunt(
    program: Program, x: FloatArray, near: FloatArray, low: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Points of small slack, the slack, and R: the worst of many random points, each moved downhill in random steps."""
    around = np.repeat(near, 20, axis=0)
    around = around + 0.01 * rng.normal(size=around.shape) * 10.0 ** (-4 * rng.uniform(size=(len(around), 1)))
    X = np.vstack([_points(POINTS, low, rng), _inside(around, low)])
    slack, R = program.slack(x, X)
    worst = np.argpartition(slack, HUNTED)[:HUNTED]
    X, slack, R, step = X[worst], slack[worst], R[worst], 0.05
    for _ in range(STEPS):
        moved = _inside(X + step * rng.normal(size=X.shape) * (rng.uniform(size=X.shape) < 0.6), low)
        after, where = program.slack(x, moved)
        better = after < slack
        X[better], slack[better], R[better] = moved[better], after[better], where[better]
        step *= 0.9
    return X, slack, R


def _worst_singles(program: Program, x: FloatArray, low: float) -> tuple[list[FloatArray], list[float]]:
    """Places (R, e) where *alone* and *most* are least, sixty each, and the least values."""
    e = np.linspace(low, 1, 2001)
    least, most = program.kept_range(e)

    def alone(R: FloatArray) -> FloatArray:
        rows, A = program.alone(R, e)
        return np.asarray(A - rows @ x)

    places, values = [], []
    for slack in (alone, lambda R: np.asarray(-(program.most(R, e) @ x))):
        at = [slack(np.full_like(e, R)) for R in (0.0, 1.0, 2.0)]
        a_2 = (at[2] - 2 * at[1] + at[0]) / 2
        turn = -(at[1] - at[0] - a_2) / np.where(a_2 > 0, 2 * a_2, np.inf)
        candidates = np.array([least, most, np.where(a_2 > 0, np.clip(turn, least, most), least)])
        found = np.array([slack(R) for R in candidates])
        R, value = candidates[found.argmin(axis=0), np.arange(e.size)], found.min(axis=0)
        worst = np.argsort(value)[:300:5]
        places.append(np.array([R[worst], e[worst]]))
        values.append(float(value.min()))
    return places, values


def _first_points(low: float, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Random pairs, and more of those that are nearly alike."""
    X = _points(2500, low, rng)
    X[:1000, 0] = 1 - 0.07 * rng.uniform(size=1000)
    X[:1000, 1:3] = 0.72 + 0.18 * rng.uniform(size=(1000, 2))
    return X, rng.uniform(0, 3, size=2500)


def _first_singles(program: Program, low: float) -> FloatArray:
    """A grid over (R, e) with A ≤ a."""
    e = np.linspace(low, 1, 25)
    R = np.linspace(*program.kept_range(e), 40)
    return np.array([R.ravel(), np.broadcast_to(e, R.shape).ravel()])


def _positive_biases(program: Program) -> FloatArray:
    """The R at e = 1 with A less the price at most a, and a little more, as the check has a grid of 1/256."""
    R = np.linspace(0, 3, 1201)
    kept = np.flatnonzero((1 - R) ** 2 / 3 - program.price(R) <= below(program.threshold))
    return R[max(kept.min() - 4, 0) : kept.max() + 5]


def _points(count: int, low: float, rng: np.random.Generator) -> FloatArray:
    X = random_points(count, rng)
    X[:, 1:3] = low + (1 - low) * X[:, 1:3]
    return _inside(X, low)


def _inside(X: FloatArray, low: float) -> FloatArray:
    return np.clip(X, [1e-3, low, low, -1.0], 1.0)


def _weight(R: FloatArray, X: FloatArray) -> FloatArray:
    return np.asarray(1 + R**2 * (1 + X[:, 0] ** 4))


def rounded(program: Program, x: FloatArray | None, p: fmpq, importance: fmpq) -> Certificate | None:
    """The certificate of a proposal: its matrices made semidefinite, everything rounded to dyadic rationals."""
    if x is None or not x[0] > 0:
        return None
    matrices, start = [], program.free
    for size in program.sizes:
        i, j, scale = triangle(size)
        F = np.zeros((size, size))
        F[i, j] = F[j, i] = x[start : start + i.size] / scale
        start += i.size
        F += (max(0.0, -float(np.linalg.eigvalsh(F)[0])) + SHIFT) * np.eye(size)
        matrices.append([[text(dyadic(value)) for value in row] for row in F])
    ends = np.cumsum([2, *(degree + 1 for degree in DEGREES)])
    alone = [[text(dyadic(value)) for value in x[a:b]] for a, b in pairwise(ends)]
    most = dyadic(max(x[1], 0.0))
    least = min(dyadic(x[0]), program.threshold - (program.n - 1) * most)
    n, m = program.n, program.m
    claim = {
        "quantity": "loss",
        "n": n,
        "m": m,
        "feature_probability": text(p),
        "importance": text(importance),
        "value": text(importance * p * (1 - p) ** (n - 1) * n * least),
    }
    proof = {
        "even": matrices[: program.degree + 1],
        "odd": matrices[program.degree + 1 :],
        "alone": alone,
        "threshold": text(program.threshold),
        "most": text(most),
    }
    return Certificate("density", claim, proof)
