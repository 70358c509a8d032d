"""The registry: every module of this room whose name does not begin with an underscore is one claim."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from geomsup.claims._claim import TOPICS, Claim

__all__ = ["claim", "registry"]


@lru_cache(maxsize=1)
def registry() -> Mapping[str, Claim]:
    """All claims by name, in the order of ``gs.claims.TOPICS`` and then of the alphabet.

    Raises
    ------
    ValueError
        A module of the room without a ``CLAIM``.

    Examples
    --------
    >>> import geomsup as gs
    >>> claims = gs.claims.registry()
    >>> print(claims["dimensionality-sum"].status)
    proved
    """
    package = import_module(__package__)
    found = []
    for module in iter_modules(package.__path__):
        if not module.name.startswith("_"):
            found.append(_read(f"{__package__}.{module.name}", module.name.replace("_", "-")))
    found.sort(key=lambda one: (TOPICS.index(one.topic), one.name))
    return MappingProxyType({one.name: one for one in found})


def claim(name: str) -> Claim:
    """The claim of that name.

    Raises
    ------
    ValueError
        There is none; the nearest name is suggested.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.claims.claim("welch").check()
    Check(welch: 10 of 10 cases hold, 2 certificates proved)
    """
    claims = registry()
    if name not in claims:
        near = get_close_matches(str(name), claims, n=1, cutoff=0.4)
        raise ValueError(f"there is no claim {name!r}: {f'did you mean {near[0]!r}?' if near else 'see registry()'}")
    return claims[name]


def _read(module: str, name: str) -> Claim:
    one = getattr(import_module(module), "CLAIM", None)
    if not isinstance(one, Claim):
        raise ValueError(f"{module} has no CLAIM: give it one, or begin its name with an underscore")
    return one.named(name)
