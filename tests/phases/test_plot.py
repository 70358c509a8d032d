"""The map: a colour per label, where the cells are, and its legend."""

import matplotlib
import numpy as np
import pytest

import geomsup as gs

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from geomsup.plot.phases import COLOURS, HATCHES, is_logarithmic


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def sweep_of(words, x, y):
    return gs.Sweep(("x", "y"), {"x": np.array(x), "y": np.array(y)}, {"label": np.array(words)})


def test_colours_sides_and_legend():
    words = [["a", "a"], ["a", "b"], ["b", "b"], ["b", "b"]]
    ax = gs.plot.phase_diagram(sweep_of(words, [0.001, 0.01, 0.1, 1.0], [1.0, 2.0]))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    np.testing.assert_allclose(ax.get_xlim(), [10**-3.5, 10**0.5])
    np.testing.assert_allclose(ax.get_ylim(), [0.5, 2.5])
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["b", "a"]
    mesh, lines = ax.collections
    faces = mesh.cmap(mesh.norm(mesh.get_array().ravel()))
    colour = {"a": matplotlib.colors.to_rgba(COLOURS[1]), "b": matplotlib.colors.to_rgba(COLOURS[0])}
    np.testing.assert_allclose(faces, [colour[word] for word in np.array(words).T.ravel()])
    assert len(lines.get_segments()) == 3  # two sides above and below each other, one between
    plain = gs.plot.phase_diagram(sweep_of(words, [1, 2, 3, 4], [1, 2]), boundaries=False, legend=False)
    assert len(plain.collections) == 1
    assert plain.get_legend() is None


def test_chosen_colours_and_many_labels():
    words = [[f"label {k}" for k in range(10)]]
    ax = gs.plot.phase_diagram(sweep_of(words, [1], list(range(10))), colours={"label 0": "#123456"})
    patches = ax.get_legend().get_patches()
    assert patches[0].get_facecolor() == matplotlib.colors.to_rgba("#123456")
    assert [patch.get_hatch() for patch in patches] == [*[HATCHES[0]] * 8, *[HATCHES[1]] * 2]
    pairs = {(patch.get_facecolor(), patch.get_hatch()) for patch in patches}
    assert len(pairs) == 10


def test_which_axes_are_logarithmic():
    assert is_logarithmic(np.geomspace(0.01, 1, 7))
    assert not is_logarithmic(np.linspace(0.01, 1, 7))
    assert not is_logarithmic(np.array([0.1, 1.0]))
    assert not is_logarithmic(np.array([-1.0, 1.0, 2.0]))


def test_refusals():
    with pytest.raises(ValueError, match="is not a map over two axes of numbers"):
        gs.plot.phase_diagram(gs.Sweep(("x",), {"x": np.arange(2)}, {"label": np.array(["a", "b"])}))
    with pytest.raises(ValueError, match="'lable' is not an array of this sweep: did you mean 'label'"):
        gs.plot.phase_diagram(sweep_of([["a"]], [1], [1]), by="lable")
    numbers = gs.Sweep(("x", "y"), {"x": np.arange(2), "y": np.arange(2)}, {"loss": np.zeros((2, 2))})
    with pytest.raises(ValueError, match="by='loss' is an array of numbers"):
        gs.plot.phase_diagram(numbers, by="loss")
