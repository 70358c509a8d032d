"""The second order around an arrangement: against differences written anew, volumes counted, and known polygons."""

import json
import pickle
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from tests.identification.moved import moved

frames = gs.frames
PENTAGONS = gs.Problem(5, 2, 0.05)
LINEAR = gs.Problem(activation="identity")
ONE_ACTIVE = {"loss": "one_active"}


@pytest.fixture(scope="module")
def solution():
    return gs.minimize(PENTAGONS, rng=0)


def full_hessian(problem, W, b, step=1e-5):
    """All second derivatives of the expected loss, one difference of the gradient per parameter."""
    m, n = W.shape
    x = np.concatenate([W.ravel(), b])

    def gradient(x):
        _, dW, db = gs.expected_loss_and_grad(problem, x[: m * n].reshape(m, n), x[m * n :], tol=1e-14)
        return np.concatenate([dW.ravel(), db])

    rows = [(gradient(x + step * e) - gradient(x - step * e)) / (2 * step) for e in np.eye(x.size)]
    return (np.array(rows) + np.array(rows).T) / 2


@pytest.mark.parametrize("k", [0, 1, 2])
def test_rotations_and_the_rest_are_the_whole_spectrum(solution, k):
    minimum = solution.minima[k]
    local = gs.local_structure(PENTAGONS, minimum.W, minimum.b)
    expected = np.linalg.eigvalsh(full_hessian(PENTAGONS, minimum.W, minimum.b))
    both = np.sort(np.concatenate([local.values, local.rotation_values]))
    # measured: 3e-11, and 1e-13 on the rotations
    np.testing.assert_allclose(both, expected, atol=1e-9)
    assert np.abs(local.rotation_values).max() < 1e-10
    assert local.kind == minimum.kind
    assert local.values[0] == pytest.approx(minimum.curvature, abs=1e-9)
    assert local.value == pytest.approx(minimum.loss, abs=1e-13)


@pytest.mark.parametrize("c", [5, 6, 7, 8])
def test_learning_coefficient_of_polygons(c):
    """Chen et al. 2023 (arXiv:2310.06301): (3c − 1)/2 for the c-gon of c features, one active, free bias.

    3c parameters, one rotation, and every other direction curves: counted from the Hessian.
    """
    polygon = gs.k_gon(c).arrangement
    local = gs.local_structure(gs.Problem(c, 2), polygon.W, polygon.b, **ONE_ACTIVE)
    assert (local.kind, local.smooth, local.n_rotations, local.n_flat) == ("minimum", True, 1, 0)
    assert local.n_positive == 3 * c - 1
    assert local.learning_coefficient == (3 * c - 1) / 2
    # far from the limit between flat and curved: measured 0.054, 0.016, 0.0058, 0.0024 and 1e-6
    assert local.values[0] > 1e-3 * local.values[-1]
    assert local.stress.pairs == tuple(sorted(tuple(sorted((i, (i + 1) % c))) for i in range(c)))
    assert local.stress.imbalance < 1e-13
    assert (np.array([d["stress"] for _, _, d in local.stress.graph.edges(data=True)]) > 0).all()
    assert (np.diag(local.stress.matrix) < 0).all()


@pytest.mark.parametrize("c", [10, 11, 12, 13])
def test_larger_polygons_are_saddles(c):
    polygon = gs.k_gon(c).arrangement
    local = gs.local_structure(gs.Problem(c, 2), polygon.W, polygon.b, **ONE_ACTIVE)
    assert local.kind == "saddle"
    assert local.n_negative > 0
    assert local.learning_coefficient_bounds is None


