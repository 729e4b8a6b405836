"""For each changed cell of an annotated letter: gain, loss or neutral, and what the annotation has there.

The rules are those of ``extract.evaluate``: a cell is right where the comparison of its field does not count
it as a miss. Cells of columns that nobody annotates have no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Literal

from extract import metrics
from extract.changes.cells import ROW
from extract.changes.paired import by_place
from extract.changes.tables import SIDES, Side, Sides
from extract.evaluate import Compared
from extract.gold import GoldFile, GoldIssue
from extract.metrics import KINDS, Citation, Outcome
from extract.schema import CITATIONS

Verdict = Literal["gain", "loss", "neutral"]

_ASPECTS: Final = {
    "cited_by": "guideline", "guideline": "guideline", "chapter": "guideline+chapter", "edition": "edition",
    "sections": "sections", "pages": "pages",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Cell:
    """A row of ``changes``."""

    id: int
    pair: int
    table: str
    old_issue: int | None
    new_issue: int | None
    old_row: int | None
    new_row: int | None
    field: str
    kind: str
    member: bool
    old: str | None
    new: str | None

    def issue(self, side: Side) -> int | None:
        """Number of the item on a side."""
        return self.old_issue if side == "old" else self.new_issue

    def row(self, side: Side) -> int | None:
        """Number of the citation on a side."""
        return self.old_row if side == "old" else self.new_row


def judge(sides: Sides, gold: Mapping[str, GoldFile], compared: Mapping[Side, Compared]) -> None:
    """Make the table ``verdicts`` (change, verdict, gold) for the changes of annotated letters."""
    sides.db.execute("CREATE TABLE verdicts (id BIGINT, verdict VARCHAR, gold VARCHAR)")
    letters = _annotated(sides, gold)
    if not letters:
        return
    sides.db.execute("CREATE TEMP TABLE annotated (pair BIGINT)")
    sides.db.executemany("INSERT INTO annotated VALUES (?)", [[pair] for pair in letters])
    cells: dict[int, list[_Cell]] = {}
    for row in sides.rows(
        "SELECT c.id, c.pair, tbl, old_issue, new_issue, old_row, new_row, field, kind, member, old, new "
        "FROM changes c SEMI JOIN annotated USING (pair) ORDER BY c.id"
    ):
        values: Any = row
        cell = _Cell(*values)
        cells.setdefault(cell.pair, []).append(cell)
    citations: dict[Side, dict[tuple[int, int, int], Citation]] = {side: _citations(sides, side) for side in SIDES}
    found: list[list[object]] = []
    for pair, changed in cells.items():
        judged = _Letter(letters[pair], gold[letters[pair]], compared, citations)
        found += [[id_, verdict, wanted] for id_, verdict, wanted in judged.verdicts(changed)]
    if found:
        sides.db.executemany("INSERT INTO verdicts VALUES (?, ?, ?)", found)


def _annotated(sides: Sides, gold: Mapping[str, GoldFile]) -> dict[int, str]:
    """The annotated letters: pair and stem."""
    found: dict[int, str] = {}
    for side in SIDES:  # the new name of a letter that was renamed counts
        for pair, source in sides.rows(
            f"SELECT pair, source FROM pairs JOIN {side}_letters ON letter_id = {side}_id WHERE source IS NOT NULL"
        ):
            stem = PurePosixPath(str(source)).stem
            if stem in gold:
                found[int(str(pair))] = stem
    return found


def _citations(sides: Sides, side: Side) -> dict[tuple[int, int, int], Citation]:
    if not {"cited_by", *_ASPECTS} <= set(sides.columns[CITATIONS.name]):
        return {}
    rows = sides.rows(
        "SELECT pair, CAST(issue_number AS BIGINT), CAST(citation_number AS BIGINT), cited_by, guideline, chapter, "
        f"edition, sections, pages FROM {side}_citations JOIN pairs ON letter_id = {side}_id SEMI JOIN annotated "
        "USING (pair)"
    )
    found = {}
    for row in rows:
        values: Any = row
        pair, issue, number, by, guideline, chapter, edition, sections, pages = values
        found[pair, issue, number] = Citation(
            by or "", guideline or "", chapter, edition, tuple(sections), tuple(pages)
        )
    return found


class _Letter:
    """One annotated letter with the comparisons of both sides."""

    def __init__(
        self,
        stem: str,
        gold: GoldFile,
        compared: Mapping[Side, Compared],
        citations: Mapping[Side, Mapping[tuple[int, int, int], Citation]],
    ) -> None:
        self._stem, self._gold, self._citations = stem, gold, citations
        self._outcomes = {side: by_place(compared[side].outcomes.get(stem, ())) for side in SIDES}
        self._items: dict[Side, dict[int, int]] = {  # issue number of the dataset → of the gold
            side: {item: wanted for wanted, item in compared[side].partners.get(stem, {}).items() if item is not None}
            for side in SIDES
        }

    def verdicts(self, cells: Sequence[_Cell]) -> Iterator[tuple[int, Verdict | None, str]]:
        """Change, verdict and gold of every cell of the letter."""
        reworded = self._reworded(cells)
        for cell in cells:
            verdict = "neutral" if cell.id in reworded else self._verdict(cell)
            yield cell.id, verdict, self._wanted(cell)

    def _verdict(self, cell: _Cell) -> Verdict | None:
        if cell.kind == "reordered":
            return "neutral" if self._field(cell) else None
        if cell.field == ROW and cell.table == "issues":
            side = _side_of(cell)
            return _one_sided(side, right=cell.issue(side) in self._items[side])
        if self._field(cell) is None:
            return None
        if cell.field == ROW or cell.member or cell.table == CITATIONS.name:
            right = {side: self._member_is_right(cell, side) for side in SIDES}
        else:
            right = {side: self._cell_is_right(cell, side) for side in SIDES}
        was, now = right["old"], right["new"]
        if was is None or now is None:
            side = "new" if was is None else "old"
            known = right[side]
            return None if known is None else _one_sided(side, right=known)
        return "neutral" if was == now else "gain" if now else "loss"

    def _field(self, cell: _Cell) -> str | None:
        """The scored field that a column belongs to."""
        name = {
            "letters": cell.field,
            "issues": f"issue.{cell.field}",
            "citations": f"citation.{'guideline' if cell.field == ROW else _ASPECTS.get(cell.field, '')}",
        }.get(cell.table, "")
        return name if name in KINDS else None

    def _outcome(self, cell: _Cell, side: Side) -> Outcome | None:
        place = self._stem
        if cell.table != "letters":
            item = self._item(cell, side)
            if item is None:
                return None
            place = f"{place}#{item}"
        return self._outcomes[side].get((self._field(cell) or "", place))

    def _item(self, cell: _Cell, side: Side) -> int | None:
        number = cell.issue(side)
        return None if number is None else self._items[side].get(number)

    def _cell_is_right(self, cell: _Cell, side: Side) -> bool:
        if cell.table == "issues" and self._item(cell, side) is None:
            return False
        outcome = self._outcome(cell, side)
        return outcome is None or not outcome.missed

    def _member_is_right(self, cell: _Cell, side: Side) -> bool | None:
        """Of a member of a list or a cell of a citation; None where the side has none."""
        if (cell.old if side == "old" else cell.new) is None:
            return None
        outcome = self._outcome(cell, side)
        return outcome is not None and self._key(cell, side) not in outcome.surplus

    def _key(self, cell: _Cell, side: Side) -> str:
        value = (cell.old if side == "old" else cell.new) or ""
        if cell.table != CITATIONS.name:
            return value if cell.field == "diagnoses" else metrics.normal(value)
        citation = self._citations[side].get((cell.pair, cell.issue(side) or 0, cell.row(side) or 0))
        if citation is None:
            return value
        source = (citation.cited_by, citation.guideline)
        if cell.member:
            word = metrics.gist(value) if cell.field == "sections" else metrics.normal(value)
            return metrics.show((*source, word))
        keys = citation.keys("guideline" if cell.field == ROW else _ASPECTS[cell.field])
        return metrics.show(keys[0]) if keys else ""

    def _reworded(self, cells: Sequence[_Cell]) -> set[int]:
        """Diagnoses of which one wording went and another came, and both are right: no gain and no loss."""
        own = [c for c in cells if (c.table, c.field, c.member) == ("letters", "diagnoses", True)]
        gone = [c for c in own if c.kind == "removed" and self._member_is_right(c, "old")]
        come = [c for c in own if c.kind == "added" and self._member_is_right(c, "new")]
        if not gone or not come:
            return set()
        lost = {
            side: outcome.missing if (outcome := self._outcome(gone[0], side)) is not None else () for side in SIDES
        }
        kept = len(gone) - len([m for m in lost["new"] if m not in lost["old"]])
        found: set[int] = set()
        for cell in gone[: max(kept, 0)]:
            best = metrics.nearest(cell.old or "", [c.new or "" for c in come], least=0.0)
            if best is not None:
                found |= {cell.id, come.pop(best).id}
        return found

    def _wanted(self, cell: _Cell) -> str:
        """What the annotation has in the place of the cell."""
        if cell.table == "letters":
            holder: object = self._gold if cell.field == "case_number" else self._gold.letter
            return _shown(getattr(holder, cell.field, None))
        issue = self._issue(cell)
        if issue is None:
            return ""
        if cell.table == "issues":
            return issue.requested_treatment if cell.field == ROW else _shown(getattr(issue, cell.field, None))
        if cell.table != CITATIONS.name or (cell.field != ROW and cell.field not in _ASPECTS):
            return ""
        side = _side_of(cell)
        own = self._citations[side].get((cell.pair, cell.issue(side) or 0, cell.row(side) or 0))
        name = "guideline" if cell.field in (ROW, "cited_by") else cell.field
        same = [c for c in issue.citations if own is None or c.cited_by == own.cited_by]
        return " | ".join(dict.fromkeys(shown for c in same if (shown := _shown(getattr(c, name)))))

    def _issue(self, cell: _Cell) -> GoldIssue | None:
        number = self._item(cell, "new") or self._item(cell, "old")
        return next((i for i in self._gold.issues if i.issue_number == number), None)


def _side_of(cell: _Cell) -> Side:
    return "new" if cell.new is not None else "old"


def _one_sided(side: Side, *, right: bool) -> Verdict:
    """A value that one side alone has: right and come, or wrong and gone, is a gain."""
    return "gain" if right == (side == "new") else "loss"


def _shown(value: object) -> str:
    return " | ".join(map(str, value)) if isinstance(value, tuple) else metrics.show(value)
