"""The name of a group of features, by its inner products."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from geomsup._typing import FloatArray, IntArray
from geomsup.identification._exchanges import Exchanges
from geomsup.identification._matching import search
from geomsup.identification.catalogue import Entry, named

__all__ = ["Match", "allowance", "best_match"]

NAMED = 0.005
"""Residual up to which a group has the name of an entry."""
NEAR = 0.06
"""Residual up to which it is near one, unless half the root mean square of the entry's products is less."""
COMPARED = 0.25
"""Residual beyond which an entry is not compared."""
BENT = 10.0
"""Degrees that the polar angle of a prism may differ from that with equal edges."""


class Match(NamedTuple):
    """An entry of the catalogue, which column goes with which of its features, and the residual."""

    entry: Entry
    columns: IntArray
    residual: float


def allowance(entry: Entry) -> float:
    """The residual up to which a group is near the entry.

    Vectors that are nearly orthogonal are not near a simplex with products −1/d only because those are small too:
    so never more than half of what the residual of orthogonal vectors would be.
    """
    spread = float(np.sqrt(np.mean(entry.products**2))) if len(entry.products) else 1.0
    return min(NEAR, spread / 2)


def best_match(U: FloatArray) -> Match | None:
    r"""The entry of the catalogue with the least residual, None when there is none to compare with.

    The residual is the root mean square of :math:`U_i \cdot U_j - F_i \cdot F_j` over the pairs, U matched to the
    entry F. No matching brings it below that of the sorted products, which is cheap and rules out most entries.
    Prisms and antiprisms are families: their polar angle is fitted.

    Parameters
    ----------
    U : array of shape (m, n)
        Unit columns.
    """
    n = U.shape[1]
    if n == 1:
        return Match(named(1)[0], np.zeros(1, np.int64), 0.0)
    C = U.T @ U
    upper = np.triu_indices(n, 1)
    products = np.sort(C[upper])
    entries = [entry for entry in named(n) if len(entry.W) <= len(U)]
    best, any_order = None, Exchanges.of_labels(np.zeros(n))
    bounds = [_rms(products - entry.products) for entry in entries]
    fixed_first = sorted(zip(bounds, entries, strict=True), key=lambda pair: (pair[1].family is not None, pair[0]))
    for bound, entry in fixed_first:
        if bound > COMPARED:
            continue
        if best is not None and best.residual <= NAMED:
            break
        for W in entry.members:
            # Columns that match to rounding end the search.
            columns = search(U, W, any_order, enough=1e-20 * n)
            match = _fitted(entry, columns, C[np.ix_(columns, columns)])
            if best is None or _cost(match) < _cost(best):
                best = match
    return best


def _fitted(entry: Entry, columns: IntArray, C: FloatArray) -> Match:
    """The residual of matched cosines C; of a family that of the member with the best polar angle."""
    upper = np.triu_indices(len(C), 1)
    if entry.polar_angle is not None:
        angle = minimize_scalar(
            lambda angle: np.sum((C - entry.at(angle).gram)[upper] ** 2),
            bounds=(entry.polar_angle - BENT, min(entry.polar_angle + BENT, 85.0)),
            method="bounded",
            options={"xatol": 1e-9},
        )
        entry = entry.at(float(angle.x))
    return Match(entry, columns, _rms((C - entry.gram)[upper]))


def _cost(match: Match) -> float:
    """A family fits noise with one number more, so it must be twice as close."""
    return match.residual if match.entry.family is None else 2 * match.residual


def _rms(differences: FloatArray) -> float:
    return float(np.sqrt(np.mean(differences**2)))
