"""Limited-memory BFGS for many instances at once.

All instances advance together, one vectorised evaluation per step, each with its own memory and step length; those
that have converged drop out. Steps are backtracked to sufficient decrease (Armijo), and a pair enters the memory only
where its curvature is positive, so that every direction descends. Nocedal & Wright (2006), algorithms 7.4 and 7.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geomsup._typing import FloatArray
from geomsup.optimize.objective import Fidelity, Objective

__all__ = ["Descent", "descend"]


LEAST_SCALE = 1e-3
"""Least loss, relative to the objective's scale, that tolerances are relative to: optima can be perfect."""


@dataclass(frozen=True)
class Descent:
    """Where a batch ended: points (S, d), losses (S,), projected gradient norms (S,), steps taken (S,)."""

    x: FloatArray
    loss: FloatArray
    gradient_norm: FloatArray
    steps: np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def descend(
    objective: Objective,
    x: FloatArray,
    fidelity: Fidelity,
    *,
    max_steps: int,
    tol: float,
    memory: int = 12,
    patience: int = 40,
    stall: float = 0.0,
    callback: Callable[[int, FloatArray], None] | None = None,
) -> Descent:
    """Minimise from every row of x.

    An instance stops when its projected gradient norm is at most ``tol`` times its loss, when its loss has fallen by
    less than ``stall`` times itself over ``patience`` steps, or when no step decreases it any more. Where the loss is
    below a thousandth of the objective's scale, that thousandth stands in for it.

    Parameters
    ----------
    objective : Objective
        What to minimise.
    x : array, shape (instances, parameters)
        Starting points.
    fidelity : Fidelity
        Of every evaluation.
    max_steps : int
        Most steps of any instance.
    tol, stall, patience
        The stopping rule above.
    memory : int
        Pairs kept per instance.
    callback : callable, optional
        Called as ``callback(step, losses)``.

    Returns
    -------
    Descent
    """
    x = objective.project(np.array(x, dtype=np.float64))
    count, size = x.shape
    least = LEAST_SCALE * objective.scale
    loss, gradient = objective(x, fidelity)
    steps = np.zeros(count, np.int64)
    S, Y = np.zeros((memory, count, size)), np.zeros((memory, count, size))
    rho = np.zeros((memory, count))
    anchor, anchor_step = loss.copy(), np.zeros(count, np.int64)
    active = np.arange(count)
    for step in range(max_steps):
        held = objective.held(x[active], gradient[active])
        g = np.where(held, 0.0, gradient[active])
        norm = np.linalg.norm(g, axis=1)
        scale = np.maximum(np.abs(loss[active]), least)
        going = norm > tol * scale
        old = step - anchor_step[active] >= patience
        stalled = old & (anchor[active] - loss[active] <= stall * scale)
        anchor[active[old]], anchor_step[active[old]] = loss[active[old]], step
        going &= ~stalled
        active, g, held = active[going], g[going], held[going]
        if not active.size:
            break
        direction = _direction(g, held, S[:, active], Y[:, active], rho[:, active])
        slope = np.einsum("ij,ij->i", direction, g)
        uphill = ~(slope < 0)
        direction[uphill], slope[uphill] = -g[uphill], -np.einsum("ij,ij->i", g[uphill], g[uphill])
        fresh = ~(rho[:, active] > 0).any(axis=0)
        length = np.where(
            fresh | uphill, np.minimum(1.0, 0.1 / np.maximum(np.linalg.norm(direction, axis=1), 1e-300)), 1.0
        )
        accepted, point, value, slope_at = _backtrack(
            objective, fidelity, x[active], loss[active], g, direction, slope, length, scale[going]
        )
        moved = active[accepted]
        s = point[accepted] - x[moved]
        y = slope_at[accepted] - gradient[moved]
        curvature = np.einsum("ij,ij->i", s, y)
        keep = curvature > 1e-12 * np.linalg.norm(s, axis=1) * np.linalg.norm(y, axis=1)
        kept = moved[keep]
        for store, new in ((S, s), (Y, y)):
            store[:-1, kept] = store[1:, kept]
            store[-1, kept] = new[keep]
        rho[:-1, kept] = rho[1:, kept]
        rho[-1, kept] = 1.0 / curvature[keep]
        x[moved], loss[moved], gradient[moved] = point[accepted], value[accepted], slope_at[accepted]
        steps[moved] += 1
        # a failed search from a fresh memory is final; otherwise forget the memory and try steepest descent once
        failed = active[~accepted]
        final = ~(rho[:, failed] > 0).any(axis=0)
        rho[:, failed] = 0.0
        active = np.setdiff1d(active, failed[final], assume_unique=True)
        if callback is not None:
            callback(step, loss)
    norm = np.linalg.norm(np.where(objective.held(x, gradient), 0.0, gradient), axis=1)
    return Descent(x, loss, norm, steps)


def _direction(
    g: FloatArray, held: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], S: FloatArray, Y: FloatArray, rho: FloatArray
) -> FloatArray:
    """−Hg by the two-loop recursion, instance by instance; empty slots have rho = 0 and do nothing."""
    q = g.copy()
    alpha = np.zeros_like(rho)
    for k in range(len(rho) - 1, -1, -1):
        alpha[k] = rho[k] * np.einsum("ij,ij->i", S[k], q)
        q -= alpha[k][:, None] * Y[k]
    yy = np.einsum("ij,ij->i", Y[-1], Y[-1])
    gamma = np.where(rho[-1] > 0, 1 / np.maximum(rho[-1] * yy, 1e-300), 1.0)
    q *= gamma[:, None]
    for k in range(len(rho)):
        beta = rho[k] * np.einsum("ij,ij->i", Y[k], q)
        q += (alpha[k] - beta)[:, None] * S[k]
    return np.where(held, 0.0, -q)


def _backtrack(
    objective: Objective,
    fidelity: Fidelity,
    x: FloatArray,
    loss: FloatArray,
    g: FloatArray,
    direction: FloatArray,
    slope: FloatArray,
    length: FloatArray,
    scale: FloatArray,
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.bool_]], FloatArray, FloatArray, FloatArray]:
    """Halve each step (or cut it to the minimum of the parabola) until the loss decreases enough."""
    point, value, gradient = x.copy(), loss.copy(), g.copy()
    accepted = np.zeros(len(x), dtype=bool)
    todo = np.arange(len(x))
    length = length.copy()
    for _ in range(25):
        trial = objective.project(x[todo] + length[todo, None] * direction[todo])
        f, df = objective(trial, fidelity)
        predicted = np.einsum("ij,ij->i", trial - x[todo], g[todo])
        enough = f <= loss[todo] + 1e-4 * np.minimum(predicted, 0)
        # within rounding of the loss, accept a step that reduces the gradient
        close = np.abs(f - loss[todo]) <= 1e-14 * scale[todo]
        enough |= close & (np.linalg.norm(df, axis=1) < 0.9 * np.linalg.norm(g[todo], axis=1))
        enough &= np.isfinite(f)
        done = todo[enough]
        point[done], value[done], gradient[done], accepted[done] = trial[enough], f[enough], df[enough], True
        bad = ~enough
        todo = todo[bad]
        if not todo.size:
            break
        drop = f[bad] - loss[todo] - length[todo] * slope[todo]
        parabola = np.where(drop > 0, -slope[todo] * length[todo] / (2 * np.where(drop > 0, drop, 1.0)), 0.5)
        parabola = np.where(np.isfinite(parabola), parabola, 0.1)
        length[todo] *= np.clip(parabola, 0.1, 0.5)
    return accepted, point, value, gradient
