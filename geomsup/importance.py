"""How much each feature matters: the weights I_i of the squared errors."""

from __future__ import annotations

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import frozen, integer, label, one_per, real_array, real_number

__all__ = ["geometric_importance", "read_importance"]


def geometric_importance(n_features: int, ratio: float) -> FloatArray:
    """Importances 1, ratio, ratio², …: feature i weighs ratioⁱ.

    Parameters
    ----------
    n_features : int
        How many.
    ratio : float
        Positive; 0.9 is a common choice, 1 makes all features equal.

    Raises
    ------
    ValueError
        The ratio is not a positive finite number, or there are no features.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.geometric_importance(4, 0.5)
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    ratio = real_number("ratio", ratio)
    if ratio <= 0:
        raise ValueError(f"ratio={ratio:g} is not positive: pass a number between 0 and 1, such as 0.9")
    weights: FloatArray = ratio ** np.arange(integer("n_features", n_features, at_least=1), dtype=np.float64)
    return weights


def read_importance(value: ArrayLike | None, n: int) -> FloatArray:
    """Importances of n features as a problem keeps them: read-only, none negative, 1 by default."""
    weights = real_array("importance", 1.0 if value is None else value)
    if (weights < 0).any():
        where = tuple(int(k) for k in np.argwhere(weights < 0)[0])
        raise ValueError(
            f"{label('importance', where)}={weights[where]:g} is negative: pass weights that are zero or more"
        )
    return frozen(one_per("importance", weights, n, "features"))
