r"""An arrangement taken apart: factors orthogonal to each other are problems of their own, smaller and exact.

Where the represented features split into groups in orthogonal subspaces, and the others are zero with the best
constant as their bias, every row depends on one group only, and the loss is the sum over the groups of the losses of
smaller problems. If the features are independent and each group is critical, the whole is critical: the slope in
M_ij across groups is :math:`E\,x_j\,\partial L/\partial b_i = 0`. So a search that ends near such an arrangement is
finished group by group, on weights whose zeros are exactly zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.features import Independent
from geomsup.loss._tails import row_range
from geomsup.optimize.lbfgs import LEAST_SCALE
from geomsup.optimize.objective import Fidelity, Objective
from geomsup.splitting import nonzero, numerical_rank, split

__all__ = ["Part", "assemble", "revive", "take_apart"]

SAME_LOSS = 1e-3
"""What the exact zeros may add to the loss at first, relative to it. Searches leave entries of up to 1e-2 in their
place, and finishing the parts takes back more than that."""


@dataclass(frozen=True, eq=False)
class Part:
    """A group of features with the hidden axes that are theirs alone, as a problem of its own."""

    features: IntArray
    axes: IntArray
    objective: Objective
    x: FloatArray


def take_apart(objective: Objective, x: FloatArray) -> list[Part]:
    """The parts of an arrangement; one, everything as it is, where it has none or the features are not independent.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    x : array, shape (parameters,)
        Near a minimum.

    Returns
    -------
    list of Part
        Features in none of them are not represented. Hidden axes are turned so that each part has its own.
    """
    whole = [Part(np.arange(objective.problem.n_features), np.arange(objective.problem.n_hidden), objective, x)]
    if not isinstance(objective.problem.features, Independent):
        return whole
    W, b = objective.unpack(x)
    norms = np.linalg.norm(W, axis=0)
    kept = np.flatnonzero(nonzero(norms))
    if not kept.size:
        return whole
    U = W[:, kept] / norms[kept]
    tolerance, groups = split(U)
    parts, taken = [], 0
    for group in groups:
        features = kept[group]
        rank = numerical_rank(U[:, group], tolerance)
        basis = np.linalg.svd(U[:, group], full_matrices=False)[0][:, :rank]
        parts.append(_part(objective, features, np.arange(taken, taken + rank), basis.T @ W[:, features], b[features]))
        taken += rank
    if taken > len(W):
        return whole
    before = float(objective(x[None], objective.fine)[0][0])
    after = float(objective(assemble(objective, parts)[None], objective.fine)[0][0])
    allowed = SAME_LOSS * max(abs(before), LEAST_SCALE * objective.scale)
    return parts if after <= before + allowed else whole


def _part(objective: Objective, features: IntArray, axes: IntArray, W: FloatArray, b: FloatArray) -> Part:
    problem = objective.problem
    law = problem.features
    smaller = problem.replace(
        features=Independent(problem.feature_probability[features], [law.laws[j] for j in features.tolist()]),
        importance=problem.importance[features],
        n_hidden=axes.size,
    )
    part = Objective(smaller, objective.bias_of(features))
    return Part(features, axes, part, part.pack(W, b))


def assemble(objective: Objective, parts: list[Part]) -> FloatArray:
    """The parameters of the whole; features in no part are zero, with the best constant output."""
    problem = objective.problem
    W, b = np.zeros((problem.n_hidden, problem.n_features)), _best_constants(objective)
    for part in parts:
        own, bias = part.objective.unpack(part.x)
        W[np.ix_(part.axes, part.features)] = own
        b[part.features] = bias
    return objective.pack(W, b)



def revive(objective: Objective, x: FloatArray, loss: FloatArray, fidelity: Fidelity) -> tuple[FloatArray, FloatArray]:
    """Points in which no feature is dead that would do better with a constant output, and their losses.

    A feature whose output is zero for every input has no gradient left, and descents end there. Without a direction
    and with its mean as its bias it is not represented either, but costs I (E x)² less.

    Parameters
    ----------
    objective : Objective
        What is minimised; nothing changes unless its bias is free.
    x, loss : arrays, shapes (instances, parameters) and (instances,)
        Points and their losses.
    fidelity : Fidelity
        Of the losses.
    """
    if objective.fixed is not None or objective.nonpositive or objective.problem.activation != "relu":
        return x, loss
    W, b = objective.unpack(x)
    M = np.swapaxes(W, -1, -2) @ W
    highest = np.array([row_range(objective.data, *one)[1] for one in zip(M, b, strict=True)])
    dead = (highest <= 0) & (objective.problem.features.mean() > 0)
    changed = np.flatnonzero(dead.any(axis=1))
    if not changed.size:
        return x, loss
    W, b = np.where(dead[:, None], 0.0, W), np.where(dead, _best_constants(objective), b)
    trial = objective.pack(W[changed], b[changed])
    lower, _ = objective(trial, fidelity)
    better = lower < loss[changed]
    x, loss = x.copy(), loss.copy()
    x[changed[better]], loss[changed[better]] = trial[better], lower[better]
    return x, loss


def _best_constants(objective: Objective) -> FloatArray:
    """The bias of each feature that makes the best of a feature without a direction."""
    mean = objective.problem.features.mean()
    if objective.problem.activation != "identity":
        mean = np.maximum(mean, 0.0)
    return np.minimum(mean, 0.0) if objective.nonpositive else mean
