"""Arrays in ``.safetensors`` files: a length, a JSON header, and plain little-endian numbers. Nothing can run.

The format: eight bytes with the length N of the header; N bytes of JSON, which for each name give ``dtype``, ``shape``
and ``data_offsets`` [begin, end) into what follows (and ``__metadata__``, text for people). Everything the header
says is checked against the size of the file before any of it is used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from geomsup.auditing._npy import AnyArray, Readers

__all__ = ["safetensors_readers"]

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
}


def safetensors_readers(path: Path) -> Readers:
    """Readers of the arrays in a ``.safetensors`` file.

    Raises
    ------
    ValueError
        The header is not one, or says what cannot be: names that repeat, offsets outside the file, that overlap or
        that do not fit the shape.
    """
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise ValueError(
            f"{path} has {len(data)} bytes, but as .safetensors its header alone would have {length}: it is cut short"
        )
    try:
        header = json.loads(data[8 : 8 + length].decode(), object_pairs_hook=_without_repeats)
        if not isinstance(header, dict):
            raise ValueError("not a dictionary")
        header.pop("__metadata__", None)
        entries = {name: _entry(name, entry) for name, entry in header.items()}
        _check_layout(entries, len(data) - 8 - length)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} has a .safetensors header that is wrong ({error}): save it again") from None
    return {name: _reader(path, name, data[8 + length :], *entry) for name, entry in entries.items()}


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a name repeats among {[name for name, _ in pairs]}")
    return found


def _entry(name: str, entry: Any) -> tuple[str, list[int], int, int]:
    """dtype, shape, begin and end, checked one by one."""
    try:
        dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        sizes = [*shape, begin, end]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{name!r} lacks a dtype, a shape or two data_offsets") from None
    if not isinstance(dtype, str) or not all(type(size) is int and size >= 0 for size in sizes):
        raise ValueError(f"{name!r} has dtype {dtype!r}, shape {shape!r} and data_offsets {[begin, end]!r}")
    if dtype in _DTYPES and end - begin != math.prod(shape) * np.dtype(_DTYPES[dtype]).itemsize:
        raise ValueError(f"{name!r}, {dtype} of shape {shape}, does not fit its {end - begin} bytes")
    return dtype, shape, begin, end


def _check_layout(entries: dict[str, tuple[str, list[int], int, int]], size: int) -> None:
    """The format's own rule: the arrays fill what follows the header, without gap or overlap."""
    position = 0
    for begin, end, name in sorted((begin, end, name) for name, (_, _, begin, end) in entries.items()):
        if begin != position or end < begin:
            raise ValueError(f"{name!r} lies at bytes {begin} to {end} where {position} is next")
        position = end
    if position != size:
        raise ValueError(f"the arrays end at byte {position} of {size}")


def _reader(
    path: Path, name: str, data: bytes, dtype: str, shape: list[int], begin: int, end: int
) -> Callable[[], AnyArray]:
    def read() -> AnyArray:
        if dtype not in _DTYPES:
            raise ValueError(f"{path}: {name} has the type {dtype}: save it as F64, F32, F16 or BF16")
        flat = np.frombuffer(data[begin:end], _DTYPES[dtype])
        if dtype == "BF16":  # the upper half of a float32
            flat = (flat.astype(np.uint32) << 16).view(np.float32)
        return flat.reshape(shape)

    return read
