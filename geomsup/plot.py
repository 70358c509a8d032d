"""Pictures of arrangements: functions that draw on given axes and return them.

Each takes ``ax=`` (a new figure is made without it) and leaves titles, labels of panels and saving to the caller.
matplotlib is imported when a picture is drawn, not before. The colours can be told apart without full colour vision.

Examples
--------
>>> import matplotlib
>>> matplotlib.use("Agg")
>>> import geomsup as gs
>>> ax = gs.plot.arrangement([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])
>>> ax.figure.savefig("pairs.png")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import one_per, real_array
from geomsup.arrangement import Arrangement

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["arrangement", "dimensionality", "gram", "norms", "oriented"]

BLUE = "#0072B2"
LANDMARKS = ((1.0, "1"), (3 / 4, "3/4"), (2 / 3, "2/3"), (1 / 2, "1/2"), (2 / 5, "2/5"), (3 / 8, "3/8"))
"""Dimensionalities of the arrangements known by name, from a dimension of one's own to the square antiprism."""


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
    ax = _axes(ax, projection="3d" if m == 3 else None)
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
    ax = _axes(ax)
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
    ax = _axes(ax)
    colours = _map("cividis")(np.clip(vectors.interference, 0, 1))
    width = 0.9 if vectors.n_features <= 40 else 1.0  # thinner gaps would come and go with the resolution
    ax.bar(np.arange(vectors.n_features), vectors.norms, width=width, color=colours)
    ax.set(xlim=(-0.7, vectors.n_features - 0.3), ylim=(0, 1.1 * max(1.0, float(vectors.norms.max()))))
    ax.set(xlabel="feature", ylabel=r"$\|W_i\|$")
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
    ax = _axes(ax)
    for value, _ in LANDMARKS:
        ax.axhline(value, color="0.85", linewidth=0.6, zorder=0)
    ax.plot(np.arange(vectors.n_features), vectors.dimensionality, "o", color=BLUE)
    ax.set_yticks([0.0, *(value for value, _ in LANDMARKS)], ["0", *(name for _, name in LANDMARKS)])
    ax.set(xlim=(-0.7, vectors.n_features - 0.3), ylim=(-0.03, 1.05), xlabel="feature", ylabel="dimensionality")
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


def _axes(ax: Axes | None, *, projection: str | None = None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained", subplot_kw={"projection": projection})[1]


def _map(name: str) -> Any:
    import matplotlib

    return matplotlib.colormaps[name]


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
    return [tuple(colour) for colour in _map("viridis")(0.85 * rank)]
