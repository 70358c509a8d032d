"""Identify an arrangement: what is represented, how it splits, and what the parts are called."""

from __future__ import annotations

import numpy as np

from geomsup._typing import ArrayLike, FloatArray, IntArray
from geomsup._validate import frozen
from geomsup.arrangement import Arrangement
from geomsup.identification._coloured import colours
from geomsup.identification.factor import Factor
from geomsup.identification.naming import NAMED, allowance, best_match
from geomsup.identification.result import Geometry
from geomsup.identification.symmetry import symmetry
from geomsup.splitting import numerical_rank, split

__all__ = ["identify"]

EQUAL = 1e-4
"""Cosines closer than this are one, where they are counted."""


def identify(W: ArrayLike) -> Geometry:
    """Name an arrangement: which tegum product of which known frames it is, and how exactly.

    1. Features are *represented* when they are longer than half of the longest (:func:`geomsup.represented`).
    2. They split into *factors*: groups orthogonal to each other, within a tolerance that is put in the widest gap of
       the cosines that could join them.
    3. A factor has the *name* of the frame in the catalogue whose cosines it has, up to a permutation. With a root mean
       square difference up to 0.005 the name stands alone, up to 0.06 (less for large simplices) it is "near" the
       name, beyond that the factor has none.

    Names belong to directions; a pentagon may have five different norms. Nothing changes when W is rotated,
    multiplied by a number, or its columns are permuted. ``docs/geometry.md`` gives each rule with its measurements.

    Parameters
    ----------
    W : array_like of shape (m, n)
        Directions in columns.

    Raises
    ------
    ValueError
        W is not a matrix of finite numbers.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.identify(gs.frames.tegum(gs.frames.polygon(3), gs.frames.antipodal_pairs(2))).name)
    triangle ⊗ 2 digons
    >>> print(gs.identify(gs.frames.random_frame(3, 7, rng=0)).name)
    no named structure (7 in dimension 3)
    """
    arrangement = Arrangement(W)
    norms = arrangement.norms
    counted = arrangement.represented
    kept = np.flatnonzero(counted)
    # Dividing by the largest norm first keeps the squares of tiny entries from vanishing.
    U = arrangement.W[:, kept] / (norms.max() or 1.0)
    U = U / np.linalg.norm(U, axis=0)
    tolerance, groups = split(U) if len(kept) else (0.0, [])
    factors = [_factor(U, kept, norms, group) for group in groups]
    factors.sort(key=lambda f: (f.name is None, -f.dimension, -len(f.features), f.label, min(f.features)))
    return Geometry(frozen(arrangement.W), tuple(factors), tuple(np.flatnonzero(~counted).tolist()), tolerance)


def _factor(U: FloatArray, kept: IntArray, norms: FloatArray, group: IntArray) -> Factor:
    own = U[:, group]
    inside = own.T @ own
    cosines = colours(inside[np.triu_indices(len(group), 1)], EQUAL)
    outside = np.delete(U, group, axis=1)
    leak = float(np.sqrt(np.mean((outside.T @ own) ** 2))) if outside.size else 0.0
    match = best_match(own)
    residual = np.nan if match is None else max(match.residual, leak)
    limit = 0.0 if match is None else allowance(match.entry)
    if match is not None and residual <= limit:
        entry = match.entry
        name, angle, dimension, order = entry.name, entry.polar_angle, len(entry.W), entry.symmetry_order
        group = group[match.columns]
    else:
        name, angle, dimension, order = None, None, numerical_rank(own), symmetry(own, tol=EQUAL).order
    lengths = np.linalg.svd(own, compute_uv=False)[:dimension]
    features = kept[group]
    return Factor(
        features=tuple(features.tolist()),
        name=name,
        near=name is not None and residual > NAMED,
        dimension=dimension,
        residual=residual,
        confidence=0.0 if name is None else 1 - residual / limit,
        nearest=None if match is None else match.entry.name,
        polar_angle=angle,
        n_products=int(cosines.max()) + 1 if cosines.size else 0,
        tight=bool(lengths[-1] > 0.99 * lengths[0]),
        symmetry_order=order,
        norms=(float(norms[features].min()), float(norms[features].max())),
    )
