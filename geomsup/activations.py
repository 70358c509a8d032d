"""Elementwise output activations, by name.

The exact loss knows these activations in closed form. A smooth one (GELU, softplus …) would be one more entry in
the table below, together with its Fourier treatment in the loss; nothing else in the package asks for a name.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from geomsup._typing import FloatArray


@final
@dataclass(frozen=True)
class Activation:
    """An elementwise function with a name.

    Parameters
    ----------
    name : str
        Its canonical name.
    function : callable
        Maps an array to an array of the same shape.

    Examples
    --------
    >>> import numpy as np
    >>> from geomsup.activations import get_activation
    >>> get_activation("relu")(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    name: str
    function: Callable[[FloatArray], FloatArray]

    def __call__(self, z: FloatArray) -> FloatArray:
        """Apply the function."""
        return self.function(z)


def _relu(z: FloatArray) -> FloatArray:
    return np.maximum(z, 0.0)


def _identity(z: FloatArray) -> FloatArray:
    return z


relu = Activation("relu", _relu)
"""ReLU(z) = max(z, 0): the toy model of superposition."""

identity = Activation("identity", _identity)
"""The linear model, which never profits from superposition."""

_BY_NAME = {"relu": relu, "identity": identity, "linear": identity}


def get_activation(name: str) -> Activation:
    """The activation called `name`.

    Parameters
    ----------
    name : str
        ``"relu"`` or ``"identity"`` (also spelled ``"linear"``).

    Raises
    ------
    ValueError
        There is no activation of that name.

    Examples
    --------
    >>> from geomsup.activations import get_activation
    >>> get_activation("linear").name
    'identity'
    """
    if isinstance(name, str) and name in _BY_NAME:
        return _BY_NAME[name]
    near = difflib.get_close_matches(str(name).lower(), _BY_NAME, n=1)
    fix = f"did you mean {near[0]!r}?" if near else "choose one of them"
    raise ValueError(f"activation={name!r} is unknown; available are {', '.join(map(repr, _BY_NAME))}: {fix}")
