"""Pictures: what is drawn is what was passed, on the axes that were passed, and nothing is guessed."""

from collections.abc import Iterator

import numpy as np
import pytest

import geomsup as gs

pytest.importorskip("matplotlib")
import matplotlib.pyplot as plt
from matplotlib.colors import to_hex

PAIRS = np.array([[1.0, -0.5, 0.0, 0.0], [0.0, 0.0, 0.8, 0.0]])
DRAWERS = (
    gs.plot.arrangement,
    gs.plot.gram,
    gs.plot.norms,
    gs.plot.interference,
    gs.plot.dimensionality,
    gs.plot.feature_graph,
)


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("draw", DRAWERS, ids=lambda draw: draw.__name__)
def test_draws_on_the_axes_given_or_on_new_ones(draw) -> None:
    _, ax = plt.subplots()
    assert draw(PAIRS, ax=ax) is ax
    assert draw(PAIRS) is not ax
    ax.figure.canvas.draw()


@pytest.mark.parametrize("draw", DRAWERS, ids=lambda draw: draw.__name__)
def test_refuses_what_is_not_a_matrix(draw) -> None:
    with pytest.raises(ValueError, match="pass a matrix"):
        draw([1.0, 2.0])
    with pytest.raises(ValueError, match="must be finite"):
        draw([[np.nan, 0.0]])


@pytest.mark.parametrize("m", [1, 2, 3])
def test_a_spoke_per_feature(m: int) -> None:
    W = np.random.default_rng(0).normal(size=(m, 4))
    ax = gs.plot.arrangement(W, labels=True)
    tips = {tuple(np.round([coordinate[1] for coordinate in _data(line)][:m], 12)) for line in ax.lines[:4]}
    assert tips == {tuple(column) for column in np.round(W.T, 12)}
    assert {text.get_text() for text in ax.texts} <= {"0", "1", "2", "3"}
    ax.figure.canvas.draw()


def _data(line):
    return line.get_data_3d() if hasattr(line, "get_data_3d") else line.get_data()


def test_more_dimensions_than_paper() -> None:
    with pytest.raises(ValueError, match=r"W has 4 rows.*use geomsup.plot.gram"):
        gs.plot.arrangement(np.eye(4))
    with pytest.raises(ValueError, match='projection="3d"'):
        gs.plot.arrangement(np.eye(3), ax=plt.subplots()[1])


def test_importance_goes_from_dark_to_light() -> None:
    ax = gs.plot.arrangement(np.eye(2), importance=[0.2, 1.0])
    colours = [np.mean(plt.matplotlib.colors.to_rgb(line.get_color())) for line in ax.lines]
    assert colours[1] < colours[0]
    equal = gs.plot.arrangement(np.eye(2), importance=0.5)
    assert len({to_hex(line.get_color()) for line in equal.lines}) == 1
    with pytest.raises(ValueError, match=r"importance\[1\]=-1 is negative"):
        gs.plot.arrangement(np.eye(2), importance=[1, -1])
    with pytest.raises(ValueError, match="there are 2 features"):
        gs.plot.arrangement(np.eye(2), importance=[1, 1, 1])


def test_gram_and_bias_share_one_symmetric_scale() -> None:
    b = np.array([-2.0, 0.0, 0.1, 0.2])
    image = gs.plot.gram(PAIRS, b).images[0]
    table = np.asarray(np.ma.filled(image.get_array(), np.nan))
    np.testing.assert_array_equal(table[:, :4], PAIRS.T @ PAIRS)
    assert np.isnan(table[:, 4]).all()
    np.testing.assert_array_equal(table[:, 5], b)
    assert image.get_clim() == (-2.0, 2.0)
    assert gs.plot.gram(PAIRS, limit=0.5).images[0].get_clim() == (-0.5, 0.5)
    assert gs.plot.gram(np.zeros((1, 2))).images[0].get_clim() == (-1.0, 1.0)
    with pytest.raises(ValueError, match="limit=0 is not positive"):
        gs.plot.gram(PAIRS, limit=0)
    with pytest.raises(ValueError, match="one bias per column"):
        gs.plot.gram(PAIRS, b[:3])


def test_bars_are_norms_coloured_by_interference() -> None:
    bars = gs.plot.norms(PAIRS).patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], [1.0, 0.5, 0.8, 0.0])
    colours = [to_hex(bar.get_facecolor()) for bar in bars]
    assert colours[2] == colours[3] != colours[0] != colours[1]


