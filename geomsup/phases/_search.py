"""The search of a phase diagram: a pool of arrangements per cell, first its own, then with what neighbours suggest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.optimize import MultistartLBFGS, minimize
from geomsup.optimize.distinct import Describer
from geomsup.optimize.lbfgs import LEAST_SCALE
from geomsup.optimize.objective import Bias, Objective
from geomsup.optimize.parts import revive
from geomsup.optimize.starts import random_starts, spread_starts
from geomsup.phases._descents import descend_together
from geomsup.phases._stages import Cell
from geomsup.phases._store import Record
from geomsup.phases.candidates import MOST_ENUMERATED, candidates
from geomsup.problem import Problem

__all__ = ["KEPT", "Pool", "Search"]

KEPT = 4
"""Arrangements of a cell that are kept: the best ones found."""
TRIED = 6
"""Candidates of the theory to descend from: those of least loss."""
NOISE = 0.02
"""Added to them, since many are saddles."""
SPREAD = 8
"""Starts spread out first, where not every choice is a candidate: random ones hardly ever end in a heptagon."""
KNOWN = 0.02
"""Distance from an arrangement of the cell's own below which a neighbour's is nothing new."""
SUGGESTED = 2
"""Arrangements that a neighbour suggests: its best ones."""
BETTER = 1e-6
"""Relative gain that counts as one: descents leave about as much open."""
LOSS_TOL, SAME = 1e-5, 1e-2
"""When two descents ended in the same arrangement: relative difference in loss, and distance."""


@dataclass
class Pool:
    """Arrangements of one problem, lowest loss first; hits count random starts."""

    W: FloatArray
    b: FloatArray
    loss: FloatArray
    hits: IntArray
    n_starts: int

    @classmethod
    def read(cls, record: Record, shape: tuple[int, int]) -> Pool:
        """From the record of a cell."""
        m, n = shape
        count = int(np.isfinite(record["loss"]).sum())
        return cls(
            record["W"][:count, :m, :n], record["b"][:count, :n], record["loss"][:count], record["hits"][:count],
            int(record["n_starts"]),
        )  # fmt: skip

    def to_record(self, largest: tuple[int, int]) -> Record:
        """The same, filled up so that every cell has the same shape."""
        count, m, n = self.W.shape
        W, b = np.full((KEPT, *largest), np.nan), np.full((KEPT, largest[1]), np.nan)
        loss, hits = np.full(KEPT, np.nan), np.zeros(KEPT, np.int64)
        W[:count, :m, :n], b[:count, :n], loss[:count], hits[:count] = self.W, self.b, self.loss, self.hits
        return {
            "W": W,
            "b": b,
            "loss": loss,
            "hits": hits,
            "n_starts": np.array(self.n_starts),
            "shape": np.array([m, n]),
        }


@dataclass(frozen=True)
class Search:
    """The task of the cold and the warm stages.

    Parameters
    ----------
    family : callable
        From the coordinates of a cell to its problem.
    largest : tuple of int
        Most hidden dimensions and most features of a cell.
    n_starts : int or None
        Random starts of a cell; None means by the size of its problem.
    bias : Bias
        As in `minimize`.
    seed : int
        With the number of a cell, of its random starts.
    """

    family: Callable[..., Problem]
    largest: tuple[int, int]
    n_starts: int | None
    bias: Bias
    seed: int

    def __call__(self, cells: list[Cell]) -> list[Record]:
        """Records of the cells."""
        found: dict[int, Record] = {}
        together: dict[tuple[int, int], list[_Work]] = {}
        for cell in cells:
            problem = self.family(**cell.point)
            told = None if cell.previous is None else _suggestions(cell, problem)
            if cell.previous is not None and told is not None and not len(told[0]):
                found[cell.number] = cell.previous
                continue
            work = _Work(cell, Objective(problem, self.bias), told)
            if work.objective.exact:
                together.setdefault((problem.n_hidden, problem.n_features), []).append(work)
            else:
                found[cell.number] = self._record(work, self._one(work))
        for several in together.values():
            pools = self._many(several)
            found |= {work.cell.number: self._record(work, pool) for work, pool in zip(several, pools, strict=True)}
        return [found[cell.number] for cell in cells]

    def _record(self, work: _Work, new: Pool) -> Record:
        """New arrangements together with those that the cell had; its record as it was where that gains nothing."""
        record = _pooled(work, new).to_record(self.largest)
        before = work.cell.previous
        return record if before is None or _improved(record, before) else before

    def _many(self, several: list[_Work]) -> list[Pool]:
        """Small problems of one size, descended together."""
        starts = [self._starts(work) for work in several]
        whose = np.concatenate([np.full(len(x), k) for k, (x, _) in enumerate(starts)])
        objectives = [work.objective for work in several]
        x, loss = descend_together(objectives, np.concatenate([x for x, _ in starts]), whose)
        if objectives[0].problem.n_features > MOST_ENUMERATED:  # else dropping with the best bias is a candidate
            alive = x.copy()
            for k, objective in enumerate(objectives):
                alive[whose == k], _ = revive(objective, x[whose == k], loss[whose == k], objective.fine)
            changed = (alive != x).any(axis=1)
            if changed.any():
                x[changed], loss[changed] = descend_together(objectives, alive[changed], whose[changed])
        pools = []
        for k, (work, (_, n_random)) in enumerate(zip(several, starts, strict=True)):
            W, b = work.objective.unpack(x[whose == k])
            hits = (np.arange(len(W)) >= len(W) - n_random).astype(np.int64)
            pools.append(Pool(W, np.array(b), loss[whose == k], hits, n_random))
        return pools

    def _starts(self, work: _Work) -> tuple[FloatArray, int]:
        """Where the descents of a cell begin, random ones last, and how many of them there are."""
        objective, problem = work.objective, work.objective.problem
        if work.told is not None:
            return objective.pack(*work.told), 0
        rng = np.random.default_rng([self.seed, work.cell.number])
        x = objective.pack(*_named(problem))
        best = np.argsort(objective(objective.project(x), objective.fine)[0], kind="stable")[:TRIED]
        x = x[best] + NOISE * rng.normal(size=(len(best), objective.size))
        count = starts_of(problem.n_features) if self.n_starts is None else self.n_starts
        own = objective.pack(*random_starts(rng, count, problem.n_hidden, problem.n_features))
        more = SPREAD if problem.n_features > MOST_ENUMERATED else 0
        spread = spread_starts(rng, more, problem.n_hidden, objective.variances, problem.features.mean())
        return np.concatenate([x, objective.pack(*spread), own]), count

    def _one(self, work: _Work) -> Pool:
        """A larger problem, by the search that `minimize` is."""
        problem = work.objective.problem
        if work.told is None:
            rng = np.random.default_rng([self.seed, work.cell.number])
            found = minimize(problem, n_starts=self.n_starts, rng=rng, start=_named(problem), bias=self.bias)
            hits, count = [one.hits for one in found.minima], found.n_descents
        else:
            method = MultistartLBFGS(n_rounds=0)
            found = minimize(problem, method=method, n_starts=0, start=work.told, bias=self.bias)
            hits, count = [0] * len(found.minima), 0
        W, b = np.array([one.W for one in found.minima]), np.array([one.b for one in found.minima])
        return Pool(W, b, np.array([one.loss for one in found.minima]), np.array(hits), count)


class _Work(NamedTuple):
    """A cell, what is minimised there, and what its neighbours suggest: W and b; None at first."""

    cell: Cell
    objective: Objective
    told: tuple[FloatArray, FloatArray] | None


def _named(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """The candidates of the theory, W and b."""
    named = candidates(problem)
    return np.array([one.W for one in named]), np.array([one.b for one in named])


def starts_of(n_features: int) -> int:
    """Random starts of a small problem, besides the candidates of the theory."""
    return {1: 2, 2: 4, 3: 14, 4: 24, 5: 40}.get(n_features, 64)


def _suggestions(cell: Cell, problem: Problem) -> tuple[FloatArray, FloatArray]:
    """The best arrangements of neighbours of the same size that are not like the cell's own or each other."""
    assert cell.previous is not None
    shape = (problem.n_hidden, problem.n_features)
    describer = Describer(problem)
    own = Pool.read(cell.previous, shape)
    known = [describer.describe(W, b) for W, b in zip(own.W, own.b, strict=True)]
    found: list[tuple[FloatArray, FloatArray]] = []
    for record in cell.neighbours:
        if tuple(record["shape"].tolist()) != shape:
            continue
        pool = Pool.read(record, shape)
        for W, b in zip(pool.W[:SUGGESTED], pool.b[:SUGGESTED], strict=True):
            described = describer.describe(W, b)
            if all(describer.distance(described, other) > KNOWN for other in known):
                known.append(described)
                found.append((W, b))
    W = np.array([W for W, _ in found]).reshape(-1, *shape)
    return W, np.array([b for _, b in found]).reshape(-1, shape[1])


def _pooled(work: _Work, new: Pool) -> Pool:
    """The new arrangements together with those that the cell had, equal ones once."""
    objective = work.objective
    if work.cell.previous is not None:
        old = Pool.read(work.cell.previous, new.W.shape[1:])
        new = Pool(
            np.concatenate([old.W, new.W]), np.concatenate([old.b, new.b]), np.concatenate([old.loss, new.loss]),
            np.concatenate([old.hits, new.hits]), old.n_starts,
        )  # fmt: skip
    groups = Describer(objective.problem).groups(
        new.W, new.b, new.loss, loss_tol=LOSS_TOL, tol=SAME, least=LEAST_SCALE * objective.scale
    )[:KEPT]
    first = [group[0] for group in groups]
    hits = np.array([new.hits[group].sum() for group in groups], np.int64)
    return Pool(new.W[first], new.b[first], new.loss[first], hits, new.n_starts)


def _improved(record: Record, previous: Record) -> bool:
    """Whether one of the arrangements that a cell suggests is better than before, beyond what descents leave open."""
    new, old = record["loss"][:SUGGESTED], previous["loss"][:SUGGESTED]
    lower = new < old - BETTER * np.abs(old)
    return bool((lower | (np.isnan(old) & ~np.isnan(new))).any())
