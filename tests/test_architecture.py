"""The shape of the package: which room may import which, what an import costs, and that everything public is shown."""

import ast
import doctest
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import geomsup

PACKAGE = Path(geomsup.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# A room may import the rooms before it, never one after it. Top-level modules that start with an underscore are the
# ground under all rooms: anything may import them, and they import no room.
ROOMS = (
    "features",
    "activations",
    "importance",
    "problem",
    "dimensionality",
    "arrangement",
    "splitting",
    "frames",
    "loss",
    "optimize",
    "sparse",
    "training",
    "local",
    "identification",
    "bounds",
    "auditing",
    "phases",
    "claims",
    "atlas",
    "plot",
    "cli",
)
LAZY = {"cvxpy", "matplotlib", "joblib", "numba", "networkx", "click", "rich", "flint", "dask", "distributed", "xarray"}
MAX_LINES = 250
LONGER = {
    "loss/_compiled_series.py": 400,  # one kernel each: split into functions, inlined or not, 3 to 25 % slower
    "loss/_compiled_spline.py": 350,
    "bounds/": 300,  # programs and their checks, whose length follows the proof
}
"""Modules that may be longer, or rooms whose modules may, with the number of lines."""


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(name: str) -> str:
    """The room of a dotted name below ``geomsup``; "" for the front door and "_" for the ground."""
    top = name.split(".")[0]
    return "_" if top.startswith("_") and not top.startswith("__") else top


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name below ``geomsup`` of everything from this package that the module imports, lazily or not."""
    package = ["geomsup", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{prefix}.{alias.name}" for alias in node.names]
        for name in names:
            if name.split(".")[0] == "geomsup":
                yield node.lineno, name.removeprefix("geomsup").lstrip(".")


def upward_imports(path: Path) -> list[str]:
    own = room_of(path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."))
    if own in ("__init__", "__main__", ROOMS[-1]):
        return []  # the front doors stand above all rooms
    height = -1 if own == "_" else ROOMS.index(own)
    found = []
    for line, name in imported(path):
        target = room_of(name)
        allowed = target in ("_", "__version__") or (target in ROOMS and ROOMS.index(target) <= height)
        if not allowed:
            found.append(f"{relative(path)}:{line} imports geomsup.{name}")
    return found


def test_every_room_has_a_place_in_the_order() -> None:
    rooms = {room_of(path.relative_to(PACKAGE).with_suffix("").parts[0]) for path in MODULES}
    assert rooms - {"_", "__init__", "__main__"} <= set(ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_one_way(path: Path) -> None:
    assert upward_imports(path) == []


@pytest.mark.parametrize(
    ("module", "statement", "refused"),
    [
        ("features/laws.py", "from ..problem import Problem", True),
        ("features/laws.py", "from geomsup.loss import expected", True),
        ("loss/expected.py", "from .. import Problem", True),
        ("loss/expected.py", "def f():\n    import geomsup.optimize", True),
        ("_arrays.py", "from .features import Uniform", True),
        ("loss/expected.py", "from ..problem import Problem\nfrom .. import features, _arrays", False),
        ("loss/expected.py", "from . import oracle", False),
        ("cli.py", "from . import minimize", False),
    ],
)
def test_the_import_check_can_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, statement: str, refused: bool
) -> None:
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    path = tmp_path / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(statement, encoding="utf-8")
    assert bool(upward_imports(path)) is refused


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_modules_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    most = next((most for name, most in LONGER.items() if relative(path).startswith(name)), MAX_LINES)
    assert lines <= most


def test_no_exception_is_left_over() -> None:
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    for name in LONGER:
        assert max(lines for path, lines in lengths.items() if path.startswith(name)) > MAX_LINES, name


def test_import_is_light() -> None:
    code = "import sys, geomsup; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "geomsup" in loaded
    assert loaded & LAZY == set()


def has_example(value: object) -> bool:
    """True when the object, one of its members or (for a module) one of its public names has a doctest example."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    if any(test.examples for test in finder.find(value, name="value")):
        return True
    return isinstance(value, ModuleType) and any(has_example(getattr(value, n)) for n in getattr(value, "__all__", ()))


@pytest.mark.parametrize("name", sorted(set(geomsup.__all__) - {"__version__"}))
def test_every_public_name_has_an_example(name: str) -> None:
    assert has_example(getattr(geomsup, name)), f"geomsup.{name} has no >>> example in its docstring"
