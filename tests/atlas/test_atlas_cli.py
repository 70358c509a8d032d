"""``geomsup atlas``: the table in words and numbers, files on request, and errors in one line."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import geomsup as gs
from geomsup.atlas.kinds import KINDS
from geomsup.cli import main
from geomsup.cli.atlas import _KINDS


def run(*arguments):
    return CliRunner().invoke(main, ["atlas", *map(str, arguments)])


def test_a_size():
    done = run(3, 8)
    assert (done.exit_code, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()[1:7]]
    assert [row[:3] for row in rows] == [["3", "8", kind] for kind in KINDS]
    for row, entry in zip(rows, gs.atlas[3, 8].entries.values(), strict=True):
        assert float(row[3]) == pytest.approx(entry.value, rel=1e-11)
        assert row[4] == entry.status
        assert row[-len(entry.name.split()) :] == entry.name.split()
    assert "nothing better was found" in done.stdout
    assert run(3, 8, "--kind", "capacity").stdout.splitlines()[1].split()[2] == "capacity"


def test_all_sizes_and_all_capacities():
    rows = [line.split() for line in run(2, "--kind", "energy").stdout.splitlines()]
    assert [row[1] for row in rows[1:13]] == [str(n) for n in range(1, 13)]
    rows = [line.split() for line in run().stdout.splitlines()]
    assert [row[0] for row in rows[1:10]] == [str(m) for m in (*range(1, 9), 22)]
    assert float(rows[9][3]) == pytest.approx(550 / 9, rel=1e-11)


def test_json():
    done = run(3, 8, "--json")
    saved = json.loads(done.stdout)
    assert saved["geomsup"] == gs.__version__
    assert [entry["kind"] for entry in saved["entries"]] == list(KINDS)
    np.testing.assert_array_equal(saved["entries"][2]["W"], gs.atlas[3, 8]["one_active"].W)


@pytest.mark.parametrize(("m", "n", "kind"), [(2, 5, "capacity"), (3, 8, "p=0.1"), (4, 10, "energy")])
def test_files(tmp_path, m, n, kind):
    done = run(m, n, "--kind", kind, "--save", tmp_path / "best", "--plot", tmp_path / "best.png")
    assert done.exit_code == 0, done.output
    assert gs.Arrangement.load(tmp_path / "best.npz") == gs.atlas.lookup(m, n, kind=kind).arrangement
    assert (tmp_path / "best.png").read_bytes().startswith(b"\x89PNG")
    assert done.stdout.count("written: ") == 2


def test_rebuild_is_passed_on(tmp_path, monkeypatch):
    told = {}

    def rebuild(path, **options):
        told.update(options, path=path)
        return gs.atlas.Atlas([])

    monkeypatch.setattr(gs.atlas, "rebuild", rebuild)
    done = run("--rebuild", "--kind", "energy", "--out", tmp_path / "a.npz", "--work", tmp_path, "--workers", 1)
    assert done.stdout == "Atlas(0 entries of 0 sizes)\n"
    assert (told["path"], told["work"], told["workers"], told["kind"]) == (tmp_path / "a.npz", tmp_path, 1, "energy")


def test_an_interrupted_rebuild_says_how_to_go_on(monkeypatch):
    def rebuild(path, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(gs.atlas, "rebuild", rebuild)
    done = run("--rebuild")
    assert done.exit_code == 130
    assert "the same command goes on from there" in done.stderr


def test_the_kinds_of_the_command_are_those_of_the_atlas():
    """It lists them again, because the options of a command are made before the atlas is read."""
    assert tuple(_KINDS.choices) == KINDS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((9, 20), "nothing for m=9, n=20: it goes to m=8; search with gs.minimize_energy"),
        ((9,), "no 'energy' for m=9, n=1: it goes to m=8"),
        (("--kind", "energy"), "--kind energy without M: only capacities"),
        ((3, 8, "--save", "x"), "are for one arrangement: pass M, N and --kind"),
        ((3, "--kind", "energy", "--plot", "x.png"), "are for one arrangement"),
        ((3, 8, "--kind", "energy", "--plot", "x.txt"), "a picture ends in"),
        ((0, 8), "m=0 is too small"),
    ],
)
def test_refusals(arguments, message):
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
