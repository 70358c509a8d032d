"""Certificates that ship with the package, in ``data/``. Like any other they count only after they were checked."""

from __future__ import annotations

from importlib.resources import files

from geomsup.bounds.certificate import Certificate

__all__ = ["stored", "stored_names"]


def stored(name: str) -> Certificate | None:
    """The certificate of that name, unchecked; None if there is none."""
    path = files("geomsup.bounds") / "data" / f"{name}.json"
    return Certificate.from_json(path.read_text(encoding="utf-8")) if path.is_file() else None


def stored_names(prefix: str) -> list[str]:
    """The names that begin with a prefix."""
    names = [path.name.removesuffix(".json") for path in (files("geomsup.bounds") / "data").iterdir()]
    return sorted(name for name in names if name.startswith(prefix))
