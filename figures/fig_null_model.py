"""Are the lines of dimensionality peaks, beyond chance?

Left: how the dimensionalities D_i of represented features are distributed (bins of 0.01, a scale for each row), in
arrangements found by minimising the expected loss (n = 6m features of equal importance, several m, at the feature
probabilities of the right panel), and in three null models with as many features: Gaussian weights; independent random
directions with the norms found; and random tight frames, which like the optima leave no dimension unused (ΣD_i = m).
Lines: 1, 3/4, 2/3, 1/2, 2/5, 3/8. Right: the share of features within 0.02 of a line, by feature probability. Were D_i
uniform on [0.1, 1], the dashed line would be the share: six bands cover that much.

The minima are searched for (the best of a few descents), not proved.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

LINES = {1.0: "1", 3 / 4: "3/4", 2 / 3: "2/3", 1 / 2: "1/2", 2 / 5: "2/5", 3 / 8: "3/8"}
WIDTH = 0.02
LEAST = 0.1
"""Features with a smaller D are not represented, and not counted."""
COLOURS = {
    "minimised": "#0072B2",
    "Gaussian": "#CC79A7",
    "random directions": "#E69F00",
    "random tight frames": "#009E73",
}
DRAWS = 50
"""Of each null model, for each arrangement found."""


def solve(m, p, quick):
    """D_i of the arrangement found and of the null models made from it, numbered as in `COLOURS`."""
    method = gs.MultistartLBFGS(n_starts=1 if quick else 3, n_rounds=0, n_keep=1, fine_steps=400)
    solution = gs.minimize(gs.Problem(6 * m, m, p), method=method, rng=0)
    found = gs.feature_dimensionality(solution.W)
    W = solution.W[:, found >= LEAST]
    rng = np.random.default_rng(0)
    gaussian = rng.normal(size=(DRAWS, *W.shape))
    directions = gaussian / np.linalg.norm(gaussian, axis=1, keepdims=True) * np.linalg.norm(W, axis=0)
    tight = np.linalg.svd(gaussian, full_matrices=False)[2]
    nulls = [gs.feature_dimensionality(null).ravel() for null in (gaussian, directions, tight)]
    return {"D": np.concatenate([found, *nulls]), "model": np.repeat(range(4), [len(found), *map(len, nulls)])}


def compute(quick, progress):
    sizes = (4, 5) if quick else (4, 5, 6, 9, 10, 12)
    densities = (0.5, 0.2, 0.1) if quick else (0.7, 0.5, 0.35, 0.25, 0.2, 0.15, 0.1)
    searches = {f"m={m},p={p}": (m, p, quick) for m in sizes[::-1] for p in densities}
    items = list(cached_items(solve, searches, progress, description="arrangements").values())
    return {
        "D": np.concatenate([item["D"] for item in items]),
        "model": np.concatenate([item["model"] for item in items]),
        "arrangement": np.repeat(range(len(items)), [len(item["D"]) for item in items]),
        "m": [m for m, _, _ in searches.values()],
        "p": [p for _, p, _ in searches.values()],
    }


def share(data, model, p=None):
    """Share of the features of a model that are within 0.02 of a line, and its standard error.

    The features of one arrangement depend on each other, so the error is that of the ratio of two sums over
    arrangements.
    """
    D, arrangement = data["D"], data["arrangement"]
    counted = (data["model"] == model) & (D >= LEAST)
    if p is not None:
        counted &= data["p"][arrangement] == p
    near = np.abs(D[:, None] - list(LINES)).min(axis=1) <= WIDTH
    chosen = np.unique(arrangement[counted])
    sizes, hits = (
        np.bincount(arrangement[which], minlength=len(data["p"]))[chosen] for which in (counted, counted & near)
    )
    ratio = hits.sum() / sizes.sum()
    error = np.sqrt(np.sum((hits - ratio * sizes) ** 2) * len(chosen) / max(len(chosen) - 1, 1)) / sizes.sum()
    return ratio, error


def covered():
    """The share of [LEAST, 1] within WIDTH of a line."""
    grid = np.linspace(LEAST, 1, 100_001)
    return np.mean(np.abs(grid[:, None] - list(LINES)).min(axis=1) <= WIDTH)


def draw(data):
    figure = plt.figure(figsize=(7.0, 4.2))
    grid = figure.add_gridspec(len(COLOURS), 2, width_ratios=[1.7, 1.0])
    right = figure.add_subplot(grid[:, 1])
    right.axhline(100 * covered(), color="0.6", linewidth=0.8, linestyle="--")
    densities = np.unique(data["p"])
    bins = np.arange(LEAST - 0.006, 1.01, 0.01)  # no line lies on an edge
    for model, (name, colour) in enumerate(COLOURS.items()):
        ax = figure.add_subplot(grid[model, 0])
        D = data["D"][data["model"] == model]
        counts, _ = np.histogram(D[D >= LEAST], bins)
        ax.stairs(100 * counts / counts.sum(), bins, fill=True, color=colour)
        ratio, error = share(data, model)
        text = f"{name}: {100 * ratio:.0f} ± {100 * error:.0f} %"
        ax.text(0.98, 0.72, text, transform=ax.transAxes, ha="right", color=colour)
        for line in LINES:
            ax.axvline(line, color="0.7", linewidth=0.6, zorder=0)
        ax.set(xlim=(LEAST, 1.01), ylabel="%")
        ax.set_xticks(list(LINES), LINES.values() if model == len(COLOURS) - 1 else [])
        shares = 100 * np.array([share(data, model, p) for p in densities])
        right.errorbar(densities, *shares.T, color=colour, marker="o", elinewidth=0.6)
    for label, side in zip(ax.get_xticklabels()[-2:], ("left", "right"), strict=True):  # 2/5 and 3/8 are close
        label.set_horizontalalignment(side)
    ax.set_xlabel("dimensionality $D_i$")
    figure.axes[1].set_title("features per 0.01 of $D_i$; share within 0.02 of a line")
    right.set(xscale="log", xlim=(1.15 * densities[-1], densities[0] / 1.15), ylim=(0, 103))
    right.set_xticks(densities, [f"{p:g}" for p in densities], rotation=45)
    right.set_xticks([], minor=True)
    right.set(xlabel="feature probability, from dense to sparse", title="share within 0.02 of a line (%)")
    return figure


if __name__ == "__main__":
    main(compute, draw)
