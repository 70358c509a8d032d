"""A phase diagram as a map: one colour per label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup._typing import FloatArray
from geomsup.plot._axes import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.phases import Outline, Sweep

__all__ = ["outline", "phase_diagram", "polylines"]

COLOURS = ("#E69F00", "#0072B2", "#F0E442", "#CC79A7", "#009E73", "#56B4E9", "#D55E00", "#999999")
"""Told apart without full colour vision (Okabe, Ito 2008), neighbours in the list also by lightness."""
HATCHES = ("", "////", "....", "xxxx")
"""For labels beyond the eighth, the ninth in the first colour again."""
NAMES = {
    "feature_probability": "feature probability (1 − sparsity)",
    "relative_importance": "relative importance of the last feature",
    "importance_decay": "importance decay",
    "n_features": "number of features",
    "n_hidden": "number of hidden dimensions",
}


def phase_diagram(
    diagram: Sweep,
    *,
    by: str = "label",
    boundaries: bool = True,
    colours: dict[str, Any] | None = None,
    legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a map with one colour per label: the first axis of the diagram from left to right, the second upwards.

    Axes whose values are evenly spaced in their logarithms are drawn so. A colour belongs to a label; beyond eight
    labels hatching tells them apart.

    Parameters
    ----------
    diagram : PhaseDiagram or Sweep
        Over two axes of numbers.
    by : str
        Which of its arrays of words: ``"label"``, ``"role"``, ``"trained_label"``, ``"trained_role"``.
    boundaries : bool
        Draw lines between cells whose labels differ.
    colours : dict of str to colour, optional
        Of some labels or all, so that several maps agree.
    legend : bool
        Say which colour is which, beside the map.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        The diagram does not have two axes of numbers, or no such array of words.

    Examples
    --------
    >>> import geomsup as gs
    >>> axes = {"feature_probability": [0.1, 0.3, 0.9], "relative_importance": [0.1, 1.0]}
    >>> ax = gs.plot.phase_diagram(gs.phase_diagram(gs.Problem(2, 1), axes), by="role")
    """
    from matplotlib.colors import ListedColormap

    words = diagram[by]
    if len(diagram.dims) != 2 or words.ndim != 2 or any(diagram.coords[d].dtype.kind == "U" for d in diagram.dims):
        raise ValueError(f"{diagram!r} is not a map over two axes of numbers: select one, or sweep over two")
    if words.dtype.kind != "U":
        raise ValueError(f"by={by!r} is an array of numbers: pass one of words, such as 'label' or 'role'")
    ax = axes_or_new(ax)
    labels = _by_size(words)
    chosen = {label: COLOURS[k % len(COLOURS)] for k, label in enumerate(labels)} | (colours or {})
    number = np.array([[labels.index(word) for word in row] for row in words.tolist()])
    edges = []
    for name, scale in zip(diagram.dims, (ax.set_xscale, ax.set_yscale), strict=True):
        values = diagram.coords[name].astype(float)
        logarithmic = is_logarithmic(values)
        edges.append(np.exp(_edges(np.log(values))) if logarithmic else _edges(values))
        scale("log" if logarithmic else "linear")
    ax.pcolormesh(
        *edges, number.T, cmap=ListedColormap([chosen[label] for label in labels]), vmin=-0.5, vmax=len(labels) - 0.5,
        rasterized=True,
    )  # fmt: skip
    for label, pattern in _patterns(labels).items():
        if pattern:
            shown = np.ma.masked_where((words != label).T, np.zeros(words.T.shape))
            # Without a colour map of nothing the faces would cover the map; with alpha=0 the hatches vanish too.
            ax.pcolor(*edges, shown, hatch=pattern, cmap=ListedColormap(["none"]))
    if boundaries:
        _boundaries(ax, edges, number)
    ax.set(xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]])
    ax.set(xlabel=NAMES.get(diagram.dims[0], diagram.dims[0]), ylabel=NAMES.get(diagram.dims[1], diagram.dims[1]))
    if legend:
        patches = legend_patches(diagram, by=by, colours=colours)
        ax.legend(handles=patches, loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0, frameon=False)
    return ax


