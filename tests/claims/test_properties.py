"""Each claim as a property: an exception that Hypothesis finds would refute it."""

from functools import cache
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.claims import (
    adversarial_direction,
    anticorrelated_sets,
    antipodal_pair,
    capacity_superadditive,
    correlated_pairs,
    dedicated_dimension,
    dedicated_stability,
    dimensionality_sum,
    dropped_feature,
    energy_one_more,
    energy_two_more,
    pentagon_gives_way,
    polygons,
    price_of_orthogonality,
    quadratic_model,
    rarer_feature,
    simultaneous_interference,
    spectral_localisation,
    tegum_products,
    two_features_candidates,
    values_apart_from_zero,
    welch,
)
from tests.strategies import arrays, problems, weights

ROUNDING = 1e-12
"""Of sums of up to a hundred products of order 1; measured below, at most 2e-14."""
whole = st.integers(-3, 3).map(float)
probability = st.integers(1, 100).map(lambda k: k / 100)
angle = st.floats(0, 2 * np.pi)
seeds = st.integers(0, 10**6)


most_worth = cache(lambda m: gs.bounds.capacity_bound(m).value)
polygon = cache(gs.k_gon)


@st.composite
def matrices(draw, m=4, n=8):
    """Up to m by n, of small integers, so that the rank is certain, and not all zero."""
    W = draw(arrays((draw(st.integers(1, m)), draw(st.integers(1, n))), whole))
    W[0, 0] = W[0, 0] or 1.0
    return W


@st.composite
def directions(draw, m, n):
    """n unit vectors in R^m: random, near a random one, or opposite to another."""
    rng = np.random.default_rng(draw(seeds))
    U = rng.normal(size=(m, n))
    for j in range(1, n):
        match draw(st.integers(0, 3)):
            case 0:
                U[:, j] = -U[:, draw(st.integers(0, j - 1))]
            case 1:
                U[:, j] = U[:, 0] + 0.1 * U[:, j]
    return U / np.linalg.norm(U, axis=0)


@given(matrices())
def test_dimensionalities_add_up_to_at_most_the_rank(W):
    assert dimensionality_sum.measurement(W) <= dimensionality_sum.prediction(W) + ROUNDING
    P = np.linalg.pinv(W) @ W
    assert (gs.feature_dimensionality(W) <= np.diag(P) + ROUNDING).all()


@given(matrices())
def test_what_is_missing_is_spread_over_eigenspaces(W):
    assert spectral_localisation.measurement(W) == pytest.approx(spectral_localisation.prediction(W), abs=1e-9)


@given(st.lists(st.integers(2, 7), min_size=1, max_size=3), st.lists(st.floats(0.5, 2.0), min_size=3, max_size=3))
def test_saturated_features_lie_in_one_eigenspace(sizes, norms):
    parts = [gs.frames.polygon(k) if k > 2 else gs.frames.antipodal_pairs(1) for k in sizes]
    W = gs.frames.tegum(*(r * part for r, part in zip(norms, parts, strict=False)))
    assert gs.feature_dimensionality(W).sum() == pytest.approx(len(W), abs=ROUNDING)
    F, lengths = W @ W.T, np.linalg.norm(W, axis=0)
    eigenvalues = lengths**2 / gs.feature_dimensionality(W)
    np.testing.assert_allclose(F @ W, eigenvalues * W, atol=1e-11)


@given(st.integers(1, 4), seeds)
def test_vectors_without_acute_angles_are_few(m, seed):
    """Kept one by one while no product is positive, from small integers, whose products are exact."""
    rng, kept = np.random.default_rng(seed), []
    for v in rng.integers(-2, 3, size=(400, m)):
        if v.any() and all(v @ w <= 0 for w in kept):
            kept.append(v)
    assert len(kept) <= 2 * m
    assert len(kept) > m or m > 2


@given(st.floats(1.0, 89.0))
def test_the_square_antiprism_has_its_formula(degrees):
    theta = np.radians(degrees)
    formula = 1 / (4 * np.sin(theta) ** 4 + 8 * np.cos(theta) ** 4)
    np.testing.assert_allclose(gs.feature_dimensionality(gs.frames.square_antiprism(degrees)), formula, atol=1e-13)
    assert formula <= 3 / 8 + ROUNDING


