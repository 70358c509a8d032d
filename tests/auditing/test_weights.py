"""Weights from files: every format that is read, and one clear error for everything else, with nothing run."""

import contextlib
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup._files import write_npz
from geomsup.auditing import _npy
from geomsup.auditing.weights import read_weights

RNG = np.random.default_rng(0)
W, b = RNG.normal(size=(2, 5)), RNG.normal(size=5)
STACK, BIASES = RNG.normal(size=(3, 2, 5)), RNG.normal(size=(3, 5))


def safetensors(arrays, metadata=None, **changes):
    """The bytes of a .safetensors file, with entries of its header changed."""
    header = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, (dtype, array) in arrays.items():
        raw = array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    for name, entry in changes.items():
        header[name] = {**header.get(name, {}), **entry}
    return with_header(json.dumps(header), data)


def with_header(text, data=b""):
    return struct.pack("<Q", len(text.encode())) + text.encode() + data


def written(path, content):
    path.write_bytes(content)
    return path


def refused(path, **options):
    """The message of the one error; a ValueError, of whatever nature the file."""
    with pytest.raises(ValueError, match=".*") as raised:
        read_weights(path, **options)
    message = str(raised.value)
    assert str(path) in message
    return message


def test_named_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", W=W, b=b)
    np.savez_compressed(tmp_path / "b.npz", weight=STACK, b_final=BIASES, losses=np.zeros(3), note="trained")
    one, several = read_weights(tmp_path / "a.npz"), read_weights(tmp_path / "b.npz")
    np.testing.assert_array_equal(one.W, W)
    np.testing.assert_array_equal(one.b, b)
    assert (one.W_out, one.problems, one.n_instances) == (None, None, 1)
    np.testing.assert_array_equal(several.W, STACK)
    assert (several.n_instances, several.used, several.unused) == (3, ("weight", "b_final"), ("losses", "note"))


def test_names_that_are_given(tmp_path):
    np.savez(tmp_path / "a.npz", encoder=W, W=np.zeros((2, 5)), decoder=W.T, shift=b, b=np.zeros(5), bias=b)
    found = read_weights(tmp_path / "a.npz", weights_key="encoder", bias_key="shift", output_key="decoder")
    np.testing.assert_array_equal(found.W, W)
    np.testing.assert_array_equal(found.b, b)
    np.testing.assert_array_equal(found.W_out, W.T)
    assert "['W', 'b', 'bias', 'decoder', 'encoder', 'shift'], and not 'w'" in refused(
        tmp_path / "a.npz", weights_key="w"
    )
    assert "of which b and bias could be the bias" in refused(tmp_path / "a.npz")


def test_untied_and_transposed(tmp_path):
    np.savez(tmp_path / "a.npz", W=np.swapaxes(STACK, 1, 2), b=BIASES, W_out=STACK)
    found = read_weights(tmp_path / "a.npz", transpose=True)
    np.testing.assert_array_equal(found.W, STACK)
    np.testing.assert_array_equal(found.W_out, np.swapaxes(STACK, 1, 2))
    message = refused(tmp_path / "a.npz")
    assert "W has shape (3, 5, 2) and b (3, 5), so W has one row per feature where one column is expected" in message
    assert "pass transpose=True (--transpose)" in message


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "<i4", "|u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_kinds_of_numbers(tmp_path, dtype, order):
    rounded = np.abs(np.round(4 * STACK)).astype(dtype)
    np.savez(tmp_path / "a.npz", W=np.asarray(rounded, order=order), b=BIASES)
    found = read_weights(tmp_path / "a.npz").W
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, rounded.astype(float))


