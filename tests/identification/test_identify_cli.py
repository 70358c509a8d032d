"""``geomsup identify``: the library's report of every instance in a file, and errors in one line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import geomsup as gs
from geomsup.cli import main
from tests.identification.moved import moved

PAGE = Path(__file__).resolve().parents[2] / "docs" / "geometry.md"
STACK = np.array([gs.frames.polygon(5), moved(gs.frames.tegum(*[[[1.0, -1.0]]] * 2, [[0.1]])[:2], rng=0)])


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "w.npz", W=STACK, b=np.zeros((2, 5)), losses=np.zeros(3))
    return tmp_path / "w.npz"


def run(*arguments):
    return CliRunner().invoke(main, ["identify", *map(str, arguments)])


def refused(*arguments):
    done = run(*arguments)
    assert done.exit_code == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert "Traceback" not in done.stderr
    return errors[0]


def test_the_report_of_several_instances(file):
    done = run(file)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{file}: read W, b; not read: losses\n")
    for k, W in enumerate(STACK):
        assert f"instance {k}: {gs.identify(W).summary()}\n" in done.stdout
    assert re.search(r"^ +0 +5 of 5 +2\.0000 +\S+ +pentagon$", done.stdout, re.MULTILINE)
    assert re.search(r"^ +1 +4 of 5 .* 2 digons \+ 1 not represented$", done.stdout, re.MULTILINE)


def test_one_matrix_without_a_bias(tmp_path):
    np.savetxt(tmp_path / "w.csv", STACK[0], delimiter=",")
    done = run(tmp_path / "w.csv")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == f"{tmp_path / 'w.csv'}: read W; taken as 5 features in 2 dimensions"
    assert "instance" not in done.stdout
    assert "\npentagon\n" in done.stdout
    np.save(tmp_path / "w.npy", STACK[0].T)
    assert "taken as 2 features in 5 dimensions (the other way round: --transpose)" in run(tmp_path / "w.npy").stdout
    assert "\npentagon\n" in run(tmp_path / "w.npy", "--transpose").stdout


def test_json_agrees_with_the_library(file):
    done = run(file, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["geomsup"], found["used"], found["unused"]) == (gs.__version__, ["W", "b"], ["losses"])
    assert found["geometries"] == [json.loads(json.dumps(gs.identify(W).to_dict())) for W in STACK]


def test_names_of_arrays_and_saved_solutions(tmp_path):
    np.savez(tmp_path / "w.npz", enc=np.swapaxes(STACK, 1, 2), bias=np.zeros(5), b=np.zeros(5))
    assert "of which b and bias could be the bias" in refused(tmp_path / "w.npz", "--weights-key", "enc")
    options = ("--weights-key", "enc", "--bias-key", "b")
    assert "pass transpose=True (--transpose)" in refused(tmp_path / "w.npz", *options)
    assert run(tmp_path / "w.npz", *options, "--transpose").exit_code == 0
    solution = gs.minimize(gs.Problem(2, 1, 0.1), n_starts=2, rng=0)
    solution.save(tmp_path / "s.npz")
    assert gs.identify(solution.W).name in run(tmp_path / "s.npz").stdout


@pytest.mark.parametrize("W", [STACK, np.eye(3), gs.frames.cell_24()], ids=["2 in 2", "in 3", "in 4"])
def test_the_picture(tmp_path, W):
    np.save(tmp_path / "w.npy", W)
    done = run(tmp_path / "w.npy", "--plot", tmp_path / "w.png")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(f"\nwritten: {tmp_path / 'w.png'}\n")
    first = (tmp_path / "w.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    assert run(tmp_path / "w.npy", "--plot", tmp_path / "w.png").exit_code == 0
    assert (tmp_path / "w.png").read_bytes() == first
    json.loads(run(tmp_path / "w.npy", "--plot", tmp_path / "w.png", "--json").stdout)


def test_bad_input_is_one_line_and_exit_code_2(file, tmp_path):
    assert "No such file" in refused(tmp_path / "none.npz")
    (tmp_path / "model.pt").write_bytes(b"\x80\x02}q\x00.")
    assert "is a pickle, which can run code when read" in refused(tmp_path / "model.pt")
    assert "has the keys ['W', 'b', 'losses'], and not 'V'" in refused(file, "--weights-key", "V")
    assert "a picture ends in .png, .pdf, .svg" in refused(file, "--plot", "w.jpg")
    np.save(tmp_path / "nan.npy", np.full((2, 5), np.nan))
    assert "every entry must be finite" in refused(tmp_path / "nan.npy")
    assert run(file, "--plot", "w.jpg").stdout == ""


def test_an_interruption(file, tmp_path, monkeypatch):
    identify, asked = gs.identify, []

    def second_time(W):
        asked.append(W)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return identify(W)

    monkeypatch.setattr("geomsup.identification.identify", second_time)
    done = run(file, "--plot", tmp_path / "w.png")
    assert done.exit_code == 130
    assert "instance 0: pentagon" in done.stdout
    assert done.stderr.endswith("interrupted; of 2 instances 1 was identified, and nothing was written\n")
    assert not (tmp_path / "w.png").exists()


def test_the_documentation_shows_what_is_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    made = re.search(r"^>>> (W = .*)$", text[text.index("## From the shell") :], re.MULTILINE)
    names = {"np": np, "gs": gs}
    exec(made[1], names)
    np.savez("weights.npz", W=names["W"], b=np.zeros(8))
    (shown,) = re.findall(r"```console\n\$ geomsup identify weights.npz\n(.*?)```", text, re.DOTALL)
    assert [line.rstrip() for line in run("weights.npz").stdout.splitlines()] == shown.rstrip("\n").splitlines()
