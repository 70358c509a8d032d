"""Arrangements that a search with one active feature is given to begin with."""

from __future__ import annotations

from typing import Any

import numpy as np

from geomsup._typing import FloatArray
from geomsup.problem import Problem

__all__ = ["given_starts"]


def given_starts(problem: Problem, start: Any) -> list[tuple[FloatArray, FloatArray]]:
    """Warm starts (W, b) from a matrix, a pair, anything that has a ``W`` and perhaps a ``b``, or a list of those.

    Raises
    ------
    ValueError
        One that does not fit the problem.
    """
    if start is None:
        return []
    if isinstance(start, list):
        return [pair for one in start for pair in given_starts(problem, one)]
    if isinstance(start, tuple):
        W, b = start
    else:
        W = getattr(start, "W", start)
        b = getattr(start, "b", np.zeros(problem.n_features))
    W, b = problem.check_weights(W, b)
    if W.ndim != 2:
        raise ValueError(f"start has shape {W.shape}, but a start is one matrix (m, n): pass a list of matrices")
    return [(W, b)]
