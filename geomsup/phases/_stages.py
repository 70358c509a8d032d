"""Stage after stage over a grid: a cold pass, then passes in which each cell is told what its neighbours found.

Every stage depends on finished earlier stages alone, and its cells are cut into chunks in an order that depends on
nothing else, so neither the number of workers nor an interruption changes a result.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from geomsup._steps import Step, time_left
from geomsup.phases._store import Record, Store
from geomsup.phases._workers import Workforce
from geomsup.phases.grid import Grid

__all__ = ["Cell", "Stages", "Task", "relaxed"]


class Cell(NamedTuple):
    """One cell as a task sees it: its number and coordinates, its own record, and those of neighbours that are new."""

    number: int
    point: dict[str, Any]
    previous: Record | None
    neighbours: list[Record]


Task = Callable[[list[Cell]], list[Record]]
"""Records of the cells of a chunk."""


class Stages:
    """Where stages run and where their results are kept.

    Parameters
    ----------
    grid : Grid
        The cells.
    workforce : Workforce
        Who computes.
    store : Store or None
        The cache.
    chunk : int
        Cells per task: at most these, for each worker, are lost when a sweep is killed.
    callback : callable or None
        Called with a `Step` when a chunk is done.
    """

    def __init__(
        self,
        grid: Grid,
        workforce: Workforce,
        store: Store | None,
        chunk: int,
        callback: Callable[[Step], None] | None,
    ) -> None:
        self.grid, self.workforce, self.store, self.chunk, self.callback = grid, workforce, store, chunk, callback

    def run(self, stage: str, task: Task, cells: Sequence[Cell]) -> dict[int, Record]:
        """The records of these cells: from the cache where they are kept, otherwise computed and kept."""
        chunks = [list(cells[k : k + self.chunk]) for k in range(0, len(cells), self.chunk)]
        found: dict[int, list[Record]] = {}
        for number, chunk in enumerate(chunks):
            kept = None if self.store is None else self.store.read(stage, number, [cell.number for cell in chunk])
            if kept is not None:
                found[number] = kept
        missing = [(number, chunk) for number, chunk in enumerate(chunks) if number not in found]
        before = done = sum(map(len, found.values()))
        start = time.monotonic()
        # What is written where it is computed is lost only while it is computed.
        at_once = self.store is not None and self.workforce.here
        work = partial(_computed, task, self.store if at_once else None, stage)
        for number, records in self.workforce.over(work, [(number, (number, chunk)) for number, chunk in missing]):
            if self.store is not None and not at_once:
                self.store.write(stage, number, [cell.number for cell in chunks[number]], records)
            found[number] = records
            done += len(records)
            if self.callback is not None:
                seconds = time.monotonic() - start
                left = time_left(seconds, done - before, len(cells) - done)
                self.callback(Step(stage, done, len(cells), seconds, left))
        return {
            cell.number: record
            for number, chunk in enumerate(chunks)
            for cell, record in zip(chunk, found[number], strict=True)
        }


def _computed(task: Task, store: Store | None, stage: str, item: tuple[int, list[Cell]]) -> list[Record]:
    number, cells = item
    records = task(cells)
    if store is not None:
        store.write(stage, number, [cell.number for cell in cells], records)
    return records


def relaxed(stages: Stages, task: Task, passes: int) -> list[Record]:
    """A cold pass over all cells, then passes over the cells with a neighbour whose record is new, until none is."""
    grid = stages.grid
    records = stages.run("cold", task, [Cell(k, grid.point(k), None, []) for k in range(grid.size)])
    fresh = set(records)
    for number in range(1, passes + 1):
        cells = []
        for k in range(grid.size):
            beside = [records[j] for j in grid.neighbours(k) if j in fresh]
            if beside:
                cells.append(Cell(k, grid.point(k), records[k], beside))
        if not cells:
            break
        updated = stages.run(f"warm-{number}", task, cells)
        fresh = {k for k, record in updated.items() if not same(record, records[k])}
        records |= updated
    return [records[k] for k in range(grid.size)]


def same(one: Record, other: Record) -> bool:
    """Whether two records hold the same numbers, bit by bit (NaN is NaN)."""
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one
    )
