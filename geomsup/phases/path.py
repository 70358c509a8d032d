"""Paths in the space of problems: s to a problem, on an interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from geomsup._typing import ArrayLike
from geomsup._validate import integer, real_array, real_number
from geomsup.features import AnticorrelatedSets, CorrelatedSets
from geomsup.importance import geometric_importance
from geomsup.problem import Problem

__all__ = ["Path", "along", "as_path"]

PARAMETERS = ("feature_probability", "set_probability", "importance", "importance_decay")


@final
@dataclass(frozen=True, eq=False)
class Path:
    """A problem for every s of an interval, all with the same features, hidden dimensions and activation.

    Parameters
    ----------
    function : callable
        s to a `Problem`; smooth in s.
    low, high : float
        The interval.
    name : str
        What s is, for messages and labels.

    Raises
    ------
    ValueError
        An empty interval, or a function that does not return problems, or problems of different sizes.

    Examples
    --------
    >>> import geomsup as gs
    >>> path = gs.phases.Path(lambda s: gs.Problem(5, 2, s), 0.01, 0.5, "density")
    >>> path(0.05)
    Problem(n_features=5, n_hidden=2, feature_probability=0.05, activation='relu')
    """

    function: Callable[[float], Problem]
    low: float
    high: float
    name: str = "s"
    _shape: tuple[Any, ...] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        low, high = real_number("low", self.low), real_number("high", self.high)
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if not low < high:
            raise ValueError(f"the interval ({low:g}, {high:g}) is empty: pass low < high")
        self(low), self(high)

    def __call__(self, s: float) -> Problem:
        """The problem at s.

        Raises
        ------
        ValueError
            s is outside, the function fails there, or the problem has another size than at `low`.
        """
        if not self.low <= s <= self.high:
            raise ValueError(
                f"{self.name}={s:g} is outside the path, which runs from {self.low:g} to {self.high:g}: "
                "pass a value between, or a longer path"
            )
        problem = self.function(s)
        if not isinstance(problem, Problem):
            raise ValueError(f"the path returns {problem!r} at {self.name}={s:g}: it must return a Problem")
        groups = tuple((group.members, group.kind) for group in problem.features.groups)
        shape = (problem.n_features, problem.n_hidden, problem.activation, groups)
        if not self._shape:
            object.__setattr__(self, "_shape", shape)
        if shape != self._shape:
            first = self.function(self.low)
            raise ValueError(
                f"the path changes from {first!r} at {self.name}={self.low:g} to {problem!r} at {self.name}={s:g}: "
                "n_features, n_hidden, activation and sets must stay the same along a path"
            )
        return problem

    def __repr__(self) -> str:
        return f"Path({self.name} from {self.low:g} to {self.high:g}, {self.function(self.low)!r} at the start)"


def along(problem: Problem, parameter: str, interval: ArrayLike, *, feature: int | None = None) -> Path:
    """The path on which one parameter of a problem changes.

    Parameters
    ----------
    problem : Problem
        What stays the same.
    parameter : str
        ``"feature_probability"`` of all features, or of one; ``"set_probability"`` of all sets; ``"importance"`` of
        one feature; ``"importance_decay"``, the ratio γ of the importances γⁱ.
    interval : pair of float
        Its smallest and its largest value.
    feature : int, optional
        The one feature.

    Raises
    ------
    ValueError
        An unknown parameter, one that the problem does not have, a feature that does not exist, values that the problem
        does not allow.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.phases.along(gs.Problem(5, 2, 0.05), "feature_probability", (0.01, 0.05), feature=0)(0.02)
    Problem(n_features=5, n_hidden=2, feature_probability=[0.02, 0.05, 0.05, 0.05, 0.05], activation='relu')
    """
    if parameter not in PARAMETERS:
        raise ValueError(f"parameter={parameter!r} is unknown: pass one of {', '.join(map(repr, PARAMETERS))}")
    ends = real_array("interval", interval)
    if ends.shape != (2,):
        raise ValueError(f"interval has shape {ends.shape}: pass a pair (low, high)")
    if feature is not None and integer("feature", feature, at_least=0) >= problem.n_features:
        raise ValueError(f"feature={feature}, but the problem has n_features={problem.n_features}: pass one of those")
    if parameter in ("set_probability", "importance_decay") and feature is not None:
        raise ValueError(f"feature={feature} is given, but {parameter!r} belongs to all features: leave it out")
    if parameter == "importance" and feature is None:
        raise ValueError("'importance' of all features at once scales the loss and nothing else: pass feature=")
    return Path(lambda s: _moved(problem, parameter, feature, s), float(ends[0]), float(ends[1]), parameter)


def as_path(path: Any) -> Path:
    """Refuse what is not a path, and say how to make one."""
    if isinstance(path, Path):
        return path
    raise ValueError(
        f"path={path!r} is not a path: pass phases.Path(function, low, high) or phases.along(problem, name, interval)"
    )


def _moved(problem: Problem, parameter: str, feature: int | None, s: float) -> Problem:
    n = problem.n_features
    if parameter == "importance_decay":
        return problem.replace(importance=geometric_importance(n, s))
    if parameter == "set_probability":
        features = problem.features
        if not isinstance(features, (CorrelatedSets, AnticorrelatedSets)):
            raise ValueError(f"{type(features).__name__} features are in no sets: pass 'feature_probability'")
        return problem.replace(features=type(features)(features.sets, s, features.laws))
    if feature is None:
        return problem.replace(feature_probability=s)
    values = np.array(getattr(problem, parameter))
    values[feature] = s
    return problem.replace(**{parameter: values})
