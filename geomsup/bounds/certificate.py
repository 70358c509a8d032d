"""Certificates: what a bound claims and why, as plain data that can be saved, sent and checked by somebody else.

A certificate has a *kind*, which names the argument, a *claim*, and a *proof*: the numbers that the argument needs. It
holds text, integers, truth values, lists and dictionaries with text keys, and no floats: a number is text in exact
arithmetic, ``"7/20"`` or ``"7/20 - 1/20*sqrt(5)"``, so that what is checked is what was written. It makes no statement
in words of its own; :func:`geomsup.verify` says what was proved.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geomsup._files import replacing
from geomsup._typing import JSON

__all__ = ["FORMAT", "Certificate"]

FORMAT = "geomsup-certificate/1"
"""Layout of a file. Change the number when an older reader would misread a newer file."""
LARGEST = 32 * 2**20
"""Bytes of a file that is read."""
DEEPEST = 12
"""Levels of nesting; the certificates made here have at most six."""


@dataclass(frozen=True)
class Certificate:
    """A claim with its proof.

    Parameters
    ----------
    kind : str
        The argument, for example ``"two-point"``.
    claim : dict
        What is claimed: the quantity, its parameters, and the value.
    proof : dict
        What :func:`geomsup.verify` needs to check it.

    Raises
    ------
    ValueError
        Contents that are not plain data.

    Examples
    --------
    >>> import geomsup as gs
    >>> certificate = gs.bound(gs.ReluSquared(), n=5, m=2).certificate
    >>> certificate.kind, certificate.claim["quantity"]
    ('two-point', 'energy')
    >>> bool(gs.verify(certificate))
    True
    """

    kind: str
    claim: JSON
    proof: JSON

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str):
            raise ValueError(f"kind={self.kind!r} is not text: pass the name of an argument, such as 'two-point'")
        for name in ("claim", "proof"):
            value = getattr(self, name)
            if not isinstance(value, dict):
                raise ValueError(f"{name} is a {type(value).__name__}, not a dictionary: pass its entries by name")
            object.__setattr__(self, name, _plain(value, name, DEEPEST))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the certificate as JSON (suffix ``.json`` added if missing) and return its path."""
        target = Path(path)
        target = target if target.suffix == ".json" else target.with_name(target.name + ".json")
        with replacing(target) as stream:
            stream.write(self.to_json().encode())
        return target

    def to_json(self) -> str:
        """The contents of the file that `save` writes."""
        layout = {"format": FORMAT, "kind": self.kind, "claim": self.claim, "proof": self.proof}
        return json.dumps(layout, indent=1) + "\n"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Certificate:
        """Read a certificate written by `save`. Reading it proves nothing: pass it to :func:`geomsup.verify`.

        Raises
        ------
        ValueError
            The file is damaged, too large, or holds anything else.
        FileNotFoundError
            There is no such file.
        """
        with open(path, "rb") as stream:
            data = stream.read(LARGEST + 1)
        try:
            if len(data) > LARGEST:
                raise ValueError(f"it has more than {LARGEST} bytes")
            return cls.from_json(data.decode())
        except ValueError as error:
            raise ValueError(f"{path} is not a certificate ({error}): nothing in it was used") from None

    @classmethod
    def from_json(cls, contents: str) -> Certificate:
        """Read the contents of a file.

        Raises
        ------
        ValueError
            They are not a certificate.
        """
        try:
            layout = json.loads(
                contents, parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_without_repetition
            )
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        keys = {"format", "kind", "claim", "proof"}
        if not isinstance(layout, dict) or set(layout) != keys:
            raise ValueError(f"its entries are not {', '.join(sorted(keys))}")
        if layout["format"] != FORMAT:
            raise ValueError(f"its layout is {layout['format']!r:.60}, and this version reads {FORMAT!r}")
        return cls(layout["kind"], layout["claim"], layout["proof"])

    def __repr__(self) -> str:
        entries = ", ".join(f"{key}={_short(value)}" for key, value in self.claim.items())
        return f"Certificate({self.kind!r}, {entries}, {len(self.to_json())} bytes)"


def _plain(value: Any, where: str, depth: int) -> Any:
    """A copy of plain data."""
    if depth == 0:
        raise ValueError(f"{where} is nested too deeply: flatten it")
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{k}]", depth - 1) for k, item in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(item, f"{where}.{key}", depth - 1) for key, item in value.items()}
    raise ValueError(f"{where} is a {type(value).__name__}: a certificate holds text, integers, lists and dictionaries")


def _no_float(shown: str) -> Any:
    raise ValueError(f"it holds the number {shown[:40]}, and numbers that are not integers have to be exact text")


def _without_repetition(pairs: Iterable[tuple[str, Any]]) -> JSON:
    entries: JSON = {}
    for key, value in pairs:
        if key in entries:
            raise ValueError(f"the entry {key[:40]!r} appears twice")
        entries[key] = value
    return entries


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