def test_oriented_is_a_rotation_into_place() -> None:
    rng = np.random.default_rng(1)
    for m, n in ((1, 3), (2, 5), (3, 4), (4, 2)):
        W = rng.normal(size=(m, n))
        turned = gs.plot.oriented(W)
        # Measured 1e-15: the basis is made orthogonal twice.
        np.testing.assert_allclose(turned.T @ turned, W.T @ W, atol=1e-13)
        Q, _ = np.linalg.qr(rng.normal(size=(m, m)))
        if n >= m:
            np.testing.assert_allclose(gs.plot.oriented(Q @ W), turned, atol=1e-12)
    np.testing.assert_array_equal(gs.plot.oriented(np.zeros((2, 3))), 0)
    np.testing.assert_allclose(gs.plot.oriented([[0.0, 0.0], [-1.0, 1.0 + 1e-9]])[0], [1.0, -1.0 - 1e-9])


def test_interference_is_that_of_the_arrangement() -> None:
    W = np.hstack([gs.frames.polygon(5), [[0.2], [0.1]]])
    bars = gs.plot.interference(W).patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], gs.Arrangement(W).interference)
    colours = {to_hex(bar.get_facecolor()) for bar in bars[:5]}
    assert len(colours) == 1
    assert to_hex(bars[5].get_facecolor()) not in colours  # not represented


def test_dimensionality_has_the_lines_of_the_known() -> None:
    ax = gs.plot.dimensionality(gs.frames.polygon(5))
    *lines, dots = ax.lines
    assert sorted(line.get_ydata()[0] for line in lines) == [3 / 8, 2 / 5, 1 / 2, 2 / 3, 3 / 4, 1]
    np.testing.assert_allclose(dots.get_ydata(), 2 / 5)


def drawn(ax):
    """Dots by feature number, edges as pairs of end points, and the other texts."""
    (dots,), (lines,) = ([c for c in ax.collections if hasattr(c, "get_segments") is kind] for kind in (False, True))
    numbers = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    names = [text.get_text() for text in ax.texts if not text.get_text().isdigit()]
    return np.asarray(dots.get_offsets()), lines, [int(number) for number in numbers], names


def test_feature_graph_draws_the_graph() -> None:
    W = gs.frames.tegum(gs.frames.polygon(5), [[1.0, -1.0]], [[0.1]])
    geometry = gs.identify(W[:, [5, 3, 0, 7, 1, 4, 2, 6]])
    points, lines, numbers, names = drawn(gs.plot.feature_graph(geometry))
    assert names == ["pentagon", "digon"]
    assert sorted(numbers) == list(geometry.represented)
    place = dict(zip(numbers, map(tuple, points), strict=True))
    ends = {frozenset(map(tuple, segment)) for segment in lines.get_segments()}
    assert ends == {frozenset((place[i], place[j])) for i, j in geometry.graph.edges}
    # neighbours on the circle are neighbours in the pentagon, whose edges are acute and red
    red = np.asarray(lines.get_colors())[:, 0] > 0.5
    lengths = np.array([np.linalg.norm(np.subtract(*segment)) for segment in lines.get_segments()])
    assert red.sum() == 5
    np.testing.assert_allclose(lengths[red], 1)
    again = gs.plot.feature_graph(W[:, [5, 3, 0, 7, 1, 4, 2, 6]])
    np.testing.assert_array_equal(drawn(again)[0], points)


def test_a_large_feature_graph_names_kinds_and_keeps_factors_apart() -> None:
    frames = gs.frames
    parts = [frames.icosahedron()] * 2 + [frames.polygon(5)] * 7 + [np.array([[1.0, -1.0]])] * 9
    ax = gs.plot.feature_graph(frames.tegum(*parts))
    points, _, numbers, names = drawn(ax)
    assert names == ["2 icosahedra", "7 pentagons", "9 digons"]
    assert numbers == []
    apart = np.linalg.norm(points[:, None] - points, axis=-1) + 9 * np.eye(len(points))
    assert apart.min() > 1 - 1e-9
    low, high = np.array([ax.get_xlim(), ax.get_ylim()]).T
    assert ((points > low) & (points < high)).all()
    ax.figure.canvas.draw()


def test_nothing_to_draw() -> None:
    assert drawn(gs.plot.feature_graph(np.zeros((2, 3))))[0].size == 0
    assert drawn(gs.plot.feature_graph([[1.0]]))[3] == ["line"]
