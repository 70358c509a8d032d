"""Phase change: what becomes of an extra feature, by theory, by exact minimisation, and by training.

Two features in one dimension (top) and three in two (bottom); the last feature has the importance on the vertical axis,
the others have importance 1, and all are equally likely to be active. Left: the best of the arrangements of the theory,
unit vectors that leave a feature out, put two opposite each other, or (three features) form a triangle, each with its
exact loss. Middle: the arrangement of least expected loss that was found, with weights and biases free. Right: what the
best of a few trained models does. Elhage et al. 2022 drew theory and experiment in these three colours.

The lines, the same in the middle and on the right, are exact boundaries of the middle map: solid where the losses of
two minima are equal and the arrangement jumps, dashed where one turns into the other continuously. A feature that
fades out is called "not represented" from half of the longest norm on, so colours change before a dashed line.

The map in the middle is *searched*: every cell descends from the arrangements of the theory, from random starts, and
from what its neighbours found, and its loss is exact. The quick version is coarse and trains for fewer steps.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import geomsup as gs
from geomsup.phases import ROLES, candidates, role
from geomsup.plot.phases import polylines

SETTINGS = ((2, 1), (3, 2))
COLOURS = {"not represented": "#E69F00", "dedicated dimension": "#0072B2", "in superposition": "#CC79A7"}


def axes_of(cells):
    """Densities 1 to 0.01 and relative importances 0.1 to 10, as in the paper."""
    return {"feature_probability": np.geomspace(0.01, 1, cells), "relative_importance": np.geomspace(0.1, 10, cells)}


def theory(n, m, cells):
    """Role of the last feature in the candidate of least loss."""
    axes, best = axes_of(cells), []
    for p in axes["feature_probability"]:
        for r in axes["relative_importance"]:
            problem = gs.Problem(n, m, p, importance=np.r_[np.ones(n - 1), r])
            losses = [float(gs.expected_loss(problem, one.W, one.b)) for one in candidates(problem)]
            best.append(candidates(problem)[int(np.argmin(losses))])
    roles = {one.name: role(gs.identify(one.W)) for one in best}
    return {"theory": np.array([roles[one.name] for one in best]).reshape(cells, cells)}


def searched(n, m, cells):
    """The exact minimum of every cell."""
    problem = gs.Problem(n, m)
    diagram = gs.phase_diagram(problem, axes_of(cells))
    outline = gs.phases.outline(diagram, problem)
    return {
        "segments": outline.segments,
        "segment_orders": outline.segment_orders,
        "points": outline.points,
        "point_errors": outline.errors,
        "unresolved": np.array([point for point, _ in outline.unresolved]).reshape(-1, 2),
        "searched": diagram["role"],
        "label": diagram["label"],
        "loss": diagram.loss,
        "error": diagram.error,
        "gap": diagram.gap,
        "hit_rate": diagram.hit_rate,
        "converged": diagram["converged"],
    }


def trained(n, m, cells, models, steps):
    """What the best of some trained models does with the last feature."""
    axes = axes_of(cells)
    points = [(p, r) for p in axes["feature_probability"] for r in axes["relative_importance"]]
    problems = [gs.Problem(n, m, p, importance=np.r_[np.ones(n - 1), r]) for p, r in points for _ in range(models)]
    run = gs.train(problems, n_steps=steps, rng=0)
    losses = run.loss.reshape(len(points), models)
    best = run.W.reshape(len(points), models, m, n)[np.arange(len(points)), np.nanargmin(losses, axis=1)]
    roles = np.array([role(gs.identify(W)) for W in best]).reshape(cells, cells)
    return {"trained": roles, "trained_loss": losses.reshape(cells, cells, models)}


def compute(quick, progress):
    cells, few, models, steps = (6, 4, 1, 1000) if quick else (60, 30, 3, 10_000)
    data = {"cells": cells, "few": few}
    for n, m in SETTINGS:
        items = {f"theory-{n}": ("theory", n, m, cells), f"searched-{n}": ("searched", n, m, cells)}
        items |= {f"trained-{n}": ("trained", n, m, few, models, steps)}
        for item in cached_items(one_panel, items, progress, description=f"n={n}, m={m}").values():
            data |= {f"{name}{n}": values for name, values in item.items()}
    return data


def one_panel(kind, *arguments):
    return {"theory": theory, "searched": searched, "trained": trained}[kind](*arguments)


def draw(data):
    figure, axes = plt.subplots(2, 3, figsize=(7.0, 5.0), layout="constrained", sharex=True, sharey=True)
    panels = {"theory": "theory: best of its candidates", "searched": "least loss found", "trained": "training"}
    for number, (row, (n, m)) in enumerate(zip(axes, SETTINGS, strict=True)):
        for ax, (kind, title) in zip(row, panels.items(), strict=True):
            cells = int(data["few" if kind == "trained" else "cells"])
            diagram = gs.Sweep(tuple(axes_of(cells)), axes_of(cells), {kind: data[f"{kind}{n}"]})
            gs.plot.phase_diagram(diagram, by=kind, colours=COLOURS, legend=False, boundaries=kind == "theory", ax=ax)
            if kind != "theory":
                for order, style in ((1, "solid"), (2, "dashed")):
                    lines = polylines(data[f"segments{n}"][data[f"segment_orders{n}"] == order])
                    ax.add_collection(LineCollection(lines, colors="k", linewidths=0.9, linestyles=style))
            ax.set(xlabel="", ylabel="", xlim=(1, 0.01), ylim=(0.1, 10))
            ax.set_title("" if number else title)
        row[0].set_ylabel(f"{n} features, {m} dimension{'s' if m > 1 else ''}\nrelative importance of the last")
    for ax in axes[-1]:
        ax.set_xlabel("density (1 − sparsity)")
    patches = [Patch(facecolor=COLOURS[name], edgecolor="k", linewidth=0.4, label=name) for name in ROLES]
    lines = {"solid": "the minimum jumps", "dashed": "one minimum turns into another"}
    patches += [Line2D([], [], color="k", linewidth=0.9, linestyle=style, label=text) for style, text in lines.items()]
    figure.legend(handles=patches, loc="outside lower center", ncols=3, frameon=False)
    return figure


if __name__ == "__main__":
    main(compute, draw)
