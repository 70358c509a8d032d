"""Problems that depend on a point of a grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup._typing import JSON
from geomsup.importance import geometric_importance
from geomsup.phases.grid import Grid, check_names
from geomsup.phases.sweeping import check_arguments, identity_of
from geomsup.problem import Problem

__all__ = ["NAMES", "Varied", "family_of", "identity_of_family"]

NAMES = {
    "feature_probability": "of every feature",
    "relative_importance": "of the last feature, as a multiple of what it has in the problem",
    "importance_decay": "R: feature i has importance Rⁱ",
    "n_features": "with features that are all alike",
    "n_hidden": "hidden dimensions",
    "activation": "relu or identity",
}
"""What can vary along an axis when a problem is given."""


@dataclass(frozen=True)
class Varied:
    """A problem with some of its properties changed.

    Parameters
    ----------
    problem : Problem
        What stays the same.
    """

    problem: Problem

    def __call__(
        self, *, relative_importance: float | None = None, importance_decay: float | None = None, **changes: Any
    ) -> Problem:
        """The problem with these values; changes are arguments of `Problem.replace`."""
        problem = self.problem.replace(**changes) if changes else self.problem
        if importance_decay is not None:
            problem = problem.replace(importance=geometric_importance(problem.n_features, importance_decay))
        if relative_importance is not None:
            last = np.ones(problem.n_features)
            last[-1] = relative_importance
            problem = problem.replace(importance=problem.importance * last)
        return problem

    def to_dict(self) -> JSON:
        """A JSON-able description."""
        return self.problem.to_dict()


def family_of(problem: Any, grid: Grid) -> Callable[..., Problem]:
    """Problems of a point of a grid, from what a caller passed.

    Raises
    ------
    ValueError
        An axis that neither a problem nor the function has, or something that is neither.
    """
    if isinstance(problem, Problem):
        check_names(grid.dims, NAMES, "something that varies in a problem")
        if "importance_decay" in grid.dims and (problem.importance != 1).any():
            raise ValueError(
                "importance_decay replaces the importance of the problem, which is not 1: leave one of the two out"
            )
        return Varied(problem)
    if not callable(problem):
        raise ValueError(
            f"problem={problem!r} is neither a Problem nor a function of the coordinates: pass one of the two"
        )
    check_arguments(problem, grid, {}, 0)
    family: Callable[..., Problem] = problem
    return family


def identity_of_family(family: Callable[..., Problem], what: str, asked: JSON) -> tuple[str, JSON, str]:
    """Name, description and source of what is computed over a family, for the cache."""
    if isinstance(family, Varied):
        return what, asked | {"problem": family.to_dict()}, ""
    return identity_of(family, asked)
