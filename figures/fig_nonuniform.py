"""A pentagon gives way to two digons when one of its features becomes rarer.

Five features of equal importance in two dimensions; four are active with probability s, one with ρs. Left: the loss
of the bent pentagon relative to that of two antipodal pairs with the rare feature left out, as far as the pentagon is a
local minimum (the dot is where it ends, at a fold). Where a line passes through zero the minimum changes; the slopes
differ there, so it is a jump. Middle: where that happens, as the number of times 1/ρ that the feature is rarer, and
where the pentagon ends. Right: the two arrangements at the boundary for s = 0.05, with the rare
feature in green. Losses are exact. The limit s → 0 is the loss with one active feature.

Elhage et al. 2022 give about 2.5 times for this transition. That is its place for s = 0.0923; at s = 0.05 it is 3.7.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main
from scipy.interpolate import barycentric_interpolate

import geomsup as gs

SHOWN = (0.1, 0.05, 0.02)
COLOURS = {0.1: "#D55E00", 0.05: "#0072B2", 0.02: "#009E73", 0.0: "0.3"}
NEAR = (0.08, 0.09, 0.1)
"""Densities between which 1/ρ = 2.5 is reached; interpolated."""
PAIRS = np.array([[0, 1, -1, 0, 0], [0, 0, 0, 1, -1]], dtype=float)


def path(s):
    """ρ from 0.03 to 1, at density s; s = 1 is used for the limit, in which only the ratios of densities count."""
    return gs.phases.Path(lambda rho: gs.Problem(5, 2, s * np.array([rho, 1, 1, 1, 1])), 0.03, 1.0, "rho")


def boundary(s):
    """The boundary at density s, 0 for the limit, and both branches."""
    if s == 0:
        line = path(1.0)
        start = gs.minimize_one_active(5, 2, n_starts=8, rng=0)
        pentagon = gs.continuation(line, start, at=1.0, loss="one_active")
        found = gs.phase_boundary(line, pentagon, lambda rho: (PAIRS, np.zeros(5)), loss="one_active")
        return found, pentagon, (pentagon.s, pentagon.s / 3)
    line = path(s)
    starts = [gs.minimize(line(rho), rng=0, n_starts=8) for rho in (1.0, 0.06)]
    branches = [gs.continuation(line, start, at=rho) for start, rho in zip(starts, (1.0, 0.06), strict=True)]
    return gs.phase_boundary(line, *branches), branches[0], (branches[1].s, branches[1].loss)


def item(s):
    found, pentagon, (where, pairs) = boundary(s)
    ratio = pentagon.loss / np.interp(pentagon.s, where, pairs)
    return {
        "numbers": [s, found.s, found.error, found.hysteresis[0], found.gap, found.loss],
        "rho": pentagon.s,
        "ratio": ratio,
        "W": np.array([found.first.W, found.second.W]),
    }


def compute(quick, progress):
    densities = (0.1, 0.05) if quick else (0.0, 0.001, 0.005, 0.02, 0.05, *NEAR)
    items = list(cached_items(item, {f"s={s}": (s,) for s in densities}, progress, description="densities").values())
    data = {"numbers": np.array([one["numbers"] for one in items])}
    for s, one in zip(densities, items, strict=True):
        if s in SHOWN or s == 0:
            data |= {f"rho {s}": one["rho"], f"ratio {s}": one["ratio"], f"W {s}": one["W"]}
    if not quick:
        s, rho = data["numbers"][-len(NEAR) :, :2].T
        data["s25"] = barycentric_interpolate(rho, s, 0.4)
    return data


def table(data):
    lines = ["s,rho at the boundary,error,1/rho,rho at the end of the pentagon,gap of slopes,loss"]
    for s, rho, error, end, gap, loss in data["numbers"]:
        lines.append(f"{s:g},{rho:.10f},{error:.0e},{1 / rho:.6f},{end:.10f},{gap:.8g},{loss:.10g}")
    if "s25" in data:
        lines.append(f"{float(data['s25']):.4f},0.4,,2.5,,,")
    return "\n".join(lines) + "\n"


def draw(data):
    figure = plt.figure(figsize=(7.0, 2.6))
    grid = figure.add_gridspec(2, 3, width_ratios=[1.5, 1.5, 0.8])
    ax = figure.add_subplot(grid[:, 0])
    ax.axhline(0, color="0.7", linewidth=0.7, zorder=0)
    for s, colour in COLOURS.items():
        if f"rho {s}" in data:
            rho, excess = data[f"rho {s}"], 100 * (data[f"ratio {s}"] - 1)
            ax.plot(1 / rho, excess, color=colour, label=f"s = {s:g}" if s else "s → 0")
            ax.plot(1 / rho[0], excess[0], "o", color=colour, markersize=3)
    ax.set(xscale="log", xlim=(1, 25), ylim=(-70, 80))
    ax.set(xlabel="times rarer, 1/ρ", ylabel="pentagon above two digons (%)")
    ax.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    ax.minorticks_off()
    ax.legend(fontsize=7)
    ax = figure.add_subplot(grid[:, 1])
    rows = data["numbers"][data["numbers"][:, 0] > 0]
    ax.plot(rows[:, 0], 1 / rows[:, 1], "-o", color="#0072B2", markersize=3, label="equal losses")
    ax.plot(rows[:, 0], 1 / rows[:, 3], "--", color="0.4", label="end of the pentagon")
    limit = data["numbers"][data["numbers"][:, 0] == 0]
    for row in limit:
        ax.axhline(1 / row[1], color="#0072B2", linewidth=0.7, linestyle=":")
    if "s25" in data:
        ax.plot([float(data["s25"])], [2.5], "s", color="#D55E00", markersize=4, label="2.5 times")
    ax.set(xscale="log", yscale="log", ylim=(1.5, 25), xlabel="density s of the others", ylabel="times rarer, 1/ρ")
    ax.set_yticks([2, 5, 10, 20], ["2", "5", "10", "20"])
    ax.set_xticks([0.001, 0.01, 0.1], ["0.001", "0.01", "0.1"])
    ax.minorticks_off()
    ax.legend(fontsize=7, loc="lower left")
    for k, name in enumerate(("pentagon", "two digons")):
        ax = figure.add_subplot(grid[k, 2])
        W = gs.plot.oriented(data["W 0.05"][k][:, [1, 2, 3, 4, 0]])
        # the rare feature, last, in another colour
        gs.plot.arrangement(W, importance=[1, 1, 1, 1, 0], ax=ax)
        ax.set_title(name, fontsize=7, loc="center")
    return figure


if __name__ == "__main__":
    main(compute, draw, table)
