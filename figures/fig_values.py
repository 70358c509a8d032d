r"""Features that are 0 or 1, that take a few values, that are never small.

Eight equal features in two dimensions. An active feature is uniform on [0, 1], exactly 1, one of 1/3, 2/3, 1, or
uniform on [1/2, 1]. Top: the best arrangements found at density 0.005, with how many features they represent (norm
above half of the longest). Bottom: that number, and the loss as a share of what dropping all features costs, at every
density. Dense features are treated much alike whatever their values: three or four of them are kept. Rare ones are
not. A ReLU with a negative bias can tell "on" from interference, and the better the fewer values there are just above
zero: with values 0 and 1 every polygon with ‖W_i‖² = 1/(1 − cos 2π/n) and b = 1 − ‖W_i‖² is exact whenever one
feature is active (proved), so that the loss falls faster than the density, and any number of features fits in the
plane.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

N = 8
LAWS = {
    "uniform on [0, 1]": gs.features.Uniform(),
    "1": gs.features.Constant(),
    "1/3, 2/3 or 1": gs.features.Discrete([1 / 3, 2 / 3, 1]),
    "uniform on [1/2, 1]": gs.features.Uniform(0.5, 1.0),
}
DENSITIES = np.geomspace(0.5, 0.001, 13)
SHOWN = 0.005


def polygon(k, scale):
    """k of the features in a regular polygon, the others dropped; exact for 0/1 features, one active, at scale 1."""
    square = scale / (1 - np.cos(2 * np.pi / k))
    W = np.zeros((2, N))
    W[:, :k] = np.sqrt(square) * gs.frames.polygon(k)
    return W, np.where(np.arange(N) < k, 1 - square, 0.0)


def solve(law, p, quick):
    problem = gs.Problem(features=gs.features.Independent(p, law, N))
    # With rare features a few random starts miss the heptagon and the octagon, so that polygons are tried as well.
    method = gs.MultistartLBFGS(n_starts=4 if quick else 12, n_rounds=0, n_keep=1 if quick else 3)
    solution = gs.minimize(problem, method=method, start=[polygon(k, t) for k in (5, 6, 7, 8) for t in (0.8, 1)], rng=0)
    dropped = N * (p * law.moment(2) - (p * law.moment(1)) ** 2)
    return {"W": solution.W, "count": gs.represented(solution.W).sum(), "share": solution.loss / dropped}


def compute(quick, progress):
    densities = (0.3, 0.02) if quick else DENSITIES
    searches = {f"{k},{j}": (law, p, quick) for k, law in enumerate(LAWS.values()) for j, p in enumerate(densities)}
    searches |= {f"{k},shown": (law, SHOWN, quick) for k, law in enumerate(LAWS.values())}
    items = cached_items(solve, searches, progress, description="laws and densities")
    laws, points = range(len(LAWS)), range(len(densities))
    data = {name: [[items[f"{k},{j}"][name] for j in points] for k in laws] for name in ("count", "share")}
    return data | {"density": densities, "W": [items[f"{k},shown"]["W"] for k in laws]}


def draw(data):
    figure = plt.figure(figsize=(7.0, 3.9))
    grid = figure.add_gridspec(2, 4, height_ratios=(1, 1.35))
    for k, name in enumerate(LAWS):
        ax = figure.add_subplot(grid[0, k])
        W = data["W"][k]
        gs.plot.arrangement(gs.plot.oriented(W), ax=ax)
        ax.set_title(name, loc="center", color=f"C{k}")
        ax.set_xlabel(f"{gs.represented(W).sum()} represented")
    counts, shares = figure.add_subplot(grid[1, :2]), figure.add_subplot(grid[1, 2:])
    for k, name in enumerate(LAWS):
        offset = 0.09 * (k - 1.5)  # so that equal counts do not hide each other
        counts.plot(data["density"], data["count"][k] + offset, "-o", color=f"C{k}", markersize=2.5, label=name)
        shares.plot(data["density"], data["share"][k], "-o", color=f"C{k}", markersize=2.5)
    for ax in (counts, shares):
        ax.set(xscale="log", xlabel="density", xlim=(0.6, data["density"].min() * 0.85))
        ax.axvline(SHOWN, color="0.8", linewidth=0.6, zorder=0)
    counts.set(ylim=(1.5, 8.6), yticks=range(2, 9))
    counts.set_title("features represented, of 8")
    counts.legend(loc="lower right")
    shares.set(yscale="log")
    shares.minorticks_off()
    shares.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    shares.set_title("loss / loss of dropping all")
    return figure


if __name__ == "__main__":
    main(compute, draw)
