"""What following a branch returns: its points and its events."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import Literal

from geomsup._files import complete, read_npz, write_npz
from geomsup._typing import FloatArray
from geomsup.arrangement import Arrangement
from geomsup.dimensionality import feature_dimensionality

__all__ = ["Branch", "Event", "EventKind"]

EventKind = Literal["fold", "bifurcation", "dropped", "corner", "contact", "crossing", "lost"]

_KIND = "branch"
_ARRAYS = ("s", "W", "b", "loss", "error", "slope", "gradient_norm", "eigenvalue")


@dataclass(frozen=True)
class Event:
    """Something that happens to a branch at one point of the path.

    Parameters
    ----------
    kind : str
        "fold": the branch turns back and ends. "bifurcation": an eigenvalue passes through zero and the branch goes on;
        if it was a minimum it is a saddle from there. "dropped": ‖W_i‖ reaches zero. "corner": b_i passes through zero,
        where the second derivatives jump and the branch turns. "contact": a feature begins or ceases to reach an output
        when it is active alone, b_i + M_ij = 0. "crossing": its loss is that of a rival. "lost": the steps became too
        short.
    s : float
        Where.
    error : float
        Estimate of the error of `s`, from the residuals; no bound.
    features : tuple of int
        Those concerned: of a drop, or the output and the feature of a contact.
    text : str
        The same in words.

    Examples
    --------
    >>> import geomsup as gs
    >>> path = gs.phases.along(gs.Problem(2, 1), "feature_probability", (0.6, 0.8))
    >>> branch = gs.continuation(path, gs.minimize(path(0.65), rng=0), at=0.65)
    >>> event = branch.events[-1]
    >>> event.kind, round(event.s, 6)
    ('bifurcation', 0.713013)
    """

    kind: EventKind
    s: float
    error: float
    features: tuple[int, ...] = ()
    text: str = ""


@dataclass(frozen=True, eq=False)
class Branch:
    """Stationary points along a path, each continuing the one before, in the order of s.

    Parameters
    ----------
    name : str
        What s is.
    s : array of shape (K,)
        Increasing.
    W, b : arrays of shapes (K, m, n) and (K, n)
        The arrangements, turned so that neighbours are close.
    loss, error : arrays of shape (K,)
        Loss and a bound on its error.
    slope : array of shape (K,)
        dL/ds along the branch, which is ∂L/∂s at fixed (W, b).
    gradient_norm : array of shape (K,)
        What is left of the gradient.
    eigenvalue : array of shape (K,)
        The smallest of the Hessian, rotations apart; NaN where there is no direction.
    events : tuple of Event
        In the order of s.

    Examples
    --------
    >>> import geomsup as gs
    >>> path = gs.phases.along(gs.Problem(5, 2), "feature_probability", (0.05, 0.2))
    >>> branch = gs.continuation(path, gs.minimize(path(0.05), rng=0), at=0.05)
    >>> branch
    Branch(feature_probability from 0.05 to 0.2, ... points, loss 0.008904..0.07959, no events)
    """

    name: str
    s: FloatArray
    W: FloatArray
    b: FloatArray
    loss: FloatArray
    error: FloatArray
    slope: FloatArray
    gradient_norm: FloatArray
    eigenvalue: FloatArray
    events: tuple[Event, ...]

    @property
    def dimensionality(self) -> FloatArray:
        """D_i at every point, shape (K, n): see :func:`geomsup.feature_dimensionality`."""
        return feature_dimensionality(self.W)

    @property
    def interval(self) -> tuple[float, float]:
        """The ends: of the path, or where the branch ends or stops being a minimum."""
        return float(self.s[0]), float(self.s[-1])

    def arrangement(self, k: int) -> Arrangement:
        """The arrangement at the k-th point."""
        return Arrangement(self.W[k], self.b[k])

    def save(self, path: str | os.PathLike[str]) -> FilePath:
        """Write everything to a ``.npz`` file (suffix added if missing) and return its path."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        return write_npz(path, arrays, {"name": self.name, "events": [asdict(event) for event in self.events]}, _KIND)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Branch:
        """Read a branch written by `save`; ValueError if the file holds anything else."""
        arrays, meta = read_npz(path, _KIND)
        with complete(path, _KIND):
            events = (Event(**{**event, "features": tuple(event["features"])}) for event in meta["events"])
            return cls(meta["name"], **{name: arrays[name] for name in _ARRAYS}, events=tuple(events))

    def _events_text(self) -> Iterator[str]:
        for event in self.events:
            yield f"{event.kind} at {event.s:.10g}"

    def __repr__(self) -> str:
        low, high = self.interval
        events = ", ".join(self._events_text()) or "no events"
        losses = f"{self.loss.min():.4g}..{self.loss.max():.4g}"
        return f"Branch({self.name} from {low:.10g} to {high:.10g}, {self.s.size} points, loss {losses}, {events})"
