"""The command: axes from text, what it prints, what it writes, and what it refuses."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import geomsup as gs
from geomsup.cli import main
from geomsup.cli.phase import read_axis


def run(*arguments: str):
    return CliRunner().invoke(main, ["phase", *arguments])


SMALL = ("-n", "2", "-m", "1", "--density", "0.05,0.9", "--relative-importance", "0.2:1:2")


def test_axes_from_text():
    np.testing.assert_allclose(read_axis("--density", "0.01:1:3:log"), [0.01, 0.1, 1])
    np.testing.assert_allclose(read_axis("--density", "0:1:3"), [0, 0.5, 1])
    np.testing.assert_allclose(read_axis("--density", "1:0:2:linear"), [1, 0])
    np.testing.assert_allclose(read_axis("--density", "0.5,0.1"), [0.5, 0.1])


@pytest.mark.parametrize("text", ["0.1:1", "0.1:1:2.5", "0.1:1:0", "a", "0.1:1:3:cubic", ""])
def test_what_is_not_an_axis(text):
    with pytest.raises(ValueError, match="is not an axis: pass first:last:count"):
        read_axis("--density", text)


def test_a_logarithmic_axis_is_positive():
    with pytest.raises(ValueError, match="a logarithmic axis needs positive ends"):
        read_axis("--density", "0:1:3:log")


def test_a_map_with_everything(tmp_path):
    """Table, files, cache; then the same from the cache as JSON."""
    files = {"save": tmp_path / "map.npz", "plot": tmp_path / "map.png"}
    options = [f"--{name}={path}" for name, path in files.items()]
    done = run(*SMALL, *options, f"--cache={tmp_path / 'cells'}")
    assert done.exit_code == 0, done.output
    for text in (
        "digon",
        "line + 1 not represented",
        "searched: nothing better was found",
        f"written: {files['save']}",
    ):
        assert text in done.output
    assert files["plot"].read_bytes().startswith(b"\x89PNG")
    diagram = gs.PhaseDiagram.load(files["save"])
    assert diagram.dims == ("feature_probability", "relative_importance")
    again = run(*SMALL, f"--cache={tmp_path / 'cells'}", "--json", "--quiet")
    found = json.loads(again.stdout)
    assert found["loss"] == diagram.loss.tolist()
    assert found["label"] == diagram["label"].tolist()
    assert again.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "there is no axis: pass --density or --relative-importance"),
        (("--density", "0.1:1"), "--density 0.1:1 is not an axis"),
        (("--density", "0.1:2:2"), "no problem at feature_probability=2.0"),
        (("--density", "0.1,0.2", "--plot", "map.png"), "--plot draws a map over two axes, and there is one"),
        ((*SMALL, "--plot", "map.txt"), "a picture ends in .png, .pdf, .svg"),
        ((*SMALL, "--workers", "0"), "workers=0 is too small"),
    ],
)
def test_refusals(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_no_scheduler(monkeypatch):
    from geomsup.phases import _workers

    pytest.importorskip("distributed")
    monkeypatch.setattr(_workers, "CONNECT_SECONDS", 0.5)
    done = run(*SMALL, "--cluster", "tcp://127.0.0.1:9")
    assert done.exit_code == 2
    assert "no Dask scheduler answers at cluster='tcp://127.0.0.1:9'" in done.output


def test_outline(tmp_path):
    cells = ("-n", "2", "-m", "1", "--density", "0.4,0.6", "--relative-importance", "0.49,0.5", "--quiet", "--outline")
    done = run(*cells, f"--plot={tmp_path / 'map.svg'}", f"--cache={tmp_path}")
    assert done.exit_code == 0, done.output
    assert "    2  digon | line + 1 not represented, first order, such as (0.4845879261, 0.5)" in done.output
    found = json.loads(run(*cells, f"--cache={tmp_path}", "--json").stdout)["outline"]
    assert found["orders"] == [1, 1]
    assert found["unresolved"] == []
    assert found["points"][1] == pytest.approx([0.484587926111, 0.5], abs=1e-11)


def test_outline_wants_a_map():
    done = run("-n", "2", "-m", "1", "--density", "0.4,0.6", "--outline")
    assert done.exit_code == 2
    assert "--outline locates the boundaries of a map over two axes, and there is one" in done.stderr