def test_single_arrays(tmp_path):
    np.save(tmp_path / "W.npy", STACK)
    np.save(tmp_path / "b.npy", BIASES)
    np.savetxt(tmp_path / "W.csv", W, delimiter=",", header="one row per hidden dimension", fmt="%.17g")
    np.savetxt(tmp_path / "row.csv", b[None], delimiter=",", fmt="%.17g")
    np.savetxt(tmp_path / "column.csv", b, delimiter=",", fmt="%.17g")
    found = read_weights(tmp_path / "W.npy", bias_file=tmp_path / "b.npy")
    np.testing.assert_array_equal(found.W, STACK)
    np.testing.assert_array_equal(found.b, BIASES)
    for name in ("row.csv", "column.csv"):
        found = read_weights(tmp_path / "W.csv", bias_file=tmp_path / name)
        np.testing.assert_array_equal(found.W, W)
        np.testing.assert_array_equal(found.b, b)
    assert "has the keys ['W'], of which none could be the bias" in refused(tmp_path / "W.npy")
    assert "(--bias-key), or pass bias_file (--bias-file)" in refused(tmp_path / "W.csv")
    np.savez(tmp_path / "two.npz", W=W, b=b)
    with pytest.raises(ValueError, match=r"two\.npz has the keys \['W', 'b'\], but a bias file holds one array"):
        read_weights(tmp_path / "W.npy", bias_file=tmp_path / "two.npz")


def test_safetensors(tmp_path):
    arrays = {
        "W": ("F32", STACK.astype("<f4")),
        "b": ("F64", BIASES.astype("<f8")),
        "step": ("I64", np.array([7], "<i8")),
        "odd": ("F8_E4M3", np.zeros(3, "u1")),
        "empty": ("F32", np.zeros((0, 2), "<f4")),
    }
    path = written(tmp_path / "a.safetensors", safetensors(arrays, metadata={"format": "pt"}))
    found = read_weights(path)
    np.testing.assert_array_equal(found.W, STACK.astype(np.float32))
    np.testing.assert_array_equal(found.b, BIASES)
    assert found.unused == ("empty", "odd", "step")
    assert "odd has the type F8_E4M3: save it as" in refused(path, weights_key="odd")
    path = written(tmp_path / "named_otherwise", path.read_bytes())
    np.testing.assert_array_equal(read_weights(path).b, BIASES)


def test_halves_of_both_kinds(tmp_path):
    """bfloat16 is the upper half of a float32."""
    high = (W.astype("<f4").view("<u4") >> 16).astype("<u2")
    arrays = {"W": ("BF16", high), "b": ("F16", b.astype("<f2"))}
    found = read_weights(written(tmp_path / "a.safetensors", safetensors(arrays)))
    np.testing.assert_array_equal(found.W, (high.astype("<u4") << 16).view("<f4"))
    np.testing.assert_allclose(found.W, W, rtol=2**-7)
    np.testing.assert_array_equal(found.b, b.astype("<f2"))


