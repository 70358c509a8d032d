"""Sphinx configuration. The API pages and the gallery are written from the package and from figures/ at every build."""

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
exclude_patterns = ["_build", "_generated/gallery.md"]
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


def write_gallery() -> None:
    """One section per figure script: its docstring, and its picture where ``make figures`` has drawn one."""
    sections = []
    for script in sorted(FIGURES.glob("fig_*.py")):
        docstring = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or script.stem
        title, _, text = docstring.partition("\n")
        section = f"## {title.rstrip('.')}\n\n{text.strip()}\n"
        picture = FIGURES / "out" / f"{script.stem}.png"
        if picture.exists():
            shutil.copy(picture, GENERATED)
            section += f"\n![{title}](_generated/{picture.name})\n"
        sections.append(f"{section}\nDrawn by `figures/{script.name}`.\n")
    (GENERATED / "gallery.md").write_text("\n".join(sections) or "No figure yet.\n", encoding="utf-8")


shutil.rmtree(GENERATED, ignore_errors=True)
write_api()
write_gallery()
