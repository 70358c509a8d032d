"""The last stages of a phase diagram: minima at full accuracy with their names, and models trained for comparison."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geomsup._typing import ArrayLike
from geomsup.identification import Geometry, identify
from geomsup.optimize.distinct import Describer
from geomsup.optimize.lbfgs import LEAST_SCALE
from geomsup.optimize.objective import Bias, Objective
from geomsup.optimize.settle import GRADIENT_TOL, settle
from geomsup.optimize.solution import Minimum
from geomsup.phases._search import Pool
from geomsup.phases._stages import Cell
from geomsup.phases._store import Record
from geomsup.problem import Problem
from geomsup.training import train

__all__ = ["ROLES", "Finish", "Train", "role"]

ROLES = ("not represented", "dedicated dimension", "in superposition")
"""What becomes of the last feature, in the words of Elhage et al. 2022."""


def role(geometry: Geometry) -> str:
    """What becomes of the last feature: one of `ROLES`."""
    last = geometry.W.shape[1] - 1
    for factor in geometry.factors:
        if last in factor.features:
            return ROLES[1] if len(factor.features) == 1 else ROLES[2]
    return ROLES[0]


@dataclass(frozen=True)
class Finish:
    """The task of the last stage: the best arrangement of a pool and the best other minimum, settled and named.

    Parameters
    ----------
    family, largest, bias
        As for the search.
    """

    family: Callable[..., Problem]
    largest: tuple[int, int]
    bias: Bias

    def __call__(self, cells: list[Cell]) -> list[Record]:
        """Records of the cells, whose previous records are those of the search."""
        return [self._one(cell) for cell in cells]

    def _one(self, cell: Cell) -> Record:
        assert cell.previous is not None
        objective = Objective(self.family(**cell.point), self.bias)
        problem = objective.problem
        pool = Pool.read(cell.previous, (problem.n_hidden, problem.n_features))
        minima: list[Minimum] = []
        for W, b, hits in zip(pool.W, pool.b, pool.hits.tolist(), strict=True):
            one = settle(objective, objective.pack(W, b), hits, leave_saddles=not minima)
            minima = _merged(objective, [*minima, one])
            if sum(one.kind != "saddle" for one in minima) == 2:
                break
        best = minima[0]
        other = next((one for one in minima[1:] if one.kind != "saddle"), None)
        geometry = identify(best.W)
        converged = best.gradient_norm <= GRADIENT_TOL * objective.scale and best.kind != "saddle"
        return {
            "loss": np.array(best.loss),
            "error": np.array(best.error),
            "W": self._filled(best.W, -2, -1),
            "b": self._filled(best.b, -1),
            "kind": np.array(best.kind),
            "converged": np.array(converged),
            "hits": np.array(best.hits),
            "n_starts": cell.previous["n_starts"],
            "label": np.array(geometry.name),
            "role": np.array(role(geometry)),
            "runner_up_loss": np.array(np.nan if other is None else other.loss),
            "runner_up_error": np.array(np.nan if other is None else other.error),
            "runner_up_W": self._filled([[np.nan]] if other is None else other.W, -2, -1),
            "runner_up_b": self._filled([np.nan] if other is None else other.b, -1),
        }

    def _filled(self, array: ArrayLike, *axes: int) -> np.ndarray[tuple[int, ...], np.dtype[Any]]:
        """Filled up with NaN to the size of the largest cell along its axes: -2 hidden dimensions, -1 features."""
        array = np.asarray(array)
        full = np.full([self.largest[axis] for axis in axes], np.nan)
        full[tuple(map(slice, array.shape))] = array
        return full


def _merged(objective: Objective, minima: list[Minimum]) -> list[Minimum]:
    """Lowest first, equal ones once."""
    if len(minima) == 1:
        return minima
    W, b = np.array([one.W for one in minima]), np.array([one.b for one in minima])
    loss = np.array([one.loss for one in minima])
    least = LEAST_SCALE * objective.scale
    groups = Describer(objective.problem).groups(W, b, loss, loss_tol=1e-9, tol=1e-4, least=least)
    return [replace(minima[group[0]], hits=sum(minima[k].hits for k in group)) for group in groups]


@dataclass(frozen=True)
class Train:
    """The task of the stage that trains: several models per cell.

    Parameters
    ----------
    family
        As for the search.
    n_instances : int
        Models per cell.
    seed : int
        With the number of the first cell of a chunk, of all its randomness.
    settings : dict
        Further arguments of `train`.
    """

    family: Callable[..., Problem]
    n_instances: int
    seed: int
    settings: Mapping[str, Any]

    @property
    def stage(self) -> str:
        """A name that says with what settings, so that a search is kept when they change."""
        text = json.dumps([self.n_instances, self.seed, dict(self.settings)], sort_keys=True, default=repr)
        return f"train-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def __call__(self, cells: list[Cell]) -> list[Record]:
        """Records of the cells."""
        problems = [self.family(**cell.point) for cell in cells]
        sizes: dict[tuple[int, int, str], list[int]] = {}
        for k, problem in enumerate(problems):
            sizes.setdefault((problem.n_hidden, problem.n_features, problem.activation), []).append(k)
        records: dict[int, Record] = {}
        for alike in sizes.values():
            several = [problems[k] for k in alike for _ in range(self.n_instances)]
            run = train(several, rng=[self.seed, cells[alike[0]].number], **self.settings)
            losses = run.loss.reshape(len(alike), self.n_instances)
            for k, loss, W in zip(alike, losses, run.W.reshape(*losses.shape, *run.W.shape[1:]), strict=True):
                records[k] = _trained(loss, W)
        return [records[k] for k in range(len(cells))]


def _trained(loss: np.ndarray[tuple[int, ...], np.dtype[np.float64]], W: Any) -> Record:
    """Losses of all instances, and what the best of them is; a model that diverged is none."""
    if np.isnan(loss).all():
        return {"trained_loss": loss, "trained_label": np.array("diverged"), "trained_role": np.array("diverged")}
    geometry = identify(W[int(np.nanargmin(loss))])
    return {
        "trained_loss": loss,
        "trained_label": np.array(geometry.name),
        "trained_role": np.array(role(geometry)),
    }
