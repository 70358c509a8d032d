"""Sphinx configuration. API pages, gallery and tables of the atlas are written from the package at every build."""

import ast
import inspect
import shutil
from pathlib import Path
from types import ModuleType

import geomsup

DOCS = Path(__file__).resolve().parent
FIGURES = DOCS.parent / "figures"
GENERATED = DOCS / "_generated"

project = "geomsup"
author = "geomsup contributors"
copyright = "2026, geomsup contributors"
version = release = geomsup.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
]
exclude_patterns = ["_build", "_generated/gallery.md", "_generated/atlas_*.md"]
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nitpicky = False  # annotations name private aliases and NumPy types, and no inventory is fetched to resolve them
autodoc_typehints = "none"  # numpydoc sections carry the types
autosummary_generate = False
numpydoc_show_class_members = False

html_theme = "furo"
html_title = f"geomsup {version}"


def public_names(module: ModuleType) -> list[str]:
    return [name for name in module.__all__ if not name.startswith("__")]


def describe(owner: ModuleType, name: str, seen: set[int]) -> str:
    """The autodoc directive of one public name; an object shown on an earlier page is only referred to."""
    value = getattr(owner, name)
    kind = "class" if inspect.isclass(value) else "function" if callable(value) else "data"
    lines = [f".. auto{kind}:: {name}"]
    if kind == "class":
        lines.append("   :members:")
        if any(base.__module__.startswith("geomsup.") for base in value.__mro__[1:]):
            lines.append("   :inherited-members:")
    if id(value) in seen:
        lines.append("   :no-index:")
    seen.add(id(value))
    return "\n".join(lines)


def api_page(module: ModuleType, seen: set[int]) -> str:
    names = [name for name in public_names(module) if not inspect.ismodule(getattr(module, name))]
    title = module.__name__
    table = "\n".join(f"   {name}" for name in names)
    details = "\n\n".join(describe(module, name, seen) for name in names)
    return (
        f"{title}\n{'=' * len(title)}\n\n.. automodule:: {title}\n   :no-members:\n\n"
        f".. autosummary::\n\n{table}\n\n{details}\n"
    )


def write_api() -> None:
    """One page for ``geomsup`` and one for each public submodule, all driven by ``__all__``."""
    folder = GENERATED / "api"
    folder.mkdir(parents=True)
    seen: set[int] = set()
    submodules = [getattr(geomsup, name) for name in public_names(geomsup)]
    for module in [geomsup, *filter(inspect.ismodule, submodules)]:
        (folder / f"{module.__name__}.rst").write_text(api_page(module, seen), encoding="utf-8")


def picture(script: Path, title: str) -> str:
    """The picture of a figure script, where ``make figures`` has drawn one."""
    drawn = FIGURES / "out" / f"{script.stem}.png"
    if not drawn.exists():
        return ""
    shutil.copy(drawn, GENERATED)
    return f"\n![{title}](/_generated/{drawn.name})\n"


def write_gallery() -> None:
    """One section per figure script: its docstring, and its picture where there is one."""
    sections = []
    for script in sorted(FIGURES.glob("fig_*.py")):
        docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or script.stem
        title, _, text = docstring.partition("\n")
        section = f"## {title.rstrip('.')}\n\n{text.strip()}\n{picture(script, title)}"
        sections.append(f"{section}\nDrawn by `figures/{script.name}`.\n")
    (GENERATED / "gallery.md").write_text("\n".join(sections) or "No figure yet.\n", encoding="utf-8")


def table(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def write_atlas() -> None:
    """The capacities, a page of tables for each kind, and the plate where it has been drawn."""
    atlas = geomsup.atlas.shipped()
    best = [atlas.capacity(m) for m in sorted({m for m, _ in atlas})]
    rows = [(entry.m, f"{entry.value:.10f}", entry.n, entry.name, f"*{entry.status}*") for entry in best]
    capacities = table(("$m$", "$C(m) \\ge$", "atoms", "arrangement", ""), rows)
    (GENERATED / "atlas_capacities.md").write_text(capacities, encoding="utf-8")
    (GENERATED / "atlas_plate.md").write_text(picture(FIGURES / "fig_atlas.py", "The best arrangements"), "utf-8")
    folder = GENERATED / "atlas"
    folder.mkdir()
    columns = ("$n$", "value", "arrangement", "products", "symmetry", "hits", "")
    for kind in geomsup.atlas.KINDS:
        entries = list(atlas.entries(kind=kind))
        sections = [f"# Atlas: {kind.replace('_', ' ')}\n"]
        for m in sorted({entry.m for entry in entries}):
            rows = [
                (
                    entry.n,
                    f"{entry.value:.12g}",
                    entry.name,
                    len(entry.products),
                    entry.symmetry_order,
                    f"{entry.hits} of {entry.n_descents}" if entry.n_descents else entry.source,
                    f"*{entry.status}*",
                )
                for entry in entries
                if entry.m == m
            ]
            sections.append(f"## {m} dimension{'s' if m > 1 else ''}\n\n{table(columns, rows)}")
        (folder / f"{kind.replace('=', '-')}.md").write_text("\n".join(sections), encoding="utf-8")


shutil.rmtree(GENERATED, ignore_errors=True)
write_api()
write_gallery()
write_atlas()
