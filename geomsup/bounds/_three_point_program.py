"""The three-point program on points: its variables, and the rows of its inequalities in floats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geomsup._typing import FloatArray
from geomsup.bounds._semidefinite import Kernels
from geomsup.bounds.lp import gegenbauer_values

__all__ = ["Program"]

ONE = np.ones((1, 3))


@dataclass(frozen=True)
class Program:
    """Variables are c, p, q, the factors of P_1, P_2, … in T, those of s, and the F_k; see :mod:`._check_three_point`.

    For energies they are c, (n − 2)p and n times the others. So scaled, all are of the size of f.

    Parameters
    ----------
    kernels : Kernels
    f : function
        The potential in floats.
    breaks : tuple of float
        Ends of the intervals of p.
    n : int or None
        Number of unit vectors; None for measures.
    piece_degree : int
        Of the polynomials of p.
    size : float
        A rough guess of the bound divided by n²: the program is solved for f/size, since the solver's tolerances are
        absolute. All variables are to be multiplied by it.
    slope : function, optional
        f' in floats; with it multipliers are used.
    reference : float
        c₀ divided by size.
    """

    kernels: Kernels
    f: Callable[[FloatArray], FloatArray]
    breaks: tuple[float, ...]
    n: int | None
    piece_degree: int
    size: float
    slope: Callable[[FloatArray], FloatArray] | None = None
    reference: float = 1.0

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Numbers of variables in p, q, of pairs in T, and in s."""
        pieces, degree = len(self.breaks) - 1, self.kernels.degree
        p = 0 if self.n is None else pieces * (self.piece_degree + 1)
        q = 0 if self.slope is None else pieces * (degree + 1)
        s = degree if self.slope is not None and self.n is None else 0
        return p, q, self.kernels.pairs, s

    @property
    def positive(self) -> int:
        """Number of variables before the F_k that must not be negative, the last ones."""
        return sum(self.counts[2:])

    @property
    def free(self) -> int:
        """Number of variables before the F_k."""
        return 1 + sum(self.counts)

    def parts(self, x: FloatArray) -> list[FloatArray]:
        """The variables of p, of q, of pairs in T, of s, and the entries of the F_k."""
        return np.split(x, 1 + np.cumsum([0, *self.counts]))[1:]

    @cached_property
    def value(self) -> FloatArray:
        """The bound divided by n², as a function of the variables."""
        row = np.zeros(self.free + self.kernels.columns)
        row[0] = 1.0
        if self.n is not None:
            row[0] = (self.n - 1) / self.n
            row[1 + self.counts[0] :] = -self._kernel_rows(ONE)[0] / self.n**2
        return row

    def cost(self) -> FloatArray:
        """What a small tilt costs: Σ tr F_k and the factors that are not negative."""
        before = np.zeros(self.free)
        before[self.free - self.positive :] = 1.0
        return np.concatenate([before, self.kernels.traces()])

    def worth(self, x: FloatArray) -> float:
        """The bound divided by n²; no more than c₀ is proved."""
        value = float(self.value @ x)
        return min(value, self.reference) if self.counts[3] else value

    def moved_reference(self, x: FloatArray, points: FloatArray, multipliers: FloatArray) -> float:
        """Where c would meet c₀, by Newton's step: c falls by the mean of s over the multipliers when c₀ rises by 1."""
        s = self.parts(x)[3]
        if not s.size:
            return self.reference
        mean = gegenbauer_values(self.kernels.m, s.size, points)[1:].mean(axis=2).T @ s
        slope = 1 + max(float(mean @ multipliers), 0.0)
        return self.reference + (float(x[0]) - self.reference) / slope

    def bound(self, worth: float) -> float:
        """What a value of the program says: a capacity, or an energy."""
        if self.n is not None:
            return worth * self.size * self.n**2
        return 1 / (worth * self.size) if worth > 0 else float("inf")

    def triples(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Rows and right sides of (1)."""
        rows = self._kernel_rows(points)
        if self.n is None:
            head, room = np.ones((len(points), 1)), self.f(points).mean(axis=1) / self.size
        else:
            p = self.n / (self.n - 2) * self._pieces(points, self.piece_degree).mean(axis=1)
            head, room = np.hstack([np.zeros((len(points), 1)), -p]), np.zeros(len(points))
        return np.hstack([head, rows]), room

    def excess(self, x: FloatArray, points: FloatArray) -> FloatArray:
        """By how much (1) fails at points: what the rows say, without the rows."""
        p, q, pairs, s, entries = self.parts(x)
        total = self.kernels.values(points, self.kernels.matrices(entries))
        if pairs.size:
            total += pairs @ gegenbauer_values(self.kernels.m, pairs.size, points)[1:].mean(axis=2)
        if q.size:
            total += self._moved(points, self._pieces(points, self.kernels.degree) @ q)
        if s.size:
            total -= self._weighted(points, np.tensordot(s, gegenbauer_values(self.kernels.m, s.size, points)[1:], 1))
        if self.n is None:
            return np.asarray(total + x[0] - self.f(points).mean(axis=1) / self.size)
        return np.asarray(total - self.n / (self.n - 2) * (self._pieces(points, self.piece_degree) @ p).mean(axis=1))

    def pairs(self, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Rows and right sides of (2)."""
        assert self.n is not None
        kernels = 3 / self.n * self._kernel_rows(np.stack([t, t, np.ones_like(t)], axis=1))
        return np.hstack([np.ones((t.size, 1)), self._pieces(t, self.piece_degree), kernels]), self.f(t) / self.size

    def _kernel_rows(self, points: FloatArray) -> FloatArray:
        """T and the multipliers at points, for all variables after c and p."""
        _, q, pairs, s = self.counts
        blocks = []
        if q:
            at = self._pieces(points, self.kernels.degree)
            blocks.append(np.stack([self._moved(points, at[:, :, j]) for j in range(q)], axis=1))
        if pairs:
            blocks.append(gegenbauer_values(self.kernels.m, pairs, points)[1:].mean(axis=2).T)
        if s:
            P = gegenbauer_values(self.kernels.m, s, points)[1:]
            blocks.append(-np.stack([self._weighted(points, one) for one in P], axis=1))
        return np.hstack([*blocks, self.kernels.rows(points)])

    def _moved(self, points: FloatArray, q: FloatArray) -> FloatArray:
        """The mean of q(v) f'(u) (t − uv) over the orders of u, v, t, from the values of q."""
        assert self.slope is not None
        slope, total = self.slope(points), np.zeros(len(points))
        for a, b, c in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
            across = points[:, c] - points[:, a] * points[:, b]
            total += (slope[:, a] * q[:, b] + slope[:, b] * q[:, a]) * across
        return total / 6

    def _weighted(self, points: FloatArray, s: FloatArray) -> FloatArray:
        """The mean of s(v) (f(u) − c₀), from the values of s."""
        rest = self.f(points) / self.size - self.reference
        total: FloatArray = (rest.sum(axis=1) * s.sum(axis=1) - (rest * s).sum(axis=1)) / 6
        return total

    def _pieces(self, t: FloatArray, degree: int) -> FloatArray:
        """Chebyshev polynomials at t in the columns of the interval of t."""
        T = np.polynomial.chebyshev.chebvander(t, degree)
        which = np.clip(np.searchsorted(self.breaks, t, side="right") - 1, 0, len(self.breaks) - 2)
        return np.concatenate([np.where((which == k)[..., None], T, 0.0) for k in range(len(self.breaks) - 1)], axis=-1)
