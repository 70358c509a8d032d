"""Deterministic by default: the same commit gives the same test results on every machine.

Select another Hypothesis profile with ``HYPOTHESIS_PROFILE=thorough``; run the slow tests too with ``--slow``.
"""

import os

import pytest
from hypothesis import settings

# Set before anything imports matplotlib: the tests draw without a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

# No deadline in either: the first call of a compiled kernel pays for its compilation.
settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
settings.register_profile("thorough", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "deterministic"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow: needs --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
