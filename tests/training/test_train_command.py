"""``geomsup train``: what it prints is what the library finds, and an interrupted run goes on where it was kept."""

import json
import signal
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import geomsup as gs
from geomsup._text import shortened
from geomsup.cli import main
from tests.interruptible import started
from tests.training.test_trainer import same

SMALL = ("train", "-n", "4", "-p", "0.1", "-p", "0.3", "--n-steps", "40", "--batch-size", "32", "--seed", "7")
OPTIONS = {"n_steps": 40, "batch_size": 32, "rng": 7}
PROBLEMS = [gs.Problem(4, 2, p) for p in (0.1, 0.3)]


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_summary_gives_every_instance():
    done = run(*SMALL)
    assert done.exit_code == 0, done.output
    found = gs.train(PROBLEMS, **OPTIONS)
    for k in range(2):
        (line,) = (line for line in done.stdout.splitlines() if line.split()[:1] == [str(k)])
        assert f"{found.loss[k]:#.9g}" in line
        assert f"{found.history.sampled_loss[-1, k]:.6g}" in line
        assert f"{found.dimensionality[k].sum():.4f}" in line
        assert line.endswith(shortened(gs.identify(found.W[k]).name, 60))
        assert f"{int(gs.represented(found.W[k]).sum())} of 4" in line
    assert "training" in done.stderr
    assert "training ..." not in done.stdout
    assert run(*SMALL, "--quiet").stderr == ""


def test_json_and_the_saved_run_agree_with_the_library(tmp_path):
    done = run(*SMALL, "--exact-every", "20", "--json", "--quiet", "--save", tmp_path / "run.npz")
    assert done.exit_code == 0, done.output
    found, expected = json.loads(done.stdout), gs.train(PROBLEMS, exact_every=20, **OPTIONS)
    assert same(gs.Run.load(tmp_path / "run.npz"), expected)
    for name in ("W", "b", "loss", "error", "dimensionality"):
        np.testing.assert_array_equal(found[name], getattr(expected, name))
    assert [gs.Problem.from_dict(one) for one in found["problems"]] == PROBLEMS
    assert found["arrangement"] == [gs.identify(W).name for W in expected.W]
    assert found["settings"] == expected.settings.to_dict()
    assert found["history"]["exact_loss"][1] == [None, None]
    assert found["history"]["exact_loss"][20] == expected.history.exact_loss[20].tolist()


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        (["--n-instances", "2"], {"problem": [one for one in PROBLEMS for _ in range(2)]}),
        (["--optimizer", "sgd", "--learning-rate", "0.1"], {"optimizer": "sgd", "learning_rate": 0.1}),
        (["--weight-decay", "0"], {"weight_decay": 0.0}),
        (["--schedule", "cosine", "--reduction", "sum"], {"schedule": "cosine", "reduction": "sum"}),
        (
            ["--untied", "--dtype", "float64", "--start", "notebook"],
            {"tied": False, "dtype": "float64", "start": "notebook"},
        ),
        (["--active-only", "--start", "0.5"], {"active_only": True, "start": 0.5}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_are_the_arguments(tmp_path, options, arguments):
    assert run(*SMALL, *options, "--save", tmp_path / "run").exit_code == 0
    expected = gs.train(arguments.pop("problem", PROBLEMS), **OPTIONS, **arguments)
    assert same(gs.Run.load(tmp_path / "run"), expected)


def test_runs_and_arrangements_are_started_from(tmp_path):
    first = gs.train(PROBLEMS, **OPTIONS)
    starts = {"run": first, "arrangement": first.arrangement(0)}
    for name, start in starts.items():
        path = start.save(tmp_path / name)
        assert run(*SMALL, "--start", path, "--save", tmp_path / "next").exit_code == 0
        assert same(gs.Run.load(tmp_path / "next"), gs.train(PROBLEMS, start=start, **OPTIONS))
    PROBLEMS[0].save(tmp_path / "problem")
    assert "holds neither a solution nor an arrangement" in run(*SMALL, "--start", tmp_path / "problem.npz").stderr


def test_many_instances_and_divergence_are_said_briefly():
    done = run(*SMALL, "--n-instances", "40", "--n-steps", "5")
    assert "... and 20 more instances" in done.stdout
    assert len(done.stdout.splitlines()) < 70
    done = run(*SMALL, "--optimizer", "sgd", "--learning-rate", "1e9", "--json")
    assert json.loads(done.stdout)["loss"] == [None, None]
    assert "diverged: 2 of 2" in run(*SMALL, "--optimizer", "sgd", "--learning-rate", "1e9").stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-p", "1.5"], "feature_probability=1.5 is outside [0, 1]"),
        (["--n-steps", "0"], "n_steps=0 is too small"),
        (["--n-instances", "0"], "n_instances=0 is too small"),
        (["--optimizer", "adagrad"], "optimizer='adagrad' is unknown"),
        (["--schedule", "step"], "schedule='step' is unknown"),
        (["--start", "kaiming"], "start='kaiming' is unknown"),
        (["--start", "nan"], "start is nan"),
        (["--learning-rate", "-1"], "learning_rate=-1 is not positive"),
        (["--save", "no/such/place.npz"], "there is no directory"),
        (["--checkpoint", "no/such/place.npz"], "there is no directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_code_2(options, message):
    done = run(*SMALL, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("Error: "))
    assert message in error


def test_an_interrupted_run_keeps_its_checkpoint(tmp_path):
    """A real Ctrl-C, which reaches the command while it trains."""
    path = tmp_path / "state.npz"
    long = (*SMALL, "--n-steps", "1000000", "--checkpoint", str(path), "--checkpoint-every", "10")
    process = started([sys.executable, "-m", "geomsup", *long])
    while not path.exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith(f"interrupted; the same command goes on from {path}\n")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_same_command_goes_on(tmp_path, monkeypatch):
    command = (*SMALL, "--checkpoint", tmp_path / "state", "--checkpoint-every", "10", "--save", tmp_path / "run")
    with monkeypatch.context() as patched:
        patched.setattr("geomsup.training.run.Run.save", interrupt)
        done = run(*command)
    assert done.exit_code == 130
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.npz"]
    assert run(*command).exit_code == 0
    assert same(gs.Run.load(tmp_path / "run"), gs.train(PROBLEMS, **OPTIONS))
    with monkeypatch.context() as patched:
        patched.setattr("geomsup.training.train", interrupt)
        assert run(*SMALL).stderr.endswith("interrupted; nothing was written\n")


def interrupt(*_, **__):
    raise KeyboardInterrupt
