"""The cache of a sweep: one file per chunk of cells, written whole or not at all, in a folder that says what it is.

The folder is named after what was asked (function, parameters, axes), so that several sweeps share a directory. It
holds ``sweep.json``, which says the same with the version of the package and a hash of the function's source, and for
each stage ``<stage>/<chunk>.npz``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geomsup import __version__
from geomsup._files import read_npz, replacing, write_npz
from geomsup._typing import JSON

__all__ = ["Record", "Store", "stacked"]

Record = dict[str, np.ndarray[tuple[int, ...], np.dtype[Any]]]
"""What is known about one cell: arrays with the same names and shapes in every cell."""

_KIND = "sweep chunk"


class Store:
    """What was computed so far.

    Parameters
    ----------
    directory : path
        Where the folder of this sweep is, made if missing.
    name : str
        Of the function, for the name of the folder.
    asked : JSON
        What was asked; it decides the folder.
    source : str
        Of the function. With the version of the package it decides whether the contents are current; what is not is
        removed, with a warning.
    """

    def __init__(self, directory: str | os.PathLike[str], name: str, asked: JSON, source: str) -> None:
        text = json.dumps(asked, sort_keys=True)
        self.folder = Path(directory) / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        self.identity = {
            "geomsup": __version__,
            "source": hashlib.sha256(source.encode()).hexdigest(),
            "asked": json.loads(text),
        }
        self._open()

    def _open(self) -> None:
        label = self.folder / "sweep.json"
        if self.folder.exists():
            reason = _outdated(label, self.identity)
            if reason is None:
                return
            if any(self.folder.iterdir()):
                warnings.warn(f"{self.folder} {reason}: its cells are computed again", stacklevel=5)
            shutil.rmtree(self.folder)
        try:
            self.folder.mkdir(parents=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise ValueError(f"cache={self.folder.parent} is not a directory ({error}): pass another") from None
        with replacing(label) as stream:
            stream.write(json.dumps(self.identity).encode())

    def read(self, stage: str, chunk: int, cells: Sequence[int]) -> list[Record] | None:
        """The records of these cells, or None where they are not kept; a file that is not right is said to be so."""
        path = self._path(stage, chunk)
        try:
            arrays, meta = read_npz(path, _KIND)
            if meta["cells"] != list(cells) or any(len(array) != len(cells) for array in arrays.values()):
                raise ValueError("it holds other cells")
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            warnings.warn(f"{path} is damaged ({error}): its cells are computed again", stacklevel=5)
            path.unlink(missing_ok=True)
            return None
        return [{name: array[k] for name, array in arrays.items()} for k in range(len(cells))]

    def write(self, stage: str, chunk: int, cells: Sequence[int], records: Sequence[Record]) -> None:
        """Keep the records of a chunk.

        Raises
        ------
        OSError
            They cannot be written; what was kept before is intact.
        """
        path = self._path(stage, chunk)
        try:
            path.parent.mkdir(exist_ok=True)
            write_npz(path, stacked(records), {"cells": list(cells)}, _KIND)
        except OSError as error:
            raise OSError(
                error.errno,
                f"the sweep stopped because {path} cannot be written ({error.strerror}); the chunks kept before it are "
                "intact, and the same call goes on from there",
            ) from None

    def _path(self, stage: str, chunk: int) -> Path:
        return self.folder / stage / f"{chunk:05d}.npz"


def stacked(records: Sequence[Record]) -> Record:
    """The records of several cells as one array per name, the cells along its first axis.

    Raises
    ------
    ValueError
        They differ in names or shapes.
    """
    forms = {tuple(sorted((name, array.shape) for name, array in record.items())) for record in records}
    if len(forms) > 1:
        one, other = sorted(map(str, forms))[:2]
        raise ValueError(f"results differ in names or shapes, {one} and {other}: return the same in every cell")
    return {name: np.stack([record[name] for record in records]) for name in records[0]}


def _outdated(label: Path, identity: JSON) -> str | None:
    """Why the contents of a folder are not those of this sweep; None where they are."""
    try:
        found = json.loads(label.read_text(encoding="utf-8"))
        version, source = found["geomsup"], found["source"]
    except FileNotFoundError:
        return "does not say what it holds"
    except (OSError, ValueError, KeyError, TypeError):
        return "has a damaged sweep.json"
    if version != identity["geomsup"]:
        return f"was written by version {version}, and this is {identity['geomsup']}"
    if source != identity["source"]:
        return "was written by another version of the function"
    return None if found == identity else "holds another sweep"
