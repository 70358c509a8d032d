"""Where second derivatives jump, and a branch goes on in another direction: features that vanish, biases at zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geomsup._typing import FloatArray
from geomsup.phases._arc import Located, at_zero
from geomsup.phases._system import CLOSEST, Point, System
from geomsup.phases.branch import Event

GONE = 1e-6
"""Norm, relative to the longest, of a feature that counts as gone."""
SHORT = 0.03
"""Length, relative to the longest, below which a feature may be about to vanish."""
LENGTHS = (1.0, 0.9, 0.78, 0.65, 0.53, 0.4, 0.28, 0.15, 0.075)
"""Lengths, relative to twice that one, from which the point where a feature vanishes is extrapolated. Measured against
a closed form, on 18 branches: 6e-12 at most; 3e-10 from shorter ones, where the equations say little of s."""
AGREE, KINK = 1e-7, 1e-6
"""Of two extrapolations; of a bias that is extrapolated to 0. Measured: 1e-12 and 1e-10."""
LOW, BEYOND, NEARBY = 1e-3, 1e-5, 1e-3
"""A bias that may be about to pass through zero; the share of the path by which a corner is stepped over; the longest
such step."""


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
    end, check = at_zero(lengths, z), at_zero(lengths[:-1], z[:-1])
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
    corner = corner_between(system, here, beyond)
    if corner is None:
        return None
    event, _ = corner
    if beyond.n_negative > here.n_negative:
        event = replace(event, kind="bifurcation", text=f"{event.text}; the branch is no minimum any more")
    return Located(event, beyond, np.inf)


def corner_between(system: System, here: Point, beyond: Point) -> tuple[Event, float] | None:
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
