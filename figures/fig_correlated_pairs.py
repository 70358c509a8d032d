"""Three correlated pairs collapse one after the other.

Six features in two dimensions that are active in pairs, by the probability that a pair is active. Where inputs are
sparse all six have directions of their own; as they become denser the two features of a pair come to share one, which
is what principal components would do: first one pair, then two, then all three. Left: the loss of every branch of
minima relative to the lowest, as far as it is a minimum; vertical lines where the lowest changes, all of them jumps.
Right: the arrangements on both sides of each, one colour for a pair. Losses are exact, boundaries are roots of their
differences; that nothing is lower is searched for, not proved.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs
from geomsup.features import CorrelatedSets

PATH = gs.phases.along(
    gs.Problem(n_hidden=2, features=CorrelatedSets.of_size(3, 2, 0.1)), "set_probability", (0.02, 0.75)
)
SEEDS = {
    "three pairs open": (0.05, 0),
    "one collapsed": (0.09, 1),
    "two, one bent": (0.165, 3),
    "two collapsed": (0.25, 2),
    "three, square": (0.35, 4),
    "three, triangle": (0.6, 5),
}
"""Where each branch is found by a search, and its colour."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
ORDER = tuple(SEEDS)
FIELDS = ("s", "W", "b", "loss", "error", "slope", "gradient_norm", "eigenvalue")


def minimum(name):
    """The minimum from which a branch is followed: told by how many pairs have collapsed and where they lie."""
    s, _ = SEEDS[name]
    for found in gs.minimize(PATH(s), rng=0, n_starts=40).minima:
        if found.kind == "minimum" and kind(found.W) == name:
            return found
    raise RuntimeError(f"no search at {s} found {name!r}")


def kind(W):
    """The name of an arrangement, from the angles within pairs."""
    unit = W / np.linalg.norm(W, axis=0)
    within = np.array([unit[:, 2 * k] @ unit[:, 2 * k + 1] for k in range(3)])
    collapsed = within > 1 - 1e-6
    if collapsed.sum() == 3:
        centres = unit[:, ::2]
        products = np.sort([centres[:, i] @ centres[:, j] for i, j in ((0, 1), (0, 2), (1, 2))])
        return "three, triangle" if products[0] > -0.9 else "three, square"
    if collapsed.sum() == 2:
        return "two collapsed"
    if collapsed.sum() == 1:
        return "one collapsed" if np.sort(within)[1] < 0.7 else "two, one bent"
    return "three pairs open"


def follow(name, quick):
    found = minimum(name)
    branch = gs.continuation(PATH, found, at=SEEDS[name][0], max_step=0.1 if quick else 0.05)
    events = [f"{event.kind} {event.s:.9f}" for event in branch.events]
    return {field: getattr(branch, field) for field in FIELDS} | {"events": np.array(events, dtype=str)}


def cross(first, second):
    """The boundary between two branches: what `table` prints, and the arrangements."""
    branches = [gs.Branch(PATH.name, **{k: one[k] for k in FIELDS}, events=()) for one in (first, second)]
    boundary = gs.phase_boundary(PATH, *branches)
    numbers = (boundary.s, boundary.error, boundary.loss, boundary.gap, boundary.order, *boundary.hysteresis)
    return {"numbers": np.array(numbers), "W": np.array([boundary.first.W, boundary.second.W])}


def compute(quick, progress):
    names = ORDER[:2] if quick else ORDER
    branches = cached_items(follow, {slug(n): (n, quick) for n in names}, progress, description="branches")
    pairs = {f"{slug(a)}+{slug(b)}": (branches[slug(a)], branches[slug(b)]) for a, b in pairwise(names)}
    crossings = list(cached_items(cross, pairs, progress, description="boundaries").values())
    data = {
        "names": np.array(names),
        "boundary": np.array([one["numbers"] for one in crossings]),
        "W": np.array([one["W"] for one in crossings]),
    }
    for k, name in enumerate(names):
        branch = branches[slug(name)]
        data |= {f"s{k}": branch["s"], f"loss{k}": branch["loss"], f"events{k}": branch["events"]}
    return data


def slug(name):
    return name.replace(" ", "_").replace(",", "")


def table(data):
    names = data["names"]
    lines = ["from,to,s,error,loss,gap of slopes,order,both minima from,to"]
    for k, row in enumerate(data["boundary"]):
        numbers = ",".join(f"{value:.10g}" for value in row)
        lines.append(f'"{names[k]}","{names[k + 1]}",{numbers}')
    return "\n".join(lines) + "\n"


def draw(data):
    from scipy.interpolate import CubicSpline

    names, rows = data["names"], data["boundary"]
    figure = plt.figure(figsize=(7.0, 2.6))
    grid = figure.add_gridspec(2, 1 + len(rows), width_ratios=[2.6, *[1] * len(rows)])
    ax = figure.add_subplot(grid[:, 0])
    s = np.unique(np.concatenate([data[f"s{k}"] for k in range(len(names))]))
    s = np.unique(np.concatenate([s, np.geomspace(s[0], s[-1], 400)]))
    # a spline, since chords would lie above the lowest loss by more than the branches do
    losses = np.array([CubicSpline(data[f"s{k}"], data[f"loss{k}"])(s, extrapolate=False) for k in range(len(names))])
    for k, name in enumerate(names):
        excess = losses[k] / np.nanmin(losses, axis=0) - 1
        ax.plot(s, 100 * excess, color=COLOURS[SEEDS[str(name)][1]], label=str(name))
    for row in rows:
        ax.axvline(row[0], color="0.7", linewidth=0.7, zorder=0)
    ax.set(xscale="log", ylim=(-0.1, 6), xlabel="probability that a pair is active", ylabel="loss above the lowest (%)")
    ax.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    ax.minorticks_off()
    ax.legend(fontsize=6, loc=(0.26, 0.62), frameon=True, facecolor="white", edgecolor="none", framealpha=1)
    for k, row in enumerate(rows):
        for side in (0, 1):
            ax = figure.add_subplot(grid[side, 1 + k])
            W = gs.plot.oriented(data["W"][k, side])
            for pair in range(3):
                colour = COLOURS[(0, 5, 2)[pair]]
                for x, y in W[:, 2 * pair : 2 * pair + 2].T:
                    ax.plot([0, x], [0, y], "-o", color=colour, markevery=[1], markersize=3)
            ax.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal", xticks=[], yticks=[])
            for spine in ax.spines.values():
                spine.set(visible=False)
            if side == 0:
                ax.set_title(f"{row[0]:.5f}", fontsize=7, loc="center")
            ax.set_xlabel(("before" if side == 0 else "after"), fontsize=6)
    return figure


if __name__ == "__main__":
    main(compute, draw, table)
