"""Array aliases used in every signature of the package."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
ComplexArray: TypeAlias = npt.NDArray[np.complex128]
Floating: TypeAlias = npt.NDArray[np.floating[Any]]
"""Single or double precision."""
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

ArrayLike: TypeAlias = Any
"""Whatever ``_validate.real_array`` can read: nested sequences, NumPy arrays, detached or attached tensors."""

JSON: TypeAlias = dict[str, Any]
"""A dictionary that ``json.dumps`` writes and ``json.loads`` gives back unchanged."""
