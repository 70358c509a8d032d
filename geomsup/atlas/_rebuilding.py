"""The rebuild: every entry searched anew, then helped by its neighbours, and merged with the table there was.

1. *search*: every entry on its own, from random starts.
2. The better of that and of the table there was stays.
3. *sweeps*: every entry is descended to from arrangements that others suggest (`candidates.suggested`), those of the
   sweep before, until a sweep changes nothing. After the first, only what has changed makes suggestions.

Each step of each entry depends on the key and on finished earlier steps alone, so neither the number of processes nor
an interruption changes the result. A step that is done is kept in a work folder until the table is written.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from math import inf
from pathlib import Path

from threadpoolctl import threadpool_limits

from geomsup._steps import Step, end_with_the_parent, time_left
from geomsup._typing import JSON
from geomsup._validate import integer
from geomsup.atlas.candidates import catalogued, constructed, related, suggested
from geomsup.atlas.entry import Entry
from geomsup.atlas.kinds import KINDS, Key, gain, keys, known_kind
from geomsup.atlas.search import BETTER, SETTINGS, describe, generator, improve, search
from geomsup.atlas.table import SHIPPED, Atlas

__all__ = ["Step", "rebuild"]

Table = dict[Key, Entry]
MOST_SWEEPS = 8
COST = {"energy": 1.0, "capacity": 3.0, "one_active": 8.0}
"""Relative time of a search, as a multiple of m n²; 8 for an expected loss. The longest go first, and estimates
depend on it."""


def rebuild(
    path: str | os.PathLike[str] | None = None,
    *,
    work: str | os.PathLike[str] = "out/atlas",
    kind: str | None = None,
    most_hidden: int | None = None,
    most_features: int | None = None,
    workers: int = 2,
    callback: Callable[[Step], None] | None = None,
) -> Atlas:
    """Search every entry anew and write the table: some twenty minutes of one core for all of it.

    The better of the old and the new arrangement stays, and what is improved is noted in ``Atlas.changes``. An
    interrupted rebuild goes on where it was: at most the entries being searched are lost. The result does not depend
    on the number of processes, nor on interruptions.

    Parameters
    ----------
    path : path, optional
        The table to write, and to start from if it is there. By default the one that comes with the package.
    work : path
        Folder for what is done so far, removed at the end.
    kind : str, optional
        Search entries of this kind only. The others stay, and are named anew.
    most_hidden, most_features : int, optional
        Search entries up to this size only. The others stay, and are named anew.
    workers : int
        Processes.
    callback : callable, optional
        Called with a ``Step`` whenever an entry is done: name of the step, entries done and in all, seconds since it
        began and an estimate of what is left.

    Returns
    -------
    Atlas
        What was written.

    Raises
    ------
    ValueError
        The file to start from is damaged, the kind is unknown, or a number is not positive.

    Examples
    --------
    >>> import geomsup as gs, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> gs.atlas.rebuild(folder / "tiny.npz", work=folder / "work", most_hidden=1, most_features=2, workers=1)
    Atlas(12 entries of 2 sizes)
    """
    target = SHIPPED if path is None else Path(path)
    workers = integer("workers", workers, at_least=1)
    m_most = inf if most_hidden is None else integer("most_hidden", most_hidden, at_least=1)
    n_most = inf if most_features is None else integer("most_features", most_features, at_least=1)
    kinds = KINDS if kind is None else (known_kind(kind),)
    wanted = [key for key in keys() if key[0] in kinds and key[1] <= m_most and key[2] <= n_most]
    before = Atlas.load(target) if target.exists() else Atlas([])
    old = {(entry.kind, entry.m, entry.n): entry for entry in before.entries()}
    folder = _work_folder(Path(work), wanted, target)

    def step(name: str, function: Callable[..., Entry], arguments: Mapping[Key, tuple[object, ...]]) -> Table:
        return _step(folder / name, function, arguments, workers, callback)

    table = step("search", search, {key: (key,) for key in wanted})
    table |= {key: _named_anew(old[key]) for key in table if key in old and _is_better(key, old[key], table[key])}
    table = _swept(step, old, table)
    others = {key: _named_anew(entry) for key, entry in old.items() if key not in table}
    atlas = Atlas((table | others).values(), (*before.changes, *_changes(old, table)))
    target.parent.mkdir(parents=True, exist_ok=True)
    atlas.save(target)
    shutil.rmtree(folder, ignore_errors=True)
    return atlas


def _swept(step: Callable[..., Table], old: Table, table: Table) -> Table:
    """The table after sweeps, each from the one before, until nothing changes."""
    fresh = set(old | table)
    for number in range(MOST_SWEEPS):
        everything = old | table
        arguments = {}
        for key, entry in table.items():
            around = {other: everything[other] for other in related(key) if other in everything}
            if fresh & around.keys():
                arguments[key] = (key, entry, around, fresh & around.keys(), number)
        if not arguments:
            break
        swept = step(f"sweep {number + 1}", _helped, arguments)
        fresh = {key for key, entry in swept.items() if _is_better(key, entry, table[key])}
        table = table | swept
    return table


def _helped(key: Key, entry: Entry, around: Table, fresh: set[Key], number: int) -> Entry:
    """The entry after descents from what those around it suggest, the first time also from frames with a name."""
    starts = suggested(key, around, fresh, generator(key, 1000 + number))
    return improve(key, entry, starts + (catalogued(key) if number == 0 else []))


def _is_better(key: Key, one: Entry, other: Entry) -> bool:
    return gain(key[0], one.value, other.value) > BETTER


def _named_anew(entry: Entry) -> Entry:
    """An entry of an older table with today's name and value."""
    key, arranged = (entry.kind, entry.m, entry.n), (entry.W, entry.b)
    return describe(key, arranged, entry.hits, entry.n_descents, entry.source)


