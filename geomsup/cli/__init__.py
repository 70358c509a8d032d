"""The command ``geomsup``: one command per verb, options in the field's names.

Results go to standard output, progress to standard error. Exit code 0 means done, 2 a problem that cannot be read or
an output that cannot be written, 1 a certificate that proves nothing or a claim that is not confirmed, 130 an
interruption.
"""

from __future__ import annotations

import click

from geomsup import __version__
from geomsup.cli.atlas import atlas
from geomsup.cli.audit import audit
from geomsup.cli.bound import bound
from geomsup.cli.claims import claims
from geomsup.cli.identify import identify
from geomsup.cli.intro import intro
from geomsup.cli.phase import phase
from geomsup.cli.solve import solve
from geomsup.cli.train import train

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="geomsup")
def main() -> None:
    """Optimal arrangements for toy models of superposition, with exact losses."""


main.add_command(solve)
main.add_command(train)
main.add_command(audit)
main.add_command(identify)
main.add_command(bound)
main.add_command(phase)
main.add_command(atlas)
main.add_command(claims)
main.add_command(intro)
