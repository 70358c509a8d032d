"""The program at a density, solved by cutting planes.

Its inequalities are kept at some points, with a room δ (and δ(R² + R'²) for pairs), because boxes prove only what is
strict. A solution is searched for where it violates them, and those places are added.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from geomsup._typing import FloatArray
from geomsup.bounds._check_density import least_e
from geomsup.bounds._density_program import Program, weight
from geomsup.bounds._marked_program import apart, random_points
from geomsup.bounds._numbers import below
from geomsup.bounds._semidefinite import solve as solve_semidefinite
from geomsup.bounds._semidefinite import triangle

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["solve"]

ROUNDS, NEW = 60, 200
"""Of solving and adding places, and the most that are added in one."""
ENOUGH = 0.5
"""Share of δ by which the inequality may be exceeded when the rounds stop."""
POINTS, HUNTED, STEPS, NEAR = 30_000, 500, 60, 60
"""Random points of a round; the worst of them, which are improved in so many steps; rows that points are put around."""
KEPT = 0.01
"""Slack, relative to 1 + R² + R'², beyond which a row is dropped."""
TILT = 1e-6
"""What a unit of trace costs: the optimum is not unique, and large matrices make the rounds wander."""


def solve(
    program: Program,
    room: float,
    rng: np.random.Generator,
    start: tuple[FloatArray, FloatArray],
    callback: Callable[[Progress], None] | None = None,
) -> FloatArray | None:
    """The first x that keeps its room up to ENOUGH, or the last; None if the solver fails.

    `start` has rows (ρ, e, e', t) and R of pairs that count from the beginning, besides random ones.
    """
    low = below(least_e(program.threshold))
    X, R = _first_points(low, rng)
    X, R = np.vstack([_inside(start[0], low), X]), np.concatenate([start[1], R])
    singles = [_first_singles(program, low)] * 2
    fine = _positive_biases(program)
    positive = fine[::10]
    found = None
    for round_ in range(ROUNDS):
        x = _relaxation(program, X, R, singles, positive, room)
        if x is None:
            return found
        found = x
        slack, _ = program.slack(x, X)
        worst, depth, where = _hunt(program, x, X[np.argsort(slack)[:NEAR]], low, rng)
        new, least = _worst_singles(program, x, low)
        more, lowest = _worst_positive(program, x, fine)
        least.append(lowest)
        if callback is not None:
            from geomsup.optimize import Progress  # loads SciPy's optimisers, which checking must not

            phase = f"marked program, slack {min(depth.min(), *least):.0e}"
            callback(Progress(phase, round_ + 1, ROUNDS, float(x[0]) * program.worth))
        if min(depth.min(), *least) >= (1 - ENOUGH) * room:
            break
        rows = apart(worst, depth, max(2e-2 * 0.9**round_, 5e-4), NEW)
        X, R = np.vstack([X[slack < KEPT], worst[rows]]), np.concatenate([R[slack < KEPT], where[rows]])
        singles = [np.hstack([old, added]) for old, added in zip(singles, new, strict=True)]
        positive = np.concatenate([positive, more])
    return found


def _relaxation(
    program: Program, X: FloatArray, R: FloatArray, singles: list[FloatArray], positive: FloatArray, room: float
) -> FloatArray | None:
    """The semidefinite program with the inequalities at some points only."""
    ones = np.ones_like(positive)
    parts = [
        _less(program.pairs(R, X), room * weight(R, X)),
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
    e = np.geomspace(low, 1, 4001)
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
        worst = np.argsort(value)[:600:10]
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
    R = np.linspace(0, 3, 12001)
    kept = np.flatnonzero((1 - R) ** 2 / 3 - program.price(R) <= below(program.threshold))
    return R[max(kept.min() - 40, 0) : kept.max() + 50]


def _worst_positive(program: Program, x: FloatArray, R: FloatArray) -> tuple[FloatArray, float]:
    """Twenty of the R at which *alone* and *most* are least with a positive bias, and the least value."""
    ones = np.ones_like(R)
    rows, A = program.alone(R, ones)
    slack = np.minimum(A - program.price(R) - rows @ x, -(program.most(R, ones) @ x))
    return R[np.argsort(slack)[:200:10]], float(slack.min())


def _points(count: int, low: float, rng: np.random.Generator) -> FloatArray:
    X = random_points(count, rng)
    X[:, 1:3] = low + (1 - low) * X[:, 1:3]
    return _inside(X, low)


def _inside(X: FloatArray, low: float) -> FloatArray:
    return np.clip(X, [1e-3, low, low, -1.0], 1.0)
