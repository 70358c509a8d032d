"""The value laws there are: `Uniform`, `Constant`, `Discrete`."""

from __future__ import annotations

from typing import Any

from geomsup._typing import JSON
from geomsup.features.discrete import Constant, Discrete
from geomsup.features.uniform import Uniform
from geomsup.features.value_law import ValueLaw

__all__ = ["Constant", "Discrete", "Uniform", "ValueLaw", "law_from_dict"]


def law_from_dict(description: JSON) -> ValueLaw:
    """Rebuild a value law from its `to_dict`.

    Raises
    ------
    ValueError
        The description names no known law, or its parameters are wrong.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.features.law_from_dict({"law": "uniform", "low": 0.5, "high": 1.0})
    Uniform(low=0.5, high=1.0)
    """
    known: dict[str, type[Any]] = {"uniform": Uniform, "constant": Constant, "discrete": Discrete}
    try:
        parameters = dict(description)
        return known[parameters.pop("law")](**parameters)  # type: ignore[no-any-return]
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{description!r} does not describe a value law ({error!r}): "
            f"'law' is one of {', '.join(known)}, the rest are its parameters"
        ) from None
