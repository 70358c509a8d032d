"""Five features in two dimensions: which arrangement is best, over density and how fast importance falls.

Feature i has the importance Rⁱ, so that at the top all matter alike and at the bottom only the first two or three do.
Each cell is the least expected loss that was found (*searched*), with exact losses, and its colour the name that
`identify` gives its directions: where a feature has a norm below half of the longest it counts as not represented.
Beside it, how much more the next best local minimum loses: where that is small, a boundary is near, or two arrangements
that differ only in which features share a direction are nearly equally good.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main
from matplotlib.colors import LogNorm

import geomsup as gs
from geomsup.plot.phases import legend_patches

FEW = 8
"""Names with colours of their own; the rest are drawn in one."""
REST = "others"


def axes_of(densities, decays):
    return {
        "feature_probability": np.geomspace(0.01, 1, densities),
        "importance_decay": np.linspace(0.3, 1, decays),
    }


def searched(densities, decays):
    """The exact minimum of every cell."""
    diagram = gs.phase_diagram(gs.Problem(5, 2), axes_of(densities, decays))
    return {
        "label": diagram["label"],
        "loss": diagram.loss,
        "error": diagram.error,
        "gap": diagram.gap,
        "hit_rate": diagram.hit_rate,
        "converged": diagram["converged"],
        "W": diagram["W"],
        "b": diagram["b"],
    }


def compute(quick, progress):
    densities, decays = (6, 4) if quick else (40, 29)
    items = {"map": (densities, decays)}
    (found,) = cached_items(searched, items, progress, description="least losses").values()
    return {"densities": densities, "decays": decays, **found}


def draw(data):
    coords = axes_of(int(data["densities"]), int(data["decays"]))
    labels, counts = np.unique(data["label"], return_counts=True)
    kept = labels[np.argsort(-counts, kind="stable")][: FEW - 1 if len(labels) > FEW else FEW]
    shown = np.where(np.isin(data["label"], kept), data["label"], REST)
    diagram = gs.Sweep(tuple(coords), coords, {"label": shown})
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 4.4), layout="constrained", sharey=True)
    gs.plot.phase_diagram(diagram, legend=False, ax=left)
    x, y = coords.values()
    share = np.ma.masked_invalid(data["gap"] / data["loss"])
    mesh = right.pcolormesh(x, y, share.T, norm=LogNorm(1e-4, 1), cmap="viridis", shading="nearest", rasterized=True)
    left.set(xlim=left.get_xlim()[::-1], xlabel="density (1 − sparsity)", title="best arrangement")
    left.set(ylabel="importance decay R  (importance of feature i: Rⁱ)")
    right.set(xscale="log", xlim=left.get_xlim(), xlabel=left.get_xlabel())
    right.set(title="next best local minimum")
    figure.colorbar(mesh, ax=right, label="extra loss, as a share", extend="min")
    figure.legend(handles=legend_patches(diagram), loc="outside lower center", ncols=2, frameon=False)
    return figure


if __name__ == "__main__":
    main(compute, draw)
