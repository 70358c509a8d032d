"""Frames from frames: tegum products, other norms; and directions without any structure."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import integer, one_per, real_array

__all__ = ["random_frame", "scaled", "tegum"]


def tegum(*frames: ArrayLike) -> FloatArray:
    r"""The tegum product: each frame in a subspace of its own, orthogonal to those of the others.

    .. math:: W^\top W = \operatorname{diag}(W_1^\top W_1,\; W_2^\top W_2,\; \dots)

    (Elhage et al. 2022, "Toy Models of Superposition", which finds that large arrangements split in this way.)

    Parameters
    ----------
    *frames : array_like of shapes (m_1, n_1), (m_2, n_2), …
        At least one.

    Returns
    -------
    ndarray of shape (Σ m_k, Σ n_k)

    Raises
    ------
    ValueError
        No frame, or one that is not a matrix of finite numbers.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.tegum([[1.0, -1.0]], [[1.0]])
    array([[ 1., -1.,  0.],
           [ 0.,  0.,  1.]])
    """
    if not frames:
        raise ValueError("tegum() has no frames to multiply: pass at least one matrix")
    return np.asarray(block_diag(*(_matrix(f"frames[{k}]", frame) for k, frame in enumerate(frames))))


def scaled(frame: ArrayLike, norms: ArrayLike) -> FloatArray:
    r"""The same directions with other norms: column i times norms[i].

    .. math:: (W^\top W)_{ij} = r_i r_j\, (F^\top F)_{ij}

    Parameters
    ----------
    frame : array_like of shape (m, n)
        F.
    norms : float or array of shape (n,)
        Factors r_i ≥ 0: the norms, where F has unit columns.

    Raises
    ------
    ValueError
        Shapes that do not fit, or a negative factor.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.scaled([[1.0, -1.0]], [2.0, 0.5])
    array([[ 2. , -0.5]])
    """
    F = _matrix("frame", frame)
    r = one_per("norms", real_array("norms", norms), F.shape[1], "columns")
    if (r < 0).any():
        raise ValueError(f"norms has the entry {r.min():g}, but a norm is not negative: pass numbers of at least 0")
    return F * r


def random_frame(
    n_hidden: int, n_features: int, *, rng: np.random.Generator | np.random.SeedSequence | int | None = None
) -> FloatArray:
    """Unit columns in directions drawn independently and uniformly from the sphere.

    Off the diagonal the Gram matrix has mean 0 and variance 1/n_hidden.

    Parameters
    ----------
    n_hidden, n_features : int
        m and n.
    rng : Generator, SeedSequence, int or None
        Source of randomness.

    Raises
    ------
    ValueError
        A size that is not a positive integer.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.frames.random_frame(3, 7, rng=0).shape
    (3, 7)
    """
    shape = integer("n_hidden", n_hidden, at_least=1), integer("n_features", n_features, at_least=1)
    W = np.random.default_rng(rng).standard_normal(shape)
    return np.asarray(W / np.linalg.norm(W, axis=0))


def _matrix(name: str, value: ArrayLike) -> FloatArray:
    matrix = real_array(name, value)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"{name} has shape {matrix.shape}, but a frame is one matrix (m, n): pass a 2-d array")
    return matrix
