"""Reading trained weights from a file, whatever wrote it, without running anything in it and without guessing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geomsup._typing import JSON, FloatArray
from geomsup._validate import real_array
from geomsup.auditing._npy import MOST_BYTES, PICKLES, AnyArray, Readers, npz_readers, pickled, read_npy
from geomsup.auditing._safetensors import safetensors_readers
from geomsup.optimize import Solution
from geomsup.problem import Problem

__all__ = ["Weights", "read_weights"]

WEIGHT_KEYS = ("W", "weight", "weights")
BIAS_KEYS = ("b", "b_final", "bias")
OUTPUT_KEYS = ("W_out",)
"""Names looked for when none is given."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights read from a file, with what else the file said.

    Parameters
    ----------
    W : array of shape (n_hidden, n_features) or (instances, n_hidden, n_features)
        Feature directions in columns.
    b : array of shape (n_features,) or (instances, n_features)
        Biases.
    W_out : array of shape (n_features, n_hidden) or (instances, n_features, n_hidden), or None
        Output weights of an untied model.
    problems : tuple of Problem, or None
        What the weights were made for, where a file of this package says so: one, or one per instance.
    used, unused : tuple of str
        Names of the arrays that were read, and of those that were not.

    Examples
    --------
    >>> import geomsup as gs, numpy as np
    >>> gs.Weights(np.ones((3, 2, 5)), np.zeros((3, 5))).n_instances
    3
    """

    W: FloatArray
    b: FloatArray
    W_out: FloatArray | None = None
    problems: tuple[Problem, ...] | None = None
    used: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def n_instances(self) -> int:
        """How many models; 1 where W has no instance axis."""
        return 1 if self.W.ndim == 2 else len(self.W)


def read_weights(
    path: str | os.PathLike[str],
    *,
    weights_key: str | None = None,
    bias_key: str | None = None,
    output_key: str | None = None,
    bias_file: str | os.PathLike[str] | None = None,
    transpose: bool = False,
    need_bias: bool = True,
) -> Weights:
    """Read W, b and, of an untied model, W_out from a file.

    ``.npz`` and ``.safetensors`` files hold arrays by name. ``.npy`` and ``.csv`` files hold W alone, with one row
    per hidden dimension; b comes from `bias_file`. Which of these it is, is told by the content; a pickle is never
    opened. Files that this package saved (a Solution, of which the best arrangement is read, a Run, an Arrangement)
    bring their problem along where they have one.

    Parameters
    ----------
    path : path
        The file.
    weights_key, bias_key, output_key : str, optional
        Names of the arrays. By default W is looked for as ``W``, ``weight`` or ``weights``, b as ``b``, ``b_final`` or
        ``bias``, and the output weights as ``W_out``.
    bias_file : path, optional
        A ``.npy`` or ``.csv`` file with b.
    transpose : bool
        Exchange the last two axes of W (and of W_out): for files with one row per feature.
    need_bias : bool
        False: where no b is named or found, take zeros. A W with one row per feature is then not recognised.

    Returns
    -------
    Weights

    Raises
    ------
    ValueError
        The file is damaged, a pickle, or of another format; a name is missing or occurs twice; entries are not finite
        real numbers; features are in rows and `transpose` was not asked for. Messages name what was found.
    OSError
        The file cannot be opened.

    Examples
    --------
    >>> import geomsup as gs, numpy as np, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/weights.npz", W=np.ones((8, 5, 2)), b_final=np.zeros((8, 5)))
    ...     weights = gs.read_weights(f"{folder}/weights.npz", transpose=True)
    >>> weights.W.shape, weights.b.shape, weights.used
    ((8, 2, 5), (8, 5), ('W', 'b_final'))
    """
    path = Path(path)
    readers = _readers(path)
    kind, meta = _header(readers)
    if kind == "solution":
        solution = Solution.load(path)
        return Weights(solution.W, solution.b, None, (solution.problem,), ("W", "b"), ())
    names = [_choose(path, readers, weights_key, WEIGHT_KEYS, "weights")]
    W = _numbers(path, names[0], readers)
    b: FloatArray | None = None
    if bias_file is not None:
        b = _vector(Path(bias_file))
    elif need_bias or bias_key is not None or not readers.keys().isdisjoint(BIAS_KEYS):
        names.append(_choose(path, readers, bias_key, BIAS_KEYS, "bias"))
        b = _numbers(path, names[-1], readers)
    W_out = None
    if output_key is not None or not readers.keys().isdisjoint(OUTPUT_KEYS):
        names.append(_choose(path, readers, output_key, OUTPUT_KEYS, "output"))
        W_out = _numbers(path, names[-1], readers)
    if transpose:
        W, W_out = _transposed(W), None if W_out is None else _transposed(W_out)
    b = np.zeros(W.shape[-1:]) if b is None else b
    _check_shapes(path, W, b)
    return Weights(W, b, W_out, _problems(meta), tuple(names), tuple(sorted(readers.keys() - set(names))))


def _readers(path: Path) -> Readers:
    """Readers of the arrays in a file of any of the formats, told by its content."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a file: pass the file with the weights")
    with open(path, "rb") as stream:
        head, size = stream.read(9), os.fstat(stream.fileno()).st_size
    suffix = path.suffix.lower()
    if size > MOST_BYTES:
        raise ValueError(f"{path} has {size} bytes, more than the {MOST_BYTES} that are read: save W and b alone")
    if head.startswith(b"PK"):
        return npz_readers(path)
    if head.startswith(b"\x93NUMPY"):
        return {"W": lambda: _npy(path)}
    if suffix == ".safetensors" or head[8:] == b"{":
        return safetensors_readers(path)
    if suffix in PICKLES or head.startswith(b"\x80"):
        raise pickled(path)
    if suffix == ".csv":
        return {"W": lambda: _csv(path)}
    raise ValueError(f"{path} is none of .npz, .npy, .csv and .safetensors: save the weights as one of these")


