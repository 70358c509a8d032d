"""Layers of importance and of density: what is added up, against losses and against sums made another way."""

from math import comb

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds._check_layers import Alike, least_of
from geomsup.bounds._numbers import read_number, text
from geomsup.bounds.layers import layered_bound
from tests.bounds.examples import certificate

LAYERS = "layers"


def outputs_of(problem, S, W, b):
    """What the features of S lose together, the others being there."""
    chosen = np.isin(np.arange(problem.n_features), S).astype(float)
    return gs.expected_loss(problem.replace(importance=chosen), W, b).value


@given(st.integers(0, 10**6))
@settings(max_examples=15)
def test_a_set_of_features_loses_at_least_what_it_would_alone(seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    problem = gs.Problem(n, 1, rng.uniform(0.05, 0.9, size=n))
    S = rng.permutation(n)[:k]
    alone = gs.minimize(gs.Problem(k, 1, problem.feature_probability[S]), n_starts=6, rng=rng)
    for scale in (0.3, 1.0):
        W, b = scale * rng.normal(size=(1, n)), scale * rng.normal(size=n)
        assert outputs_of(problem, S, W, b) >= alone.loss - 1e-9


@pytest.mark.parametrize(("n", "m"), [(3, 1), (5, 2)])
def test_one_density_bounds_another(n, m):
    """With the least losses that searches find in place of proved bounds, and not by much in the first step."""

    def least(k, p):
        return gs.minimize(gs.Problem(k, m, p), n_starts=12, rng=0).loss if k > m else 0.0

    for p, other in ((0.12, 0.1), (0.3, 0.1), (0.08, 0.1), (0.03, 0.1), (0.1, 0.1)):
        share = (1 - p) / (1 - other) if other < p else p / other
        below = sum(comb(n, s) * share**s * (1 - share) ** (n - s) * least(s, other) for s in range(n + 1))
        assert below <= least(n, p) + 1e-9
        if abs(p - other) < 0.03:
            assert below > 0.6 * least(n, p)  # measured: 0.68 to 1


def test_the_sum_over_numbers_of_features():
    """The binomial sum, with fewer features where nothing is known of more."""
    known = [Alike(2, fmpq(1, 10), fmpq(1, 7)), Alike(3, fmpq(1, 10), fmpq(1, 3))]
    assert least_of(2, fmpq(1, 10), known) == fmpq(1, 7)
    assert least_of(1, fmpq(1, 10), known) == 0
    assert least_of(6, fmpq(1, 10), known) == fmpq(2, 3)
    assert least_of(2, fmpq(1, 20), known) == fmpq(1, 4) * fmpq(1, 7)
    share = fmpq(4, 5) / fmpq(9, 10)
    assert least_of(3, fmpq(1, 5), known) == share**3 * fmpq(1, 3) + 3 * share**2 * (1 - share) * fmpq(1, 7)


def test_layers_add_up():
    """0.9^i: five layers, of which three have more features than dimensions."""
    importance = 0.9 ** np.arange(5)
    found = layered_bound(gs.Problem(5, 2, 0.01, importance))
    equal = [gs.bounds.sparse_loss_bound(gs.Problem(k, 2, 0.01)).value for k in (3, 4, 5)]
    heights = [importance[2] - importance[3], importance[3] - importance[4], importance[4]]
    assert found.value == pytest.approx(np.dot(heights, equal), rel=1e-14)
    assert found.status == "proved"
    solution = gs.minimize(gs.Problem(5, 2, 0.01, importance), n_starts=16, rng=0)
    assert 0.8 * solution.loss < found.value < solution.loss  # measured: 0.807


@pytest.mark.parametrize(
    ("problem", "share"),
    [
        (gs.Problem(9, 2, 0.01), 0.3),
        (gs.Problem(5, 2, 0.15), 0.2),
        (gs.Problem(6, 2, [0.01] * 5 + [0.5]), 0.1),
        (gs.Problem(3, 1, 0.05), 0.05),
        (gs.Problem(4, 1, [0.1, 0.1, 0.2, 0.2], [1, 0.5, 1, 0.5]), 0.02),
        (gs.Problem(13, 3, 0.0005), 0.6),
    ],
)
def test_below_what_is_found_and_worth_something(problem, share):
    solution = gs.minimize(problem, n_starts=12, rng=0)
    bound = layered_bound(problem)
    assert bound.status == "proved"
    assert share * solution.loss < bound.value < solution.loss


def test_a_thousand_features():
    """Seven are represented, and every other one costs what a dropped one does."""
    seven = gs.minimize(gs.Problem(7, 2, 0.01), n_starts=12, rng=0).loss
    bound, least = layered_bound(gs.Problem(1000, 2, 0.01)), seven + 993 * (0.01 / 3 - 0.01**2 / 4)
    assert 0.1 * least < bound.value < least


def test_nothing_is_known_of_few_features():
    assert not layered_bound(gs.Problem(5, 4, 0.1)).known
    assert not layered_bound(gs.Problem(4, 2, [0.1, 0.2, 0.3, 0.4])).known
    assert not layered_bound(gs.Problem(5, 2, 1.0)).known
    assert not layered_bound(gs.Problem(3, 1, 1e-9)).known


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (gs.Problem(features=gs.features.CorrelatedSets.of_size(3, 2, 0.1), n_hidden=2), "independent"),
        (gs.Problem(5, 2, 0.1, activation="identity"), "ReLU"),
        (gs.Problem(250, 2, 0.1, np.linspace(1, 2, 250)), "round its importances"),
    ],
)
def test_refusals(problem, message):
    with pytest.raises(ValueError, match=message):
        layered_bound(problem)