def _changes(old: Table, new: Table) -> Iterator[JSON]:
    """What became better, for the record."""
    from geomsup import __version__

    for (kind, m, n), entry in new.items():
        before = old.get((kind, m, n))
        if before is not None and _is_better((kind, m, n), entry, before):
            values = {"before": before.value, "after": entry.value}
            yield {"kind": kind, "m": m, "n": n, **values, "version": __version__}


def _work_folder(work: Path, wanted: list[Key], target: Path) -> Path:
    """A folder of its own for these entries, settings and table to start from."""
    from geomsup import __version__

    state = repr((__version__, SETTINGS, wanted)).encode() + (target.read_bytes() if target.exists() else b"")
    return work / hashlib.sha256(state).hexdigest()[:16]


def _step(
    folder: Path,
    function: Callable[..., Entry],
    arguments: Mapping[Key, tuple[object, ...]],
    workers: int,
    callback: Callable[[Step], None] | None,
) -> Table:
    """function(*arguments[key]) for every key, from the folder where it is there, else computed and kept there."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {key: folder / f"{key[0]},{key[1]},{key[2]}.npz" for key in arguments}
    found = {key: next(Atlas.load(file).entries()) for key, file in files.items() if file.exists()}
    cost = {key: _cost(key) for key in arguments if key not in found}
    missing = {key: arguments[key] for key in sorted(cost, key=lambda key: -cost[key])}
    start, everything = time.monotonic(), sum(cost.values())
    for key, entry in _computed(function, missing, workers):
        Atlas([entry]).save(files[key])
        found[key] = entry
        if callback is not None:
            seconds = time.monotonic() - start
            rest = sum(cost[other] for other in missing if other not in found)
            left = time_left(seconds, everything - rest, rest)
            callback(Step(folder.name, len(found), len(files), seconds, left))
    return {key: found[key] for key in arguments}


def _cost(key: Key) -> float:
    """Roughly proportional to the time that an entry takes."""
    kind, m, n = key
    return 0.0 if constructed(*key) is not None else COST.get(kind, 8.0) * m * n**2


def _computed(
    function: Callable[..., Entry], arguments: Mapping[Key, tuple[object, ...]], workers: int
) -> Iterator[tuple[Key, Entry]]:
    """Keys and values of the function, in the order in which they are done."""
    if min(workers, len(arguments)) <= 1:
        yield from ((key, _alone(function, values)) for key, values in arguments.items())
        return
    # Fresh processes: a fork would copy threads in the middle of what they do.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_the_parent) as pool:
        try:
            futures = {pool.submit(_alone, function, values): key for key, values in arguments.items()}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _alone(function: Callable[..., Entry], values: tuple[object, ...]) -> Entry:
    with threadpool_limits(1):
        return function(*values)
