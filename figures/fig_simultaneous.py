r"""Interference with one feature active, and with several.

Five equal features in two dimensions, the best arrangement found at every density. Top: the loss divided by the
number of active features (left), and by what goes wrong in an output (right). *Alone*: the feature is the only one
active, and comes back distorted. *Alternating*: the feature is off, and the output answers to others. *Simultaneous*:
the feature is on together with others. Every part is an exact expectation. Most of what rare features lose is lost
alone; from density .04 on, more than half is simultaneous. Bottom: what the pentagon loses less than two pairs of
antipodes and a dropped feature (above 0), part by part. It wins what is lost when the dropped feature is alone and
pays with interference of both kinds, so that it is the best up to the density where the sum (black) is zero, .22488.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs
from geomsup.claims.simultaneous_interference import parts

N = 5
DENSITIES = np.geomspace(0.003, 0.9, 25)
COMPARED = np.geomspace(0.02, 0.35, 15)
ORDERS = ("0", "1", "2", "3", "4, 5")
KINDS = ("alone", "alternating", "simultaneous")


def divided(p, W, b):
    """The loss, divided by the number of active features and by kind."""
    terms = gs.expansion(gs.Problem(N, 2, p), W, b, order=3).terms
    total = gs.expected_loss(gs.Problem(N, 2, p), W, b).value
    return {"total": total, "orders": np.append(terms, total - terms.sum()), "kinds": np.array(parts(p, W, b))}


def best(p, quick):
    method = gs.MultistartLBFGS(n_starts=8 if quick else 32, n_rounds=0 if quick else 2, n_keep=1)
    solution = gs.minimize(gs.Problem(N, 2, p), method=method, rng=0)
    return divided(p, solution.W, solution.b)


def compare(p):
    """Both arrangements, each followed to its own minimum at this density."""
    pentagon, pairs = gs.frames.polygon(N), np.array([[1.0, -1, 0, 0, 0], [0, 0, 1, -1, 0]])
    problem = gs.Problem(N, 2, p)
    starts = ((1.1 * pentagon, np.full(N, -0.2)), (pairs, np.append(np.zeros(4), p / 2)))
    first, second = (gs.minimize(problem, n_starts=0, start=start) for start in starts)
    first, second = divided(p, first.W, first.b), divided(p, second.W, second.b)
    return {
        "gain": second["total"] - first["total"],
        "gains": second["kinds"] - first["kinds"],
        "pairs": second["total"],
    }


def compute(quick, progress):
    step = 8 if quick else 1
    densities, compared = DENSITIES[::step], COMPARED[::step]
    searches = {f"best,{k}": (p, quick) for k, p in enumerate(densities)}
    items = cached_items(best, searches, progress, description="minima")
    items |= cached_items(compare, {f"both,{k}": (p,) for k, p in enumerate(compared)}, progress, description="both")
    data = {name: [items[f"best,{k}"][name] for k in range(len(densities))] for name in ("total", "orders", "kinds")}
    data |= {name: [items[f"both,{k}"][name] for k in range(len(compared))] for name in ("gain", "gains", "pairs")}
    return data | {"density": densities, "compared": compared}


def draw(data):
    figure, axes = plt.subplots(2, 2, figsize=(7.0, 4.4), height_ratios=(1.15, 1))
    for ax, name, labels in ((axes[0, 0], "orders", ORDERS), (axes[0, 1], "kinds", KINDS)):
        shares = data[name] / data["total"][:, np.newaxis]
        colours = plt.cm.cividis(np.linspace(0, 1, 5)) if name == "orders" else ("0.75", "C1", "C0")
        ax.stackplot(data["density"], shares.T, labels=labels, colors=colours)
        ax.set(xscale="log", xlim=(data["density"].min(), data["density"].max()), ylim=(0, 1), xlabel="density")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes[0, 0].set_title("share of the loss by number active")
    axes[0, 1].set_title("share of the loss by kind")
    grid = axes[1, 0].get_gridspec()
    for ax in axes[1]:
        ax.remove()
    ax = figure.add_subplot(grid[1, :])
    two = np.abs(data["gain"]) > 1e-9  # beyond, the pentagon is no minimum any more, and its descent ends in the pairs
    compared, pairs = data["compared"][two], data["pairs"][two]
    for k, (kind, colour) in enumerate(zip(KINDS, ("0.6", "C1", "C0"), strict=True)):
        ax.plot(compared, data["gains"][two, k] / pairs, color=colour, label=kind)
    ax.plot(compared, data["gain"][two] / pairs, color="black", linewidth=2, label="sum")
    ax.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    ax.set(xlabel="density", ylabel="share of the loss of the pairs", xlim=(0, compared.max()))
    ax.set_title("what the pentagon gains on two pairs and a dropped feature")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


if __name__ == "__main__":
    main(compute, draw)
