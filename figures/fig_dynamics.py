"""How arrangements form during training.

Left: twelve features with importances 0.8^i in four dimensions, trained by gradient descent from almost nothing.
Dimensionality D_i jumps between levels: a feature has a dimension to itself (1), then shares it with an antipode (1/2),
and each jump is a drop of the exact loss (below). Features with a norm below 0.1 are not drawn. Right: six features in
three dimensions, in two sets of three that are active together. Trained or searched for, they form an octahedron whose
antipodes (blue in WᵀW) belong to different sets.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

LEVELS = {1.0: "1", 0.5: "1/2", 0.4: "2/5"}
SETS = [[0, 1, 2], [3, 4, 5]]


def descend(quick):
    problem = gs.Problem(12, 4, 0.03, gs.geometric_importance(12, 0.8))
    run = gs.train(
        problem,
        n_steps=2_000 if quick else 10_000,
        batch_size=512,
        optimizer=gs.SGD(momentum=0.9),
        learning_rate=0.1,
        reduction="sum",
        active_only=True,
        start=1e-3,
        record_every=10,
        exact_every=50 if quick else 10,
        rng=0,
    )
    history = run.history
    shown = np.where(history.norms[:, 0] > 0.1, history.dimensionality[:, 0], np.nan)
    return {"step": history.step, "dimensionality": shown, "loss": history.exact_loss[:, 0]}


def octahedron(quick):
    features = gs.features.CorrelatedSets(SETS, 0.1)
    problem = gs.Problem(n_hidden=3, features=features)
    solution = gs.minimize(problem, n_starts=8 if quick else None, rng=0)
    n_steps = 500 if quick else 5_000
    run = gs.train(problem, n_instances=4, n_steps=n_steps, learning_rate=3e-3, schedule="linear", rng=0)
    return {"W": solution.W, "b": solution.b, "searched": solution.loss, "trained": run.loss.min()}


def compute(quick, progress):
    left = cached_items(descend, {"descend": (quick,)}, progress, description="training")["descend"]
    return left | cached_items(octahedron, {"octahedron": (quick,)}, progress, description="octahedron")["octahedron"]


def draw(data):
    figure = plt.figure(figsize=(7.0, 3.3), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=[1.7, 1.0])
    top = figure.add_subplot(grid[0, 0])
    bottom = figure.add_subplot(grid[1, 0], sharex=top)
    step = np.maximum(data["step"], 1)
    colours = plt.cm.cividis(np.linspace(0, 0.95, data["dimensionality"].shape[1]))
    for i, colour in enumerate(colours):
        top.plot(step, data["dimensionality"][:, i], color=colour, linewidth=1.0)
    for level, name in LEVELS.items():
        top.axhline(level, color="0.8", linewidth=0.6, zorder=0)
        top.text(1.01, level, name, transform=top.get_yaxis_transform(), va="center", fontsize=7)
    top.set(ylim=(0, 1.08), ylabel="$D_i$", title="levels (dark: important)")
    there = np.isfinite(data["loss"])
    bottom.plot(step[there], data["loss"][there], color="#1b3a6b")
    bottom.set(xscale="log", yscale="log", xlim=(90, step[-1]), xlabel="step", ylabel="exact loss")
    ticks = [0.005, 0.01, 0.02, 0.04]
    bottom.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    bottom.set_yticks([], minor=True)
    ax = figure.add_subplot(grid[0, 1], projection="3d")
    gs.plot.arrangement(gs.plot.oriented(data["W"]), importance=np.repeat([1.0, 0.3], 3), labels=True, ax=ax)
    ax.set_title("two sets of three (dark, light)")
    ax = figure.add_subplot(grid[1, 1])
    gs.plot.gram(data["W"], data["b"], ax=ax)
    ax.set_title(f"$W^T W$, $b$; loss {float(data['searched']):.5f}\n(best of 4 trained: {float(data['trained']):.5f})")
    return figure


if __name__ == "__main__":
    main(compute, draw)
