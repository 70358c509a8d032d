"""What happens between two points of a branch, and where exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from geomsup._typing import FloatArray
from geomsup.phases._system import CLOSEST, Point, System
from geomsup.phases.branch import Event, EventKind

__all__ = ["Located", "NotFollowed", "around_corner", "locate", "vanishing"]

XTOL = 1e-13
"""Of the root along the arc."""
GONE = 1e-6
"""Norm, relative to the longest, of a feature that counts as gone."""
SHORT = 0.03
"""Length, relative to the longest, below which a feature may be about to vanish."""
LENGTHS = (1.0, 0.9, 0.78, 0.65, 0.53, 0.4, 0.28, 0.15, 0.075)
"""Lengths, relative to twice that one, from which the point where a feature vanishes is extrapolated. Measured against
a closed form, on 18 branches: 6e-12 at most; 3e-10 from shorter ones, where the equations say little of s."""
AGREE, KINK = 1e-7, 1e-6
"""Of two extrapolations; of a bias that is extrapolated to 0. Measured: 1e-12 and 1e-10."""
ASIDE = 0.02
"""Of a step, between the points around a bifurcation."""
LOW, BEYOND, NEARBY = 1e-3, 1e-5, 1e-3
"""A bias that may be about to pass through zero; the share of the path by which a corner is stepped over; the longest
such step."""


class NotFollowed(ArithmeticError):
    """Newton's method fails between two points: the step was too long."""


@dataclass(frozen=True, eq=False)
class Located:
    """An event with the point at which it happens, and how far along the step that is."""

    event: Event
    point: Point
    distance: float


def locate(system: System, start: Point, end: Point) -> list[Located]:
    """Every event between two neighbouring points, in order."""
    arc = _Arc(system, start, end)
    found = [*_stability(arc), *_drops(arc), *_contacts(arc)]
    if (corner := _corner(system, start, end)) is not None:
        found.append(Located(corner[0], end, corner[1] * arc.length))
    return sorted(found, key=lambda one: one.distance)


class _Arc:
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
    return float(_at_zero(values, shares))


def _fold_error(system: System, point: Point) -> float:
    """What rounding of the gradient g makes of u at a fold: v·g/v·∂_u g, v the critical direction.

    A miss along the branch counts only with its square, since u has its extremum there.
    """
    critical = point.curvature.vectors[:, int(np.argmin(np.abs(point.curvature.values)))]
    noise = max(point.gradient_norm, 1e-15 * system.scale)
    return noise / max(abs(float(critical @ system.rates(point.x, point.u)[1])), 1e-300)


def _stability(arc: _Arc) -> list[Located]:
    start, end = arc.start, arc.end
    if start.tangent[-1] * end.tangent[-1] < 0:
        text = "the branch turns back: a minimum and a saddle meet"
        return [arc.located("fold", lambda p: float(p.tangent[-1]), 1e-11, (), text)]
    found = []
    before, after = start.n_negative, end.n_negative
    for k in range(min(before, after), max(before, after)):

        def eigenvalue(point: Point, k: int = k) -> float:
            return float(point.curvature.values[k])

        if eigenvalue(start) * eigenvalue(end) >= 0:
            continue  # within the noise of zero at one end
        scale = float(np.abs(start.curvature.values).max())
        text = f"eigenvalue {k} passes through zero: {before} negative before, {after} after"
        found.append(arc.located("bifurcation", eigenvalue, 1e-11 * scale, (), text))
    return found


def _drops(arc: _Arc) -> list[Located]:
    first, last = _weights(arc, arc.start)[0], _weights(arc, arc.end)[0]
    norms = np.linalg.norm(first, axis=0)
    found = []
    for i in np.flatnonzero(norms > GONE * norms.max()).tolist():
        direction = first[:, i] / norms[i]

        def length(point: Point, i: int = i, direction: FloatArray = direction) -> float:
            return float(direction @ _weights(arc, point)[0][:, i])

        if direction @ last[:, i] < 0:
            found.append(arc.located("dropped", length, 1e-13, (i,), f"feature {i} has no direction"))
    return found


def vanishing(system: System, here: Point) -> tuple[list[Point], Event] | None:
    """Points up to the one where a feature that is already short vanishes, if the branch ends there at a kink.

    Where W_i = 0 and b_j = 0 at once, the second derivatives have a kink: on the other side the branch, if there is
    one, has another direction. With the length of W_i given in place of s the equations stay regular, and s is a
    smooth function of it up to 0, where it is extrapolated to.
    """
    W, b = system.objective(here.u).unpack(here.x)
    norms = np.linalg.norm(W, axis=0)
    i = int(np.argmin(norms))
    if not GONE < norms[i] / norms.max() < SHORT:
        return None
    objective = system.objective(here.u)
    chosen = np.zeros_like(W)
    chosen[:, i] = W[:, i] / norms[i]
    along = np.append(objective.pack(chosen, np.zeros_like(b)), 0.0)
    if along @ here.tangent >= 0:
        return None
    for longest in (2 * SHORT * norms.max(), norms[i]):
        lengths = longest * np.array(LENGTHS)
        points = _shortening(system, here, along, lengths)
        if points:
            break
    else:
        return None
    z = np.array([point.z for point in points])
    end, check = _at_zero(lengths, z), _at_zero(lengths[:-1], z[:-1])
    width = system.path.high - system.path.low
    miss = abs(end[-1] - check[-1])
    if miss > AGREE or not 0 <= end[-1] <= 1:
        return None
    x = end[:-1] - (along[:-1] @ end[:-1]) * along[:-1]
    if np.abs(system.objective(here.u).unpack(x)[1]).min() > KINK:
        return None
    _, gradient = system.value_and_slope(x, float(end[-1]))
    last = Point(x, float(end[-1]), float(np.linalg.norm(gradient)), here.curvature, here.tangent)
    error = float(width * (2 * miss + 1e-12))
    event = Event("dropped", system.s(last.u), error, (i,), f"feature {i} vanishes at a kink")
    return [*(point for point in points if along @ point.z < norms[i]), last], event