def _npy(path: Path) -> AnyArray:
    with open(path, "rb") as stream:
        return read_npy(stream, path.stat().st_size, str(path))


def _csv(path: Path) -> AnyArray:
    """Rows of numbers; lines that begin with # are skipped."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.partition("#")[0].strip()]
        return np.loadtxt(lines, delimiter=",", ndmin=2) if lines else np.empty((0, 0))
    except ValueError as error:
        raise ValueError(f"{path} is not a table of numbers separated by commas ({error}): save it again") from None


def _header(readers: Readers) -> tuple[str, JSON]:
    """Kind and meta of an archive that this package wrote, taken out of the arrays; two blanks for any other."""
    if "header" in readers:
        try:
            found = json.loads(str(readers["header"]()))
            kind, meta = found["kind"], found["meta"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return "", {}
        if isinstance(kind, str) and isinstance(meta, dict):
            del readers["header"]
            return kind, meta
    return "", {}


def _problems(meta: JSON) -> tuple[Problem, ...] | None:
    """What the weights were made for, as a run and other results of this package say it."""
    listed = meta.get("problems", [meta["problem"]] if "problem" in meta else [])
    return tuple(Problem.from_dict(problem) for problem in listed) or None


def _choose(path: Path, readers: Readers, asked: str | None, usual: tuple[str, ...], what: str) -> str:
    """The name of an array: the one asked for, or the only one that is usual."""
    keys = f"{path} has the keys {sorted(readers)}"
    fix = f"name one with {what}_key (--{what}-key)" + (", or pass bias_file (--bias-file)" if what == "bias" else "")
    if asked is not None:
        if asked not in readers:
            raise ValueError(f"{keys}, and not {asked!r}: {fix}")
        return asked
    found = [name for name in usual if name in readers]
    if len(found) != 1:
        raise ValueError(f"{keys}, of which {' and '.join(found) or 'none'} could be the {what}: {fix}")
    return found[0]


def _numbers(path: Path, name: str, readers: Readers) -> FloatArray:
    return real_array(f"{path}: {name}", readers[name]())


def _transposed(array: FloatArray) -> FloatArray:
    return array if array.ndim < 2 else np.ascontiguousarray(np.swapaxes(array, -1, -2))


def _vector(path: Path) -> FloatArray:
    """The one array in a file of biases; a table of one row or one column is a vector."""
    readers = _readers(path)
    if len(readers) != 1:
        raise ValueError(f"{path} has the keys {sorted(readers)}, but a bias file holds one array: pass such a file")
    b = _numbers(path, next(iter(readers)), readers)
    return b.reshape(-1) if b.ndim == 2 and 1 in b.shape else b


def _check_shapes(path: Path, W: FloatArray, b: FloatArray) -> None:
    """b has one entry per feature, which tells the columns of W from its rows."""
    if W.ndim not in (2, 3) or b.ndim not in (1, 2) or 0 in W.shape or b.shape[-1] not in W.shape[-2:]:
        raise ValueError(
            f"{path}: W has shape {W.shape} and b {b.shape}, but (n_hidden, n_features) and (n_features,) are expected,"
            " with instances on a leading axis: save them in these shapes"
        )
    if W.shape[-1] != b.shape[-1]:
        raise ValueError(
            f"{path}: W has shape {W.shape} and b {b.shape}, so W has one row per feature where one column is expected:"
            " pass transpose=True (--transpose)"
        )
