"""Checkpoints: whatever interrupts a run, it continues to the bits it would have had."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import geomsup as gs
from geomsup._files import read_npz
from geomsup.problem import Problem
from tests.training.test_trainer import same

PROBLEMS = [Problem(4, 2, 0.1), Problem(4, 2, features=gs.features.CorrelatedSets.of_size(2, 2, 0.3))]
OPTIONS = {"n_steps": 40, "batch_size": 33, "record_every": 7, "exact_every": 14, "checkpoint_every": 5, "rng": 3}


class Enough(Exception):
    pass


def stop_at(step):
    def callback(progress):
        if progress.phase == "training" and progress.done >= step:
            raise Enough

    return callback


def steps_in(path):
    return read_npz(path, "checkpoint")[1]["step"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": "float64", "active_only": True, "schedule": "cosine"},
        {"tied": False, "optimizer": gs.SGD(momentum=0.9)},
        {"start": (np.ones((2, 4)) / 2, np.zeros(4))},
    ],
    ids=str,
)
def test_an_interrupted_run_continues_to_the_same_bits(tmp_path, options):
    options = {**OPTIONS, **options}
    whole = gs.train(PROBLEMS, **options)
    path = tmp_path / "run.npz"
    for step, kept in ((0, None), (14, 10), (21, 20), (40, 40)):
        with pytest.raises(Enough):
            gs.train(PROBLEMS, checkpoint=path, callback=stop_at(step), **options)
        assert path.exists() == (kept is not None)
        assert kept is None or steps_in(path) == kept
    assert same(gs.train(PROBLEMS, checkpoint=path, **options), whole)
    assert same(gs.train(PROBLEMS, checkpoint=path, **options), whole)  # a finished run is not trained again
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.npz"]


def test_checkpoints_change_nothing(tmp_path):
    assert same(gs.train(PROBLEMS, checkpoint=tmp_path / "run", **OPTIONS), gs.train(PROBLEMS, **OPTIONS))


def test_without_a_seed_that_of_the_checkpoint_holds(tmp_path):
    path = tmp_path / "run.npz"
    for step, rng in ((14, 3), (21, None), (28, 3)):
        with pytest.raises(Enough):
            gs.train(PROBLEMS, checkpoint=path, callback=stop_at(step), **{**OPTIONS, "rng": rng})
    (tmp_path / "copy.npz").write_bytes(path.read_bytes())
    whole = gs.train(PROBLEMS, **OPTIONS)
    for name, rng in (("run", 3), ("copy", None)):
        assert same(gs.train(PROBLEMS, checkpoint=tmp_path / name, **{**OPTIONS, "rng": rng}), whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rng": 4}, "with other seed"),
        ({"batch_size": 64}, "it has batch_size=33, not 64"),
        ({"learning_rate": 0.01}, "it has learning_rate=0.001, not 0.01"),
        ({"n_steps": 50}, "it has n_steps=40, not 50"),
        ({"record_every": 5}, "it has record_every=7, not 5"),
        ({"optimizer": "sgd"}, "it has optimizer.name='adamw', not 'sgd'"),
        ({"optimizer": gs.AdamW(beta1=0.5)}, "it has optimizer.beta1=0.9, not 0.5"),
        ({"tied": False}, "it has tied=True, not False"),
        ({"problem": PROBLEMS[:1]}, "with other problems"),
        ({"problem": PROBLEMS[::-1]}, "with other problems"),
        ({"start": (np.ones((2, 4)), np.zeros(4))}, "with other start"),
    ],
    ids=str,
)
def test_the_checkpoint_of_another_run_is_refused(tmp_path, change, message):
    gs.train(PROBLEMS, checkpoint=tmp_path / "run.npz", **OPTIONS)
    before = (tmp_path / "run.npz").read_bytes()
    with pytest.raises(ValueError, match=f"is the checkpoint of another run .*{message}"):
        gs.train(change.pop("problem", PROBLEMS), checkpoint=tmp_path / "run.npz", **{**OPTIONS, **change})
    assert (tmp_path / "run.npz").read_bytes() == before


def test_other_given_weights_are_refused(tmp_path):
    W = np.ones((2, 4))
    gs.train(PROBLEMS, start=(W, np.zeros(4)), checkpoint=tmp_path / "run.npz", **OPTIONS)
    with pytest.raises(ValueError, match="is the checkpoint of another run"):
        gs.train(PROBLEMS, start=(W, np.ones(4)), checkpoint=tmp_path / "run.npz", **OPTIONS)


def test_files_that_are_no_checkpoint_are_refused(tmp_path):
    run = gs.train(PROBLEMS, checkpoint=tmp_path / "run.npz", **OPTIONS)
    whole = (tmp_path / "run.npz").read_bytes()
    (tmp_path / "short.npz").write_bytes(whole[: len(whole) // 2])
    run.save(tmp_path / "saved.npz")
    for name, message in (("short", "is not an .npz archive, or is cut short"), ("saved", "holds a saved run")):
        with pytest.raises(ValueError, match=message):
            gs.train(PROBLEMS, checkpoint=tmp_path / name, **OPTIONS)


def test_what_a_killed_writer_left_is_cleared_away(tmp_path):
    mine, other = tmp_path / ".run.npz.0123456789ab.tmp", tmp_path / ".other.npz.0123456789ab.tmp"
    for path in (mine, other):
        path.write_bytes(b"half")
    gs.train(PROBLEMS, checkpoint=tmp_path / "run.npz", **OPTIONS)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [other.name, "run.npz"]


PROGRAM = """
import sys
import geomsup as gs
problems = [gs.Problem(5, 2, p) for p in (0.1, 0.3)]
run = gs.train(problems, n_steps={steps}, batch_size=256, record_every=50, active_only=True, rng=0,
               checkpoint=sys.argv[1], checkpoint_every=20, callback=lambda _: print("alive", flush=True))
run.save(sys.argv[2])
"""


def killed_and_continued(folder, kills, steps):
    """Kill a run with SIGKILL at random moments while it trains, then let it finish; check the file every time.

    A checkpoint every 20 small steps: about half of the time goes into writing them, so kills hit the writing too.
    """
    path, result = folder / "checkpoint.npz", folder / "result.npz"
    command = [sys.executable, "-c", PROGRAM.format(steps=steps), str(path), str(result)]
    rng = np.random.default_rng(0)
    seen, died = 0, 0
    for _ in range(kills):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(rng.integers(1, 5)):
            process.stdout.readline()  # 50 steps more
        time.sleep(rng.uniform(0, 0.01))
        os.kill(process.pid, signal.SIGKILL)
        died += process.wait() == -signal.SIGKILL
        process.stdout.close()
        if path.exists():
            found = steps_in(path)  # never damaged, never back
            assert found >= seen
            seen = found
        else:
            assert seen == 0  # never lost
    assert died == kills
    assert 0 < seen < steps  # the kills hit a run that was under way
    subprocess.run(command, check=True, capture_output=True)
    assert sorted(entry.name for entry in folder.iterdir()) == ["checkpoint.npz", "result.npz"]
    return gs.Run.load(result)


@pytest.mark.parametrize(
    ("kills", "steps"), [(3, 1500), pytest.param(20, 8000, marks=pytest.mark.slow)], ids=["three", "twenty"]
)
def test_a_killed_run_continues_to_the_same_bits(tmp_path, kills, steps):
    problems = [Problem(5, 2, p) for p in (0.1, 0.3)]
    options = {"n_steps": steps, "batch_size": 256, "record_every": 50, "active_only": True, "rng": 0}
    assert same(killed_and_continued(tmp_path, kills, steps), gs.train(problems, **options))
