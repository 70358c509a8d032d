"""Features that come together, and features that exclude each other.

Top: the best arrangements found in two dimensions at density 0.05, one shade for each set. Two sets of two that are
active together: the members of a set are nearly orthogonal, the antipodes belong to different sets. Two sets of which
only one member is active: members are antipodes, and the loss is zero. Three pairs in the plane: a hexagon, partners
side by side. These are the statements of the paper. They hold for rare features; the last panel has the angle between
partners in the best arrangement at every density. Dense pairs share a direction (0°), and the partners of the hexagon
stand further apart than the 60° of a regular one. Bottom: two sets of ten in ten dimensions, and twenty independent
features of the same density. Each set gets nearly an orthogonal basis of its own, and the two bases are opposite to
each other (the second set is shown in the order of its antipodes); independent features pair up anyhow.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

P = 0.05
SETS = {
    "2 × 2 correlated": gs.features.CorrelatedSets.of_size(2, 2, P),
    "2 × 2 anticorrelated": gs.features.AnticorrelatedSets.of_size(2, 2, P),
    "3 × 2 correlated": gs.features.CorrelatedSets.of_size(3, 2, P),
}
DENSITIES = np.geomspace(0.01, 0.64, 19)
BASES = (0.3, 0.1, 0.03, 0.01, 0.003)
SHOWN = 0.01


def small(sets, quick):
    method = gs.MultistartLBFGS(n_starts=8, n_rounds=0, n_keep=1) if quick else gs.MultistartLBFGS()
    solution = gs.minimize(gs.Problem(features=sets), method=method, rng=0)
    return {"W": solution.W, "loss": solution.loss}


def large(features, quick):
    method = gs.MultistartLBFGS(n_starts=2 if quick else 16, n_rounds=0 if quick else 4, n_keep=1)
    solution = gs.minimize(gs.Problem(n_hidden=features.n_features // 2, features=features), method=method, rng=0)
    return {"W": solution.W, "b": solution.b, "loss": solution.loss}


def cosines(W):
    U = W / np.linalg.norm(W, axis=0)
    return U.T @ U


def partner_angles(W):
    """The angle in degrees between features 2k and 2k + 1, for every pair, in increasing order."""
    pairs = cosines(W)[::2, 1::2].diagonal()
    return np.sort(np.degrees(np.arccos(np.clip(pairs, -1, 1))))


def compute(quick, progress):
    densities = DENSITIES[::9] if quick else DENSITIES
    bases = () if quick else BASES
    searches = {f"two,{name.replace(' ', '_').replace('×', 'x')}": (sets, quick) for name, sets in SETS.items()}
    for n_sets in (2, 3):
        for k, p in enumerate(densities):
            searches[f"angles,{n_sets},{k}"] = (gs.features.CorrelatedSets.of_size(n_sets, 2, p), quick)
    items = cached_items(small, searches, progress, description="in the plane")
    size = 4 if quick else 10
    searches = {f"bases,{p:g}": (gs.features.CorrelatedSets.of_size(2, size, p), quick) for p in {SHOWN, *bases}}
    searches["independent"] = (gs.features.Independent(SHOWN, n_features=2 * size), quick)
    items |= cached_items(large, searches, progress, description="in ten dimensions")
    two = [items[key] for key in items if key.startswith("two,")]
    within, across = zip(*(_overlaps(items[f"bases,{p:g}"]["W"]) for p in sorted({SHOWN, *bases})), strict=True)
    data = {f"W{k}": item["W"] for k, item in enumerate(two)} | {"losses": [item["loss"] for item in two]}
    for n_sets in (2, 3):
        data[f"angles{n_sets}"] = [partner_angles(items[f"angles,{n_sets},{k}"]["W"]) for k in range(len(densities))]
    for key, name in ((f"bases,{SHOWN:g}", "bases"), ("independent", "independent")):
        data |= {f"{name},W": items[key]["W"], f"{name},b": items[key]["b"], f"{name},loss": items[key]["loss"]}
    return data | {"density": densities, "bases": sorted({SHOWN, *bases}), "within": within, "across": across}


def _overlaps(W):
    """Root mean square cosine within the sets, and the mean over features of the cosine with their antipode."""
    C = cosines(W)
    k = len(C) // 2
    off = ~np.eye(k, dtype=bool)
    within = np.concatenate([C[:k, :k][off], C[k:, k:][off]])
    return np.sqrt(np.mean(within**2)), C[:k, k:].min(axis=1).mean()


def draw(data):
    figure, axes = plt.subplots(2, 4, figsize=(7.0, 3.9), width_ratios=(1, 1, 1, 1.35))
    for k, (name, ax) in enumerate(zip(SETS, axes[0], strict=False)):
        W = data[f"W{k}"]
        importance = 1.0 - 0.5 * np.repeat(np.arange(W.shape[1] // 2), 2)
        gs.plot.arrangement(gs.plot.oriented(W), importance=importance, ax=ax)
        loss = abs(float(data["losses"][k]))
        ax.set_title(name, loc="center")
        ax.set_xlabel(f"loss {loss:.6f}" if loss > 1e-12 else "loss 0")
    ax = axes[0, 3]
    for n_sets, colour, marker in ((2, "C0", "o"), (3, "C3", "s")):
        angles = data[f"angles{n_sets}"]
        for j in range(angles.shape[1]):
            label = f"{n_sets} pairs" if j == 0 else None
            ax.plot(data["density"], angles[:, j], marker, color=colour, markersize=2.5, label=label)
    for level in (60, 90):
        ax.axhline(level, color="0.8", linewidth=0.6, zorder=0)
    ax.set(xscale="log", xlabel="density of a set", yticks=[0, 30, 60, 90], ylim=(-5, 100))
    ax.set_title("angle between partners, °")
    ax.legend(loc="lower left")
    titles = {"bases": f"2 × 10 correlated,\ndensity {SHOWN:g}", "independent": f"20 independent,\ndensity {SHOWN:g}"}
    for ax, (name, title) in zip(axes[1], titles.items(), strict=False):
        W, b = data[f"{name},W"], data[f"{name},b"]
        order, k = np.arange(len(b)), len(b) // 2
        if name == "bases":
            order[k:] = k + cosines(W)[:k, k:].argmin(axis=1)
        gs.plot.gram(W[:, order], b[order], limit=1.2, ax=ax)
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, loc="center")
        ax.set_xlabel(f"loss {float(data[f'{name},loss']):.3g}")
    grid = axes[1, 2].get_gridspec()
    for ax in axes[1, 2:]:
        ax.remove()
    ax = figure.add_subplot(grid[1, 2:])
    ax.plot(data["bases"], data["within"], "-o", color="C0", label="within a set, root mean square")
    ax.plot(data["bases"], -data["across"], "-s", color="C3", label="with the antipode, mean of −cos")
    ax.set(xscale="log", xlabel="density of a set", ylim=(-0.05, 1.2), yticks=[0, 0.5, 1])
    ax.set_title("cosines, two sets of ten in ten dimensions")
    ax.legend(loc="center left", bbox_to_anchor=(0.0, 0.55))
    return figure


if __name__ == "__main__":
    main(compute, draw)
