"""Saving and loading: one ``.npz`` archive per object, with a JSON header inside, and never a pickle.

A file is written under a temporary name next to its target and moved into place when complete, so a reader
sees the old file or the new one, and an interrupted writer leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from geomsup._typing import JSON

FORMAT = "geomsup/1"
"""Layout of the archives below. Change the number when an older reader would misread a newer file."""

_HEADER = "header"


def npz_path(path: str | os.PathLike[str]) -> Path:
    """`path` with the suffix ``.npz``, added once."""
    target = Path(path)
    return target if target.suffix == ".npz" else target.with_name(target.name + ".npz")


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A stream to a temporary name beside `target` that takes its place when the block ends, or leaves nothing."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:  # KeyboardInterrupt included: no half-written file may stay
        temporary.unlink(missing_ok=True)
        raise


def write_npz(path: str | os.PathLike[str], arrays: Mapping[str, Any], meta: JSON, kind: str) -> Path:
    """Write `arrays` and the JSON-able `meta` to one archive, atomically, and return its path.

    Raises
    ------
    ValueError
        An array has Python objects for entries, or is named ``"header"``.
    OSError
        The directory does not exist or cannot be written.
    """
    if _HEADER in arrays:
        raise ValueError(f"the array name {_HEADER!r} is taken by the JSON header: choose another name")
    header = json.dumps({"format": FORMAT, "kind": kind, "meta": meta})
    target = npz_path(path)
    # Entry by entry rather than np.savez: any array name is safe and object arrays are refused.
    with replacing(target) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in {_HEADER: np.array(header), **arrays}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
    return target


def read_npz(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, np.ndarray[Any, Any]], JSON]:
    """Read an archive of this `kind` and return its arrays and its `meta`.

    Raises
    ------
    ValueError
        The file is damaged, holds Python objects, was not written by this package, or holds another kind.
    FileNotFoundError
        There is no such file, with or without the suffix.
    """
    target = Path(path) if Path(path).is_file() else npz_path(path)
    with open(target, "rb") as stream:
        if not zipfile.is_zipfile(stream):
            raise ValueError(f"{target} is not an .npz archive, or is cut short: expected a saved {kind}")
    keys: list[str] = []
    try:
        with np.load(target, allow_pickle=False) as archive:
            keys = sorted(archive.files)
            arrays = {name: archive[name] for name in keys}
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise ValueError(
            f"{target} cannot be read as a saved {kind} ({error}); it has the keys {keys}: nothing in it was run"
        ) from None
    try:
        header = json.loads(str(arrays.pop(_HEADER)))
        found_format, found_kind, meta = header["format"], header["kind"], header["meta"]
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"{target} has the keys {keys} but no geomsup header: it is not a saved {kind}; "
            "read it with numpy.load and pass its arrays on"
        ) from None
    if found_format != FORMAT:
        raise ValueError(
            f"{target} has the layout {found_format!r}, this version reads {FORMAT!r}: use the version that wrote it"
        )
    if found_kind != kind:
        raise ValueError(
            f"{target} holds a saved {found_kind}, not a saved {kind} (keys {keys}): load it as a {found_kind}"
        )
    return arrays, meta


@contextmanager
def complete(path: str | os.PathLike[str], kind: str) -> Iterator[None]:
    """Put an object together from an archive that was read: what is missing there becomes a ValueError."""
    try:
        yield
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{os.fspath(path)} is not a complete {kind} ({error!r}): save it again") from None
