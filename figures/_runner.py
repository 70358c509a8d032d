"""Compute once, draw often: the machinery behind every ``fig_*.py``.

A figure script defines two functions and hands them to :func:`main`::

    def compute(quick, progress):          # the work: a dict of arrays
        items = cached_items(solve, {f"p={p}": (p,) for p in densities}, progress, description="densities")
        return {"density": densities, "loss": np.array([item["loss"] for item in items.values()])}

    def draw(data):                        # the picture: a matplotlib Figure, from that dict alone
        ...

    if __name__ == "__main__":
        main(compute, draw)

A third function, ``table(data)``, may return text that is written beside the picture as CSV. What ``compute`` returns
is kept in the cache folder under a fingerprint of the script (without ``draw`` and ``table``) and the version of
geomsup, so a changed script computes again and a changed picture does not. Items of a long computation are kept one by
one: an interrupted run goes on where it stopped. Every file is written whole or not at all, and the same data give the
same bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import inspect
import multiprocessing
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from rich.progress import Progress

from geomsup import __version__

HERE = Path(__file__).resolve().parent
FINGERPRINT = "__fingerprint__"

Data = dict[str, npt.NDArray[np.generic]]
Compute = Callable[[bool, Progress], Mapping[str, npt.ArrayLike]]
Draw = Callable[[Data], Figure]
Table = Callable[[Data], str]

_items_folder: ContextVar[Path | None] = ContextVar("items_folder", default=None)
_jobs: ContextVar[int] = ContextVar("jobs", default=1)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to make a figure: the command-line options of every script."""

    quick: bool = False
    out: Path = HERE / "out"
    cache: Path = HERE / "cache"
    redraw: bool = False
    fresh: bool = False
    jobs: int = 2

    @staticmethod
    def add_to(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--quick", action="store_true", help="a coarse version, in seconds")
        parser.add_argument("--out", type=Path, default=Options.out, metavar="DIR", help="where the pictures go")
        parser.add_argument("--cache", type=Path, default=Options.cache, metavar="DIR", help="where the data are kept")
        parser.add_argument("--jobs", type=int, default=Options.jobs, metavar="N", help="processes that compute")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--redraw", action="store_true", help="draw the data in the cache, whatever made them")
        which.add_argument("--fresh", action="store_true", help="compute again even if the cache holds the data")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Options:
        return cls(**{name: getattr(arguments, name) for name in cls.__dataclass_fields__})


def main(compute: Compute, draw: Draw, table: Table | None = None, argv: Sequence[str] | None = None) -> None:
    """Make the figure of the running script, named after the script's file; the command line gives the options."""
    script = Path(sys.argv[0]).resolve()
    parser = argparse.ArgumentParser(prog=script.name, description=sys.modules[compute.__module__].__doc__)
    Options.add_to(parser)
    options = Options.of(parser.parse_args(argv))
    try:
        with Progress() as progress:
            written = make(script, compute, draw, table, options, progress)
    except KeyboardInterrupt:
        sys.exit("interrupted: what was computed is kept, and the same command goes on from there")
    print(*written, sep="\n")


def make(
    script: Path, compute: Compute, draw: Draw, table: Table | None, options: Options, progress: Progress
) -> list[Path]:
    """Compute what the cache lacks, draw it, and return the paths of the PNG, the PDF and, with a table, the CSV."""
    data = _computed(script, compute, _fingerprint(script, draw, table), options, progress)
    written = [options.out / f"{script.stem}{suffix}" for suffix in (".png", ".pdf")]
    with plt.style.context(["default", str(HERE / "style.mplstyle")]):
        figure = draw(data)
        # Without these entries the files would carry the date and the version of the library that drew them.
        dateless = {"Software": None}, {"CreationDate": None, "Creator": None, "Producer": None}
        for target, metadata in zip(written, dateless, strict=True):
            with _whole_file(target) as path:
                figure.savefig(path, metadata=metadata)
        plt.close("all")
    if table is not None:
        written.append(options.out / f"{script.stem}.csv")
        with _whole_file(written[-1]) as path:
            path.write_text(table(data), encoding="utf-8")
    return written


def cached_items(
    function: Callable[..., Mapping[str, npt.ArrayLike]],
    arguments: Mapping[str, tuple[object, ...]],
    progress: Progress,
    *,
    description: str,
) -> dict[str, Data]:
    """Return ``function(*arguments[key])``, a dict of arrays, for every key: from the cache where a run left it there.

    What is missing is computed by ``--jobs`` processes, in the order of the arguments (the long ones first is fastest),
    and kept as soon as it is there. The function has to be one of the script's own, not a lambda. A key names the item
    within its figure and becomes a file name: letters, digits and ``. _ - + = ,``. Outside a runner, for example when
    a test calls ``compute`` itself, nothing is stored.
    """
    for key in arguments:
        if not re.fullmatch(r"[\w.+=,-]+", key):
            raise ValueError(f"the item key {key!r} cannot name a file: use letters, digits and . _ - + = , only")
    folder = _items_folder.get()
    kept = {} if folder is None else {key: folder / f"{key}.npz" for key in arguments}
    items = {key: _load(path) for key, path in kept.items() if path.exists()}
    missing = {key: values for key, values in arguments.items() if key not in items}
    task = progress.add_task(description, total=len(arguments), completed=len(items))
    for key, result in _results(function, missing):
        items[key] = _arrays(result)
        if folder is not None:
            _save(folder / f"{key}.npz", items[key])
        progress.advance(task)
    return {key: items[key] for key in arguments}


def _results(
    function: Callable[..., Mapping[str, npt.ArrayLike]], arguments: Mapping[str, tuple[object, ...]]
) -> Iterator[tuple[str, Mapping[str, npt.ArrayLike]]]:
    """Keys and values of the function, in the order in which they are done."""
    jobs = min(_jobs.get(), len(arguments))
    if jobs <= 1:
        yield from ((key, function(*values)) for key, values in arguments.items())
        return
    # Fresh processes: a fork would copy threads in the middle of what they do.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            futures = {pool.submit(function, *values): key for key, values in arguments.items()}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _computed(script: Path, compute: Compute, fingerprint: str, options: Options, progress: Progress) -> Data:
    name = script.stem + ("-quick" if options.quick else "")
    path, folder = options.cache / f"{name}.npz", options.cache / name
    if options.redraw and not path.exists():
        raise FileNotFoundError(f"nothing to redraw: {path} does not exist; run {script.name} once without --redraw")
    if options.fresh:
        path.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    if path.exists():
        data = _load(path)
        if str(data.pop(FINGERPRINT)) == fingerprint or options.redraw:
            return data
    token, jobs = _items_folder.set(folder / fingerprint), _jobs.set(options.jobs)
    try:
        data = _arrays(compute(options.quick, progress))
    finally:
        _items_folder.reset(token)
        _jobs.reset(jobs)
    _save(path, data | {FINGERPRINT: np.array(fingerprint)})
    shutil.rmtree(folder, ignore_errors=True)  # the items are in the data now; those of older scripts go too
    return data


def _fingerprint(script: Path, draw: Draw, table: Table | None) -> str:
    source = script.read_text(encoding="utf-8").replace(inspect.getsource(draw), "")
    source = source if table is None else source.replace(inspect.getsource(table), "")
    return hashlib.sha256(f"{__version__}\n{source}".encode()).hexdigest()[:16]


def _arrays(values: Mapping[str, npt.ArrayLike]) -> Data:
    data = {name: np.asarray(value) for name, value in values.items()}
    for name, array in data.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name!r} has dtype {array.dtype}: store plain arrays of numbers or strings")
    return data


def _save(path: Path, data: Data) -> None:
    with _whole_file(path) as temporary:
        np.savez(temporary, **data)


def _load(path: Path) -> Data:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@contextlib.contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    """A name to write to that becomes ``path`` only when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
