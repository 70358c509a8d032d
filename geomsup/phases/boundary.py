r"""`phase_boundary`: where the losses of two branches cross, or one gives birth to the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._validate import real_number
from geomsup.arrangement import Arrangement
from geomsup.optimize.distinct import Describer
from geomsup.optimize.objective import Bias
from geomsup.phases._curve import Curve, crossing_error, crossings_of, curve_of, gaps_of
from geomsup.phases._system import LossName, System
from geomsup.phases.branch import Event
from geomsup.phases.path import Path, as_path
from geomsup.phases.transition import Boundary

__all__ = ["phase_boundary"]

MEETING = 1e-4
"""Distance of two arrangements, relative to their largest entry, at which they are the same. At a fold it is the square
root of what separates their s: measured 2e-7 there, and more than 1e-2 at crossings."""
SAME_PLACE, FLAT = 1e-6, 1e-6
"""Distance in s of two signs of one boundary; a difference of slopes that counts as none."""


def phase_boundary(
    path: Path,
    first: Any,
    second: Any,
    *,
    at: float | tuple[float, float] | None = None,
    near: float | None = None,
    loss: LossName = "expected",
    bias: Bias = "free",
    max_step: float = 0.05,
    callback: Callable[[float], None] | None = None,
) -> Boundary:
    r"""Follow two branches along a path and find where the lower one changes.

    A crossing is a root of L₁(s) − L₂(s), exact losses of points corrected by Newton's method at every s that is
    tried. The envelope theorem, :math:`dL/ds = \partial_s L` on a branch, gives the slopes; errors ε of the losses
    move the root by at most

    .. math:: \delta s = \frac{\epsilon_1 + \epsilon_2}{|\partial_s L_1 - \partial_s L_2|}

    to first order. Where the losses do not cross but one branch ends, at a fold, a bifurcation or a drop, in an
    arrangement of the other, the transition is of second order, and s is that of the event.

    Parameters
    ----------
    path : Path
        Of problems.
    first, second : Branch, Arrangement, Solution, pair (W, b), or callable
        A branch that was followed along this path; a stationary point to follow; or a candidate, a function from s to
        (W, b), whose loss is taken as it is.
    at : float or pair of float, optional
        Where the starts belong, one s for both or one for each; the low end of the path by default.
    near : float, optional
        Which boundary, if there are several: the nearest to this.
    loss, bias, max_step, callback
        As in :func:`geomsup.continuation`.

    Returns
    -------
    Boundary

    Raises
    ------
    ValueError
        As in :func:`geomsup.continuation`; no s in common, the same branch twice, no boundary, or several without
        `near`.

    Examples
    --------
    Candidates: one feature ignored, and an antipodal pair of unit vectors without bias (importances 1 and r):

    >>> import geomsup as gs
    >>> r = 0.5
    >>> path = gs.phases.along(gs.Problem(2, 1, importance=[1, r]), "feature_probability", (0.1, 0.9))
    >>> ignore_last = lambda s: ([[1, 0]], [0, s / 2])
    >>> antipodal = lambda s: ([[1, -1]], [0, 0])
    >>> boundary = gs.phase_boundary(path, antipodal, ignore_last)
    >>> abs(boundary.s - 4 * r / (2 + 5 * r)) < 1e-12
    True
    """
    path = as_path(path)
    system = System(path, loss, bias)
    places: tuple[Any, Any] = (at[0], at[1]) if isinstance(at, (tuple, list)) and len(at) == 2 else (at, at)
    with threadpool_limits(1):
        curves = [
            curve_of(system, one, None if place is None else real_number("at", place), max_step, callback)
            for one, place in zip((first, second), places, strict=True)
        ]
        return _between(system, curves[0], curves[1], None if near is None else real_number("near", near))


def _between(system: System, first: Curve, second: Curve, near: float | None) -> Boundary:
    name = system.path.name
    low, high = max(first.low, second.low), min(first.high, second.high)
    if low > high:
        raise ValueError(
            f"the branches have no {name} in common: the first runs from {first.low:.6g} to {first.high:.6g}, the "
            f"second from {second.low:.6g} to {second.high:.6g}; pass starts whose branches overlap"
        )
    _, gaps, noise = gaps_of(first, second)
    if (np.abs(gaps) <= noise).all():
        raise ValueError("both starts lie on branches of one and the same loss: pass two different arrangements")
    found: list[tuple[float, Event | None]] = [(event.s, event) for event in _meetings(first, second)]
    for root in crossings_of(first, second):
        if not any(abs(root - place) < SAME_PLACE for place, _ in found):
            found.append((root, None))
    if not found:
        side = "below" if gaps[np.argmax(np.abs(gaps))] < 0 else "above"
        raise ValueError(
            f"there is no boundary: from {name}={low:.6g} to {high:.6g}, where both branches are minima, the loss of "
            f"the first stays {side} that of the second; pass a longer path, or other branches"
        )
    if len(found) > 1 and near is None:
        places = ", ".join(f"{place:.6g}" for place in sorted(place for place, _ in found))
        raise ValueError(f"there are {len(found)} boundaries, at {name}={places}: pass near= to choose one")
    return _boundary(first, second, *min(found, key=lambda one: 0.0 if near is None else abs(one[0] - near)))


def _meetings(first: Curve, second: Curve) -> list[Event]:
    """Events in which one branch ends in an arrangement of the other; one at each place, the most accurate."""
    found: list[Event] = []
    for ending, other in ((first, second), (second, first)):
        for event in ending.events:
            if event.kind in ("fold", "bifurcation", "dropped") and other.low <= event.s <= other.high:
                describer = Describer(ending.problem(event.s))
                ends = (describer.describe(*curve.weights(event.s)) for curve in (ending, other))
                if describer.distance(next(ends), next(ends)) <= MEETING:
                    found.append(event)
    best: list[Event] = []
    for event in sorted(found, key=lambda one: one.error):
        if not any(abs(event.s - one.s) < SAME_PLACE for one in best):
            best.append(event)
    return best


def _boundary(first: Curve, second: Curve, s: float, event: Event | None) -> Boundary:
    slopes = first.slope(s), second.slope(s)
    gap = slopes[1] - slopes[0]
    low, high = max(first.low, second.low), min(first.high, second.high)
    if event is None:
        error = crossing_error(first, second, s)
    else:
        error, low, high = event.error, s, s
    return Boundary(
        name=first.name,
        s=s,
        error=float(error),
        order=1 if event is None else 2,
        loss=first.loss(s),
        slopes=slopes,
        lower_before="first" if _first_below(first, second, s, gap) else "second",
        hysteresis=(low, high),
        first=Arrangement(*first.weights(s)),
        second=Arrangement(*second.weights(s)),
        events=(first.events, second.events),
    )


def _first_below(first: Curve, second: Curve, s: float, gap: float) -> bool:
    """Whether the first has the lower loss before s; where only one branch is there before s, it is that one."""
    before = s - 1e-3 * (min(first.high, second.high, s) - min(first.low, second.low))
    if first.low <= before and second.low <= before:
        return gap < 0 if abs(gap) > FLAT else first.loss(before) < second.loss(before)
    return first.low <= before
