"""Who does the work: this process, processes on this machine, or a Dask cluster; the results are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from threadpoolctl import threadpool_limits

from geomsup._steps import end_with_the_parent

__all__ = ["Workforce", "workforce"]

T = TypeVar("T")
Map = Callable[[Callable[[T], Any], Sequence[tuple[int, T]]], Iterator[tuple[int, Any]]]

CONNECT_SECONDS = 10
"""How long to wait for a scheduler to answer."""


class Workforce(NamedTuple):
    """Those who compute.

    Parameters
    ----------
    over : callable
        ``over(function, [(number, item), ...])`` yields (number, function(item)), in the order in which they are done.
    here : bool
        Whether they are on this machine, and so can write what they found themselves.
    """

    over: Map[Any]
    here: bool


@contextmanager
def workforce(workers: int, cluster: str | None) -> Iterator[Workforce]:
    """A way to map a function over items.

    Parameters
    ----------
    workers : int
        Processes; 1 is this process alone. Not used with a cluster.
    cluster : str or None
        Address of a Dask scheduler.

    Raises
    ------
    ValueError
        No scheduler answers there, or a library is missing.
    """
    if cluster is not None:
        with _connected(cluster):
            yield Workforce(_by_joblib(-1, local=False), here=False)
    elif workers > 1:
        yield Workforce(_by_joblib(workers, local=True), here=True)
    else:
        yield Workforce(_one_by_one, here=True)


def _one_by_one(function: Callable[[T], Any], items: Sequence[tuple[int, T]]) -> Iterator[tuple[int, Any]]:
    for number, item in items:
        yield _one(function, number, item)


def _by_joblib(workers: int, *, local: bool) -> Map[Any]:
    joblib = _imported("joblib", "phases")

    def run(function: Callable[[T], Any], items: Sequence[tuple[int, T]]) -> Iterator[tuple[int, Any]]:
        # On a cluster the backend is that of the surrounding context.
        backend = {"backend": "loky", "initializer": end_with_the_parent, "max_nbytes": None} if local else {}
        pool = joblib.Parallel(
            n_jobs=workers, batch_size=1, pre_dispatch="2*n_jobs", return_as="generator_unordered", **backend
        )
        results = pool(joblib.delayed(_one)(function, number, item) for number, item in items)
        try:
            yield from results
        finally:
            results.close()

    return run


def _one(function: Callable[[T], Any], number: int, item: T) -> tuple[int, Any]:
    with threadpool_limits(1):
        return number, function(item)


@contextmanager
def _connected(address: str) -> Iterator[None]:
    distributed, joblib = _imported("distributed", "cluster"), _imported("joblib", "phases")
    try:
        # As the default of the process, a client whose address is wrong would stay it, for whoever asks Dask next.
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no Dask scheduler answers at cluster={address!r} ({error}): start one with `dask scheduler`, or leave "
            "cluster out to compute here; nothing was computed, and what the cache holds is untouched"
        ) from None
    with client, joblib.parallel_config(backend="dask", client=client):
        yield


def _imported(name: str, extra: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        raise ValueError(
            f'{name} is not installed, and is needed for this: pip install "geomsup[{extra}]", or compute in one '
            "process with workers=1"
        ) from None
