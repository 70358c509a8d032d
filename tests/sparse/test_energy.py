"""Energies of unit vectors: the numbers that are known, second derivatives, invariances, bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

import geomsup as gs
from geomsup.sparse._sphere import SphereEnergy
from tests.sparse.taylor import slope
from tests.test_published import agrees

RELU, COULOMB, FRAME = gs.ReluSquared(), gs.Riesz(), gs.FramePotential()


def polygon(k):
    angle = 2 * np.pi * np.arange(k) / k
    return np.array([np.cos(angle), np.sin(angle)])


@pytest.mark.parametrize(
    ("n", "exact"),
    [
        (4, 6 * np.sqrt(3 / 8)),  # tetrahedron
        (5, 0.5 + 3 * np.sqrt(2) + np.sqrt(3)),  # triangular bipyramid
        (6, 12 / np.sqrt(2) + 3 / 2),  # octahedron
    ],
)
def test_thomson_in_closed_form(n, exact):
    solution = gs.minimize_energy(COULOMB, n, 3, n_starts=16, rng=0)
    assert solution.status is gs.Status.CONVERGED
    assert solution.pair_energy == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize(
    ("n", "shown"), [(4, "3.674235"), (5, "6.474691"), (6, "9.985281"), (7, "14.452977"), (8, "19.675288")]
)
def test_thomson(n, shown):
    """Energies of Thomson's problem, over pairs i < j: standard tables, such as Wales and Ulker 2006."""
    assert agrees(gs.minimize_energy(COULOMB, n, 3, n_starts=16, rng=0).pair_energy, shown)


@pytest.mark.parametrize(
    ("m", "n", "exact"),
    [
        (2, 5, 5 * (3 - np.sqrt(5)) / 4),  # pentagon: .954915
        (2, 6, 3.0),  # hexagon
        (3, 7, 5 * (3 - np.sqrt(5)) / 4),  # pentagon and a digon at right angles
        (3, 9, 63 / 17),
        (4, 10, 5 / 3),  # Petersen code: cosines -2/3 and 1/6, six of the latter for every vector
        (5, 16, 32 / 5),  # Clebsch: cosines -3/5 and 1/5, ten of the latter for every vector
    ],
)
def test_relu_squared_in_closed_form(m, n, exact):
    solution = gs.minimize_energy(RELU, n, m, n_starts=32, rng=0)
    assert solution.energy == pytest.approx(exact, rel=1e-13)
    assert solution.gradient_norm <= 1e-12
    assert solution.minima[0].kind == "minimum"


def test_relu_squared_of_eight_in_three_dimensions():
    """CALC: 2.043833, the square antiprism."""
    assert agrees(gs.minimize_energy(RELU, 8, 3, n_starts=16, rng=0).energy, "2.043833")


@given(m=st.integers(1, 4), extra=st.integers(0, 4), seed=st.integers(0, 99))
@settings(max_examples=15)
def test_frame_potential_is_least_for_tight_frames(m, extra, seed):
    """Benedetto and Fickus 2003: Σ_{i≠j} t² ≥ n²/m − n for n ≥ m, attained."""
    n = m + extra
    solution = gs.minimize_energy(FRAME, n, m, n_starts=2, rng=seed)
    assert solution.energy == pytest.approx(n * n / m - n, abs=1e-12)


@given(m=st.integers(1, 4), share=st.floats(0, 1), seed=st.integers(0, 99))
@settings(max_examples=15)
def test_up_to_twice_the_dimension_without_acute_angles(m, share, seed):
    n = 1 + int(share * (2 * m - 1))
    # a sum of squares that vanish: what is left is the square of their rounding, measured at most 1e-31
    assert gs.minimize_energy(RELU, n, m, n_starts=8, rng=seed).energy <= 1e-28


