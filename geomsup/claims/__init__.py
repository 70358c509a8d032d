"""Theorems and conjectures about superposition, each with what is known of it and a measurement that can be repeated.

>>> import geomsup as gs
>>> gs.claims.claim("pentagon").check()
Check(pentagon: 4 of 4 cases hold, 2 certificates proved)

=================================  ==================================================================
``gs.claims.registry()``           all of them, by name
``gs.claims.claim(name)``          one :class:`Claim`: statement, conditions, source, status, evidence
``claim.check()``                  a :class:`Check`: every case measured, every certificate verified
``gs.claims.page()``               all of it as a page in Markdown
=================================  ==================================================================

A claim is one file in this room, with a name without a leading underscore. It defines ``CLAIM``, and is found without
being listed anywhere.
"""

from geomsup.claims._claim import TOPICS, Case, Check, Claim, Outcome, Status
from geomsup.claims._page import page
from geomsup.claims._registry import claim, registry

__all__ = ["TOPICS", "Case", "Check", "Claim", "Outcome", "Status", "claim", "page", "registry"]
