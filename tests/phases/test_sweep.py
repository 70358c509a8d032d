"""Sweeps: the same arrays however they are computed, nothing lost, nothing computed twice, and what is refused."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import geomsup as gs
from geomsup.phases import _store
from geomsup.phases.grid import Grid
from tests.phases import functions
from tests.processes import members

AXES = {"x": [0.5, 1.0, 2.0, 4.0], "y": [1, 2, 3]}
SQUARE = {"x": list(range(5)), "y": list(range(6))}


def equal(one: gs.Sweep, other: gs.Sweep) -> bool:
    """Bit by bit."""
    return (
        one.dims == other.dims
        and one.values.keys() == other.values.keys()
        and all(one.coords[name].tobytes() == other.coords[name].tobytes() for name in one.dims)
        and all(one[name].dtype == other[name].dtype for name in one.values)
        and all(one[name].tobytes() == other[name].tobytes() for name in one.values)
    )


def test_every_cell_has_its_value():
    result = gs.sweep(functions.product, AXES, parameters={"scale": 3.0}, chunk=5)
    assert result.dims == ("x", "y")
    assert result.shape == (4, 3)
    np.testing.assert_array_equal(result["value"], 3 * np.outer(AXES["x"], AXES["y"]))
    np.testing.assert_array_equal(result["word"] == "low", np.outer(AXES["x"], AXES["y"]) < 1)
    assert result["both"].shape == (4, 3, 2)
    assert repr(result) == "Sweep(x=4 × y=3: value, word, both)"


def test_neighbours_of_a_grid():
    grid = Grid.read({"x": [1, 2, 3], "y": [1.0, 2.0], "z": ["a", "b"]})
    for k in range(grid.size):
        where = np.array(np.unravel_index(k, grid.shape))
        expected = {j for j in range(grid.size) if np.abs(np.array(np.unravel_index(j, grid.shape)) - where).sum() == 1}
        assert set(grid.neighbours(k)) == expected
    assert grid.point(5) == {"x": 2, "y": 1.0, "z": "b"}


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_neighbours_help_both_ways(chunk):
    """What one cell in the middle knows reaches every other, a step per pass; then the passes end."""
    told = []
    result = gs.sweep(
        functions.spreading, SQUARE, parameters={"seed_at": 2}, passes=50, chunk=chunk, callback=told.append
    )
    x, y = np.meshgrid(SQUARE["x"], SQUARE["y"], indexing="ij")
    np.testing.assert_array_equal(result["steps"], abs(x - 2) + abs(y - 2))
    names = list(dict.fromkeys(step.name for step in told))
    # five steps to the farthest corner; a sixth pass, around that corner, changes nothing
    assert names == ["cold", *(f"warm-{k}" for k in range(1, 7))]
    few = gs.sweep(functions.spreading, SQUARE, parameters={"seed_at": 2}, passes=2)
    assert np.isfinite(few["steps"]).sum() == (abs(x - 2) + abs(y - 2) <= 2).sum()


def test_two_processes_give_the_same_bits():
    one = gs.sweep(functions.spreading, SQUARE, passes=9, chunk=3)
    assert equal(one, gs.sweep(functions.spreading, SQUARE, passes=9, chunk=3, workers=2))
    one = gs.sweep(functions.product, AXES)
    assert equal(one, gs.sweep(functions.product, AXES, chunk=1, workers=2))


def test_a_dask_cluster_gives_the_same_bits(cluster, tmp_path):
    one = gs.sweep(functions.spreading, SQUARE, passes=9, chunk=3)
    other = gs.sweep(functions.spreading, SQUARE, passes=9, chunk=3, cluster=cluster, cache=tmp_path)
    assert equal(one, other)
    kept = gs.sweep(functions.spreading, SQUARE, passes=9, chunk=3, cache=tmp_path)
    assert equal(one, kept)


def test_no_scheduler(tmp_path, monkeypatch):
    import distributed

    from geomsup.phases import _workers

    monkeypatch.setattr(_workers, "CONNECT_SECONDS", 0.5)
    calls = tmp_path / "calls"
    calls.mkdir()
    options = {"parameters": {"folder": str(calls)}, "cache": tmp_path / "cache", "chunk": 2}

    def interrupt(step):
        if step.done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gs.sweep(functions.counted, AXES, callback=interrupt, **options)
    before = {file: file.read_bytes() for file in (tmp_path / "cache").rglob("*.npz")}
    assert len(before) == 2
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        with pytest.raises(ValueError, match=f"no Dask scheduler answers at cluster='{address}'.*untouched"):
            gs.sweep(functions.counted, AXES, cluster=address, **options)
        with pytest.raises(ValueError, match="No global client"):
            distributed.get_client()
    assert {file: file.read_bytes() for file in (tmp_path / "cache").rglob("*.npz")} == before
    gs.sweep(functions.counted, AXES, **options)
    assert len(list(calls.iterdir())) == 12


def test_progress_with_an_estimate():
    told = []
    gs.sweep(functions.product, AXES, chunk=3, callback=told.append)
    assert [(step.done, step.total) for step in told] == [(3, 12), (6, 12), (9, 12), (12, 12)]
    assert all(step.left >= 0 and step.seconds >= 0 for step in told)
    assert told[-1].left == 0


def test_interrupted_and_resumed(tmp_path):
    calls = tmp_path / "calls"
    calls.mkdir()
    options = {"parameters": {"folder": str(calls)}, "cache": tmp_path / "cache", "chunk": 2}

    def interrupt(step):
        if step.done in (4, 8):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            gs.sweep(functions.counted, AXES, callback=interrupt, **options)
    resumed = gs.sweep(functions.counted, AXES, **options)
    assert len(list(calls.iterdir())) == 12  # nothing twice
    assert equal(gs.sweep(functions.counted, AXES, **options), resumed)  # all from the cache
    assert len(list(calls.iterdir())) == 12
    fresh = gs.sweep(functions.counted, AXES, parameters={"folder": str(calls)})
    assert equal(fresh, resumed)


SCRIPT = """
import sys
import geomsup as gs
from tests.phases import functions
if __name__ == "__main__":
    calls, cache, workers, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    gs.sweep(functions.slow, {"x": list(range(6)), "y": list(range(10))}, cache=cache, workers=workers, chunk=2,
             parameters={"folder": calls, "seconds": seconds})
