"""Arrays in ``.npy`` and ``.npz`` files, read so that nothing in a file can run, hang or fill the memory.

NumPy allocates what a header asks for before it looks at the data. Here a header is believed only as far as there are
bytes behind it, and an archive only up to `MOST_BYTES`.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np

__all__ = ["MOST_BYTES", "PICKLES", "AnyArray", "Readers", "npz_readers", "pickled", "read_npy"]

AnyArray: TypeAlias = np.ndarray[Any, Any]
Readers: TypeAlias = dict[str, Callable[[], AnyArray]]
"""What a file holds: for each name, a function that reads it."""

MOST_BYTES = 2**28
"""Largest file, and largest content of an archive: 256 MiB hold 30 million weights."""

PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt")

_DAMAGED = (EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What zipfile raises on archives that are cut short, altered or encrypted."""
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def pickled(path: Path) -> ValueError:
    """What to say of a file that can only be read by running it."""
    return ValueError(
        f"{path} is a pickle, which can run code when read, so it was not opened. Where you trust it, convert it once: "
        f"state = torch.load({str(path)!r}, weights_only=True); "
        'np.savez("weights.npz", **{name: tensor.detach().cpu().numpy() for name, tensor in state.items()})'
    )


def read_npy(stream: IO[bytes], size: int, name: str) -> AnyArray:
    """One array from a stream of `size` bytes.

    Parameters
    ----------
    stream : binary stream
        At its beginning.
    size : int
        How many bytes it holds.
    name : str
        For messages.

    Raises
    ------
    ValueError
        It is not an array of plain numbers or text, or its length is not what its header says.
    """
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
    except Exception as error:  # NumPy parses headers as Python text, and altered text can raise almost anything
        raise ValueError(f"{name} does not begin like a .npy array ({type(error).__name__}): save it again") from None
    if dtype.hasobject:
        raise ValueError(
            f"{name} holds Python objects, which are pickled and can run code when read, so it was not read: "
            "save an array of numbers, np.asarray(..., dtype=float)"
        )
    needed, there = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if needed != there:
        raise ValueError(f"{name} holds {there} bytes of data where its header promises {needed}: it is cut short")
    flat = np.frombuffer(stream.read(needed), dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def npz_readers(path: Path) -> Readers:
    """Readers of the arrays in an ``.npz`` archive.

    Raises
    ------
    ValueError
        It is no archive, or unpacks to more than `MOST_BYTES`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (ValueError, *_DAMAGED) as error:
        raise ValueError(f"{path} begins like an archive but cannot be opened ({error}): it is cut short") from None
    if any(entry.filename.endswith(PICKLES) for entry in entries):
        raise pickled(path)
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        raise ValueError(
            f"{path} unpacks to {total} bytes, more than the {MOST_BYTES} that are read: save W and b alone"
        )

    def reader(entry: zipfile.ZipInfo) -> Callable[[], AnyArray]:
        def read() -> AnyArray:
            name = f"{path}: {entry.filename.removesuffix('.npy')}"
            try:
                with zipfile.ZipFile(path) as archive, archive.open(entry) as stream:
                    return read_npy(stream, entry.file_size, name)
            except _DAMAGED as error:
                raise ValueError(f"{name} cannot be unpacked ({error}): the file is damaged, save it again") from None

        return read

    return {entry.filename.removesuffix(".npy"): reader(entry) for entry in entries if entry.filename.endswith(".npy")}
