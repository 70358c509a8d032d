"""Arrangements: their numbers, their symmetries, and archives that are whole, safe and clearly refused."""

import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geomsup._files import read_npz, write_npz
from geomsup.arrangement import Arrangement
from geomsup.dimensionality import dimensions_per_feature, feature_dimensionality, represented
from geomsup.importance import geometric_importance
from geomsup.optimize import minimize
from geomsup.problem import Problem


def polygon(k: int) -> np.ndarray:
    angles = 2 * np.pi * np.arange(k) / k
    return np.array([np.cos(angles), np.sin(angles)])


TETRAHEDRON = np.array([[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / np.sqrt(3)
matrices = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5), elements=st.floats(-3, 3))


@st.composite
def arrangements(draw):
    W = draw(matrices)
    return Arrangement(W, draw(hnp.arrays(np.float64, W.shape[1], elements=st.floats(-1, 1))))


class Canary:
    """An object whose unpickling would leave a mark."""

    def __reduce__(self):
        return pytest.fail, ("a pickle inside an archive was executed",)


class TestRepresented:
    @given(
        hnp.arrays(
            np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5), elements=st.floats(-3, 3, width=16)
        ),
        st.sampled_from([1e-150, 1.0, 1e150]),
        st.randoms(use_true_random=False),
    )
    def test_longer_than_half_of_the_longest(self, W, scale, random):
        norms, order = np.linalg.norm(W, axis=0), random.sample(range(W.shape[1]), W.shape[1])
        counted = represented(scale * W)
        clear = np.abs(norms - norms.max() / 2) > 1e-12
        np.testing.assert_array_equal(counted[clear], (norms > norms.max() / 2)[clear])
        assert counted.any() == W.any()
        np.testing.assert_array_equal(represented(scale * W[:, order])[clear[order]], counted[order][clear[order]])
        np.testing.assert_array_equal(Arrangement(W).represented, represented(W))

    def test_gains_of_untied_weights(self):
        """Half of a length is a quarter of a gain; a negative gain is none."""
        W, W_out = [[1.0, 1.0, 1.0, 1.0]], [[1.0], [0.26], [0.24], [-1.0]]
        assert represented(W, W_out).tolist() == [True, True, False, False]
        stack = np.array([W, W])
        assert represented(stack, np.array([W_out, np.ones((4, 1))])).sum(axis=1).tolist() == [2, 4]
        tied = np.random.default_rng(0).normal(size=(3, 7))
        np.testing.assert_array_equal(represented(tied, tied.T), represented(tied))
        with pytest.raises(
            ValueError, match=r"W_out has shape \(1, 4\), but W is 1 by 4: pass W_out of shape \(4, 1\)"
        ):
            represented(W, W)

    def test_the_limit_lies_in_a_gap(self):
        """At minima no norm is between 0.50 and 0.61 of the longest: a part of the measurement in the docstring."""
        found = []
        for p, ratio in ((0.01, 1.0), (0.1, 0.9), (0.2, 1.0), (0.5, 0.7)):
            problem = Problem(5, 2, p, importance=geometric_importance(5, ratio))
            minima = minimize(problem, n_starts=12, rng=0).minima
            found += [np.linalg.norm(one.W, axis=0) / np.linalg.norm(one.W, axis=0).max() for one in minima]
        relative = np.concatenate(found)
        assert relative.size >= 50
        assert ((relative < 0.5) | (relative > 0.61)).all()
        assert ((relative > 0.2) & (relative < 0.5)).any()


