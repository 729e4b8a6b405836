"""How much of a value is plausible: what checks of a letter and of a dataset share."""

from __future__ import annotations

from typing import Final

MOST: Final = (
    ("sessions_requested", 200),
    ("sessions_authorized", 200),
    ("sessions_disputed", 200),
    ("frequency_max", 7),
    ("weeks_max", 104),
    ("quantity", 1000),
    ("refills", 12),
)
"""The most that a request asks for: visits, visits a week, weeks, units, refills."""
FIRST_YEAR: Final = 2013
"""Reviews began with injuries of 2013, and for all denials from July 2013 (Labor Code 4610.5 (a))."""
FIRST_INJURY: Final = 1940
"""No worker of a review was hurt before this year."""
YOUNGEST, OLDEST = 14, 99
"""Ages in years that a worker may have: Labor Code 1290 ff. lets children of 14 work in places."""
