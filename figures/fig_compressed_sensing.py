r"""How many features fit: the compressed-sensing bound and the toy model.

To recover n features of density s from m measurements by any decoder takes m = Ω(−n s log s), so that m dimensions
hold at most of the order of 1/(−s log s) features each; the constant is open, 1 is drawn. The paper reads it so: at a
given density the number of features is linear in the dimensions. Left: features represented per dimension (norm above
half of the longest) and what all features together are worth, (n − L/v)/m, with v = s/3 − s²/4 the loss of a feature
that is dropped, in the best arrangements found of 6m features. Above s = 0.2 one and two dimensions agree, as in the
paper's reading; once features are rare, one ReLU layer stops following the bound. Right: where it stops. The worth of
n features in the limit s → 0, per dimension, with biases (searched) and without (C(m)/m, bracket proved). With biases
it grows with the number of dimensions and of features, and is far below the bound, which allows any number there.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

DENSITIES = (0.7, 0.35, 0.2, 0.1, 0.05, 0.02, 0.007, 0.002)
DIMENSIONS = (1, 2)  # at finite density
LIMITS = (1, 2, 3)
CROWDS = (2, 3, 4, 6, 8, 12)


def bound(s):
    """Features per dimension that the bound allows, with constant 1; it is meant for small s."""
    return -1 / (s * np.log(s))


def finite(m, s, quick):
    problem = gs.Problem(6 * m, m, s)
    method = gs.MultistartLBFGS(n_starts=4 if quick else 8, n_rounds=0 if quick else 2, n_keep=1)
    rare = gs.minimize_one_active(problem.n_features, m, n_starts=16 if quick else 64, n_keep=1, rng=0)
    solution = gs.minimize(problem, method=method, start=rare.arrangement, rng=0)
    worth = problem.n_features - solution.loss / (s / 3 - s**2 / 4)
    return {"per_dimension": gs.represented(solution.W).sum() / m, "worth": worth / m, "loss": solution.loss}


def limit(m, per_dimension, quick):
    n = per_dimension * m
    solution = gs.minimize_one_active(n, m, n_starts=16 if quick else 64, n_keep=1, rng=0)
    return {"worth": (n - 3 * solution.loss) / m, "per_dimension": gs.represented(solution.W).sum() / m}


def compute(quick, progress):
    densities, crowds = ((0.5, 0.1), CROWDS[:3]) if quick else (DENSITIES, CROWDS)
    searches = {f"m={m},s={s:g}": (m, s, quick) for m in DIMENSIONS[::-1] for s in densities}
    items = cached_items(finite, searches, progress, description="densities")
    searches = {f"m={m},n={k}m": (m, k, quick) for m in LIMITS[::-1] for k in crowds}
    items |= cached_items(limit, searches, progress, description="sparse limit")
    data = {"m": np.array(LIMITS), "density": np.array(densities), "crowd": np.array(crowds)}
    for name in ("per_dimension", "worth"):
        data[name] = [[items[f"m={m},s={s:g}"][name] for s in densities] for m in DIMENSIONS]
        data[f"limit_{name}"] = [[items[f"m={m},n={k}m"][name] for k in crowds] for m in LIMITS]
    brackets = {m: gs.capacity(m) for m in LIMITS}
    return data | {"capacity": [(found.lower / m, found.upper / m) for m, found in brackets.items()]}


def draw(data):
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 3.0), width_ratios=(1.25, 1))
    s = np.geomspace(1 / np.e, 0.002, 100)
    left.plot(s, bound(s), color="0.5", linewidth=2.0, label=r"compressed sensing, $1/(-s\,\log\,s)$")
    for k, (m, colour) in enumerate(zip(data["m"], ("C0", "C3", "C2"), strict=False)):
        if k < len(data["worth"]):
            left.plot(data["density"], data["per_dimension"][k], "o", color=colour, markerfacecolor="none")
            left.plot(data["density"], data["worth"][k], color=colour, label=f"worth, m = {m} (circles: represented)")
        right.plot(data["crowd"], data["limit_worth"][k], "-s", color=colour, label=f"m = {m}")
        right.axhspan(*data["capacity"][k], color=colour, alpha=0.3, linewidth=0)
        right.axhline(data["capacity"][k][0], color=colour, linestyle="--", linewidth=0.8)
    left.set(xscale="log", xlim=(1, 0.0018), ylim=(0, 8), xlabel="density s", ylabel="features per dimension")
    left.set_title("at a density, 6m features")
    left.legend(loc="lower right")
    right.set(xlabel="features per dimension given, n/m", ylabel="worth per dimension", ylim=(0, None))
    right.set_title("rare features: with biases (lines), without (dashed)")
    right.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    main(compute, draw)
