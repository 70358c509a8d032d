"""Following a stationary point along a path of problems, in both directions, and what happens to it on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from geomsup._typing import FloatArray
from geomsup._validate import real_number
from geomsup.optimize.newton import LARGEST_HESSIAN, polish
from geomsup.optimize.objective import Bias
from geomsup.phases._arc import Located, NotFollowed
from geomsup.phases._events import locate
from geomsup.phases._kinks import around_corner, vanishing
from geomsup.phases._system import LossName, Point, System
from geomsup.phases.branch import Branch, Event
from geomsup.phases.path import Path, as_path

__all__ = ["begin", "follow", "weights_of"]

NEAR = 3e-3
"""Gradient norm, relative to the scale of the loss, up to which a start is taken to be near a stationary point: weights
of a minimum rounded to four digits have 1.3e-3 and less, unit vectors in their place 0.1."""
FIRST_STEP, CORNER, SHORTEST = 0.01, 1e-5, 1e-7
TURN = 0.95
"""Least cosine between the directions at neighbouring points."""
MOST_POINTS = 2000

Callback = Callable[[float], None]


def follow(
    system: System,
    x: FloatArray,
    u: float,
    *,
    saddles: bool = False,
    contacts: bool = False,
    max_step: float = 0.05,
    callback: Callback | None = None,
) -> Branch:
    """The branch through parameters close to a stationary point; arguments as in `continuation`."""
    first = system.at(x, u)
    if first is None:
        raise ValueError(f"Newton's method does not converge at {system.path.name}={system.s(u):g}: pass a minimum")
    if first.n_negative and not saddles:
        raise ValueError(
            f"the start is a saddle with {first.n_negative} directions in which the loss falls, at "
            f"{system.path.name}={system.s(u):g}: pass a minimum, or saddles=True"
        )
    points, events = [first], []
    for side in (-1, 1):
        found, happened = _trace(system, first, side, saddles, contacts, max_step, callback)
        points = found[::-1] + points if side < 0 else points + found
        events += happened
    return _branch(system, points, sorted(events, key=lambda event: event.s))


def begin(path: Path, start: Any, at: float | None, loss: LossName, bias: Bias) -> tuple[System, FloatArray, float]:
    """The equations, and x and u of a start that has been checked and polished."""
    path = as_path(path)
    system = System(path, loss, bias)
    s = path.low if at is None else real_number("at", at)
    W, b = path(s).check_weights(*weights_of(start))
    if W.ndim != 2:
        raise ValueError(f"W has shape {W.shape}, several instances: pass one of them")
    u = system.u(s)
    objective = system.objective(u)
    if objective.size > LARGEST_HESSIAN:
        raise ValueError(
            f"there are {objective.size} parameters, and branches are followed with Hessians of at most "
            f"{LARGEST_HESSIAN}: pass a smaller problem"
        )
    x = objective.pack(W, b)
    norm = float(np.linalg.norm(system.value_and_slope(x, u)[1]))
    if norm > NEAR * objective.scale:
        raise ValueError(
            f"the gradient of the start is {norm / objective.scale:.1e} of the loss scale at {path.name}={s:g}, so it "
            f"is not near a stationary point: pass gs.minimize(path({s:g}), start=(W, b), n_starts=0)"
        )
    return system, polish(objective, x, 1e-12 * objective.scale)[0], u


def weights_of(start: Any) -> tuple[Any, Any]:
    """W and b of an arrangement, a solution, a minimum or a pair."""
    if hasattr(start, "W") and hasattr(start, "b"):
        return start.W, start.b
    if isinstance(start, (tuple, list)) and len(start) == 2:
        return start[0], start[1]
    raise ValueError(f"start={type(start).__name__} is not understood: pass an Arrangement, a Solution or (W, b)")


def _trace(
    system: System,
    first: Point,
    side: int,
    saddles: bool,
    contacts: bool,
    max_step: float,
    callback: Callback | None,
) -> tuple[list[Point], list[Event]]:
    """Points after the first in one direction, and events on the way."""
    points: list[Point] = []
    events: list[Event] = []
    here = _turned(first, side * np.eye(first.z.size)[-1])
    step = min(FIRST_STEP, max_step)
    end = 0.0 if side < 0 else 1.0
    for _ in range(MOST_POINTS):
        if here.u == end:
            return points, events
        if (vanished := vanishing(system, here)) is not None:
            return points + vanished[0], [*events, vanished[1]]
        there, happened = _next(system, here, step, end)
        if there is None:
            step /= 2
            if step < CORNER and (passed := around_corner(system, here, side)) is not None:
                events.append(passed.event)
                points.append(passed.point)
                here, step = passed.point, 10 * CORNER
                if _ends(passed, saddles):
                    return points, events
            if step < SHORTEST:
                text = "the branch cannot be followed further: steps became too short, as at a kink of the loss"
                return points, [*events, Event("lost", system.s(here.u), SHORTEST, (), text)]
            continue
        stop = next((k for k, one in enumerate(happened) if _ends(one, saddles)), None)
        if stop is not None:
            happened = happened[: stop + 1]
        events += [one.event for one in happened if contacts or one.event.kind != "contact"]
        points.append(there if stop is None else happened[stop].point)
        if callback is not None:
            callback(system.s(points[-1].u))
        if stop is not None:
            return points, events
        here, step = there, min(1.5 * step, max_step)
    text = f"the branch has more than {MOST_POINTS} points: raise max_step"
    return points, [*events, Event("lost", system.s(here.u), 0.0, (), text)]


def _turned(point: Point, along: FloatArray) -> Point:
    """The point with its direction on the side of `along`."""
    sign = 1.0 if point.tangent @ along >= 0 else -1.0
    return Point(point.x, point.u, point.gradient_norm, point.curvature, sign * point.tangent)


def _next(system: System, here: Point, step: float, end: float) -> tuple[Point | None, list[Located]]:
    """The next point and what happens on the way to it, or None if the step is too long."""
    there = _advance(system, here, step, end)
    if there is None:
        return None, []
    try:
        return there, locate(system, here, there)
    except NotFollowed:
        return None, []


def _advance(system: System, here: Point, step: float, end: float) -> Point | None:
    """The next point, or None if the step is too long."""
    predicted = here.z + step * here.tangent
    along = here.tangent
    if (predicted[-1] - end) * (here.u - end) <= 0:
        # the path ends on this step: land on its end
        step = (end - here.u) / here.tangent[-1]
        predicted = here.z + step * here.tangent
        predicted[-1] = end
        along = np.eye(predicted.size)[-1] * np.sign(here.tangent[-1])
    there = system.correct(predicted, along)
    if there is None:
        return None
    there = _turned(there, here.tangent)
    off = float(np.linalg.norm(there.z - predicted))
    return there if off <= 0.25 * step and there.tangent @ here.tangent >= TURN else None


def _ends(one: Located, saddles: bool) -> bool:
    return one.event.kind == "fold" or (one.event.kind == "bifurcation" and not saddles)


def _branch(system: System, points: Sequence[Point], events: list[Event]) -> Branch:
    weights = [system.objective(point.u).unpack(point.x) for point in points]
    losses = [system.exact(point.x, point.u) for point in points]
    width = system.path.high - system.path.low
    lowest = [float(point.curvature.values[0]) if point.curvature.values.size else np.nan for point in points]
    return Branch(
        name=system.path.name,
        s=np.array([system.s(point.u) for point in points]),
        W=np.array([W for W, _ in weights]),
        b=np.array([b for _, b in weights]),
        loss=np.array([value for value, _ in losses]),
        error=np.array([error for _, error in losses]),
        slope=np.array([system.rates(point.x, point.u)[0] / width for point in points]),
        gradient_norm=np.array([point.gradient_norm for point in points]),
        eigenvalue=np.array(lowest),
        events=tuple(events),
    )
