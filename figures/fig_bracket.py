"""How far the loss of five features in the plane can still be lowered, at any density.

Left: the best loss known, with n = 5, m = 2 and equal importance, and two lower bounds that hold for all W and all b,
each divided by p. Right: the bounds as shares of that loss. One counts inputs with at most one active feature, the
other inputs with two as well, whose share of the loss at the best arrangement is the dotted line. At p = 0.05 it is
passed: there part of what is lost with three active features is counted too. Dots are densities with a certificate of
their own, all checked; between them the certificates are averaged.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

import geomsup as gs
from geomsup.bounds._check_marked import truncated
from geomsup.bounds._density import stored_at
from geomsup.bounds._numbers import below, exact, read_number
from geomsup.bounds._store import stored, stored_names
from geomsup.bounds.result import exact_value

N, M = 5, 2
NAMES = [f"one-active-free-{N}-{M}", *stored_names(f"density-{N}-{M}-")]


def densities():
    """Those with a certificate."""
    return sorted(below(read_number("p", stored(name).claim["feature_probability"])) for name in NAMES[1:])


def bracket(p, n_starts):
    problem = gs.Problem(N, M, p)
    best = gs.minimize(problem, n_starts=n_starts, rng=0)
    one = below(truncated(exact_value(stored(NAMES[0])), exact(p), N, free=True))
    pairs = stored_at(N, M, exact(p), exact(1.0))
    two = below(exact_value(pairs)) if pairs is not None else np.nan
    assert max(one, two if two == two else 0) <= best.loss
    return {"loss": best.loss, "kept": gs.expansion(problem, best.W, best.b, order=2).lower, "one": one, "two": two}


def checked(name):
    assert gs.verify(stored(name))
    return {"checked": True}


def compute(quick, progress):
    own = densities()
    if not quick:
        cached_items(checked, {name: (name,) for name in NAMES}, progress, description="certificates")
    grid = np.unique([*own, *np.geomspace(min(own) / 3, max(own), 5 if quick else 25)])
    items = {f"p={p:.6g}": (float(p), 4 if quick else 16) for p in grid}
    items = cached_items(bracket, items, progress, description="densities")
    data = {key: np.array([item[key] for item in items.values()]) for key in ("loss", "kept", "one", "two")}
    return data | {"p": grid, "own": np.array(own)}


def draw(data):
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.8))
    p, loss = data["p"], data["loss"]
    best = np.fmax(data["one"], data["two"])
    left.loglog(p, loss / p, color="C3", label="best arrangement known")
    left.loglog(p, best / p, color="C0", label="proved: two active and more")
    left.loglog(p, data["one"] / p, color="C1", linestyle="--", label="proved: up to one active")
    left.fill_between(p, best / p, loss / p, color="C0", alpha=0.2, linewidth=0)
    left.set(xlabel="density $p$", ylabel="loss$/p$")
    left.set_title("loss of 5 features in the plane")
    left.legend(loc="upper left")
    own = np.isin(p, data["own"])
    right.semilogx(p, 100 * data["kept"] / loss, color="0.4", linestyle=":", label="inputs with up to two active")
    right.semilogx(p, 100 * best / loss, color="C0", label="proved: two active and more")
    right.semilogx(p[own], 100 * best[own] / loss[own], "o", color="C0", markersize=4)
    right.semilogx(p, 100 * data["one"] / loss, color="C1", linestyle="--", label="proved: up to one active")
    right.set(xlabel="density $p$", ylabel="share of the best loss in %", ylim=(0, 103))
    right.set_title("what is proved")
    right.legend(loc="lower left")
    return figure


if __name__ == "__main__":
    main(compute, draw)