class TestDimensionality:
    @pytest.mark.parametrize(
        ("W", "share"),
        [
            (np.eye(3), 1),
            (TETRAHEDRON, 3 / 4),
            (polygon(3), 2 / 3),
            (polygon(2)[:1], 1 / 2),
            (polygon(5), 2 / 5),
            (1e-180 * polygon(5), 2 / 5),
            (1e180 * polygon(5), 2 / 5),
            ([[5e-324, -5e-324]], 1 / 2),
            (np.diag([1e-300, 1e300]), 1),
        ],
    )
    def test_known_polytopes(self, W, share):
        np.testing.assert_allclose(feature_dimensionality(W), share, rtol=1e-14)  # measured 5.6e-16

    @given(matrices)
    def test_between_zero_and_one_and_at_most_the_dimension_in_all(self, W):
        shares = feature_dimensionality(W)
        assert (shares >= 0).all()
        assert (shares <= 1).all()
        assert shares.sum() <= min(W.shape) + 1e-13

    @given(arrangements())
    def test_norm_over_norm_plus_interference(self, arrangement):
        squares, interference = arrangement.norms**2, arrangement.interference
        live = arrangement.norms > 1e-6
        expected = (squares[live]) / (squares[live] + interference[live])
        np.testing.assert_allclose(arrangement.dimensionality[live], expected, rtol=1e-14)  # measured 1.1e-15
        assert (interference[arrangement.norms == 0] == 0).all()

    def test_instances_and_zero_columns(self):
        W = np.array([np.eye(2, 4), np.zeros((2, 4))])
        np.testing.assert_array_equal(feature_dimensionality(W), [[1, 1, 0, 0], [0, 0, 0, 0]])
        np.testing.assert_array_equal(dimensions_per_feature(W), [1, np.inf])

    def test_dimensions_per_feature(self):
        assert dimensions_per_feature(polygon(5)) == pytest.approx(2 / 5, rel=1e-15)

    @pytest.mark.parametrize("function", [feature_dimensionality, dimensions_per_feature])
    def test_refusals(self, function):
        with pytest.raises(ValueError, match=r"W has shape \(3,\), but \(n_hidden, n_features\) is expected"):
            function([1, 2, 3])
        with pytest.raises(ValueError, match=r"W\[0, 1\] is nan"):
            function([[1, np.nan]])


