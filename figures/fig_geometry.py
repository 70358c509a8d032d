"""Many equal features: dimensions per feature, dimensionality and feature graphs, from dense to sparse.

Top: D* = m/‖W‖² at each feature probability, and m divided by the number of represented features. Middle: the
dimensionality D_i of every represented feature, one column per probability, coloured by the factor it belongs to, with
the lines 1, 3/4, 2/3, 1/2, 2/5 and 3/8; at the right how often each value occurs. Bottom: feature graphs, factor by
factor. Elhage et al. 2022 trained such models, 400 features in 30 dimensions, and saw D* rest at 1 and at 1/2 and the
D_i gather at the lines.

Here the expected loss is minimised directly: each arrangement is the best of a descent from a random start and of
descents from its neighbours in density, so it is *searched*, and its loss is exact for the weights shown. Features with
D_i below 0.1 are not drawn. The quick version has 110 features in 6 dimensions.

The two plateaus are there: D* is 1 for p near 1, where 30 dimensions are spread thinly over all features, and 0.49 to
0.51 from p = 0.45 to 0.24, where the arrangement is exactly 30 digons and 340 features are left out. Between them
triangles take part (5 triangles and 20 digons at p = 0.62). Sparser than that the factors do not come apart any more:
at p = 0.21 one digon stands beside 69 features in 29 dimensions, from 0.18 on all represented features are one factor
without a name (at p = 0.09 there are two), and their D_i lie in bands that pass over the lines: over all, 28 % are
within 0.02 of one. The smaller model does the same, with a pentagon beside 18 digons at p = 0.24. The last Newton steps
were cut short above p = 0.7, where the valley is flat, and below 0.06, so those are upper bounds and not yet minima.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

SIZES = ((400, 30, 2), (200, 20, 1))
"""Features, dimensions, and how many times each density looks at its neighbours: the paper's size, its notebook's."""
QUICK = ((110, 6, 1),)
LINES = {1.0: "1", 3 / 4: "3/4", 2 / 3: "2/3", 1 / 2: "1/2", 2 / 5: "2/5", 3 / 8: "3/8"}
LEAST = 0.1
"""Features with a smaller D are not drawn, and not counted."""
NOISE = 0.03
"""Standard deviation of what is added to the weights of a warm start: features left out get a chance to come in."""


def explore(n, m, p, starts):
    """A quick search: from one random start, or from arrangements at hand with noise added."""
    begin = time.process_time()
    rng = np.random.default_rng(0)
    warm = [(W + NOISE * rng.normal(size=W.shape), b) for W, b in starts]
    method = gs.MultistartLBFGS(n_starts=1, n_rounds=0, n_keep=1, fine_steps=20, newton_steps=0)
    solution = gs.minimize(gs.Problem(n, m, p), method=method, n_starts=0 if warm else 1, start=warm, rng=rng)
    return {"W": solution.W, "b": solution.b, "loss": solution.loss, "seconds": time.process_time() - begin}


def finish(n, m, p, W, b, quick):
    """The minimum that an arrangement leads to, and the factors it is made of."""
    begin = time.process_time()
    # Measured with n = 400: at p = 0.05 four more Newton steps take 112 s of CPU time and gain 1.2e-5 of the loss; at
    # p = 0.73, where the valley is flat, sixty take 600 s and do not converge, and a single one takes 400 s.
    newton_steps = 0 if quick or p > 0.7 else 60 if p > 0.08 else 1
    method = gs.MultistartLBFGS(n_rounds=0, n_keep=1, fine_steps=50, newton_steps=newton_steps)
    solution = gs.minimize(gs.Problem(n, m, p), method=method, n_starts=0, start=(W, b))
    geometry = gs.identify(solution.W)
    label = np.full(n, "", dtype="U40")
    for factor in geometry.factors:
        label[list(factor.features)] = factor.name or "other"
    return {
        "W": solution.W,
        "b": solution.b,
        "loss": solution.loss,
        "error": solution.error,
        "gradient": solution.gradient_norm,
        "converged": solution.status is gs.Status.CONVERGED,
        "kind": solution.minima[0].kind,
        "label": label,
        "name": geometry.name,
        "seconds": time.process_time() - begin,
    }


def compute(quick, progress):
    densities = 20.0 ** -np.linspace(0, 1, 5 if quick else 20)
    sparse_first = range(len(densities))[::-1]  # they take longest
    data = {"density": densities}
    for number, (n, m, rounds) in enumerate(QUICK if quick else SIZES):

        def everywhere(function, stage, arguments, size=(n, m)):
            """One item for each density, in their order."""
            items = {
                f"n={size[0]},{stage},p={densities[k]:.4f}": (*size, densities[k], *arguments[k]) for k in sparse_first
            }
            return list(cached_items(function, items, progress, description=f"n={size[0]},{stage}").values())[::-1]

        best = everywhere(explore, "random-start", [([],)] * len(densities))
        stages = [best]
        for step in range(1, rounds + 1):
            neighbours = [[best[j] for j in (k - 1, k + 1) if 0 <= j < len(best)] for k in range(len(best))]
            starts = [([(item["W"], item["b"]) for item in items],) for items in neighbours]
            stages.append(everywhere(explore, f"neighbours-{step}", starts))
            best = [min(pair, key=lambda item: item["loss"]) for pair in zip(best, stages[-1], strict=True)]
        stages.append(everywhere(finish, "finish", [(item["W"], item["b"], quick) for item in best]))
        data |= {f"{name}{number}": [item[name] for item in stages[-1]] for name in stages[-1][0]}
        data |= {f"losses{number}": [[item["loss"] for item in stage] for stage in stages]}
        data |= {f"seconds{number}": [[item["seconds"] for item in stage] for stage in stages]}
    return data


COLOURS = {
    "line": "#000000",
    "tetrahedron": "#CC79A7",
    "triangle": "#009E73",
    "digon": "#0072B2",
    "pentagon": "#D55E00",
}
OTHER = "0.55"
GRAPHS = 5


def draw(data):
    density, W, label = data["density"], data["W0"], data["label0"]
    _, m, n = W.shape
    D = gs.feature_dimensionality(W)
    shown = D >= LEAST
    figure = plt.figure(figsize=(7.0, 7.2))
    grid = figure.add_gridspec(3, 2, height_ratios=[1.0, 1.7, 1.15], width_ratios=[5, 1])
    top = figure.add_subplot(grid[0, 0])
    middle = figure.add_subplot(grid[1, 0], sharex=top)
    side = figure.add_subplot(grid[1, 1], sharey=middle)
    sparsity = 1 / density
    for level in (1, 1 / 2):
        top.axhline(level, color="0.85", linewidth=0.6, zorder=0)
    top.plot(sparsity, gs.dimensions_per_feature(W), "o-", color="#0072B2", label=r"$D^* = m\,/\,\|W\|_F^2$")
    if "W1" in data:
        small = f"the same, n = {data['W1'].shape[2]}, m = {data['W1'].shape[1]}"
        top.plot(sparsity, gs.dimensions_per_feature(data["W1"]), "-", color="#E69F00", label=small)
    top.plot(sparsity, m / shown.sum(axis=1), ".--", color="0.45", linewidth=0.8, label="$m$ / features represented")
    top.set(ylim=(0, 1.08), title=f"n = {n}, m = {m}: dimensions per feature")
    top.legend(loc="upper right")

    step = np.log(sparsity[1]) if len(density) > 1 else 1.0
    for level in LINES:
        middle.axhline(level, color="0.85", linewidth=0.6, zorder=0)
        side.axhline(level, color="0.85", linewidth=0.6, zorder=0)
    for k in range(len(density)):
        order = np.argsort(-D[k], kind="stable")[: shown[k].sum()]
        spread = np.linspace(-0.38, 0.38, len(order)) * step
        colours = [COLOURS.get(name, OTHER) for name in label[k][order]]
        middle.scatter(sparsity[k] * np.exp(spread), D[k][order], s=3, c=colours, linewidths=0)
    for name, colour in (COLOURS | {"other": OTHER}).items():
        middle.scatter([], [], s=12, color=colour, label=name)
    middle.legend(loc="upper right", title="factor", title_fontsize=7, ncols=2)
    middle.set(xscale="log", ylim=(LEAST, 1.04), xlabel="1 / feature probability", ylabel="dimensionality $D_i$")
    middle.set_yticks([0.1, 0.2, 0.3, *LINES], ["0.1", "0.2", "0.3", *LINES.values()])
    for tick in middle.get_yticklabels():  # these two nearly touch
        tick.set_verticalalignment({"2/5": "bottom", "3/8": "top"}.get(tick.get_text(), "center"))
    middle.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    middle.set_xticks([], minor=True)
    top.tick_params(labelbottom=False)
    near = np.abs(D[shown][:, None] - list(LINES)).min(axis=1) <= 0.02
    side.hist(D[shown], np.arange(LEAST - 0.006, 1.01, 0.01), orientation="horizontal", color="#0072B2")
    side.set(xlabel=f"features\n({100 * near.mean():.0f} % near lines)")
    side.tick_params(labelleft=False)

    chosen = np.unique(np.linspace(1, len(density) - 2, GRAPHS).round().astype(int))
    graphs = grid[2, :].subgridspec(1, len(chosen))
    for column, k in enumerate(chosen):
        ax = gs.plot.feature_graph(W[k], ax=figure.add_subplot(graphs[column]))
        ax.set_title(f"p = {density[k]:.2f}", loc="center")
    return figure


if __name__ == "__main__":
    main(compute, draw)
