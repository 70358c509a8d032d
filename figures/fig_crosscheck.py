"""How often does gradient descent find the optimum?

Twenty models per setting, trained with the public notebook's defaults (AdamW, 10,000 steps of 1024 inputs), against the
best arrangement that a search found. Each dot is a trained model: its exact loss above that of the search. Dark dots
ended in the basin of the best minimum, and what they lack is noise; light ones ended in another basin. The number is
the share of the dark ones.
"""

import csv
import io

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs

N_SEEDS = 20
NOTEBOOK_INSTANCES = {5: 10, 20: 10, 80: 2}
SETTINGS = [
    *((80, 20, 0.9, p) for p in (0.01, 0.1)),
    *((20, 5, 0.7, p) for p in (0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)),
    *((5, 2, 0.9, 20.0 ** (-k / 9)) for k in (9, 6, 4)),
    *((5, 2, 1.0, p) for p in (0.01, 0.1, 0.3)),
]
"""n_features, n_hidden, importance decay and density, the long ones first."""
SAME = 1e-6
"""Relative difference in loss below which two minima are one: searches beyond 48 features finish to about 1e-7."""
COLUMNS = ["n", "m", "importance", "p", "solver", "trained min", "median", "max"]
COLUMNS += ["in best basin", "median noise", "mean basin"]
COLOURS = {True: "#1b3a6b", False: "#e8a33d"}
"""In the best basin, and in another."""


def compare(n, m, decay, p, quick):
    problem = gs.Problem(n, m, p, gs.geometric_importance(n, decay))
    solution = gs.minimize(problem, n_starts=4 if quick else None, rng=0)
    # The notebook's standard deviation, which depends on how many instances it trains together.
    deviation = (2 / (n * m + NOTEBOOK_INSTANCES[n] * m)) ** 0.5
    steps, seeds = (300, 4) if quick else (10_000, N_SEEDS)
    run = gs.train(problem, n_instances=seeds, n_steps=steps, start=deviation, rng=0)
    audits = gs.audit_all(problem, run.W, run.b, best=solution, follow=n == 5)
    nearest = np.array([audit.nearest.loss for audit in audits])
    return {"solver": solution.loss, "error": solution.error, "trained": run.loss, "nearest": nearest}


def compute(quick, progress):
    settings = [setting for setting in SETTINGS if setting[0] == 5] if quick else SETTINGS
    comparisons = {f"n={n},decay={decay},p={p:.5f}": (n, m, decay, p, quick) for n, m, decay, p in settings}
    items = cached_items(compare, comparisons, progress, description="settings").values()
    order = np.lexsort([[-p for *_, p in settings], [-decay for _, _, decay, _ in settings], [n for n, *_ in settings]])
    data = {name: np.array([item[name] for item in items])[order] for name in ("solver", "error", "trained", "nearest")}
    return data | {"settings": np.array(settings)[order]}


def in_best_basin(data):
    """Which models ended in the basin of the best minimum, shape (settings, seeds)."""
    best = np.minimum(data["solver"], data["nearest"].min(axis=1))
    return data["nearest"] <= (best * (1 + SAME))[:, None]


def table(data):
    """One row per setting, as CSV."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    write(COLUMNS)
    best = in_best_basin(data)
    for k, (n, m, decay, p) in enumerate(data["settings"]):
        solver, trained, nearest = data["solver"][k], data["trained"][k], data["nearest"][k]
        losses = [f"{loss:.7g}" for loss in (solver, trained.min(), np.median(trained), trained.max())]
        shares = [np.median(trained - nearest) / solver, np.mean(nearest - solver) / solver]
        importance = f"{decay:g}^i" if decay < 1 else "1"
        count = f"{best[k].sum()} of {len(trained)}"
        write([int(n), int(m), importance, f"{p:.4g}", *losses, count, *(f"{100 * share:.3g}%" for share in shares)])
    return text.getvalue()


def draw(data):
    figure, ax = plt.subplots(figsize=(7.0, 3.2))
    best = in_best_basin(data)
    excess = np.clip(data["trained"] / data["solver"][:, None] - 1, 1e-6, None)
    for k in range(len(excess)):
        spread = k + np.linspace(-0.3, 0.3, excess.shape[1])
        order = np.argsort(excess[k])
        for inside, colour in COLOURS.items():
            chosen = best[k][order] == inside
            ax.plot(spread[chosen], excess[k][order][chosen], "o", color=colour, markersize=2.6)
        share = f"{100 * best[k].mean():.0f}%"
        ax.text(k, 1.02, share, transform=ax.get_xaxis_transform(), ha="center", fontsize=6.5)
    labels = [f"{p:.3g}" for *_, p in data["settings"]]
    ax.set(yscale="log", xticks=range(len(labels)), xlim=(-0.5, len(labels) - 0.5))
    ax.set_xticklabels(labels, rotation=60, fontsize=7)
    ax.set_ylabel("exact loss above the search's,\nrelative")
    ax.set_xlabel("feature probability")
    groups = {}
    for k, (n, m, decay, _) in enumerate(data["settings"]):
        groups.setdefault((int(n), int(m), float(decay)), []).append(k)
    for (n, m, decay), places in groups.items():
        name = f"n={n}, m={m}\n" + (rf"$I_i={decay:g}^i$" if decay < 1 else r"$I_i=1$")
        ax.text(np.mean(places), 1.1, name, transform=ax.get_xaxis_transform(), ha="center", fontsize=7)
        ax.axvline(places[-1] + 0.5, color="0.8", linewidth=0.6)
    marks = [plt.Line2D([], [], marker="o", linestyle="", markersize=3, color=c) for c in COLOURS.values()]
    names = ["in the best basin (share above)", "in another basin"]
    ax.legend(marks, names, loc="lower right", fontsize=7, frameon=True, framealpha=1.0)
    return figure


if __name__ == "__main__":
    main(compute, draw, table)
