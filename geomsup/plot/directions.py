"""Directions as spokes from the origin, and a rotation that makes pictures of them comparable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import one_per, real_array
from geomsup.arrangement import Arrangement
from geomsup.plot._axes import BLUE, axes_or_new, colour_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["arrangement", "oriented"]


def arrangement(
    W: ArrayLike, *, importance: ArrayLike | None = None, labels: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw every feature as a spoke from the origin to W_i, in one, two or three dimensions.

    Parameters
    ----------
    W : array_like of shape (m, n)
        Feature directions in columns, m ≤ 3.
    importance : float or array of shape (n,), optional
        Colours the spokes, from dark for the most to green for the least important. One colour without it.
    labels : bool
        Write the index of each feature next to its tip, if it is longer than a tenth of the longest.
    ax : matplotlib Axes, optional
        Where to draw; for m = 3 axes with ``projection="3d"``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        W is not a matrix of at most three rows, `importance` is negative or has another length, or `ax` has no
        third dimension for m = 3.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = gs.plot.arrangement([[1.0, -0.5, -0.5], [0.0, 0.87, -0.87]], importance=[1.0, 0.9, 0.81])
    >>> len(ax.lines)
    3
    """
    vectors = Arrangement(W)
    m, n = vectors.W.shape
    if m > 3:
        raise ValueError(f"W has {m} rows, and only 1, 2 or 3 dimensions can be drawn: use geomsup.plot.gram(W)")
    colours = _importance_colours(importance, n)
    flat = ax is not None and getattr(ax, "name", "") != "3d"
    if m == 3 and flat:
        raise ValueError('ax is flat but W has 3 rows: make it with projection="3d"')
    ax = axes_or_new(ax, projection="3d" if m == 3 else None)
    points = np.vstack([vectors.W, np.zeros((2 - m, n))]) if m == 1 else vectors.W
    limit = 1.15 * max(float(np.abs(points).max()), 1e-12)
    order = np.argsort(-vectors.norms, kind="stable")  # short spokes last, so that long ones do not hide them
    for i in order:
        spoke = [[0.0, float(entry)] for entry in points[:, i]]
        ax.plot(*spoke, "-o", color=colours[i], markevery=[1], solid_capstyle="round")
        if labels and vectors.norms[i] > 0.1 * vectors.norms.max():
            tip = points[:, i] * (1 + (0.12 if m < 3 else 0.22) * limit / vectors.norms[i])
            place: Any = ax.text
            place(*tip.tolist(), str(i), ha="center", va="center", fontsize="small", color="0.25")
    reach = limit * (1.1 if labels else 1.0)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    if m == 3:
        ax.set(zlim=(-reach, reach))
        ax.set_box_aspect((1, 1, 1))  # type: ignore[arg-type]
        ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1], zticks=[-1, 0, 1])
        ax.tick_params(labelsize="x-small", pad=-2)
        return ax
    ax.set_aspect("equal")
    ax.set(xticks=[], yticks=[])
    for side in ax.spines.values():
        side.set(visible=False)
    ax.axhline(0, color="0.85", linewidth=0.5, zorder=0) if m == 1 else None
    return ax


def oriented(W: ArrayLike) -> FloatArray:
    """Rotate W so that pictures of one arrangement look alike: same Gram matrix, same loss.

    The first represented column (:func:`geomsup.represented`) comes to lie along the first axis, the second that is
    independent of it in the upper half of the plane of the first two axes, and so on.

    Parameters
    ----------
    W : array_like of shape (m, n)
        Feature directions in columns.

    Returns
    -------
    ndarray of shape (m, n)

    Raises
    ------
    ValueError
        W is not a matrix of finite numbers.

    Examples
    --------
    >>> import geomsup as gs
    >>> (gs.plot.oriented([[0.0, -1.0], [-2.0, 0.0]]) + 0.0).round(12)
    array([[2., 0.],
           [0., 1.]])
    """
    vectors = Arrangement(W)
    basis: list[FloatArray] = []
    candidates = [*vectors.W.T[vectors.represented], *vectors.W.T, *np.eye(vectors.n_hidden)]
    for column in candidates:
        rest = column - sum((q * (q @ column) for q in basis), np.zeros(vectors.n_hidden))
        # A twentieth of the length is enough to give a direction, and keeps antipodes of converged pairs out.
        if np.linalg.norm(rest) > 0.05 * max(float(np.linalg.norm(column)), 1e-300):
            rest = rest - sum((q * (q @ rest) for q in basis), np.zeros(vectors.n_hidden))
            basis.append(rest / np.linalg.norm(rest))
    return np.asarray(np.array(basis) @ vectors.W)


def _importance_colours(importance: ArrayLike | None, n: int) -> list[Any]:
    """Dark for the most important feature; the pale end of the map is left out, it cannot be seen on white."""
    if importance is None:
        return [BLUE] * n
    weights = one_per("importance", real_array("importance", importance), n, "features")
    if (weights < 0).any():
        i = int(np.argmax(weights < 0))
        raise ValueError(f"importance[{i}]={weights[i]:g} is negative: pass weights that are zero or more")
    span = np.ptp(weights)
    rank = (weights.max() - weights) / span if span > 0 else np.zeros(n)
    return [tuple(colour) for colour in colour_map("viridis")(0.85 * rank)]
