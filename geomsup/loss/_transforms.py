"""The transforms that the Fourier series is made of: of values, of what is on with a feature, of groups."""

from __future__ import annotations

import numpy as np

from geomsup._typing import BoolArray, ComplexArray, FloatArray
from geomsup.features.uniform import centred_transforms
from geomsup.loss._layout import Layout


def chance(layout: Layout) -> FloatArray:
    """Marginal probability of each feature."""
    size = np.where(layout.group_kind == 1, np.diff(layout.group_start), 1)
    return np.asarray((layout.group_probability / size)[layout.group_of])


def companions(layout: Layout) -> BoolArray:
    """[j, k]: feature k is another one that is on whenever j is."""
    same = layout.group_of[:, None] == layout.group_of
    together = (layout.group_kind == 0)[layout.group_of]
    return np.asarray(same & together & ~np.eye(layout.n_features, dtype=bool))


def product_except(factors: ComplexArray) -> ComplexArray:
    """Products of all rows but one; without division, since a factor may vanish."""
    one = np.ones_like(factors[:1])
    before = np.cumprod(np.concatenate([one, factors[:-1]]), axis=0)
    after = np.cumprod(np.concatenate([one, factors[:0:-1]]), axis=0)[::-1]
    return np.asarray(before * after)


def law_transforms(
    layout: Layout, a: FloatArray, t: FloatArray, own: int
) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """E e^{itax} and E x e^{itax} for every feature, shape (n, frequencies), and E x² e^{itax} for the own one."""
    mid, half = (layout.low + layout.high)[:, None] / 2, (layout.high - layout.low)[:, None] / 2
    s = a[:, None] * half * t
    phase = np.exp(1j * a[:, None] * mid * t)
    zeroth = np.sinc(s / np.pi)
    first, second = centred_transforms(s, zeroth)
    v, u = phase * zeroth, phase * (mid * zeroth + half * first)
    w = (phase * (mid**2 * zeroth + 2 * mid * half * first + half**2 * second))[own]
    for j in np.flatnonzero(layout.kind == 1):
        atoms = slice(layout.atom_start[j], layout.atom_start[j + 1])
        x, weight = layout.atom_values[atoms], layout.atom_weights[atoms]
        waves = np.exp(1j * a[j] * np.outer(t, x))
        v[j], u[j] = waves @ weight, waves @ (weight * x)
        if j == own:
            w = waves @ (weight * x * x)
    return v, u, w


def company_transforms(layout: Layout, v: ComplexArray, own: int) -> tuple[ComplexArray, ComplexArray]:
    """Transforms of what is on with each feature, and with it and the own one (0 if those are never on together)."""
    together = companions(layout)
    company, pair = np.ones_like(v), np.zeros_like(v)
    for j in np.flatnonzero(together.any(axis=1)):
        company[j] = np.prod(v[together[j]], axis=0)
        if together[own, j]:
            pair[j] = np.prod(v[together[own] & together[j]], axis=0)
    return company, pair


def group_factors(
    layout: Layout, member: ComplexArray, phase: ComplexArray, own: int
) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Transform of the own group, of all others with b, and, for each feature, of all but its and the own group."""
    p, size = layout.group_probability[:, None], np.diff(layout.group_start)[:, None]
    factors = 1 - p + p / size * np.add.reduceat(member[layout.group_member], layout.group_start[:-1], axis=0)
    mine = layout.group_of[own]
    factor = factors[mine].copy()
    factors[mine] = 1
    rest = np.asarray(product_except(np.asarray(factors, np.complex128)) * phase)
    return factor, rest[mine], rest[layout.group_of]
