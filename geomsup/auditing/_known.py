"""What is known about a problem: minima and their losses, from a search or as given, and which of them are one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from geomsup._validate import real_number
from geomsup.loss.expected import expected_loss_and_grad
from geomsup.optimize import Minimum, MultistartLBFGS, Progress, Solution, minimize
from geomsup.optimize.distinct import Describer
from geomsup.problem import Problem

Best = Solution | Minimum | float
Source = Literal["search", "given", "weights"]
LEVEL = 1e-9
"""Relative difference below which two losses of minima are one: that of a search when it compares what it finished."""
FEW, KEPT = 10, 32
"""Up to so many features, finishing a minimum costs milliseconds, and the search keeps so many for the ranks."""


@dataclass(frozen=True)
class Known:
    """Minima and losses known for a problem, lowest first, and where they come from."""

    minima: tuple[Minimum, ...]
    losses: tuple[tuple[float, float], ...]
    source: Source


def known_of(
    problem: Problem,
    best: Best | None,
    n_starts: int | None,
    rng: Any,
    workers: int,
    callback: Callable[[Progress], None] | None,
) -> Known:
    """What is known about the problem: by a search, or as given."""
    source: Source = "given"
    if best is None:
        method = MultistartLBFGS(n_keep=KEPT if problem.n_features <= FEW else None)
        best = minimize(problem, method=method, n_starts=n_starts, rng=rng, workers=workers, callback=callback)
        source = "search"
    if isinstance(best, Solution):
        if best.problem != problem:
            raise ValueError(f"best is a solution of {best.problem}, not of {problem}: pass one of the same problem")
        minima = tuple(minimum for minimum in best.minima if minimum.kind != "saddle") or best.minima[:1]
    elif isinstance(best, Minimum):
        loss, _, _ = expected_loss_and_grad(problem, best.W, best.b)  # its own may be that of another problem
        minima = (replace(best, loss=float(loss), error=float(loss.error)),)
    else:
        value = real_number("best", best)
        if value < 0:
            raise ValueError(f"best={value:g} is negative: pass a loss, a sum over features")
        return Known((), ((value, 0.0),), source)
    return Known(minima, tuple((minimum.loss, minimum.error) for minimum in minima), source)


def same(first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Whether two losses, each with its error, are one."""
    return abs(first[0] - second[0]) <= LEVEL * max(abs(first[0]), abs(second[0])) + first[1] + second[1]


def levels_of(losses: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Different losses among these, lowest first."""
    levels: list[tuple[float, float]] = []
    for one in sorted(losses):
        if not levels or not same(levels[-1], one):
            levels.append(one)
    return levels


def hits_of(problem: Problem, nearest: Minimum, minima: tuple[Minimum, ...]) -> int:
    """How many descents of the search ended in this minimum, up to rotation and exchange of like features."""
    everything = (nearest, *minima)
    W, b, loss = (np.array([getattr(one, name) for one in everything]) for name in ("W", "b", "loss"))
    groups = Describer(problem).groups(W, b, loss, loss_tol=LEVEL, tol=1e-4)
    return next(sum(everything[k].hits for k in group) for group in groups if 0 in group)
