r"""`triple_point`: where three branches have one loss, in a family of problems with two parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import real_array
from geomsup.arrangement import Arrangement
from geomsup.loss.expected import expected_loss
from geomsup.phases._following import begin, follow, weights_of
from geomsup.phases._system import System
from geomsup.phases.path import Path
from geomsup.problem import Problem

__all__ = ["TriplePoint", "triple_point"]

Family = Callable[[float, float], Problem]

STEPS = 40
SMALL = 1e-13
"""A Newton step, relative to the point, after which it stays where it is."""
DIFFERENCE = 1e-4
"""Step of the central differences in both parameters, relative to them; the slopes only steer and estimate."""


@dataclass(frozen=True, eq=False)
class TriplePoint:
    """Where three branches have one loss.

    Parameters
    ----------
    point : array of shape (2,)
        The two parameters.
    error : array of shape (2,)
        Estimate of their errors: what the error bounds of the three losses move them by.
    loss : float
        Of all three.
    spread : float
        The largest difference of the three losses at `point`.
    slopes : array of shape (3, 2)
        Of the three losses in the two parameters.
    arrangements : tuple of three Arrangement

    Examples
    --------
    >>> import geomsup as gs
    >>> family = lambda r, s: gs.Problem(2, 1, s, importance=[1, r])
    >>> pair, first = (lambda r, s: ([[1, -1]], [0, 0])), (lambda r, s: ([[1, 0]], [0, s / 2]))
    >>> found = gs.phases.triple_point(family, pair, first, lambda r, s: ([[0, 1]], [s / 2, 0]), at=(0.8, 0.5))
    >>> found.point.round(12).tolist()  # (1, 4/7)
    [1.0, 0.571428571429]
    """

    point: FloatArray
    error: FloatArray
    loss: float
    spread: float
    slopes: FloatArray
    arrangements: tuple[Arrangement, ...]

    def __repr__(self) -> str:
        u, v = (f"{x:.12g} ± {e:.0e}" for x, e in zip(self.point, self.error, strict=True))
        return f"TriplePoint({u}; {v}; loss {self.loss:.12g})"


def triple_point(family: Family, first: Any, second: Any, third: Any, *, at: ArrayLike) -> TriplePoint:
    r"""Find where three branches have one loss, by Newton's method in both parameters.

    .. math:: L_1(u, v) = L_2(u, v) = L_3(u, v)

    The slopes are those at fixed weights (envelope theorem); between two points of Newton's method each branch is
    followed along the straight line.

    Parameters
    ----------
    family : callable
        (u, v) to a `Problem`.
    first, second, third : Arrangement, Solution, pair (W, b), or callable
        Stationary points at `at`, or candidates, functions from (u, v) to (W, b).
    at : pair of float
        Where to begin.

    Returns
    -------
    TriplePoint

    Raises
    ------
    ValueError
        Starts that are not stationary at `at`, branches that end on the way, slopes that are parallel, or no
        convergence.

    Examples
    --------
    >>> import geomsup as gs
    >>> family = lambda r, s: gs.Problem(2, 1, s, importance=[1, r])
    >>> gs.phases.triple_point(family, *[lambda r, s: ([[1, 0]], [0, s / 2])] * 3, at=(1, 0.5))
    Traceback (most recent call last):
    ...
    ValueError: the three losses have parallel slopes at (1, 0.5), ...
    """
    where = real_array("at", at)
    if where.shape != (2,):
        raise ValueError(f"at has shape {where.shape}: pass the two parameters to begin at")
    with threadpool_limits(1):
        sheets = [_sheet(family, one, where) for one in (first, second, third)]
        for _ in range(STEPS):
            losses = np.array([sheet.loss() for sheet in sheets])
            slopes = np.array([sheet.slopes() for sheet in sheets])
            J = slopes[1:] - slopes[0]
            if np.linalg.cond(J) > 1e10:
                raise ValueError(
                    f"the three losses have parallel slopes at {_text(where)}, so that they meet nowhere or on a line: "
                    "pass three different branches"
                )
            move = -np.linalg.solve(J, losses[1:] - losses[0])
            if (np.abs(move) <= SMALL * np.maximum(np.abs(where), 1e-3)).all():
                return _result(sheets, where, losses, slopes, J)
            where = _move(sheets, where, move)
    raise ValueError(f"no triple point was found in {STEPS} steps; the last was {_text(where)}: begin nearer to it")


def _move(sheets: list[_Sheet], where: FloatArray, move: FloatArray) -> FloatArray:
    """All three moved, by as much of the step as they can follow."""
    for k in range(12):
        target: FloatArray = where + move / 2**k
        try:
            moved = [sheet.moved(target) for sheet in sheets]
        except ValueError as error:
            reason = error
            continue
        for sheet, x in zip(sheets, moved, strict=True):
            sheet.go(target, x)
        return target
    raise ValueError(f"a branch ends on the way from {_text(where)} to {_text(where + move)}: {reason}")


def _result(
    sheets: list[_Sheet], where: FloatArray, losses: FloatArray, slopes: FloatArray, J: FloatArray
) -> TriplePoint:
    errors = np.array([sheet.error() for sheet in sheets])
    error = np.abs(np.linalg.inv(J)) @ (errors[1:] + errors[0]) + 4 * 2.0**-52 * np.abs(where)
    arrangements = tuple(Arrangement(*sheet.weights()) for sheet in sheets)
    return TriplePoint(where, error, float(losses[0]), float(np.ptp(losses)), slopes, arrangements)


def _text(where: FloatArray) -> str:
    return f"({where[0]:.6g}, {where[1]:.6g})"


class _Sheet:
    """The loss of one branch or candidate over both parameters, at the place where it is now."""

    def __init__(self, family: Family, where: FloatArray) -> None:
        self.family, self.where = family, where

    def weights_at(self, where: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The weights whose loss is differentiated: those held, or the candidate's own."""
        raise NotImplementedError

    def moved(self, target: FloatArray) -> Any:
        """What `go` needs at the target; ValueError where the branch cannot be followed there."""
        return None

    def go(self, target: FloatArray, state: Any) -> None:
        """Be there."""
        self.where = target

    def weights(self) -> tuple[FloatArray, FloatArray]:
        """W and b."""
        return self.weights_at(self.where)

    def loss(self) -> float:
        """Exact loss."""
        return self._loss_at(self.where)

    def error(self) -> float:
        """Bound on its error."""
        return float(expected_loss(self.family(*self.where), *self.weights(), tol=1e-13).error)

    def slopes(self) -> FloatArray:
        """In both parameters."""
        steps = DIFFERENCE * np.diag(np.maximum(np.abs(self.where), 1e-3))
        sides = [[self._loss_at(self.where + side * step) for side in (1, -1)] for step in steps]
        return np.asarray([(up - down) / (2 * step.sum()) for (up, down), step in zip(sides, steps, strict=True)])

    def _loss_at(self, where: FloatArray) -> float:
        return float(expected_loss(self.family(*where), *self.weights_at(where), tol=1e-13))


