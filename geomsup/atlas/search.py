"""Finding one entry: random starts, round after round until the best comes back often enough, and known ones."""

from __future__ import annotations

import numpy as np

from geomsup.atlas.candidates import Arranged, constructed
from geomsup.atlas.entry import Entry
from geomsup.atlas.kinds import KINDS, Key, gain, probability, value_of
from geomsup.identification import identify, symmetry
from geomsup.optimize import MultistartLBFGS, minimize
from geomsup.problem import Problem
from geomsup.sparse import ReluSquared, capacity_search, minimize_energy, minimize_one_active

__all__ = ["BETTER", "SETTINGS", "describe", "generator", "improve", "search"]

BETTER = 1e-9
"""Relative gain from which a value counts as better: a thousand times what a finished minimum is good to."""
STARTS = 64
"""Random starts in a round of the three sparse problems."""
ROUNDS = {"energy": (2, 24), "capacity": (2, 5), "one_active": (2, 5)}
"""Rounds at least and at most; one for an expected loss, whose search has rounds of its own."""
METHOD = MultistartLBFGS(n_starts=40, n_rounds=3, n_keep=3)
"""Of an expected loss: fewer changes than by default, because the sweeps bring better ones."""
ENOUGH = 12
"""Hits of the best at which no further round is made."""
SEED = 20_220_914
SETTINGS = (BETTER, STARTS, ROUNDS, METHOD, ENOUGH, SEED)
"""What results depend on besides the code."""


def generator(key: Key, number: int) -> np.random.Generator:
    """The random numbers of one round of one entry."""
    kind, m, n = key
    return np.random.default_rng([SEED, KINDS.index(kind), m, n, number])


def search(key: Key) -> Entry:
    """The best of a search from random starts, seeded by the key; or what is known without one."""
    kind, m, n = key
    ready = constructed(kind, m, n)
    if ready is not None:
        return describe(key, ready, 0, 0, "construction")
    least, most = ROUNDS.get(kind, (1, 1))
    best: Arranged | None = None
    reached, hits, descents = np.nan, 0, 0
    for number in range(most):
        ends, count = _round(key, generator(key, number), None)
        descents += count
        for arranged, value, times in ends:
            if best is None or gain(kind, value, reached) > BETTER:
                best, reached, hits = arranged, value, times
            elif abs(gain(kind, value, reached)) <= BETTER:
                hits += times
        if number + 1 >= least and hits >= ENOUGH:
            break
    assert best is not None
    return describe(key, best, hits, descents, "random starts")


def improve(key: Key, entry: Entry, starts: list[Arranged]) -> Entry:
    """The same entry, or what descends from one of the starts if that is better."""
    kind, *_ = key
    usable = [(W, b) for W, b in starts if kind != "energy" or (np.linalg.norm(W, axis=0) > 1e-6).all()]
    if not usable or entry.source == "construction":
        return entry
    ends, _ = _round(key, np.random.default_rng(0), usable)
    arranged, value, _ = max(ends, key=lambda end: gain(kind, end[1], entry.value))
    if gain(kind, value, entry.value) <= BETTER:
        return entry
    return describe(key, arranged, 0, entry.n_descents, "known arrangements")


def describe(key: Key, arranged: Arranged, hits: int, n_descents: int, source: str) -> Entry:
    """The entry of an arrangement: its value, name and symmetry are computed."""
    kind, m, n = key
    W, b = (np.array(part, dtype=np.float64) for part in arranged)
    value, error = value_of(kind, W, b)
    unnamed = Entry(kind, m, n, value, error, W, b, "", 0, hits, n_descents, source)
    order = symmetry(W[:, list(unnamed.represented)]).order
    return Entry(kind, m, n, value, error, W, b, identify(W).name, order, hits, n_descents, source)


def _round(
    key: Key, rng: np.random.Generator, starts: list[Arranged] | None
) -> tuple[list[tuple[Arranged, float, int]], int]:
    """Where descents from random starts end, or from the starts given: arrangement, value and hits; and how many."""
    kind, m, n = key
    count, zero = STARTS if starts is None else 0, np.zeros(n)
    directions = None if starts is None else [W for W, _ in starts]
    if kind == "energy":
        energies = minimize_energy(ReluSquared(), n, m, n_starts=count, n_keep=4, rng=rng, start=directions)
        return [((one.U, zero), one.energy, one.hits) for one in energies.minima], count
    if kind == "capacity":
        measure = capacity_search(m, n, n_starts=count, n_keep=4, rng=rng, start=directions)
        W = np.pad(measure.W, ((0, 0), (0, n - measure.n_atoms)))
        return [((W, zero), measure.value, measure.hits)], count
    if kind == "one_active":
        one_active = minimize_one_active(n, m, n_starts=count, n_keep=4, rng=rng, start=starts)
        return [((one.W, one.b), one.loss, one.hits) for one in one_active.minima], count
    problem = Problem(n, m, probability(kind))
    if starts is None:
        solution = minimize(problem, method=METHOD, rng=rng)
    else:
        solution = minimize(problem, method=METHOD, n_starts=0, rng=rng, start=starts)
    return [((one.W, one.b), one.loss, one.hits) for one in solution.minima], solution.n_descents