@given(st.integers(3, 12), st.integers(0, 2))
def test_polygons_with_pairs_have_the_dimensionalities_of_their_factors(k, pairs):
    W = gs.frames.polygon(k) if not pairs else gs.frames.tegum(gs.frames.polygon(k), gs.frames.antipodal_pairs(pairs))
    np.testing.assert_allclose(gs.feature_dimensionality(W), [2 / k] * k + [0.5] * 2 * pairs, atol=1e-13)


@settings(max_examples=10)
@given(st.integers(3, 6), angle)
def test_a_bipyramid_is_a_polygon_and_a_digon(k, turn):
    Q = np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    product = gs.frames.tegum(gs.frames.polygon(k), gs.frames.antipodal_pairs(1))
    assert gs.alignment(Q @ gs.frames.bipyramid(k), product).distance <= ROUNDING


@settings(max_examples=25)
@given(st.data())
def test_sums_over_the_factors_of_a_product(data):
    parts = data.draw(st.lists(matrices(2, 3), min_size=2, max_size=3))
    quantity = data.draw(
        st.sampled_from([tegum_products.loss(0.3, 0.2), tegum_products.loss(0.05, -0.3), tegum_products.one_active])
    )
    scaled = [part / 3 for part in parts]
    # The reported errors of the losses are below 1e-12 each.
    assert tegum_products.measurement(quantity, *scaled) == pytest.approx(
        tegum_products.prediction(quantity, *scaled), abs=1e-11
    )


@given(st.data())
def test_coherence_is_at_least_welch(data):
    m = data.draw(st.integers(1, 4))
    U = data.draw(directions(m, data.draw(st.integers(max(m, 2), 9))))
    assert welch.measurement(U) >= welch.prediction(U) - ROUNDING


@given(probability, st.sampled_from([1.0, 0.5, 0.1]), st.floats(-1.0, 1.0))
def test_a_dropped_feature_loses_its_variance(p, importance, bias):
    assert dropped_feature.measurement(p, importance, bias) >= dropped_feature.prediction(p, importance) - ROUNDING
    assert dropped_feature.measurement(p, importance) == pytest.approx(
        dropped_feature.prediction(p, importance), abs=ROUNDING
    )


@given(probability, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_an_antipodal_pair_loses_a_sixth(p, a, b):
    assert antipodal_pair.measurement(p, a, b) == pytest.approx(antipodal_pair.prediction(p, a, b), abs=ROUNDING)


@given(st.integers(1, 3), st.integers(0, 3), st.integers(0, 99).map(lambda k: k / 100))
def test_superposition_pays_from_three_sevenths(m, more, S):
    gain = price_of_orthogonality.measurement(2 * m + more, m, S, "gain")
    assert gain == pytest.approx(price_of_orthogonality.prediction(2 * m + more, m, S, "gain"), abs=ROUNDING)
    assert (gain > 0) == (S > 3 / 7)


@settings(max_examples=40)
@given(st.data())
def test_orthogonal_features_pay_the_price(data):
    m, n, p = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5)), data.draw(probability)
    Q, _ = np.linalg.qr(np.random.default_rng(data.draw(seeds)).normal(size=(m, m)))
    W = np.zeros((m, n))
    used = min(m, n)
    W[:, :used] = (Q * data.draw(arrays(m, st.floats(0.0, 2.0))))[:, :used]
    loss = gs.expected_loss(gs.Problem(n, m, p), W, data.draw(arrays(n, st.floats(-0.5, 1.0))))
    assert loss.value + loss.error >= price_of_orthogonality.measurement(n, m, 1 - p, "price")


@settings(max_examples=50)
@given(st.data())
def test_nothing_linear_loses_less_than_the_tail(data):
    problem = data.draw(problems()).replace(activation="identity")
    W, b = data.draw(weights(problem))
    loss = gs.expected_loss(problem, W, b)
    assert loss.value + loss.error >= gs.bounds.linear_bound(problem).value


