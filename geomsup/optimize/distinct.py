"""When two arrangements are the same: up to rotation, and up to exchanging features that are alike."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from geomsup._typing import FloatArray, IntArray
from geomsup.problem import Problem

__all__ = ["Describer"]


class Describer:
    """Describe each feature by what no rotation changes, and match the descriptions of two arrangements.

    A feature's description is its bias, its squared norm, and its inner products with the others, sorted within each
    class of interchangeable features (those of its own set apart). Arrangements that differ by a rotation and a
    permitted permutation have distance zero; the converse is not proved, only not seen to fail together with equal
    losses.

    Parameters
    ----------
    problem : Problem
        Says which features are interchangeable.
    """

    def __init__(self, problem: Problem) -> None:
        self.labels: IntArray = problem.interchangeable()
        n = problem.n_features
        group = np.empty(n, np.int64)
        for g, members in enumerate(problem.features.groups):
            group[list(members.members)] = g
        others = np.array([[j for j in range(n) if j != i] for i in range(n)], np.int64).reshape(n, n - 1)
        # the others of each feature, class by class, those of its own set first within a class
        outside = group[others] != group[:, None]
        kinds = 2 * self.labels[others] + outside
        order = np.argsort(kinds, axis=1, kind="stable")
        self.others = np.take_along_axis(others, order, axis=1)
        kinds = np.take_along_axis(kinds, order, axis=1)
        self.classes: list[tuple[IntArray, list[slice]]] = []
        for label in range(self.labels.max() + 1):
            chosen = np.flatnonzero(self.labels == label)
            starts = [*np.flatnonzero(np.diff(kinds[chosen[0]], prepend=-1)).tolist(), n - 1]
            wide = [slice(i, k) for i, k in pairwise(starts) if k - i > 1]
            self.classes.append((chosen, [slice(2 + one.start, 2 + one.stop) for one in wide]))
        self.alone = np.array([chosen[0] for chosen, _ in self.classes if chosen.size == 1], np.int64)

    def describe(self, W: FloatArray, b: FloatArray) -> FloatArray:
        """One row per feature."""
        G = W.T @ W
        rows = np.column_stack([b, np.diag(G), np.take_along_axis(G, self.others, axis=1)])
        for chosen, segments in self.classes:  # features of one class have segments of one length
            for segment in segments:
                rows[chosen, segment] = np.sort(rows[chosen, segment], axis=1)
        return rows

    def distance(self, first: FloatArray, second: FloatArray) -> float:
        """Largest difference between matched descriptions, relative to the largest entry."""
        alone = self.alone
        worst = float(np.abs(first[alone] - second[alone]).max(initial=0.0))
        for chosen, _ in self.classes:
            if chosen.size > 1:
                cost = np.abs(first[chosen][:, None] - second[chosen][None]).max(axis=-1)
                worst = max(worst, float(cost[linear_sum_assignment(cost)].max()))
        return worst / max(1e-12, float(np.abs(first).max()), float(np.abs(second).max()))

    def groups(
        self, W: FloatArray, b: FloatArray, loss: FloatArray, *, loss_tol: float, tol: float, least: float = 0.0
    ) -> list[list[int]]:
        """Indices of equal arrangements together, lowest loss first, in the groups and among them.

        Parameters
        ----------
        W, b, loss : arrays with a leading axis of instances
            What to sort.
        loss_tol : float
            Relative difference in loss below which two may be the same.
        tol : float
            Distance below which they are.
        least : float
            Loss that stands in for a smaller one in that relative difference.
        """
        found: list[tuple[list[int], FloatArray]] = []
        for k in np.argsort(loss, kind="stable").tolist():
            if not np.isfinite(loss[k]):
                continue
            description = self.describe(W[k], b[k])
            for members, other in reversed(found):
                if (
                    loss[k] - loss[members[0]] <= loss_tol * max(abs(loss[k]), least)
                    and self.distance(description, other) <= tol
                ):
                    members.append(k)
                    break
            else:
                found.append(([k], description))
        return [members for members, _ in found]
