r"""Adversarial vulnerability, without sampling attacks.

Twenty equal features in four dimensions. An attack adds δ to the input, ‖δ‖ at most ε, a tenth of the mean norm of an
input that is not zero. With M = WᵀW and z = Mx + b, the output x'_i moves most along row i of M, the direction of the
paper, by exactly (z_i + ε‖M_i‖)_+ − (z_i)_+ (proved: a ReLU is monotone and convex). Left: while the output is on,
that is ε‖M_i‖ with ‖M_i‖² = ‖W_i‖⁴/D_i, which rises with the features per dimension and, since norms exceed 1,
faster. Averaged over inputs, the exact loss that such attacks add (one for each represented output, upwards) rises
with antipodal pairs and then falls: a bias shields the outputs that are off. Both are relative to dedicated
dimensions (1). Middle: an attack on all outputs at once, mean over inputs of the largest ‖Δx'‖²/ε², between a
direction found by ascent and a bound that no direction exceeds; the best row of M is nearly as bad. Right: the loss
added by budgets from small to large, at density 0.02: the shield breaks at a third of the norm of an input.
"""

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main
from scipy.integrate import quad
from scipy.special import erf

import geomsup as gs

BUDGET = 0.1
DENSITIES = (0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.035, 0.02, 0.01, 0.005)
SHIELD = 0.02
BUDGETS = np.geomspace(0.02, 5, 25)
N_INPUTS = 256


def mean_norm(n, p):
    """E‖x‖ given x ≠ 0, from √S = π^(−1/2) ∫ (1 − exp(−s²S)) s⁻² ds, s > 0, and the Laplace transform of S = ‖x‖²."""

    def integrand(s):
        return (1 - (1 - p + p * np.sqrt(np.pi) * erf(s) / (2 * s)) ** n) / s**2

    total = quad(integrand, 0, 1, epsabs=1e-12)[0] + quad(integrand, 1, np.inf, epsabs=1e-12)[0]
    return total / np.sqrt(np.pi) / (1 - (1 - p) ** n)


def solve(n, m, p, quick):
    """The arrangement, and what attacks on single outputs and on all of them do to it."""
    problem = gs.Problem(n, m, p)
    method = gs.MultistartLBFGS(n_starts=2 if quick else 12, n_rounds=0 if quick else 4, n_keep=1)
    solution = gs.minimize(problem, method=method, rng=0)
    W, b, kept = solution.W, solution.b, gs.represented(solution.W)
    M = W.T @ W
    reach = np.where(kept, np.linalg.norm(M, axis=1), 0.0)
    norm = mean_norm(n, p)
    # The bias shifted by ε‖M_i‖ is the loss under the worst upward attack on every output, each attacked by itself.
    raised = [gs.expected_loss(problem, W, b + share * norm * reach).value for share in (BUDGET, *BUDGETS)]
    added = (np.array(raised) - solution.loss) / (kept.sum() * (norm * np.array([BUDGET, *BUDGETS])) ** 2)
    x = inputs(n, p)
    return {
        "loss": solution.loss,
        "kept": kept.sum(),
        "per_dimension": np.sum(W**2) / m,
        "worst": np.max(reach**2),
        "linear": np.mean(reach[kept] ** 2),
        "added": added,
        "identity": np.abs(reach[kept] ** 2 - np.diag(M)[kept] ** 2 / gs.feature_dimensionality(W)[kept]).max(),
        "joint": np.mean([joint(M, M @ one + b, BUDGET * norm) for one in x], axis=0),
    }


def inputs(n, p):
    """Inputs that are not zero: the one sample in this figure, the same for every use."""
    rng = np.random.default_rng(0)
    x = rng.random((N_INPUTS * 40, n)) * (rng.random((N_INPUTS * 40, n)) < p)
    return x[x.any(axis=1)][:N_INPUTS]


def joint(M, z, epsilon):
    """max ‖σ(z + Mδ) − σ(z)‖²/ε² over the ball: by the best row of M, by ascent, and a bound from above.

    A ReLU moves no more than its argument, and not at all where it stays off, so that the norm of the rows of M that
    can be on is a bound. The ascent repeats δ ← ε∇/‖∇‖ from every row and from the singular vectors, of both signs.
    """
    rows = M[np.linalg.norm(M, axis=1) > 1e-6]
    directions = np.vstack([rows, np.linalg.svd(M)[2][: np.linalg.matrix_rank(M)]])
    delta = epsilon * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    delta = np.vstack([delta[: len(rows)], -delta[: len(rows)], delta[len(rows) :], -delta[len(rows) :]])
    clean = np.maximum(z, 0)
    best = np.zeros(len(delta))
    for step in range(60):
        on = z + delta @ M > 0
        moved = np.where(on, z + delta @ M, 0) - clean
        best = np.maximum(best, np.sum(moved**2, axis=1))
        if step == 0:
            by_row = best[: 2 * len(rows)].max()
        gradient = (moved * on) @ M
        size = np.linalg.norm(gradient, axis=1, keepdims=True)
        delta = np.where(size > 0, epsilon * gradient / np.where(size > 0, size, 1), delta)
    can_be_on = z + epsilon * np.linalg.norm(M, axis=1) > 0
    above = np.linalg.norm(M[can_be_on], 2) ** 2 if can_be_on.any() else 0.0
    return np.array([by_row / epsilon**2, best.max() / epsilon**2, above])


def compute(quick, progress):
    n, m, densities = (6, 2, (0.5, SHIELD)) if quick else (20, 4, DENSITIES)
    items = cached_items(solve, {f"p={p:g}": (n, m, p, quick) for p in densities}, progress, description="densities")
    data = {name: np.array([item[name] for item in items.values()]) for name in items[f"p={SHIELD:g}"]}
    return data | {"density": np.array(densities), "shield": densities.index(SHIELD)}


def draw(data):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.0, 2.6))
    density = data["density"]
    left.plot(density, data["per_dimension"], color="0.6", linewidth=2.5, label=r"features per dimension $\|W\|_F^2/m$")
    left.plot(density, data["linear"], "-o", color="C3", label=r"output on: mean $\|M_i\|^2$")
    left.plot(density, data["added"][:, 0], "-s", color="C0", label="added loss, mean over inputs")
    left.set_title("one output attacked")
    by_row, attained, above = data["joint"].T
    middle.fill_between(density, attained, above, color="C0", alpha=0.25, linewidth=0, label="between ascent and bound")
    middle.plot(density, attained, "-s", color="C0", label="direction found by ascent")
    middle.plot(density, by_row, "--", color="C3", label="best row of M (the paper's)")
    middle.set_title("all outputs attacked")
    for ax in (left, middle):
        ax.set(xscale="log", xlabel="density", xlim=(1, density.min() * 0.8))
        ax.axhline(1, color="0.8", linewidth=0.6, zorder=0)
    left.set(ylim=(0, 1.75 * data["linear"].max()), ylabel="relative to a dedicated dimension")
    middle.set(ylim=(0, 1.6 * above.max()))
    left.legend(loc="upper left")
    middle.legend(loc="upper left")
    right.plot(BUDGETS, data["added"][data["shield"], 1:], color="C0")
    right.axvline(BUDGET, color="0.6", linewidth=0.8, linestyle=":")
    right.axhline(1, color="0.8", linewidth=0.6, zorder=0)
    right.set(xscale="log", xlabel="budget / mean norm of an input", ylim=(0, None))
    right.set_title(f"added loss, density {SHIELD:g}")
    return figure


if __name__ == "__main__":
    main(compute, draw)
