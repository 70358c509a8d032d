"""The table: one small file that is read when something is first looked up, and written by a rebuild alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from geomsup._files import complete, read_npz, write_npz
from geomsup._typing import JSON
from geomsup._validate import frozen, integer
from geomsup.atlas.entry import Entry, Page
from geomsup.atlas.kinds import KINDS, MOST_HIDDEN, Kind, known_kind, most_features, probability

__all__ = ["SHIPPED", "Atlas", "shipped"]

SHIPPED = Path(__file__).parent / "data" / "atlas.npz"
"""The file that comes with the package."""
_SAVED = "atlas"
_NUMBERS = ("m", "n", "value", "error", "hits", "n_descents")
_WORDS = ("kind", "name", "symmetry_order", "source")


class Atlas:
    """Best known arrangements, by size (m, n) and kind.

    Parameters
    ----------
    entries : iterable of Entry
        At most one of each kind and size.
    changes : sequence of dict
        Entries that a rebuild improved, oldest first: kind, m, n, the value before and after, and the version.

    Raises
    ------
    ValueError
        Two entries of one kind and size.

    Examples
    --------
    >>> import geomsup as gs
    >>> atlas = gs.atlas.shipped()
    >>> (3, 8) in atlas, (9, 9) in atlas
    (True, False)
    >>> atlas[3, 8]["capacity"].value == atlas.lookup(3, 8, kind="capacity").value
    True
    """

    def __init__(self, entries: Iterable[Entry], changes: Iterable[JSON] = ()) -> None:
        self.changes = tuple(changes)
        self._pages: dict[tuple[int, int], dict[str, Entry]] = {}
        for entry in sorted(entries, key=lambda entry: (entry.m, entry.n, KINDS.index(entry.kind))):
            page = self._pages.setdefault((entry.m, entry.n), {})
            if entry.kind in page:
                raise ValueError(f"two entries of kind {entry.kind!r} for m={entry.m}, n={entry.n}: leave one out")
            page[entry.kind] = entry

    def __getitem__(self, size: tuple[int, int]) -> Page:
        """All entries of one size (m, n); ValueError if there are none."""
        m, n = _size(size)
        if (m, n) not in self._pages:
            raise ValueError(f"the atlas has nothing for {_outside('energy', m, n)}")
        return Page(m, n, dict(self._pages[m, n]))

    def __contains__(self, size: object) -> bool:
        return size in self._pages

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._pages)

    def __len__(self) -> int:
        return len(self._pages)

    def lookup(self, m: int, n: int, *, kind: str) -> Entry:
        """The entry of one kind for n features in m dimensions.

        Raises
        ------
        ValueError
            There is none: the message says how far the atlas goes and which search to call.
        """
        m, n = _size((m, n))
        entry = self._pages.get((m, n), {}).get(known_kind(kind))
        if entry is None:
            raise ValueError(f"the atlas has no {kind!r} for {_outside(known_kind(kind), m, n)}")
        return entry

    def capacity(self, m: int) -> Entry:
        """The largest capacity of m dimensions, with the fewest features that reach it (to 1e-9).

        Raises
        ------
        ValueError
            No capacity is tabulated for m.
        """
        found = [page["capacity"] for (own, _), page in self._pages.items() if own == m and "capacity" in page]
        if not found:
            raise ValueError(
                f"the atlas has no capacity for m={m}: it goes from 1 to {MOST_HIDDEN}, and has 22; "
                "search with gs.capacity_search(m, n)"
            )
        most = max(entry.value for entry in found)
        return min((entry for entry in found if entry.value >= most * (1 - 1e-9)), key=lambda entry: entry.n)

    def entries(self, *, kind: str | None = None) -> Iterator[Entry]:
        """All entries, or those of one kind, by m and n."""
        for page in self._pages.values():
            yield from (entry for entry in page.values() if kind is None or entry.kind == kind)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the table to one ``.npz`` file (suffix added if missing) and return its path."""
        entries = list(self.entries())
        arrays = {name: np.array([getattr(entry, name) for entry in entries]) for name in _NUMBERS}
        arrays["coordinates"] = np.concatenate([[], *(part for e in entries for part in (e.W.ravel(), e.b))])
        meta = {name: [getattr(entry, name) for entry in entries] for name in _WORDS} | {"changes": list(self.changes)}
        return write_npz(path, arrays, meta, _SAVED)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Atlas:
        """Read a table written by `save`; ValueError if the file is damaged or holds anything else."""
        arrays, meta = read_npz(path, _SAVED)
        with complete(path, _SAVED):
            numbers = [arrays[name].tolist() for name in _NUMBERS]
            words = [meta[name] for name in _WORDS]
            coordinates, changes = frozen(arrays["coordinates"]), meta["changes"]
        lengths = sorted({len(column) for column in (*numbers, *words)})
        expected = sum(m * n + n for m, n in zip(*numbers[:2], strict=False))
        if len(lengths) > 1 or expected != coordinates.size:
            raise ValueError(
                f"{os.fspath(path)} is a damaged atlas: {' or '.join(map(str, lengths))} entries, and "
                f"{coordinates.size} coordinates where {expected} are expected; install the package again, or rebuild"
            )
        entries, end = [], 0
        for row in zip(*numbers, *words, strict=True):
            m, n, value, error, hits, n_descents, kind, name, order, source = row
            W, b = coordinates[end : end + m * n].reshape(m, n), coordinates[end + m * n : end + m * n + n]
            end += m * n + n
            entries.append(Entry(kind, m, n, value, error, W, b, name, order, hits, n_descents, source))
        return cls(entries, changes)

    def __repr__(self) -> str:
        return f"Atlas({sum(1 for _ in self.entries())} entries of {len(self)} sizes)"


@lru_cache(maxsize=1)
def shipped() -> Atlas:
    """The atlas that comes with this version, read at the first call.

    Raises
    ------
    ValueError
        The file is damaged.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.atlas.shipped()
    Atlas(... entries of ... sizes)
    """
    return Atlas.load(SHIPPED)


def _size(size: object) -> tuple[int, int]:
    if not isinstance(size, tuple) or len(size) != 2:
        raise ValueError(f"{size!r} is not a size: pass dimensions and features, gs.atlas[m, n]")
    return integer("m", size[0], at_least=1), integer("n", size[1], at_least=1)


def _outside(kind: Kind, m: int, n: int) -> str:
    """The size, how far the atlas goes, and what to call instead."""
    p = probability(kind)
    calls = {
        "energy": f"gs.minimize_energy(gs.ReluSquared(), {n}, {m})",
        "capacity": f"gs.capacity_search({m}, {n})",
        "one_active": f"gs.minimize_one_active({n}, {m})",
    }
    call = calls.get(kind, f"gs.minimize(gs.Problem({n}, {m}, {p}))")
    if m <= MOST_HIDDEN:
        reach = f"at m={m} it goes to n={most_features(kind, m)}"
    else:
        reach = f"it goes to m={MOST_HIDDEN}"
    return f"m={m}, n={n}: {reach}; search with {call}"
