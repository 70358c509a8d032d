"""Any function over a grid: in parallel, in chunks that are kept as they are done, with neighbours' results at hand."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup._steps import Step
from geomsup._typing import JSON
from geomsup._validate import integer
from geomsup.phases._stages import Cell, Stages, relaxed
from geomsup.phases._store import Record, Store, stacked
from geomsup.phases._workers import workforce
from geomsup.phases.grid import Grid, check_names
from geomsup.phases.labelled import Sweep

__all__ = ["check_arguments", "described", "identity_of", "shaped", "sweep"]

TOLD = ("previous", "neighbours")
"""Parameters by which a function says that it can use what was found in and around a cell."""


def sweep(
    function: Callable[..., Mapping[str, Any]],
    axes: Mapping[str, Any],
    *,
    parameters: Mapping[str, Any] | None = None,
    passes: int = 0,
    workers: int = 1,
    cluster: str | None = None,
    cache: str | os.PathLike[str] | None = None,
    chunk: int = 8,
    callback: Callable[[Step], None] | None = None,
) -> Sweep:
    """Call a function at every point of a grid.

    Parameters
    ----------
    function : callable
        Called as ``function(**point, **parameters)``, where a point has one value per axis. It returns a dict of
        numbers, words or arrays, with the same names and shapes everywhere. For `passes` it must also take
        ``previous`` and ``neighbours``, by default ``None`` and ``()``.
    axes : dict of str to list
        The values of each axis.
    parameters : dict, optional
        Arguments that are the same everywhere: numbers, words, lists, arrays, or objects with a ``to_dict`` such as a
        :class:`Problem`.
    passes : int
        After the first pass, most further ones in which a cell is computed again, as
        ``function(..., previous=its own result, neighbours=[results next to it that are new])``, before and after it
        along every axis. What is returned replaces the result; a function that finds nothing better returns
        ``previous``. Passes end when nothing changes.
    workers : int
        Processes on this machine. No result depends on their number.
    cluster : str, optional
        Address of a Dask scheduler, such as ``"tcp://127.0.0.1:8786"``, whose workers compute instead.
    cache : path, optional
        Directory in which every chunk is kept when it is done. The same call goes on from there: after a kill at most
        the chunks in flight are computed again. What another version of the package or of the function wrote, or what
        is damaged, is computed again with a warning. Only what the function is given decides, so a function must not
        depend on anything else.
    chunk : int
        Cells per task.
    callback : callable, optional
        Called with a step (name, done, total, seconds, left) when a chunk is done; ``left`` estimates the rest.

    Returns
    -------
    Sweep
        Labelled arrays.

    Raises
    ------
    ValueError
        An empty grid; a name that the function does not take; results that differ in names or shapes; a scheduler that
        does not answer; a library that is missing.
    OSError
        The cache cannot be written, for example because the disk is full. What was kept before is intact.

    Examples
    --------
    >>> import geomsup as gs
    >>> def dropped(feature_probability, importance=1.0):
    ...     p = feature_probability
    ...     return {"loss": importance * (p / 3 - p**2 / 4), "bias": p / 2}
    >>> result = gs.sweep(dropped, {"feature_probability": [0.1, 0.2, 0.5]})
    >>> result["bias"]
    array([0.05, 0.1 , 0.25])
    """
    grid = Grid.read(axes)
    fixed = dict(parameters or {})
    check_arguments(function, grid, fixed, passes)
    integer("workers", workers, at_least=1)
    integer("chunk", chunk, at_least=1)
    task = _CellByCell(function, fixed)
    store = None
    if cache is not None:
        asked = {"parameters": described(fixed), "axes": grid.to_dict(), "passes": passes, "chunk": chunk}
        store = Store(cache, *identity_of(function, asked))
    with workforce(workers, cluster) as workers_at_hand:
        records = relaxed(Stages(grid, workers_at_hand, store, chunk, callback), task, passes)
    return Sweep(grid.dims, grid.coords, shaped(records, grid))


def shaped(records: list[Record], grid: Grid) -> Record:
    """The records of all cells as arrays over the grid."""
    return {name: array.reshape(grid.shape + array.shape[1:]) for name, array in stacked(records).items()}


def identity_of(function: Any, asked: JSON) -> tuple[str, JSON, str]:
    """Name, description and source of a function, for the cache."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    module = getattr(function, "__module__", type(function).__module__)
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        source = ""
    plain = "".join(letter if letter.isalnum() else "-" for letter in name.rsplit(".", 1)[-1]).strip("-")
    return plain, {"function": f"{module}.{name}", **asked}, source


def described(parameters: Mapping[str, Any]) -> JSON:
    """Parameters as JSON, for the cache.

    Raises
    ------
    ValueError
        One of them has no such form.
    """

    def plain(value: Any) -> Any:
        if hasattr(value, "to_dict"):
            return value.to_dict()
        if isinstance(value, (np.ndarray, np.generic)):
            return value.tolist()
        raise TypeError

    found = {}
    for name, value in parameters.items():
        try:
            found[name] = json.loads(json.dumps(value, default=plain))
        except (TypeError, ValueError):
            raise ValueError(
                f"parameters[{name!r}] is a {type(value).__name__}, which a cache cannot tell from another: pass "
                "numbers, words, lists, arrays or an object with to_dict(), or leave cache out"
            ) from None
    return found


@dataclass(frozen=True)
class _CellByCell:
    """The task of a chunk: the function, cell after cell."""

    function: Callable[..., Mapping[str, Any]]
    parameters: dict[str, Any]

    def __call__(self, cells: list[Cell]) -> list[Record]:
        return [self._record(cell) for cell in cells]

    def _record(self, cell: Cell) -> Record:
        told: dict[str, Any] = {}
        if cell.previous is not None:
            told = {"previous": cell.previous, "neighbours": cell.neighbours}
        try:
            result = self.function(**cell.point, **self.parameters, **told)
            return {name: _plain(name, value) for name, value in result.items()}
        except Exception as error:
            error.add_note(f"in the cell {', '.join(f'{name}={value!r}' for name, value in cell.point.items())}")
            raise


def _plain(name: str, value: Any) -> np.ndarray[tuple[int, ...], np.dtype[Any]]:
    array = np.asarray(value)
    if array.dtype.kind not in "biufU":
        raise ValueError(f"the result {name!r} is of type {array.dtype}: return numbers, words or arrays of them")
    return array


def check_arguments(function: Callable[..., Any], grid: Grid, fixed: dict[str, Any], passes: int) -> None:
    """Refuse names that the function does not take, and passes that it does not know of."""
    integer("passes", passes, at_least=0)
    both = sorted(set(grid.dims) & set(fixed))
    if both:
        raise ValueError(f"{both[0]!r} is an axis and in parameters: pass it in one of the two")
    signature = inspect.signature(function)
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    names = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    called = getattr(function, "__name__", type(function).__name__)
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return
    check_names([*grid.dims, *fixed], [name for name in names if name not in TOLD], f"a parameter of {called}")
    missing = [name for name in TOLD if name not in names]
    if passes and missing:
        raise ValueError(
            f"passes={passes}, but {called} does not take {' and '.join(missing)}: add previous=None and "
            "neighbours=() to it, or leave passes at 0"
        )
    needed = [
        name
        for name in names
        if signature.parameters[name].default is inspect.Parameter.empty and name not in (*grid.dims, *fixed)
    ]
    if needed:
        raise ValueError(f"{called} needs {needed[0]!r}, which is neither an axis nor in parameters: pass it")
