"""`continuation`: a branch of minima along a path of problems, as data, with what happens to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from threadpoolctl import threadpool_limits

from geomsup._validate import real_number
from geomsup.optimize.objective import Bias
from geomsup.phases._curve import Curve, crossing_error, crossings_of, curve_of
from geomsup.phases._following import begin, follow
from geomsup.phases._system import LossName
from geomsup.phases.branch import Branch, Event
from geomsup.phases.path import Path

__all__ = ["continuation"]


def continuation(
    path: Path,
    start: Any,
    *,
    at: float | None = None,
    loss: LossName = "expected",
    bias: Bias = "free",
    saddles: bool = False,
    contacts: bool = False,
    rivals: Sequence[Any] = (),
    max_step: float = 0.05,
    callback: Callable[[float], None] | None = None,
) -> Branch:
    r"""Follow a branch of minima along a path of problems, in both directions from where it starts.

    On a branch (x(s), s), with x = (W, b) and the gradient g, rotations of W apart,

    .. math:: g(x(s), s) = 0, \qquad \frac{dx}{ds} = -H^{-1} \partial_s g, \qquad \frac{dL}{ds} = \partial_s L ,

    the last because the gradient is zero. Each step goes along the direction of the branch and is corrected by Newton's
    method on the exact loss in the plane perpendicular to it (pseudo-arclength continuation, Keller 1977), so that
    turning points are found and not lost.

    Parameters
    ----------
    path : Path
        Of problems: ``phases.along(problem, "feature_probability", (0.01, 0.5))``, or ``phases.Path(function, low,
        high)``.
    start : Arrangement, Solution, Minimum or pair (W, b)
        A stationary point at `at`, such as a minimum that :func:`geomsup.minimize` found there; it need not be the
        global one.
    at : float, optional
        Where `start` belongs; the low end of the path by default.
    loss : {"expected", "one_active"}
        The expected loss, or its term of first order in the densities, Σ_j p_j Σ_i I_i E[(x_i − x'_i)² : j alone is
        active].
    bias : "free", "zero" or array of shape (n,)
        The biases are unknowns, or fixed.
    saddles : bool
        Whether to go on where the branch stops being a minimum. A fold always ends it.
    contacts : bool
        Whether to record where b_i + W_i·W_j changes sign.
    rivals : sequence of Branch, Arrangement, Solution or pair (W, b)
        Other branches, or stationary points at `at` to follow; where the loss of one becomes lower than that of this
        branch, or higher, there is a crossing.
    max_step : float
        Longest step: of the path as a share, and of (W, b), in Euclidean length.
    callback : callable, optional
        Called with s after every point.

    Returns
    -------
    Branch
        Ends at the ends of the path, at a fold, or where the branch stops being a minimum.

    Raises
    ------
    ValueError
        A path that is none, `at` outside it, a start that does not fit, that is not near a stationary point, or that is
        a saddle while `saddles` is False; more parameters than a Hessian is formed for; a rival that does not fit.

    Examples
    --------
    >>> import geomsup as gs
    >>> path = gs.phases.along(gs.Problem(2, 1), "feature_probability", (0.1, 0.9))
    >>> pair = gs.minimize(path(0.3), rng=0)
    >>> gs.continuation(path, pair, at=0.3)
    Branch(feature_probability from 0.1 to 0.71301301..., ... bifurcation at 0.71301301...)

    The pair is overtaken before it ceases to be a minimum:

    >>> lopsided = gs.minimize(path(0.71), rng=0)
    >>> rival = gs.continuation(path, lopsided, at=0.71)
    >>> event = gs.continuation(path, pair, at=0.3, rivals=[rival]).events[0]
    >>> event.kind, round(event.s, 9)
    ('crossing', 0.706403693)
    """
    step = real_number("max_step", max_step)
    if not 0 < step <= 1:
        raise ValueError(f"max_step={step:g} is not a share of the path: pass a number between 0 and 1, such as 0.05")
    system, x, u = begin(path, start, at, loss, bias)
    with threadpool_limits(1):
        branch = follow(system, x, u, saddles=saddles, contacts=contacts, max_step=step, callback=callback)
        own = curve_of(system, branch, at, step, callback)
        events = list(branch.events)
        for number, rival in enumerate(rivals):
            other = curve_of(system, rival, at, step, callback)
            events += [_crossing(own, other, s, number) for s in crossings_of(own, other)]
    return replace(branch, events=tuple(sorted(events, key=lambda event: event.s)))


def _crossing(own: Curve, other: Curve, s: float, number: int) -> Event:
    below = other.slope(s) < own.slope(s)
    text = f"from here on the loss of rival {number} is {'lower' if below else 'higher'}"
    return Event("crossing", s, crossing_error(own, other, s), (), text)
