"""The polytopes by name.

Arrangements of feature directions that have a name: in the plane, in space (edges of the convex hull; those behind are
light), and in more dimensions as Gram matrices. Each was rotated, permuted and scaled at random before
`geomsup.identify` saw it. The names, the dimensionalities D and the orders of the symmetry groups are what came back,
and the Gram matrices are in the order of the features that it recovered. A square is two digons, and an octahedron
three: what splits into orthogonal parts (⊗) is named by its parts. A digon has D = 1/2, a triangle 2/3, a tetrahedron
3/4, a pentagon 2/5, a square antiprism 3/8: the lines in plots of dimensionality. They do not identify: the cube and
the equiangular frame of 16 in six dimensions have 3/8 too.
"""

from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from _runner import main
from matplotlib.collections import LineCollection
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

import geomsup as gs

PLATE = (
    gs.frames.antipodal_pairs(1),
    *(gs.frames.polygon(k) for k in (3, 4, 5, 6, 7, 8)),
    gs.frames.simplex(3),
    gs.frames.octahedron(),
    gs.frames.bipyramid(3),
    gs.frames.bipyramid(5),
    gs.frames.prism(3),
    gs.frames.square_antiprism(),
    gs.frames.cube(),
    gs.frames.equiangular(6, 3),
    gs.frames.antiprism(5),
    gs.frames.prism(6),
    gs.frames.antiprism(6),
    gs.frames.icosahedron(),
    gs.frames.cuboctahedron(),
    gs.frames.dodecahedron(),
    gs.frames.simplex(4),
    gs.frames.petersen_code(),
    gs.frames.cell_24(),
    gs.frames.equiangular(10, 5),
    gs.frames.clebsch_code(),
    gs.frames.equiangular(16, 6),
    gs.frames.equiangular(28, 7),
)
COLUMNS = 7
VIEW = (16.0, -69.0)
"""Degrees: the solids are turned about their axis, then the axis is tilted away from the eye."""


def compute(quick, progress):
    rng = np.random.default_rng(0)
    data = {}
    for k, W in enumerate(progress.track(PLATE, description="identified")):
        m, n = W.shape
        Q = np.linalg.qr(rng.normal(size=(m, m)))[0]
        geometry = gs.identify(rng.uniform(0.5, 2.0) * (Q @ W)[:, rng.permutation(n)])
        order = [i for factor in geometry.factors for i in factor.features]
        data |= {
            f"{k},name": geometry.name,
            f"{k},D": geometry.dimensionality[order],
            f"{k},symmetry": geometry.symmetry_order,
            f"{k},W": W if m <= 3 else geometry.W[:, order] / np.linalg.norm(geometry.W[:, order], axis=0),
        }
    return data


def draw(data):
    figure, axes = plt.subplots(len(PLATE) // COLUMNS, COLUMNS, figsize=(7.0, 5.9), layout="none")
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.1, top=0.99, wspace=0.12, hspace=0.52)
    for k, ax in enumerate(axes.flat):
        W = data[f"{k},W"]
        m, n = W.shape
        if m > 3:
            gs.plot.gram(W, limit=1.0, ax=ax)
            ax.set(xticks=[], yticks=[])
        else:
            _solid(W, ax)
        lines = [
            str(data[f"{k},name"]).partition(" (")[0],
            f"{n} in $R^{m}$, D = {', '.join(_shares(data[f'{k},D']))}",
            f"symmetry order {int(data[f'{k},symmetry'])}",
        ]
        ax.text(0.5, -0.05, "\n".join(lines), transform=ax.transAxes, ha="center", va="top", fontsize=5.8)
    note = r"last row: $W^{\mathsf{T}}W$, from 1 (red) over 0 (white) to −1 (blue)"
    figure.text(0.5, 0.01, note, ha="center", fontsize=6.5)
    return figure


def _shares(D):
    """The distinct dimensionalities, the largest first: as fractions where they are fractions."""
    fractions = {Fraction(float(share)).limit_denominator(20) for share in D}
    if all(min(abs(share - float(fraction)) for fraction in fractions) < 1e-9 for share in D):
        return [str(fraction) for fraction in sorted(fractions, reverse=True)]
    return [f"{share:.4f}" for share in sorted({round(float(share), 4) for share in D}, reverse=True)]


def _solid(W, ax):
    """Vertices, spokes and the edges of the hull, seen along the last axis; what is behind is light."""
    if len(W) == 1:
        W = np.vstack([W, np.zeros_like(W)])
    if len(W) == 3:
        W = Rotation.from_euler("zx", VIEW, degrees=True).as_matrix() @ W
        behind = W[2]
    else:
        behind = np.zeros(W.shape[1])
    points, edges = W[:2].T, _edges(W)
    lines = [points[list(edge)] for edge in edges]
    front = np.array([behind[list(edge)].mean() for edge in edges])
    shade = np.interp(front, [-0.6, 0.6], [0.85, 0.25])
    ax.add_collection(LineCollection(lines, colors=[str(s) for s in shade], linewidths=0.8, zorder=2))
    ax.add_collection(LineCollection([[(0, 0), point] for point in points], colors="0.8", linewidths=0.5, zorder=1))
    ax.scatter(*points.T, s=9, c=behind, cmap="Blues", vmin=-2.2, vmax=1, linewidths=0, zorder=3)
    ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
    ax.axis("off")


def _edges(W):
    """Pairs of columns that are an edge of the convex hull; in space those of two facets that are not in one plane."""
    if W.shape[1] <= len(W):
        return [(0, 1)]
    hull = ConvexHull(W.T)
    facets = {}
    for simplex, equation in zip(hull.simplices, hull.equations.round(6), strict=True):
        for edge in [(i, j) for i in simplex for j in simplex if i < j]:
            facets.setdefault(edge, set()).add(tuple(equation))
    return [edge for edge, planes in facets.items() if len(W) == 2 or len(planes) == 2]


if __name__ == "__main__":
    main(compute, draw)
