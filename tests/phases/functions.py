"""Functions to sweep over, in a module of their own so that other processes can import them."""

import os
import time
from pathlib import Path

import numpy as np


def product(x, y, scale=1.0):
    return {"value": scale * x * y, "word": "low" if x * y < 1 else "high", "both": np.array([x, y])}


def counted(x, y, folder):
    """Leaves one file per call."""
    Path(folder, f"{x},{y},{os.getpid()},{time.monotonic_ns()}").touch()
    return {"value": x + 10 * y}


def slow(x, y, folder, seconds):
    time.sleep(seconds)
    return counted(x, y, folder)


def spreading(x, y, seed_at=0, previous=None, neighbours=()):
    """A value found in one cell only, lowered by what neighbours say: the number of steps from there."""
    if previous is None:
        return {"steps": 0.0 if (x, y) == (seed_at, seed_at) else np.inf}
    return {"steps": min([float(previous["steps"]), *(float(one["steps"]) + 1 for one in neighbours)])}


def failing(x, y):
    if (x, y) == (1, 1):
        raise ZeroDivisionError("nothing here")
    return {"value": x}
