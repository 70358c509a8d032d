"""A branch as a function of s, corrected wherever it is asked for; or a candidate, taken as it is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq

from geomsup._typing import FloatArray
from geomsup.phases._following import begin, follow
from geomsup.phases._system import Point, System, derivative
from geomsup.phases.branch import Branch, Event
from geomsup.problem import Problem

__all__ = ["Curve", "crossing_error", "crossings_of", "curve_of", "gaps_of"]

CLOSE = 0.1
"""Most that Newton's method may move a point interpolated between two of a branch, relative to their distance. Other
branches begin at kinks and folds, and are reached from there by less than that distance."""
ROUNDING = 1e-9
"""What Newton's method moves a point by, relative to its length, that is already there: measured up to 1e-12."""
XTOL, CLEAR = 1e-14, 1e-13
"""Of roots in s; a difference of losses, relative to their scale, that has a sign whatever the errors."""
PLACES = 17
"""Values of s, besides the points of branches, at which the difference of two losses is looked at."""
SAMPLES = 65
"""Values of s at which a candidate is looked at."""


class Curve:
    """Weights, loss, error and slope at any s between `low` and `high`."""

    def __init__(self, system: System, low: float, high: float, nodes: FloatArray, events: tuple[Event, ...]) -> None:
        self.system, self.low, self.high, self.nodes, self.events = system, low, high, nodes, events
        self._kept: dict[float, tuple[FloatArray, float, float]] = {}

    @property
    def name(self) -> str:
        """What s is."""
        return self.system.path.name

    def problem(self, s: float) -> Problem:
        """The problem at s."""
        return self.system.path(s)

    def parameters(self, s: float) -> FloatArray:
        """The vector of parameters at s."""
        raise NotImplementedError

    def slope(self, s: float) -> float:
        """dL/ds."""
        raise NotImplementedError

    def _at(self, s: float) -> tuple[FloatArray, float, float]:
        if s not in self._kept:
            x = self.parameters(s)
            self._kept[s] = (x, *self.system.exact(x, self.system.u(s)))
        return self._kept[s]

    def weights(self, s: float) -> tuple[FloatArray, FloatArray]:
        """W and b at s."""
        return self.system.objective(self.system.u(s)).unpack(self._at(s)[0])

    def loss(self, s: float) -> float:
        """Exact loss."""
        return self._at(s)[1]

    def error(self, s: float) -> float:
        """Bound on its error."""
        return self._at(s)[2]


class Followed(Curve):
    """A branch, from its points by Newton's method."""

    def __init__(self, system: System, branch: Branch) -> None:
        super().__init__(system, *branch.interval, branch.s, branch.events)
        self.branch = branch
        self.points = system.objective(0.0).pack(branch.W, branch.b)

    def parameters(self, s: float) -> FloatArray:
        """The point of the branch at s."""
        nodes = self.branch.s
        k = int(np.searchsorted(nodes, s))
        if k < nodes.size and nodes[k] == s:
            return np.asarray(self.points[k])
        share = (s - nodes[k - 1]) / (nodes[k] - nodes[k - 1])
        chord = self.points[k] - self.points[k - 1]
        # Where nothing changes along the path the chord is zero, and the point still moves by rounding.
        reach = CLOSE * float(np.linalg.norm(chord)) + ROUNDING * float(np.linalg.norm(self.points[k]))
        point = self._near(self.points[k - 1] + share * chord, s, reach)
        if point is None:
            point = self._walk(k, s)
        if point is None:
            raise ValueError(
                f"the branch was not found between its points at {self.name}={nodes[k - 1]:.6g} and {nodes[k]:.6g}: "
                "pass a smaller max_step"
            )
        return point.x

    def _near(self, guess: FloatArray, s: float, distance: float) -> Point | None:
        point = self.system.at(guess, self.system.u(s))
        return point if point is not None and np.linalg.norm(point.x - guess) <= distance else None

    def _walk(self, k: int, s: float) -> Point | None:
        """In short steps from the neighbour that is not an end, where the branch may bend or meet a kink."""
        nodes = self.branch.s
        begin = k if k - 1 == 0 else k - 1
        for pieces in (4, 16, 64):
            places = np.linspace(nodes[begin], s, pieces + 1)
            point = self.system.at(self.points[begin], self.system.u(places[0]))
            for place in places[1:]:
                if point is None:
                    break
                ahead = (self.system.u(place) - point.u) / point.tangent[-1] * point.tangent[:-1]
                point = self._near(point.x + ahead, place, 0.5 * float(np.linalg.norm(ahead)))
            if point is not None:
                return point
        return None

    def slope(self, s: float) -> float:
        """∂L/∂s at fixed weights, the gradient being zero."""
        path = self.system.path
        return self.system.rates(self._at(s)[0], self.system.u(s))[0] / (path.high - path.low)


