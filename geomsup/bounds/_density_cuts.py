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
from geomsup.bounds._density_program import Program, weight, weight_alone
from geomsup.bounds._marked_program import apart, random_points
from geomsup.bounds._numbers import below
from geomsup.bounds._own_outputs import FARTHEST
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
ALONE = 10_000
"""Random places of single features with two others."""
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
    singles, alone = _first_singles(program, low), _first_alone(program, low, rng)
    fine = _positive_biases(program)
    positive = np.vstack([fine[::10], np.ones_like(fine[::10]), np.zeros((2, fine[::10].size))])
    found = None
    for round_ in range(ROUNDS):
        x = _relaxation(program, X, R, (singles, alone, positive), room)
        if x is None:
            return found
        found = x
        slack, _ = program.slack(x, X)
        worst, depth, where = _hunt(program, x, X[np.argsort(slack)[:NEAR]], low, rng)
        new, more, least = _worst_singles(program, x, low)
        priced, lowest = _worst_positive(program, x, fine)
        least = min(least, lowest)
        if program.own is not None:
            others, lowest = _worst_alone(program, x, alone, low, rng)
            priced_others, lowest_priced = _worst_alone(program, x, positive, low, rng, fine)
            more, priced = np.hstack([more, others]), np.hstack([priced, priced_others])
            least = min(least, lowest, lowest_priced)
        if callback is not None:
            from geomsup.optimize import Progress  # loads SciPy's optimisers, which checking must not

            phase = f"marked program, slack {min(depth.min(), least):.0e}"
            callback(Progress(phase, round_ + 1, ROUNDS, float(x[0]) * program.worth))
        if min(depth.min(), least) >= (1 - ENOUGH) * room:
            break
        rows = apart(worst, depth, max(2e-2 * 0.9**round_, 5e-4), NEW)
        X, R = np.vstack([X[slack < KEPT], worst[rows]]), np.concatenate([R[slack < KEPT], where[rows]])
        singles = np.hstack([singles, new])
        kept, bounds = program.alone(alone[0], alone[1], alone[2:])
        near = (bounds - kept @ x < KEPT) | (alone[2:] == 0).all(axis=0)
        alone = np.hstack([alone[:, near], more])
        positive = np.hstack([positive, priced])
    return found


