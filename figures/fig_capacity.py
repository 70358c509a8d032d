"""How many features a dimension is worth.

C(m) is the number of features that m dimensions are worth without bias, in the limit of one active feature. Left:
features per dimension, between the best arrangement known (dots) and what was proved to be impossible (lines): the
bound of degree 2, C ≤ m(m + 1), the two-point linear program, and the best bound at hand, from three points if m ≥ 3.
Antipodal pairs give 2. Right: how far the best bound is from the best arrangement. Both sides are proved; in one and
two dimensions they meet, at a pair and at the pentagon, and in five they differ by 2e-8, at the Clebsch graph.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs
from geomsup.bounds._numbers import above
from geomsup.bounds.lp import capacity_certificate
from geomsup.bounds.result import exact_value

DIMENSIONS = (1, 2, 3, 4, 5, 6, 7, 8)


def bracket(m):
    found = gs.capacity(m)
    assert gs.verify(found)
    pairs = found.upper if m <= 2 else above(exact_value(capacity_certificate(m)))
    return {"lower": found.lower, "upper": found.upper, "pairs": pairs, "gap": found.relative_gap}


def label(gap):
    return f"{gap:.2f}" if gap > 0.005 else f"{gap:.0e}".replace("e-0", "e-") if gap else "0"


def compute(quick, progress):
    dimensions = DIMENSIONS[:4] if quick else DIMENSIONS
    items = cached_items(bracket, {f"m={m}": (m,) for m in dimensions}, progress, description="dimensions")
    data = {name: np.array([item[name] for item in items.values()]) for name in ("lower", "upper", "pairs", "gap")}
    return data | {"m": np.array(dimensions)}


def draw(data):
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.7), width_ratios=(1.3, 1.0))
    m = data["m"]
    left.axhline(2, color="0.6", linewidth=0.8, linestyle=":")
    left.annotate(
        "antipodal pairs", (m[-1], 2), (0, 3), textcoords="offset points", ha="right", fontsize=7, color="0.4"
    )
    left.plot(m, m + 1, color="C1", label="proved limit, degree 2 (Welch)")
    left.plot(m, data["pairs"] / m, color="C0", linestyle="--", label="proved limit, two points")
    left.plot(m, data["upper"] / m, color="C0", label="proved limit, three points")
    left.fill_between(m, data["lower"] / m, data["upper"] / m, color="C0", alpha=0.2, linewidth=0)
    left.plot(m, data["lower"] / m, "o", color="C3", label="best arrangement known")
    left.set(xlabel="dimensions $m$", ylabel="features per dimension $C(m)/m$", ylim=(1.9, 3.1), xticks=m)
    left.set_title("what a dimension is worth")
    left.legend(loc="upper left", bbox_to_anchor=(0.3, 1.0))
    gap = 100 * data["gap"]
    right.bar(m, gap, color="C0", width=0.6)
    for x, y in zip(m, gap, strict=True):
        right.annotate(label(y), (x, y), (0, 2), textcoords="offset points", ha="center", fontsize=7)
    right.set(xlabel="dimensions $m$", ylabel="relative gap in %", xticks=m, ylim=(0, 1.15 * max(gap.max(), 1)))
    right.set_title("what is not settled")
    return figure


if __name__ == "__main__":
    main(compute, draw)
