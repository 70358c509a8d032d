"""The feature graph, factor by factor."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup.identification import Factor, Geometry, identify
from geomsup.identification.factor import several
from geomsup.plot._axes import BLUE, RED, axes_or_new, colour_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["feature_graph"]

FEW = 30
"""Features up to which each has its number and each factor its name; beyond, a row for each kind of factor is named."""
MOST_EDGES = 5000
"""Edges drawn, the strongest; 400 random features have 79,800."""
GAP, LINE = 1.6, 0.9
"""Between the circles of two factors, with neighbours on a circle at distance 1, and the height of a line of text."""


def feature_graph(W: ArrayLike | Geometry, *, ax: Axes | None = None) -> Axes:
    r"""Draw the represented features, joined where they are not orthogonal, each factor on a circle of its own.

    Red edges join features at acute angles, which disturb each other, blue ones features at obtuse angles; the width
    grows with max(:math:`|U_i \cdot W_j|, |U_j \cdot W_i|`), the weight in :attr:`geomsup.Geometry.graph`. The fill of
    a feature is its dimensionality, from dark for 0 to yellow for 1. The features of a named factor are in the order of
    the named frame: a polygon is a polygon. With more than 30 features, factors of one kind share rows, with their
    number and name below the first; of more than 5,000 edges the strongest are drawn. (After Elhage et al. 2022, "Toy
    Models of Superposition", section "The geometry of superposition".)

    Parameters
    ----------
    W : array_like of shape (m, n), or Geometry
        Feature directions in columns, or what :func:`geomsup.identify` said of them.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        W is not a matrix of finite numbers.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = gs.plot.feature_graph(gs.frames.tegum(gs.frames.polygon(5), [[1.0, -1.0]]))
    >>> [text.get_text() for text in ax.texts][:2]
    ['pentagon', 'digon']
    """
    geometry = W if isinstance(W, Geometry) else identify(W)
    ax = axes_or_new(ax)
    ax.set_aspect("equal")
    ax.set_axis_off()
    few = len(geometry.represented) <= FEW
    rows = _rows(geometry.factors, few)
    place: dict[int, FloatArray] = {}
    top, right = 0.0, 0.0
    for row, name in rows:
        left, height = 0.0, max(2 * _radius(factor) for factor in row)
        for factor in row:
            radius = _radius(factor)
            centre = np.array([left + radius, top - height / 2])
            place |= _on_circle(factor, centre, radius)
            if few:
                below = float(centre[1]) - radius - LINE / 2
                ax.text(float(centre[0]), below, factor.label, ha="center", va="top", fontsize="x-small")
            left += 2 * radius + GAP
        if name:
            ax.text(-0.3, top - height - LINE / 2, name, ha="left", va="top", fontsize="x-small")
        top, right = top - height - GAP - (LINE if few or name else 0.0), max(right, left - GAP)
    _edges(ax, geometry, place)
    _features(ax, geometry, place, few)
    ax.set(xlim=(-GAP / 2, max(right, 1.0) + GAP / 2), ylim=(min(top, -1.0) + GAP / 2, GAP / 2))
    return ax


def _rows(factors: tuple[Factor, ...], few: bool) -> list[tuple[list[Factor], str]]:
    """Factors side by side in rows of about one width, each row with a line to be written below it.

    The width makes all of it come out half as wide again as high. Where there are many, a row has one kind of factor,
    and the first row of a kind its name.
    """
    sizes = {id(factor): 2 * _radius(factor) + GAP for factor in factors}
    area = sum(size * (size + LINE) for size in sizes.values())
    room = max([*sizes.values(), float(np.sqrt(1.5 * area))])
    counts = Counter(factor.label for factor in factors)
    rows: list[tuple[list[Factor], str]] = []
    used = 0.0
    for factor in factors:
        new_kind = not few and (not rows or rows[-1][0][0].label != factor.label)
        if not rows or new_kind or used + sizes[id(factor)] > room:
            number = counts[factor.label]
            rows.append(([], several(factor.label, number) if new_kind else ""))
            used = 0.0
        rows[-1][0].append(factor)
        used += sizes[id(factor)]
    return rows


def _radius(factor: Factor) -> float:
    """Of the circle on which neighbours are at distance 1."""
    n = len(factor.features)
    return 0.0 if n == 1 else float(0.5 / np.sin(np.pi / n))


def _on_circle(factor: Factor, centre: FloatArray, radius: float) -> dict[int, FloatArray]:
    """Where each feature of a factor goes, the first at the top."""
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(factor.features)) / len(factor.features)
    points = centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return dict(zip(factor.features, points, strict=True))


def _edges(ax: Axes, geometry: Geometry, place: dict[int, FloatArray]) -> None:
    """Lines, the strongest on top and no more than can be told apart, thinner in factors of many features."""
    from matplotlib.collections import LineCollection

    size = {i: len(factor.features) for factor in geometry.factors for i in factor.features}
    rank, cosines = {i: k for k, i in enumerate(geometry.represented)}, geometry.cosines
    edges = sorted(geometry.graph.edges(data="weight"), key=lambda edge: edge[2])[-MOST_EDGES:]
    lines = LineCollection(
        [np.array([place[i], place[j]]) for i, j, _ in edges],
        colors=[RED if cosines[rank[i], rank[j]] > 0 else BLUE for i, j, _ in edges],
        linewidths=[2 * min(weight, 1.5) * min(1.0, 6 / size[i]) for i, _, weight in edges],
        zorder=1,
    )
    ax.add_collection(lines, autolim=False)


def _features(ax: Axes, geometry: Geometry, place: dict[int, FloatArray], numbered: bool) -> None:
    """Dots filled by dimensionality, with their numbers where there are few."""
    order = list(place)
    points, D = np.array(list(place.values())).reshape(-1, 2), geometry.dimensionality[order]
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=90 if numbered else max(2.0, 900 / len(order)),
        c=D,
        cmap=colour_map("viridis"),
        vmin=0,
        vmax=1,
        edgecolors="white",
        linewidths=0.4,
        zorder=2,
    )
    if numbered:
        for i, (x, y), share in zip(order, points.tolist(), D, strict=True):
            colour = "black" if share > 0.6 else "white"
            ax.text(x, y, str(i), ha="center", va="center_baseline", fontsize="xx-small", color=colour, zorder=3)
