"""The laws of the inputs: moments, transforms and samples tell the same story."""

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomsup.features import (
    AnticorrelatedSets,
    Constant,
    CorrelatedSets,
    Discrete,
    Features,
    Group,
    Independent,
    Uniform,
    ValueLaw,
    features_from_dict,
    law_from_dict,
)
from tests.strategies import LAWS

# 80 Gauss-Legendre nodes integrate xᵏe^{itx} over a half-width of 2 to rounding for |t| ≤ 30.
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(80)
TIMES = np.concatenate([[0.0], np.geomspace(1e-300, 30, 400), -np.geomspace(1e-9, 30, 40), np.linspace(0.9, 4.2, 67)])
FAMILIES = [
    Independent(0.3, n_features=4),
    Independent([0.0, 0.2, 1.0], [Uniform(-1, 1), Constant(2), Discrete([1, 3])]),
    CorrelatedSets([[0, 2], [1], [4, 3]], [0.2, 0.5, 0.9]),
    AnticorrelatedSets([[0, 2], [1], [5, 3, 4]], [0.2, 0.5, 0.9], Uniform(-0.2, 1)),
    AnticorrelatedSets([[1, 0], [2, 3]], 1.0, [Constant(k) for k in (1, 2, 3, 4)]),
]
by_repr = {"ids": repr}


def expectation(law: ValueLaw, function):
    """E function(x), by quadrature or by summing over atoms."""
    if law.atoms is not None:
        values, weights = law.atoms
        return np.sum(weights * function(values), axis=-1)
    low, high = law.support
    return np.sum(NODE_WEIGHTS / 2 * function((low + high) / 2 + (high - low) / 2 * NODES), axis=-1)


@st.composite
def uniforms(draw):
    low = draw(st.floats(-2, 1.9))
    return Uniform(low, low + draw(st.floats(1e-6, 2)))


@st.composite
def families(draw):
    """A random partition into sets, of any of the three families."""
    n = draw(st.integers(1, 6))
    order = draw(st.permutations(range(n)))
    cuts = sorted(draw(st.sets(st.integers(1, n - 1), max_size=n - 1))) if n > 1 else []
    sets = [order[a:b] for a, b in zip([0, *cuts], [*cuts, n], strict=True)]
    laws = draw(st.lists(st.sampled_from(LAWS), min_size=n, max_size=n))
    p = st.floats(0, 1)
    family = draw(st.sampled_from([Independent, CorrelatedSets, AnticorrelatedSets]))
    if family is Independent:
        return Independent(draw(st.lists(p, min_size=n, max_size=n)), laws)
    return family(sets, draw(st.lists(p, min_size=len(sets), max_size=len(sets))), laws)


