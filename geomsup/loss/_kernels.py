"""Which kernel does the work: the compiled one where numba is installed, otherwise the NumPy specification.

Set the environment variable ``GEOMSUP_KERNEL`` to ``numpy`` to choose the specification although numba is there.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.loss._layout import Layout, layout
from geomsup.problem import Problem

__all__ = ["CompiledKernel", "Kernel", "NumpyKernel", "kernel", "warm_up"]

BLOCK = 256
"""Frequencies a compiled kernel keeps in cache at a time: measured flat between 128 and 512."""


class Kernel(Protocol):
    """What a kernel offers; M is the effective matrix and the rows asked for are listed in ``rows``."""

    def spline_rows(
        self, layout: Layout, M: FloatArray, b: FloatArray, rows: IntArray, budget: int
    ) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
        """Value of E z₊² − 2E x_i z₊, bound on its rounding error, nodes (−1: over budget), gradient (rows, n + 1)."""

    def series_rows(
        self, layout: Layout, M: FloatArray, b: FloatArray, rows: IntArray, terms: IntArray, with_gradient: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Value, middle and half gap of the sandwich, sum of absolute terms, gradient (rows, n + 1)."""

    def batch(
        self, layout: Layout, M: FloatArray, b: FloatArray, terms: int, budget: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Loss (S,), dM (S, n, n), db (S, n) of S instances: by splines of up to ``budget`` nodes, else the series."""


class CompiledKernel:
    """The loops of :mod:`geomsup.loss._compiled`."""

    def __init__(self) -> None:
        _drop_stale_code()
        from geomsup.loss import _compiled

        self._loops = _compiled

    def spline_rows(
        self, layout: Layout, M: FloatArray, b: FloatArray, rows: IntArray, budget: int
    ) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
        """See :class:`Kernel`."""
        assert layout.states is not None
        weights, active = layout.states
        return self._loops.spline_rows(M, b, rows, weights, active, layout.laws, budget, True)  # type: ignore[no-any-return]

    def series_rows(
        self, layout: Layout, M: FloatArray, b: FloatArray, rows: IntArray, terms: IntArray, with_gradient: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """See :class:`Kernel`."""
        block = int(min(BLOCK, terms.max(initial=1)))
        return self._loops.series_rows(M, b, rows, terms, layout.groups, layout.laws, with_gradient, block)  # type: ignore[no-any-return]

    def batch(
        self, layout: Layout, M: FloatArray, b: FloatArray, terms: int, budget: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """See :class:`Kernel`."""
        weights, active = layout.states or (np.empty(0), np.empty((0, layout.n_features)))
        budget = budget if layout.states is not None else 0
        loss, dM, db = np.empty(len(b)), np.empty(M.shape), np.empty(b.shape)
        self._loops.batch(
            M, b, layout.importance, layout.own_square, weights, active, layout.groups, layout.laws, terms, budget,
            loss, dM, db,
        )  # fmt: skip
        return loss, dM, db


class NumpyKernel:
    """The readable kernels of :mod:`geomsup.loss.spline` and :mod:`geomsup.loss.series`, row by row."""

    def spline_rows(
        self, layout: Layout, M: FloatArray, b: FloatArray, rows: IntArray, budget: int
    ) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
        """See :class:`Kernel`."""
        from geomsup.loss.spline import spline_row

        assert layout.states is not None
        value, error = np.zeros(rows.size), np.zeros(rows.size)
        nodes, gradient = np.zeros(rows.size, np.int64), np.zeros((rows.size, b.size + 1))
        for r, i in enumerate(rows):
            for weight, active in zip(*layout.states, strict=True):
                row = spline_row(layout, M[i], float(b[i]), int(i), active, budget=budget)
                if row is None:
                    nodes[r] = -1
                    break
                value[r] += weight * (row.square - 2 * row.cross)
                error[r] += weight * row.error
                nodes[r] += row.nodes
                gradient[r] += weight * row.gradient
        return value, error, nodes, gradient

    def series_rows(
        self, layout: Layout, M: FloatArray, b: FloatArray, rows: IntArray, terms: IntArray, with_gradient: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """See :class:`Kernel`."""
        from geomsup.loss.series import series_row

        value, middle, gap, size = (np.zeros(rows.size) for _ in range(4))
        gradient = np.zeros((rows.size, b.size + 1))
        for r, i in enumerate(rows):
            row = series_row(layout, M[i], float(b[i]), int(i), int(terms[r]), with_gradient=with_gradient)
            value[r], middle[r], gap[r], size[r], gradient[r] = row
        return value, middle, gap, size, gradient

    def batch(
        self, layout: Layout, M: FloatArray, b: FloatArray, terms: int, budget: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """See :class:`Kernel`."""
        rows = np.flatnonzero(layout.importance > 0)
        scale = layout.importance[rows]
        loss, dM, db = np.empty(len(b)), np.zeros(M.shape), np.zeros(b.shape)
        for s in range(len(b)):
            left = np.ones(rows.size, dtype=bool)
            value, gradient = np.zeros(rows.size), np.zeros((rows.size, b.shape[1] + 1))
            if budget and layout.states is not None:
                value, _, nodes, gradient = self.spline_rows(layout, M[s], b[s], rows, budget)
                left = nodes < 0
            if left.any():
                many = np.full(int(left.sum()), terms)
                value[left], _, _, _, gradient[left] = self.series_rows(layout, M[s], b[s], rows[left], many, True)
            loss[s] = scale @ (layout.own_square[rows] + value)
            dM[s, rows] = scale[:, None] * gradient[:, :-1]
            db[s, rows] = scale * gradient[:, -1]
        return loss, dM, db


def _drop_stale_code() -> None:
    """Remove machine code cached from other sources.

    numba keeps a function's machine code until *its* file changes, although code of functions from other files is
    part of it. A fingerprint of all the files together tells when to start afresh.
    """
    folder = Path(__file__).parent
    sources = sorted(folder.glob("_compiled*.py"))
    fingerprint = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    marker = folder / "__pycache__" / "_compiled.fingerprint"
    try:
        if marker.exists() and marker.read_text() == fingerprint:
            return
        for old in marker.parent.glob("_compiled*.nb[ic]"):
            old.unlink(missing_ok=True)
        marker.parent.mkdir(exist_ok=True)
        marker.write_text(fingerprint)
    except OSError:  # a read-only installation: numba keeps its cache elsewhere, out of reach of this check
        return


@lru_cache(maxsize=1)
def kernel() -> Kernel:
    """The kernel in use in this process."""
    if os.environ.get("GEOMSUP_KERNEL", "") == "numpy":
        return NumpyKernel()
    try:
        return CompiledKernel()
    except ImportError:
        return NumpyKernel()


def warm_up() -> None:
    """Compile what a first search would otherwise wait for; the machine code is kept on disk."""
    data, M, b = layout(Problem()), np.zeros((5, 5)), np.zeros(5)
    rows = np.arange(5)
    kernel().spline_rows(data, M, b, rows, 100)
    kernel().series_rows(data, M, b, rows, np.full(5, 8), True)
    kernel().batch(data, M[None], b[None], 8, 100)
