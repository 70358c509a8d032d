"""Looking something up: at most 10 ms, the reading of the file included."""

import geomsup as gs
from geomsup.atlas.table import SHIPPED


def test_reading_the_table(benchmark):
    assert len(benchmark(gs.atlas.Atlas.load, SHIPPED)) > 100


def test_a_lookup(benchmark):
    assert benchmark(gs.atlas.lookup, 3, 8, kind="one_active").n == 8


def test_a_page(benchmark):
    assert len(benchmark(lambda: gs.atlas[3, 8])) == 6
