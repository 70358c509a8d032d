r"""Two classes of features: frequent and rare.

Four features of density 0.3 and four of density q share three dimensions; the best arrangements found, with ΣD, the
dimensionality that a class gets, and WᵀW at q = 0.03 (red positive). Equal importance (left): the
arrangement is the same for every q from 0.2 down. All frequent features are kept, two of them opposite to each other
and two opposite to a rare one, and two rare features are dropped. An antipode costs less the rarer it is, so that
pairs are made across the classes. Importance 0.3/q for the rare class (right), so that dropping a feature of either
class costs about the same: at q = 0.2 and 0.14 the classes have changed places, and two frequent features are dropped.
From 0.1 down a pair of frequent features keeps a dimension to itself, and the rare ones share the other two, in a
bent pentagon with a frequent feature at first, then, from 0.044 down, two opposite to each other in each dimension and
a faint frequent one (half to three quarters as long as theirs) along the longer of them.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

FREQUENT = 0.3
EACH = 4
M = 3
DENSITIES = np.geomspace(0.3, 0.003, 13)
SHOWN = 0.03


def solve(q, compensated, quick):
    p = np.repeat([FREQUENT, q], EACH)
    problem = gs.Problem(2 * EACH, M, p, FREQUENT / p if compensated else None)
    method = gs.MultistartLBFGS(n_starts=8, n_rounds=0, n_keep=1) if quick else gs.MultistartLBFGS(n_starts=128)
    solution = gs.minimize(problem, method=method, rng=0)
    D = gs.feature_dimensionality(solution.W).reshape(2, EACH).sum(axis=1)
    kept = gs.represented(solution.W).reshape(2, EACH).sum(axis=1)
    return {"W": solution.W, "b": solution.b, "loss": solution.loss, "D": D, "kept": kept}


def compute(quick, progress):
    densities = DENSITIES[::6] if quick else DENSITIES
    searches = {f"{int(c)},{k}": (q, c, quick) for c in (False, True) for k, q in enumerate(densities)}
    items = cached_items(solve, searches, progress, description="densities")
    count = len(densities)
    return {"density": densities} | {
        name: [[items[f"{c},{k}"][name] for k in range(count)] for c in (0, 1)] for name in items["0,0"]
    }


def in_order(W):
    """Features of each class, those that share a subspace next to each other, those dropped last."""
    place = np.full(W.shape[1], np.inf)
    for k, factor in enumerate(gs.identify(W).factors):
        place[list(factor.features)] = k
    return np.lexsort((place, np.arange(W.shape[1]) // EACH))


def draw(data):
    figure, axes = plt.subplots(1, 4, figsize=(7.0, 2.2), width_ratios=(0.9, 1, 1, 0.9))
    shown = int(np.argmin(np.abs(np.log(data["density"] / SHOWN))))
    titles = ("equal importance", "importance 0.3/q if rare")
    for c, (gram, curves) in enumerate(((axes[0], axes[1]), (axes[3], axes[2]))):
        W, b = data["W"][c, shown], data["b"][c, shown]
        order = in_order(W)
        gs.plot.gram(W[:, order], b[order], limit=2.0, ax=gram)
        gram.axhline(EACH - 0.5, color="0.6", linewidth=0.5)
        gram.plot([EACH - 0.5] * 2, [-0.5, 2 * EACH - 0.5], color="0.6", linewidth=0.5)
        gram.set_xticks([1.5, 5.5, 9.0], ["frequent", "rare", "b"])
        gram.set_yticks([])
        gram.set_title(f"WᵀW and b, q = {data['density'][shown]:.2g}", loc="center")
        D = data["D"][c]
        curves.plot(data["density"], D[:, 0], "-o", color="C0", markersize=3, label="frequent")
        curves.plot(data["density"], D[:, 1], "-s", color="C3", markersize=3, label="rare")
        curves.set(ylim=(0, M), yticks=range(M + 1), ylabel="ΣD of the class" if c == 0 else None)
        curves.set(xscale="log", xlabel="density q if rare", xlim=(0.4, 0.0025))
        curves.set_title(titles[c], loc="center")
    axes[1].legend(loc="lower center", ncols=1)
    return figure


if __name__ == "__main__":
    main(compute, draw)
