"""What a phase diagram is: the best arrangement of every cell, its name, and how far the next best is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from geomsup._typing import BoolArray, FloatArray
from geomsup.identification import identify
from geomsup.phases.labelled import Array, Sweep

__all__ = ["PhaseDiagram"]


@dataclass(frozen=True, eq=False, repr=False)
class PhaseDiagram(Sweep):
    """The global minimum of every problem on a grid, as searched.

    Parameters
    ----------
    dims : tuple of str
        The names of the axes.
    coords : dict of str to array
        The values along each axis.
    values : dict of str to array
        Arrays whose first axes are `dims`:

        ``loss``, ``error``
            Of the best arrangement found: exact loss, and a bound on its error.
        ``W``, ``b``, ``kind``, ``converged``
            That arrangement, filled up with NaN where sizes differ; what its Hessian says; whether its gradient is zero
            to 1e-9 of the loss scale.
        ``hits``, ``n_starts``
            How many random starts ended in it, and how many there were; descents with hops included where a problem
            has too many features for descents in common (see `phase_diagram`).
        ``label``, ``role``
            Its name, and what becomes of the last feature: not represented, dedicated dimension, in superposition.
        ``runner_up_loss``, ``runner_up_error``, ``runner_up_W``, ``runner_up_b``
            The next best local minimum, NaN where none was found.
        ``trained_loss``, ``trained_label``, ``trained_role``
            With `train`: exact losses of all instances, and the geometry of the best.

    Examples
    --------
    >>> import geomsup as gs
    >>> axes = {"feature_probability": [0.1, 0.8], "relative_importance": [0.2, 1.0]}
    >>> diagram = gs.phase_diagram(gs.Problem(n_features=2, n_hidden=1), axes)
    >>> diagram
    PhaseDiagram(feature_probability=2 × relative_importance=2: digon 2, line + 1 not represented 2)
    >>> diagram.values["role"]
    array([['in superposition', 'in superposition'],
           ['not represented', 'not represented']], dtype='<U16')
    """

    _kind: ClassVar[str] = "phase diagram"

    @property
    def loss(self) -> FloatArray:
        """Exact loss of the best arrangement of every cell."""
        return self.values["loss"]

    @property
    def error(self) -> FloatArray:
        """Bound on the error of `loss`."""
        return self.values["error"]

    @property
    def gap(self) -> FloatArray:
        """Loss of the next best local minimum above that of the best; NaN where there is none."""
        return np.asarray(self.values["runner_up_loss"] - self.values["loss"])

    @property
    def runner_up_label(self) -> Array:
        """Names of the next best minima, "" where there is none; they are looked up when they are asked for."""
        W = self.values["runner_up_W"].reshape(-1, *self.values["runner_up_W"].shape[-2:])
        return np.array([_name(one) for one in W]).reshape(self.shape)

    @property
    def hit_rate(self) -> FloatArray:
        """Share of the random starts that ended in the best arrangement; NaN without any."""
        starts = self.values["n_starts"]
        return np.where(starts > 0, self.values["hits"] / np.maximum(starts, 1), np.nan)

    @property
    def unsure(self) -> BoolArray:
        """Where the best and the next best cannot be told apart: their losses differ by no more than their errors."""
        error = self.values["error"] + self.values["runner_up_error"]
        return np.asarray(self.gap <= error)

    def count(self, by: str = "label") -> dict[str, int]:
        """How many cells have each label (or ``"role"``), the most frequent first."""
        return dict(Counter(self[by].ravel().tolist()).most_common())

    def _contents(self) -> str:
        found = [f"{label} {count}" for label, count in self.count().items()]
        more = [f"and {len(found) - 4} more"] if len(found) > 4 else []
        return ", ".join([*found[:4], *more])


def _name(W: FloatArray) -> str:
    """Of an arrangement filled up with NaN."""
    rows, columns = np.isfinite(W).any(axis=1), np.isfinite(W).any(axis=0)
    return identify(W[np.ix_(rows, columns)]).name if rows.any() else ""
