"""Problems that depend on a point of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup._typing import JSON
from geomsup.problem import Problem, geometric_importance

__all__ = ["NAMES", "Varied"]

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
