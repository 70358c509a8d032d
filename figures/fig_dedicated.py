r"""When a feature gets a dimension to itself.

Left: two features of density s and importances r and 1 in one dimension. Above the thick line the best arrangement
gives the dimension to the first alone; below, the features share it. Where features are rare the line is a crossing
of two minima, found by Newton's method on exact losses: the arrangement jumps, and between the lines both are minima.
Where they are denser, from 0.53 to 0.8, it is the line on which the dedicated arrangement becomes unstable, r = (s/3
− s²/4)/c(s) in closed form (dashed), and the second feature fades in. Dotted: the candidates of unit length without
bias, r = 2/s − 5/2, which are too early. Middle: the share of the second feature along two vertical cuts. Right: five
features in two dimensions, one of importance r; its dimensionality D in the best arrangement found.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs
from geomsup.claims.dedicated_dimension import crossing
from geomsup.claims.dedicated_stability import critical_importance

DENSITIES = (0.05, 0.07, 0.1, 0.14, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.53, 0.56, 0.6, 0.7, 0.8, 0.9)
CUTS = {0.3: np.linspace(4.0, 6.0, 17), 0.7: np.linspace(1.0, 1.8, 17)}
RATIOS = np.geomspace(1, 100, 17)
CROWDED = (0.4, 0.2, 0.05)


def crossed(s):
    """The importance at which sharing costs as much as dedicating."""
    return {"r": crossing(s)}


def share(s, r):
    """‖W_2‖² over ‖W_1‖² in the best arrangement of two features."""
    W = gs.minimize(gs.Problem(2, 1, s, [r, 1.0]), n_starts=8, rng=0).W
    return {"share": W[0, 1] ** 2 / W[0, 0] ** 2}


def crowd(s, r, quick):
    """D of one important feature among five in two dimensions."""
    problem = gs.Problem(5, 2, s, [r, 1, 1, 1, 1])
    method = gs.MultistartLBFGS(n_starts=4 if quick else 16, n_rounds=0 if quick else 1, n_keep=1)
    W = gs.minimize(problem, method=method, rng=0).W
    return {"D": gs.feature_dimensionality(W)[0], "kept": gs.represented(W[:, 1:]).sum()}


def compute(quick, progress):
    densities, crowded, step = ((0.2, 0.6), (0.2,), 8) if quick else (DENSITIES, CROWDED, 1)
    items = cached_items(crossed, {f"s={s:g}": (s,) for s in densities}, progress, description="crossings")
    cuts = {f"cut,{s:g},{k}": (s, r) for s, ratios in CUTS.items() for k, r in enumerate(ratios[::step])}
    crowds = {f"crowd,{s:g},{k}": (s, r, quick) for s in crowded for k, r in enumerate(RATIOS[::step])}
    items |= cached_items(share, cuts, progress, description="cuts")
    items |= cached_items(crowd, crowds, progress, description="five features")
    data = {"density": densities, "r": [items[f"s={s:g}"]["r"] for s in densities], "crowded": crowded}
    for s, ratios in CUTS.items():
        data[f"cut,{s:g}"] = [items[f"cut,{s:g},{k}"]["share"] for k in range(len(ratios[::step]))]
        data[f"ratios,{s:g}"] = ratios[::step]
    count = len(RATIOS[::step])
    return data | {
        "ratios": RATIOS[::step],
        "D": [[items[f"crowd,{s:g},{k}"]["D"] for k in range(count)] for s in crowded],
    }


def draw(data):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.0, 2.6), width_ratios=(1.2, 1, 1))
    s = np.linspace(0.05, 0.95, 200)
    left.plot(data["density"], data["r"], color="C0", linewidth=2, label="best changes")
    left.plot(s, [critical_importance(one) for one in s], "--", color="C3", label="dedicated unstable below")
    candidate = 2 / s - 2.5
    left.plot(s[candidate > 1], candidate[candidate > 1], ":", color="0.4", label="candidates")
    left.set(xscale="log", yscale="log", xlim=(0.05, 1), ylim=(1, 50), xlabel="density s", ylabel="importance r")
    left.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    left.set_xticks([0.05, 0.1, 0.2, 0.5, 1], ["0.05", "0.1", "0.2", "0.5", "1"])
    left.minorticks_off()
    left.text(0.35, 18, "dedicated", fontsize=7)
    left.text(0.07, 2.4, "shared", fontsize=7)
    left.legend(loc="upper right", fontsize=6)
    left.set_title("two features, one dimension")
    for k, cut in enumerate(CUTS):
        ratios, shares = data[f"ratios,{cut:g}"], data[f"cut,{cut:g}"]
        middle.plot(ratios, shares, "-o", markersize=2, color=f"C{k}", label=f"s = {cut:g}")
    middle.set(xlabel="importance r", ylim=(-0.03, 1.05))
    middle.set_title("share of the second feature")
    middle.legend()
    for k, density in enumerate(data["crowded"]):
        right.plot(data["ratios"], data["D"][k], "-o", markersize=2, color=f"C{k}", label=f"s = {density:g}")
    right.set(xscale="log", xlabel="importance r", ylim=(0.3, 1.05))
    right.set_title("five features, two dimensions: D")
    right.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    main(compute, draw)
