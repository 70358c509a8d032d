"""What a bias is worth: two features in one dimension with no bias, with biases b ≤ 0, and with any.

At every density and relative importance of the second feature the least expected loss was found (*searched*, exact
losses) under each of the three conditions. Top: which arrangement is best. Bottom: how much more is lost than with free
biases. A positive bias stands in for the mean of a feature that is not represented or represented faintly, and that is
almost all a bias is worth here: with b ≤ 0 as much is lost as without any, but at densities above 0.3. Two rare
features are best opposite each other, where no bias is needed.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main
from matplotlib.colors import LogNorm
from matplotlib.patches import Patch

import geomsup as gs
from geomsup.phases import ROLES

CONDITIONS = {"zero": "no bias", "nonpositive": "biases ≤ 0", "free": "any biases"}
COLOURS = dict(zip(ROLES, ("#E69F00", "#0072B2", "#CC79A7"), strict=True))


def axes_of(cells):
    return {"feature_probability": np.geomspace(0.01, 1, cells), "relative_importance": np.geomspace(0.1, 10, cells)}


def searched(bias, cells):
    """The exact minimum of every cell."""
    diagram = gs.phase_diagram(gs.Problem(2, 1), axes_of(cells), bias=bias)
    return {"role": diagram["role"], "loss": diagram.loss, "error": diagram.error, "label": diagram["label"]}


def compute(quick, progress):
    cells = 8 if quick else 41
    data = {"cells": cells}
    items = {bias: (bias, cells) for bias in CONDITIONS}
    for bias, found in cached_items(searched, items, progress, description="conditions").items():
        data |= {f"{name}-{bias}": values for name, values in found.items()}
    return data


def draw(data):
    coords = axes_of(int(data["cells"]))
    x, y = coords.values()
    figure, axes = plt.subplots(2, 3, figsize=(7.0, 5.4), layout="constrained", sharex=True, sharey=True)
    for ax, (bias, title) in zip(axes[0], CONDITIONS.items(), strict=True):
        diagram = gs.Sweep(tuple(coords), coords, {"role": data[f"role-{bias}"]})
        gs.plot.phase_diagram(diagram, by="role", colours=COLOURS, legend=False, ax=ax)
        ax.set(title=title, xlabel="", ylabel="", xlim=(1, 0.01), ylim=(0.1, 10))
    for ax, bias in zip(axes[1], ("zero", "nonpositive"), strict=False):
        more = data[f"loss-{bias}"] / data["loss-free"] - 1
        mesh = ax.pcolormesh(
            x, y, more.T, norm=LogNorm(1e-3, 1), cmap="viridis", shading="nearest", rasterized=True
        )  # fmt: skip
        ax.set(title=f"{CONDITIONS[bias]}: extra loss")
    bar = figure.colorbar(mesh, ax=axes[1, :2], location="bottom", shrink=0.7, extend="both")
    bar.set_label("share of the loss with any biases")
    ax = axes[1, 2]
    ax.axis("off")
    patches = [Patch(facecolor=COLOURS[name], edgecolor="k", linewidth=0.4, label=name) for name in ROLES]
    ax.legend(handles=patches, loc="center", title="the second feature is", frameon=False)
    for ax in (*axes[1, :2], axes[0, 2]):
        ax.set_xlabel("density (1 − sparsity)")
        ax.tick_params(labelbottom=True)
    for ax in axes[:, 0]:
        ax.set_ylabel("relative importance of the second")
    return figure


if __name__ == "__main__":
    main(compute, draw)
