"""The forces between features, and how well they balance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geomsup._typing import JSON, FloatArray
from geomsup._validate import frozen

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Stress", "stress_of"]

STRESSED = 1e-6
"""Stress, relative to the largest, up to which a pair carries none. Measured at minima with n = 5, m = 2: up to 3e-12
where it should be 0, between features of different digons; 3e-5 for the weakest pairs of a pentagon at p = 1e-5."""


@dataclass(frozen=True, eq=False)
class Stress:
    r"""A symmetric matrix ω that says how features push each other.

    .. math:: \frac{\partial L}{\partial W_i} = \sum_j \omega_{ij} W_j, \qquad
              \omega = D + D^\top, \quad D = \frac{\partial L}{\partial M}, \quad M = W^\top W .

    Descent moves feature i along :math:`-\sum_j \omega_{ij} W_j`. So feature j repels feature i where ω_ij > 0 and
    attracts it where ω_ij < 0, and ω_ii < 0 stretches feature i. At a critical point the forces balance at every
    feature, the sum over j is 0: an equilibrium stress of the framework of spokes, in the sense of rigidity theory.

    For an energy Σ f(u_i·u_j) of unit vectors, ω_ij = 2f'(u_i·u_j) and ω_ii = −Σ_{j≠i} ω_ij u_i·u_j, the multiplier of
    ‖u_i‖ = 1, so that the sum is the gradient along the sphere, 2 Σ_j f'(t_ij)(u_j − t_ij u_i).

    Parameters
    ----------
    matrix : array of shape (n, n)
        ω, symmetric.
    residual : array of shape (n,)
        ‖Σ_j ω_ij W_j‖, the force that is left at feature i.
    largest : float
        The largest single force, max ‖ω_ij W_j‖.
    nothing : float
        A billionth of the scale of the loss: no larger entry of ω is a stress. A perfect reconstruction has none.

    Examples
    --------
    With one active feature, only neighbours in a pentagon push each other:

    >>> import geomsup as gs
    >>> pentagon = gs.k_gon(5).arrangement
    >>> problem = gs.Problem(n_features=5, n_hidden=2)
    >>> stress = gs.local_structure(problem, pentagon.W, pentagon.b, loss="one_active").stress
    >>> stress
    Stress(5 of 10 pairs carry stress, balanced to ... of the largest force)
    >>> stress.pairs
    ((0, 1), (0, 4), (1, 2), (2, 3), (3, 4))
    """

    matrix: FloatArray
    residual: FloatArray
    largest: float
    nothing: float

    @property
    def imbalance(self) -> float:
        """The largest residual relative to the largest single force, or to `nothing` where no force is above it."""
        return float(self.residual.max(initial=0.0)) / max(self.largest, self.nothing)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The pairs i < j that carry stress: more than a millionth of the largest entry of ω, and than `nothing`."""
        size = np.abs(self.matrix)
        i, j = np.nonzero(np.triu(size > max(STRESSED * float(size.max(initial=0.0)), self.nothing), 1))
        return tuple(zip(i.tolist(), j.tolist(), strict=True))

    @property
    def graph(self) -> nx.Graph:
        """The contact graph: all features, and an edge with attribute ``stress`` for every pair that carries stress.

        Nodes have ``stress`` too, that of their own spoke, ω_ii.
        """
        import networkx as nx

        graph = nx.Graph()
        graph.add_nodes_from((i, {"stress": own}) for i, own in enumerate(np.diag(self.matrix).tolist()))
        graph.add_edges_from((i, j, {"stress": float(self.matrix[i, j])}) for i, j in self.pairs)
        return graph

    def to_dict(self) -> JSON:
        """Everything as numbers and lists, for ``json.dumps``."""
        return {
            "matrix": self.matrix.tolist(),
            "residual": self.residual.tolist(),
            "imbalance": self.imbalance,
            "pairs": [list(pair) for pair in self.pairs],
        }

    def __repr__(self) -> str:
        n = len(self.matrix)
        carried = f"{len(self.pairs)} of {n * (n - 1) // 2} pairs carry stress"
        return f"Stress({carried}, balanced to {self.imbalance:.0e} of the largest force)"


def stress_of(matrix: FloatArray, W: FloatArray, scale: float) -> Stress:
    """ω of a loss of this scale, with what it leaves at the columns of W."""
    single = np.abs(matrix) * np.linalg.norm(W, axis=0)
    residual = np.linalg.norm(W @ matrix, axis=0)
    return Stress(frozen(matrix), frozen(residual), float(single.max(initial=0.0)), 1e-9 * scale)