@pytest.mark.parametrize(
    ("problem", "expected"),
    [(gs.Problem(2, 1, 0.3), 2.0), (gs.Problem(1, 2, 0.3, activation="identity"), 1.0)],
    ids=["two in one, strict", "one in two, an orbit"],
)
def test_learning_coefficient_by_volume(problem, expected):
    """λ is the exponent of a volume: that of the neighbours with L − L* < ε, counted for ε and ε/4."""
    best = gs.minimize(problem, rng=0)
    local = gs.local_structure(problem, best.W, best.b)
    assert local.learning_coefficient == expected
    curved, axes = np.linalg.eigh(full_hessian(problem, best.W, best.b))
    epsilon = 1e-5 * curved[-1]
    # a fifth wider than the ellipsoid {L − L* < ε} in each direction, and a short way along the orbit
    width = 1.2 * np.sqrt(2 * epsilon / np.where(curved > 1e-6, curved, curved[-1]))
    steps = np.random.default_rng(0).uniform(-width, width, size=(12_000, width.size)) @ axes.T
    W = best.W + steps[:, : best.W.size].reshape(-1, *best.W.shape)
    b = best.b + steps[:, best.W.size :]
    rise = gs.expected_loss(problem, W, b, tol=1e-10).value - best.loss
    inside = [int(np.sum(rise < part)) for part in (epsilon, epsilon / 4)]
    measured = np.log(inside[0] / inside[1]) / np.log(4)
    spread = np.sqrt(1 / inside[0] + 1 / inside[1]) / np.log(4)
    assert abs(measured - expected) < 3 * spread < 0.25


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_as_many_rotations_as_move_the_arrangement(m, n, rank, seed):
    rng, r = np.random.default_rng(seed), min(rank, m, n)
    W = rng.normal(size=(m, r)) @ rng.normal(size=(r, n))
    local = gs.local_structure(gs.Problem(n, m, 0.2), W, rng.normal(size=n))
    assert local.n_rotations == comb(m, 2) - comb(m - r, 2)
    assert local.n_rotations + len(local.values) == m * n + n
    assert local.n_positive + local.n_negative + local.n_flat == len(local.values)


@given(
    seed=st.integers(0, 2**32 - 1),
    p=st.sampled_from([0.05, 0.3, 1.0]),
    loss=st.sampled_from(["expected", "one_active"]),
)
@settings(max_examples=20)
def test_stress_is_the_gradient_of_the_directions(seed, p, loss):
    """∂L/∂W_i = Σ_j ω_ij W_j anywhere, not only where it is 0."""
    rng = np.random.default_rng(seed)
    problem = gs.Problem(4, 2, p, importance=rng.uniform(0.5, 2, size=4))
    W, b = rng.normal(size=(2, 4)), rng.normal(size=4) / 3
    local = gs.local_structure(problem, W, b, loss=loss)
    differentiate = gs.expected_loss_and_grad if loss == "expected" else gs.one_active_loss_and_grad
    _, dW, db = differentiate(problem, W, b)
    omega = local.stress.matrix
    np.testing.assert_array_equal(omega, omega.T)
    # measured: 1e-15; the loss scale is about 1
    np.testing.assert_allclose(W @ omega, dW, atol=1e-11)
    np.testing.assert_allclose(local.stress.residual, np.linalg.norm(dW, axis=0), atol=1e-11)
    assert local.gradient_norm == pytest.approx(np.sqrt((dW**2).sum() + (db**2).sum()), abs=1e-11)


@given(seed=st.integers(0, 2**32 - 1), k=st.sampled_from([0, 1]))
@settings(max_examples=6)
def test_nothing_depends_on_basis_or_order(solution, seed, k):
    minimum = solution.minima[k]
    rng = np.random.default_rng(seed)
    order = rng.permutation(5)
    Q = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    plain = gs.local_structure(PENTAGONS, minimum.W, minimum.b)
    other = gs.local_structure(PENTAGONS, (Q @ minimum.W)[:, order], minimum.b[order])
    # measured: 3e-11
    np.testing.assert_allclose(other.values, plain.values, atol=1e-9)
    np.testing.assert_allclose(other.stress.matrix, plain.stress.matrix[np.ix_(order, order)], atol=1e-12)
    assert (other.kind, other.n_zero) == (plain.kind, plain.n_zero)


