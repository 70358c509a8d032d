"""The best known arrangements in two and three dimensions.

From the atlas: the least loss with one active feature (the limit of L/p as p tends to 0, with b at most 0) and the
least expected loss at feature probability 0.1. In the plane the features are spokes. In space they are the corners of a
solid, in front in blue and behind in grey, drawn by their directions; norms differ where there is no symmetry. The
number under each is the loss. Names are those that `identify` gives; "not repr." counts features without a direction.
"""

import re

import matplotlib.pyplot as plt
import numpy as np
from _runner import main
from scipy.spatial import ConvexHull, QhullError

import geomsup as gs

ROWS = (
    ("one_active", 2, range(3, 9)),
    ("p=0.1", 2, range(3, 9)),
    ("one_active", 3, range(7, 13)),
    ("p=0.1", 3, range(7, 13)),
)
LABELS = {"one_active": "limit of $L/p$", "p=0.1": "loss at $p = 0.1$"}
BLUE, GREY = "#0072B2", "0.72"
FLAT = 1e-6
"""Difference of the normals of facets, below which the edge between them is none."""
VIEW = np.array([0.45, -0.75, 0.48])
"""From where solids are seen, in their own axes: a little beside and above an axis of theirs."""


def compute(quick, progress):
    data = {}
    for kind, m, sizes in ROWS:
        for n in sizes:
            entry = gs.atlas.lookup(m, n, kind=kind)
            data[f"{kind},{m},{n}"] = entry.W
            data[f"{kind},{m},{n},text"] = np.array([shortened(entry.name), f"{entry.value:.5g}"])
    return data


def shortened(name):
    """A name that fits above a panel."""
    return re.sub(r"no named structure \(.*?\)", "no name", name).replace("not represented", "not repr.")


def draw(data):
    figure, axes = plt.subplots(len(ROWS), 6, figsize=(7.0, 6.2))
    for row, (kind, m, sizes) in zip(axes, ROWS, strict=True):
        for ax, n in zip(row, sizes, strict=True):
            W = data[f"{kind},{m},{n}"]
            name, value = data[f"{kind},{m},{n},text"]
            if m == 2:
                gs.plot.arrangement(gs.plot.oriented(W), ax=ax)
                ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
            else:
                solid(W, ax)
            ax.set_title(f"{n}: {folded(str(name))}", loc="center", fontsize=6.5)
            ax.set_xlabel(str(value), fontsize=7)
        row[0].set_ylabel(f"$m = {m}$, {LABELS[kind]}")
    return figure


def folded(name):
    """A name in two lines at most."""
    if len(name) < 15 or " " not in name:
        return name + "\n"
    middle = min((i for i, c in enumerate(name) if c == " "), key=lambda i: abs(i - len(name) / 2))
    return f"{name[:middle]}\n{name[middle + 1 :]}"


def solid(W, ax):
    """Corners and edges of the convex hull of the directions, those behind in grey."""
    norms = np.linalg.norm(W, axis=0)
    U = gs.plot.oriented(W[:, norms > 0.1 * norms.max()])
    U = U / np.linalg.norm(U, axis=0)
    towards = VIEW / np.linalg.norm(VIEW)
    right = np.cross([0.0, 0.0, 1.0], towards)
    right /= np.linalg.norm(right)
    x, y = right @ U, np.cross(towards, right) @ U
    depth = towards @ U
    visible = np.zeros(U.shape[1], dtype=bool)
    try:
        hull = ConvexHull(U.T)
    except QhullError:  # flat: the spokes alone
        hull = None
    edges = {}
    if hull is not None:
        normals, inside = hull.equations[:, :3], hull.equations[:, 3] < -FLAT
        for normal, corners, counts in zip(normals, hull.simplices, inside, strict=True):
            front = counts and normal @ towards > 0
            visible[corners] |= front
            for pair in ((0, 1), (1, 2), (0, 2)):
                edges.setdefault(tuple(sorted(corners[list(pair)])), []).append((normal, front))
    for (i, j), sides in sorted(edges.items(), key=lambda edge: any(front for _, front in edge[1])):
        if len(sides) == 2 and np.abs(sides[0][0] - sides[1][0]).max() < FLAT:
            continue
        front = any(front for _, front in sides)
        ax.plot(x[[i, j]], y[[i, j]], color=BLUE if front else GREY, linewidth=1.0 if front else 0.7, zorder=2 + front)
    for k in np.argsort(depth):
        colour = BLUE if visible[k] else GREY
        ax.plot([0, x[k]], [0, y[k]], color="0.88", linewidth=0.5, zorder=1)
        ax.plot(x[k], y[k], "o", color=colour, markersize=3, zorder=4 + visible[k])
    ax.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), xticks=[], yticks=[])
    ax.set_aspect("equal")
    for side in ax.spines.values():
        side.set(visible=False)


if __name__ == "__main__":
    main(compute, draw)