@given(st.floats(1.5, 12.0), st.floats(1.0, 3.0), arrays(3, st.floats(-2, 2)))
def test_no_quadratic_neuron_fits_better(k, a, parameters):
    best = np.array([quadratic_model.prediction(k, a, 1.0, what) for what in ("c²", "d²", "e")])
    least = np.sum(quadratic_model.weighted_errors(k, a, 1.0, [*np.sqrt(best[:2]), best[2]]) ** 2)
    assert np.sum(quadratic_model.weighted_errors(k, a, 1.0, parameters) ** 2) >= least - 1e-10
    assert (best[1] > 0) == (k > 1 + 2 * a)


@pytest.mark.parametrize("m", [2, 3, 5])
@settings(max_examples=50)
@given(data=st.data())
def test_no_arrangement_is_worth_more_than_the_capacity(m, data):
    U = data.draw(directions(m, data.draw(st.integers(1, 12))))
    W = U * data.draw(arrays(U.shape[1], st.floats(0.1, 1.5)))
    assert gs.capacity_of(W) <= most_worth(m) + ROUNDING


@given(st.data())
def test_capacities_add_up(data):
    one, other = (data.draw(directions(data.draw(st.integers(1, 3)), data.draw(st.integers(1, 6)))) for _ in range(2))
    together = capacity_superadditive.measurement(one, other)
    assert together == pytest.approx(capacity_superadditive.prediction(one, other), abs=1e-11)


@given(st.data())
def test_energies_are_at_least_the_least(data):
    m, more = data.draw(st.integers(2, 5)), data.draw(st.sampled_from([energy_one_more, energy_two_more]))
    n = 2 * m + (1 if more is energy_one_more else 2)
    if more is energy_two_more:
        m, n = m + 2, n + 4
    assert gs.energy_of(gs.ReluSquared(), data.draw(directions(m, n))) >= more.prediction(m, "search") - ROUNDING


@given(st.data())
def test_no_arrangement_in_the_plane_beats_the_polygons(data):
    """Near a polygon with dropped features, and far from any."""
    n = data.draw(st.integers(5, 10))
    k = min(n, 7)
    W, b = np.zeros((2, n)), np.zeros(n)
    start = polygon(k).arrangement
    W[:, :k], b[:k] = start.W, start.b
    size = data.draw(st.sampled_from([1e-4, 1e-2, 0.3, 1.0]))
    W += size * data.draw(arrays((2, n), st.floats(-1, 1)))
    b = np.minimum(b + size * data.draw(arrays(n, st.floats(-1, 1))), 0.0)
    assert gs.one_active_loss(gs.Problem(n, 2), W, b) >= polygons.prediction(n, "search") - ROUNDING


@given(st.data(), probability)
def test_features_that_exclude_each_other_lose_nothing(data, p):
    """Each set in a subspace of its own, at any of the directions of antipodal pairs."""
    sizes = data.draw(st.lists(st.integers(1, 2), min_size=1, max_size=3))
    factors = tuple(gs.frames.antipodal_pairs(d) for d in sizes)
    members = tuple(2 * d for d in sizes)
    assert anticorrelated_sets.measurement(members, p, factors) == pytest.approx(0, abs=1e-13)


@given(st.integers(1, 6), probability)
def test_antipodes_across_two_correlated_sets(g, p):
    assert correlated_pairs.measurement(g, p, "antipodes") == pytest.approx(
        correlated_pairs.prediction(g, p, "antipodes"), abs=ROUNDING
    )


@given(matrices())
def test_no_attack_reaches_further_than_along_the_row(W):
    W = W[:, np.abs(W).sum(axis=0) > 0]
    assert adversarial_direction.measurement(W, "rows") == pytest.approx(
        adversarial_direction.prediction(W, "rows"), rel=1e-12
    )
    most = adversarial_direction.prediction(W, "along the rows")
    assert adversarial_direction.measurement(W, "along the rows") == pytest.approx(most, abs=1e-11)
    # The most is computed as z + ε‖M_i‖, which rounds.
    assert adversarial_direction.measurement(W, "random") <= most + 1e-11


