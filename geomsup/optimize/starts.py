"""Where searches begin: random arrangements, random ones spread out first, and changes to arrangements already found.

Dense problems are won from small random starts (the descent decides what to represent), sparse ones from larger starts
(the polytope is there early), so scales are drawn log-uniformly. The larger polytopes of sparse problems are hardly
ever reached like that: with eight features in the plane at p = 0.01 none of 64 random descents ended in a heptagon and
a dropped feature; 10 of 64 did that were spread out first, in a fifth of the steps. A feature without direction stays
without one, so how many to drop is drawn too. A hop exchanges two features or draws a few anew: the combinatorial moves
(who shares a direction with whom) that a descent cannot make.
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray

__all__ = ["hop", "random_starts", "spread_out", "spread_starts"]

SMALLEST, LARGEST = 0.1, 1.2
"""Range of the typical column norm of a start."""
NORMS = 0.9, 1.7
"""Range of the common norm r of directions spread out: regular polygons of up to 16 features have 1 to 1.62 with one
active feature, the icosahedron 1.35."""
THRESHOLDS = 0.0, 0.7
"""Range of −b/r², the cosine at which outputs begin to respond: up to 0.62 in polygons, 0.37 in the icosahedron."""
SPREADING = 20
"""Steps of spreading: enough to part close directions (seven in the plane to 49 degrees and more, of 51.4)."""
REPULSION, STEP = 3.0, 0.3
"""Directions push each other with exp(3 u_i·u_j); the length of a step, less with more than seven to a dimension."""


def random_starts(
    rng: np.random.Generator, count: int, n_hidden: int, n_features: int
) -> tuple[FloatArray, FloatArray]:
    """Gaussian W with expected column norm log-uniform in [0.1, 1.2], and b = 0; one instance per row."""
    scale = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST), size=count))
    W = rng.normal(size=(count, n_hidden, n_features)) * (scale / np.sqrt(n_hidden))[:, None, None]
    return W, np.zeros((count, n_features))


def spread_starts(
    rng: np.random.Generator, count: int, m: int, weight: FloatArray, dropped: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """W (count, m, n) and b (count, n): half with all n features, half with a random number of those of most weight.

    Directions are spread out, norms and biases common to all features. The others have no direction and the bias
    ``dropped``; more than 2m features are kept, since so many fit in pairs, which other starts find.
    """
    n = weight.size
    W, b = np.zeros((count, m, n)), np.broadcast_to(dropped, (count, n)).copy()
    r, t = rng.uniform(*NORMS, size=count), rng.uniform(*THRESHOLDS, size=count)
    live = np.where(rng.random(count) < 0.5, n, rng.integers(min(n, 2 * m + 1), n + 1, size=count))
    order = np.argsort(-weight, kind="stable")
    for k in np.unique(live).tolist():
        chosen = np.flatnonzero(live == k)
        U = spread_out(rng.normal(size=(chosen.size, m, k)))
        W[np.ix_(chosen, np.arange(m), order[:k])] = r[chosen, None, None] * U
        b[np.ix_(chosen, order[:k])] = -(t * r**2)[chosen, None]
    return W, b


def spread_out(W: FloatArray) -> FloatArray:
    """Unit vectors that have pushed each other away for a few steps, from the directions of W (count, m, k).

    On a line there is no way, and they stay where they are.
    """
    m, k = W.shape[-2:]
    U = W / np.linalg.norm(W, axis=-2, keepdims=True)
    for _ in range(SPREADING if m > 1 else 0):
        push = np.exp(REPULSION * (np.swapaxes(U, -1, -2) @ U - 1))
        push[..., np.arange(k), np.arange(k)] = 0.0
        U = U - min(STEP, 2 * m / k) * (U @ push)
        U /= np.linalg.norm(U, axis=-2, keepdims=True)
    return np.asarray(U)


def hop(rng: np.random.Generator, W: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """One or two random changes: exchange two features (twice as often), or draw one or two anew."""
    W, b = W.copy(), b.copy()
    m, n = W.shape
    for _ in range(int(rng.integers(1, 3))):
        if n > 1 and rng.integers(3) < 2:
            pair = rng.choice(n, 2, replace=False)
            W[:, pair], b[pair] = W[:, pair[::-1]], b[pair[::-1]]
        else:
            chosen = rng.choice(n, min(n, int(rng.integers(1, 3))), replace=False)
            W[:, chosen] = rng.normal(size=(m, chosen.size)) * rng.uniform(0.2, 1.0) / np.sqrt(m)
            b[chosen] = 0.0
    return W, b
