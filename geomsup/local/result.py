"""What is known of a loss around one point: spectrum, kind, learning coefficient, forces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geomsup._text import finite_or_none
from geomsup._typing import JSON, FloatArray
from geomsup.local.stress import Stress
from geomsup.optimize.newton import FLAT, Curvature
from geomsup.optimize.solution import Kind

__all__ = ["CRITICAL", "LocalKind", "LocalStructure"]

LocalKind = Kind | Literal["not critical"]

CRITICAL = 1e-6
"""Gradient norm, relative to the scale of the loss, up to which a point counts as critical. Minima that a search
finished have 1e-9 and less; five features after 10,000 steps of AdamW at p = 0.1 had 2e-2."""


@dataclass(frozen=True, eq=False)
class LocalStructure:
    r"""The second order of a loss at a point, rotations apart, and the forces that balance there.

    Parameters
    ----------
    value : float
        The loss, or the energy.
    gradient_norm : float
        Norm of its gradient: in all free parameters, projected on b ≤ 0 where that is asked, or along the sphere.
    scale : float
        What the gradient is measured by: the loss of the best constant answer, or a typical force.
    curvature : Curvature
        ``values`` (ascending) and ``vectors`` of the Hessian on the directions that are neither rotations nor held.
    rotation_values : array
        Second derivatives along the rotations of W, as many as move it: m(m − 1)/2 less (m − r)(m − r − 1)/2 for W of
        rank r. At a critical point all are zero, and how far from zero they come out is a check.
    n_held : int
        Biases that the constraint b ≤ 0 holds at zero against a slope.
    smooth : bool
        Whether the loss has continuous second derivatives there. Where it has not, at a kink, the Hessian averages over
        both sides, and what is said of it is only an indication.
    stress : Stress
        How features push each other.

    Examples
    --------
    >>> import geomsup as gs
    >>> pentagon = gs.k_gon(5).arrangement
    >>> local = gs.local_structure(gs.Problem(5, 2), pentagon.W, pentagon.b, loss="one_active")
    >>> local
    LocalStructure(minimum, 14 positive, 0 flat, 0 negative, 1 rotation, learning coefficient 7)
    >>> local.learning_coefficient
    7.0
    """

    value: float
    gradient_norm: float
    scale: float
    curvature: Curvature
    rotation_values: FloatArray
    n_held: int
    smooth: bool
    stress: Stress

    @property
    def values(self) -> FloatArray:
        """Eigenvalues of the Hessian on all directions but rotations and held biases, ascending."""
        return self.curvature.values

    @property
    def kind(self) -> LocalKind:
        """Strict minimum, degenerate, saddle, or not critical.

        "minimum": all eigenvalues but those of rotations are positive, so the point is a strict local minimum up to
        rotation. "degenerate": none is negative, some are zero to 1e-6 of the largest; whether it is a minimum is
        decided by higher orders. "saddle": some are negative. "not critical": the gradient is above 1e-6 of the scale.
        """
        return self.curvature.kind if self.gradient_norm <= CRITICAL * self.scale else "not critical"

    @property
    def n_rotations(self) -> int:
        """dim O(m) less the dimension of the rotations that leave W as it is."""
        return len(self.rotation_values)

    @property
    def n_positive(self) -> int:
        """Directions in which the loss rises to second order."""
        return int(np.sum(self.values > self._flat))

    @property
    def n_negative(self) -> int:
        """Directions in which it falls to second order: the Morse index."""
        return int(np.sum(self.values < -self._flat))

    @property
    def n_flat(self) -> int:
        """Zero modes that are not rotations."""
        return len(self.values) - self.n_positive - self.n_negative

    @property
    def n_zero(self) -> int:
        """All zero modes: rotations, and `n_flat` others."""
        return self.n_rotations + self.n_flat

    @property
    def _flat(self) -> float:
        return FLAT * float(np.abs(self.values).max(initial=0.0))

    @property
    def learning_coefficient_bounds(self) -> tuple[float, float] | None:
        r"""Bounds on the local learning coefficient λ (the real log canonical threshold) of a minimum, or None.

        λ is the exponent of the volume of the neighbours whose loss is at most ε higher, ε^λ up to logarithms (Watanabe
        2009, *Algebraic Geometry and Statistical Learning Theory*). With r positive eigenvalues, f flat directions
        that are not rotations, and h biases that the constraint b ≤ 0 holds,

        .. math:: \frac r2 + h \;\le\; \lambda \;\le\; \frac{r + f}{2} + h .

        Below: the splitting lemma leaves r squares and a function of the flat directions. Above: the loss rises at
        most as the squared distance from the orbit. A held bias counts whole, since the loss rises in proportion to it.

        At a degenerate point both hold only if it is a minimum, which second order cannot tell. None at a saddle, at a
        point that is not critical, and at a kink.
        """
        if not self.smooth or self.kind not in ("minimum", "degenerate"):
            return None
        return self.n_positive / 2 + self.n_held, (self.n_positive + self.n_flat) / 2 + self.n_held

    @property
    def learning_coefficient(self) -> float | None:
        """λ where the two bounds meet, at a strict minimum up to rotation: half the number of directions. Else None."""
        bounds = self.learning_coefficient_bounds
        return bounds[0] if bounds is not None and bounds[0] == bounds[1] else None

    @property
    def learning_coefficient_text(self) -> str:
        """λ in words: a number, bounds, or why there is none."""
        bounds = self.learning_coefficient_bounds
        if bounds is None:
            return "not defined at a kink of the loss" if self._kink else f"not defined: {self.kind}"
        low, high = bounds
        return f"{low:g}" if low == high else f"{low:g} to {high:g}, if this is a minimum"

    @property
    def _kink(self) -> bool:
        return not self.smooth and self.kind in ("minimum", "degenerate")

    def summary(self) -> str:
        """What is known, in a few lines."""
        values, stress = self.values, self.stress
        counts = f"{self.n_positive} positive, {self.n_flat} flat, {self.n_negative} negative"
        span = f", from {values[0]:.4g} to {values[-1]:.4g}" if values.size else ""
        largest = float(np.abs(self.rotation_values).max(initial=0.0))
        n = len(stress.matrix)
        return "\n".join(
            [
                f"kind                  {self.kind}" + ("" if self.smooth else " (at a kink of the loss)"),
                f"value                 {self.value:.12g}",
                f"gradient norm         {self.gradient_norm:.1e}",
                f"eigenvalues           {counts}{span}",
                f"rotations             {self.n_rotations}, with eigenvalues up to {largest:.1e}",
                f"learning coefficient  {self.learning_coefficient_text}",
                f"stress                {len(stress.pairs)} of {n * (n - 1) // 2} pairs carry it; "
                f"forces balance to {stress.imbalance:.1e} of the largest",
            ]
        )

    def to_dict(self) -> JSON:
        """Everything but the eigenvectors, as numbers, text and lists for ``json.dumps``."""
        return {
            "kind": self.kind,
            "value": self.value,
            "gradient_norm": finite_or_none(self.gradient_norm),
            "scale": self.scale,
            "eigenvalues": self.values.tolist(),
            "rotation_eigenvalues": self.rotation_values.tolist(),
            "n_positive": self.n_positive,
            "n_flat": self.n_flat,
            "n_negative": self.n_negative,
            "n_rotations": self.n_rotations,
            "n_held": self.n_held,
            "smooth": self.smooth,
            "learning_coefficient": self.learning_coefficient,
            "learning_coefficient_bounds": self.learning_coefficient_bounds,
            "stress": self.stress.to_dict(),
        }

    def __repr__(self) -> str:
        turns = f"{self.n_rotations} rotation{'' if self.n_rotations == 1 else 's'}"
        return (
            f"LocalStructure({self.kind}, {self.n_positive} positive, {self.n_flat} flat, {self.n_negative} negative, "
            f"{turns}, learning coefficient {self.learning_coefficient_text})"
        )
