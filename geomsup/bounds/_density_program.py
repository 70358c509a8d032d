r"""The program behind the bound at a density p: its linear functions, and the rounding of a solution.

Theorem and names are those of :mod:`geomsup.bounds._check_density`: λ is maximised over σ, s and the matrices, subject
to *alone*, *most* and *pairs*. :mod:`geomsup.bounds._density_cuts` solves it. What comes out is a proposal; it counts
once its certificate was checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, FloatArray
from geomsup.bounds._marked_program import dyadic
from geomsup.bounds._marked_rows import kappa_values, powers
from geomsup.bounds._numbers import below, exact, text
from geomsup.bounds._own_outputs import FARTHEST, three_active
from geomsup.bounds._responses import respond
from geomsup.bounds._semidefinite import triangle
from geomsup.bounds._third_outputs import Product
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.lp import gegenbauer_values

__all__ = ["Program", "rounded", "weight", "weight_alone"]

EVEN, ODD, DEGREES = 3, 2, (0, 4, 4)
"""Marks R(1, e, …) of F_k, marks (1, e, …) of H_k, degrees of s_0, s_1, s_2. Measured for n = 5, m = 2 and p = 0.05, in
floats: without H_k the bound is 0.00728, with EVEN = 2 it is 0.00719, and with these 0.00785."""
THRESHOLD = fmpq(1, 4)
"""Above it by A a feature is left out."""
OWN, MARGIN = 15, 2e-4
"""Entries of x: six coefficients of h on either side, κ, and the two caps; and by how much h̃ keeps below them."""
LARGEST = 30.0
"""R up to which pairs are looked at where they have no least value."""
SHIFT = 1e-11
"""Added to each matrix, beyond its smallest eigenvalue if that is negative, so that rounding leaves it semidefinite."""


@dataclass(frozen=True)
class Program:
    """The linear functions of x = (λ, σ, s_0, s_1, s_2, triangles of F_k and H_k) that the inequalities need."""

    n: int
    m: int
    p: float
    degree: int
    threshold: fmpq = THRESHOLD
    third: tuple[fmpq, fmpq] | None = None
    own: fmpq | None = None

    @property
    def alpha(self) -> float:
        """p/(1 − p)."""
        return self.p / (1 - self.p)

    @property
    def worth(self) -> float:
        """What a λ of 1 says about the loss, with importance 1."""
        return self.n * self.p * (1 - self.p) ** (self.n - 1)

    @property
    def start_own(self) -> int:
        """Entries of x before the coefficients of h for z < 0 and z > 0, κ, and the caps."""
        return 2 + sum(DEGREES) + 3

    @property
    def triples(self) -> float:
        """α² (N − 1) for N others: what h counts in a pair."""
        return self.alpha**2 * (self.n - 2)

    @property
    def free(self) -> int:
        """Entries of x before the matrices."""
        return self.start_own + OWN

    @property
    def sizes(self) -> list[int]:
        """Of F_0, F_1, … and H_0, H_1, …"""
        return [EVEN + 1] + [EVEN] * self.degree + [ODD] * (self.degree + 1)

    @property
    def columns(self) -> int:
        """Entries of x."""
        return self.free + sum(size * (size + 1) // 2 for size in self.sizes)

    @cached_property
    def product(self) -> Product:
        """What pairs have of the third outputs."""
        return Product.of(self.third, exact(self.alpha))

    def kernel(self, R: FloatArray, e: FloatArray, S: FloatArray, f: FloatArray, t: FloatArray) -> FloatArray:
        """Coefficients of the triangles in P at (R, e), (R', e') and t."""
        P = gegenbauer_values(self.m, self.degree, t)
        marks, others = R * powers(e, EVEN), S * powers(f, EVEN)
        with_one = np.vstack([np.ones_like(R), marks]), np.vstack([np.ones_like(S), others])
        roots = np.sqrt(R) * powers(e, ODD), np.sqrt(S) * powers(f, ODD)
        blocks = [with_one, *[(marks, others)] * self.degree, *[roots] * (self.degree + 1)]
        found = []
        for k, (a, b) in enumerate(blocks):
            i, j, scale = triangle(len(a))
            found.append(((a[i] * b[j] + a[j] * b[i]) / 2 * P[k % (self.degree + 1)]).T * scale)
        return np.hstack(found)

    def single(self, R: FloatArray, e: FloatArray) -> FloatArray:
        """Coefficients in s."""
        rows = np.zeros((R.size, self.columns))
        rows[:, 2 : self.start_own] = np.vstack([R**k * powers(e, degree + 1) for k, degree in enumerate(DEGREES)]).T
        return rows

    def pairs(self, R: FloatArray, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """s + s' + P as rows, and B + B' + α(D + D'), at R and the rows (ρ, e, e', t) of X."""
        rho, e, f, t = X.T
        rows = self.single(R, e) + self.single(rho**2 * R, f)
        rows[:, self.free :] = self.kernel(R, e, rho**2 * R, f, t)
        if self.own is not None:
            rows[:, self.start_own : self.free] = -self.shared(R, X)
        first, second, third = self.kept(X)
        return rows, first + second * R + third * R**2

    def kept(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The coefficients of 1, R and R² in B + B' + α(D + D')."""
        rho, e, f, t = X.T
        t = np.where(t == 0, 1e-300, t)
        one, other = respond(np.ones_like(t), rho * t, 1 - e), respond(rho, t, rho * (1 - f))
        B = (kappa_values(rho * t, 1 - e) + rho**2 * kappa_values(t, rho * (1 - f))) / 3
        responses = one.X + rho * other.X, one.Y + rho**2 * other.Y
        third = B + self.alpha * responses[1] + self.product.values(rho, e, f, t)
        return np.full_like(t, 2 * self.alpha / 3), -2 * self.alpha * responses[0], third

    def shared(self, R: FloatArray, X: FloatArray) -> FloatArray:
        """Coefficients of h, κ and the caps in a pair."""
        rho, e, f, t = X.T
        above = np.maximum(R * rho * t, 0)
        product = self.alpha**2 * (below(self.own or fmpq(0)) * (e + f) * above - (e**2 + f**2) * above**2 / 2)
        h = self.triples * (side_terms(R * e, np.ones_like(R), rho * t) + side_terms(R * f, rho, t))
        return np.hstack([h, product[:, None], np.zeros((R.size, 2))])

    def slack(self, x: FloatArray, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What is left of pairs relative to 1 + R² + R'², at the R where it is least."""
        left = [self.pairs(np.full(len(X), R), X)[0] @ x for R in (0.0, 1.0, 4.0)]  # 1, R, R²: r r' = ρR
        a_2 = ((left[2] - left[0]) / 4 - (left[1] - left[0])) / 3
        kept = self.kept(X)
        a_0, a_1, a_2 = kept[0] - left[0], kept[1] - (left[1] - left[0] - a_2), kept[2] - a_2
        R = np.where(a_2 > 0, np.clip(-a_1 / np.where(a_2 > 0, 2 * a_2, 1.0), 0, LARGEST), LARGEST)
        return (a_0 + a_1 * R + a_2 * R**2) / weight(R, X), R

    def alone(self, R: FloatArray, e: FloatArray, Z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """λ − (n − 1) s + ½ P(i, i) as rows, and A; with two others, z and z' the rows of Z."""
        rows = -(self.n - 1) * self.single(R, e)
        rows[:, 0] = 1.0
        rows[:, self.free :] = self.kernel(R, e, R, e, np.ones_like(R)) / 2
        kept = (1 - R * e**2 * (3 - e) + R**2 * e**3) / 3 - self.product.alone(R, e)
        if self.own is not None:
            weight = self.triples * (self.n - 1) / 2
            far = np.abs(Z).max(axis=0) >= FARTHEST
            h = weight * sum(side_terms(R * e, np.ones_like(R), z) for z in Z)
            product = weight * (R * e) ** 2 * np.prod(np.maximum(Z, 0), axis=0)
            rows[:, self.start_own : self.free - 3] = np.where(far[:, None], 0.0, h)
            rows[:, self.free - 3] = np.where(far, 0.0, product) + self.alpha**2 * below(self.own) ** 2 / 2
            kept = kept + np.where(far, 0.0, weight * three_active(R, -(1 - e) * R, *(R * Z)))
        return rows, kept

    def most(self, R: FloatArray, e: FloatArray) -> FloatArray:
        """s − σ and what else σ covers, as rows."""
        rows = self.single(R, e)
        rows[:, 1] = -1.0
        if self.own is not None:
            rows[:, self.free - 2 : self.free] = self.triples * np.stack([(R * e) ** 2, R * e], axis=1)
        return rows

    def capped(self) -> tuple[FloatArray, FloatArray]:
        """What keeps the parts of h̃ below the caps, and below minus them beyond ±2, as rows and bounds."""
        z, y = np.linspace(0, FARTHEST, 201), np.linspace(0, 1 / FARTHEST, 51)
        parts = []
        for side in range(2):
            for first, count, cap in ((0, 4, 2), (4, 2, 1)):
                start, k = self.start_own + 6 * side + first, np.arange(1, count + 1)
                rows = np.zeros((z.size + y.size, self.columns))
                rows[: z.size, start : start + count] = z[:, None] ** k
                rows[z.size :, start : start + count] = y[:, None] ** (count - k)
                if side == 1 and first == 0:
                    rows[: z.size, self.free - 3], rows[z.size :, self.free - 3] = z**2 / 2, y**2 / 2
                rows[: z.size, self.free - cap], rows[z.size :, self.free - cap] = -1.0, y**count
                parts.append(rows)
        signs = np.zeros((3, self.columns))
        signs[:, self.free - 3 : self.free] = -np.eye(3)
        rows = np.vstack([*parts, signs])
        return rows, np.append(np.full(len(rows) - 3, -MARGIN), np.zeros(3))

    def price(self, R: FloatArray) -> FloatArray:
        """Of a positive bias."""
        others = (self.n - 1) * self.alpha
        if self.own is not None:
            others += (self.n - 1) * self.triples / 2
        return np.asarray(self.p / 4 * (np.maximum(1 - R, 0) + others) ** 2)

    def kept_range(self, e: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The R with A ≤ a."""
        linear, square = e**2 * (3 - e), e**3
        root = np.sqrt(np.maximum(linear**2 - 4 * square * (1 - 3 * below(self.threshold)), 0))
        return (linear - root) / (2 * square), (linear + root) / (2 * square)


def side_terms(size: FloatArray, a: FloatArray, z: FloatArray) -> FloatArray:
    """h as rows in the coefficients of φ_2 and φ_1 for z < 0, then for z > 0, at a²eR and z/a, with eR the size."""
    found = []
    for side in (np.maximum(-z, 0), np.maximum(z, 0)):
        found += [size**2 * a ** (4 - k) * side**k for k in (1, 2, 3, 4)]
        found += [size * a ** (2 - k) * side**k for k in (1, 2)]
    return np.stack(found, axis=1)


def weight(R: FloatArray, X: FloatArray) -> FloatArray:
    return np.asarray(1 + R**2 * (1 + X[:, 0] ** 4))


def weight_alone(R: FloatArray) -> FloatArray:
    """Of the room in *alone*: more for long features that respond little, where boxes in (eR, e) are long in R."""
    return np.asarray(np.maximum(1, R**2 / 2))


def rounded(program: Program, x: FloatArray | None, p: fmpq, importance: fmpq) -> Certificate | None:
    """The certificate of a proposal: its matrices made semidefinite, everything rounded to dyadic rationals."""
    if x is None or not x[0] > 0:
        return None
    matrices, start = [], program.free
    for size in program.sizes:
        i, j, scale = triangle(size)
        F = np.zeros((size, size))
        F[i, j] = F[j, i] = x[start : start + i.size] / scale
        start += i.size
        F += (max(0.0, -float(np.linalg.eigvalsh(F)[0])) + SHIFT) * np.eye(size)
        matrices.append([[text(dyadic(value)) for value in row] for row in F])
    ends = np.cumsum([2, *(degree + 1 for degree in DEGREES)])
    alone = [[text(dyadic(value)) for value in x[a:b]] for a, b in pairwise(ends)]
    most = dyadic(max(x[1], 0.0))
    least = min(dyadic(x[0]), program.threshold - (program.n - 1) * most)
    n, m = program.n, program.m
    claim = {
        "quantity": "loss",
        "n": n,
        "m": m,
        "feature_probability": text(p),
        "importance": text(importance),
        "value": text(importance * p * (1 - p) ** (n - 1) * n * least),
    }
    proof: JSON = {
        "even": matrices[: program.degree + 1],
        "odd": matrices[program.degree + 1 :],
        "alone": alone,
        "threshold": text(program.threshold),
        "most": text(most),
    }
    if program.own is not None:
        h = np.split(x[program.start_own : program.free - 3], 2)
        last = np.maximum(x[program.free - 3 : program.free], 0.0)
        first, second, caps = ([text(dyadic(value)) for value in row] for row in (*h, last[1:]))
        proof["own"] = [first, second, [text(dyadic(last[0])), text(program.own)], caps]
    if program.third is not None:
        proof["third"] = [text(number) for number in program.third]
    return Certificate("density", claim, proof)