def outline(found: Outline, *, colour: Any = "k", ax: Axes | None = None) -> Axes:
    """Draw the located boundaries of a map: solid where the arrangement jumps, dashed where one turns into another.

    Parameters
    ----------
    found : Outline
        What `phases.outline` returned.
    colour : colour
        Of the lines.
    ax : matplotlib Axes, optional
        Where to draw; with the map in it already, as a rule, and ``boundaries=False``.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import geomsup as gs
    >>> axes = {"feature_probability": [0.3, 0.6], "relative_importance": [0.45, 0.5]}
    >>> diagram = gs.phase_diagram(gs.Problem(2, 1), axes)
    >>> ax = gs.plot.phase_diagram(diagram, boundaries=False)
    >>> ax = gs.plot.outline(gs.phases.outline(diagram, gs.Problem(2, 1)), ax=ax)
    """
    from matplotlib.collections import LineCollection

    ax = axes_or_new(ax)
    for order, style in ((1, "solid"), (2, "dashed")):
        lines = polylines(found.segments[found.segment_orders == order])
        ax.add_collection(LineCollection(lines, colors=colour, linewidths=1.0, linestyles=style))
    return ax


def polylines(segments: FloatArray) -> list[list[tuple[float, float]]]:
    """Segments joined where two of them end in one point, so that dashes run through; closed lines begin somewhere."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_edges_from((tuple(one), tuple(other)) for one, other in segments.tolist())
    lines = []
    for part in nx.connected_components(graph):
        rest = nx.Graph(graph.subgraph(part))
        while rest.number_of_edges():
            ends = [node for node, degree in rest.degree if degree % 2] or [next(iter(rest.edges))[0]]
            line = [ends[0]]
            while neighbours := list(rest.adj[line[-1]]):
                rest.remove_edge(line[-1], neighbours[0])
                line.append(neighbours[0])
            lines.append(line)
    return lines


def legend_patches(diagram: Sweep, *, by: str = "label", colours: dict[str, Any] | None = None) -> list[Any]:
    """What says which colour is which: one patch per label, the one with most cells first."""
    from matplotlib.patches import Patch

    labels = _by_size(diagram[by])
    chosen = {label: COLOURS[k % len(COLOURS)] for k, label in enumerate(labels)} | (colours or {})
    return [
        Patch(facecolor=chosen[label], edgecolor="k", linewidth=0.4, hatch=pattern, label=label)
        for label, pattern in _patterns(labels).items()
    ]


def _by_size(words: Any) -> list[str]:
    """The labels, those of most cells first."""
    labels, counts = np.unique(words, return_counts=True)
    return [str(labels[k]) for k in np.argsort(-counts, kind="stable")]


def _patterns(labels: list[str]) -> dict[str, str]:
    return {label: HATCHES[min(k // len(COLOURS), len(HATCHES) - 1)] for k, label in enumerate(labels)}


def is_logarithmic(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bool:
    """Whether the values are positive, three or more, and evenly spaced in their logarithms."""
    if len(values) < 3 or (values <= 0).any():
        return False
    return bool(np.allclose(np.diff(np.log(values), n=2), 0, atol=1e-9 * np.log(values).std()))


def _edges(centres: Any) -> Any:
    """Half way between the centres, and as far beyond the ends."""
    centres = np.asarray(centres)
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _boundaries(ax: Axes, edges: list[Any], number: Any) -> None:
    """Lines along the sides that cells of different labels share."""
    x, y = edges
    lines = [[(x[i + 1], y[j]), (x[i + 1], y[j + 1])] for i, j in np.argwhere(number[1:] != number[:-1])]
    lines += [[(x[i], y[j + 1]), (x[i + 1], y[j + 1])] for i, j in np.argwhere(number[:, 1:] != number[:, :-1])]
    from matplotlib.collections import LineCollection

    ax.add_collection(LineCollection(lines, colors="k", linewidths=0.5, capstyle="projecting"))
