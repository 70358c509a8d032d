"""Which column of A goes with which column of B, and by which rotation: min ‖Q A P − B‖_F.

A and B have as many columns; Q takes the rows of A into the space of B. Which P are permitted, `Exchanges` says.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr
from scipy.optimize import linear_sum_assignment

from geomsup._typing import FloatArray, IntArray
from geomsup.identification._exchanges import Exchanges

__all__ = ["best_matching", "procrustes", "search"]

WIDTH = 256
"""Partial matchings kept by the search. A symmetric arrangement has many that are equal: 16 for an antiprism."""
FINISHED = 32
"""Partial matchings made into whole ones."""
MORE = 4
"""Columns matched beyond those that span the space, since a wrong match of few columns can look better than a right one
in an arrangement that is bent."""


def procrustes(A: FloatArray, B: FloatArray) -> FloatArray:
    """The Q with orthonormal rows or columns that minimises ‖QA − B‖_F: the polar factor of BAᵀ."""
    U, _, Vt = np.linalg.svd(B @ A.T, full_matrices=False)
    return np.asarray(U @ Vt)


def best_matching(A: FloatArray, B: FloatArray, rows: IntArray) -> IntArray:
    """The row P of `rows` for which ‖Q A P − B‖_F is least: the largest nuclear norm of B(AP)ᵀ.

    Only the k = min(m, n) dimensions that A and B span take part.
    """
    A, B = np.linalg.qr(A)[1], np.linalg.qr(B)[1]
    crossed = np.matmul(B, A[:, rows].transpose(1, 2, 0))
    return np.asarray(rows[np.argmax(np.linalg.svd(crossed, compute_uv=False).sum(axis=-1))])


def search(A: FloatArray, B: FloatArray, exchanges: Exchanges, *, enough: float = 0.0) -> IntArray:
    """A matching P that makes ‖Q A P − B‖_F small, not always the smallest.

    A few columns of B that span its space are matched first, the best spread first, by a beam search on inner products
    and on sorted rows of the Gram matrices, which no rotation or permutation changes. Each result fixes a rotation;
    assignment and rotation then improve in turn until neither changes.

    Parameters
    ----------
    A, B : arrays of shapes (m, n) and (d, n)
        What to match.
    exchanges : Exchanges
        The permutations permitted.
    enough : float
        Stop at the first matching with ‖Q A P − B‖_F² not above this.

    Returns
    -------
    int array of shape (n,)
        Column P[i] of A goes with column i of B.
    """
    base = _spanning(B)
    # No matching of the same rotation is improved twice: the partial ones often end in the same place.
    best, least, seen = np.arange(A.shape[1]), np.inf, set[bytes]()
    for images in _beam(A.T @ A, B.T @ B, exchanges, base)[:FINISHED]:
        matching = _assign(procrustes(A[:, images], B[:, base]) @ A, B, exchanges)
        while matching.tobytes() not in seen:
            seen.add(matching.tobytes())
            Q = procrustes(A[:, matching], B)
            value = float(np.sum((Q @ A[:, matching] - B) ** 2))
            if value < least:
                best, least = matching, value
            matching = _assign(Q @ A, B, exchanges)
        if least <= enough:
            break
    return best


def _spanning(B: FloatArray) -> IntArray:
    """Columns of B that span its space, those that pivoting takes first, and a few more."""
    _, R, order = qr(B, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(R))
    rank = int(np.sum(diagonal > 1e-6 * diagonal[0])) if diagonal[0] > 0 else 1
    return np.asarray(order[: rank + MORE], dtype=np.int64)


def _beam(G: FloatArray, H: FloatArray, exchanges: Exchanges, base: IntArray) -> IntArray:
    """Images of the base whose products in G are closest to those of the base in H, closest first."""
    n, labels = len(G), exchanges.labels
    together = exchanges.blocks[:, None] == exchanges.blocks
    barred = np.where(labels[:, None] == labels[base], 0.0, np.inf)
    # The k-th sorted row of one matrix against that of the other, per entry: as much as one more product would add.
    rows, own = np.sort(G, axis=1), np.sort(H[base], axis=1)
    cost_alone = barred + np.mean((rows[:, None] - own) ** 2, axis=-1) + (np.diag(G)[:, None] - np.diag(H)[base]) ** 2
    images, cost = np.empty((1, 0), np.int64), np.zeros(1)
    for k, vertex in enumerate(base):
        total = cost + cost_alone[:, [k]]
        for j in range(k):
            total += 2 * (G[:, images[:, j]] - H[vertex, base[j]]) ** 2
            if not exchanges.alone:
                total[together[:, images[:, j]] != together[vertex, base[j]]] = np.inf
        total[images.T, np.arange(len(images))] = np.inf
        flat = total.T.ravel()
        kept = np.argsort(flat, kind="stable")[:WIDTH]
        kept = kept[np.isfinite(flat[kept])]
        images = np.column_stack([images[kept // n], kept % n])
        cost = flat[kept]
    return images


def _assign(A: FloatArray, B: FloatArray, exchanges: Exchanges) -> IntArray:
    """The matching of columns that minimises the sum of squared distances: of blocks, and of members inside them."""
    cost = -(B.T @ A)
    matching = np.empty(len(cost), np.int64)
    for blocks in exchanges.kinds:
        if len(blocks[0]) == 1 and len(blocks[0][0]) == 1:
            members = np.concatenate([cell for block in blocks for cell in block])
            matching[members] = members[linear_sum_assignment(cost[np.ix_(members, members)])[1]]
            continue
        totals = np.array([[_inside(cost, own, other)[0] for other in blocks] for own in blocks])
        for own, k in zip(blocks, linear_sum_assignment(totals)[1], strict=True):
            matching[np.concatenate(own)] = _inside(cost, own, blocks[k])[1]
    return matching


def _inside(cost: FloatArray, own: list[IntArray], other: list[IntArray]) -> tuple[float, IntArray]:
    """The least cost of matching one block with another, label by label, and the members of the other in that order."""
    total, chosen = 0.0, list[IntArray]()
    for mine, theirs in zip(own, other, strict=True):
        table = cost[np.ix_(mine, theirs)]
        rows, columns = linear_sum_assignment(table)
        total += float(table[rows, columns].sum())
        chosen.append(theirs[columns])
    return total, np.concatenate(chosen)
