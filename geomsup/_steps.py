"""Long work in steps: what a callback is told, lines that say how far it is, and workers that end with their parent."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from math import isfinite, nan
from typing import NamedTuple

__all__ = ["Report", "Step", "end_with_the_parent", "time_left"]


class Step(NamedTuple):
    """What a callback is told: the step, items done and in all, seconds since it began, and an estimate of the
    rest: NaN before there is one."""

    name: str
    done: int
    total: int
    seconds: float
    left: float


def time_left(seconds: float, done: float, rest: float) -> float:
    """The rest at the pace so far; NaN before anything is done."""
    return seconds * rest / done if done > 0 else nan


class Report:
    """Lines on standard error: how far it is, and about how long it will take; one in `every` seconds."""

    def __init__(self, every: float = 10.0, what: str = "entries") -> None:
        self.every, self.what = every, what
        self.next, self.name = 0.0, ""

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if now < self.next and step.name == self.name and step.done < step.total:
            return
        self.next, self.name = now + self.every, step.name
        left = f"; about {_span(step.left)} left" if step.done < step.total and isfinite(step.left) else ""
        print(f"{step.name}: {step.done} of {step.total} {self.what} in {_span(step.seconds)}{left}", file=sys.stderr)


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def end_with_the_parent() -> None:
    """In a worker process: do not outlive a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        try:
            parent.join()
        except ValueError:  # loky starts its workers without a handle to wait on
            while os.getppid() == parent.pid:
                time.sleep(0.1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