FLOATS = {"W": ("F64", W), "b": ("F64", b)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "its header alone would have 0: it is cut short"),
        (struct.pack("<Q", 2**63) + b"{}", "its header alone would have 9223372036854775808"),
        (safetensors(FLOATS)[:100], "it is cut short"),
        (safetensors(FLOATS)[:-1], "the arrays end at byte 120 of 119"),
        (safetensors(FLOATS) + b"x", "the arrays end at byte 120 of 121"),
        (with_header("{not json"), "header that is wrong"),
        (with_header("[1, 2]"), "not a dictionary"),
        (with_header("[" * 100_000), "header that is wrong"),
        (with_header('{"W": 3}'), "'W' lacks a dtype, a shape or two data_offsets"),
        (with_header('{"W": {"dtype": "F64", "shape": 5, "data_offsets": [0, 0]}}'), "'W' lacks"),
        (with_header('{"W": {"dtype": "F64", "shape": [1], "data_offsets": [0]}}'), "'W' lacks"),
        (with_header('{"W": {}, "W": {}}'), "a name repeats among ['W', 'W']"),
        (safetensors(FLOATS, W={"shape": [2, 6]}), "'W', F64 of shape [2, 6], does not fit its 80 bytes"),
        (safetensors(FLOATS, W={"shape": [2**62, 2**62]}), "does not fit its 80 bytes"),
        (safetensors(FLOATS, W={"shape": [-2, -5]}), "'W' has dtype 'F64', shape [-2, -5]"),
        (safetensors(FLOATS, W={"shape": [2.0, 5]}), "'W' has dtype 'F64', shape [2.0, 5]"),
        (safetensors(FLOATS, W={"dtype": "F32"}), "'W', F32 of shape [2, 5], does not fit"),
        (safetensors(FLOATS, W={"dtype": 64}), "'W' has dtype 64"),
        (safetensors(FLOATS, b={"data_offsets": [0, 40]}), "'W' lies at bytes 0 to 80 where 40 is next"),
        (safetensors(FLOATS, b={"data_offsets": [90, 130]}), "'b' lies at bytes 90 to 130 where 80 is next"),
        (safetensors({"W": ("X", W)}, W={"data_offsets": [0, -80]}), "data_offsets [0, -80]"),
        (safetensors({"W": ("X", W)}, W={"data_offsets": [80, 0]}), "'W' lies at bytes 80 to 0 where 0 is next"),
    ],
)
def test_wrong_safetensors(tmp_path, content, message):
    assert message in refused(written(tmp_path / "a.safetensors", content))


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def torch_zip(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", content)
        archive.writestr("model/data/0", b"\0" * 40)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["model.pt", "model.npz", "model", "model.csv"])
def test_a_pickle_is_never_run(tmp_path, name):
    trap = pickle.dumps(Trap(tmp_path / "sprung"), protocol=4)
    for content in (trap, torch_zip(trap)):
        message = refused(written(tmp_path / name, content))
        assert "is a pickle, which can run code when read, so it was not opened" in message
        assert "weights_only=True); np.savez(" in message
    assert "is a pickle" in refused(written(tmp_path / "text.pkl", pickle.dumps([1.0], protocol=0)))
    assert not (tmp_path / "sprung").exists()


def test_pickled_objects_in_an_archive_are_never_run(tmp_path):
    objects = np.array([Trap(tmp_path / "sprung")])
    np.savez(tmp_path / "a.npz", W=objects, b=b)
    np.save(tmp_path / "b.npy", objects)
    for name in ("a.npz", "b.npy"):
        assert "holds Python objects, which are pickled" in refused(tmp_path / name, bias_file=tmp_path / "a.npz")
    np.savez(tmp_path / "c.npz", W=W, b=b, settings=objects)
    assert read_weights(tmp_path / "c.npz").unused == ("settings",)
    assert not (tmp_path / "sprung").exists()


