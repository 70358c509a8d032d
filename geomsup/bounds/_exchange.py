"""The exchange that finds the triples that matter in a three-point program (Kelley's cutting planes)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geomsup._typing import FloatArray
from geomsup.bounds._semidefinite import cosines, solve
from geomsup.bounds._three_point_program import Program
from geomsup.bounds.lp import maxima

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["Proposal", "angles_for", "exchange", "worst_triples"]

START, POOL = 1000, 24_000
"""Points at first, and points at which every proposal is looked at, equally many for each choice of intervals of p.
Measured for m = 3 and degree 9, without that share: three obtuse angles are rare, and an excess of 1.5e-3 near
(-0.43, -0.43, -0.42) was never seen."""
SIDE = 1e-6
"""How far from the end of an interval its sides are looked at, in angle."""
CELL, LOWEST, STEPS = 0.15, 250, 40
"""The worst point of each cell of this width in the angles, at most 250 of them, is moved uphill for 40 rounds."""
NEWTON = 2
"""Newton's steps after that. Measured for 10 vectors in R⁴ and degree 5: without them an excess of 1e-6 near the triple
(-2/3, -2/3, 1/6) of the code was called 2e-9."""
APART, FINE, CLOSE = 0.1, 1e-5, 1e-6
"""Of the points that are found only the worst of each cell of this width is added; closer ones when the excess is
small, since where the bound is sharp the last digits are decided around the triples of the code."""
ROUNDS, DONE = 100, 1e-8
"""Of adding points, and the excess at which that stops: what the solver leaves."""
PATIENCE, GAIN = 16, 1e-7
"""With the last tilt it stops as well when that many rounds have gained no more than this, relative. Measured for m = 5
and degree 5, where the bound is sharp: 11 rounds at a gap of 8.7e-8 before the excess falls and 1.9e-9 is reached; with
a patience of 4 it ended at 5e-7."""
MOVE = 1e-3
"""Excess up to which c₀ stays where it is: before, c means little."""
TILTS = (1e-6, 1e-9)
"""Cost of Σ tr F_k, lowered when the excess is below 100 times DONE. The optimum is often not unique, and untilted
proposals wander: measured for m = 22, the excess stayed at 1e-4 for 20 rounds; with 1e-6 it falls to 1e-8. The
tilt lowers the value by up to 3e-4 at 1e-6 and 2e-7 at 1e-10, relative."""
KEEP = 0.01
"""Slack beyond which a point that is not used is dropped."""
DIRECTIONS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, -1, 0]])
"""In angles. The last two lead along the ridges at which two of the vectors coincide or are opposite."""


@dataclass(frozen=True)
class Proposal:
    """A program, its variables, the bound that they would give, and by how much (1) and (2) were seen to fail."""

    program: Program
    x: FloatArray
    worth: float
    triples: float
    pairs: float


def exchange(
    program: Program,
    *,
    seeds: FloatArray | None = None,
    rounds: int = ROUNDS,
    callback: Callable[[Progress], None] | None = None,
) -> Proposal | None:
    """The best proposal; None if the solver has none. `seeds` are points that count from the start, shape (N, 3)."""
    rng = np.random.default_rng(0)
    pool = angles_for(rng, program.breaks)
    points = cosines(_angles(rng, START))
    points = points if seeds is None else np.vstack([points, seeds])
    rows, room = program.triples(points)
    fine = _fine(program.breaks)
    all_pairs = program.pairs(fine) if program.n is not None else (np.zeros((0, rows.shape[1])), np.zeros(0))
    pair_rows, pair_room = all_pairs[0][::8], all_pairs[1][::8]
    best, stage = None, 0
    history: list[float] = []
    for done in range(rounds):
        A, b = np.vstack([rows, pair_rows]), np.concatenate([room, pair_room])
        cost = TILTS[stage] * program.cost() - program.value
        x, used = solve(cost, A, b, program.kernels.sizes, program.positive)
        if not np.isfinite(x).all():
            break
        excess, worst = worst_triples(partial(program.excess, x), program.breaks, pool)
        more_pairs = all_pairs
        if program.n is not None:
            more_pairs = program.pairs(maxima(fine, all_pairs[0] @ x - all_pairs[1]))
        over = more_pairs[0] @ x - more_pairs[1]
        pairs = max(0.0, float(over.max(initial=0.0)))
        triples = max(0.0, float(excess.max(initial=0.0)))
        worth = program.worth(x) - triples - pairs
        if best is None or worth > best.worth:
            best = Proposal(program, x, worth, triples, pairs)
        if callback is not None:  # the number of rounds is not known before; measured: 10 to 30
            from geomsup.optimize import Progress  # loads SciPy's optimisers, which checking must not

            callback(Progress("three-point program", done + 1, rounds, program.bound(best.worth)))
        history.append(best.worth)
        last = stage == len(TILTS) - 1
        close = max(triples, pairs) <= MOVE
        moved = program.moved_reference(x, points, used[: room.size]) if close else program.reference
        if max(triples, pairs) <= DONE * (1 if last else 100) and abs(moved - program.reference) <= DONE:
            if last:
                break
            stage, history = stage + 1, []
        if last and len(history) > PATIENCE and best.worth - history[-1 - PATIENCE] <= GAIN * abs(best.worth):
            break
        # Dropped only at first: later, points that were dropped come back in turns.
        keep = (used[: room.size] > 1e-9) | (rows @ x - room > -KEEP)
        more = worst[excess > DONE / 2]
        points = np.vstack([points[keep], more])
        if moved == program.reference:
            more_rows, more_room = program.triples(more)
            rows, room = np.vstack([rows[keep], more_rows]), np.concatenate([room[keep], more_room])
        else:
            program = replace(program, reference=moved)
            rows, room = program.triples(points)
        pair_rows = np.concatenate([pair_rows, more_pairs[0][over > DONE / 2]])
        pair_room = np.concatenate([pair_room, more_pairs[1][over > DONE / 2]])
    return best


def angles_for(rng: np.random.Generator, breaks: tuple[float, ...]) -> FloatArray:
    """Angles of triples at which a proposal is looked at: about POOL."""
    return _shared(_beside(_angles(rng, 8 * POOL), breaks), breaks)


def worst_triples(
    excess_at: Callable[[FloatArray], FloatArray], breaks: tuple[float, ...], pool: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Local maxima of an excess and the cosines where they are, from the worst points of the cells of a pool."""

    def at(angles: FloatArray) -> FloatArray:
        return excess_at(cosines(angles.reshape(-1, 3))).reshape(angles.shape[:-1])

    points = np.clip(np.sort(cosines(pool), axis=1), -1, 1)
    # A cell does not reach across an end of an interval of p, where p may jump.
    cells = np.hstack([np.floor(np.arccos(points) / CELL), np.searchsorted(breaks, points, side="right")])
    excess = at(pool)
    order = np.argsort(-excess)
    _, first = np.unique(cells[order], axis=0, return_index=True)
    chosen = order[np.sort(first)][:LOWEST]
    angles, value, width = pool[chosen], excess[chosen], np.full(chosen.size, 0.1)
    directions = np.concatenate([DIRECTIONS, -DIRECTIONS])[:, None, :]
    for _ in range(STEPS):
        tried = angles + width[:, None] * directions
        over = at(tried)
        best = over.argmax(axis=0), np.arange(chosen.size)
        better = over[best] > value
        angles = np.where(better[:, None], tried[best], angles)
        value, width = np.where(better, over[best], value), np.where(better, width, width / 2)
    for _ in range(NEWTON):
        tried = angles + _newton_steps(at, angles)
        over = at(tried)
        angles, value = np.where((over > value)[:, None], tried, angles), np.maximum(value, over)
    order = np.argsort(-value)
    value, points = value[order], cosines(angles[order])
    side = APART if value[0] > FINE else CLOSE
    apart = np.floor(np.arccos(np.clip(np.sort(points, axis=1), -1, 1)) / side)
    _, first = np.unique(apart, axis=0, return_index=True)
    return value[first], points[first]


