"""The command line: what it prints is what the library finds, and what goes wrong is said in one line."""

import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import geomsup as gs
from geomsup.cli import main
from geomsup.cli._problem import read_values
from tests.interruptible import started

SMALL = ("solve", "-n", "2", "-m", "1", "-p", "0.1", "--n-starts", "4")
PROBLEM = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.1)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def as_json(*arguments: str | Path) -> Any:
    done = run(*arguments, "--json", "--quiet")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_summary_gives_the_loss_to_twelve_digits() -> None:
    done = run(*SMALL)
    assert done.exit_code == 0
    solution = gs.minimize(PROBLEM, n_starts=4, rng=0)
    assert f"{solution.loss:#.12g} ± {solution.error:.1e}   (sum over features)" in done.stdout
    assert f"{solution.loss / 2:#.12g} ± " in done.stdout
    assert str(solution.status.value) in done.stdout
    for word in ("importance", "norm", "bias", "dimensionality", "interference", "hits", "kind"):
        assert word in done.stdout
    assert "searching" in done.stderr
    assert "searching" not in done.stdout
    assert run(*SMALL, "--quiet").stderr == ""


def test_json_agrees_with_the_library() -> None:
    found = as_json(*SMALL)
    solution = gs.minimize(PROBLEM, n_starts=4, rng=0)
    assert (found["loss"], found["error"]) == (solution.loss, solution.error)
    np.testing.assert_array_equal(found["W"], solution.W)
    np.testing.assert_array_equal(found["b"], solution.b)
    assert gs.Problem.from_dict(found["problem"]) == PROBLEM
    assert [minimum["hits"] for minimum in found["minima"]] == [minimum.hits for minimum in solution.minima]
    assert found["status"] == "converged"


def test_results_are_saved_drawn_and_started_from(tmp_path: Path) -> None:
    done = run(*SMALL, "--save", tmp_path / "x.npz", "--plot", tmp_path / "x.png")
    assert done.exit_code == 0, done.output
    assert {path.name for path in tmp_path.iterdir()} == {"x.npz", "x.png"}
    solution = gs.Solution.load(tmp_path / "x.npz")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    solution.arrangement.save(tmp_path / "y.npz")
    for name in ("x.npz", "y.npz"):
        again = as_json(*SMALL[:-2], "--n-starts", "1", "--start", tmp_path / name)
        assert again["loss"] <= solution.loss * (1 + 1e-12)
    PROBLEM.save(tmp_path / "z.npz")
    assert "holds neither a solution nor an arrangement" in run(*SMALL, "--start", tmp_path / "z.npz").stderr


