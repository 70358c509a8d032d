"""Problem: what it accepts, what it refuses and why, and that it survives storage."""

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomsup.activations import get_activation
from geomsup.features import AnticorrelatedSets, Constant, CorrelatedSets, Independent, Uniform
from geomsup.importance import geometric_importance
from geomsup.problem import Problem
from tests.tensor import Tensor


@st.composite
def problems(draw):
    """Problems of every family, with unequal importances and probabilities."""
    n = draw(st.integers(1, 6))
    per_feature = {"min_size": n, "max_size": n}
    p = draw(st.lists(st.floats(0, 1), **per_feature))
    features = draw(
        st.sampled_from(
            [
                Independent(p),
                Independent(p, Uniform(-1, 1)),
                CorrelatedSets([range(n)], p[0]),
                AnticorrelatedSets([range(n)], p[0], Constant()),
            ]
        )
    )
    importance = draw(st.none() | st.floats(0, 10) | st.lists(st.floats(0, 10), **per_feature))
    activation = draw(st.sampled_from(["relu", "identity"]))
    return Problem(n_hidden=draw(st.integers(1, 4)), importance=importance, features=features, activation=activation)


def test_defaults():
    problem = Problem()
    assert (problem.n_features, problem.n_hidden, problem.activation) == (5, 2, "relu")
    np.testing.assert_array_equal(problem.feature_probability, np.full(5, 0.05))
    np.testing.assert_array_equal(problem.importance, np.ones(5))
    assert problem.features == Independent(0.05, Uniform(), 5)


def test_features_set_the_number_of_features():
    features = AnticorrelatedSets.of_size(2, 3, 0.3)
    problem = Problem(n_hidden=3, features=features)
    assert problem.n_features == 6
    np.testing.assert_allclose(problem.feature_probability, 0.1, rtol=1e-15)
    assert problem == Problem(6, 3, features=features)


@given(problems())
def test_survives_json_pickle_and_copies(problem):
    for twin in (
        Problem.from_dict(json.loads(json.dumps(problem.to_dict()))),
        pickle.loads(pickle.dumps(problem)),
        copy.deepcopy(problem),
        problem.replace(),
    ):
        assert twin == problem
        assert hash(twin) == hash(problem)
        assert not twin.importance.flags.writeable
        assert not twin.feature_probability.flags.writeable
    assert "\n" not in repr(problem)


def test_save_and_load(tmp_path):
    problem = Problem(3, 1, [0.1, 0.2, 1 / 3], geometric_importance(3, 0.9), activation="linear")
    path = problem.save(tmp_path / "small")
    assert path == tmp_path / "small.npz"
    assert Problem.load(path) == problem
    assert Problem.load(tmp_path / "small") == problem
    assert problem.save(path) == path
    assert [entry.name for entry in tmp_path.iterdir()] == ["small.npz"]


