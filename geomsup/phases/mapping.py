"""Phase diagrams: the global minimum on every cell of a grid of problems."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any

from geomsup import training
from geomsup._steps import Step
from geomsup._typing import JSON
from geomsup._validate import integer
from geomsup.optimize.objective import Bias, Objective
from geomsup.phases._finish import Finish, Train
from geomsup.phases._search import Search
from geomsup.phases._stages import Cell, Stages, relaxed
from geomsup.phases._store import Store
from geomsup.phases._workers import workforce
from geomsup.phases.diagram import PhaseDiagram
from geomsup.phases.families import family_of, identity_of_family
from geomsup.phases.grid import Grid, check_names
from geomsup.phases.sweeping import described, shaped
from geomsup.problem import Problem

__all__ = ["phase_diagram"]

TOGETHER, SEVERAL = 64, 8
"""Cells per task: of up to three features, where descents in common save most, and of more. What is in flight when a
computation is killed takes some seconds."""


def phase_diagram(
    problem: Problem | Callable[..., Problem],
    axes: Mapping[str, Any],
    *,
    n_starts: int | None = None,
    bias: Bias = "free",
    seed: int = 0,
    passes: int = 8,
    train: bool | Mapping[str, Any] = False,
    workers: int = 1,
    cluster: str | None = None,
    cache: str | os.PathLike[str] | None = None,
    callback: Callable[[Step], None] | None = None,
) -> PhaseDiagram:
    r"""Map which arrangement is best over a grid of problems.

    Every cell descends from the arrangements of the theory (``geomsup.phases.candidates``) and from
    random starts. Then cells are told what the cells beside them found, in passes, until nothing changes. At last the
    best arrangement and the next best minimum of every cell are finished by Newton's method, with exact losses, and
    named.

    Parameters
    ----------
    problem : Problem or callable
        What the axes change, or a function of the coordinates that returns a problem.
    axes : dict of str to list
        For a problem: ``feature_probability``; ``relative_importance``, of the last feature as a multiple of what it
        has in the problem; ``importance_decay`` R, for importances Rⁱ; ``n_features``; ``n_hidden``; ``activation``.
        For a function: its parameters.
    n_starts : int, optional
        Random starts of a cell. By default 4 for two features, 14 for three, 24 for four, 40 for five, then 64. Larger
        problems (whose loss takes more than 700 spline nodes) are searched by :func:`geomsup.minimize`, with its
        default.
    bias : "free", "zero", "nonpositive", or array of shape (n_features,)
        As in :func:`geomsup.minimize`.
    seed : int
        Of the random starts: cell by cell, whatever the number of workers.
    passes : int
        Most passes in which cells are told about their neighbours.
    train : bool or dict
        Train models on the same grid for comparison; a dict holds ``n_instances`` per cell (1) and other arguments of
        :func:`geomsup.train`.
    workers, cluster, cache, callback
        As in :func:`geomsup.sweep`.

    Returns
    -------
    PhaseDiagram
        Searched, not proved: nothing excludes a better arrangement.

    Raises
    ------
    ValueError
        As in :func:`geomsup.sweep`, or a cell without a valid problem.
    OSError
        The cache cannot be written.

    Examples
    --------
    >>> import geomsup as gs
    >>> axes = {"feature_probability": [0.03, 0.3, 1.0], "relative_importance": [0.1, 1.0]}
    >>> diagram = gs.phase_diagram(gs.Problem(n_features=2, n_hidden=1), axes)
    >>> print(f"{diagram.loss[1, 1]:.9f}", diagram["label"][1, 1])
    0.029310355 digon
    """
    grid = Grid.read(axes)
    family = family_of(problem, grid)
    largest = _largest(family, grid, bias)
    integer("workers", workers, at_least=1)
    integer("passes", passes, at_least=0)
    integer("seed", seed, at_least=0)
    if n_starts is not None:
        integer("n_starts", n_starts, at_least=1)
    trainer = _trainer(family, train, seed)
    chunk = TOGETHER if largest[1] <= 3 else SEVERAL
    store = None
    if cache is not None:
        asked: JSON = {"axes": grid.to_dict(), "passes": passes, "chunk": chunk}
        asked |= described({"n_starts": n_starts, "bias": bias, "seed": seed})
        store = Store(cache, *identity_of_family(family, "phase_diagram", asked))
    with workforce(workers, cluster) as workers_at_hand:
        stages = Stages(grid, workers_at_hand, store, chunk, callback)
        pools = relaxed(stages, Search(family, largest, n_starts, bias, seed), passes)
        cells = [Cell(k, grid.point(k), pool, []) for k, pool in enumerate(pools)]
        found = stages.run("finish", Finish(family, largest, bias), cells)
        records = [found[k] for k in range(grid.size)]
        if trainer is not None:
            trained = stages.run(trainer.stage, trainer, [cell._replace(previous=None) for cell in cells])
            records = [record | trained[k] for k, record in enumerate(records)]
    return PhaseDiagram(grid.dims, grid.coords, shaped(records, grid))


def _largest(family: Callable[..., Problem], grid: Grid, bias: Bias) -> tuple[int, int]:
    """Most hidden dimensions and features of a cell; every problem is made once, so that a bad one is found first."""
    m = n = 0
    for k in range(grid.size):
        point = grid.point(k)
        try:
            problem = family(**point)
            if not isinstance(problem, Problem):
                raise ValueError(f"the family returned {problem!r}: return a Problem")
            if k == 0 or problem.n_features != n:
                Objective(problem, bias)
        except ValueError as error:
            where = ", ".join(f"{name}={value!r}" for name, value in point.items())
            raise ValueError(f"no problem at {where}: {error}") from None
        m, n = max(m, problem.n_hidden), max(n, problem.n_features)
    return m, n


def _trainer(family: Callable[..., Problem], asked: bool | Mapping[str, Any], seed: int) -> Train | None:
    if asked is False:
        return None
    settings = {} if asked is True else dict(asked)
    instances = integer("n_instances", settings.pop("n_instances", 1), at_least=1)
    ours = {"problem", "rng", "callback", "checkpoint", "checkpoint_every", "n_instances"}
    known = [name for name in inspect.signature(training.train).parameters if name not in ours]
    check_names(settings, known, "a setting of train")
    return Train(family, instances, seed, settings)
