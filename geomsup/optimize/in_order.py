"""Work by threads, with its results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from geomsup.optimize.objective import Objective

__all__ = ["in_order"]

T = TypeVar("T")


def in_order(objective: Objective, function: Callable[[int], T], count: int, workers: int) -> Iterator[T]:
    """function(0), function(1), … in order, by threads; an interruption stops those at their next evaluation."""
    if workers == 1 or count < 2:
        yield from map(function, range(count))
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(function, range(count))
        except BaseException:
            objective.stopped = True
            pool.shutdown(wait=False, cancel_futures=True)
            raise
