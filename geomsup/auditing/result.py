"""What an audit says: the numbers, with the geometry and the bound that go with them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geomsup._text import finite_or_none
from geomsup._typing import JSON, BoolArray, FloatArray
from geomsup.arrangement import Arrangement
from geomsup.auditing._known import Source
from geomsup.auditing._words import described, noise_and_basin, summary, verdict
from geomsup.bounds import Bound, Bracket, Evidence
from geomsup.bounds import bound as best_bound
from geomsup.dimensionality import represented
from geomsup.identification import Geometry, identify
from geomsup.optimize import Minimum
from geomsup.problem import Problem

__all__ = ["Audit"]


@dataclass(frozen=True, eq=False)
class Audit:
    r"""What given weights are worth: their exact loss, and the part of it that a better training could save.

    .. math:: L(W) - L^* = \underbrace{L(W) - L(\text{nearest})}_{\text{noise}}
                         + \underbrace{L(\text{nearest}) - L^*}_{\text{basin}}

    The nearest minimum is where steepest descent from the weights ends, and L* is the best loss known, so that
    L* ≤ L(nearest) ≤ L(W) always.

    Parameters
    ----------
    problem : Problem
        What the weights are for.
    W, b : arrays of shapes (n_hidden, n_features) and (n_features,)
        The weights.
    W_out : array of shape (n_features, n_hidden), or None
        Output weights of an untied model.
    loss, error : float
        Expected loss, a sum over features, and a bound on its error.
    gradient_norm : float
        Norm of its gradient in all weights.
    nearest : Minimum or None
        The local minimum below the weights. Its ``hits`` count the descents of the search that ended in it: 0 where
        the search did not keep it, or where there was none. None for untied weights, whose loss can go on falling while
        they grow without limit.
    n_saddles : int
        How many saddles the descent ended in and was pushed off: then which minimum is nearest is a matter of chance.
    followed : bool
        Whether steepest descent was followed; False where a quasi-Newton descent went down instead (on request, and
        beyond 700 parameters), which can end in a neighbouring minimum.
    best, best_error : float
        L*: the lowest loss known (with tied weights), or that of `nearest` or of untied weights where it is lower
        still. The error is 0 where the loss was given as a number.
    source : {"search", "given", "weights"}
        Where `best` comes from; ``"weights"``: nothing else known is as low as the minimum below these weights.
    rank : int or None
        Place of `nearest` among the losses of the minima known; 1 is the best.
    n_minima : int
        How many different losses of minima are known, that of `nearest` included.

    Examples
    --------
    >>> import geomsup as gs, numpy as np
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.1)
    >>> audit = gs.audit(problem, [[0.9, -0.9]], [0.0, 0.0])
    >>> audit
    Audit(loss=0.00587617, excess=0.00256 (77%) = noise 0.00256 + basin 0, minimum 1 of 2)
    >>> audit.best <= audit.nearest.loss <= audit.loss
    True
    """

    problem: Problem
    W: FloatArray
    b: FloatArray
    W_out: FloatArray | None
    loss: float
    error: float
    gradient_norm: float
    nearest: Minimum | None
    n_saddles: int
    followed: bool
    best: float
    best_error: float
    source: Source
    rank: int | None
    n_minima: int

    @property
    def loss_per_feature(self) -> float:
        """The loss in the other convention, a mean over features: L/n."""
        return self.loss / self.problem.n_features

    @property
    def excess(self) -> float:
        """L(W) − L*, the loss above the best known: at least zero."""
        return self.loss - self.best

    @property
    def noise(self) -> float | None:
        """L(W) − L(nearest): what longer, or quieter, training in the same basin would save."""
        return None if self.nearest is None else self.loss - self.nearest.loss

    @property
    def basin(self) -> float | None:
        """L(nearest) − L*: what it costs to be in this basin and not in the best one known."""
        return None if self.nearest is None else self.nearest.loss - self.best

    @cached_property
    def bound(self) -> Bound:
        """What no arrangement can beat, from :func:`geomsup.bound`; `known` is False where no bound is known.

        Of the untied models only the linear one has a bound: those of ReLU models are for W_out = Wᵀ.
        """
        if self.W_out is not None and self.problem.activation != "identity":
            return Bound(0.0, "none", None, Evidence.PROVED, "loss ≥ 0")
        return best_bound(self.problem)

    @property
    def bracket(self) -> Bracket:
        """Both sides of the optimum: `bound`, and the best loss known, rounded up."""
        upper = math.nextafter(self.best + self.best_error, math.inf)
        return Bracket("loss", self.bound.value, max(self.bound.value, upper), None, self.bound.certificate)

    def relative(self, part: float) -> float:
        """A part of the loss relative to L*; infinite where L* is zero to within its error and the part is not."""
        if self.best > self.best_error:
            return part / self.best
        return math.inf if part > self.error + self.best_error else 0.0

    @property
    def gain(self) -> FloatArray:
        """How much of a change in x_i comes back in output i while it is on: (WᵀW)_ii = ‖W_i‖², or (W_out W)_ii."""
        out = self.W.T if self.W_out is None else self.W_out
        return np.asarray(np.einsum("ik,ki->i", out, self.W))

    @property
    def represented(self) -> BoolArray:
        """Which features are represented, by :func:`geomsup.represented`: a gain above a quarter of the largest."""
        return represented(self.W, self.W_out)

    @property
    def arrangement(self) -> Arrangement:
        """W and b, with their norms, dimensionality and interference."""
        return Arrangement(self.W, self.b)

    @cached_property
    def geometry(self) -> Geometry:
        """Which arrangement the weights are, by :func:`geomsup.identify` of W: of untied weights, of the input side."""
        return identify(self.W)

    @cached_property
    def nearest_geometry(self) -> Geometry | None:
        """Which arrangement the nearest minimum is."""
        return None if self.nearest is None else identify(self.nearest.W)

    @property
    def verdict(self) -> str:
        """The audit in a paragraph of plain words."""
        return verdict(self)

    def summary(self) -> str:
        """The verdict, the numbers behind it, and a table of features."""
        return summary(self)

    def to_dict(self) -> JSON:
        """Everything as JSON-able numbers, text and lists; None for what is not finite or does not apply."""
        near, lower = self.nearest, self.bound
        return {
            "problem": self.problem.to_dict(),
            "verdict": self.verdict,
            "loss": self.loss,
            "error": self.error,
            "loss_per_feature": self.loss_per_feature,
            "best": self.best,
            "best_error": self.best_error,
            "source": self.source,
            "lower_bound": lower.value if lower.known else None,
            "bound_method": lower.method,
            "bound_status": str(lower.status) if lower.known else "no bound known",
            "relative_gap": self.bracket.relative_gap if lower.known else None,
            "excess": self.excess,
            "relative_excess": finite_or_none(self.relative(self.excess)),
            "noise": self.noise,
            "basin": self.basin,
            "rank": self.rank,
            "n_minima": self.n_minima,
            "gradient_norm": finite_or_none(self.gradient_norm),
            "n_saddles": self.n_saddles,
            "followed": self.followed,
            "nearest": None
            if near is None
            else {
                "loss": near.loss,
                "error": near.error,
                "gradient_norm": finite_or_none(near.gradient_norm),
                "kind": near.kind,
                "curvature": finite_or_none(near.curvature),
                "hits": near.hits,
                "geometry": None if self.nearest_geometry is None else self.nearest_geometry.to_dict(),
                "W": near.W.tolist(),
                "b": near.b.tolist(),
            },
            "W": self.W.tolist(),
            "b": self.b.tolist(),
            "W_out": None if self.W_out is None else self.W_out.tolist(),
            "geometry": self.geometry.to_dict(),
            "features": {name: column.tolist() for name, column in described(self).items()},
        }

    def __repr__(self) -> str:
        parts = f"excess={self.excess:.3g} ({100 * self.relative(self.excess):.3g}%)"
        if self.nearest is not None:
            parts += f" = {noise_and_basin(self, 3)}, minimum {self.rank} of {self.n_minima}"
        return f"Audit(loss={self.loss:.6g}, {parts})"