class _Candidate(_Sheet):
    def __init__(self, family: Family, where: FloatArray, function: Callable[[float, float], Any]) -> None:
        super().__init__(family, where)
        self.function = function

    def weights_at(self, where: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.family(*where).check_weights(*weights_of(self.function(*where)))


class _Followed(_Sheet):
    def __init__(self, family: Family, where: FloatArray, start: Any) -> None:
        super().__init__(family, where)
        path = Path(lambda t: family(where[0], where[1]), 0.0, 1.0, "t")
        system, x, _ = begin(path, start, 0.0, "expected", "free")
        self.held: tuple[FloatArray, FloatArray] = system.objective(0.0).unpack(x)

    def weights_at(self, where: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.held

    def moved(self, target: FloatArray) -> tuple[FloatArray, FloatArray]:
        step = target - self.where
        path = Path(lambda t: self.family(*(self.where + t * step)), 0.0, 1.0, "t")
        system = System(path, "expected", "free")
        here = system.at(system.objective(0.0).pack(*self.held), 0.0)
        if here is not None and here.tangent[-1] != 0:
            guess = here.x + here.tangent[:-1] / here.tangent[-1]
            there = system.at(guess, 1.0)
            off = np.inf if there is None else float(np.linalg.norm(there.x - guess))
            if there is not None and off <= 0.1 * np.linalg.norm(guess - here.x) and off < 0.01:
                return system.objective(1.0).unpack(there.x)
        branch = follow(system, system.objective(0.0).pack(*self.held), 0.0, saddles=True)
        if branch.s[-1] < 1:
            raise ValueError(", ".join(event.text for event in branch.events))
        return branch.W[-1], branch.b[-1]

    def go(self, target: FloatArray, state: tuple[FloatArray, FloatArray]) -> None:
        super().go(target, state)
        self.held = state


def _sheet(family: Family, what: Any, where: FloatArray) -> _Sheet:
    return _Candidate(family, where, what) if callable(what) else _Followed(family, where, what)
