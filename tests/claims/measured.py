"""Every claim checked once for all tests."""

from functools import cache

import geomsup as gs


@cache
def checked(name, slow=False):
    return gs.claims.claim(name).check(slow=slow)
