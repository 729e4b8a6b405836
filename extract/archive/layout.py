"""Names within a run folder and beside it, and of what its ledger says about the run."""

from typing import Final

RUN_FOLDER: Final = ".run"
RUN_FILE: Final = "run.json"
"""Beside the tables: what made them, written when they are whole."""
LEDGER: Final = "ledger.sqlite"
PARTS: Final = "parts"
LOCK: Final = "lock"
STAGED: Final = "tables"
"""Folder of a run whose dataset goes to a URL: the dataset as it is copied there."""
PUBLISHED: Final = "published.sqlite"
"""What a run has copied to URLs."""
KEY: Final = "key"
"""Fact: the key of what read the letters."""
ABOUT: Final = "about"
"""Fact: what run.json says of it."""
