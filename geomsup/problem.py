"""The problem: which features arrive, how much each matters, and how few dimensions there are to hold them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from geomsup._files import read_npz, write_npz
from geomsup._typing import JSON, ArrayLike, FloatArray, IntArray
from geomsup._validate import integer, matrices, real_array, summary
from geomsup.activations import get_activation
from geomsup.features.families import Independent, features_from_dict
from geomsup.features.given import common, given_features, resized
from geomsup.features.groups import Features
from geomsup.features.uniform import UNIT_INTERVAL
from geomsup.importance import read_importance

_KIND = "problem"


@final
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Problem:
    """A toy model of superposition: minimise L(W, b) = E Σ_i I_i (x_i − σ(WᵀWx + b)_i)².

    W has shape (n_hidden, n_features), so column i is the direction of feature i. The loss is a sum over features;
    divide it by n_features for the convention that averages. (Elhage et al. 2022, "Toy Models of Superposition",
    which writes sparsity S for 1 − feature_probability.)

    Parameters
    ----------
    n_features : int
        Number of features n, 5 by default, or that of `features`.
    n_hidden : int
        Number of hidden dimensions m.
    feature_probability : float or array of shape (n,)
        Probability p_i that feature i is active, 0.05 by default; values are then uniform on [0, 1]. Stored as
        the (n,) array of marginal probabilities.
    importance : float or array of shape (n,), optional
        The weights I_i ≥ 0, all 1 by default.
    features : Features, optional
        The law of the inputs in full, in place of `feature_probability`.
    activation : str
        σ: ``"relu"`` or ``"identity"``.

    Raises
    ------
    ValueError
        A size that is not a positive integer, a probability outside [0, 1], a negative or non-finite importance,
        an unknown activation, sizes that do not agree, or both `features` and `feature_probability`.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.Problem()
    Problem(n_features=5, n_hidden=2, feature_probability=0.05, activation='relu')
    >>> gs.Problem(n_features=3, importance=gs.geometric_importance(3, 0.5)).importance
    array([1.  , 0.5 , 0.25])
    """

    n_features: int
    n_hidden: int
    feature_probability: FloatArray
    importance: FloatArray
    features: Features
    activation: str

    def __init__(
        self,
        n_features: int | None = None,
        n_hidden: int = 2,
        feature_probability: ArrayLike | None = None,
        importance: ArrayLike | None = None,
        features: Features | None = None,
        activation: str = "relu",
    ) -> None:
        features = given_features(features, feature_probability, n_features)
        fields = {
            "n_features": features.n_features,
            "n_hidden": integer("n_hidden", n_hidden, at_least=1),
            "feature_probability": features.feature_probability,
            "importance": read_importance(importance, features.n_features),
            "features": features,
            "activation": get_activation(activation).name,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def activation_function(self) -> Callable[[FloatArray], FloatArray]:
        """σ as a function of arrays."""
        return get_activation(self.activation).function

    def replace(self, **changes: Any) -> Problem:
        """The same problem with some constructor arguments changed.

        A new `feature_probability` keeps the value laws of independent features. A new `n_features` needs features
        that are all alike, since otherwise it is not clear which ones to repeat or drop.

        Examples
        --------
        >>> import geomsup as gs
        >>> gs.Problem().replace(n_hidden=3, feature_probability=0.2)
        Problem(n_features=5, n_hidden=3, feature_probability=0.2, activation='relu')
        """
        arguments: dict[str, Any] = {
            "n_hidden": self.n_hidden,
            "importance": self.importance,
            "features": self.features,
            "activation": self.activation,
        }
        if "features" not in changes and not changes.keys().isdisjoint({"n_features", "feature_probability"}):
            changes = self._resized(dict(changes))
        return Problem(**{**arguments, **changes})

    def _resized(self, changes: dict[str, Any]) -> dict[str, Any]:
        n = changes.pop("n_features", self.n_features)
        p = changes.pop("feature_probability", self.feature_probability)
        changes["features"] = resized(self.features, p, n)
        if n != self.n_features and changes.setdefault("importance", self.importance) is self.importance:
            changes["importance"] = common("importance", self.importance.tolist())
        return changes

    def interchangeable(self) -> IntArray:
        """A label for each feature, shape (n,): features with one label are alike in every respect.

        They have the same importance, value law, probability, group kind and group size. A permutation of features
        that keeps labels and maps groups to groups is a symmetry of the loss.
        """
        keys: dict[tuple[int, float], int] = {}
        pairs = zip(self.features.interchange_classes().tolist(), self.importance.tolist(), strict=True)
        return np.array([keys.setdefault(pair, len(keys)) for pair in pairs], dtype=np.int64)

    def check_weights(self, W: ArrayLike, b: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Read weights for this problem as float64 arrays of shapes (..., n_hidden, n_features), (..., n_features).

        Parameters
        ----------
        W : array_like of shape (..., n_hidden, n_features)
            Feature directions in columns; leading axes number instances. Tensors are accepted.
        b : array_like of shape (..., n_features)
            Biases, with the same leading axes or none.

        Raises
        ------
        ValueError
            A wrong shape (a transposed W is named as such), or an entry that is not finite.

        Examples
        --------
        >>> import geomsup as gs, numpy as np
        >>> W, b = gs.Problem().check_weights(np.ones((3, 2, 5)), np.zeros(5))
        >>> b.shape
        (3, 5)
        """
        W = matrices("W", W, n_hidden=self.n_hidden, n_features=self.n_features)
        b, n = real_array("b", b), self.n_features
        lead = W.shape[:-2]
        if b.shape not in ((n,), (*lead, n)):
            wanted = f"({n},)" + (f" or {(*lead, n)}" if lead else "")
            raise ValueError(
                f"b has shape {b.shape} but the problem has n_features={n} and W has shape {W.shape}, "
                f"so {wanted} is expected: pass one bias per feature"
            )
        return W, b if b.shape == (*lead, n) else np.broadcast_to(b, (*lead, n)).copy()

    def check_output_weights(self, W_out: ArrayLike) -> FloatArray:
        """Read the output weights of an untied model, x' = σ(W_out W x + b), as float64.

        Parameters
        ----------
        W_out : array_like of shape (..., n_features, n_hidden)
            Row i is the direction feature i is read from; leading axes number instances. A tied model has ``W.T``.

        Raises
        ------
        ValueError
            A wrong shape (a transposed W_out is named as such), or an entry that is not finite.

        Examples
        --------
        >>> import geomsup as gs, numpy as np
        >>> gs.Problem().check_output_weights(np.ones((5, 2))).shape
        (5, 2)
        """
        return matrices("W_out", W_out, n_features=self.n_features, n_hidden=self.n_hidden)

    def to_dict(self) -> JSON:
        """A JSON-able description that `from_dict` reads back."""
        return {
            "n_hidden": self.n_hidden,
            "importance": self.importance.tolist(),
            "features": self.features.to_dict(),
            "activation": self.activation,
        }

    @classmethod
    def from_dict(cls, description: JSON) -> Problem:
        """Rebuild a problem from its `to_dict`.

        Raises
        ------
        ValueError
            An entry is missing, unknown or wrong.
        """
        try:
            return cls(**{**description, "features": features_from_dict(description["features"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"{description!r} does not describe a problem ({error!r}): pass a to_dict()") from None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the problem to a ``.npz`` file (suffix added if missing) and return its path."""
        return write_npz(path, {}, self.to_dict(), _KIND)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Problem:
        """Read a problem written by `save`; ValueError if the file holds anything else."""
        return cls.from_dict(read_npz(path, _KIND)[1])

    def _key(self) -> tuple[Any, ...]:
        return self.n_hidden, tuple(self.importance.tolist()), self.features, self.activation

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Problem) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Any, ...]:
        return Problem, (None, self.n_hidden, None, self.importance, self.features, self.activation)

    def __repr__(self) -> str:
        plain = isinstance(self.features, Independent) and set(self.features.laws) == {UNIT_INTERVAL}
        parts = [f"n_features={self.n_features}", f"n_hidden={self.n_hidden}"]
        parts += [f"feature_probability={summary(self.feature_probability)}"] if plain else []
        parts += [f"importance={summary(self.importance)}"] if (self.importance != 1).any() else []
        parts += [] if plain else [f"features={self.features!r}"]
        return f"Problem({', '.join(parts)}, activation={self.activation!r})"
