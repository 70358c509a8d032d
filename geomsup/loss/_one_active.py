r"""One feature alone, in closed form: what the series takes out, and the first-order term of the expansion.

For x uniform on [l, h] and z = b + ax, let d be the length of the part of [l, h] on which z > 0, c the centre of that
part and z_c the value of z there. All integrals over it are sums of like-signed terms about the centre,

.. math:: \int z = d z_c, \quad \int z^2 = d\,(z_c^2 + a^2 d^2/12), \quad \int x z = d\,(c z_c + a d^2/12),

so nothing is divided by a except to find the zero of z, and that only when it lies inside the interval.
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.loss._layout import Layout

__all__ = ["one_active"]


def one_active(
    layout: Layout, a: FloatArray, b: FloatArray, own: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """E z₊² − 2 own E x z₊ for z = b + a x, x a value of feature j alone, with its derivatives in a and b.

    Parameters
    ----------
    layout : Layout
        Value laws.
    a, b, own : array, broadcast to shape (..., n)
        Column j belongs to feature j; own is 1 where the row reconstructs that feature, otherwise 0.

    Returns
    -------
    value, da, db : array, shape (..., n)

    Examples
    --------
    >>> import numpy as np
    >>> from geomsup.loss._layout import layout
    >>> from geomsup.problem import Problem
    >>> value, da, db = one_active(layout(Problem(1)), np.array([1.0]), np.array([0.0]), np.array([1.0]))
    >>> value + 1 / 3, da, db  # E (x - x)^2 = 0, a minimum
    (array([0.]), array([0.]), array([0.]))
    """
    a, b, own = np.broadcast_arrays(a, b, own)
    value, da, db = np.zeros(a.shape), np.zeros(a.shape), np.zeros(a.shape)
    smooth = np.flatnonzero(layout.kind == 0)
    if smooth.size:
        value[..., smooth], da[..., smooth], db[..., smooth] = _uniform(
            a[..., smooth], b[..., smooth], own[..., smooth], layout.low[smooth], layout.high[smooth]
        )
    alike: dict[bytes, list[int]] = {}
    for j in np.flatnonzero(layout.kind == 1).tolist():
        atoms = slice(layout.atom_start[j], layout.atom_start[j + 1])
        alike.setdefault(layout.atom_values[atoms].tobytes() + layout.atom_weights[atoms].tobytes(), []).append(j)
    for columns in alike.values():
        atoms = slice(layout.atom_start[columns[0]], layout.atom_start[columns[0] + 1])
        x, weight = layout.atom_values[atoms], layout.atom_weights[atoms]
        mine = own[..., columns, None]
        z = np.maximum(b[..., columns, None] + a[..., columns, None] * x, 0)
        slope = 2 * np.where(z > 0, z - mine * x, 0)
        value[..., columns] = (z * (z - 2 * mine * x)) @ weight
        da[..., columns] = (slope * x) @ weight
        db[..., columns] = slope @ weight
    return value, da, db


def _uniform(
    a: FloatArray, b: FloatArray, own: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    width = high - low
    at_low, at_high = b + a * low, b + a * high
    largest = np.maximum(at_low, at_high)
    crossing = (largest > 0) & (np.minimum(at_low, at_high) < 0)
    part = np.where(crossing, largest / np.where(crossing, np.abs(a), 1.0), width)
    side = np.where(at_high > 0, 1.0, -1.0)
    centre = np.where(crossing, np.where(at_high > 0, high, low) - side * part / 2, (low + high) / 2)
    z = np.where(crossing, largest / 2, b + a * centre)
    share = np.where(largest > 0, part / width, 0.0)
    spread = part * part / 12
    xz, xx = centre * z + a * spread, centre * centre + spread
    value = share * (z * z + a * a * spread - 2 * own * xz)
    return value, 2 * share * (xz - own * xx), 2 * share * (z - own * centre)
