"""The same arrangement in another basis, another order, and with noise."""

import numpy as np

from geomsup._typing import FloatArray


def moved(
    W: FloatArray, *, rng: int | np.random.Generator, noise: float = 0.0, n_hidden: int | None = None
) -> FloatArray:
    """Rotated into `n_hidden` dimensions, columns in random order, each moved by about `noise` times its norm."""
    rng = np.random.default_rng(rng)
    m = n_hidden or len(W)
    Q = np.linalg.qr(rng.standard_normal((m, m)))[0]
    W = (Q[:, : len(W)] @ W)[:, rng.permutation(W.shape[1])]
    return W + noise * np.linalg.norm(W, axis=0) * rng.standard_normal(W.shape) / np.sqrt(m)
