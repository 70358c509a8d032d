"""Every figure script makes its quick picture, and the runner behind them keeps its promises."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FIGURES = Path(__file__).resolve().parents[1] / "figures"
NAMES = sorted(path.stem for path in FIGURES.glob("fig_*.py"))

EXAMPLE = '''
"""A small figure."""
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from _runner import cached_items, main

LOG = Path(__file__).with_suffix(".log")


def item(k):
    with LOG.open("a") as file:
        file.write(f"{k}\\n")
    if k == 2 and Path(__file__).with_name("break").exists():
        raise KeyboardInterrupt
    return {"square": k * k}


def compute(quick, progress):
    ks = range(3 if quick else 5)
    items = cached_items(item, {f"k={k}": (k,) for k in ks}, progress, description="squares")
    squares = np.array([item["square"] for item in items.values()])
    return {"k": np.array(ks), "square": squares, "label": np.array("squares")}


def draw(data):
    figure, axes = plt.subplots()
    axes.plot(data["k"], data["square"], label=str(data["label"]))
    axes.set(xlabel=r"$k$", ylabel=r"$k^2$")
    axes.legend()
    return figure


if __name__ == "__main__":
    main(compute, draw)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A figures folder with the real runner and one example script."""
    copy = tmp_path / "figures"
    copy.mkdir()
    for name in ("run.py", "_runner.py", "style.mplstyle"):
        shutil.copy(FIGURES / name, copy)
    (copy / "fig_example.py").write_text(EXAMPLE, encoding="utf-8")
    return copy


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # From the root of the repository, so that geomsup is found even where it is not installed.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(FIGURES.parent), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(script), "--jobs", "1", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def computed(folder: Path) -> list[int]:
    """The items computed so far, in order."""
    return [int(line) for line in (folder / "fig_example.log").read_text(encoding="utf-8").split()]


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", NAMES)
def test_quick_figure(name: str, tmp_path: Path) -> None:
    cache = os.environ.get("KEEP_FIGURE_DATA_IN", tmp_path / "cache")  # for whoever draws all of them next
    done = run(FIGURES / f"{name}.py", "--quick", "--out", str(tmp_path / "out"), "--cache", str(cache))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_same_data_give_the_same_bytes(folder: Path) -> None:
    for out in ("first", "second"):
        done = run(folder / "fig_example.py", "--fresh", "--out", str(folder / out))
        assert done.returncode == 0, done.stderr
    assert computed(folder) == [*range(5), *range(5)]
    for name in ("fig_example.png", "fig_example.pdf"):
        assert (folder / "first" / name).read_bytes() == (folder / "second" / name).read_bytes()


def test_an_interrupted_figure_resumes_and_leaves_no_half_written_file(folder: Path) -> None:
    (folder / "break").touch()
    done = run(folder / "fig_example.py")
    assert done.returncode == 1
    assert "goes on from there" in done.stderr
    assert not (folder / "out").exists()
    assert {Path(name).name for name in files(folder / "cache")} == {"k=0.npz", "k=1.npz"}

    (folder / "break").unlink()
    assert run(folder / "fig_example.py").returncode == 0
    assert computed(folder) == [0, 1, 2, 2, 3, 4]
    assert files(folder / "cache") == {"fig_example.npz"}
    assert files(folder / "out") == {"fig_example.png", "fig_example.pdf"}


def test_processes_share_the_work_and_an_interruption_ends_them(folder: Path) -> None:
    (folder / "break").touch()
    done = run(folder / "fig_example.py", "--jobs", "2")
    assert done.returncode == 1
    assert "goes on from there" in done.stderr
    kept = {Path(name).name for name in files(folder / "cache")}
    assert kept < {f"k={k}.npz" for k in range(5)}

    (folder / "break").unlink()
    assert run(folder / "fig_example.py", "--jobs", "2").returncode == 0
    again = computed(folder)
    assert set(again) == set(range(5))
    assert all(again.count(int(name[2])) == 1 for name in kept)


def test_quick_and_full_data_are_kept_apart(folder: Path) -> None:
    for arguments in ([], ["--quick"], [], ["--quick"]):
        assert run(folder / "fig_example.py", *arguments).returncode == 0
    assert computed(folder) == [*range(5), *range(3)]


def test_a_changed_picture_uses_the_data_and_a_changed_computation_does_not(folder: Path) -> None:
    script = folder / "fig_example.py"
    assert run(script).returncode == 0
    before = (folder / "out" / "fig_example.png").read_bytes()

    script.write_text(EXAMPLE.replace('ylabel=r"$k^2$"', 'ylabel="square"'), encoding="utf-8")
    assert run(script).returncode == 0
    assert computed(folder) == [*range(5)]
    assert (folder / "out" / "fig_example.png").read_bytes() != before

    script.write_text(EXAMPLE.replace("k * k", "k ** 2"), encoding="utf-8")
    assert run(script, "--redraw").returncode == 0
    assert computed(folder) == [*range(5)]
    assert run(script).returncode == 0
    assert computed(folder) == [*range(5), *range(5)]


def test_redraw_without_data_says_what_to_do(folder: Path) -> None:
    done = run(folder / "fig_example.py", "--redraw")
    assert done.returncode == 1
    assert "run fig_example.py once without --redraw" in done.stderr


def test_run_goes_on_after_a_failure_and_reports_it(folder: Path) -> None:
    (folder / "fig_a_broken.py").write_text("raise RuntimeError('no such polytope')\n", encoding="utf-8")
    done = run(folder / "run.py", "--quick")
    assert done.returncode == 1
    assert "no such polytope" in done.stdout
    assert "failed: fig_a_broken" in done.stdout
    assert (folder / "out" / "fig_example.png").exists()

    assert run(folder / "run.py", "--quick", "fig_example").returncode == 0
    assert "no such figure: fig_b" in run(folder / "run.py", "fig_b").stderr


def test_run_without_any_figure_is_fine(folder: Path) -> None:
    (folder / "fig_example.py").unlink()
    done = run(folder / "run.py")
    assert (done.returncode, done.stderr) == (0, "")
