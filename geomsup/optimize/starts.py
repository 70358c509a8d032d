"""Where searches begin: random arrangements of mixed scale, and changes to arrangements already found.

Dense problems are won from small starts (the descent decides what to represent), sparse ones from larger starts (the
polytope is there early), so scales are drawn log-uniformly. A hop exchanges two features or draws a few anew: the
combinatorial moves (who shares a direction with whom) that a descent cannot make.
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray

__all__ = ["hop", "random_starts"]

SMALLEST, LARGEST = 0.1, 1.2
"""Range of the typical column norm of a start."""


def random_starts(
    rng: np.random.Generator, count: int, n_hidden: int, n_features: int
) -> tuple[FloatArray, FloatArray]:
    """Gaussian W with expected column norm log-uniform in [0.1, 1.2], and b = 0; one instance per row."""
    scale = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST), size=count))
    W = rng.normal(size=(count, n_hidden, n_features)) * (scale / np.sqrt(n_hidden))[:, None, None]
    return W, np.zeros((count, n_features))


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
