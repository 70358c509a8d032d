"""One number per feature: norms and interference as bars, dimensionality as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geomsup._typing import ArrayLike
from geomsup.arrangement import Arrangement
from geomsup.plot._axes import BLUE, axes_or_new, colour_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["dimensionality", "interference", "norms"]

LANDMARKS = ((1.0, "1"), (3 / 4, "3/4"), (2 / 3, "2/3"), (1 / 2, "1/2"), (2 / 5, "2/5"), (3 / 8, "3/8"))
"""Dimensionalities of the arrangements known by name, from a dimension of one's own to the square antiprism."""


def norms(W: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw ‖W_i‖ as bars, coloured by how much the other features project on feature i: Σ_{j≠i} (Ŵ_i·W_j)².

    Dark bars have a direction to themselves; the lightest share theirs with features whose squared projections sum
    to 1 or more. (Elhage et al. 2022, "Toy Models of Superposition", figure "Demonstrating superposition".)

    Parameters
    ----------
    W : array_like of shape (m, n)
        Feature directions in columns.
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
    >>> ax = gs.plot.norms([[1.0, -1.0, 0.0], [0.0, 0.0, 0.5]])
    >>> [float(bar.get_height()) for bar in ax.patches]
    [1.0, 1.0, 0.5]
    """
    vectors = Arrangement(W)
    ax = axes_or_new(ax)
    colours = colour_map("cividis")(np.clip(vectors.interference, 0, 1))
    ax.bar(np.arange(vectors.n_features), vectors.norms, width=_width(vectors.n_features), color=colours)
    ax.set(xlim=(-0.7, vectors.n_features - 0.3), ylim=(0, 1.1 * max(1.0, float(vectors.norms.max()))))
    ax.set(xlabel="feature", ylabel=r"$\|W_i\|$")
    return ax


def interference(W: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw as bars how much the other features project on each: Σ_{j≠i} (Ŵ_i·W_j)².

    It is 0 for a direction that nothing else uses, 1 for the member of an antipodal pair of unit vectors, and 1.5 in a
    pentagon of them. Bars of features that are not represented (:func:`geomsup.represented`) are pale: the direction of
    a short column says little.

    Parameters
    ----------
    W : array_like of shape (m, n)
        Feature directions in columns.
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
    >>> ax = gs.plot.interference([[1.0, -0.5, 0.0], [0.0, 0.0, 0.75]])
    >>> [float(bar.get_height()) for bar in ax.patches]
    [0.25, 1.0, 0.0]
    """
    vectors = Arrangement(W)
    ax = axes_or_new(ax)
    colours = np.where(vectors.represented, BLUE, "#B8D4E6")
    ax.bar(np.arange(vectors.n_features), vectors.interference, width=_width(vectors.n_features), color=colours)
    ax.set(xlim=(-0.7, vectors.n_features - 0.3), ylim=(0, 1.1 * max(1.0, float(vectors.interference.max()))))
    ax.set(xlabel="feature", ylabel=r"$\sum_{j \neq i} (\hat W_i \cdot W_j)^2$")
    return ax


def dimensionality(W: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw the dimensionality D_i of each feature, with lines at the values of the arrangements known by name.

    Parameters
    ----------
    W : array_like of shape (m, n)
        Feature directions in columns.
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
    >>> ax = gs.plot.dimensionality([[1.0, -1.0, 0.0], [0.0, 0.0, 0.5]])
    >>> ax.get_ylabel()
    'dimensionality'
    """
    vectors = Arrangement(W)
    ax = axes_or_new(ax)
    for value, _ in LANDMARKS:
        ax.axhline(value, color="0.85", linewidth=0.6, zorder=0)
    ax.plot(np.arange(vectors.n_features), vectors.dimensionality, "o", color=BLUE)
    ax.set_yticks([0.0, *(value for value, _ in LANDMARKS)], ["0", *(name for _, name in LANDMARKS)])
    for label in ax.get_yticklabels():  # two lines are nearer to each other than their labels are high
        text = label.get_text()
        label.set_verticalalignment("bottom" if text == "2/5" else "top" if text == "3/8" else "center")
    ax.set(xlim=(-0.7, vectors.n_features - 0.3), ylim=(-0.03, 1.05), xlabel="feature", ylabel="dimensionality")
    return ax


def _width(n: int) -> float:
    """Of a bar; thinner gaps than these would come and go with the resolution."""
    return 0.9 if n <= 40 else 1.0
