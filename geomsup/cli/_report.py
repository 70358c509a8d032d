"""A solution in words and in JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup._text import exactly, finite_or_none, percent
from geomsup.identification import identify

if TYPE_CHECKING:
    from geomsup._typing import JSON, FloatArray
    from geomsup.bounds import Bound
    from geomsup.optimize import Solution

MOST_FEATURES, MOST_MINIMA = 60, 12


def describe(solution: Solution, *, seed: int, bound: Bound) -> str:
    """The summary that `geomsup solve` prints."""
    problem, n = solution.problem, solution.problem.n_features
    lines = [
        repr(problem),
        "",
        f"loss              {exactly(solution.loss, solution.error)}   (sum over features)",
        f"loss per feature  {exactly(solution.loss / n, solution.error / n)}   (mean over the {n} features)",
        f"lower bound       {bound.summary()}",
        *([f"gap               {percent(relative_gap(solution, bound))} of the loss, at most"] if bound.known else []),
        f"gradient norm     {solution.gradient_norm:.1e}",
        f"status            {solution.status.value}",
        f"arrangement       {identify(solution.W).name}",
        "",
        *_features(solution),
        "",
        *_minima(solution, seed),
    ]
    return "\n".join(lines)


def relative_gap(solution: Solution, bound: Bound) -> float:
    """By how much of it the loss can be above the optimum, from the bound."""
    upper = solution.loss + solution.error
    return max(0.0, upper - bound.value) / upper if upper > 0 else 0.0


def rank(W: FloatArray) -> int:
    """How many dimensions are used: singular values above a millionth of the largest."""
    singular = np.linalg.svd(W, compute_uv=False)
    return int(np.sum(singular > 1e-6 * singular[0])) if singular[0] > 0 else 0


def to_json(solution: Solution, *, seed: int, version: str, bound: Bound) -> JSON:
    """Everything in the summary, and the weights, as numbers."""
    arrangement = solution.arrangement
    return {
        "geomsup": version,
        "problem": solution.problem.to_dict(),
        "seed": seed,
        "n_starts": solution.n_starts,
        "n_descents": solution.n_descents,
        "loss": solution.loss,
        "error": solution.error,
        "lower_bound": bound.value if bound.known else None,
        "bound_method": bound.method,
        "bound_status": str(bound.status) if bound.known else "no bound known",
        "relative_gap": relative_gap(solution, bound) if bound.known else None,
        "loss_per_feature": solution.loss / solution.problem.n_features,
        "gradient_norm": finite_or_none(solution.gradient_norm),
        "arrangement": identify(solution.W).name,
        "status": solution.status.name.lower(),
        "advice": str(solution.status.value),
        "W": arrangement.W.tolist(),
        "b": arrangement.b.tolist(),
        "norm": arrangement.norms.tolist(),
        "dimensionality": arrangement.dimensionality.tolist(),
        "interference": arrangement.interference.tolist(),
        "rank": rank(arrangement.W),
        "minima": [
            {
                "loss": minimum.loss,
                "error": minimum.error,
                "hits": minimum.hits,
                "kind": str(minimum.kind),
                "gradient_norm": finite_or_none(minimum.gradient_norm),
                "curvature": finite_or_none(minimum.curvature),
                "W": np.asarray(minimum.W).tolist(),
                "b": np.asarray(minimum.b).tolist(),
            }
            for minimum in solution.minima
        ],
    }


def _features(solution: Solution) -> list[str]:
    problem, arrangement = solution.problem, solution.arrangement
    n = problem.n_features
    columns: dict[str, Any] = {
        "feature": [str(i) for i in range(n)],
        "probability": [f"{p:.4g}" for p in problem.feature_probability],
        "importance": [f"{weight:.4g}" for weight in problem.importance],
        "norm": _fixed(arrangement.norms),
        "bias": _fixed(arrangement.b),
        "dimensionality": _fixed(arrangement.dimensionality),
        # The direction of a feature that is not represented is noise, and so is what projects on it.
        "interference": [
            text if norm > 1e-6 else "-"
            for text, norm in zip(_fixed(arrangement.interference), arrangement.norms, strict=True)
        ],
    }
    lines = table(columns)
    if n > MOST_FEATURES:
        lines = [*lines[: MOST_FEATURES + 1], f"  ... and {n - MOST_FEATURES} more features: --json lists all"]
    total = float(arrangement.dimensionality.sum())
    used = rank(arrangement.W)
    return [
        *lines,
        f"sum of dimensionality {total:.6f}, of at most {used}, the rank of W; "
        f"{int(arrangement.represented.sum())} of {n} features represented",
    ]


def _minima(solution: Solution, seed: int) -> list[str]:
    minima = solution.minima
    best = solution.loss
    gaps = [
        f"{100 * (minimum.loss - best) / best:.4f}" if best > 0 and math.isfinite(minimum.loss) else "-"
        for minimum in minima
    ]
    columns = {
        "minimum": [str(k + 1) for k in range(len(minima))],
        "loss": [f"{minimum.loss:#.12g}" for minimum in minima],
        "gap in %": gaps,
        "hits": [str(minimum.hits) for minimum in minima],
        "kind": [str(minimum.kind) for minimum in minima],
    }
    lines = table(columns)
    if len(minima) > MOST_MINIMA:
        lines = [*lines[: MOST_MINIMA + 1], f"  ... and {len(minima) - MOST_MINIMA} more: --json lists all"]
    starts = f"{solution.n_descents} descents from {solution.n_starts} random starts"
    return [*lines, f"searched with {starts}, seed {seed}: a search does not exclude something better"]


def _fixed(values: FloatArray) -> list[str]:
    return [f"{value + 0.0:.6f}".replace("-0.000000", "0.000000") for value in values]


def table(columns: dict[str, Any]) -> list[str]:
    """Lines of a table with right-aligned columns of text."""
    widths = [max(map(len, [name, *cells])) for name, cells in columns.items()]
    rows = [list(columns), *(list(row) for row in zip(*columns.values(), strict=True))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
