"""An audit in words: a verdict, the numbers behind it, and a table of features."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from geomsup._text import exactly, percent, shortened
from geomsup._typing import BoolArray, FloatArray
from geomsup.auditing._known import LEVEL

if TYPE_CHECKING:
    from geomsup.auditing.result import Audit

MOST_FEATURES, MOST_LETTERS = 60, 200
"""Features listed in a summary, and letters of a name in it."""


def verdict(audit: Audit) -> str:
    """The audit in a paragraph of plain words."""
    n_represented = int(audit.represented.sum())
    return " ".join(
        [
            f"The loss of these weights is {audit.loss:.6g} ({audit.loss_per_feature:.6g} per feature),",
            _comparison(audit),
            *_causes(audit),
            _called(audit),
            f"{n_represented} of {audit.problem.n_features} features are represented.",
        ]
    )


def _comparison(audit: Audit) -> str:
    """What the loss is next to the best known."""
    best = {
        "search": "the best that a search found",
        "given": "the best loss given",
        "weights": "the best loss known",
    }[audit.source]
    tied = "" if audit.W_out is None or audit.source == "weights" else " for tied weights"
    if audit.excess <= _resolution(audit):
        return f"{best}{tied}."
    return f"{_amount(audit, audit.excess)} above {best}{tied}, {_rounded(audit.best, audit.best_error)}."


def _causes(audit: Audit) -> list[str]:
    """Which part of the excess is noise and which is the basin."""
    if audit.nearest is None or audit.noise is None or audit.basin is None:
        return ["No minimum below untied weights is looked for."]
    words = []
    if audit.n_saddles:
        words.append("Descent from them ended in a saddle and was pushed off it, by chance to this side.")
    elif not audit.followed:
        words.append("Descent from them was quasi-Newton, which can leave a basin.")
    noisy = audit.noise > _resolution(audit)
    if audit.basin > _resolution(audit):
        words.append(
            f"They are in the wrong basin: the minimum below them, number {audit.rank} of {audit.n_minima} known, "
            f"is itself {_amount(audit, audit.basin)} above the best."
        )
        words += [f"Noise, their distance from that minimum, adds {_amount(audit, audit.noise)}."] if noisy else []
    else:
        minimum = "a minimum lower than any other known" if audit.source == "weights" else "the best minimum known"
        words.append(f"They are in the basin of {minimum}.")
        words += ["All of the excess is noise, their distance from that minimum."] if noisy else []
    if audit.nearest.kind == "saddle":
        words.append("That minimum is a saddle the descent could not leave.")
    return words


def _called(audit: Audit) -> str:
    """What the weights and the minimum below them are called."""
    name = shortened(audit.geometry.name, MOST_LETTERS)
    if audit.nearest_geometry is None:
        return f"Arrangement of the input weights: {name}."
    below = shortened(audit.nearest_geometry.name, MOST_LETTERS)
    if name == below:
        return f"Arrangement of the weights and of the minimum below: {name}."
    return f"Arrangement of the weights: {name}; of the minimum below: {below}."


def noise_and_basin(audit: Audit, digits: int) -> str:
    """Noise and basin, 0 where they are nothing but rounding."""
    shown = (0.0 if part is None or part <= _resolution(audit) else part for part in (audit.noise, audit.basin))
    return "noise {:.{digits}g} + basin {:.{digits}g}".format(*shown, digits=digits)


def _resolution(audit: Audit) -> float:
    """Difference in loss below which two are one."""
    return LEVEL * abs(audit.loss) + audit.error + audit.best_error


def _amount(audit: Audit, part: float) -> str:
    """A part of the loss as a percentage of L*, or as it is where L* is zero."""
    relative = audit.relative(part)
    return f"{part:.3g}" if math.isinf(relative) else f"{100 * relative:.3g}%"


def summary(audit: Audit) -> str:
    """The verdict, the numbers behind it, and a table of features."""
    n, near = audit.problem.n_features, audit.nearest
    lines = [
        repr(audit.problem),
        "",
        *textwrap.wrap(audit.verdict, 100, break_on_hyphens=False),
        "",
        f"loss              {exactly(audit.loss, audit.error)}   (sum over features)",
        f"loss per feature  {exactly(audit.loss / n, audit.error / n)}   (mean over the {n} features)",
        f"best known        {exactly(audit.best, audit.best_error)}   ({audit.source})",
    ]
    lines.append(f"lower bound       {audit.bound.summary()}")
    if audit.bound.known:
        lines.append(f"gap               {percent(audit.bracket.relative_gap)} of the best known, at most")
    if near is None:
        lines += [f"excess            {audit.excess:.6g}", f"gradient norm     {audit.gradient_norm:.1e}"]
    else:
        curvature = "" if math.isnan(near.curvature) else f", smallest curvature {near.curvature:.2e}"
        lines += [
            f"nearest minimum   {exactly(near.loss, near.error)}   ({near.kind}{curvature})",
            f"excess            {audit.excess:.6g} = {noise_and_basin(audit, 6)}",
            f"gradient norm     {audit.gradient_norm:.1e} here, {near.gradient_norm:.1e} at the nearest minimum",
        ]
    return "\n".join([*lines, "", *_features(audit)])


def _features(audit: Audit) -> list[str]:
    columns = audit.problem.feature_probability, audit.problem.importance, *described(audit).values()
    lines = ["feature  probability  importance      norm      bias  dimensionality  interference  represented"]
    for i, (p, weight, norm, bias, share, others, there) in enumerate(zip(*columns, strict=True)):
        if i == MOST_FEATURES:
            return [*lines, f"  ... and {audit.problem.n_features - i} more features: to_dict() has them all"]
        # the direction of a column that is 0 but for rounding is noise, and so is what projects on it
        crossing = f"{others:.5f}" if norm > 1e-6 else "-"
        lines.append(
            f"{i:7d}  {p:11.4g}  {weight:10.4g}  {norm:8.5f}  {bias:8.5f}  {share:14.5f}  {crossing:>12}"
            f"  {'yes' if there else 'no':>11}"
        )
    return lines


def described(audit: Audit) -> dict[str, FloatArray | BoolArray]:
    """What is said of each feature."""
    shown = audit.arrangement
    return {
        "norm": shown.norms,
        "bias": shown.b,
        "dimensionality": shown.dimensionality,
        "interference": shown.interference,
        "represented": audit.represented,
    }


def _rounded(value: float, error: float) -> str:
    """Six digits; 0 for what is nothing but error."""
    return f"{value if abs(value) > error else 0:.6g}"
