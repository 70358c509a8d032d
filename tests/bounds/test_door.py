"""`bound` and `bracket`: the right bound for each subject, and an honest word where there is none."""

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds._attained import energy_at_most
from geomsup.bounds.door import description_of
from tests.strategies import problems


def test_no_bound_known_is_said():
    for problem in (
        gs.Problem(6, 3),
        gs.Problem(5, 4, importance=[1, 1, 1, 1, 0.5]),
        gs.Problem(3, 2, [0.1, 0.2, 0.3]),
        gs.Problem(features=gs.features.CorrelatedSets([[0, 1], [2]], 0.1), n_hidden=1),
    ):
        bound = gs.bound(problem)
        assert not bound.known
        assert bound.value == 0.0
        assert bound.certificate is None
        assert bound.exact is None
        assert repr(bound) == "Bound(no bound known: loss ≥ 0)"
    correlated = gs.Problem(features=gs.features.CorrelatedSets([[0, 1], [2]], 0.1), n_hidden=1)
    signed = gs.Problem(n_hidden=1, features=gs.features.Independent(0.1, gs.features.Uniform(-1, 1), 3))
    assert not gs.bound(correlated, bias="zero").known
    assert not gs.bound(signed, bias="zero").known


def test_equal_features_have_the_bound_of_two_active_features():
    problem = gs.Problem(4, 2, 0.01)
    expected = gs.bounds.sparse_loss_bound(problem)
    for found in (gs.bound(problem), gs.bound(problem, method="marked")):
        assert found.known
        assert found.exact == expected.exact
        assert found.method == expected.method
    loss = 6.66453e-5  # the best known, two antipodal pairs
    assert 0.97 * loss < expected.value < loss
    assert not gs.bound(gs.Problem(4, 2, 0.0)).known


def test_the_largest_of_the_bounds_that_apply_is_returned():
    problem = gs.Problem(5, 2, 0.01)
    without, free = gs.bound(problem, bias="zero"), gs.bound(problem)
    assert "marked" in free.method
    assert "marked" not in without.method  # without bias the capacity says more
    assert without.value > 2 * free.value


def test_two_features_in_one_dimension_are_known_to_a_millionth():
    problem = gs.Problem(2, 1, 0.3, importance=[1, 0.3])
    for bias in ("free", "zero"):
        bracket = gs.bracket(problem, bias=bias, n_starts=8, rng=0)
        assert bracket.known
        assert 0 <= bracket.relative_gap <= 1e-6
        assert gs.verify(bracket.certificate)
    assert gs.bound(gs.Problem(3, 1)).method == "layers of importance"  # branch and bound only when asked for
    assert not gs.bound(gs.Problem(2, 2)).known
    signed = gs.Problem(n_hidden=1, features=gs.features.Independent(0.1, gs.features.Uniform(-1, 1), 2))
    assert not gs.bound(signed, method="branch-and-bound").known
    with pytest.raises(ValueError, match="is for problems, and the subject is a potential"):
        gs.bound(gs.ReluSquared(), 5, 2, method="branch-and-bound")


def test_a_density_without_inputs_of_one_feature_says_nothing():
    assert not gs.bound(gs.Problem(5, 2, 1.0)).known


def test_the_slow_bound_is_made_when_asked_for(monkeypatch):
    asked = []

    def slow(problem, **arguments):
        assert arguments["degree"] > 0
        asked.append(problem.n_features)
        raise ValueError("nothing could be proved")

    monkeypatch.setattr("geomsup.bounds.marked.sparse_loss_bound", slow)
    assert not gs.bound(gs.Problem(6, 3)).known
    assert asked == []
    assert not gs.bound(gs.Problem(6, 3), method="marked").known
    assert not gs.bound(gs.Problem(7, 3), method="marked").known
    assert not gs.bound(gs.Problem(3, 3), method="marked").known  # nothing need be lost
    assert asked == [6, 7]


@pytest.mark.parametrize(("n", "m"), [(6, 2), (12, 3)])
def test_what_one_active_feature_says_of_six_and_twelve_is_known_at_once(n, m):
    """p (1 − p)^{n − 1} times the loss with one active feature, biases of any sign, and below a polytope's loss."""
    p = 0.003
    bound = gs.bound(gs.Problem(n, m, p))
    one_active = gs.bounds.one_active_bound(n, m, bias="free").value
    assert bound.status == "proved"
    assert bound.value == pytest.approx(p * (1 - p) ** (n - 1) * one_active, rel=1e-6)  # it is sharp to 3e-7
    W = 1.3 * (gs.frames.polygon(6) if n == 6 else gs.frames.icosahedron())
    assert bound.value < gs.expected_loss(gs.Problem(n, m, p), W, np.full(n, -0.6)).value