"""


def kill_at_random_moments(tmp_path: Path, kills: int, workers: int, seconds: float, latest: float) -> None:
    """SIGKILL, again and again; then the rest. What was kept is never computed again, and the result is the same."""
    calls, cache, script = tmp_path / "calls", tmp_path / "cache", tmp_path / "run.py"
    calls.mkdir()
    script.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, str(script), str(calls), str(cache), str(workers), str(seconds)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    rng = np.random.default_rng(kills)
    done, kept_at_a_kill = [], 0
    for kill in range(kills + 1):
        kept = {tuple(cell) for file in cache.rglob("*.npz") for cell in cells_in(file)}
        before = set(calls.iterdir())
        process = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True)
        if kill < kills:
            wait_for(lambda before=before, p=process: set(calls.iterdir()) - before or p.poll() is not None)
            time.sleep(rng.uniform(0, latest))
            process.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=120)
        wait_for(lambda process=process: not members(process.pid))  # the workers end too
        if kill == kills:
            assert process.returncode == 0, said
        computed = [tuple(map(int, file.name.split(",")[:2])) for file in set(calls.iterdir()) - before]
        assert not kept & set(computed)
        done += computed
        kept_at_a_kill += len(kept)
    assert set(done) == {(x, y) for x in range(6) for y in range(10)}
    assert kept_at_a_kill > 0
    assert len(done) - 60 <= kills * workers * 2  # at most the chunks in flight were lost
    result = gs.sweep(
        functions.slow, {"x": list(range(6)), "y": list(range(10))}, cache=cache, chunk=2,
        parameters={"folder": str(calls), "seconds": seconds},
    )  # fmt: skip
    assert len(list(calls.iterdir())) == len(done)
    np.testing.assert_array_equal(result["value"], np.add.outer(np.arange(6), 10 * np.arange(10)))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_killed_twice_and_resumed(tmp_path):
    kill_at_random_moments(tmp_path, kills=2, workers=2, seconds=0.04, latest=0.8)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_twenty_random_moments(tmp_path, workers):
    kill_at_random_moments(tmp_path, kills=20, workers=workers, seconds=0.05, latest=0.2)


def cells_in(file: Path) -> list[tuple[int, int]]:
    indices = json.loads(str(np.load(file)["header"]))["meta"]["cells"]
    return [divmod(index, 10) for index in indices]


def wait_for(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def filled(tmp_path):
    """A finished sweep with its cache, and a folder that counts calls from then on."""
    calls = tmp_path / "calls"
    calls.mkdir()
    options = {"parameters": {"folder": str(calls)}, "cache": tmp_path / "cache", "chunk": 3}
    result = gs.sweep(functions.counted, AXES, **options)
    for file in calls.iterdir():
        file.unlink()
    return result, options, calls


def test_another_version_is_computed_again(filled, monkeypatch):
    result, options, calls = filled
    monkeypatch.setattr(_store, "__version__", "9.9")
    with pytest.warns(UserWarning, match=r"was written by version .*, and this is 9\.9: its cells are computed again"):
        again = gs.sweep(functions.counted, AXES, **options)
    assert equal(again, result)
    assert len(list(calls.iterdir())) == 12
    gs.sweep(functions.counted, AXES, **options)  # silent now
    assert len(list(calls.iterdir())) == 12


def test_another_source_is_computed_again(filled, monkeypatch):
    result, options, calls = filled
    monkeypatch.setattr("inspect.getsource", lambda function: "something else")
    with pytest.warns(UserWarning, match="another version of the function"):
        assert equal(gs.sweep(functions.counted, AXES, **options), result)
    assert len(list(calls.iterdir())) == 12


@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "another chunk"])
def test_a_damaged_file_is_computed_again(filled, damage):
    result, options, calls = filled
    first, second, *_ = sorted(options["cache"].rglob("*.npz"))
    whole = first.read_bytes()
    contents = {"cut": whole[:-40], "empty": b"", "noise": whole[:200] + b"?" * 60 + whole[260:]}
    first.write_bytes(contents.get(damage, second.read_bytes()))
    with pytest.warns(UserWarning, match=r"00000.npz is damaged .*: its cells are computed again"):
        again = gs.sweep(functions.counted, AXES, **options)
    assert equal(again, result)
    assert len(list(calls.iterdir())) == 3
    assert first.read_bytes() == whole


def test_a_damaged_label_is_computed_again(filled):
    result, options, _ = filled
    (label,) = options["cache"].rglob("sweep.json")
    label.write_text("{")
    with pytest.warns(UserWarning, match=r"damaged sweep\.json"):
        assert equal(gs.sweep(functions.counted, AXES, **options), result)


def test_other_parameters_and_axes_have_folders_of_their_own(filled, tmp_path):
    _, options, _ = filled
    other = tmp_path / "other"
    other.mkdir()
    gs.sweep(functions.counted, AXES, **{**options, "parameters": {"folder": str(other)}})
    gs.sweep(functions.counted, AXES | {"x": [7]}, **options)
    assert len(list(options["cache"].iterdir())) == 3


def test_a_full_disk_stops_with_the_reason(filled, tmp_path, monkeypatch):
    result, options, calls = filled
    options = {**options, "cache": tmp_path / "small"}
    room = [4]  # the label and three chunks

    def sync(_):
        room[0] -= 1
        if room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", sync)
    with pytest.raises(OSError, match=r"the sweep stopped because .* cannot be written \(No space left on device\)"):
        gs.sweep(functions.counted, AXES, **options)
    assert len(list(options["cache"].rglob("*.npz"))) == 3
    assert not list(options["cache"].rglob("*.tmp"))
    monkeypatch.undo()
    assert equal(gs.sweep(functions.counted, AXES, **options), result)
    assert len(list(calls.iterdir())) == 12 + 3  # the chunk that did not fit


def test_a_failure_names_its_cell(tmp_path):
    with pytest.raises(ZeroDivisionError) as caught:
        gs.sweep(functions.failing, {"x": [0, 1], "y": [0, 1]}, workers=2, chunk=1)
    assert caught.value.__notes__ == ["in the cell x=1, y=1"]


def test_saved_and_loaded(tmp_path):
    result = gs.sweep(functions.product, AXES)
    assert equal(gs.Sweep.load(result.save(tmp_path / "sweep")), result)
    gs.Problem().save(tmp_path / "problem")
    with pytest.raises(ValueError, match="holds a saved problem, not a saved sweep"):
        gs.Sweep.load(tmp_path / "problem")


def test_xarray_and_netcdf(tmp_path):
    xarray = pytest.importorskip("xarray")
    result = gs.sweep(functions.product, AXES)
    data = result.to_xarray()
    assert float(data["value"].sel(x=2.0, y=3)) == 6.0
    assert data["both"].dims == ("x", "y", "both_0")
    data.to_netcdf(tmp_path / "sweep.nc", engine="scipy")
    with xarray.open_dataset(tmp_path / "sweep.nc", engine="scipy") as read:
        xarray.testing.assert_equal(read.load(), data)


@pytest.mark.parametrize(
    ("function", "axes", "options", "message"),
    [
        (functions.product, {}, {}, "axes={} names no axis: pass a dict"),
        (functions.product, {"x": [], "y": [1]}, {}, "axis 'x' is empty, so that the grid has no points"),
        (functions.product, {"x": [1, np.nan], "y": [1]}, {}, "axis 'x' has the value nan at 1"),
        (functions.product, {"x": [1, 1], "y": [1]}, {}, "axis 'x' has a value more than once"),
        (functions.product, {"x": [[1, 2]], "y": [1]}, {}, "axis 'x' is not a list of numbers or of words"),
        (functions.product, {"x": [1], "z": [1]}, {}, "'z' is not a parameter of product: pass one of 'x', 'y'"),
        (functions.product, {"x": [1], "y": [1], "scael": [1]}, {}, "did you mean 'scale'?"),
        (functions.product, {"x": [1], "y": [1]}, {"parameters": {"scal": 1}}, "did you mean 'scale'?"),
        (functions.product, {"x": [1], "y": [1]}, {"parameters": {"x": 1}}, "'x' is an axis and in parameters"),
        (functions.product, {"x": [1]}, {}, "product needs 'y', which is neither an axis nor in parameters"),
        (functions.product, {"x": [1], "y": [1]}, {"passes": 1}, "product does not take previous and neighbours"),
        (functions.product, {"x": [1], "y": [1]}, {"workers": 0}, "workers=0 is too small"),
        (functions.product, {"x": [1], "y": [1]}, {"chunk": 0}, "chunk=0 is too small"),
        (lambda x: {"a": None}, {"x": [1]}, {}, "the result 'a' is of type object"),
        (lambda x: {"a": [0] * x}, {"x": [1, 2]}, {}, "results differ in names or shapes"),
    ],
)
def test_refusals(function, axes, options, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace("?", r"\?").replace("{}", r"\{\}")):
        gs.sweep(function, axes, **options)


def test_a_parameter_without_a_description_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"parameters\['scale'\] is a object, which a cache cannot tell from another"):
        gs.sweep(functions.product, AXES, parameters={"scale": object()}, cache=tmp_path / "cache")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is not a directory"):
        gs.sweep(functions.product, AXES, cache=tmp_path / "file")


def test_a_sentence_without_joblib(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(ValueError, match=r'joblib is not installed.*pip install "geomsup\[phases\]"'):
        gs.sweep(functions.product, AXES, workers=2)
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ValueError, match=r'xarray is not installed: pip install "geomsup\[xarray\]"'):
        gs.sweep(functions.product, AXES).to_xarray()
