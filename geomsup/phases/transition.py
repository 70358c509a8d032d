"""`Boundary`: where one branch takes over from another."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import Literal

import numpy as np

from geomsup._files import complete, read_npz, write_npz
from geomsup.arrangement import Arrangement
from geomsup.phases.branch import Event

__all__ = ["Boundary"]

_KIND = "boundary"


@dataclass(frozen=True, eq=False)
class Boundary:
    r"""Where one branch takes over from another.

    Parameters
    ----------
    name : str
        What s is.
    s, error : float
        Where, and an estimate of its error: of a crossing, the error bounds of both losses and what is left of their
        gradients, divided by the difference of the slopes.
    order : {1, 2}
        1: the losses cross at an angle, and the arrangement jumps. 2: both branches meet in one arrangement, which
        loses its stability there, and the loss has no corner.
    loss : float
        Of both.
    slopes : pair of float
        dL/ds of the first and of the second branch.
    lower_before : {"first", "second"}
        Which has the lower loss below s.
    hysteresis : pair of float
        The values of s between which both are local minima: a system that follows its minimum jumps at an end of it
        (spinodal). At a transition of second order both are `s`.
    first, second : Arrangement
        Of the two branches at s.
    events : tuple of two tuples of Event
        Those of the two branches.

    Examples
    --------
    >>> import geomsup as gs
    >>> path = gs.phases.along(gs.Problem(5, 2), "feature_probability", (0.1, 0.4))
    >>> pentagon, pairs = gs.minimize(path(0.1), rng=0), gs.minimize(path(0.3), rng=0)
    >>> boundary = gs.phase_boundary(path, pentagon, pairs, at=(0.1, 0.3))
    >>> boundary
    Boundary(feature_probability=0.22487544936..., first order, both are minima from 0.1 to 0.30288349...)
    >>> boundary.lower_before
    'first'
    """

    name: str
    s: float
    error: float
    order: Literal[1, 2]
    loss: float
    slopes: tuple[float, float]
    lower_before: Literal["first", "second"]
    hysteresis: tuple[float, float]
    first: Arrangement
    second: Arrangement
    events: tuple[tuple[Event, ...], tuple[Event, ...]]

    @property
    def gap(self) -> float:
        """How much the slope of the lowest loss changes at s: zero at a transition of second order."""
        return abs(self.slopes[1] - self.slopes[0])

    def save(self, path: str | os.PathLike[str]) -> FilePath:
        """Write everything to a ``.npz`` file (suffix added if missing) and return its path."""
        arrays = {"W": np.array([self.first.W, self.second.W]), "b": np.array([self.first.b, self.second.b])}
        names = ("name", "s", "error", "order", "loss", "slopes", "lower_before", "hysteresis")
        meta = {name: getattr(self, name) for name in names}
        return write_npz(path, arrays, {**meta, "events": [[asdict(e) for e in one] for one in self.events]}, _KIND)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Boundary:
        """Read a boundary written by `save`; ValueError if the file holds anything else."""
        arrays, meta = read_npz(path, _KIND)
        with complete(path, _KIND):
            meta = {**meta, "slopes": tuple(meta["slopes"]), "hysteresis": tuple(meta["hysteresis"])}
            first, second = (
                tuple(Event(**{**event, "features": tuple(event["features"])}) for event in one)
                for one in meta.pop("events")
            )
            ends = (Arrangement(W, b) for W, b in zip(arrays["W"], arrays["b"], strict=True))
            return cls(**meta, first=next(ends), second=next(ends), events=(first, second))

    def __repr__(self) -> str:
        low, high = self.hysteresis
        where = f"{self.name}={self.s:.12g} ± {self.error:.0e}"
        if self.order == 2:
            return f"Boundary({where}, second order)"
        return f"Boundary({where}, first order, both are minima from {low:.10g} to {high:.10g})"
