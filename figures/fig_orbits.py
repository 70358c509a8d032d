r"""Several equally good sets of features.

Nothing tells equal features apart, so the best arrangement is never the only one: by the symmetry of the problem
there are |group| / |stabiliser| of them that no rotation turns into each other. Two pairs of antipodes and a feature
that is dropped, of five: 5!/8 = 15. A pentagon: 5!/10 = 12. A hexagon of three correlated pairs, which may be
exchanged and turned over: 48/6 = 8. Bars: how many of the trained models that reached the best loss ended in each,
with the mean (line) and χ²/df, near 1 where all are equally likely; nothing but the seed differs. Right: with
importances r^i the 15 are local minima still, but of different losses. It matters which feature is dropped (five
groups); how the others are paired matters a hundred times less.
"""

from itertools import permutations

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs
from geomsup.claims.orbits import group

CASES = {
    "pairs": (gs.Problem(5, 2, 0.3), "two pairs, one dropped"),
    "pentagon": (gs.Problem(5, 2, 0.1), "pentagon"),
    "hexagon": (gs.Problem(features=gs.features.CorrelatedSets.of_size(3, 2, 0.05)), "hexagon of pairs"),
}
DECAYS = (0.999, 0.99, 0.97, 0.95)


def orbit(problem, W):
    """The distinct Gram matrices among the permuted ones, and the number of permutations that leave W as it is."""
    G = W.T @ W
    copies = np.array([G[np.ix_(p, p)] for p in group(problem)])
    stabiliser = int((np.abs(copies - G).max(axis=(1, 2)) < 1e-6).sum())
    distinct = []
    for copy in copies:
        if all(np.abs(copy - other).max() > 1e-6 for other in distinct):
            distinct.append(copy)
    return np.array(distinct), stabiliser


def seeds(name, quick):
    """In which of the equally good arrangements do models end that differ in nothing but the seed?"""
    problem = CASES[name][0]
    solution = gs.minimize(problem, n_starts=16 if quick else 64, rng=0)
    copies, stabiliser = orbit(problem, solution.W)
    settings = {"n_instances": 8, "n_steps": 300} if quick else {"n_instances": 128, "n_steps": 2500}
    run = gs.train(problem, batch_size=128, learning_rate=5e-3, schedule="linear", weight_decay=0.0, rng=0, **settings)
    best = run.W[run.loss < 1.02 * solution.loss]
    nearest = [np.linalg.norm(copies - W.T @ W, axis=(1, 2)).argmin() for W in best]
    counts = np.bincount(nearest, minlength=len(copies))
    return {"counts": counts, "group": len(group(problem)), "stabiliser": stabiliser, "trained": len(run.loss)}


def split(decay):
    """The 15 ways to drop one feature and pair the others, each followed to its own local minimum."""
    equal = CASES["pairs"][0]
    solution = gs.minimize(equal, rng=0)
    order = np.argsort(gs.represented(solution.W), kind="stable")  # the one that is dropped first
    partner = order[1 + np.argmin((solution.W.T @ solution.W)[order[1], order[1:]])]
    order = np.array([order[0], order[1], partner, *(i for i in order[2:] if i != partner)])
    W, b = solution.W[:, order], solution.b[order]
    problem = equal.replace(importance=gs.geometric_importance(5, decay))
    losses, dropped = [], []
    for p in permutations(range(5)):
        if p[1] < p[2] and p[3] < p[4] and p[1] < p[3]:
            place = np.argsort(p)
            losses.append(gs.minimize(problem, n_starts=0, start=(W[:, place], b[place])).loss)
            dropped.append(p[0])
    return {"losses": losses, "dropped": dropped}


def compute(quick, progress):
    items = cached_items(seeds, {name: (name, quick) for name in CASES}, progress, description="seeds")
    decays = DECAYS[:1] if quick else DECAYS
    items |= cached_items(split, {f"r={r:g}": (r,) for r in decays}, progress, description="unequal importances")
    data = {f"{name},{entry}": value for name in CASES for entry, value in items[name].items()}
    data |= {entry: [items[f"r={r:g}"][entry] for r in decays] for entry in ("losses", "dropped")}
    return data | {"decay": decays}


def draw(data):
    figure, axes = plt.subplots(1, 4, figsize=(7.0, 2.5), width_ratios=(1.5, 1.2, 0.8, 1.5))
    for ax, (name, (_, title)) in zip(axes, CASES.items(), strict=False):
        counts = data[f"{name},counts"]
        expected = counts.mean()
        ax.bar(np.arange(1, len(counts) + 1), counts, width=0.8, color="C0")
        ax.axhline(expected, color="C3", linewidth=0.8)
        ax.set_title(f"{title}\n{int(data[f'{name},group'])}/{int(data[f'{name},stabiliser'])} = {len(counts)}")
        ax.set(xticks=[1, len(counts)], xlabel=f"{counts.sum()} of {int(data[f'{name},trained'])} models")
        statistic = np.sum((counts - expected) ** 2) / expected / (len(counts) - 1) if expected else np.nan
        ax.set_ylim(0, 1.25 * max(counts.max(), 1))
        ax.text(0.98, 0.98, f"χ²/df {statistic:.2f}", transform=ax.transAxes, ha="right", va="top", fontsize=6.5)
    ax = axes[3]
    for k in range(len(data["decay"])):
        losses = data["losses"][k]
        gap = losses / losses.min() - 1
        ax.scatter(np.full(len(gap), k), 100 * gap, c=data["dropped"][k], cmap="viridis", vmax=4.7, s=9, marker="_")
    ax.set_xticks(range(len(data["decay"])), [f"{r:g}" for r in data["decay"]])
    ax.set(xlabel="importance ratio r", xlim=(-0.5, len(data["decay"]) - 0.5))
    ax.set_title("loss above the best, in %\n(colour: which is dropped)")
    return figure


if __name__ == "__main__":
    main(compute, draw)