def _shortening(system: System, here: Point, along: FloatArray, lengths: FloatArray) -> list[Point]:
    """The points at these lengths; none if one is not found, as beyond the ends of the path."""
    points: list[Point] = []
    for length in lengths:
        last = points[-1] if points else here
        way = last.z - points[-2].z if len(points) > 1 else along
        point = system.correct(last.z + (length - along @ last.z) / (along @ way) * way, along)
        if point is None:
            return []
        points.append(point)
    return points


def around_corner(system: System, here: Point, side: int) -> Located | None:
    """The point just beyond a corner: where an output's bias passes through zero, second derivatives jump.

    While nothing is active the output i is ReLU(b_i), so ∂²L/∂b_i² grows there by 2 I_i P(nothing is active), and the
    branch goes on in another direction. With b_i = 0 given in place of s, Newton's method finds the corner itself.
    """
    objective = system.objective(here.u)
    b = objective.unpack(here.x)[1]
    if objective.fixed is not None or not np.abs(b).min() < LOW:
        return None
    beyond = system.at(here.x, min(max(here.u + side * BEYOND, 0.0), 1.0))
    if beyond is None or np.linalg.norm(beyond.x - here.x) > NEARBY or beyond.u == here.u:
        return None
    if beyond.tangent[-1] * side < 0:
        beyond = Point(beyond.x, beyond.u, beyond.gradient_norm, beyond.curvature, -beyond.tangent)
    corner = _corner(system, here, beyond)
    if corner is None:
        return None
    event, _ = corner
    if beyond.n_negative > here.n_negative:
        event = replace(event, kind="bifurcation", text=f"{event.text}; the branch is no minimum any more")
    return Located(event, beyond, np.inf)


def _corner(system: System, here: Point, beyond: Point) -> tuple[Event, float] | None:
    """The corner between two points, if a bias changes sign there, and the share of the way at which it does."""
    objective = system.objective(here.u)
    if objective.fixed is not None:
        return None
    b, after = (objective.unpack(point.x)[1] for point in (here, beyond))
    crossed = np.flatnonzero((b * after < 0) & (np.minimum(np.abs(b), np.abs(after)) > CLOSEST))
    if not crossed.size:
        return None
    i = int(crossed[0])
    across = np.eye(here.z.size)[objective.split + i]
    share = float(b[i] / (b[i] - after[i]))
    between = here.z + share * (beyond.z - here.z)
    corner = system.correct(between - (across @ between) * across, across)
    width = system.path.high - system.path.low
    if corner is None or not min(here.u, beyond.u) <= corner.u <= max(here.u, beyond.u):
        u, error = (here.u + beyond.u) / 2, width * abs(beyond.u - here.u) / 2
    else:
        u, error = corner.u, width * 1e-13
    text = f"b_{i} passes through zero, and the second derivatives jump"
    return Event("corner", system.s(u), float(error), tuple(crossed.tolist()), text), share


def _at_zero(lengths: FloatArray, values: FloatArray) -> FloatArray:
    """The polynomial through the values, at length 0 (Lagrange)."""
    others = [np.delete(lengths, k) for k in range(lengths.size)]
    weights = np.array([np.prod(rest / (rest - own)) for own, rest in zip(lengths, others, strict=True)])
    return np.asarray(weights @ values)


def _contacts(arc: _Arc) -> list[Located]:
    """Sign changes of b_i + M_ij over outputs i and features j ≠ i."""

    def reach(point: Point) -> FloatArray:
        W, b = _weights(arc, point)
        return np.asarray(W.T @ W + b[:, None])

    first, last = reach(arc.start), reach(arc.end)
    # measured: states at a kink, where b_i + M_ij is exactly 0, come out at 1e-16
    changed = ~np.eye(len(first), dtype=bool) & (first * last < 0) & (np.minimum(np.abs(first), np.abs(last)) > 1e-9)
    found: list[Located] = []
    for i, j in np.argwhere(changed).tolist():

        def product(point: Point, i: int = i, j: int = j) -> float:
            return float(reach(point)[i, j])

        found.append(arc.located("contact", product, 1e-13, (i, j), f"b_{i} + W_{i}·W_{j} changes sign"))
    return found


def _weights(arc: _Arc, point: Point) -> tuple[FloatArray, FloatArray]:
    return arc.system.objective(point.u).unpack(point.x)
