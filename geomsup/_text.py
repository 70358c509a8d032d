"""Numbers as they are printed, and as JSON can hold them."""

from __future__ import annotations

import math
import textwrap

__all__ = ["exactly", "finite_or_none", "percent", "shortened"]


def exactly(value: float, error: float) -> str:
    """Twelve significant digits and the bound on the error."""
    return f"{value:#.12g} ± {error:.1e}"


def finite_or_none(value: float) -> float | None:
    """The number, or None for infinities and NaN, which JSON does not have."""
    return float(value) if math.isfinite(value) else None


def percent(share: float) -> str:
    """Three significant digits of a share, in percent."""
    return f"{100 * share:.3g} %"


def shortened(text: str, most: int) -> str:
    """The text, cut after a word and marked with an ellipsis where it is longer than that."""
    return textwrap.shorten(text, most, placeholder=" …")