class TestArrangement:
    def test_attributes(self):
        arrangement = Arrangement([[3, 0], [4, 0]])
        assert (arrangement.n_hidden, arrangement.n_features) == (2, 2)
        np.testing.assert_array_equal(arrangement.gram, [[25, 0], [0, 0]])
        np.testing.assert_array_equal(arrangement.norms, [5, 0])
        np.testing.assert_array_equal(arrangement.b, [0, 0])
        assert repr(arrangement) == "Arrangement(n_hidden=2, n_features=2, norms=0..5, b=0)"

    @given(arrangements(), st.integers(0, 2**32 - 1))
    def test_rotation_and_permutation_keep_the_geometry(self, arrangement, seed):
        rng = np.random.default_rng(seed)
        Q = np.linalg.qr(rng.standard_normal((arrangement.n_hidden,) * 2))[0]
        order = rng.permutation(arrangement.n_features)
        moved = arrangement.rotated(Q).permuted(order)
        np.testing.assert_allclose(moved.gram, arrangement.gram[np.ix_(order, order)], atol=2e-13)  # measured 3.6e-14
        np.testing.assert_array_equal(moved.b, arrangement.b[order])
        assert arrangement.permuted(order).permuted(np.argsort(order)) == arrangement

    @given(arrangements())
    def test_value_object(self, arrangement):
        twin = pickle.loads(pickle.dumps(arrangement))
        assert twin == arrangement
        assert hash(twin) == hash(arrangement)
        assert hash(Arrangement(-1.0 * -arrangement.W, arrangement.b)) == hash(arrangement)
        assert not twin.W.flags.writeable
        assert arrangement != Arrangement(arrangement.W, arrangement.b + 1)
        assert "\n" not in repr(arrangement)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Arrangement(np.ones((3, 2, 5))), r"W has shape \(3, 2, 5\), .* pass one instance of W"),
            (lambda: Arrangement(np.ones((2, 0))), r"W has shape \(2, 0\)"),
            (lambda: Arrangement(np.ones((2, 5)), np.zeros(2)), r"b has shape \(2,\) but W has 5 columns"),
            (lambda: Arrangement([[np.inf]]), r"W\[0, 0\] is inf"),
            (lambda: Arrangement(np.eye(2)).rotated(np.eye(3)), r"Q has shape \(3, 3\)"),
            (lambda: Arrangement(np.eye(2)).rotated(2 * np.eye(2)), r"differs from the identity by 3.0e\+00"),
            (lambda: Arrangement(np.eye(2)).permuted([0, 0]), r"order=\[0, 0\] is not a permutation"),
            (lambda: Arrangement(np.eye(2)).permuted([0]), r"pass each of 0 … 1 once"),
        ],
    )
    def test_refusals(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()


class TestFiles:
    arrangement = Arrangement(polygon(5), np.linspace(-1, 1, 5))

    def test_round_trip_is_exact_and_reproducible(self, tmp_path):
        first, second = (self.arrangement.save(tmp_path / name) for name in ("a", "b.npz"))
        assert Arrangement.load(tmp_path / "a") == self.arrangement
        assert first.read_bytes() == second.read_bytes()

    def test_suffix_is_added_once_and_dots_survive(self, tmp_path):
        assert self.arrangement.save(str(tmp_path / "p=0.05")).name == "p=0.05.npz"
        assert self.arrangement.save(tmp_path / "p=0.05.npz").name == "p=0.05.npz"

    def test_missing_file_and_directory_are_os_errors(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            Arrangement.load(tmp_path / "absent")
        with pytest.raises(FileNotFoundError):
            self.arrangement.save(tmp_path / "absent" / "a.npz")

    @pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
    def test_an_interrupted_save_keeps_the_old_file_and_leaves_no_other(self, tmp_path, monkeypatch, error):
        path = self.arrangement.save(tmp_path / "a")

        def fail(*_):
            raise error

        monkeypatch.setattr("os.fsync", fail)
        with pytest.raises(error):
            Arrangement(np.eye(2)).save(path)
        assert Arrangement.load(path) == self.arrangement
        assert list(tmp_path.iterdir()) == [path]

    def test_meta_and_arrays_return_as_written(self, tmp_path):
        path = write_npz(tmp_path / "x", {"file": np.arange(3)}, {"p": 0.1, "name": "fünf"}, "thing")
        arrays, meta = read_npz(path, "thing")
        assert arrays.keys() == {"file"}
        assert meta == {"p": 0.1, "name": "fünf"}

    def test_objects_are_not_written(self, tmp_path):
        with pytest.raises(ValueError, match="Object arrays cannot be saved"):
            write_npz(tmp_path / "x", {"a": np.array([Canary()])}, {}, "thing")
        assert not list(tmp_path.iterdir())
        with pytest.raises(ValueError, match="'header' is taken"):
            write_npz(tmp_path / "x", {"header": np.ones(1)}, {}, "thing")

    def test_pickles_are_refused_unread(self, tmp_path):
        path = tmp_path / "evil.npz"
        np.savez(path, header=np.array(Canary(), dtype=object), W=np.eye(2))
        with pytest.raises(ValueError, match=r"cannot be read as a saved arrangement .*\['W', 'header'\].*nothing in"):
            Arrangement.load(path)
        path.write_bytes(pickle.dumps(Canary()))
        with pytest.raises(ValueError, match=r"is not an \.npz archive"):
            Arrangement.load(path)

    def test_foreign_archives_are_named_by_their_keys(self, tmp_path):
        path = tmp_path / "foreign.npz"
        np.savez(path, weights=np.eye(2), bias=np.ones(2))
        with pytest.raises(ValueError, match=r"has the keys \['bias', 'weights'\] but no geomsup header"):
            Arrangement.load(path)
        np.savez(path, header=np.array("[1, 2]"))
        with pytest.raises(ValueError, match="no geomsup header"):
            Arrangement.load(path)

    def test_other_kinds_and_layouts_are_named(self, tmp_path):
        path = Problem().save(tmp_path / "problem")
        with pytest.raises(ValueError, match="holds a saved problem, not a saved arrangement"):
            Arrangement.load(path)
        header = json.dumps({"format": "geomsup/99", "kind": "arrangement", "meta": {}})
        np.savez(path, header=np.array(header))
        with pytest.raises(ValueError, match=r"layout 'geomsup/99', this version reads 'geomsup/1'"):
            Arrangement.load(path)
        write_npz(path, {"W": np.eye(2)}, {}, "arrangement")
        with pytest.raises(ValueError, match=r"has the arrays \['W'\] where W and b are expected"):
            Arrangement.load(path)

    def test_every_truncation_and_damaged_byte_is_refused_or_harmless(self, tmp_path):
        path = self.arrangement.save(tmp_path / "a")
        whole = path.read_bytes()
        for cut in range(0, len(whole), 37):
            path.write_bytes(whole[:cut])
            with pytest.raises(ValueError, match=r"is not an \.npz archive|cannot be read"):
                Arrangement.load(path)
        with zipfile.ZipFile(self.arrangement.save(path)) as archive:
            start = archive.getinfo("W.npy").header_offset + 60
        for k in range(start, start + 40):
            path.write_bytes(whole[:k] + bytes([whole[k] ^ 0xFF]) + whole[k + 1 :])
            with pytest.raises(ValueError, match="cannot be read"):
                Arrangement.load(path)
