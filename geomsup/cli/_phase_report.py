"""What ``geomsup phase`` prints, writes as JSON and draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geomsup.phases import Outline, PhaseDiagram


def describe(diagram: PhaseDiagram) -> str:
    """How many cells have each label, with their hit rates and gaps."""
    import numpy as np

    from geomsup.cli._report import table

    rows: dict[str, list[str]] = {"cells": [], "share": [], "hit rate": [], "least gap in %": []}
    names, size = [], diagram.loss.size
    for label, count in diagram.count().items():
        here = diagram["label"] == label
        gaps = (100 * diagram.gap / np.maximum(diagram.loss, 1e-300))[here]
        gaps = gaps[np.isfinite(gaps)]
        names.append(label)
        rows["cells"].append(str(count))
        rows["share"].append(f"{100 * count / size:.1f}%")
        rows["hit rate"].append(f"{diagram.hit_rate[here].mean():.2f}")
        rows["least gap in %"].append(f"{gaps.min():.2g}" if gaps.size else "-")
    lines = [f"{line}  {name}" for line, name in zip(table(rows), ["arrangement", *names], strict=True)]
    roles = ", ".join(f"{role} in {count}" for role, count in diagram.count("role").items())
    unsettled = int((~diagram["converged"]).sum())
    notes = [
        f"the last feature: {roles} cells",
        f"largest error of a loss {diagram.error.max():.1e}; gap: to the next best local minimum",
        "searched: nothing better was found, and nothing excludes it",
    ]
    notes += [f"{unsettled} cells did not converge to 1e-9: see `converged` in the saved file"] if unsettled else []
    return "\n".join([*lines, "", *notes])


def describe_outline(found: Outline) -> str:
    """Which boundaries there are, with an example of each."""
    kinds: dict[tuple[int, str, str], list[int]] = {}
    for k, (order, names) in enumerate(zip(found.orders.tolist(), found.labels.tolist(), strict=True)):
        kinds.setdefault((order, *sorted(names)), []).append(k)
    lines = ["boundaries, points located on the sides between cells:"]
    for (order, one, other), which in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        middle = which[len(which) // 2]
        place = ", ".join(f"{x:.10g}" for x in found.points[middle])
        words = "first order" if order == 1 else "second order"
        lines.append(f"{len(which):5d}  {one} | {other}, {words}, such as ({place}) ± {found.errors[middle]:.0e}")
    if found.unresolved:
        lines.append(f"{len(found.unresolved):5d}  sides without one: {found.unresolved[0][1]}")
    return "\n".join(lines)


def to_json(diagram: PhaseDiagram, found: Outline | None = None) -> dict[str, Any]:
    """Axes, labels, losses, gaps and hit rates, and boundaries where they were located."""
    import numpy as np

    from geomsup import __version__

    def plain(array: Any) -> Any:
        if array.dtype.kind != "f":
            return array.tolist()
        filled = array.astype(object)
        filled[~np.isfinite(array)] = None
        return filled.tolist()

    names = [
        name
        for name in ("loss", "error", "label", "role", "converged", "trained_loss", "trained_label", "trained_role")
        if name in diagram.values
    ]
    located = {}
    if found is not None:
        located["outline"] = {
            "points": found.points.tolist(),
            "errors": found.errors.tolist(),
            "orders": found.orders.tolist(),
            "labels": found.labels.tolist(),
            "unresolved": [{"near": near, "reason": reason} for near, reason in found.unresolved],
        }
    return {
        "geomsup": __version__,
        "dims": list(diagram.dims),
        "coords": {name: values.tolist() for name, values in diagram.coords.items()},
        **{name: plain(diagram[name]) for name in names},
        "gap": plain(diagram.gap),
        "hit_rate": plain(diagram.hit_rate),
        **located,
    }


def draw(diagram: PhaseDiagram, found: Outline | None = None) -> Figure:
    """The map of names, that of what becomes of the last feature, and those of trained models where there are any."""
    import matplotlib.pyplot as plt

    from geomsup import plot

    panels = {"label": "best arrangement", "role": "last feature"}
    if "trained_label" in diagram.values:
        panels |= {"trained_label": "trained", "trained_role": "last feature, trained"}
    figure, axes = plt.subplots(
        len(panels) // 2, 2, figsize=(7.0, 2.6 * (len(panels) // 2)), layout="constrained", squeeze=False
    )
    for ax, (by, title) in zip(axes.flat, panels.items(), strict=True):
        plot.phase_diagram(diagram, by=by, legend=False, boundaries=found is None, ax=ax)
        if found is not None:
            plot.outline(found, ax=ax)
        ax.set_title(title)
        _legend_below(ax, diagram, by)
    return figure


def _legend_below(ax: Any, diagram: PhaseDiagram, by: str) -> None:
    from geomsup.plot.phases import legend_patches

    ax.legend(
        handles=legend_patches(diagram, by=by), loc="upper center", bbox_to_anchor=(0.5, -0.28), frameon=False,
        fontsize=7, ncols=1,
    )  # fmt: skip
