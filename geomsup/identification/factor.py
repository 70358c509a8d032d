"""A factor of an arrangement: features that are orthogonal to all others and hold together."""

from __future__ import annotations

from dataclasses import dataclass

from geomsup.identification.catalogue import plural

__all__ = ["Factor", "several"]


@dataclass(frozen=True)
class Factor:
    """Features that are orthogonal to all others and hold together.

    Parameters
    ----------
    features : tuple of int
        Columns of W: in the order of the catalogue's frame where there is a name, otherwise increasing.
    name : str or None
        Name in the catalogue, by the directions alone; None when nothing in it is near.
    near : bool
        Whether the name fits only approximately: the residual is above 0.005.
    dimension : int
        Of the named frame; without a name, how many squared singular values of the unit columns count.
    residual : float
        Root mean square difference of the cosines from those of the nearest frame, or of the cosines with features
        outside from 0, whichever is larger; NaN when nothing was compared.
    confidence : float
        1 for a residual of 0, falling linearly to 0 at the residual where the name is given up. Not a probability.
    nearest : str or None
        The nearest frame of the catalogue, also when it is too far to give its name.
    polar_angle : float or None
        In degrees, of a named prism or antiprism: the angle between its axis and its vertices.
    n_products : int
        Number of distinct cosines, told apart from 1e-4.
    tight : bool
        Whether the unit columns are a tight frame of their span, singular values equal to 1 %.
    symmetry_order : int
        Of the named frame; without a name, of the cosines to 1e-4.
    norms : tuple of float
        Least and greatest norm.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.identify(gs.frames.bipyramid(5)).factors[0]
    Factor(pentagon, features=(...), residual=...)
    """

    features: tuple[int, ...]
    name: str | None
    near: bool
    dimension: int
    residual: float
    confidence: float
    nearest: str | None
    polar_angle: float | None
    n_products: int
    tight: bool
    symmetry_order: int
    norms: tuple[float, float]

    @property
    def label(self) -> str:
        """The name, with "near" where it fits approximately, or the size."""
        if self.name is None:
            return f"{len(self.features)} in dimension {self.dimension}"
        return f"near {self.name}" if self.near else self.name

    @property
    def description(self) -> str:
        """One line: size, number of distinct products, tight or not, symmetry, and the nearest frame."""
        parts = [
            f"{len(self.features)} in dimension {self.dimension}",
            f"{self.n_products} distinct product{'' if self.n_products == 1 else 's'}",
            "tight" if self.tight else "not tight",
            f"symmetry order {self.symmetry_order}",
        ]
        if self.nearest is not None:
            verb = "near" if self.near or self.name is None else "is"
            parts.append(f"{verb} {self.nearest} (residual {self.residual:.2g})")
        if self.polar_angle is not None:
            parts.append(f"polar angle {self.polar_angle:.2f}°")
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"Factor({self.label}, features={self.features}, residual={self.residual:.2g})"


def several(label: str, count: int) -> str:
    """So many of them: "pentagon", "2 digons", "3 × 24-cell"."""
    if count == 1:
        return label
    return f"{count} × {label}" if label[0].isdigit() else f"{count} {plural(label)}"
