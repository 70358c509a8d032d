"""What the atlas says about one size: an entry for each question, and the page that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from geomsup._typing import JSON, FloatArray
from geomsup.arrangement import Arrangement
from geomsup.atlas.kinds import Kind
from geomsup.atlas.proofs import reason
from geomsup.identification import Geometry, identify

__all__ = ["Entry", "Page", "Status", "distinct_products"]

Status = Literal["proved", "searched"]
SAME_PRODUCT = 1e-6
"""Difference from which neighbouring cosines are told apart. Measured in the atlas: up to 6e-7, where a minimum is
flat, then none below 4e-6."""
REPRESENTED = 1e-6
"""Norm, relative to the largest, below which a feature is dropped."""


@dataclass(frozen=True, eq=False)
class Entry:
    """The best known arrangement of n features in m dimensions in one respect.

    Parameters
    ----------
    kind : str
        ``"energy"``: unit vectors of least Σ_{i≠j} (u_i·u_j)₊². ``"capacity"``: the largest quotient (Σw)²/Σ w_i w_j
        (u_i·u_j)₊². ``"one_active"``: the least limit of L/p as p → 0, with b ≤ 0. ``"p=0.1"``, ``"p=0.03"``,
        ``"p=0.01"``: the least expected loss at that feature probability, importance 1.
    m, n : int
        Dimensions and features.
    value, error : float
        The value *of this arrangement*, and a bound on the error of that number.
    W, b : arrays of shapes (m, n) and (n,)
        The arrangement. For an energy the columns have length 1; for a capacity it has the best scale,
        ‖W_j‖² = C w_j, and features beyond the atoms are zero columns. There b is 0.
    name : str
        That of :func:`geomsup.identify`.
    symmetry_order : int
        Number of permutations of the represented features that a rotation performs, norms included.
    hits, n_descents : int
        How many of the descents of the search from random starts ended here: none, where the arrangement was not
        found in that way.
    source : str
        Where it came from: a construction, random starts, or known arrangements that were descended from.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.atlas.lookup(2, 5, kind="energy")
    Entry(energy, m=2, n=5: 0.954915028125, pentagon, proved)
    """

    kind: Kind
    m: int
    n: int
    value: float
    error: float
    W: FloatArray
    b: FloatArray
    name: str
    symmetry_order: int
    hits: int
    n_descents: int
    source: str

    @property
    def reason(self) -> str | None:
        """Why nothing is better, in a few words, where that is proved; ``docs/atlas.md`` has the arguments."""
        return reason(self.kind, self.m, self.n, self.value)

    @property
    def status(self) -> Status:
        """*proved*: nothing is better. *searched*: nothing better was found."""
        return "searched" if self.reason is None else "proved"

    @property
    def arrangement(self) -> Arrangement:
        """W and b as an :class:`~geomsup.Arrangement`, which can be saved."""
        return Arrangement(self.W, self.b)

    @property
    def represented(self) -> tuple[int, ...]:
        """The features that are not dropped."""
        return _represented(self.W)

    @property
    def U(self) -> FloatArray:
        """Their directions as unit columns, shape (m, represented)."""
        W = self.W[:, list(self.represented)]
        return np.asarray(W / np.linalg.norm(W, axis=0))

    @property
    def weights(self) -> FloatArray:
        """Their shares ‖W_j‖²/Σ‖W_i‖²: with `U` the measure of a capacity."""
        squares = np.sum(self.W[:, list(self.represented)] ** 2, axis=0)
        return np.asarray(squares / squares.sum())

    @property
    def products(self) -> FloatArray:
        """The distinct inner products of `U`, increasing, equal to 1e-6."""
        return distinct_products(self.W)

    @property
    def geometry(self) -> Geometry:
        """What :func:`geomsup.identify` says: the factors, with residuals."""
        return identify(self.W)

    def to_dict(self) -> JSON:
        """Everything, for ``json.dumps``."""
        plain = ("kind", "m", "n", "value", "error", "name", "symmetry_order", "hits", "n_descents", "status", "source")
        arrays = {"W": self.W, "b": self.b, "products": self.products}
        return {name: getattr(self, name) for name in plain} | {name: a.tolist() for name, a in arrays.items()}

    def __repr__(self) -> str:
        return f"Entry({self.kind}, m={self.m}, n={self.n}: {self.value:.12g}, {self.name}, {self.status})"


@dataclass(frozen=True, eq=False)
class Page:
    """All entries of one size, by kind.

    Parameters
    ----------
    m, n : int
        Dimensions and features.
    entries : dict of Entry
        By kind, in the order of ``gs.atlas.KINDS``.

    Examples
    --------
    >>> import geomsup as gs
    >>> page = gs.atlas[3, 8]
    >>> list(page)
    ['energy', 'capacity', 'one_active', 'p=0.1', 'p=0.03', 'p=0.01']
    >>> page["one_active"].name
    'square antiprism'
    """

    m: int
    n: int
    entries: dict[str, Entry]

    def __getitem__(self, kind: str) -> Entry:
        """The entry of one kind; ValueError if this size has none."""
        if kind not in self.entries:
            raise ValueError(f"there is no {kind!r} for m={self.m}, n={self.n}: pass one of {', '.join(self.entries)}")
        return self.entries[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"Page(m={self.m}, n={self.n}: {', '.join(self.entries)})"


def distinct_products(W: FloatArray) -> FloatArray:
    """The distinct cosines between represented columns of W, increasing; of a run of close ones the mean."""
    W = W[:, list(_represented(W))]
    U = W / np.linalg.norm(W, axis=0)
    cosines = np.sort((U.T @ U)[np.triu_indices(U.shape[1], 1)])
    runs = np.split(cosines, np.flatnonzero(np.diff(cosines) > SAME_PRODUCT) + 1)
    return np.array([run.mean() for run in runs if run.size])


def _represented(W: FloatArray) -> tuple[int, ...]:
    norms = np.linalg.norm(W, axis=0)
    return tuple(np.flatnonzero(norms > REPRESENTED * norms.max()).tolist())
