"""How many features, and how often: the best arrangement of n equal features in two and in three dimensions.

Columns are densities, rows numbers of features, all of the same importance. Each cell is the least expected loss that
was found (*searched*, exact losses) and its colour the name of the arrangement. Going up, dimensions are shared by more
features; going right, features become rarer and more of them are worth representing. Names that occur in few cells are
drawn in one colour.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs
from geomsup.plot.phases import legend_patches

FEW = 12
REST = "others"
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


def draw(data):
    figure, axes = plt.subplots(2, 1, figsize=(7.0, 7.4), layout="constrained", sharex=True)
    x = densities_of(int(data["cells"]))
    for ax, m in zip(axes, SIZES, strict=True):
        label = data[f"label-{m}"].T
        labels, counts = np.unique(label, return_counts=True)
        kept = labels[np.argsort(-counts, kind="stable")][: FEW - 1 if len(labels) > FEW else FEW]
        coords = {"feature_probability": x, "n_features": data[f"n-{m}"]}
        diagram = gs.Sweep(tuple(coords), coords, {"label": np.where(np.isin(label, kept), label, REST)})
        gs.plot.phase_diagram(diagram, legend=False, ax=ax)
        ax.set(title=f"m = {m}", yticks=data[f"n-{m}"], xlim=ax.get_xlim()[::-1])
        patches = legend_patches(diagram)
        ax.legend(handles=patches, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=7)
    axes[0].set(xlabel="")
    axes[-1].set(xlabel="density (1 − sparsity)")
    return figure


if __name__ == "__main__":
    main(compute, draw)
