"""How many features, and how often: the best arrangement of n equal features in two and in three dimensions.

Columns are densities, rows numbers of features, all of the same importance. Each cell is the least expected loss that
was found (*searched*, exact losses), its colour the name of what is represented. Below the thick line every feature is;
above it some are dropped, and what the others do no longer depends on how many there are: at each density a number of
dimensions has one best arrangement, whose size grows as features become rarer.
"""

import re

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

import geomsup as gs
from geomsup.plot.phases import legend_patches

SIZES = {2: range(3, 11), 3: range(4, 13)}


def densities_of(cells):
    return np.geomspace(0.005, 0.8, cells)


def row(m, n, cells):
    """All densities for n features in m dimensions."""
    diagram = gs.phase_diagram(gs.Problem(n, m), {"feature_probability": densities_of(cells)})
    return {name: diagram[name] for name in ("label", "loss", "error", "W", "b", "converged", "runner_up_loss")}


def compute(quick, progress):
    cells = 3 if quick else 24
    sizes = {m: list(ns)[:3] if quick else list(ns) for m, ns in SIZES.items()}
    arguments = {f"m={m},n={n}": (m, n, cells) for m, ns in sizes.items() for n in reversed(ns)}
    rows = cached_items(row, arguments, progress, description="rows")
    data = {"cells": cells}
    for m, ns in sizes.items():
        data[f"n-{m}"] = np.array(ns)
        for name in ("label", "loss", "error"):
            data[f"{name}-{m}"] = np.array([rows[f"m={m},n={n}"][name] for n in ns])
    return data


def represented(label):
    """The name of what is represented, and whether that is all."""
    name, _, dropped = str(label).partition(" + ")
    unnamed = re.fullmatch(r"no named structure \((\d+) in dimension \d+\)", name)
    return (f"{unnamed[1]} features, no name" if unnamed else name), not dropped


def between(x, n, whole):
    """Lines between cells in which every feature is represented and those in which some are dropped."""
    ends = np.r_[x[0] ** 1.5 / x[1] ** 0.5, np.sqrt(x[1:] * x[:-1]), x[-1] ** 1.5 / x[-2] ** 0.5]
    for i, k in np.argwhere(whole[1:] != whole[:-1]):
        yield [(ends[i + 1], n[k] - 0.5), (ends[i + 1], n[k] + 0.5)]
    for i, k in np.argwhere(whole[:, 1:] != whole[:, :-1]):
        yield [(ends[i], n[k] + 0.5), (ends[i + 1], n[k] + 0.5)]


def draw(data):
    figure, axes = plt.subplots(2, 1, figsize=(7.0, 6.6), layout="constrained", sharex=True)
    x = densities_of(int(data["cells"]))
    for ax, m in zip(axes, SIZES, strict=True):
        n = data[f"n-{m}"]
        found = [[represented(label) for label in row] for row in data[f"label-{m}"].T]
        names, whole = (np.array([[one[k] for one in row] for row in found]) for k in range(2))
        coords = {"feature_probability": x, "n_features": n}
        diagram = gs.Sweep(tuple(coords), coords, {"label": names})
        gs.plot.phase_diagram(diagram, legend=False, ax=ax)
        ax.add_collection(LineCollection(list(between(x, n, whole)), colors="k", linewidths=2.5, capstyle="projecting"))
        ax.set(title=f"{m} dimensions", yticks=n, xlim=ax.get_xlim()[::-1])
        line = Line2D([], [], color="k", linewidth=2.5, label="below: all represented")
        patches = [*legend_patches(diagram), line]
        ax.legend(handles=patches, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8)
    axes[0].set(xlabel="")
    axes[-1].set(xlabel="density (1 − sparsity)")
    return figure


if __name__ == "__main__":
    main(compute, draw)
