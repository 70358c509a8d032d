"""``python -m geomsup``: the command line without an installed script."""

from geomsup.cli import main

if __name__ == "__main__":
    main(prog_name="geomsup")