class Candidate(Curve):
    """A function from s to (W, b), stationary or not."""

    def __init__(self, system: System, function: Callable[[float], Any]) -> None:
        path = system.path
        super().__init__(system, path.low, path.high, np.linspace(path.low, path.high, SAMPLES), ())
        self.function = function

    def parameters(self, s: float) -> FloatArray:
        """What the function says at s."""
        W, b = self.problem(s).check_weights(*self.function(s))
        return self.system.objective(self.system.u(s)).pack(W, b)

    def slope(self, s: float) -> float:
        """The total derivative along the candidate."""
        path = self.system.path
        losses = derivative(lambda u: np.array([self.loss(self.system.s(u))]), self.system.u(s))
        return float(losses[0]) / (path.high - path.low)


def curve_of(
    system: System, what: Any, at: float | None, max_step: float, callback: Callable[[float], None] | None
) -> Curve:
    """A branch as it is, a start followed, or a candidate."""
    path = system.path
    if callable(what):
        return Candidate(system, what)
    if not isinstance(what, Branch):
        what = follow(*begin(path, what, at, system.loss, system.bias), max_step=max_step, callback=callback)
    problem = path(path.low)
    shape = (problem.n_hidden, problem.n_features)
    if what.W.shape[1:] != shape or not path.low <= what.s[0] <= what.s[-1] <= path.high:
        raise ValueError(
            f"the branch runs over {what.name} from {what.s[0]:g} to {what.s[-1]:g} with W of shape "
            f"{what.W.shape[1:]}, the path over {path.name} from {path.low:g} to {path.high:g} with {shape}: "
            "pass branches of this path"
        )
    return Followed(system, what)


def gaps_of(first: Curve, second: Curve) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places where both are known, the difference of their losses there, and the sum of the errors of these."""
    low, high = max(first.low, second.low), min(first.high, second.high)
    inner = np.concatenate([curve.nodes[(curve.nodes >= low) & (curve.nodes <= high)] for curve in (first, second)])
    s = np.unique(np.concatenate([np.linspace(low, high, PLACES), inner]))
    gaps = np.array([first.loss(one) - second.loss(one) for one in s])
    return s, gaps, np.array([first.error(one) + second.error(one) for one in s])


def crossings_of(first: Curve, second: Curve) -> list[float]:
    """Where the losses of two curves are equal: a root between neighbouring places at which they clearly differ."""
    if max(first.low, second.low) > min(first.high, second.high):
        return []
    s, gaps, noise = gaps_of(first, second)
    clear = np.flatnonzero(np.abs(gaps) > np.maximum(noise, CLEAR * first.system.scale))

    def gap(place: float) -> float:
        return first.loss(place) - second.loss(place)

    return [
        float(brentq(gap, s[k], s[after], xtol=XTOL, rtol=4 * 2.0**-52))
        for k, after in pairwise(clear.tolist())
        if gaps[k] * gaps[after] < 0
    ]


def crossing_error(first: Curve, second: Curve, s: float) -> float:
    """Estimate of the error of a crossing: the error bounds of both losses divided by the difference of the slopes."""
    gap = abs(second.slope(s) - first.slope(s))
    return (first.error(s) + second.error(s)) / max(gap, 1e-300) + XTOL