@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_the_same_solution_gives_the_same_picture(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        assert run(*SMALL, "--plot", tmp_path / f"{name}.{suffix}").exit_code == 0
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["-m", "1"], gs.Problem(5, 1)),
        (["-p", "0.1,0.2,0.3"], gs.Problem(3, feature_probability=[0.1, 0.2, 0.3])),
        (["--importance-decay", "0.5"], gs.Problem(importance=gs.geometric_importance(5, 0.5))),
        (["-n", "2", "--importance", "1,0.5"], gs.Problem(2, importance=[1, 0.5])),
        (["--activation", "identity"], gs.Problem(activation="identity")),
        (
            ["-n", "4", "--values", "uniform:0.5,1", "--correlated-sets", "2"],
            gs.Problem(features=gs.features.CorrelatedSets([[0, 1], [2, 3]], 0.05, gs.features.Uniform(0.5, 1))),
        ),
        (
            ["-n", "4", "--values", "constant", "--anticorrelated-sets", "2"],
            gs.Problem(features=gs.features.AnticorrelatedSets([[0, 1], [2, 3]], 0.1, gs.features.Constant())),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_describe_problems(options: list[str], problem: gs.Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[gs.Problem] = []

    def minimize(asked: gs.Problem, **_: Any) -> None:
        seen.append(asked)
        raise ValueError("enough")

    monkeypatch.setattr("geomsup.optimize.minimize", minimize)
    assert run("solve", *options).exit_code == 2
    assert seen == [problem]


def test_value_laws() -> None:
    assert read_values("uniform") == gs.features.Uniform()
    assert read_values("discrete:0.25,0.5,1") == gs.features.Discrete([0.25, 0.5, 1])
    assert read_values("constant:2") == gs.features.Constant(2)
    for text in ("normal", "uniform:1", "uniform:a,b", "discrete", "constant:1,2"):
        with pytest.raises(ValueError, match="is not a value law: pass uniform"):
            read_values(text)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-p", "1.5"], "feature_probability=1.5 is outside [0, 1]"),
        (["-p", "nan"], "must be finite"),
        (["-p", "many"], "'many' is not a number"),
        (["-n", "0"], "n_features=0 is too small"),
        (["-m", "0"], "n_hidden=0 is too small"),
        (["-n", "3", "-p", "0.1,0.2"], "there are 3"),
        (["--importance", "1,1,1,1,-1"], "importance[4]=-1 is negative"),
        (["--importance", "1", "--importance-decay", "0.9"], "pass one of the two"),
        (["--activation", "gelu"], "activation='gelu' is unknown"),
        (["--values", "normal"], "is not a value law"),
        (["--correlated-sets", "2"], "cannot be cut into sets of 2: pass a divisor of 5"),
        (["-n", "4", "-p", "0.6", "--anticorrelated-sets", "2"], "pass at most 1/2"),
        (["-n", "2", "-p", "0.1,0.2", "--correlated-sets", "2"], "differs within a set"),
        (["-n", "4", "--correlated-sets", "2", "--anticorrelated-sets", "2"], "pass one of the two"),
        (["--n-starts", "0"], "n_starts=0 is too small"),
        (["--plot", "picture.jpg"], "a picture ends in .png, .pdf, .svg"),
        (["--save", "no/such/place.npz"], "there is no directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_code_2(options: list[str], message: str) -> None:
    done = run("solve", *options)
    assert done.exit_code == 2
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in done.stderr


def test_an_interrupted_solve_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = ("--save", tmp_path / "x.npz", "--plot", tmp_path / "x.png")
    with monkeypatch.context() as patched:
        patched.setattr("geomsup.optimize.minimize", interrupt)
        done = run(*SMALL, *target)
    assert (done.exit_code, list(tmp_path.iterdir())) == (130, [])
    assert done.stderr.endswith("interrupted; nothing was written\n")

    with monkeypatch.context() as patched:
        patched.setattr("matplotlib.figure.Figure.savefig", half_written)
        done = run(*SMALL, *target)
    assert (done.exit_code, [path.name for path in tmp_path.iterdir()]) == (130, ["x.npz"])
    assert done.stderr.endswith("x.npz was written\n")


def interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def half_written(_: Any, path: Path, **__: Any) -> None:
    Path(path).write_bytes(b"\x89PNG")
    raise KeyboardInterrupt


def test_an_interrupt_ends_the_threads_of_a_search(tmp_path: Path) -> None:
    """Measured: within 1.2 s, of a search that takes 20 s; asserted here is only that it does not go on to its end."""
    options = ["-n", "24", "-m", "6", "-p", "0.03", "--importance-decay", "0.8", "--workers", "2"]
    command = [sys.executable, "-m", "geomsup", "solve", *options, "--save", str(tmp_path / "x.npz")]
    search = started(command)
    assert search.stderr is not None
    assert search.stderr.readline() == "searching ...\n"
    search.send_signal(signal.SIGINT)
    out, err = search.communicate(timeout=60)
    assert (search.returncode, out) == (130, "")
    assert err.endswith("interrupted; nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_intro_resumes_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = gs.minimize(gs.Problem(), method=gs.MultistartLBFGS(n_starts=2, n_rounds=0, n_keep=1), rng=0)
    asked: list[float] = []
    stop_at = 3

    def minimize(problem: gs.Problem, **_: Any) -> gs.Solution:
        asked.append(float(problem.feature_probability[0]))
        if len(asked) == stop_at:
            raise KeyboardInterrupt
        return replace(some, problem=problem)

    monkeypatch.setattr("geomsup.optimize.minimize", minimize)
    done = run("intro", "--models", "0", "--out", tmp_path)
    assert done.exit_code == 130
    assert "2 of 10 densities are kept" in done.stderr
    assert len(list((tmp_path / "intro").iterdir())) == 2
    assert not (tmp_path / "intro.png").exists()

    stop_at = 0
    done = run("intro", "--models", "0", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert len(re.findall(r", kept$", done.stdout, re.MULTILINE)) == 2
    np.testing.assert_allclose(asked[3:], 20.0 ** -np.linspace(0, 1, 10)[2:])
    assert len(list((tmp_path / "intro").iterdir())) == 10
    assert (tmp_path / "intro.png").read_bytes().startswith(b"\x89PNG")

    damaged = sorted((tmp_path / "intro").iterdir())[0]
    damaged.write_bytes(damaged.read_bytes()[:100])
    asked.clear()
    assert run("intro", "--models", "0", "--out", tmp_path).exit_code == 0
    assert len(asked) == 1
    assert run("intro", "--models", "0", "--out", tmp_path, "--fresh").exit_code == 0
    assert len(asked) == 11


def test_intro_compares_with_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = gs.minimize(gs.Problem(), method=gs.MultistartLBFGS(n_starts=2, n_rounds=0, n_keep=1), rng=0)
    train = gs.train
    monkeypatch.setattr("geomsup.optimize.minimize", lambda problem, **_: replace(some, problem=problem))
    monkeypatch.setattr("geomsup.training.train", lambda *args, **kw: train(*args, n_steps=20, batch_size=16, **kw))
    done = run("intro", "--models", "2", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    (header,) = re.findall(r"cross-check: .*\n.*\n((?:.*%\n)+)", done.stdout)
    assert len(header.splitlines()) == 10
    assert run("intro", "--models", "2", "--out", tmp_path).stdout.endswith(done.stdout[done.stdout.index("cross") :])


def test_help_is_light_and_the_module_runs() -> None:
    code = (
        "import sys; from geomsup.cli import main; main(['solve', '--help'], standalone_mode=False); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--feature-probability" in done.stdout
    assert not {"matplotlib", "numba", "rich.progress", "geomsup.optimize"} & set(done.stderr.split())
    done = subprocess.run([sys.executable, "-m", "geomsup", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == gs.__version__
