"""The best known arrangements of n features in m dimensions: a table that ships with the package.

>>> import geomsup as gs
>>> gs.atlas[3, 8]["one_active"]
Entry(one_active, m=3, n=8: 0.101674321475, square antiprism, searched)

``gs.atlas[m, n]`` is a :class:`Page` with an :class:`Entry` of every kind. The kinds: ``"energy"`` (unit vectors under
ReLU²), ``"capacity"``, ``"one_active"`` (b ≤ 0), and the expected loss at feature probability ``"p=0.1"``,
``"p=0.03"`` and ``"p=0.01"`` with importance 1.

================================  ==========================================================
``gs.atlas[m, n]``                everything about one size
``gs.atlas.lookup(m, n, kind=)``  one entry
``gs.atlas.capacity(m)``          the largest capacity of m dimensions
``gs.atlas.shipped()``            the whole :class:`Atlas`, to go through or to save
``gs.atlas.rebuild()``            search everything anew (some ten minutes on two cores)
================================  ==========================================================
"""

from __future__ import annotations

import sys
from types import ModuleType

from geomsup.atlas._rebuilding import rebuild
from geomsup.atlas.entry import Entry, Page
from geomsup.atlas.kinds import KINDS, most_features
from geomsup.atlas.table import Atlas, shipped

__all__ = ["KINDS", "Atlas", "Entry", "Page", "capacity", "lookup", "most_features", "rebuild", "shipped"]


def lookup(m: int, n: int, *, kind: str) -> Entry:
    """The best known arrangement of n features in m dimensions in one respect.

    Parameters
    ----------
    m, n : int
        Dimensions and features.
    kind : str
        One of ``gs.atlas.KINDS``.

    Returns
    -------
    Entry
        *proved* or *searched*: its status says which.

    Raises
    ------
    ValueError
        There is no such entry: the message says how far the atlas goes and which search to call.

    Examples
    --------
    >>> import geomsup as gs
    >>> entry = gs.atlas.lookup(4, 10, kind="energy")
    >>> print(f"{entry.value:.10f}", entry.name, entry.symmetry_order, entry.products.round(4))
    1.6666666667 Petersen code 120 [-0.6667  0.1667]
    """
    return shipped().lookup(m, n, kind=kind)


def capacity(m: int) -> Entry:
    """The largest capacity C(m) known, with the fewest features that reach it: a lower bound on C(m).

    Raises
    ------
    ValueError
        m is not tabulated: 1 to 8, and 22.

    Examples
    --------
    >>> import geomsup as gs
    >>> best = gs.atlas.capacity(5)
    >>> print(f"{best.value:.10f}", best.n, best.name)  # 80/7
    11.4285714286 16 Clebsch code
    """
    return shipped().capacity(m)


class AtlasModule(ModuleType):
    """This module, which can also be indexed; what it holds is declared again for type checkers."""

    lookup = staticmethod(lookup)
    capacity = staticmethod(capacity)
    shipped = staticmethod(shipped)
    rebuild = staticmethod(rebuild)

    def __getitem__(self, size: tuple[int, int]) -> Page:
        """All entries of one size."""
        return shipped()[size]


# A module may be given a subclass of its class (the data model of Python, "Customizing module attribute access").
sys.modules[__name__].__class__ = AtlasModule
