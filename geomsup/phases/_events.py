"""What happens between two points of a branch, and where exactly."""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.phases._arc import Arc, Located
from geomsup.phases._kinks import GONE, corner_between
from geomsup.phases._system import Point, System

__all__ = ["locate"]


def locate(system: System, start: Point, end: Point) -> list[Located]:
    """Every event between two neighbouring points, in order."""
    arc = Arc(system, start, end)
    found = [*_stability(arc), *_drops(arc), *_contacts(arc)]
    if (corner := corner_between(system, start, end)) is not None:
        found.append(Located(corner[0], end, corner[1] * arc.length))
    return sorted(found, key=lambda one: one.distance)


def _stability(arc: Arc) -> list[Located]:
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


def _drops(arc: Arc) -> list[Located]:
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


def _contacts(arc: Arc) -> list[Located]:
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


def _weights(arc: Arc, point: Point) -> tuple[FloatArray, FloatArray]:
    return arc.system.objective(point.u).unpack(point.x)
