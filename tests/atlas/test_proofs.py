"""The proofs on the page of the atlas: the certificate for the plane, and that limits are limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.atlas.kinds import KINDS, gain, value_of
from geomsup.atlas.proofs import limit, reason


def test_the_certificate_for_the_plane():
    """The limit is the number that the certificate of the bounds proves, checked here without the solver."""
    bracket = gs.capacity(2)
    assert gs.verify(bracket.certificate).status == "proved"
    assert bracket.certificate.claim["value"] == "35/11 + 5/11*sqrt(5)"
    assert limit("capacity", 2, 5) == pytest.approx(bracket.upper, rel=1e-15)


@pytest.mark.parametrize("m", [1, 3, 4, 5, 6, 7, 8, 22])
def test_no_capacity_in_the_table_is_above_a_proved_bound(m):
    assert gs.atlas.capacity(m).value <= gs.capacity(m).upper * (1 + 1e-15)


@given(kind=st.sampled_from(KINDS), m=st.integers(1, 3), n=st.integers(1, 9), seed=st.integers(0, 999))
def test_no_arrangement_is_beyond_a_limit(kind, m, n, seed):
    rng = np.random.default_rng(seed)
    b = np.zeros(n) if kind in ("energy", "capacity") else -rng.uniform(0, 0.3, n)
    value, error = value_of(kind, rng.normal(size=(m, n)), b)
    bound = limit(kind, m, n)
    assert gain(kind, value, bound) * max(abs(bound), 1e-3) <= error + 1e-14


@given(n=st.integers(1, 12), k=st.integers(0, 12))
def test_energies_on_a_line(n, k):
    """k vectors on one side and n − k on the other."""
    signs = np.where(np.arange(n) < min(k, n), 1.0, -1.0)[None]
    energy = gs.energy_of(gs.ReluSquared(), signs)
    assert energy >= limit("energy", 1, n)
    assert (energy == limit("energy", 1, n)) == (abs(2 * min(k, n) - n) <= 1)


def test_only_what_attains_its_limit_is_proved():
    pentagon = gs.energy_of(gs.ReluSquared(), gs.frames.polygon(5))
    assert reason("energy", 2, 5, pentagon) == "a polynomial certificate"
    assert reason("energy", 2, 5, pentagon + 1e-9) is None
    assert reason("energy", 2, 6, 3.0) is None
    assert reason("one_active", 3, 6, 0.0) == "no feature disturbs another"
    assert reason("one_active", 2, 5, gs.k_gon(5).h / 3) == "a certificate that it is the least"
    assert reason("one_active", 2, 6, gs.k_gon(6).h / 3 + 1e-9) is None
    assert reason("one_active", 2, 7, gs.k_gon(7).h / 3) == "a certificate that it is the least"
    assert reason("one_active", 2, 8, gs.k_gon(8).h / 3) is None
    assert reason("p=0.1", 3, 4, 1e-3) is None
