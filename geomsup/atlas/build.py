"""The command ``python -m geomsup.atlas.build``: the table that ships with the package, from nothing but the code.

``geomsup atlas --rebuild`` is the same. It goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from geomsup._steps import Report
from geomsup.atlas._rebuilding import rebuild
from geomsup.atlas.table import SHIPPED

__all__ = ["Report", "main"]


def main(arguments: list[str] | None = None) -> int:
    """Rebuild the atlas; the exit code is 0, or 130 after an interruption."""
    description = "Search every entry of the atlas anew."
    parser = argparse.ArgumentParser(prog="python -m geomsup.atlas.build", description=description)
    parser.add_argument("--out", type=Path, default=SHIPPED, metavar="FILE", help="the table to start from and write")
    parser.add_argument("--work", type=Path, default=Path("out/atlas"), metavar="DIR", help="what is done so far")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes")
    options = parser.parse_args(arguments)
    try:
        atlas = rebuild(options.out, work=options.work, workers=options.workers, callback=Report())
    except KeyboardInterrupt:
        print("interrupted: what was done is kept, and the same command goes on from there", file=sys.stderr)
        return 130
    print(f"{options.out}: {atlas}, {len(atlas.changes)} improved so far")
    return 0


if __name__ == "__main__":
    sys.exit(main())