@pytest.mark.parametrize(
    "potential", [RELU, COULOMB, FRAME, gs.BiasedRelu(1.2, -0.3), gs.CustomPotential(np.exp, np.exp)], ids=repr
)
class TestDerivatives:
    @given(seed=st.integers(0, 99))
    @settings(max_examples=5)
    def test_gradient(self, potential, seed):
        rng = np.random.default_rng(seed)
        objective = SphereEnergy(potential, 5, 3)
        x = objective.project(rng.normal(size=15))
        _, gradient = objective(x[None], objective.fine)
        direction = rng.normal(size=15) * 0.03  # short: a kink of f' between the points would spoil the order
        order = slope(lambda y: gs.energy_of(potential, y.reshape(3, 5)), x, gradient[0], direction)
        assert order is not None
        assert abs(order - 2) <= 0.02

    def test_spectrum_by_differences_of_the_gradient(self, potential):
        """Along geodesics, and including the directions in which nothing changes."""
        objective = SphereEnergy(potential, 5, 3)
        x = objective.project(np.random.default_rng(1).normal(size=(1, 15)))
        shape = objective.spectrum(x[0])
        assert shape.values.size == 15 - 5 - 3
        h = 1e-5
        # at a point that is not critical the gradient turns with the tangent space: project both back
        ahead, behind = (
            objective(objective.project(x + sign * h * shape.vectors.T), objective.fine)[1] for sign in (1, -1)
        )
        found = (ahead - behind) @ shape.vectors / (2 * h)
        # second order in h: measured at most 3e-9 of the largest eigenvalue
        np.testing.assert_allclose(found, np.diag(shape.values), atol=1e-8 * np.abs(shape.values).max())


@given(n=st.integers(2, 6), m=st.integers(1, 4), potential=st.sampled_from([RELU, FRAME]), seed=st.integers(0, 999))
def test_energy_is_invariant(n, m, potential, seed):
    """Under O(m), the order of the vectors and their lengths."""
    rng = np.random.default_rng(seed)
    U = rng.normal(size=(m, n))
    Q = ortho_group.rvs(m, random_state=seed) if m > 1 else np.array([[-1.0]])
    other = (Q @ U)[:, rng.permutation(n)] * rng.uniform(0.1, 9, n)
    assert gs.energy_of(potential, other) == pytest.approx(gs.energy_of(potential, U), abs=1e-13 * n * n)


@given(k=st.integers(3, 9), seed=st.integers(0, 99), s=st.sampled_from([0.5, 1.0, 2.0]))
@settings(max_examples=15)
def test_never_above_an_arrangement_with_a_name(k, seed, s):
    for potential in (RELU, gs.Riesz(s)):
        found = gs.minimize_energy(potential, k, 2, n_starts=8, rng=seed)
        assert found.energy <= gs.energy_of(potential, polygon(k)) + 1e-12


def test_a_custom_potential_is_as_good_as_a_built_in_one():
    custom = gs.CustomPotential(lambda t: (2 - 2 * t) ** -0.5, lambda t: (2 - 2 * t) ** -1.5)
    found = gs.minimize_energy(custom, 7, 3, n_starts=8, rng=0)
    assert found.status is gs.Status.CONVERGED
    assert found.energy == pytest.approx(gs.minimize_energy(COULOMB, 7, 3, n_starts=8, rng=0).energy, rel=1e-14)


def test_minima_are_distinct_ordered_and_counted():
    """ReLU² of 16 in R⁵ has the Clebsch graph and a second minimum, 7.0515."""
    solution = gs.minimize_energy(RELU, 16, 5, rng=0)
    energies = [one.energy for one in solution.minima]
    assert energies == sorted(energies)
    assert len(energies) >= 2
    assert energies[1] - energies[0] > 0.5
    assert sum(one.hits for one in solution.minima) == solution.n_starts == 64


def test_deterministic_and_told():
    told = []
    first = gs.minimize_energy(COULOMB, 6, 3, n_starts=40, rng=3, callback=told.append)
    second = gs.minimize_energy(COULOMB, 6, 3, n_starts=40, rng=3)
    assert (first.U == second.U).all()
    assert [(one.phase, one.done, one.total) for one in told] == [
        ("searching", 32, 40),
        ("searching", 40, 40),
        ("finishing", 1, 1),
    ]
    assert told[-1].best == first.energy


def test_refusals():
    with pytest.raises(ValueError, match="n=0 is too small"):
        gs.minimize_energy(RELU, 0, 2)
    with pytest.raises(ValueError, match="n_starts=0"):
        gs.minimize_energy(RELU, 3, 2, n_starts=0)
    with pytest.raises(ValueError, match="3 random points in m=1 dimensions under Riesz"):
        gs.minimize_energy(COULOMB, 3, 1)
    with pytest.raises(ValueError, match="column 1 of U is zero"):
        gs.energy_of(RELU, [[1, 0], [0, 0]])
    with pytest.raises(ValueError, match="pass shape"):
        gs.energy_of(RELU, [1.0, 0.0])
