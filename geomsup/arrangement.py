"""An arrangement of feature directions: the columns of W with their biases, and the numbers that describe them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from geomsup._files import read_npz, write_npz
from geomsup._typing import ArrayLike, BoolArray, FloatArray
from geomsup._validate import frozen, integer, real_array
from geomsup.dimensionality import directions, feature_dimensionality, matrix, represented

_KIND = "arrangement"


@final
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Arrangement:
    """n feature directions in m dimensions, with biases.

    Parameters
    ----------
    W : array_like of shape (m, n)
        Column i is the direction of feature i. Stored read-only.
    b : array_like of shape (n,), optional
        Biases, zero by default. Stored read-only.

    Raises
    ------
    ValueError
        W is not a matrix, b does not have one entry per column, or an entry is not finite.

    Examples
    --------
    >>> import geomsup as gs
    >>> pair = gs.Arrangement([[1.0, -1.0]])
    >>> pair
    Arrangement(n_hidden=1, n_features=2, norms=1, b=0)
    >>> pair.dimensionality
    array([0.5, 0.5])
    """

    W: FloatArray
    b: FloatArray

    def __init__(self, W: ArrayLike, b: ArrayLike | None = None) -> None:
        W = matrix(W)
        if W.ndim != 2:
            raise ValueError(f"W has shape {W.shape}, but an arrangement is one matrix (m, n): pass one instance of W")
        n = W.shape[1]
        b = np.zeros(n) if b is None else real_array("b", b)
        if b.shape != (n,):
            raise ValueError(f"b has shape {b.shape} but W has {n} columns: pass one bias per column, shape ({n},)")
        object.__setattr__(self, "W", frozen(W))
        object.__setattr__(self, "b", frozen(b))

    @property
    def n_hidden(self) -> int:
        """m, the dimension of the space."""
        return int(self.W.shape[0])

    @property
    def n_features(self) -> int:
        """n, the number of directions."""
        return int(self.W.shape[1])

    @property
    def gram(self) -> FloatArray:
        """G = WᵀW, shape (n, n): the matrix the model applies to its input."""
        return np.asarray(self.W.T @ self.W)

    @property
    def norms(self) -> FloatArray:
        """‖W_i‖, shape (n,)."""
        _, scale, length = directions(self.W)
        return scale * length

    @property
    def dimensionality(self) -> FloatArray:
        """D_i, shape (n,): see `feature_dimensionality`."""
        return feature_dimensionality(self.W)

    @property
    def interference(self) -> FloatArray:
        """Σ_{j≠i} (Ŵ_i·W_j)², shape (n,): how strongly the others project on direction i; 0 for a zero column."""
        unit, _, _ = directions(self.W)
        projections = unit.T @ self.W
        np.fill_diagonal(projections, 0.0)
        return np.asarray(np.sum(projections**2, axis=1))

    @property
    def represented(self) -> BoolArray:
        """Which features are longer than half of the longest, shape (n,): see :func:`represented`."""
        return represented(self.W)

    def rotated(self, Q: ArrayLike) -> Arrangement:
        """The arrangement QW for an orthogonal Q of shape (m, m): same Gram matrix, same loss.

        Raises
        ------
        ValueError
            Q has another shape or is not orthogonal.
        """
        Q, m = real_array("Q", Q), self.n_hidden
        if Q.shape != (m, m):
            raise ValueError(f"Q has shape {Q.shape} but the arrangement lives in {m} dimensions: pass ({m}, {m})")
        deviation = float(np.abs(Q.T @ Q - np.eye(m)).max())
        # Measured: at most 1.7e-15 for the QR factors of Gaussian matrices with m from 1 to 500; float32 gives 1e-7.
        if deviation > 1e-10:
            raise ValueError(
                f"Q is not orthogonal: QᵀQ differs from the identity by {deviation:.1e}: "
                "pass the Q of numpy.linalg.qr(Q)"
            )
        return Arrangement(Q @ self.W, self.b)

    def permuted(self, order: ArrayLike) -> Arrangement:
        """The arrangement whose feature k is feature order[k] of this one.

        Raises
        ------
        ValueError
            `order` is not a permutation of range(n).
        """
        indices = [integer(f"order[{k}]", i, at_least=0) for k, i in enumerate(order)]
        if sorted(indices) != list(range(self.n_features)):
            raise ValueError(f"order={indices} is not a permutation: pass each of 0 … {self.n_features - 1} once")
        return Arrangement(self.W[:, indices], self.b[indices])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write W and b to a ``.npz`` file (suffix added if missing) and return its path."""
        return write_npz(path, {"W": self.W, "b": self.b}, {}, _KIND)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Arrangement:
        """Read an arrangement written by `save`; ValueError if the file holds anything else."""
        arrays, _ = read_npz(path, _KIND)
        if arrays.keys() != {"W", "b"}:
            raise ValueError(f"{path} has the arrays {sorted(arrays)} where W and b are expected: save it again")
        return cls(arrays["W"], arrays["b"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Arrangement):
            return NotImplemented
        return np.array_equal(self.W, other.W) and np.array_equal(self.b, other.b)

    def __hash__(self) -> int:
        return hash((self.W.shape, *self.W.ravel().tolist(), *self.b.tolist()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Arrangement, (self.W, self.b)

    def __repr__(self) -> str:
        norms, b = _span(self.norms), _span(self.b)
        return f"Arrangement(n_hidden={self.n_hidden}, n_features={self.n_features}, norms={norms}, b={b})"


def _span(values: FloatArray) -> str:
    low, high = f"{values.min() + 0.0:.4g}", f"{values.max() + 0.0:.4g}"  # + 0.0 turns -0 into 0
    return low if low == high else f"{low}..{high}"