@given(st.integers(4, 9), st.floats(0.0, 1.0), seeds)
def test_values_above_the_largest_product_lose_their_variance(n, share, seed):
    """Any law on [c, 1], among it a constant."""
    U = gs.frames.polygon(n)
    c = max(values_apart_from_zero.cosine(U), 0.0)
    values = c + (1 - c) * (1 - share * np.random.default_rng(seed).random(4))
    law = gs.features.Discrete(np.unique(values).tolist())
    assert values_apart_from_zero.measurement(law, "alone", U) == pytest.approx(
        values_apart_from_zero.prediction(law, "alone", U), abs=1e-11
    )


@settings(max_examples=10)
@given(seeds, probability)
def test_the_parts_add_up_to_the_loss(seed, p):
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(2, 5)), rng.normal(size=5) / 5
    total = float(gs.expected_loss(gs.Problem(5, 2, p), W, b))
    parts = simultaneous_interference.parts(p, W, b)
    assert sum(parts) == pytest.approx(total, abs=ROUNDING)
    assert min(parts) >= -ROUNDING


@settings(max_examples=25)
@given(matrices(2, 5))
def test_copies_are_the_orbit(W):
    """Of any matrix, all features equal: distinct Gram matrices times symmetries are the permutations."""
    n = W.shape[1]
    G = W.T @ W
    copies = {G[np.ix_(p, p)].tobytes() for p in permutations(range(n))}
    assert len(copies) * gs.symmetry(W).order == factorial(n)


@given(probability, probability)
def test_pairs_across_two_classes_are_better(P, q):
    """The most frequent with the rarest: no other way to pair four features of any densities loses less."""
    rng = np.random.default_rng([round(100 * P), round(100 * q)])
    p = np.sort(np.append(rng.uniform(0, 1, 2), [P, q]))
    losses = [p[i] * p[j] + p[k] * p[3] for i, j, k in ((0, 1, 2), (0, 2, 1), (1, 2, 0))]
    W = np.array([[1.0, 0, 0, -1], [0, 1, -1, 0]])
    loss = float(gs.expected_loss(gs.Problem(4, 2, p), W, np.zeros(4)))
    assert loss == pytest.approx(min(losses) / 3, abs=ROUNDING)


@settings(max_examples=10)
@given(st.floats(0.1, 8.0))
def test_candidates_meet_where_they_should(r):
    what = "last" if r < 1 else "first"
    assert two_features_candidates.measurement(r, what) == pytest.approx(
        two_features_candidates.prediction(r, what), abs=1e-10
    )


@settings(max_examples=10)
@given(st.floats(0.05, 0.95), st.floats(0.02, 0.5), st.booleans())
def test_a_dimension_of_its_own_is_stable_from_a_given_importance(s, away, above):
    r = dedicated_stability.critical_importance(s) * (1 + away if above else 1 - away)
    gains = [dedicated_stability.excess(s, r, tilt) for tilt in (1e-3, -1e-3)]
    assert (min(gains) > 0) == above


@settings(max_examples=15)
@given(st.integers(5, 79).map(lambda k: k / 100), st.floats(0.05, 0.99))
def test_sharing_is_better_below_the_candidates(s, below):
    r = max(below * (2 / s - 2.5), 1e-3)
    problem = gs.Problem(2, 1, s, [r, 1.0])
    shared = gs.minimize(problem, n_starts=0, start=([[1.0, -1.0]], [0.0, 0.0]))
    assert shared.loss < dedicated_dimension.dropped(s)


@settings(max_examples=10)
@given(st.floats(0.02, 0.5))
def test_the_pentagon_wins_below_the_boundary(s):
    assert (pentagon_gives_way.pairs_less_pentagon(s) > 0) == (s < 0.224875449)


@settings(max_examples=10)
@given(st.floats(0.15, 1.0))
def test_a_feature_may_be_so_much_rarer(rho):
    assert (rarer_feature.pairs_less_pentagon(0.05, rho) > 0) == (rho > 0.269081153)


def test_a_property_would_notice_a_false_claim():
    """The regular octagon is beaten by a heptagon and a dropped feature, so the claim for 8 vertices fails."""
    heptagon = gs.k_gon(7).arrangement
    loss = gs.one_active_loss(gs.Problem(8, 2), np.column_stack([heptagon.W, [0, 0]]), [*heptagon.b, 0.0])
    assert loss < gs.k_gon(8).h / 3 - 1e-3
