"""Five features in two dimensions.

The best arrangement found at ten densities, for features of falling and of equal importance. With importances 0.9^i
(dark: important) the two most important features have a dimension each when inputs are dense; then come two antipodal
pairs with one feature left out; then all five share the plane. Each panel is a global search, not a training run, and
the loss under it is exact to the digits shown.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

DECAYS = (0.9, 1.0)


def solve(p, decay, quick):
    problem = gs.Problem(n_features=5, n_hidden=2, feature_probability=p, importance=gs.geometric_importance(5, decay))
    solution = gs.minimize(problem, n_starts=6 if quick else None, rng=0)
    return {"W": solution.W, "loss": solution.loss}


def compute(quick, progress):
    densities = 20.0 ** -np.linspace(0, 1, 3 if quick else 10)
    searches = {f"p={p:.5f},decay={decay}": (p, decay, quick) for decay in DECAYS for p in densities}
    items = list(cached_items(solve, searches, progress, description="arrangements").values())
    shape = (len(DECAYS), len(densities))
    return {
        "density": densities,
        "W": np.array([item["W"] for item in items]).reshape(*shape, 2, 5),
        "loss": np.array([item["loss"] for item in items]).reshape(shape),
    }


def draw(data):
    densities, W, loss = data["density"], data["W"], data["loss"]
    figure, axes = plt.subplots(2, len(densities), figsize=(7.0, 2.0))
    reach = 1.15 * np.linalg.norm(W, axis=2).max()
    for row, decay in enumerate(DECAYS):
        for column, density in enumerate(densities):
            ax = axes[row, column]
            importance = gs.geometric_importance(5, decay) if decay < 1 else None
            gs.plot.arrangement(gs.plot.oriented(W[row, column]), importance=importance, ax=ax)
            ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
            ax.set_xlabel(f"{loss[row, column]:.4f}", fontsize=7)
            if row == 0:
                ax.set_title(f"{density:.2f}", loc="center")
        axes[row, 0].set_ylabel(f"$I_i = {decay:g}^i$" if decay < 1 else "$I_i = 1$")
    figure.suptitle("feature probability, from dense to sparse; under each arrangement its loss", fontsize=8)
    return figure


if __name__ == "__main__":
    main(compute, draw)
