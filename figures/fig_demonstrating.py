"""Superposition in larger models.

WᵀW with the bias b beside it, and below it ‖W_i‖, for 20 features in 5 dimensions with importances 0.7^i (top) and 80
features in 20 dimensions with importances 0.9^i (bottom). The linear model keeps the most important features and
nothing else, the same at every density, so it is shown once. With a ReLU, the sparser the inputs, the more features
share the dimensions. Bars are coloured by Σ_{j≠i} (Ŵ_i·W_j)²: dark features have a direction to themselves, light ones
share it. Each panel is the best arrangement that a global search found.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

SIZES = {20: (5, 0.7), 80: (20, 0.9)}
DENSITIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
# Sized for the whole figure in a few minutes on two cores: starts, and rounds of hops from the best of them.
EFFORT = {20: (16, 10), 80: (2, 1)}


def plan(quick):
    """n_features, activation and density of every search, the long ones first."""
    densities = {20: (0.1, 1.0) if quick else DENSITIES[::-1], 80: () if quick else DENSITIES[::-1]}
    return [(n, activation, p) for n in (80, 20) for activation in ("relu", "identity") for p in densities[n]]


def solve(n, activation, p, quick):
    m, decay = SIZES[n]
    problem = gs.Problem(n, m, p, gs.geometric_importance(n, decay), activation=activation)
    n_starts, n_rounds = (2, 0) if quick or activation == "identity" else EFFORT[n]
    solution = gs.minimize(problem, method=gs.MultistartLBFGS(n_starts=n_starts, n_rounds=n_rounds, n_keep=1), rng=0)
    return {"W": solution.W, "b": solution.b, "loss": solution.loss}


def compute(quick, progress):
    searches = {f"n={n},{activation},p={p:g}": (n, activation, p, quick) for n, activation, p in plan(quick)}
    items = cached_items(solve, searches, progress, description="arrangements")
    data = {f"{key},{name}": value for key, item in items.items() for name, value in item.items()}
    return data | {"plan": np.array(list(searches)[::-1])}


def draw(data):
    sizes = [n for n in SIZES if any(key.startswith(f"n={n},") for key in data["plan"])]
    columns = {n: [key for key in data["plan"] if key.startswith(f"n={n},relu")] for n in sizes}
    # The loss of the linear model is a multiple of the same function at every density: one panel stands for all.
    columns = {n: [next(key for key in data["plan"] if key.startswith(f"n={n},identity")), *columns[n]] for n in sizes}
    count = max(map(len, columns.values()))
    figure, axes = plt.subplots(
        2 * len(sizes), count, figsize=(7.0, 1.75 * len(sizes)), height_ratios=[1.0, 0.55] * len(sizes), squeeze=False
    )
    for block, n in enumerate(sizes):
        top, bottom = axes[2 * block], axes[2 * block + 1]
        tallest = max(np.linalg.norm(data[f"{key},W"], axis=0).max() for key in columns[n])
        for column, key in enumerate(columns[n]):
            W, b = data[f"{key},W"], data[f"{key},b"]
            gs.plot.gram(W, b, limit=1.2, ax=top[column])
            top[column].set(xticks=[], yticks=[])
            _, activation, density = key.split(",")
            top[column].set_title("linear" if activation == "identity" else density, loc="center")
            gs.plot.norms(W, ax=bottom[column])
            bottom[column].set(xlabel="", ylabel="", xticks=[0, n - 1], yticks=[0, 1], ylim=(0, 1.05 * tallest))
            bottom[column].tick_params(labelsize=6, labelleft=column == 0)
        top[0].set_ylabel(f"n = {n}, m = {SIZES[n][0]}\n" + r"$W^{\mathsf{T}}W$, $b$")
        bottom[0].set_ylabel(r"$\|W_i\|$")
        bars = {
            "": figure.colorbar(top[0].images[0], ax=top, aspect=12, pad=0.01, ticks=[-1, 0, 1], extend="both"),
            "interference": figure.colorbar(
                plt.cm.ScalarMappable(norm=plt.Normalize(0, 1), cmap="cividis"),
                ax=bottom,
                aspect=8,
                pad=0.01,
                ticks=[0, 1],
                extend="max",
            ),
        }
        for label, bar in bars.items():
            bar.set_label(label, fontsize=6)
            bar.ax.tick_params(labelsize=6)
    return figure


if __name__ == "__main__":
    main(compute, draw)