@pytest.mark.parametrize(
    "potential", [gs.ReluSquared(), gs.Riesz(), gs.BiasedRelu(1.2, -0.3), gs.FramePotential()], ids=repr
)
def test_forces_of_an_energy(potential):
    """Σ_j f'(t_ij)(u_j − t_ij u_i), for each ordered pair and so twice, at any vectors; zero at a minimum."""
    U = frames.random_frame(3, 6, rng=1)
    stress = gs.local_structure(potential, 2 * U).stress
    t = U.T @ U
    for i in range(6):
        force = sum(2 * potential.slope(t[i, [j]])[0] * (U[:, j] - t[i, j] * U[:, i]) for j in range(6) if j != i)
        assert stress.residual[i] == pytest.approx(np.linalg.norm(force), abs=1e-13)
    best = gs.minimize_energy(potential, 8, 3, n_starts=8, rng=0)
    assert gs.local_structure(potential, best.U).stress.imbalance < 1e-12


def test_kinds_of_points_on_the_sphere():
    cube = gs.local_structure(gs.Riesz(), moved(frames.cube(), rng=0))
    assert (cube.kind, cube.n_rotations, len(cube.values)) == ("saddle", 3, 8 * 2 - 3)
    best = gs.minimize_energy(gs.Riesz(), 8, 3, n_starts=8, rng=0)
    antiprism = gs.local_structure(gs.Riesz(), best.U)
    assert (antiprism.kind, antiprism.learning_coefficient) == ("minimum", 13 / 2)
    assert antiprism.value == pytest.approx(best.energy)
    assert len(antiprism.stress.pairs) == 28
    assert np.abs(antiprism.rotation_values).max() < 1e-9  # measured 4e-11
    line = gs.local_structure(gs.FramePotential(), [[1.0, -2.0, 3.0]])  # nothing moves on a sphere of two points
    assert (line.kind, line.n_rotations, line.values.size, line.value) == ("minimum", 0, 0, 6.0)
    petersen = gs.local_structure(gs.ReluSquared(), frames.petersen_code())
    assert petersen.kind == "minimum"
    assert len(petersen.stress.pairs) == 30  # the acute pairs
    assert sorted(dict(petersen.stress.graph.degree).values()) == [6] * 10


def test_tight_frames_are_a_manifold_of_minima():
    """Flat directions that are no rotations lead to other tight frames: λ is the lower bound, as no Hessian can say.

    Unit norm tight frames of 7 in R³ are a manifold of dimension 14 − 5: the traceless part of UUᵀ is 0.
    """
    U = gs.minimize_energy(gs.FramePotential(), 7, 3, n_starts=1, rng=0).U
    local = gs.local_structure(gs.FramePotential(), U)
    assert (local.kind, local.n_positive, local.n_flat) == ("degenerate", 5, 6)
    assert local.learning_coefficient_bounds == (5 / 2, 11 / 2)
    assert local.learning_coefficient is None
    assert "2.5 to 5.5, if this is a minimum" in repr(local)


def test_a_flat_direction_that_is_no_rotation():
    """With one active feature three features need only be at obtuse angles."""
    triangle = gs.k_gon(3).arrangement
    local = gs.local_structure(gs.Problem(3, 2), triangle.W, triangle.b, **ONE_ACTIVE)
    assert (local.kind, local.n_flat, local.learning_coefficient) == ("degenerate", 2, None)
    assert local.learning_coefficient_bounds == (3.0, 4.0)
    assert local.stress.pairs == ()


def test_a_kink_has_no_learning_coefficient():
    pairs = frames.antipodal_pairs(2)
    local = gs.local_structure(gs.Problem(4, 2), pairs, np.zeros(4), **ONE_ACTIVE)
    assert (local.kind, local.smooth, local.learning_coefficient_bounds) == ("minimum", False, None)
    assert "at a kink" in local.summary()
    right_angles = gs.local_structure(gs.ReluSquared(), frames.tegum(frames.polygon(5), frames.antipodal_pairs(1)))
    assert not right_angles.smooth
    assert gs.local_structure(gs.ReluSquared(), frames.polygon(5)).smooth
    free = gs.Problem(2, 1, 0.3)
    assert not gs.local_structure(free, [[1.0, -1.0]], [0.0, 0.0]).smooth
    assert gs.local_structure(free, [[1.0, -1.0]], bias="zero").smooth
    atoms = gs.Problem(features=gs.features.Independent(0.1, gs.features.Constant(), 5))
    assert not gs.local_structure(atoms, frames.polygon(5), np.full(5, -0.3)).smooth
    assert gs.local_structure(gs.Problem(activation="identity"), frames.polygon(5)).smooth


