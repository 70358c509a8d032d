"""Checkpoints: all that the next step depends on, in one file that is replaced as a whole.

A killed run leaves the last complete checkpoint, and continues from it to the result it would have had.
"""

from __future__ import annotations

import contextlib
import glob
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup._files import npz_path, read_npz, write_npz
from geomsup._typing import JSON, Floating

__all__ = ["Checkpoint", "State"]

_KIND = "checkpoint"


@dataclass(eq=False)
class State:
    """A training run between two steps.

    Parameters
    ----------
    step : int
        Updates made so far.
    theta, memory : arrays
        The parameters, and what the optimizer remembers.
    rng : Generator
        Where the batches come from.
    records : dict of lists
        The history so far, an entry per record.
    """

    step: int
    theta: Floating
    memory: Floating
    rng: np.random.Generator
    records: dict[str, list[Any]]


class Checkpoint:
    """A file that holds a `State`, and the `identity` of the run that it belongs to.

    Parameters
    ----------
    path : path
        The suffix ``.npz`` is added if missing.
    identity : dict
        JSON-able; a file with another identity is refused.
    any_seed : bool
        Take the seed of the file instead of comparing it.

    Raises
    ------
    ValueError
        There is no directory for the file.
    """

    def __init__(self, path: str | os.PathLike[str], identity: JSON, *, any_seed: bool = False) -> None:
        self.path, self.identity, self.any_seed = npz_path(path), identity, any_seed
        if not self.path.parent.is_dir():
            raise ValueError(f"checkpoint={str(path)!r}: there is no directory {self.path.parent}; make it first")
        # Left by a run that was killed while it wrote.
        for temporary in glob.glob(f".{glob.escape(self.path.name)}.*.tmp", root_dir=self.path.parent):
            with contextlib.suppress(OSError):
                (self.path.parent / temporary).unlink()

    def save(self, state: State) -> None:
        """Replace the file by this state, or leave it as it was."""
        arrays = {"theta": state.theta, "memory": state.memory}
        arrays |= {f"history_{name}": np.array(entries) for name, entries in state.records.items()}
        meta = {**self.identity, "step": state.step, "rng": _plain(state.rng.bit_generator.state)}
        write_npz(self.path, arrays, meta, _KIND)

    def restore(self, state: State) -> None:
        """Put the run in `state` where the file left it, if there is a file.

        Raises
        ------
        ValueError
            The file is damaged, or belongs to another run.
        """
        if not self.path.exists():
            return
        arrays, meta = read_npz(self.path, _KIND)
        if self.any_seed:
            self.identity = {**self.identity, "seed": meta.get("seed")}
        for name, mine in self.identity.items():
            if meta.get(name) != mine:
                raise ValueError(
                    f"{self.path} is the checkpoint of another run ({_difference(name, meta.get(name), mine)}): "
                    "pass the arguments of that run, or another file"
                )
        state.step = meta["step"]
        state.theta, state.memory = arrays["theta"], arrays["memory"]
        state.rng.bit_generator.state = meta["rng"]
        state.records = {name: list(arrays[f"history_{name}"]) for name in state.records}


def _plain(value: Any) -> Any:
    """The state of a bit generator with lists of integers in place of arrays."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def _difference(name: str, theirs: Any, mine: Any) -> str:
    """What two identities differ in, as briefly as it can be said."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        key = next(key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key))
        return _difference(key if name == "settings" else f"{name}.{key}", theirs.get(key), mine.get(key))
    if name in ("problems", "seed", "start"):
        return f"with other {name}"
    return f"it has {name}={theirs!r}, not {mine!r}"
