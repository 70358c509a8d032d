"""What the functions that draw share. matplotlib is imported when a picture is drawn, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BLUE", "RED", "axes_or_new", "colour_map"]

BLUE, RED = "#0072B2", "#D55E00"
"""Told apart without full colour vision."""


def axes_or_new(ax: Axes | None, *, projection: str | None = None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained", subplot_kw={"projection": projection})[1]


def colour_map(name: str) -> Any:
    import matplotlib

    return matplotlib.colormaps[name]