def changed(change):
    """The example with something changed in it."""
    original = certificate(LAYERS)
    data = {"claim": dict(original.claim), "proof": {key: list(one) for key, one in original.proof.items()}}
    change(data)
    return gs.Certificate(original.kind, data["claim"], data["proof"])


def set_part(**entries):
    def change(data):
        data["proof"]["parts"] = [{**data["proof"]["parts"][0], **entries}, *data["proof"]["parts"][1:]]

    return change


def set_bound(**entries):
    def change(data):
        first = data["proof"]["bounds"][0]
        data["proof"]["bounds"] = [{**first, "claim": {**first["claim"], **entries}}, *data["proof"]["bounds"][1:]]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data["claim"].update(value="1/10"), "the proof gives a value of"),
        (lambda data: data["claim"].update(importance=["1/2"] * 5), "add up to more than its importance"),
        (lambda data: data["claim"].update(feature_probability=["1/100"] * 4 + ["1/50"]), "different densities"),
        (lambda data: data["claim"].update(feature_probability=["2"] * 5), "above 1"),
        (lambda data: data["claim"].update(m=3), "not about 3 dimensions"),
        (set_part(weight="2"), "add up to more"),
        (set_part(weight="-1/10"), "below 0"),
        (set_part(features=[0, 0, 1]), "twice"),
        (set_part(features=[0, 1, 7]), "that there is not"),
        (set_part(bounds=[9]), "that there is not"),
        (set_part(bounds=[True]), "not a number of a feature or a bound"),
        (set_bound(value="1/10"), "is not proved"),
        (set_bound(bias="zero"), "biases of any sign"),
        (set_bound(importance="0"), "no importance"),
        (set_bound(n=7), "is not proved"),
    ],
)
def test_what_does_not_add_up_is_refused(change, message):
    verification = gs.verify(changed(change))
    assert not verification
    assert message in verification.reason


def recomputed(claim, proof):
    """What the parts prove minus what is claimed, and what is left of every importance, in floats."""
    p, importance = np.array(claim["feature_probability"]), np.array(claim["importance"])
    left, total = importance.copy(), 0.0
    for part in proof["parts"]:
        S, known = part["features"], [proof["bounds"][k]["claim"] for k in part["bounds"]]
        share = (1 - p[S[0]]) / (1 - known[0]["feature_probability"])
        worth = 0.0
        for s in range(1, len(S) + 1):
            best = max([one["value"] / one["importance"] * s / one["n"] for one in known if one["n"] <= s], default=0.0)
            worth += comb(len(S), s) * share**s * (1 - share) ** (len(S) - s) * best
        left[S] -= part["weight"]
        total += part["weight"] * worth
    return min(total - claim["value"], left.min())


def test_tampering_is_detected():
    """Every number but those of the bounds for equal features, which are checked as they are anywhere else."""
    original = certificate(LAYERS)
    rng, rejected = np.random.default_rng(0), 0
    for _ in range(60):
        claim, parts = dict(original.claim), [dict(part) for part in original.proof["parts"]]
        shift = fmpq(int(rng.choice([-1, 1]) * 10 ** rng.uniform(0, 6)), 10**6)
        part = parts[rng.integers(len(parts))]
        holder, key = [(claim, "value"), (claim, "importance"), (part, "weight")][rng.integers(3)]
        if key == "importance":
            k = rng.integers(5)
            holder[key] = [text(read_number("", x) + shift * (i == k)) for i, x in enumerate(holder[key])]
        else:
            holder[key] = text(read_number("", holder[key]) + shift)
        proof = {**original.proof, "parts": parts}
        verification, sure = gs.verify(gs.Certificate("layers", claim, proof)), recomputed(*floats((claim, proof)))
        negative = min(floats([claim["value"], *claim["importance"], *(part["weight"] for part in parts)])) < 0
        assert not verification or sure > -1e-12
        assert verification or negative or sure < 1e-12
        rejected += not verification
    assert 20 < rejected < 60


def floats(data):
    """Numbers in the place of their text."""
    if isinstance(data, dict):
        return {key: floats(value) for key, value in data.items() if key not in ("quantity", "kind", "proof")}
    if isinstance(data, (list, tuple)):
        return [floats(value) for value in data]
    if isinstance(data, str):
        exactly = read_number("", data)
        return int(exactly.p) / int(exactly.q)
    return data