def _newton_steps(at: Callable[[FloatArray], FloatArray], angles: FloatArray) -> FloatArray:
    """Steps to the maximum of the second-order expansion at each point, by differences; 0 where there is none."""
    h, e = 1e-4, np.eye(3)
    center = at(angles)
    up, down = (np.stack([at(angles + sign * h * one) for one in e]) for sign in (1, -1))
    slope = (up - down) / (2 * h)
    hessian = np.zeros((len(angles), 3, 3))
    for i in range(3):
        hessian[:, i, i] = (up[i] + down[i] - 2 * center) / h**2
        for j in range(i):
            both = at(angles + h * (e[i] + e[j]))
            hessian[:, i, j] = hessian[:, j, i] = (both - up[i] - up[j] + center) / h**2
    values, vectors = np.linalg.eigh(hessian)
    along = np.einsum("nij,in->nj", vectors, slope)
    steps = np.einsum("nij,nj->ni", vectors, np.where(values < 0, -along / np.minimum(values, -1e-9), 0.0))
    size = np.linalg.norm(steps, axis=1, keepdims=True)
    result: FloatArray = steps * (0.05 / np.maximum(size, 0.05))
    return result


def _angles(rng: np.random.Generator, count: int) -> FloatArray:
    """Angles of triples: a fifth each with the third vector in the plane of the others, on the same side or across."""
    angles = np.pi * rng.random((count, 3))
    angles[: count // 5, 2] = 0
    angles[count // 5 : 2 * count // 5, 2] = np.pi
    angles[: count // 20, 0] = angles[: count // 20, 1]
    angles[::4, :2] *= rng.random((len(angles[::4]), 1)) ** 3  # near coincidence of all three
    return angles


def _beside(angles: FloatArray, breaks: tuple[float, ...]) -> FloatArray:
    """The angles, a sixth with one cosine and a sixth with two moved beside ends of intervals of p, on either side.

    Where p or q jumps, the worst place is often at the end of an interval. Measured for 7 vectors in R³ and degree 4
    with multipliers: an excess of 1e-3 at (-0.0002, 0.02, 0.36) was never seen.
    """
    inner = np.arccos(breaks[1:-1])
    sides = np.concatenate([inner - SIDE, inner + SIDE])
    if not sides.size:
        return angles
    rng, moved = np.random.default_rng(2), angles.copy()
    moved[::6, 0] = rng.choice(sides, len(moved[::6]))
    moved[1::6, :2] = rng.choice(sides, (len(moved[1::6]), 2))
    return moved


def _shared(angles: FloatArray, breaks: tuple[float, ...]) -> FloatArray:
    """About POOL of the angles, equally many for each choice of three intervals of p while there are any."""
    # Cosines of 1 belong to the last interval.
    intervals = np.sort(np.minimum(np.searchsorted(breaks, cosines(angles), side="right"), len(breaks) - 1), axis=1)
    _, which, counts = np.unique(intervals, axis=0, return_inverse=True, return_counts=True)
    # The k-th of its kind, in an order that does not favour the special positions at the beginning.
    order = np.random.default_rng(1).permutation(len(angles))
    sorted_by_kind = order[np.argsort(which.ravel()[order], kind="stable")]
    ends = np.cumsum(counts)
    rank = np.arange(len(angles)) - np.repeat(ends - counts, counts)
    return angles[sorted_by_kind[rank < POOL // counts.size]]


def _fine(breaks: tuple[float, ...]) -> FloatArray:
    """Cosines for (2), in increasing order, with both sides of each break."""
    sides = [side for edge in breaks for side in (edge - 1e-9, edge)]
    grid = np.unique([*np.cos(np.linspace(0, np.pi, 6001)), *sides])
    return grid[(grid >= -1) & (grid <= 1)]
