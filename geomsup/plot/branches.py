"""A branch of minima: its loss, or the dimensionality of its features, along the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geomsup._typing import FloatArray
from geomsup.phases import Branch
from geomsup.plot._axes import BLUE, RED, axes_or_new, colour_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["branch"]

MARKS = {"fold": ">", "bifurcation": "s", "dropped": "v", "corner": "|", "contact": ".", "crossing": "X", "lost": "x"}
SAME = 1e-6
"""D_i of features that are alike; measured: equal to 1e-12."""


def branch(
    branch: Branch,
    *,
    show: Literal["loss", "dimensionality"] = "loss",
    colour: str = BLUE,
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the loss of a branch, or the dimensionality D_i of each of its features, with its events as marks.

    The line is dashed where the branch is a saddle. Features with equal D_i at all points are drawn once, and their
    number is written at the end of the line. Marks: triangles for folds and features dropped, squares for bifurcations,
    strokes for corners, crosses where a rival has the same loss.

    Parameters
    ----------
    branch : Branch
        What :func:`geomsup.continuation` returned.
    show : {"loss", "dimensionality"}
        Which.
    colour : str
        Of the loss.
    label : str, optional
        Of the line, for a legend.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        Another word than these two.

    Examples
    --------
    >>> import geomsup as gs
    >>> path = gs.phases.along(gs.Problem(2, 1), "feature_probability", (0.1, 0.9))
    >>> pair = gs.continuation(path, gs.minimize(path(0.3), rng=0), at=0.3)
    >>> ax = gs.plot.branch(pair, show="dimensionality")
    >>> [text.get_text() for text in ax.texts]
    [' 2×']
    """
    if show not in ("loss", "dimensionality"):
        raise ValueError(f"show={show!r} is unknown: pass 'loss' or 'dimensionality'")
    ax = axes_or_new(ax)
    if show == "loss":
        _line(ax, branch, branch.loss, colour, label)
        for event in branch.events:
            value = float(np.interp(event.s, branch.s, branch.loss))
            ax.plot([event.s], [value], MARKS[event.kind], color=RED, markersize=4, zorder=3)
        ax.set(xlabel=branch.name.replace("_", " "), ylabel="loss")
        return ax
    shares = branch.dimensionality
    groups: list[list[int]] = []
    for i in range(shares.shape[1]):
        same = [group for group in groups if np.abs(shares[:, group[0]] - shares[:, i]).max() < SAME]
        if same:
            same[0].append(i)
        else:
            groups.append([i])
    colours = colour_map("viridis")(np.linspace(0, 0.85, len(groups)))
    for group, own in zip(groups, colours, strict=True):
        _line(ax, branch, shares[:, group[0]], own, label if group is groups[0] else None)
        ax.text(branch.s[-1], shares[-1, group[0]], f" {len(group)}×", va="center", fontsize="small", color=own)
    ax.set(xlabel=branch.name.replace("_", " "), ylabel="dimensionality", ylim=(-0.03, 1.05))
    return ax


def _line(ax: Axes, branch: Branch, values: FloatArray, colour: Any, label: str | None) -> None:
    """Solid where the branch is a minimum, dashed where it is not."""
    # the end of a branch is where its lowest eigenvalue is zero, of either sign
    stable = branch.eigenvalue >= -1e-9
    ax.plot(branch.s, np.where(stable, values, np.nan), color=colour, label=label)
    saddle = ~stable
    saddle[:-1] |= saddle[1:]
    if saddle.any():
        ax.plot(branch.s, np.where(saddle, values, np.nan), "--", color=colour)
