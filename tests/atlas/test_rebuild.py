"""The rebuild: interrupted or not, by one process or two, it writes the same bytes; and what it keeps and refuses."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import geomsup as gs
from geomsup.atlas import _rebuilding
from geomsup.atlas.search import describe
from tests.processes import members

KEYS = (
    *(("energy", 2, n) for n in (3, 5, 6, 7)),
    *(("capacity", 2, n) for n in (4, 5)),
    ("one_active", 1, 3),
    ("p=0.1", 1, 2),
)
"""Entries of all sorts that take a second in all."""


@pytest.fixture(scope="module", autouse=True)
def few_entries():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rebuilding, "keys", lambda: KEYS)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory, few_entries):
    """The table of those entries, written without an interruption."""
    folder = tmp_path_factory.mktemp("whole")
    gs.atlas.rebuild(folder / "atlas.npz", work=folder / "work", workers=1)
    assert not list((folder / "work").iterdir())
    return folder / "atlas.npz"


def test_interrupted_and_resumed(whole, tmp_path):
    path, work, told = tmp_path / "atlas.npz", tmp_path / "work", []

    def interrupt(step):
        told.append(step)
        if len(told) in (3, 11):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            gs.atlas.rebuild(path, work=work, workers=1, callback=interrupt)
        assert not path.exists()
    gs.atlas.rebuild(path, work=work, workers=1, callback=interrupt)
    assert path.read_bytes() == whole.read_bytes()
    searched = [step.done for step in told if step.name == "search"]
    assert sorted(searched) == list(range(1, len(KEYS) + 1))  # nothing was searched twice


COMMAND = f"""
import sys
from geomsup.atlas import _rebuilding
if __name__ == "__main__":
    _rebuilding.keys = lambda: {KEYS}
    _rebuilding.rebuild(sys.argv[1], work=sys.argv[2], workers=2)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_killed_and_resumed_with_two_processes(whole, tmp_path):
    """SIGKILL, which nothing can catch: what was in flight is lost, and the workers end too."""
    script, path, work = tmp_path / "run.py", tmp_path / "atlas.npz", tmp_path / "work"
    script.write_text(COMMAND, encoding="utf-8")
    command = [sys.executable, str(script), str(path), str(work)]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while len(list(work.glob("*/search/*.npz"))) < 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = {file: file.stat().st_mtime_ns for file in work.glob("*/search/*.npz")}
    assert not path.exists()
    deadline = time.monotonic() + 60
    while members(process.pid):  # the workers of its session
        assert time.monotonic() < deadline
        time.sleep(0.1)
    kept = []
    gs.atlas.rebuild(path, work=work, workers=2, callback=kept.append)
    assert sum(step.name == "search" for step in kept) == len(KEYS) - len(before)
    assert path.read_bytes() == whole.read_bytes()


def test_a_second_rebuild_changes_nothing(whole, tmp_path):
    again = tmp_path / "again.npz"
    again.write_bytes(whole.read_bytes())
    atlas = gs.atlas.rebuild(again, work=tmp_path / "work", workers=1)
    assert again.read_bytes() == whole.read_bytes()
    assert atlas.changes == ()


def test_the_better_of_old_and_new_stays(whole, tmp_path):
    """An old arrangement that is worse is replaced, and noted; larger sizes are left alone."""
    entries = {(e.kind, e.m, e.n): e for e in gs.atlas.Atlas.load(whole).entries()}
    key = ("p=0.1", 1, 2)
    worse = describe(key, (entries[key].W * 1.1, entries[key].b), 0, 0, "known arrangements")
    larger = describe(("energy", 3, 7), (gs.frames.random_frame(3, 7, rng=0), np.zeros(7)), 0, 0, "random starts")
    path = gs.atlas.Atlas([*(entries | {key: worse}).values(), larger]).save(tmp_path / "old")
    atlas = gs.atlas.rebuild(path, work=tmp_path / "work", workers=1)
    assert atlas.lookup(1, 2, kind="p=0.1").value == entries[key].value
    assert [(c["kind"], c["m"], c["n"], c["before"], c["after"]) for c in atlas.changes] == [
        ("p=0.1", 1, 2, worse.value, entries[key].value)
    ]
    np.testing.assert_array_equal(atlas.lookup(3, 7, kind="energy").W, larger.W)
    assert gs.atlas.Atlas.load(path).changes == atlas.changes


def test_a_better_old_arrangement_is_kept(tmp_path, monkeypatch):
    """Where the search falls short, what was there before wins, and helps its neighbours."""
    key = ("one_active", 2, 5)
    pentagon = gs.k_gon(5).arrangement
    best = describe(key, (pentagon.W, pentagon.b), 7, 9, "random starts")
    path = gs.atlas.Atlas([best]).save(tmp_path / "old")
    weak = describe(key, (pentagon.W * 1.2, pentagon.b), 1, 1, "random starts")
    monkeypatch.setattr(_rebuilding, "keys", lambda: (key,))
    monkeypatch.setattr(_rebuilding, "search", lambda key: weak)
    atlas = gs.atlas.rebuild(path, work=tmp_path / "work", workers=1)
    kept = atlas.lookup(2, 5, kind="one_active")
    assert (kept.value, kept.hits, kept.n_descents, kept.name) == (best.value, 7, 9, "pentagon")
    assert atlas.changes == ()


def test_one_kind_and_small_sizes_only(whole, tmp_path):
    path, told = tmp_path / "atlas.npz", []
    options = {"kind": "energy", "most_features": 5, "callback": told.append}
    few = gs.atlas.rebuild(path, work=tmp_path / "work", workers=1, **options)
    assert [(e.kind, e.m, e.n) for e in few.entries()] == [("energy", 2, 3), ("energy", 2, 5)]
    assert few.lookup(2, 5, kind="energy").value == gs.atlas.Atlas.load(whole).lookup(2, 5, kind="energy").value
    assert [step.total for step in told if step.name == "search"] == [2, 2]


def test_a_damaged_table_is_refused_before_anything_is_searched(whole, tmp_path):
    path = tmp_path / "atlas.npz"
    path.write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(ValueError, match="atlas.npz is not an .npz archive, or is cut short"):
        gs.atlas.rebuild(path, work=tmp_path / "work")
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers=0 is too small"),
        ({"kind": "area"}, "kind='area' is unknown: pass one of 'energy', "),
        ({"most_hidden": 0}, "most_hidden=0 is too small"),
        ({"most_features": 1.5}, "most_features=1.5 is not an integer"),
    ],
)
def test_refusals(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        gs.atlas.rebuild(tmp_path / "atlas.npz", work=tmp_path / "work", **options)


def test_the_command(tmp_path):
    """It says what it wrote, and after an interruption that it can go on."""
    from geomsup.atlas import build

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    environment = os.environ | {"PYTHONPATH": str(Path(gs.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "geomsup.atlas.build", "--help"],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    assert "--work" in done.stdout
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "rebuild", interrupted)
        assert build.main(["--out", str(tmp_path / "atlas.npz")]) == 130


def test_the_report(capsys):
    from geomsup.atlas.build import Report

    report = Report(every=1e9)
    for done in (1, 2, 3):
        report(_rebuilding.Step("search", done, 3, 100.0 * done, 600.0 if done < 3 else 0.0))
    assert capsys.readouterr().err.splitlines() == [
        "search: 1 of 3 entries in 2 min; about 10 min left",
        "search: 3 of 3 entries in 5 min",
    ]
