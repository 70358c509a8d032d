"""Reading what a caller passed, once, with errors that state the fact, the value and the fix.

Every public entry point validates through these functions, so the numerical code behind it can assume finite
float64 arrays of the right shape. All failures are ``ValueError``.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from geomsup._typing import ArrayLike, FloatArray


def real_array(name: str, value: ArrayLike, *, finite: bool = True) -> FloatArray:
    """Read `value` as a float64 array; refuse anything complex, textual, ragged or (by default) not finite.

    Tensors are detached from their gradients, moved to the host and converted first; they are recognised by their
    methods (``detach``, ``cpu``, ``numpy``), so no tensor library is imported.
    """
    source = value
    try:
        for method in ("detach", "cpu", "numpy"):
            if hasattr(source, method):
                source = getattr(source, method)()
        array = np.asarray(source)
        # Objects may be exact numbers (fractions, integers past 64 bits); NumPy would also read text and None.
        if array.dtype.kind == "O" and not any(isinstance(item, (str, bytes, type(None))) for item in array.flat):
            array = array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise ValueError(
            f"{name} cannot be read as an array of real numbers ({error}): pass a NumPy array or a rectangular list"
        ) from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} has entries of type {array.dtype}, not real numbers: pass a float array")
    result = np.asarray(array, dtype=np.float64)
    if finite and not np.isfinite(result).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(result))[0])
        raise ValueError(f"{label(name, where)} is {result[where]}, but every entry must be finite: check its source")
    return result


def matrices(name: str, value: ArrayLike, **sides: int) -> FloatArray:
    """Read weights of shape (..., rows, columns), both sides given by name and size; turned ones are named as such."""
    array, shape = real_array(name, value), tuple(sides.values())
    if array.ndim >= 2 and array.shape[-2:] == shape:
        return array
    fix = "pass an array of that shape, with instances (if any) on leading axes"
    if array.ndim >= 2 and array.shape[-2:] == shape[::-1]:
        fix = f"pass {name}.T" if array.ndim == 2 else f"pass {name}.swapaxes(-1, -2)"
    elif array.ndim == 1 and (1, array.size) == shape:
        fix = f"pass {name}[np.newaxis, :]"
    elif array.ndim == 1 and (array.size, 1) == shape:
        fix = f"pass {name}[:, np.newaxis]"
    raise ValueError(
        f"{name} has shape {array.shape} but the problem has {', '.join(f'{side}={n}' for side, n in sides.items())}, "
        f"so {shape} is expected: {fix}"
    )


def real_number(name: str, value: Any) -> float:
    """Read one finite real number."""
    array = real_array(name, value)
    if array.ndim:
        raise ValueError(f"{name} has shape {array.shape}, but one number is expected: pass a float")
    return float(array)


def integer(name: str, value: Any, *, at_least: int) -> int:
    """Read an integer (a Python or NumPy integer; not a float, not a bool) that is at least `at_least`."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name}={value!r} is not an integer: pass an int of at least {at_least}") from None
    if number < at_least:
        raise ValueError(f"{name}={number} is too small: pass an int of at least {at_least}")
    return number


def probabilities(name: str, value: ArrayLike) -> FloatArray:
    """Read one or several probabilities, each in [0, 1]."""
    array = real_array(name, value)
    outside = np.argwhere((array < 0) | (array > 1))
    if len(outside):
        where = tuple(int(k) for k in outside[0])
        raise ValueError(
            f"{label(name, where)}={array[where]:g} is outside [0, 1]: pass a probability "
            "(sparsity is 1 - feature_probability)"
        )
    return array


def one_per(name: str, array: FloatArray, n: int, what: str) -> FloatArray:
    """Spread a number over `n` entries, or check that there are already `n` of them."""
    if array.ndim == 0:
        return np.full(n, float(array))
    if array.shape != (n,):
        raise ValueError(
            f"{name} has shape {array.shape}, but there are {n} {what}: pass one number or an array of shape ({n},)"
        )
    return array


def frozen(array: FloatArray) -> FloatArray:
    """A read-only copy, so that a value object cannot change behind its hash."""
    copy = np.array(array, dtype=np.float64, order="C")
    copy.setflags(write=False)
    return copy


def label(name: str, where: tuple[int, ...]) -> str:
    """``W`` and (1, 3) to ``W[1, 3]``; a scalar keeps its bare name."""
    return f"{name}[{', '.join(map(str, where))}]" if where else name


def summary(array: FloatArray) -> str:
    """A vector in a few characters: one number when constant, all entries when short, else its two ends."""
    if array.size and (array == array.flat[0]).all():
        return f"{array.flat[0]:.6g}"
    shown = [f"{entry:.4g}" for entry in array]
    return f"[{', '.join(shown if len(shown) <= 6 else [*shown[:2], '...', shown[-1]])}]"