class TestLaws:
    @pytest.mark.parametrize("law", LAWS, **by_repr)
    @pytest.mark.parametrize("order", [0, 1, 2])
    def test_characteristic_is_the_integral(self, law, order):
        exact = expectation(law, lambda x: x**order * np.exp(1j * TIMES[:, None] * x))
        # Measured, worst on [-2, 0.3]: with NumPy 2.4.6, 6e-16 at orders 0 and 1, 1.3e-15 at order 2; with NumPy
        # 1.26.0, 4.4e-15, 3.9e-15, 8.9e-15, of which 7.6e-15 is the quadrature (its nodes are less accurate there):
        # the transforms of the two versions agree to 2.3e-16.
        assert np.abs(law.characteristic(TIMES, order) - exact).max() < 2e-14

    @given(uniforms(), st.floats(0, 1e-3), st.sampled_from([0, 1, 2]))
    def test_characteristic_near_zero_is_its_power_series(self, law, t, order):
        series = sum(law.moment(order + k) * (1j * t) ** k / [1, 1, 2, 6, 24, 120][k] for k in range(6))
        # Measured: 2.2e-16 in units of 4**order, where |x| < 4.
        assert abs(law.characteristic(t, order) - series) < 1e-15 * 4**order

    @given(uniforms(), st.floats(-20, 20), st.sampled_from([0, 1]))
    def test_next_order_is_the_derivative(self, law, t, order):
        h = 1e-5
        slope = (law.characteristic(t + h, order) - law.characteristic(t - h, order)) / (2 * h)
        # Measured: 1.0e-9. The truncation error is at most h²/6 E|x|^(order+3) < 4e-9.
        assert abs(slope - 1j * law.characteristic(t, order + 1)) < 5e-9

    @pytest.mark.parametrize("law", LAWS, **by_repr)
    def test_moments(self, law):
        for k in range(8):
            assert law.moment(k) == pytest.approx(expectation(law, lambda x, k=k: x**k), rel=1e-13, abs=1e-13)
            if k < 3:
                assert law.characteristic(0.0, k) == pytest.approx(law.moment(k), rel=1e-14, abs=1e-15)

    @pytest.mark.parametrize("law", LAWS, **by_repr)
    def test_samples_follow_the_law(self, law):
        x = law.sample(np.random.default_rng(1), (200, 200))
        assert x.shape == (200, 200)
        low, high = law.support
        assert low <= x.min()
        assert x.max() <= high
        for k in (1, 2, 3):
            stderr = np.std(x**k) / np.sqrt(x.size)
            assert abs(np.mean(x**k) - law.moment(k)) <= 5 * stderr + 1e-15

    def test_moments_of_a_narrow_interval_do_not_cancel(self):
        assert Uniform(1.0, 1.0 + 1e-12).moment(3) == pytest.approx(1 + 1.5e-12, rel=1e-15)

    @pytest.mark.parametrize("law", LAWS, **by_repr)
    def test_value_object(self, law):
        assert law_from_dict(json.loads(json.dumps(law.to_dict()))) == law
        assert pickle.loads(pickle.dumps(law)) == law
        assert len({law, copy.deepcopy(law)}) == 1

    @given(st.dictionaries(st.floats(-3, 3), st.floats(1e-3, 10), min_size=2, max_size=8))
    def test_discrete_keeps_its_weights_through_json(self, weights):
        law = Discrete(list(weights), list(weights.values()))
        assert law_from_dict(law.to_dict()) == law
        assert Discrete(list(weights)[::-1], list(weights.values())[::-1]).values == law.values
        assert sum(law.weights) == pytest.approx(1, abs=1e-15)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Uniform(1, 0), r"low=1 is not below high=0: pass low < high"),
            (lambda: Uniform(0.5, 0.5), r"or Constant\(0.5\)"),
            (lambda: Uniform(0, np.inf), r"high is inf, but every entry must be finite"),
            (lambda: Uniform(0, [1, 2]), r"high has shape \(2,\), but one number is expected"),
            (lambda: Constant(0), r"value=0 makes a feature that is never non-zero"),
            (lambda: Constant("1"), r"value has entries of type <U1, not real numbers"),
            (lambda: Discrete([]), r"values has shape \(0,\): pass a non-empty sequence"),
            (lambda: Discrete([0]), r"never non-zero: add another value"),
            (lambda: Discrete([1, 2, 1]), r"the value 1 is given twice"),
            (lambda: Discrete([1, 2], [1, 0]), r"weights\[1\]=0 is not positive: leave the value 2 out"),
            (lambda: Discrete([1, 2], [1]), r"2 values but weights has shape \(1,\)"),
            (lambda: Uniform().characteristic(1.0, 3), r"order=3 is not available: pass 0, 1 or 2"),
            (lambda: Uniform().moment(-1), r"k=-1 is too small"),
            (lambda: law_from_dict({"law": "gaussian"}), r"does not describe a value law"),
            (lambda: law_from_dict({"law": "uniform", "mid": 1}), r"does not describe a value law"),
        ],
    )
    def test_refusals(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()


class TestFeatures:
    @pytest.mark.parametrize("features", FAMILIES, **by_repr)
    def test_samples_follow_the_law(self, features):
        n_samples = 200_000
        x = features.sample(np.random.default_rng(2), n_samples)
        assert x.shape == (n_samples, features.n_features)
        active, products = x != 0, x[:, :, None] * x[:, None, :]
        for drawn, exact in [
            (active, features.feature_probability),
            (x, features.mean()),
            (products, features.second_moments()),
        ]:
            stderr = drawn.std(axis=0) / np.sqrt(n_samples)
            assert np.all(np.abs(drawn.mean(axis=0) - exact) <= 5 * stderr + 1e-12)

    @given(families())
    def test_second_moments_are_those_of_some_law(self, features):
        covariance = features.second_moments() - np.outer(features.mean(), features.mean())
        np.testing.assert_array_equal(covariance, covariance.T)
        assert np.linalg.eigvalsh(covariance).min() > -1e-14  # measured -2.7e-16

    @given(families())
    def test_groups_are_a_partition_with_the_stated_marginals(self, features):
        assert sorted(i for group in features.groups for i in group.members) == list(range(features.n_features))
        for group in features.groups:
            assert (features.feature_probability[list(group.members)] == group.member_probability).all()

    @given(families())
    def test_value_object(self, features):
        assert features_from_dict(json.loads(json.dumps(features.to_dict()))) == features
        restored = pickle.loads(pickle.dumps(features))
        assert restored == features
        assert hash(restored) == hash(features)
        assert not restored.feature_probability.flags.writeable

    def test_members_of_a_set_are_on_together_or_one_at_a_time(self):
        for family, allowed in [(CorrelatedSets, {0, 3}), (AnticorrelatedSets, {0, 1})]:
            x = family.of_size(2, 3, 0.5).sample(3, 1000)
            assert set(np.unique((x[:, :3] != 0).sum(axis=1))) == allowed
            assert set(np.unique((x[:, 3:] != 0).sum(axis=1))) == allowed

    def test_singletons_are_independent_features(self):
        expected = Independent(0.2, n_features=3).groups
        assert CorrelatedSets([[0], [1], [2]], 0.2).groups == expected
        assert AnticorrelatedSets([[0], [1], [2]], 0.2).groups == expected

    def test_samples_repeat_with_the_seed_and_keep_the_dtype(self):
        features = AnticorrelatedSets.of_size(2, 2, 0.5)
        first, second = features.sample(7, 50), features.sample(np.random.default_rng(7), 50)
        np.testing.assert_array_equal(first, second)
        single = features.sample(7, 50, dtype=np.float32)
        assert single.dtype == np.float32
        np.testing.assert_array_equal(single, first.astype(np.float32))

    def test_interchange_classes(self):
        assert Independent(0.1, n_features=3).interchange_classes().tolist() == [0, 0, 0]
        laws = [Uniform(), Constant(), Uniform()]
        assert Independent([0.1, 0.1, 0.1], laws).interchange_classes().tolist() == [0, 1, 0]
        sets = AnticorrelatedSets([[0, 1], [2], [4, 3], [5, 6]], [0.1, 0.1, 0.1, 0.2])
        assert sets.interchange_classes().tolist() == [0, 0, 1, 0, 0, 2, 2]

    def test_frozen(self):
        features = Independent(0.1, n_features=2)
        with pytest.raises(AttributeError):
            features.n_features = 3
        with pytest.raises(ValueError, match="read-only"):
            features.feature_probability[0] = 1

    def test_abstract_classes_stay_abstract(self):
        for abstract in (Features, ValueLaw):
            with pytest.raises(TypeError, match="abstract"):
                abstract()

    def test_repr_is_one_short_line(self):
        assert repr(CorrelatedSets.of_size(4, 3, 0.1)) == (
            "CorrelatedSets(<4 sets of size 3>, set_probability=0.1, values=Uniform(low=0.0, high=1.0))"
        )
        line = repr(Independent(np.linspace(0, 1, 300), [Constant(k + 1) for k in range(300)]))
        assert line == (
            "Independent(feature_probability=[0, 0.003344, ..., 1], values=<300 different laws>, n_features=300)"
        )

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: CorrelatedSets([[0, 1], [1]], 0.1), r"feature 1 is in the sets twice"),
            (lambda: AnticorrelatedSets([[0, 0]], 0.1), r"feature 0 is in the sets twice"),
            (
                lambda: CorrelatedSets([[0, 1], [3]], 0.1),
                r"feature 2 is in no set, .* add \[2\] for an independent feature",
            ),
            (lambda: CorrelatedSets([[0, -1]], 0.1), r"members\[1\]=-1 is too small"),
            (lambda: CorrelatedSets([[0, 1.0]], 0.1), r"members\[1\]=1.0 is not an integer"),
            (lambda: CorrelatedSets([0, 1], 0.1), r"sets\[0\]=0 is not a set of features: pass \[0\]"),
            (lambda: CorrelatedSets([[0], []], 0.1), r"a group without members"),
            (lambda: CorrelatedSets([], 0.1), r"there are no sets"),
            (lambda: CorrelatedSets([[0, 1]], [0.1, 0.2]), r"set_probability has shape \(2,\), but there are 1 sets"),
            (lambda: AnticorrelatedSets([[0, 1]], 1.5), r"set_probability=1.5 is outside \[0, 1\]"),
            (lambda: AnticorrelatedSets.of_size(0, 2, 0.1), r"n_sets=0 is too small"),
            (lambda: Independent(0.1), r"n_features is not given: pass n_features"),
            (
                lambda: Independent([0.1, -0.1]),
                r"feature_probability\[1\]=-0.1 is outside \[0, 1\]: .*sparsity is 1 -",
            ),
            (lambda: Independent([0.1, 0.2], n_features=3), r"has shape \(2,\), but there are 3 features"),
            (lambda: Independent(0.1, [Uniform()], 2), r"values has 1 laws, but there are 2 features"),
            (lambda: Independent(0.1, [Uniform(), 1.0], 2), r"values\[1\]=1.0 is not a value law"),
            (lambda: Group((0,), 0.1, "sometimes"), r"kind='sometimes' is unknown"),
            (lambda: Independent(0.1, n_features=1).sample(0, -1), r"n_samples=-1 is too small"),
            (lambda: features_from_dict({"features": "markov"}), r"does not describe a law of features"),
            (lambda: features_from_dict({}), r"does not describe a law of features"),
        ],
    )
    def test_refusals(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()
