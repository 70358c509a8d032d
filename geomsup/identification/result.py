"""What an identification says: a name, factors, numbers, a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from math import factorial, prod
from typing import TYPE_CHECKING

import numpy as np

from geomsup._text import finite_or_none
from geomsup._typing import JSON, FloatArray
from geomsup.arrangement import Arrangement
from geomsup.dimensionality import dimensions_per_feature, feature_dimensionality
from geomsup.identification.factor import Factor, several

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Geometry"]

MOST_ROWS = 40
"""Rows in a summary."""


@dataclass(frozen=True, eq=False)
class Geometry:
    r"""Which arrangement it is.

    Parameters
    ----------
    W : array of shape (m, n)
        What was identified.
    factors : tuple of Factor
        The factors of the tegum product, named ones first, large ones first.
    unrepresented : tuple of int
        Columns too short to count.
    tolerance : float
        Cosine up to which two features count as orthogonal, chosen from the data.

    Examples
    --------
    >>> import geomsup as gs
    >>> geometry = gs.identify(gs.frames.tegum(gs.frames.polygon(5), [[1.0, -1.0]], [[0.0]]))
    >>> geometry
    Geometry(pentagon ⊗ digon + 1 not represented, residual=...)
    >>> geometry.symmetry_order
    20
    """

    W: FloatArray
    factors: tuple[Factor, ...]
    unrepresented: tuple[int, ...]
    tolerance: float

    @property
    def name(self) -> str:
        """One line: the factors joined by ⊗, and how many features are not represented."""
        counts = Counter(factor.label for factor in self.factors)
        if not counts:
            return "nothing represented"
        text = " ⊗ ".join(several(label, count) for label, count in counts.items())
        if all(factor.name is None for factor in self.factors):
            text = f"no named structure ({text})"
        return text + (f" + {len(self.unrepresented)} not represented" if self.unrepresented else "")

    @property
    def named(self) -> bool:
        """Whether there is a structure with a name, exact or near; a line alone is none, since any direction is one."""
        if len(self.represented) == 1:
            return False
        return any(factor.name is not None for factor in self.factors)

    @property
    def represented(self) -> tuple[int, ...]:
        """The other columns, in increasing order."""
        return tuple(sorted(i for factor in self.factors for i in factor.features))

    @property
    def residual(self) -> float:
        """The largest residual of a factor that has a name; NaN without one."""
        return max((factor.residual for factor in self.factors if factor.name is not None), default=np.nan)

    @property
    def dimensionality(self) -> FloatArray:
        """D_i, shape (n,): see `feature_dimensionality`."""
        return feature_dimensionality(self.W)

    @property
    def dimensions_per_feature(self) -> float:
        """D* = m/‖W‖_F²: see :func:`~geomsup.dimensions_per_feature`."""
        return float(dimensions_per_feature(self.W))

    @property
    def rank(self) -> int:
        """Rank of W, in floating point: ΣD_i is never more."""
        return int(np.linalg.matrix_rank(self.W))

    @property
    def cosines(self) -> FloatArray:
        """U_i·U_j over the represented features, in their order."""
        kept = list(self.represented)
        U = self.W[:, kept] / Arrangement(self.W).norms[kept]
        return np.asarray(U.T @ U)

    @property
    def coherence(self) -> float:
        """The largest absolute cosine of a pair of represented features; 0 without a pair."""
        return float(np.abs(np.triu(self.cosines, 1)).max(initial=0.0))

    @property
    def welch_bound(self) -> float:
        r"""The least coherence of n directions in r dimensions, with n features represented and r their rank.

        .. math:: \max_{i \ne j} |U_i \cdot U_j| \ge \sqrt{\frac{n - r}{r(n - 1)}}

        (Welch 1974, "Lower bounds on the maximum cross correlation of signals".)
        """
        n, r = len(self.represented), self._represented_rank
        return float(np.sqrt((n - r) / (r * (n - 1)))) if n > 1 else 0.0

    @property
    def frame_potential(self) -> float:
        """Σ_ij (U_i·U_j)² over the represented features: at least n²/r, with equality for tight frames."""
        return float(np.sum(self.cosines**2))

    @property
    def frame_potential_bound(self) -> float:
        """n²/r with n features represented and r their rank (Benedetto, Fickus 2003)."""
        return len(self.represented) ** 2 / max(self._represented_rank, 1)

    @property
    def _represented_rank(self) -> int:
        return int(np.linalg.matrix_rank(self.W[:, list(self.represented)])) if self.factors else 0

    @property
    def symmetry_order(self) -> int:
        """Order of the symmetry group of the represented directions, norms apart.

        The product of the orders of the factors, times k! for k factors of one name. Factors without a name are taken
        to be different from each other: :func:`~geomsup.symmetry` compares them.
        """
        copies = Counter(factor.label for factor in self.factors if factor.name is not None)
        return prod(factor.symmetry_order for factor in self.factors) * prod(map(factorial, copies.values()))

    @property
    def graph(self) -> nx.Graph:
        r"""The feature graph: an edge between features whose cosine is above the tolerance.

        Its ``weight`` is the larger of :math:`|U_i \cdot W_j|` and :math:`|U_j \cdot W_i|`, as in Elhage et al.
        2022. The nodes are the represented features, and the connected components the factors.
        """
        import networkx as nx

        nodes = list(self.represented)
        cosines = np.abs(self.cosines)
        norms = np.linalg.norm(self.W[:, nodes], axis=0)
        graph = nx.Graph()
        graph.add_nodes_from(nodes)
        for i, j in np.argwhere(np.triu(cosines, 1) > self.tolerance).tolist():
            graph.add_edge(nodes[i], nodes[j], weight=float(cosines[i, j] * max(norms[i], norms[j])))
        return graph

    def summary(self) -> str:
        """The name, the numbers, and a table of the factors, equal ones in one row."""
        D = self.dimensionality
        lines = [
            self.name,
            f"{self.W.shape[1]} features in {self.W.shape[0]} dimensions, {len(self.represented)} represented; "
            f"D* = {self.dimensions_per_feature:.4g}; ΣD = {D.sum():.4f} of rank {self.rank}",
            f"coherence {self.coherence:.4f} (Welch {self.welch_bound:.4f}); frame potential "
            f"{self.frame_potential:.4f} (at least {self.frame_potential_bound:.4f}); "
            f"symmetry order {_large(self.symmetry_order)}; cosines up to {self.tolerance:.2g} count as 0",
            "",
            f"{'count':>5}  {'factor':<32}{'n':>4}{'dim':>5}  {'D':<16}{'norms':<16}{'residual':>8}{'symmetry':>10}",
        ]
        groups: dict[tuple[str, int], list[Factor]] = {}
        for factor in self.factors:
            groups.setdefault((factor.label, factor.symmetry_order), []).append(factor)
        for (label, order), equal in list(groups.items())[:MOST_ROWS]:
            one = equal[0]
            shares = D[[i for factor in equal for i in factor.features]]
            norms = [norm for factor in equal for norm in factor.norms]
            lines.append(
                f"{len(equal):>5}  {label:<32}{len(one.features):>4}{one.dimension:>5}  "
                f"{_span(shares.min(), shares.max()):<16}{_span(min(norms), max(norms)):<16}"
                f"{max(factor.residual for factor in equal):>8.1e}{_large(order):>10}"
            )
        if len(groups) > MOST_ROWS:
            lines.append(f"{'':>5}  and {len(groups) - MOST_ROWS} more kinds")
        return "\n".join(lines)

    def to_dict(self) -> JSON:
        """Everything but W, for ``json.dumps``; a residual that is NaN becomes None."""
        return {
            "name": self.name,
            "factors": [
                {**asdict(factor), "label": factor.label, "residual": finite_or_none(factor.residual)}
                for factor in self.factors
            ],
            "unrepresented": list(self.unrepresented),
            "tolerance": self.tolerance,
            "residual": finite_or_none(self.residual),
            "dimensionality": self.dimensionality.tolist(),
            "dimensions_per_feature": finite_or_none(self.dimensions_per_feature),
            "rank": self.rank,
            "coherence": self.coherence,
            "welch_bound": self.welch_bound,
            "frame_potential": self.frame_potential,
            "symmetry_order": self.symmetry_order,
        }

    def __repr__(self) -> str:
        return f"Geometry({self.name}{f', residual={self.residual:.2g}' if self.named else ''})"


def _span(low: float, high: float) -> str:
    first, last = f"{low:.4f}", f"{high:.4f}"
    return first if first == last else f"{first}..{last}"


def _large(number: int) -> str:
    return str(number) if number < 10**8 else f"{float(number):.2e}" if number < 10**300 else "> 1e300"