def _relaxation(
    program: Program, X: FloatArray, R: FloatArray, singles: tuple[FloatArray, ...], room: float
) -> FloatArray | None:
    """The semidefinite program with the inequalities at some points only."""
    most, alone, positive = singles
    parts = [
        _less(program.pairs(R, X), room * weight(R, X)),
        (program.most(*most), np.full(most.shape[1], -room)),
        _less(program.alone(alone[0], alone[1], alone[2:]), room * weight_alone(alone[0])),
        _less(program.alone(positive[0], positive[1], positive[2:]), room + program.price(positive[0])),
        (program.most(*positive[:2]), np.full(positive.shape[1], -room)),
        program.capped(),
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


def _worst_singles(program: Program, x: FloatArray, low: float) -> tuple[FloatArray, FloatArray, float]:
    """Sixty places (R, e) where *most* is least, and as many (R, e, 0, 0) for *alone*, and the least value.

    For each e of a grid both are quadratic in R.
    """
    e = np.geomspace(low, 1, 4001)
    least, most = program.kept_range(e)

    def alone(R: FloatArray) -> FloatArray:
        rows, bounds = program.alone(R, e, np.zeros((2, e.size)))
        return np.asarray(bounds - rows @ x)

    places, values = [], []
    for slack in (lambda R: np.asarray(-(program.most(R, e) @ x)), alone):
        at = [slack(np.full_like(e, R)) for R in (0.0, 1.0, 2.0)]
        a_2 = (at[2] - 2 * at[1] + at[0]) / 2
        turn = -(at[1] - at[0] - a_2) / np.where(a_2 > 0, 2 * a_2, np.inf)
        candidates = np.array([least, most, np.where(a_2 > 0, np.clip(turn, least, most), least)])
        found = np.array([slack(R) for R in candidates])
        R = candidates[found.argmin(axis=0), np.arange(e.size)]
        value = found.min(axis=0) / (weight_alone(R) if slack is alone else 1.0)
        worst = np.argsort(value)[:600:10]
        places.append(np.array([R[worst], e[worst]]))
        values.append(float(value.min()))
    return places[0], np.vstack([places[1], np.zeros_like(places[1])]), min(values)


def _worst_positive(program: Program, x: FloatArray, R: FloatArray) -> tuple[FloatArray, float]:
    """Twenty (R, 1, 0, 0), R one of those given, where *alone* and *most* are least with a positive bias."""
    ones = np.ones_like(R)
    rows, bounds = program.alone(R, ones, np.zeros((2, R.size)))
    slack = np.minimum(bounds - program.price(R) - rows @ x, -(program.most(R, ones) @ x))
    worst = np.argsort(slack)[:200:10]
    return np.vstack([R[worst], ones[worst], np.zeros((2, worst.size))]), float(slack.min())


def _worst_alone(
    program: Program,
    x: FloatArray,
    near: FloatArray,
    low: float,
    rng: np.random.Generator,
    fine: FloatArray | None = None,
) -> tuple[FloatArray, float]:
    """Places (R, e, z, z') where *alone* is least, and the least value; with a positive bias, R one of `fine`."""

    def inside(Y: FloatArray) -> FloatArray:
        e = np.clip(Y[1], low, 1) if fine is None else np.ones_like(Y[1])
        ends = program.kept_range(e) if fine is None else (fine.min(), fine.max())
        return np.vstack([np.clip(Y[0], *ends), e, np.clip(Y[2:], -FARTHEST, FARTHEST)])

    def slack(Y: FloatArray) -> FloatArray:
        rows, bounds = program.alone(Y[0], Y[1], Y[2:])
        left = bounds - (0.0 if fine is None else program.price(Y[0])) - rows @ x
        return np.asarray(left / (weight_alone(Y[0]) if fine is None else 1.0))

    Y = inside(_places(ALONE, program, low, rng))
    nearest = near[:, np.argsort(slack(near))[:NEAR]]
    around = np.repeat(nearest, 10, axis=1)
    Y = np.hstack([Y, nearest, inside(around + 0.02 * rng.normal(size=around.shape))])
    value = slack(Y)
    worst = np.argpartition(value, HUNTED // 2)[: HUNTED // 2]
    Y, value, step = Y[:, worst], value[worst], 0.05
    for _ in range(STEPS):
        moved = inside(Y + step * rng.normal(size=Y.shape) * (rng.uniform(size=Y.shape) < 0.6))
        after = slack(moved)
        better = after < value
        Y[:, better], value[better] = moved[:, better], after[better]
        step *= 0.9
    rows = apart(Y.T, value, 1e-2, NEW)
    return Y[:, rows], float(value.min())


def _places(count: int, program: Program, low: float, rng: np.random.Generator) -> FloatArray:
    """Random (R, e, z, z') with A ≤ a."""
    e = np.where(rng.uniform(size=count) < 0.5, rng.uniform(low, 1, size=count), low ** rng.uniform(size=count))
    least, most = program.kept_range(e)
    c = rng.normal(size=(2, count)) * rng.choice([0.1, 0.5, 1.0], size=count)
    return np.vstack([least + (most - least) * rng.uniform(size=count), e, np.clip(c, -FARTHEST, FARTHEST)])


def _first_alone(program: Program, low: float, rng: np.random.Generator) -> FloatArray:
    """Places with and without others."""
    bare = _first_singles(program, low)[:, ::2]
    far = np.vstack([bare, np.full_like(bare, FARTHEST)])
    return np.hstack([np.vstack([bare, np.zeros_like(bare)]), far, _places(2000, program, low, rng)])


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


def _points(count: int, low: float, rng: np.random.Generator) -> FloatArray:
    X = random_points(count, rng)
    X[:, 1:3] = low + (1 - low) * X[:, 1:3]
    return _inside(X, low)


def _inside(X: FloatArray, low: float) -> FloatArray:
    return np.clip(X, [1e-3, low, low, -1.0], 1.0)
