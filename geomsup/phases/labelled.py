"""Results over a grid: arrays with named axes and coordinates."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from geomsup._files import complete, read_npz, write_npz
from geomsup.phases.grid import check_names

if TYPE_CHECKING:
    import xarray

__all__ = ["Sweep"]

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a function gave at every point of a grid.

    Parameters
    ----------
    dims : tuple of str
        The names of the axes.
    coords : dict of str to array
        The values along each axis.
    values : dict of str to array
        One array per name; its first axes are `dims`, the others those of a single result.

    Examples
    --------
    >>> import geomsup as gs
    >>> def antipodal(p, r):
    ...     return {"loss": (1 + r) * p**2 / 6}
    >>> result = gs.sweep(antipodal, {"p": [0.1, 0.2], "r": [0.5, 1.0, 2.0]})
    >>> result
    Sweep(p=2 × r=3: loss)
    >>> result["loss"].shape
    (2, 3)
    """

    dims: tuple[str, ...]
    coords: dict[str, Array]
    values: dict[str, Array]

    _kind: ClassVar[str] = "sweep"

    @property
    def shape(self) -> tuple[int, ...]:
        """Values along each axis."""
        return tuple(len(self.coords[name]) for name in self.dims)

    def __getitem__(self, name: str) -> Array:
        """The array of that name.

        Raises
        ------
        ValueError
            There is none.
        """
        check_names([name], self.values, f"an array of this {self._kind}")
        return self.values[name]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to a ``.npz`` file (suffix added if missing) and return its path."""
        arrays = {f"coords/{name}": array for name, array in self.coords.items()}
        arrays |= {f"values/{name}": array for name, array in self.values.items()}
        return write_npz(path, arrays, {"dims": list(self.dims)}, self._kind)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote; ValueError if the file holds anything else."""
        arrays, meta = read_npz(path, cls._kind)
        with complete(path, cls._kind):
            values = {key.removeprefix("values/"): array for key, array in arrays.items() if key.startswith("values/")}
            return cls(tuple(meta["dims"]), {name: arrays[f"coords/{name}"] for name in meta["dims"]}, values)

    def to_xarray(self) -> xarray.Dataset:
        """The same as an xarray Dataset, whose ``to_netcdf`` writes a netCDF file.

        Axes of a single result are called ``<name>_0``, ``<name>_1``, ….

        Raises
        ------
        ValueError
            xarray is not installed.
        """
        try:
            import xarray
        except ImportError:
            raise ValueError(
                'xarray is not installed: pip install "geomsup[xarray]", or use the arrays as they are'
            ) from None
        variables = {
            name: ((*self.dims, *(f"{name}_{k}" for k in range(array.ndim - len(self.dims)))), array)
            for name, array in self.values.items()
        }
        return xarray.Dataset(variables, coords=dict(self.coords))

    def __repr__(self) -> str:
        sizes = " × ".join(f"{name}={size}" for name, size in zip(self.dims, self.shape, strict=True))
        return f"{type(self).__name__}({sizes}: {self._contents()})"

    def _contents(self) -> str:
        return ", ".join(self.values)
