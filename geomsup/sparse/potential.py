"""What a potential is: a function of the cosine between two unit vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod

from geomsup._typing import FloatArray

__all__ = ["Potential"]


class Potential(ABC):
    """f(t) for t in [-1, 1], with its first and second derivative; arrays in, arrays of the same shape out."""

    @abstractmethod
    def value(self, t: FloatArray) -> FloatArray:
        """f(t)."""

    @abstractmethod
    def slope(self, t: FloatArray) -> FloatArray:
        """f'(t)."""

    @abstractmethod
    def curvature(self, t: FloatArray) -> FloatArray:
        """f''(t); at a kink of f', the mean of its two sides."""
