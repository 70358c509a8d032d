"""From a file to weights: the options that say what is where in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geomsup.cli._problem import Command, with_options

if TYPE_CHECKING:
    from geomsup.auditing import Weights


def weight_options(command: Command) -> Command:
    """The names of W and b in a file, as `read_weights` takes them."""
    path = click.Path(path_type=Path)
    return with_options(
        command,
        click.option("--weights-key", metavar="NAME", help="Name of W in the file.  [default: W, weight or weights]"),
        click.option("--bias-key", metavar="NAME", help="Name of b in the file.  [default: b, b_final or bias]"),
        click.option("--bias-file", type=path, help="Read b from this .npy or .csv file."),
        click.option("--transpose", is_flag=True, help="W has one row per feature."),
    )


def what_was_read(file: Path, weights: Weights) -> str:
    """The names of the arrays that were read, and of those that were not."""
    unused = f"; not read: {', '.join(weights.unused)}" if weights.unused else ""
    return f"{file}: read {', '.join(weights.used)}{unused}"
