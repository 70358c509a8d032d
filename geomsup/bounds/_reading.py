"""Reading the entries of a certificate: each is checked for type and size before anything is computed with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flint import fmpq

from geomsup._typing import JSON
from geomsup.bounds._numbers import Number, Surd, read_number

__all__ = ["entry", "integer_entry", "items", "number_entry", "numbers_entry", "rational_entry", "rationals_entry"]

T = TypeVar("T")


def entry(data: JSON, key: str) -> Any:
    """data[key]; ValueError without one."""
    if not isinstance(data, dict) or key not in data:
        raise ValueError(f"there is no entry {key!r}")
    return data[key]


def integer_entry(data: JSON, key: str, low: int, high: int) -> int:
    """An integer of data within [low, high]."""
    value = entry(data, key)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{key} is {str(value)[:40]}, not an integer from {low} to {high}")
    return value


def number_entry(data: JSON, key: str) -> Number:
    """An exact number of data."""
    return read_number(key, entry(data, key))


def rational_entry(data: JSON, key: str, low: fmpq | int | None = None) -> fmpq:
    """A rational number of data, at least `low`."""
    return _rational(key, entry(data, key), low)


def items(data: JSON, key: str, read: Callable[[str, Any], T], least: int, most: int) -> list[T]:
    """A list of data with `least` to `most` items, each read by ``read(name, item)``."""
    value = entry(data, key)
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise ValueError(f"{key} is not a list of {least} to {most} items")
    return [read(f"{key}[{k}]", item) for k, item in enumerate(value)]


def numbers_entry(data: JSON, key: str, least: int, most: int) -> list[Number]:
    """A list of exact numbers of data."""
    return items(data, key, read_number, least, most)


def rationals_entry(data: JSON, key: str, least: int, most: int, low: fmpq | int | None = None) -> list[fmpq]:
    """A list of rational numbers of data, each at least `low`."""
    return items(data, key, lambda name, item: _rational(name, item, low), least, most)


def _rational(what: str, value: object, low: fmpq | int | None) -> fmpq:
    number = read_number(what, value)
    if isinstance(number, Surd):
        raise ValueError(f"{what} is irrational: only rational numbers can stand there")
    if low is not None and number < low:
        raise ValueError(f"{what} is {str(number)[:40]}, below {low}")
    return number