def npy(array, **header):
    """The bytes of a .npy file, with a header of one's own."""
    buffer = io.BytesIO()
    described = {**np.lib.format.header_data_from_array_1_0(array), **header}
    np.lib.format.write_array_header_1_0(buffer, described)
    return buffer.getvalue() + array.tobytes()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"A": W, "c": b}, "has the keys ['A', 'c'], of which none could be the weights: name one with weights_key"),
        ({"W": W}, "has the keys ['W'], of which none could be the bias: name one with bias_key"),
        ({}, "has the keys [], of which none could be the weights"),
        ({"W": W, "weight": W, "b": b}, "of which W and weight could be the weights"),
        ({"W": W.astype(complex), "b": b}, "W has entries of type complex128"),
        ({"W": W.astype("U8"), "b": b}, "W has entries of type <U8"),
        ({"W": W.view("V8"), "b": b}, "W has entries of type |V8"),
        ({"W": np.where(W[1, 2] == W, np.nan, W), "b": b}, "W[1, 2] is nan, but every entry must be finite"),
        ({"W": W, "b": np.array([0, 0, np.inf, 0, 0])}, "b[2] is inf"),
        ({"W": W[0], "b": b}, "W has shape (5,) and b (5,), but (n_hidden, n_features)"),
        ({"W": W[None, None], "b": b}, "W has shape (1, 1, 2, 5)"),
        ({"W": W, "b": b[:4]}, "W has shape (2, 5) and b (4,)"),
        ({"W": W, "b": np.float64(0)}, "W has shape (2, 5) and b ()"),
        ({"W": W[:0], "b": b}, "W has shape (0, 5)"),
        ({"W": W.T, "b": b}, "so W has one row per feature"),
    ],
)
def test_wrong_arrays(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    assert message in refused(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(W, shape=(2, 10**15)), "holds 80 bytes of data where its header promises 16000000000000000"),
        (npy(W, shape=(-2, -5, 2)), "holds 80 bytes of data where its header promises 160"),
        (npy(W)[:-1], "it is cut short"),
        (npy(W)[:20], "does not begin like a .npy array"),
        (npy(W)[:6] + b"\x03\x00" + npy(W)[8:], "does not begin like a .npy array"),
        (npy(W).replace(b"'<f8'", b"[[[[["), "does not begin like a .npy array"),
    ],
)
def test_wrong_npy(tmp_path, content, message):
    """A header is believed only as far as there are bytes behind it."""
    assert message in refused(written(tmp_path / "a.npy", content))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("W.npy", content)
        archive.writestr("b.npy", npy(b))
    assert message in refused(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "W has shape (0, 0)"),
        ("a.csv", b"1,2\n3\n", "is not a table of numbers separated by commas"),
        ("a.csv", b"w1,w2\n1,2\n", "is not a table of numbers"),
        ("a.csv", b"1;2\n", "is not a table of numbers"),
        ("a.csv", b"\xff\xfe1,2\n", "is not a table of numbers"),
        ("a.csv", b"1,nan,0,0,0\n", "W[0, 1] is nan"),
        ("a.txt", b"1,2\n", "is none of .npz, .npy, .csv and .safetensors"),
        ("a.h5", b"\x89HDF\r\n", "is none of"),
        ("a.npz", b"PK\x03\x04 and nothing", "begins like an archive but cannot be opened"),
        ("a.pt", b"", "is a pickle"),
    ],
)
def test_other_content(tmp_path, name, content, message):
    np.save(tmp_path / "b.npy", b)
    assert message in refused(written(tmp_path / name, content), bias_file=tmp_path / "b.npy")