@pytest.mark.parametrize(("n", "m", "known"), [(16, 5, "32/5"), (100, 22, "700/11")])
def test_an_energy_is_at_least_what_the_capacity_says(n, m, known):
    bound = gs.bound(gs.ReluSquared(), n, m)
    assert bound.exact == known  # that of the Clebsch and the Higman–Sims graph
    assert bound.value > gs.bound(gs.ReluSquared(), n, m, method="two-point").value
    claim = {**bound.certificate.claim, "value": str(fmpq(*map(int, known.split("/"))) + fmpq(1, 10**12))}
    assert not gs.verify(gs.Certificate(bound.certificate.kind, claim, bound.certificate.proof))
    few = gs.bound(gs.ReluSquared(), m + 1, m)
    assert few.certificate.kind == "two-point"
    assert few.value == gs.bound(gs.ReluSquared(), m + 1, m, method="two-point").value


def test_methods_that_do_not_fit():
    with pytest.raises(ValueError, match="'marked' is for problems"):
        gs.bound(gs.ReluSquared(), n=5, m=2, method="marked")
    with pytest.raises(ValueError, match="is for energies"):
        gs.bound(gs.Problem(), method="two-point")


def test_a_bound_reads_as_a_number_and_knows_its_exact_value():
    bound = gs.bound(gs.Problem(5, 2, 0.5, activation="identity"))
    assert float(bound) == bound.value == 5 / 16
    assert bound.exact == "5/16"
    assert bound.known
    assert bound.verified


@pytest.mark.parametrize("m", [1, 2, 5])
def test_without_bias_in_the_sparse_limit_it_is_the_capacity(m):
    n, p = 3 * m, 1e-9
    bound = gs.bound(gs.Problem(n, m, p), bias="zero")
    assert 3 * bound.value / p == pytest.approx(n - gs.bounds.capacity_bound(m).value, rel=1e-6)


@settings(max_examples=60)
@given(st.data())
def test_no_arrangement_without_bias_beats_it(data):
    laws = st.sampled_from([gs.features.Uniform(), gs.features.Uniform(0.5, 1), gs.features.Discrete([0, 0.5, 2])])
    problem = data.draw(problems(max_features=5, families=("independent",), laws=laws, n_hidden=2))
    bound = gs.bound(problem, bias="zero")
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    for scale in (0.3, 1.0):
        W = scale * rng.normal(size=(2, problem.n_features))
        loss = gs.expected_loss(problem, W, np.zeros(problem.n_features))
        assert bound.value <= loss.value + loss.error


def test_the_pentagon_without_bias():
    bracket = gs.bracket(gs.Problem(5, 2, 0.01), bias="zero", n_starts=4, rng=0)
    assert bracket.known
    assert bracket.lower <= bracket.upper
    assert bracket.relative_gap < 0.1  # of order np: inputs with two active features; measured 0.06
    assert gs.verify(bracket)


def test_brackets():
    linear = gs.bracket(gs.Problem(4, 2, 0.3, activation="identity"), n_starts=2, rng=0)
    assert linear.relative_gap < 1e-12
    unknown = gs.bracket(gs.Problem(4, 3), n_starts=2, rng=0)
    assert not unknown.known
    assert unknown.lower == 0
    assert "no bound known" in repr(unknown)
    energy = gs.bracket(gs.Riesz(), n=4, m=3, n_starts=2, rng=0)
    assert 0 <= energy.relative_gap < 1e-8
    assert "lower proved" in repr(energy)


def test_potentials_given_by_code_have_no_bound():
    with pytest.raises(ValueError, match="no bound known for CustomPotential"):
        gs.bound(gs.CustomPotential(np.exp, np.exp), n=5, m=2)


