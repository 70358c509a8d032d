"""Exact numbers: arithmetic in Q(√d), text, order, rounding."""

import math
from decimal import Decimal, getcontext
from fractions import Fraction

import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

from geomsup.bounds._numbers import Surd, above, below, exact, read_number, sign, text

getcontext().prec = 60

rationals = st.builds(fmpq, st.integers(-(10**6), 10**6), st.integers(1, 10**6))
surds = st.builds(lambda a, b: Surd(a, b, 5), rationals, rationals)
numbers = rationals | surds


def decimal(x):
    """The number to 60 digits."""
    a, b = (x.a, x.b) if isinstance(x, Surd) else (x, fmpq(0))
    root = Decimal(x.d).sqrt() if isinstance(x, Surd) else Decimal(0)
    return Decimal(int(a.p)) / Decimal(int(a.q)) + Decimal(int(b.p)) / Decimal(int(b.q)) * root


@given(surds, numbers)
def test_arithmetic_agrees_with_sixty_digits(x, y):
    pairs = [(x + y, decimal(x) + decimal(y)), (y - x, decimal(y) - decimal(x)), (x * y, decimal(x) * decimal(y))]
    if sign(x):
        pairs.append((y / x, decimal(y) / decimal(x)))
    for found, expected in pairs:
        assert abs(decimal(found) - expected) <= abs(expected) * Decimal("1e-40") + Decimal("1e-40")


@given(numbers, numbers)
def test_order_is_decided(x, y):
    difference = decimal(x) - decimal(y)
    expected = 0 if abs(difference) < Decimal("1e-50") else int(math.copysign(1, difference))
    assert sign(x - y) == expected


def test_order_where_floats_cannot_decide():
    fibonacci, lucas = 12586269025, 28143753123  # L² − 5F² = 4: they differ by 7e-11 of 2.8e10
    assert sign(Surd(lucas, -fibonacci, 5)) == 1
    assert sign(Surd(-lucas, fibonacci, 5)) == -1


@given(numbers)
def test_text_is_read_back(x):
    assert sign(read_number("x", text(x)) - x) == 0


@given(numbers)
def test_floats_on_either_side_are_neighbours(x):
    low, high = below(x), above(x)
    assert sign(x - exact(low)) >= 0 >= sign(x - exact(high))
    assert high <= math.nextafter(low, math.inf)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_an_exact_rational(x):
    assert below(exact(x)) == x == above(exact(x))
    assert Fraction(int(exact(x).p), int(exact(x).q)) == Fraction(x)


def test_numbers_beyond_floats_round_to_the_safe_side():
    huge = fmpq(10) ** 400
    assert below(huge) == math.nextafter(math.inf, 0)
    assert above(huge) == math.inf
    assert below(-huge) == -math.inf


@pytest.mark.parametrize(
    "value",
    ["", "1.5", "1/0", "1e3", " 1", "1/2 + 1*sqrt(4)", "1 + 1*sqrt(0)", "١", "1/2+1*sqrt(5)", "nan", 1, None, ["1"]],
)
def test_anything_else_is_refused(value):
    with pytest.raises(ValueError, match=r"x is|sqrt"):
        read_number("x", value)


def test_fields_do_not_mix():
    with pytest.raises(ValueError, match="different fields"):
        Surd(0, 1, 5) + Surd(0, 1, 2)
