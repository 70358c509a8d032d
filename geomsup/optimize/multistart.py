"""The search behind `minimize`: its hyperparameters, the pool of arrangements found, and the steps that improve it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geomsup._typing import FloatArray
from geomsup._validate import integer
from geomsup.optimize.distinct import Describer
from geomsup.optimize.in_order import in_order
from geomsup.optimize.lbfgs import LEAST_SCALE, Descent, descend
from geomsup.optimize.objective import Objective
from geomsup.optimize.parts import revive
from geomsup.optimize.settle import GRADIENT_TOL, descend_in_stages, settle
from geomsup.optimize.solution import Minimum, Progress, Solution, Status
from geomsup.optimize.starts import hop, random_starts, spread_starts
from geomsup.problem import Problem

__all__ = ["MultistartLBFGS", "Search"]

CHUNK = 8
"""Instances per batch; four times as many where evaluations are short (splines only). It does not depend on the number
of workers, so that results do not either."""


@dataclass(frozen=True)
class MultistartLBFGS:
    """Multistart L-BFGS with hops, its hyperparameters; None means: by the size of the problem.

    Parameters
    ----------
    n_starts : int, optional
        Random starts, every fourth spread out first: 64 for up to 10 features, 48 up to 24, 16 up to 48, 6 up to 100,
        then 2.
    n_rounds : int, optional
        Rounds of hops, each of a third as many descents as there were starts: 4 up to 10 features, then 10, 8, 6,
        and none beyond 100.
    n_keep : int, optional
        Arrangements finished at full accuracy, the best of those found: 8 up to 10 features, then 4, 3, 2, 1.
    coarse_steps, fine_steps : int, optional
        Most steps of a descent at low fidelity (500) and of each that finishes: 1500 up to 48 features, then 400 up
        to 128, then 100.
    newton_steps : int, optional
        Most Newton steps that finish an arrangement of more than 700 parameters, 300; 0 leaves it where the descents
        end, which is enough for a picture and takes a fraction of the time with hundreds of features.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=3, n_hidden=2, feature_probability=0.1)
    >>> gs.minimize(problem, method=gs.MultistartLBFGS(n_starts=4), rng=0).n_starts
    4
    """

    n_starts: int | None = None
    n_rounds: int | None = None
    n_keep: int | None = None
    coarse_steps: int = 500
    fine_steps: int | None = None
    newton_steps: int | None = None

    def __post_init__(self) -> None:
        counts = {"n_starts": 1, "n_rounds": 0, "n_keep": 1, "coarse_steps": 1, "fine_steps": 1, "newton_steps": 0}
        for name, least in counts.items():
            if getattr(self, name) is not None:
                integer(name, getattr(self, name), at_least=least)

    def sized(self, n_features: int) -> MultistartLBFGS:
        """The same with numbers in place of None."""
        table = ((10, 64, 4, 8), (24, 48, 10, 4), (48, 16, 8, 3), (100, 6, 6, 2))
        starts, rounds, keep = next((row[1:] for row in table if n_features <= row[0]), (2, 0, 1))
        return replace(
            self,
            n_starts=starts if self.n_starts is None else self.n_starts,
            n_rounds=rounds if self.n_rounds is None else self.n_rounds,
            n_keep=keep if self.n_keep is None else self.n_keep,
        )


class Search:
    """One call of `minimize`: the pool of arrangements found so far, and the steps that improve it."""

    def __init__(
        self,
        problem: Problem,
        method: MultistartLBFGS,
        objective: Objective,
        rng: np.random.Generator,
        workers: int,
        callback: Callable[[Progress], None] | None,
    ) -> None:
        self.problem, self.method, self.objective = problem, method, objective
        self.rng, self.workers, self.callback = rng, workers, callback
        self.describer = Describer(problem)
        self.least = LEAST_SCALE * objective.scale
        self.x: list[FloatArray] = []
        self.loss: list[float] = []
        self.hits: list[int] = []
        self.n_descents = 0

    def explore(self, warm: list[tuple[FloatArray, FloatArray]], count: int) -> None:
        """Descend from the warm starts and from ``count`` random ones, every fourth of them spread out."""
        problem, m = self.problem, self.problem.n_hidden
        scattered = random_starts(self.rng, count - count // 4, m, problem.n_features)
        spread = spread_starts(self.rng, count // 4, m, self.objective.variances, problem.features.mean())
        given = (np.array([w for w, _ in warm]), np.array([v for _, v in warm])) if warm else ()
        W, b = (np.concatenate(parts) for parts in zip(*filter(None, (given, scattered, spread)), strict=True))
        self._absorb(self._descend(self.objective.pack(W, b), "searching"))

    def hops(self, count: int) -> None:
        """Descend from changed copies of the best four arrangements."""
        best = self.x[:4]
        starts = []
        for _ in range(count):
            W, b = self.objective.unpack(best[int(self.rng.integers(len(best)))])
            starts.append(self.objective.pack(*hop(self.rng, W, b)))
        self._absorb(self._descend(np.array(starts), "refining"))

    def finish(self, n_starts: int) -> Solution:
        """Finish the best arrangements at full accuracy and put them in order."""
        assert self.method.n_keep is not None
        kept, hits = self.x[: self.method.n_keep], self.hits[: self.method.n_keep]
        done: list[Minimum] = []
        for minimum in in_order(self.objective, lambda k: self._finish(kept[k], hits[k]), len(kept), self.workers):
            done.append(minimum)
            self._tell("finishing", len(done), len(kept), min(m.loss for m in done))
        minima = self._merge(done)
        best = minima[0]
        status = Status.CONVERGED if best.gradient_norm <= GRADIENT_TOL * self.objective.scale else Status.INEXACT
        if best.kind == "saddle":
            status = Status.SADDLE
        return Solution(self.problem, tuple(minima), status, n_starts, self.n_descents)

    def _descend(self, x: FloatArray, phase: str) -> Descent:
        """Descend at low fidelity from every row of x, in chunks."""
        exact = self.objective.exact
        tol, stall, size = (1e-5, 1e-8, 4 * CHUNK) if exact else (1e-3, 1e-3, CHUNK)
        chunks = [x[k : k + size] for k in range(0, len(x), size)]
        found: list[Descent] = []

        def run(k: int) -> Descent:
            steps, fidelity = self.method.coarse_steps, self.objective.coarse
            found = descend(self.objective, chunks[k], fidelity, max_steps=steps, tol=tol, stall=stall)
            x, _ = revive(self.objective, found.x, found.loss, fidelity)
            changed = (x != found.x).any(axis=1)
            if changed.any():  # the others were at their best for the dead features as they were
                again = descend(self.objective, x[changed], fidelity, max_steps=steps, tol=tol, stall=stall)
                for name in Descent.__dataclass_fields__:
                    getattr(found, name)[changed] = getattr(again, name)
            return found

        for descent in in_order(self.objective, run, len(chunks), self.workers):
            found.append(descent)
            lowest = min([*self.loss[:1], *(float(d.loss.min()) for d in found)])
            self._tell(phase, sum(len(d.loss) for d in found), len(x), lowest)
        self.n_descents += len(x)
        return Descent(*(np.concatenate([getattr(d, name) for d in found]) for name in Descent.__dataclass_fields__))

    def _absorb(self, found: Descent) -> None:
        """Put new arrangements into the pool, equal ones together, and sort it."""
        x = np.array([*self.x, *found.x])
        loss = np.array([*self.loss, *found.loss])
        hits = np.array([*self.hits, *np.ones(len(found.loss), int)])
        W, b = self.objective.unpack(x)
        loss_tol, tol = (1e-5, 1e-2) if self.objective.exact else (1e-3, 0.05)
        groups = self.describer.groups(W, b, loss, loss_tol=loss_tol, tol=tol, least=self.least)
        self.x = [x[group[0]] for group in groups]
        self.loss = [float(loss[group[0]]) for group in groups]
        self.hits = [int(hits[group].sum()) for group in groups]
        keep = 32
        self.x, self.loss, self.hits = self.x[:keep], self.loss[:keep], self.hits[:keep]

    def _finish(self, x: FloatArray, hits: int) -> Minimum:
        if not self.objective.exact:
            x = descend_in_stages(self.objective, x, self.method.fine_steps)
        return settle(self.objective, x, hits, newton_steps=self.method.newton_steps)

    def _merge(self, minima: list[Minimum]) -> list[Minimum]:
        """Finished minima, equal ones together, lowest first."""
        W, b = np.array([m.W for m in minima]), np.array([m.b for m in minima])
        loss = np.array([m.loss for m in minima])
        groups = self.describer.groups(W, b, loss, loss_tol=1e-9, tol=1e-4, least=self.least)
        return [replace(minima[group[0]], hits=sum(minima[k].hits for k in group)) for group in groups]

    def _tell(self, phase: str, done: int, total: int, best: float) -> None:
        if self.callback is not None:
            self.callback(Progress(phase, done, total, best))
