"""A branch between two of its points, and the place on it where a function of the point is zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from geomsup._typing import FloatArray
from geomsup.phases._system import Point, System
from geomsup.phases.branch import Event, EventKind

XTOL = 1e-13
"""Of the root along the arc."""
ASIDE = 0.02
"""Of a step, between the points around a bifurcation."""


class NotFollowed(ArithmeticError):
    """Newton's method fails between two points: the step was too long."""


@dataclass(frozen=True, eq=False)
class Located:
    """An event with the point at which it happens, and how far along the step that is."""

    event: Event
    point: Point
    distance: float


class Arc:
    """The branch between two points as a function of the distance along the direction at the first."""

    def __init__(self, system: System, start: Point, end: Point) -> None:
        self.system, self.start, self.end = system, start, end
        self.length = float(start.tangent @ (end.z - start.z))
        self._kept: dict[float, Point] = {0.0: start, self.length: end}

    def point(self, distance: float) -> Point:
        """The point at this distance, corrected from between the nearest two known ones."""
        if distance not in self._kept:
            below = max(d for d in self._kept if d <= distance)
            above = min(d for d in self._kept if d >= distance)
            share = (distance - below) / (above - below)
            low, high = self._kept[below].z, self._kept[above].z
            middle = low + share * (high - low)
            middle += (distance - self.start.tangent @ (middle - self.start.z)) * self.start.tangent
            point = self.system.correct(middle, self.start.tangent)
            if point is None:
                raise NotFollowed("a point between two points of a branch was not found")
            self._kept[distance] = point
        return self._kept[distance]

    def root(self, function: Callable[[Point], float]) -> float:
        """Where the function, of opposite signs at the ends, is zero."""
        return float(brentq(lambda d: function(self.point(d)), 0.0, self.length, xtol=XTOL, rtol=4 * 2.0**-52))

    def located(
        self, kind: EventKind, function: Callable[[Point], float], noise: float, features: tuple[int, ...], text: str
    ) -> Located:
        """The event at the root; its error in s from the noise of the function and its slope there."""
        distance = self.root(function)
        point = self.point(distance)
        if kind == "bifurcation":
            return self._smoothed(function, distance, noise, text)
        nearby = min(max(distance + 1e-3 * self.length, 0.0), self.length)
        if nearby == distance:
            nearby = distance - 1e-3 * self.length
        other = self.point(nearby)
        rise = (function(other) - function(point)) / (nearby - distance)
        miss = noise / max(abs(rise), 1e-300) + XTOL
        per_arc = abs((other.u - point.u) / (nearby - distance))
        width = self.system.path.high - self.system.path.low
        error = width * (_fold_error(self.system, point) if kind == "fold" else per_arc * miss)
        error += 4 * 2.0**-52 * max(abs(self.system.path.low), abs(self.system.path.high))
        return Located(Event(kind, self.system.s(point.u), float(error), features, text), point, distance)

    def _smoothed(self, function: Callable[[Point], float], distance: float, noise: float, text: str) -> Located:
        """A bifurcation from points on both sides of it, where rounding is not divided by a vanishing eigenvalue.

        The function is interpolated at six points around the root; the error is what the inner four say otherwise.
        """
        width = self.system.path.high - self.system.path.low
        h = min(ASIDE * self.length, distance / 3, (self.length - distance) / 3)
        offsets = h * np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
        points = [self.point(distance + offset) for offset in offsets]
        values, shares = np.array([function(p) for p in points]), np.array([p.u for p in points])
        roots = [_inverse(values[part], shares[part]) for part in (slice(0, 6), slice(1, 5))]
        slope = abs((values[-1] - values[0]) / (shares[-1] - shares[0]))
        error = float(width * (abs(roots[0] - roots[1]) + noise / max(slope, 1e-300)))
        found = self.point(distance)
        found = self.system.at(found.x, roots[0]) or replace(found, u=roots[0])
        return Located(Event("bifurcation", self.system.s(roots[0]), error, (), text), found, distance)


def _inverse(values: FloatArray, shares: FloatArray) -> float:
    """u at value 0, by the polynomial through u as a function of the values."""
    return float(at_zero(values, shares))


def _fold_error(system: System, point: Point) -> float:
    """What rounding of the gradient g makes of u at a fold: v·g/v·∂_u g, v the critical direction.

    A miss along the branch counts only with its square, since u has its extremum there.
    """
    critical = point.curvature.vectors[:, int(np.argmin(np.abs(point.curvature.values)))]
    noise = max(point.gradient_norm, 1e-15 * system.scale)
    return noise / max(abs(float(critical @ system.rates(point.x, point.u)[1])), 1e-300)


def at_zero(lengths: FloatArray, values: FloatArray) -> FloatArray:
    """The polynomial through the values, at length 0 (Lagrange)."""
    others = [np.delete(lengths, k) for k in range(lengths.size)]
    weights = np.array([np.prod(rest / (rest - own)) for own, rest in zip(lengths, others, strict=True)])
    return np.asarray(weights @ values)
