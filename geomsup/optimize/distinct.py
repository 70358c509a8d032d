"""When two arrangements are the same: up to rotation, and up to exchanging features that are alike."""

from __future__ import annotations

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
        group = np.empty(problem.n_features, np.int64)
        for g, members in enumerate(problem.features.groups):
            group[list(members.members)] = g
        self.same_group = group[:, None] == group[None, :]

    def describe(self, W: FloatArray, b: FloatArray) -> FloatArray:
        """One row per feature."""
        G = W.T @ W
        n = len(b)
        rows = []
        for i in range(n):
            parts = [np.array([b[i], G[i, i]])]
            for label in range(self.labels.max() + 1):
                for inside in (True, False):
                    chosen = (self.labels == label) & (self.same_group[i] == inside)
                    chosen[i] = False
                    parts.append(np.sort(G[i, chosen]))
            rows.append(np.concatenate(parts))
        # interchangeable features have descriptions of one length; pad the others to the longest
        width = max(map(len, rows))
        return np.array([np.pad(row, (0, width - len(row))) for row in rows])

    def distance(self, first: FloatArray, second: FloatArray) -> float:
        """Largest difference between matched descriptions, relative to the largest entry."""
        worst = 0.0
        for label in range(self.labels.max() + 1):
            chosen = self.labels == label
            cost = np.abs(first[chosen][:, None] - second[chosen][None]).max(axis=-1)
            rows, columns = linear_sum_assignment(cost)
            worst = max(worst, float(cost[rows, columns].max()))
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
