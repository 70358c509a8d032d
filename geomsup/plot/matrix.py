"""The Gram matrix as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geomsup._typing import ArrayLike
from geomsup.arrangement import Arrangement
from geomsup.plot._axes import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["gram"]


def gram(W: ArrayLike, b: ArrayLike | None = None, *, limit: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw G = WᵀW as a heat map, with the bias as one more column at the right.

    Blue is negative, red positive, white zero. The image is ``ax.images[0]``, for a colour bar.

    Parameters
    ----------
    W : array_like of shape (m, n)
        Feature directions in columns.
    b : array_like of shape (n,), optional
        Biases; no column without them.
    limit : float, optional
        The colours end at ±limit, the largest absolute entry by default.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        W is not a matrix, b does not have one entry per column, or the limit is not positive.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = gs.plot.gram([[1.0, -1.0]], [0.0, 0.0])
    >>> ax.images[0].get_array().shape  # two columns of G, a gap, the bias
    (2, 4)
    """
    vectors = Arrangement(W, b)
    n = vectors.n_features
    table = vectors.gram
    if b is not None:
        gap = np.full((n, max(1, round(n / 20))), np.nan)
        column = np.repeat(vectors.b[:, None], max(1, round(n / 20)), axis=1)
        table = np.hstack([table, gap, column])
    if limit is None:
        limit = float(np.nanmax(np.abs(table))) or 1.0
    elif not (np.isfinite(limit) and limit > 0):
        raise ValueError(f"limit={limit!r} is not positive: pass the largest entry to tell apart, such as 1.0")
    ax = axes_or_new(ax)
    ax.imshow(table, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest", aspect="equal")
    ticks = [k for k in range(n) if n <= 8 or k % max(1, 5 * round(n / 25)) == 0]
    ax.set_yticks(ticks)
    where, names = [float(k) for k in ticks], [str(k) for k in ticks]
    if b is not None:
        width = (table.shape[1] - n) // 2
        where, names = [*where, n + width + (width - 1) / 2], [*names, "b"]
    ax.set_xticks(where, names)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set(visible=False)
    return ax