def test_a_spline_below_it_has_one():
    """exp(t) is convex, so its chords lie above it and its tangents below."""
    at = np.linspace(-1, 1, 9)
    middle = (at[1:] + at[:-1]) / 2
    tangents = [[np.exp(s) * (1 - s) - 1e-12, np.exp(s)] for s in middle]
    bound = gs.bound(gs.PiecewisePolynomial(at, tangents), n=6, m=3)
    octahedron = gs.energy_of(gs.CustomPotential(np.exp, np.exp), gs.frames.octahedron())
    assert 0.97 * octahedron < bound.value <= octahedron


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((gs.ReluSquared(),), "an energy needs both"),
        ((gs.ReluSquared(), 5), "an energy needs both"),
        ((gs.ReluSquared(), 0, 2), "n=0"),
        ((gs.Problem(), 5, 2), "the problem has its own"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        gs.bound(*arguments)


@pytest.mark.parametrize("option", ["wide", "multipliers"])
def test_options_of_three_points_reach_them_and_nothing_else(monkeypatch, option):
    def recorded(potential, n, m, degree, *, callback, **options):
        seen.append((n, m, degree, options))
        return gs.bound(potential, n, m)

    seen = []
    monkeypatch.setattr("geomsup.bounds.three_point.three_point_energy", recorded)
    asked = {"method": "three-point", "degree": 2, option: True}
    expected = (7, 3, 2, {"wide": False, "multipliers": False, option: True})
    gs.bound(gs.ReluSquared(), 7, 3, **asked)
    gs.bracket(gs.ReluSquared(), 7, 3, **asked, n_starts=1, rng=0)
    assert seen == [expected, expected]
    for subject in ((gs.ReluSquared(), 7, 3), (gs.Problem(),)):
        with pytest.raises(ValueError, match="pass method='three-point'"):
            gs.bound(*subject, **{option: True})


def test_an_unknown_bias():
    with pytest.raises(ValueError, match="bias='none' is unknown"):
        gs.bound(gs.Problem(), bias="none")


@pytest.mark.parametrize(
    ("breaks", "coefficients", "message"),
    [([-1, 0], [[0]], "from -1 to 1"), ([-1, 1, 0, 1], [[0]] * 3, "increase"), ([-1, 1], [[0], [1]], "2 polynomials")],
)
def test_piecewise_polynomials_are_checked(breaks, coefficients, message):
    with pytest.raises(ValueError, match=message):
        gs.PiecewisePolynomial(breaks, coefficients)


def test_piecewise_polynomials_agree_with_the_named_potentials():
    t = np.linspace(-1, 1, 41)
    spline = gs.PiecewisePolynomial([-1, 0, 1], [[0], [0, 0, 1]])
    for method in ("value", "slope", "curvature"):
        np.testing.assert_allclose(getattr(spline, method)(t), getattr(gs.ReluSquared(), method)(t), atol=1e-15)
    assert gs.bound(spline, n=6, m=2).value == pytest.approx(gs.bound(gs.ReluSquared(), n=6, m=2).value, rel=1e-8)


@given(
    st.sampled_from(
        [
            gs.ReluSquared(),
            gs.FramePotential(),
            gs.BiasedRelu(1.3, -0.4),
            gs.BiasedRelu(0.5, -1.0),
            gs.Riesz(1.0),
            gs.Riesz(0.3),
            gs.PiecewisePolynomial([-1, 0.2, 1], [[1, 1], [1.2, 0, 3]]),
        ]
    ),
    st.integers(2, 4),
    st.integers(1, 7),
    st.integers(0, 10**6),
)
def test_what_is_attained_is_rounded_up(potential, m, n, seed):
    U = np.random.default_rng(seed).normal(size=(m, n))
    found, energy = energy_at_most(description_of(potential), U), gs.energy_of(potential, U)
    assert found == pytest.approx(energy, rel=1e-12, abs=1e-14)
    assert found >= energy * (1 - 1e-13) - 1e-14


def test_what_is_attained_at_the_edges():
    for U in ([[1, 1], [0, 0]], [[1, -1], [0, 0]], [[1, 0], [0, 1]], [[3, 3, -7], [1, 1, 2]]):
        for potential in (gs.ReluSquared(), gs.FramePotential(), gs.BiasedRelu(1.0, 0.0)):
            assert energy_at_most(description_of(potential), np.array(U, float)) == pytest.approx(
                gs.energy_of(potential, U)
            )
    assert energy_at_most(description_of(gs.Riesz()), np.ones((2, 2))) == np.inf
    step = gs.PiecewisePolynomial([-1, 0, 1], [[0], [1]])  # at an edge the larger side counts
    assert energy_at_most(description_of(step), np.eye(2)) == 2.0