def test_a_bias_held_at_zero_counts_whole():
    """The loss rises in proportion to it: volume ε, not √ε."""
    found = gs.minimize_one_active(7, 2, rng=0)
    problem = gs.Problem(7, 2)
    locals_ = [gs.local_structure(problem, o.W, o.b, bias="nonpositive", **ONE_ACTIVE) for o in found.minima]
    held = [one for one in locals_ if one.n_held and one.smooth]
    assert held
    for one in held:
        assert len(one.values) == 7 * 3 - 1 - one.n_held
        assert one.learning_coefficient == (one.n_positive + 2 * one.n_held) / 2


def test_weights_that_are_not_critical(solution):
    local = gs.local_structure(PENTAGONS, solution.W + 0.01, solution.b)
    assert (local.kind, local.learning_coefficient_bounds) == ("not critical", None)
    assert "not defined: not critical" in local.summary()
    zero = gs.local_structure(PENTAGONS, np.zeros((2, 5)), np.full(5, 0.025))
    assert (zero.kind, zero.n_rotations) == ("saddle", 0)


def test_bias_modes(solution):
    W, b = solution.W, solution.b
    assert len(gs.local_structure(PENTAGONS, W, b, bias=b).values) == 10 - 1
    assert gs.local_structure(PENTAGONS, W, bias=b).value == gs.local_structure(PENTAGONS, W, b).value
    assert gs.local_structure(PENTAGONS, W, bias="zero").kind == "not critical"


def test_prints_saves_and_pickles(solution):
    local = gs.local_structure(PENTAGONS, solution.W, solution.b)
    described = json.loads(json.dumps(local.to_dict(), allow_nan=False))
    assert described["learning_coefficient"] == 7.0
    assert described["eigenvalues"] == local.values.tolist()
    assert local.summary().splitlines()[0] == "kind                  minimum"
    again = pickle.loads(pickle.dumps(local))
    assert again.to_dict() == local.to_dict()
    with pytest.raises(ValueError, match="read-only"):
        local.values[0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": PENTAGONS, "W": np.ones((5, 2)), "b": np.zeros(5)}, "pass W.T"),
        ({"model": PENTAGONS, "W": np.ones((3, 2, 5)), "b": np.zeros(5)}, "several instances"),
        ({"model": PENTAGONS, "W": np.ones((2, 5)), "b": np.ones(5), "bias": "nonpositive"}, r"b\[0\]=1 is positive"),
        ({"model": PENTAGONS, "W": np.ones((2, 5)), "b": np.ones(5), "bias": "zero"}, "bias fixes it at 0"),
        ({"model": PENTAGONS, "W": np.ones((2, 5)), "bias": "some"}, "bias='some' is unknown"),
        ({"model": PENTAGONS, "W": np.ones((2, 5)), "loss": "sampled"}, "loss='sampled' is unknown"),
        (
            {"model": gs.Problem(activation="identity"), "W": np.ones((2, 5)), "loss": "one_active"},
            "activation='identity'",
        ),
        ({"model": gs.Problem(400, 30), "W": np.ones((30, 400))}, "there are 12400 parameters"),
        ({"model": gs.Riesz(), "W": np.eye(2)[:, [0, 0, 1]]}, "the energy is inf"),
        ({"model": gs.Riesz(), "W": np.zeros((2, 5))}, "column 0 of U is zero"),
        ({"model": gs.Riesz(), "W": np.eye(3), "b": np.zeros(3)}, "the energy of a potential has none"),
        ({"model": "relu", "W": np.eye(3)}, "neither a problem nor a potential"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        gs.local_structure(**arguments)
