r"""What nothing can be better than: proved limits, at least one of which every entry that is called *proved* attains.

========================  ==================================================  =======================================
kind                      limit                                               attained
========================  ==================================================  =======================================
energy                    ≥ 0                                                 n ≤ 2m: pairs ±e_i have no acute angle
energy                    ≥ n²/C(m) − n where C(m) is known                   m = 1, n even; m = 2, 5 divides n
energy, m = 1             ≥ k(k−1) + (n−k)(n−k−1), k = ⌊n/2⌋                   always: vectors ±1
capacity                  ≤ n                                                 n ≤ 2m
capacity, m = 1           ≤ 2                                                 n ≥ 2
capacity, m = 2           ≤ 5(7 + √5)/11                                      n ≥ 5: the pentagon
one active feature        ≥ 0                                                 n ≤ 2m, with b = 0
one active feature        ≥ h_n/3, n = 5, 6 or 7, m = 2                       the regular polygon
expected loss             ≥ 0                                                 n ≤ m: an orthonormal basis
========================  ==================================================  =======================================

``docs/atlas.md`` has the arguments.
"""

from __future__ import annotations

from math import sqrt

from geomsup.atlas.kinds import Kind
from geomsup.sparse import k_gon

__all__ = ["ATTAINED", "limit", "reason"]

CAPACITY = {1: 2.0, 2: 5 * (7 + sqrt(5)) / 11}
"""C(m) where it is known."""
POLYGONS = (5, 6, 7)
"""Features in the plane of which the regular polygon is the least with one active."""
ATTAINED = 1e-12
"""Difference from a limit, relative to 1 or to the limit if that is larger, up to which a value attains it. Measured:
at most 2e-15 in the atlas, where all others are at least 3e-5 away."""


def limit(kind: Kind, m: int, n: int) -> float:
    """The proved lower limit of an energy or loss, or upper limit of a capacity."""
    if kind == "capacity":
        return min(float(n), CAPACITY.get(m, float(n)))
    if kind == "one_active" and m == 2 and n in POLYGONS:
        return k_gon(n).h / 3
    if kind != "energy":
        return 0.0
    if m == 1:
        k = n // 2
        return float(k * (k - 1) + (n - k) * (n - k - 1))
    return max(0.0, n * n / CAPACITY[m] - n) if m in CAPACITY else 0.0


def reason(kind: Kind, m: int, n: int, value: float) -> str | None:
    """Why nothing is better than this value, in a few words; None where nothing is proved."""
    bound = limit(kind, m, n)
    if abs(value - bound) > ATTAINED * max(1.0, abs(bound)):
        return None
    if kind == "capacity" and bound < n:
        return "vectors on a line" if m == 1 else "a polynomial certificate"
    if kind == "energy" and bound > 0:
        return "vectors on a line" if m == 1 else "a polynomial certificate"
    if kind == "one_active" and bound > 0:
        return "a certificate that it is the least"
    return "no feature disturbs another"
