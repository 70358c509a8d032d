"""The proofs on the page of the atlas: the certificate for the plane, exactly, and that limits are limits."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.atlas.kinds import KINDS, gain, value_of
from geomsup.atlas.proofs import limit, reason
from tests.atlas.golden import ONE, ZERO, add, bernstein, chebyshev, divided, golden, scaled

# h = Σ c_k T_k: (c + d√5)/e
CERTIFICATE = {
    0: golden(7, -1, 20),
    1: golden(6, 2, 25),
    2: golden(19, 3, 100),
    3: golden(17, -4, 100),
    6: golden(-2, 1, 50),
    7: golden(9, -4, 100),
}
NEAR, FAR = golden(-1, 1, 4), golden(-1, -1, 4)  # cos 72° and cos 144°


def polynomial(coefficients):
    h = [ZERO]
    for k, c in coefficients.items():
        h = add(h, scaled(chebyshev(k), c))
    return h


def above(h):
    """Bernstein coefficients of (t² − h)/((1 − t)(t − cos 72°)²) on [0, 1] and of −h/(t − cos 144°)² on [−1, 0]."""
    down = scaled(h, golden(-1))
    right = divided(divided(divided(add([ZERO, ZERO, ONE], down), ONE), NEAR), NEAR)
    left = divided(divided(down, FAR), FAR)
    return bernstein(scaled(right, golden(-1)), ZERO, ONE), bernstein(left, golden(-1), ZERO)


def test_the_certificate_for_the_plane():
    """h ≤ t₊² on [−1, 1], and all coefficients but the first are positive: so C(2) ≤ 1/c₀."""
    right, left = above(polynomial(CERTIFICATE))
    assert all(x.sign() > 0 for x in right)
    assert [x.sign() for x in left] == [0, 1, 1, 1, 1, 1]
    assert all(c.sign() > 0 for c in CERTIFICATE.values())
    assert CERTIFICATE[0].inverse() == golden(35, 5, 11)


def test_the_pentagon_attains_it_exactly():
    """n²/Σ_ij (u_i·u_j)₊²: every vertex meets itself, and two others at cos 72°."""
    total = golden(5) * (ONE + golden(2) * NEAR * NEAR)
    assert golden(25) * total.inverse() == golden(35, 5, 11)


@pytest.mark.parametrize("k", [0, 2, 7])
def test_a_changed_certificate_fails(k):
    """It touches t₊² at the pentagon's cosines, so a change leaves a remainder or a negative coefficient."""
    h = polynomial(CERTIFICATE | {k: CERTIFICATE[k] + golden(Fraction(1, 10**6))})
    with pytest.raises(AssertionError):
        above(h)


def test_numbers_in_the_field():
    x = golden(3, -2, 7)
    assert float(x) == pytest.approx((3 - 2 * 5**0.5) / 7, rel=1e-15)
    assert x * x.inverse() == ONE
    assert (x.sign(), golden(-2, 1).sign(), golden(5, -2).sign(), ZERO.sign()) == (-1, 1, 1, 0)


@given(kind=st.sampled_from(KINDS), m=st.integers(1, 3), n=st.integers(1, 9), seed=st.integers(0, 999))
def test_no_arrangement_is_beyond_a_limit(kind, m, n, seed):
    rng = np.random.default_rng(seed)
    b = np.zeros(n) if kind in ("energy", "capacity") else -rng.uniform(0, 0.3, n)
    value, error = value_of(kind, rng.normal(size=(m, n)), b)
    bound = limit(kind, m, n)
    assert gain(kind, value, bound) * max(abs(bound), 1e-3) <= error + 1e-14


@given(m=st.integers(1, 1), n=st.integers(1, 12), k=st.integers(0, 12))
def test_energies_on_a_line(m, n, k):
    """k vectors on one side and n − k on the other."""
    signs = np.where(np.arange(n) < min(k, n), 1.0, -1.0)[None]
    energy = gs.energy_of(gs.ReluSquared(), signs)
    assert energy >= limit("energy", m, n)
    assert (energy == limit("energy", m, n)) == (abs(2 * min(k, n) - n) <= 1)


def test_only_what_attains_its_limit_is_proved():
    pentagon = gs.energy_of(gs.ReluSquared(), gs.frames.polygon(5))
    assert reason("energy", 2, 5, pentagon) == "a polynomial certificate"
    assert reason("energy", 2, 5, pentagon + 1e-9) is None
    assert reason("energy", 2, 6, 3.0) is None
    assert reason("one_active", 3, 6, 0.0) == "no feature disturbs another"
    assert reason("p=0.1", 3, 4, 1e-3) is None