def test_importance_array_is_copied():
    importance = np.ones(5)
    problem = Problem(importance=importance)
    importance[0] = 7
    assert problem.importance[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        problem.importance[0] = 7
    with pytest.raises(AttributeError):
        problem.n_hidden = 3


def test_repr_says_what_differs_from_the_plain_problem():
    assert repr(Problem()) == "Problem(n_features=5, n_hidden=2, feature_probability=0.05, activation='relu')"
    assert repr(Problem(3, 1, [0.1, 0.2, 0.3], [1, 0.5, 0])) == (
        "Problem(n_features=3, n_hidden=1, feature_probability=[0.1, 0.2, 0.3], importance=[1, 0.5, 0], "
        "activation='relu')"
    )
    assert repr(Problem(features=Independent(0.1, Constant(), 3))) == (
        "Problem(n_features=3, n_hidden=2, features=Independent(feature_probability=0.1, "
        "values=Constant(value=1.0), n_features=3), activation='relu')"
    )


def test_replace():
    problem = Problem(features=Independent(0.1, Constant(), 3), importance=0.5)
    wider = problem.replace(n_features=7)
    assert wider == Problem(features=Independent(0.1, Constant(), 7), importance=0.5)
    assert problem.replace(feature_probability=0.3).features == Independent(0.3, Constant(), 3)
    assert problem.replace(features=Independent(0.2, n_features=3)).feature_probability[0] == 0.2
    graded = Problem(3, importance=[1, 2, 3])
    with pytest.raises(ValueError, match="n_features cannot change while importance differs"):
        graded.replace(n_features=4)
    assert graded.replace(n_features=2, importance=1) == Problem(2)
    with pytest.raises(ValueError, match=r"CorrelatedSets cannot be changed .* pass features="):
        Problem(features=CorrelatedSets([[0, 1]], 0.1)).replace(feature_probability=0.2)


def test_interchangeable_splits_the_classes_of_features_by_importance():
    assert Problem().interchangeable().tolist() == [0] * 5
    assert Problem(importance=[1, 1, 2, 1, 2]).interchangeable().tolist() == [0, 0, 1, 0, 1]
    features = CorrelatedSets([[0, 1], [2]], 0.1)
    assert Problem(features=features, importance=[1, 2, 1]).interchangeable().tolist() == [0, 1, 2]


def test_activation():
    z = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(Problem().activation_function(z), [0, 0, 2])
    linear = Problem(activation="linear")
    assert linear == Problem(activation="identity")
    np.testing.assert_array_equal(linear.activation_function(z), z)
    with pytest.raises(ValueError, match=r"activation='ReLU' is unknown; available are 'relu', .*did you mean 'relu'"):
        get_activation("ReLU")
    with pytest.raises(ValueError, match=r"'zzz' is unknown; .* choose one of them"):
        Problem(activation="zzz")
    with pytest.raises(ValueError, match="is unknown"):
        Problem(activation=None)


class TestCheckWeights:
    problem = Problem()

    def test_accepts_lists_tensors_and_instances(self):
        for convert in (np.ndarray.tolist, Tensor, np.float32):
            W, b = self.problem.check_weights(convert(np.ones((2, 5))), convert(np.zeros(5)))
            assert (W.dtype, W.shape, b.shape) == (np.float64, (2, 5), (5,))
        for b in (np.arange(5), np.tile(np.arange(5), (3, 4, 1))):
            W, wide = self.problem.check_weights(np.ones((3, 4, 2, 5)), b)
            assert wide.shape == (3, 4, 5)
            np.testing.assert_array_equal(wide[2, 1], np.arange(5))

    @pytest.mark.parametrize(
        ("W", "b", "message"),
        [
            (
                np.ones((5, 2)),
                np.zeros(5),
                r"^W has shape \(5, 2\) but the problem has n_hidden=2, n_features=5, "
                r"so \(2, 5\) is expected: pass W\.T$",
            ),
            (np.ones((3, 5, 2)), np.zeros(5), r"pass W\.swapaxes\(-1, -2\)$"),
            (np.ones(5), np.zeros(5), r"W has shape \(5,\) but .* pass an array of that shape"),
            (np.ones((3, 5)), np.zeros(5), r"so \(2, 5\) is expected: pass an array of that shape"),
            (np.ones((2, 5)), np.zeros(2), r"b has shape \(2,\) but .* so \(5,\) is expected"),
            (np.ones((3, 2, 5)), np.zeros((4, 5)), r"so \(5,\) or \(3, 5\) is expected"),
            (np.ones((2, 5)), np.zeros((3, 5)), r"b has shape \(3, 5\)"),
            ([[1, 2, 3, 4, 5], [1, 2, np.nan, 4, np.inf]], np.zeros(5), r"W\[1, 2\] is nan, but every entry"),
            (np.ones((2, 5)), [0, 0, 0, 0, -np.inf], r"b\[4\] is -inf"),
            (np.ones((2, 5)) * 1j, np.zeros(5), r"W has entries of type complex128, not real numbers"),
            ([[1, 2], [3]], np.zeros(5), r"W cannot be read as an array of real numbers"),
            ([["1"] * 5] * 2, np.zeros(5), r"W has entries of type <U1"),
            (None, np.zeros(5), r"W has entries of type object"),
        ],
    )
    def test_refusals(self, W, b, message):
        with pytest.raises(ValueError, match=message):
            self.problem.check_weights(W, b)

    def test_one_dimension_asks_for_a_row(self):
        with pytest.raises(ValueError, match=r"pass W\[np.newaxis, :\]"):
            Problem(n_hidden=1).check_weights(np.ones(5), np.zeros(5))


class TestCheckOutputWeights:
    problem = Problem()

    def test_accepts_lists_tensors_and_instances(self):
        for convert in (np.ndarray.tolist, Tensor, np.float32):
            W_out = self.problem.check_output_weights(convert(np.ones((5, 2))))
            assert (W_out.dtype, W_out.shape) == (np.float64, (5, 2))
        assert self.problem.check_output_weights(np.ones((3, 4, 5, 2))).shape == (3, 4, 5, 2)

    @pytest.mark.parametrize(
        ("W_out", "message"),
        [
            (
                np.ones((2, 5)),
                r"^W_out has shape \(2, 5\) but the problem has n_features=5, n_hidden=2, "
                r"so \(5, 2\) is expected: pass W_out\.T$",
            ),
            (np.ones((3, 2, 5)), r"pass W_out\.swapaxes\(-1, -2\)$"),
            (np.ones(5), r"W_out has shape \(5,\) but .* pass an array of that shape"),
            (np.ones((5, 3)), r"so \(5, 2\) is expected: pass an array of that shape"),
            (np.full((5, 2), np.nan), r"W_out\[0, 0\] is nan, but every entry"),
            (None, r"W_out has entries of type object"),
        ],
    )
    def test_refusals(self, W_out, message):
        with pytest.raises(ValueError, match=message):
            self.problem.check_output_weights(W_out)

    def test_one_dimension_asks_for_a_column(self):
        with pytest.raises(ValueError, match=r"pass W_out\[:, np.newaxis\]"):
            Problem(n_hidden=1).check_output_weights(np.ones(5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"feature_probability": 1.2}, r"feature_probability=1.2 is outside \[0, 1\]: .*sparsity is 1 - feature_prob"),
        ({"feature_probability": [0.1, 0.1, -1, 0.1, 0.1]}, r"feature_probability\[2\]=-1 is outside"),
        ({"feature_probability": np.nan}, r"feature_probability is nan"),
        ({"feature_probability": [0.1, 0.2]}, r"feature_probability has shape \(2,\), but there are 5 features"),
        ({"n_features": 0}, r"n_features=0 is too small: pass an int of at least 1"),
        ({"n_features": 5.0}, r"n_features=5.0 is not an integer"),
        ({"n_features": True}, r"n_features=True is not an integer"),
        ({"n_hidden": 0}, r"n_hidden=0 is too small"),
        ({"n_hidden": "2"}, r"n_hidden='2' is not an integer"),
        ({"importance": [1, 1, -0.5, 1, 1]}, r"importance\[2\]=-0.5 is negative"),
        ({"importance": -1}, r"importance=-1 is negative"),
        ({"importance": [1, np.inf, 1, 1, 1]}, r"importance\[1\] is inf"),
        ({"importance": np.ones(4)}, r"importance has shape \(4,\), but there are 5 features"),
        ({"features": "uniform"}, r"features='uniform' is not a law of features"),
        ({"features": Independent(0.1, n_features=3), "feature_probability": 0.1}, r"pass one of the two"),
        ({"features": Independent(0.1, n_features=3), "n_features": 5}, r"features describes 3 features: leave n_f"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        Problem(**arguments)


def test_incomplete_descriptions_are_refused():
    description = Problem().to_dict()
    for wrong in ({}, {**description, "hidden": 3}, {"n_hidden": 2}):
        with pytest.raises(ValueError, match="does not describe a problem"):
            Problem.from_dict(wrong)


def test_geometric_importance():
    np.testing.assert_array_equal(geometric_importance(4, 0.5), [1, 0.5, 0.25, 0.125])
    with pytest.raises(ValueError, match="ratio=0 is not positive"):
        geometric_importance(3, 0)
    with pytest.raises(ValueError, match="n_features=0 is too small"):
        geometric_importance(0, 0.5)
