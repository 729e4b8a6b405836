"""Shards that were read apart → one dataset, the same bytes as of one run over all of the input.

Parts are linked, not read: the ledgers' rows are brought together and the tables put together anew. Afterwards
the folder is one like any other, and a run over the whole input goes on from it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from extract.archive.assemble import Assembly, Summary, holds_dataset
from extract.archive.layout import ABOUT, KEY, LEDGER, PARTS, RUN_FOLDER
from extract.archive.ledger import Ledger, LedgerError
from extract.archive.part import part_path
from extract.archive.render import Rendering


class MergeError(ValueError):
    """Datasets cannot be brought together, with the reason."""


def merge(shards: Sequence[Path], out: Path, *, rendering: Rendering) -> Summary:
    """Bring the datasets of ``shards`` together in ``out``. Raises MergeError before anything is written."""
    homes = [shard / RUN_FOLDER for shard in shards]
    facts = [_facts(home) for home in homes]
    for home, found in zip(homes, facts, strict=True):
        if found != facts[0]:
            raise MergeError(f"{home.parent} was read by other rules or another version than {homes[0].parent}.")
    if holds_dataset(out) or (out / RUN_FOLDER).exists():
        raise MergeError(f"{out} holds a dataset: choose another --out.")
    key, about = facts[0]
    home = out / RUN_FOLDER
    home.mkdir(parents=True)
    try:
        with Ledger(home / LEDGER, key=key) as ledger:
            ledger.set_fact(KEY, key)
            ledger.set_fact(ABOUT, json.dumps(about))
            number = ledger.begin_run(os.getpid())
            for shard in homes:
                try:
                    parts = ledger.adopt(shard / LEDGER)
                except LedgerError as error:
                    raise MergeError(f"{shard.parent}: {error}") from error
                for old, new in parts.items():
                    _link(part_path(shard / PARTS, old), part_path(home / PARTS, new))
            summary = Assembly(out, ledger=ledger, parts=home / PARTS, rendering=rendering, about=about).write()
            ledger.end_run(number)
    except BaseException:  # half a merge is worth nothing: the shards have it all
        shutil.rmtree(home, ignore_errors=True)
        raise
    return summary


def _facts(home: Path) -> tuple[str, dict[str, Any]]:
    if not (home / LEDGER).is_file():
        raise MergeError(f"{home.parent} holds no dataset that a run remembers.")
    with Ledger(home / LEDGER, key="") as ledger:
        if ledger.counts().left:
            raise MergeError(f"{home.parent} is not finished: run its imr extract command again.")
        key, about = ledger.fact(KEY), ledger.fact(ABOUT)
    if key is None or about is None:
        raise MergeError(f"{home.parent} was never finished: run its imr extract command again.")
    return key, json.loads(about)


def _link(old: Path, new: Path) -> None:
    """The same file under two names where the disk can do it, else a copy. Parts are never changed."""
    new.parent.mkdir(parents=True, exist_ok=True)
    if not old.exists():
        return  # a chunk that gave no letter has no part
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)