def test_an_archive_that_would_fill_the_memory(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", W=np.zeros((1000, 2, 5)), b=b, extra=np.zeros(10**6))
    assert (tmp_path / "a.npz").stat().st_size < 20_000
    assert read_weights(tmp_path / "a.npz").n_instances == 1000
    monkeypatch.setattr(_npy, "MOST_BYTES", 10**6)
    assert "unpacks to 8080" in refused(tmp_path / "a.npz")
    monkeypatch.setattr("geomsup.auditing.weights.MOST_BYTES", 10**3)
    assert "bytes, more than the 1000 that are read: save W and b alone" in refused(tmp_path / "a.npz")


def test_places_that_are_no_files(tmp_path):
    assert "is not a file: pass the file with the weights" in refused(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_weights(tmp_path / "none.npz")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The same weights in four formats."""
    folder = tmp_path_factory.mktemp("whole")
    np.savez(folder / "a.npz", W=W, b=b)
    np.savez_compressed(folder / "b.npz", W=W, b=b)
    np.save(folder / "b.npy", b)
    written(folder / "c.safetensors", safetensors(FLOATS))
    np.save(folder / "d.npy", W)
    return folder


@given(data=st.data())
def test_damage_is_an_error_or_harmless(whole, tmp_path_factory, data):
    """Cut anywhere or with any bytes changed, a file is read as numbers or refused in one way."""
    name = data.draw(st.sampled_from(["a.npz", "b.npz", "c.safetensors", "d.npy"]))
    content = bytearray((whole / name).read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    for _ in range(data.draw(st.integers(0, 4))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = written(tmp_path_factory.getbasetemp() / f"damaged-{name}", bytes(content))
    with contextlib.suppress(ValueError):
        found = read_weights(path, bias_file=whole / "b.npy" if name == "d.npy" else None)
        assert np.isfinite(found.W).all()
        assert found.b.shape == found.W.shape[-1:]


def test_what_this_package_saved(tmp_path):
    problem = gs.Problem(5, 2, 0.1)
    solution = gs.minimize(problem, n_starts=2, rng=0)
    solution.save(tmp_path / "solution.npz")
    found = read_weights(tmp_path / "solution.npz")
    np.testing.assert_array_equal(found.W, solution.W)
    np.testing.assert_array_equal(found.b, solution.b)
    assert found.problems == (problem,)
    gs.Arrangement(W, b).save(tmp_path / "arrangement.npz")
    found = read_weights(tmp_path / "arrangement.npz")
    np.testing.assert_array_equal(found.W, W)
    assert (found.problems, found.unused) == (None, ())
    problem.save(tmp_path / "problem.npz")
    assert "has the keys [], of which none could be the weights" in refused(tmp_path / "problem.npz")


def test_a_run_of_training(tmp_path):
    listed = (gs.Problem(2, 1, 0.1), gs.Problem(2, 1, 0.2))
    run = gs.train(listed, n_steps=20, batch_size=64, rng=0)
    found = read_weights(run.save(tmp_path / "run"))
    np.testing.assert_array_equal(found.W, run.W)
    np.testing.assert_array_equal(found.b, run.b)
    assert (found.problems, found.used) == (listed, ("W", "b"))
    audits = gs.audit_all(found.problems, found.W, found.b, best=0.0)
    np.testing.assert_allclose([audit.loss for audit in audits], run.loss, rtol=1e-12)


def test_problems_in_other_results(tmp_path):
    listed = (gs.Problem(5, 2, 0.1), gs.Problem(5, 2, 0.2), gs.Problem(5, 2, 0.3))
    meta = {"problems": [problem.to_dict() for problem in listed]}
    path = write_npz(tmp_path / "run.npz", {"W": STACK, "b": BIASES, "loss": np.zeros(3)}, meta, "run")
    found = read_weights(path)
    assert (found.problems, found.used, found.unused) == (listed, ("W", "b"), ("loss",))
    path = write_npz(tmp_path / "one.npz", {"W": W, "b": b}, {"problem": listed[0].to_dict()}, "other")
    assert read_weights(path).problems == listed[:1]
    path = write_npz(tmp_path / "wrong.npz", {"W": W, "b": b}, {"problem": {"n_hidden": 2}}, "other")
    with pytest.raises(ValueError, match="does not describe a problem"):
        read_weights(path)


def test_a_header_of_someone_else_is_an_array(tmp_path):
    np.savez(tmp_path / "a.npz", W=W, b=b, header="layer 3")
    np.savez(tmp_path / "b.npz", W=W, b=b, header=np.arange(3))
    for name in ("a.npz", "b.npz"):
        assert read_weights(tmp_path / name).unused == ("header",)


def test_a_bias_that_is_not_needed(tmp_path):
    """Zeros where there is none; what is there is still read, and still tells rows from columns."""
    np.savez(tmp_path / "a.npz", W=STACK, losses=np.zeros(3))
    assert "could be the bias" in refused(tmp_path / "a.npz")
    found = read_weights(tmp_path / "a.npz", need_bias=False)
    assert (found.used, found.unused, found.b.tolist()) == (("W",), ("losses",), [0.0] * 5)
    np.savez(tmp_path / "b.npz", W=W.T, b=b)
    assert "pass transpose=True" in refused(tmp_path / "b.npz", need_bias=False)
    np.testing.assert_array_equal(read_weights(tmp_path / "b.npz", transpose=True, need_bias=False).b, b)
    np.savez(tmp_path / "c.npz", W=W, b=b, bias=b)
    assert "b and bias could be the bias" in refused(tmp_path / "c.npz", need_bias=False)
    assert "and not 'shift'" in refused(tmp_path / "a.npz", need_bias=False, bias_key="shift")
