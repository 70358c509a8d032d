"""Why nothing in the plane beats the pentagon.

Without bias, two directions with cosine t cost each other t₊² (grey). Left: a polynomial (blue) that lies below this
everywhere. It is a constant c₀ plus cosines of multiples of the angle, with weights that are not negative; summed over
all pairs of any arrangement those cosines are not negative either, so the constant is a cost that nothing avoids, and
the plane is worth at most 1/c₀ = 5(7 + √5)/11 features. Right: the difference of the two. It is 0 at the cosines of the
pentagon (circles), so the pentagon attains the limit. That the difference is nowhere negative was checked in exact
arithmetic over Q(√5).
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import main

import geomsup as gs

TICKS = (-1, -0.5, 0, 0.5, 1)


def compute(quick, progress):
    bracket = gs.capacity(2)
    assert gs.verify(bracket)
    t = np.linspace(-1, 1, 201 if quick else 2001)
    G = bracket.arrangement.T @ bracket.arrangement
    touching = np.unique(np.round(G / np.diag(G)[0], 12))
    return {
        "t": t,
        "h": gs.bounds.polynomial_values(bracket.certificate, t),
        "touching": touching,
        "upper": bracket.upper,
    }


def draw(data):
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.7))
    t, h, touching = data["t"], data["h"], data["touching"]
    f, at = np.maximum(t, 0) ** 2, np.maximum(touching, 0) ** 2
    left.plot(t, f, color="0.6", linewidth=2.4, label=r"cost $t_+^2$")
    left.plot(t, h, color="C0", label="polynomial of the certificate")
    left.plot(touching, at, "o", markerfacecolor="white", color="C3", label="cosines of the pentagon", zorder=3)
    left.set(xlabel="cosine $t$ of two directions", ylabel="cost", xlim=(-1.03, 1.03), ylim=(-0.2, 1.05), xticks=TICKS)
    left.set_title(f"below every cost: $C(2) \\leq {float(data['upper']):.6f}$")
    left.legend(loc="upper left")
    right.axhline(0, color="0.6", linewidth=0.6)
    right.plot(t, f - h, color="C0")
    right.plot(touching, np.zeros_like(touching), "o", markerfacecolor="white", color="C3", zorder=3, clip_on=False)
    right.set(xlabel="cosine $t$ of two directions", ylabel="cost minus polynomial", xlim=(-1.03, 1.03), xticks=TICKS)
    right.set_title("it touches at the pentagon and never crosses")
    return figure


if __name__ == "__main__":
    main(compute, draw)
