"""Which row of one dataset is which row of the other.

Letters by ``letter_id``, else by ``source``, else by case number, each only where it names one letter on
either side. Rows below a letter by their number; where one side has rows that the other lacks, numbers
have shifted, and rows are paired by what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from extract import metrics
from extract.changes.tables import SIDES, ChangesError, Sides
from extract.schema import CITATIONS, ISSUES, LETTERS, PRIOR_CARE

KEYS: Final = ("letter_id", "source", "case_number")
"""What letters are matched by, the surest first."""

Words = tuple[str | None, ...]
"""What a row says, the most telling first."""
Numbered = tuple[int, Words]


def pair_letters(sides: Sides) -> None:
    """Make the table ``pairs``: number, ids of both sides, and what they were matched by, or added or removed.

    Raises ChangesError where a side has a ``letter_id`` twice.
    """
    for side in SIDES:
        twice = sides.rows(f"SELECT letter_id FROM {side}_letters GROUP BY 1 HAVING count(*) > 1 LIMIT 1")
        if twice:
            raise ChangesError(f"the {side} table letters has letter_id {twice[0][0]} twice: it must name one letter")
    sides.db.execute("CREATE SEQUENCE numbers")
    sides.db.execute(
        "CREATE TABLE pairs (pair BIGINT DEFAULT nextval('numbers'), old_id VARCHAR, new_id VARCHAR, how VARCHAR)"
    )
    for key in (k for k in KEYS if k in sides.columns[LETTERS.name]):
        left = {side: _unpaired(side, key) for side in SIDES}
        sides.db.execute(
            f"INSERT INTO pairs BY NAME SELECT o.letter_id AS old_id, n.letter_id AS new_id, '{key}' AS how "
            f"FROM ({left['old']}) o JOIN ({left['new']}) n USING (word) ORDER BY ALL"
        )
    for side, how in zip(SIDES, ("removed", "added"), strict=True):
        sides.db.execute(
            f"INSERT INTO pairs BY NAME SELECT letter_id AS {side}_id, '{how}' AS how FROM {side}_letters "
            f"WHERE letter_id NOT IN (SELECT {side}_id FROM pairs WHERE {side}_id IS NOT NULL) ORDER BY ALL"
        )


def _unpaired(side: str, key: str) -> str:
    return (
        f'SELECT any_value(letter_id) AS letter_id, "{key}" AS word FROM {side}_letters WHERE "{key}" IS NOT NULL '
        f"AND letter_id NOT IN (SELECT {side}_id FROM pairs WHERE {side}_id IS NOT NULL) GROUP BY 2 HAVING count(*) = 1"
    )


def pair_issues(sides: Sides) -> None:
    """Make the table ``issue_pairs``: pair, number on both sides, NULL where one side alone has the item."""
    columns = "pair BIGINT, old_issue BIGINT, new_issue BIGINT"
    sides.db.execute(f"CREATE TABLE issue_pairs ({columns})")
    if not sides.has(ISSUES):
        return
    for side in SIDES:
        sides.db.execute(
            f"CREATE TABLE {side}_numbers AS SELECT pair, CAST(issue_number AS BIGINT) AS number FROM {side}_issues "
            f"JOIN pairs ON {side}_id = letter_id WHERE how NOT IN ('added', 'removed')"
        )
    odd = _odd(sides, "pair")
    sides.db.execute(
        "INSERT INTO issue_pairs SELECT pair, number, number FROM new_numbers ANTI JOIN odd USING (pair) ORDER BY ALL"
    )
    if odd:
        words = {
            side: sides.rows(
                f"SELECT pair, CAST(issue_number AS BIGINT), requested_treatment FROM {side}_issues "
                f"JOIN pairs ON {side}_id = letter_id JOIN odd USING (pair) ORDER BY 1, 2"
            )
            for side in SIDES
        }
        found = [
            (*key, old, new)
            for key, olds, news in _grouped(words["old"], words["new"], 1)
            for old, new in pair_headings(olds, news)
        ]
        _insert(sides, "issue_pairs", found)
    _drop(sides)


def pair_below(sides: Sides, table: str) -> None:
    """Make ``citations_pairs`` or ``prior_care_pairs``: pair, items, and number on both sides."""
    of_issue = table == CITATIONS.name
    number, words = (
        ("citation_number", ("text", "chapter", "cited_by", "guideline"))
        if of_issue
        else ("care_number", ("treatment", "sessions"))
    )
    sides.db.execute(
        f"CREATE TABLE {table}_pairs (pair BIGINT, old_issue BIGINT, new_issue BIGINT, old_row BIGINT, new_row BIGINT)"
    )
    if not (sides.has(CITATIONS) if of_issue else sides.has(PRIOR_CARE)):
        return
    said = [w for w in words if w in sides.columns[table]]
    for side in SIDES:
        parent = (
            f"JOIN issue_pairs i ON i.pair = p.pair AND i.{side}_issue = CAST(t.issue_number AS BIGINT) "
            "AND i.old_issue IS NOT NULL AND i.new_issue IS NOT NULL"
            if of_issue
            else ""
        )
        issues = "i.old_issue, i.new_issue" if of_issue else "NULL::BIGINT AS old_issue, NULL::BIGINT AS new_issue"
        sides.db.execute(
            f"CREATE TABLE {side}_numbers AS SELECT p.pair, {issues}, CAST(t.{number} AS BIGINT) AS number "
            f"FROM {side}_{table} t JOIN pairs p ON p.{side}_id = t.letter_id {parent} "
            "WHERE p.how NOT IN ('added', 'removed')"
        )
    odd = _odd(sides, "pair, old_issue, new_issue")
    same = "n.pair = x.pair AND n.new_issue IS NOT DISTINCT FROM x.new_issue"
    sides.db.execute(
        f"INSERT INTO {table}_pairs SELECT n.pair, n.old_issue, n.new_issue, n.number, n.number FROM new_numbers n "
        f"WHERE NOT EXISTS (SELECT 1 FROM odd x WHERE {same}) ORDER BY ALL"
    )
    if odd:
        rows = {}
        for side in SIDES:
            joined = f"t.letter_id = p.{side}_id" + (
                f" AND CAST(t.issue_number AS BIGINT) = n.{side}_issue" if of_issue else ""
            )
            rows[side] = sides.rows(
                f"SELECT n.pair, n.old_issue, n.new_issue, n.number, {', '.join(f't.{w}' for w in said)} "
                f"FROM {side}_numbers n JOIN odd x ON {same} JOIN pairs p ON p.pair = n.pair "
                f"JOIN {side}_{table} t ON {joined} AND CAST(t.{number} AS BIGINT) = n.number ORDER BY 1, 2, 3, 4"
            )
        found = [
            (*key, old, new)
            for key, olds, news in _grouped(rows["old"], rows["new"], 3)
            for old, new in pair_rows(olds, news)
        ]
        _insert(sides, f"{table}_pairs", found)
    _drop(sides)


def _odd(sides: Sides, key: str) -> bool:
    """Make the table ``odd``: the parents whose rows have other numbers on either side."""
    listed = f"SELECT {key}, list(number ORDER BY number) AS numbers FROM {{}}_numbers GROUP BY ALL"
    sides.db.execute(
        f"CREATE TABLE odd AS SELECT DISTINCT {key} FROM (({listed.format('old')} EXCEPT {listed.format('new')}) "
        f"UNION ALL ({listed.format('new')} EXCEPT {listed.format('old')}))"
    )
    return bool(sides.rows("SELECT 1 FROM odd LIMIT 1"))


def _drop(sides: Sides) -> None:
    for table in ("odd", "old_numbers", "new_numbers"):
        sides.db.execute(f"DROP TABLE {table}")


def _insert(sides: Sides, table: str, rows: Sequence[Sequence[object]]) -> None:
    if rows:
        sides.db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", [list(r) for r in rows])


def _grouped(
    old: Iterable[tuple[object, ...]], new: Iterable[tuple[object, ...]], width: int
) -> list[tuple[tuple[object, ...], list[Numbered], list[Numbered]]]:
    """Rows of both sides by their first ``width`` columns."""
    groups: dict[tuple[object, ...], tuple[list[Numbered], list[Numbered]]] = {}
    for at, rows in enumerate((old, new)):
        for row in rows:
            said = tuple(None if w is None else str(w) for w in row[width + 1 :])
            groups.setdefault(row[:width], ([], []))[at].append((int(str(row[width])), said))
    return [(key, olds, news) for key, (olds, news) in groups.items()]


def pair_headings(old: Sequence[Numbered], new: Sequence[Numbered]) -> list[tuple[int | None, int | None]]:
    """Items of two letters whose numbers have shifted: equal headings first, then like ones (``metrics.nearest``)."""
    pairs = pair_rows(old, new)
    left = [(number, words) for number, words in old if (number, None) in pairs]
    free = [(number, words) for number, words in new if (None, number) in pairs]
    for number, words in left:
        best = metrics.nearest(words[0] or "", [w[0] or "" for _, w in free], least=metrics.SAME_REQUEST)
        if best is not None:
            partner, _ = free.pop(best)
            pairs = [p for p in pairs if p not in ((number, None), (None, partner))] + [(number, partner)]
    return pairs


def pair_rows(old: Sequence[Numbered], new: Sequence[Numbered]) -> list[tuple[int | None, int | None]]:
    """Rows in turn with the first free one that says the same; where none does, without the first word, and so on."""
    pairs: list[tuple[int | None, int | None]] = []
    left, free = list(old), list(new)
    for skipped in range(max((len(words) for _, words in (*old, *new)), default=0)):
        for row in list(left):
            partner = next((f for f in free if f[1][skipped:] == row[1][skipped:]), None)
            if partner is not None:
                left.remove(row)
                free.remove(partner)
                pairs.append((row[0], partner[0]))
    return [*pairs, *((number, None) for number, _ in left), *((None, number) for number, _ in free)]
