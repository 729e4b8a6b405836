"""The cells that differ, as the table ``changes`` of the open datasets: one column at a time, changed rows alone.

A scalar is one change: changed, added (was empty) or removed (is empty). Of a list each member that came or
went is a change of its own, and a list with the same members in another order is ``reordered``. A row that
one side alone has is one change, with what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from extract.changes.pairs import pair_below, pair_issues, pair_letters
from extract.changes.tables import COMPARED, SIDES, Sides
from extract.schema import CITATIONS, EVIDENCE, FAILURES, ISSUES, LETTERS, PRIOR_CARE, Table
from extract.sql import quoted, string

QUIET: Final = (("letters", "flags"), ("letters", "source"))
"""Columns that are summed up and listed only when asked for: reasons to look at a row, and where its file lay."""
ROW: Final = "(row)"
"""Field of a change that is a whole row."""
_KEYS: Final = frozenset({"letter_id", "issue_number", "citation_number", "care_number"})
_PLACE: Final = {PRIOR_CARE.name: frozenset({"text", "start", "end", "page", "method", "confidence"})}
"""Where a row was read, beside what it says."""
_SAYS: Final = {
    LETTERS.name: ("source", "letter_id"),
    ISSUES.name: ("requested_treatment", "issue_number"),
    CITATIONS.name: ("text", "guideline", "citation_number"),
    PRIOR_CARE.name: ("treatment", "care_number"),
}
"""What a row that one side alone has is shown by: the first of these columns that there is."""


def find_changes(sides: Sides) -> None:
    """Make the tables ``pairs`` and ``changes``. Raises ChangesError, as ``pair_letters`` does."""
    sides.db.execute("CREATE SEQUENCE change_numbers")
    sides.db.execute(
        "CREATE TABLE changes (id BIGINT DEFAULT nextval('change_numbers'), pair BIGINT, tbl VARCHAR, "
        "old_issue BIGINT, new_issue BIGINT, old_row BIGINT, new_row BIGINT, field VARCHAR, kind VARCHAR, "
        "member BOOLEAN DEFAULT false, old VARCHAR, new VARCHAR)"
    )
    pair_letters(sides)
    pair_issues(sides)
    pair_below(sides, CITATIONS.name)
    pair_below(sides, PRIOR_CARE.name)
    for table in COMPARED:
        if not sides.has(table):
            continue
        if table is FAILURES:
            _failures(sides)
            continue
        _rows_alone(sides, table)
        kinds = {c.name: c.type for c in table.columns}
        columns = [c for c in sides.columns[table.name] if c not in _KEYS | _PLACE.get(table.name, frozenset())]
        step = len(columns) if table.name in sides.small else 1
        for at in range(0, len(columns), max(step, 1)):
            for column in _differing(sides, table, columns[at : at + step]):
                _column(sides, table, column, is_list=kinds.get(column) == "list")


def _joined(table: Table) -> tuple[str, str]:
    """The paired rows ``o`` and ``n`` of a table, and the columns that say where they stand."""
    numbers, pairs = {
        LETTERS.name: ("NULL, NULL, NULL, NULL", "pairs x"),
        ISSUES.name: ("x.old_issue, x.new_issue, NULL, NULL", "issue_pairs x JOIN pairs p USING (pair)"),
    }.get(
        table.name,
        (
            "x.old_issue, x.new_issue, x.old_row, x.new_row",
            f"{table.name}_pairs x JOIN pairs p USING (pair)",
        ),
    )
    letter = "x" if table is LETTERS else "p"
    joins = []
    for side, name in zip(SIDES, ("o", "n"), strict=True):
        on = [f"{name}.letter_id = {letter}.{side}_id"]
        if "issue_number" in table.key:
            on.append(f"CAST({name}.issue_number AS BIGINT) = x.{side}_issue")
        if table in (CITATIONS, PRIOR_CARE):
            on.append(f"CAST({name}.{table.key[-1]} AS BIGINT) = x.{side}_row")
        joins.append(f"JOIN {side}_{table.name} {name} ON {' AND '.join(on)}")
    return f"{pairs} {' '.join(joins)}", f"x.pair, '{table.name}', {numbers}"


def _differing(sides: Sides, table: Table, columns: Sequence[str]) -> list[str]:
    """Those of the columns in which any paired row differs: one query for all, since most columns do not."""
    joined, _ = _joined(table)
    differ = (f"coalesce(bool_or(o.{name} IS DISTINCT FROM n.{name}), false)" for name in map(quoted, columns))
    [row] = sides.rows(f"SELECT {', '.join(differ)} FROM {joined}")
    return [column for column, differs in zip(columns, row, strict=True) if differs]


def _column(sides: Sides, table: Table, column: str, *, is_list: bool) -> None:
    joined, place = _joined(table)
    name = quoted(column)
    field = string(column)
    into = "INSERT INTO changes (pair, tbl, old_issue, new_issue, old_row, new_row, field, kind, member, old, new)"
    differ = f"o.{name} IS DISTINCT FROM n.{name}"
    if not is_list:
        kind = f"CASE WHEN o.{name} IS NULL THEN 'added' WHEN n.{name} IS NULL THEN 'removed' ELSE 'changed' END"
        sides.db.execute(
            f"{into} SELECT {place}, {field}, {kind}, false, o.{name}, n.{name} FROM {joined} WHERE {differ}"
        )
        return
    sides.db.execute(
        f"CREATE TEMP TABLE lists AS SELECT {place.replace(chr(39) + table.name + chr(39) + ', ', '')}, "
        f"o.{name}, n.{name} FROM {joined} WHERE {differ}"
    )
    aliased = "(SELECT * FROM lists) AS l(pair, oi, ni, orow, nrow, o, n)"
    at = f"l.pair, '{table.name}', l.oi, l.ni, l.orow, l.nrow, {field}"
    gone = "SELECT unnest({0}) AS member EXCEPT SELECT unnest({1})"
    for kind, old, new, query in (
        ("removed", "member", "NULL", gone.format("l.o", "l.n")),
        ("added", "NULL", "member", gone.format("l.n", "l.o")),
    ):
        sides.db.execute(f"{into} SELECT {at}, '{kind}', true, {old}, {new} FROM {aliased}, LATERAL ({query})")
    same = "list_sort(list_distinct(l.o)) = list_sort(list_distinct(l.n))"
    sides.db.execute(
        f"{into} SELECT {at}, 'reordered', false, array_to_string(l.o, ' | '), array_to_string(l.n, ' | ') "
        f"FROM {aliased} WHERE {same}"
    )
    sides.db.execute("DROP TABLE lists")


def _rows_alone(sides: Sides, table: Table) -> None:
    """Rows that one side alone has, below letters that both have; and whole letters."""
    into = "INSERT INTO changes (pair, tbl, old_issue, new_issue, old_row, new_row, field, kind, old, new)"
    for side, kind in zip(SIDES, ("row removed", "row added"), strict=True):
        says = f"t.{next(name for name in _SAYS[table.name] if name in sides.columns[table.name])}"
        values = f"{says}, NULL" if side == "old" else f"NULL, {says}"
        if table is LETTERS:
            numbers, source = "NULL, NULL, NULL, NULL", f"pairs x JOIN old_letters t ON t.letter_id = x.{side}_id"
            source = source.replace("old_letters", f"{side}_letters") + f" WHERE x.how = '{kind.split()[1]}'"
        else:
            other = "new" if side == "old" else "old"
            own = "issue" if table is ISSUES else "row"
            pairs = "issue_pairs" if table is ISSUES else f"{table.name}_pairs"
            numbers = "x.old_issue, x.new_issue, " + ("NULL, NULL" if table is ISSUES else "x.old_row, x.new_row")
            on = f"t.letter_id = p.{side}_id AND CAST(t.{table.key[-1]} AS BIGINT) = x.{side}_{own}"
            if table is CITATIONS:
                on += f" AND CAST(t.issue_number AS BIGINT) = x.{side}_issue"
            source = (
                f"{pairs} x JOIN pairs p USING (pair) JOIN {side}_{table.name} t ON {on} WHERE x.{other}_{own} IS NULL"
            )
        sides.db.execute(f"{into} SELECT x.pair, '{table.name}', {numbers}, '{ROW}', '{kind}', {values} FROM {source}")


def _failures(sides: Sides) -> None:
    """Files that gave no letter, by source: they have no letter to stand below."""
    into = "INSERT INTO changes (tbl, field, kind, old, new)"
    said = "{0}.source || ': ' || {0}.reason"
    sides.db.execute(
        f"{into} SELECT 'failures', CASE WHEN o.source IS NULL OR n.source IS NULL THEN '{ROW}' ELSE 'reason' END, "
        "CASE WHEN o.source IS NULL THEN 'row added' WHEN n.source IS NULL THEN 'row removed' ELSE 'changed' END, "
        f"{said.format('o')}, {said.format('n')} FROM old_failures o FULL JOIN new_failures n ON o.source = n.source "
        "WHERE o.reason IS DISTINCT FROM n.reason"
    )


def sum_confidence(sides: Sides, *, listed: bool = False) -> None:
    """Make the table ``confidences``: by field, values that both sides have with another confidence.

    Columns: tbl, field, lower, higher (values), mean (of new less old). ``listed`` puts them also among the
    changes, one by one.
    """
    sides.db.execute("CREATE TABLE confidences (tbl VARCHAR, field VARCHAR, lower BIGINT, higher BIGINT, mean DOUBLE)")
    if not sides.has(EVIDENCE):
        return
    one = (
        "SELECT p.pair, i.old_issue, i.new_issue, c.old_row, c.new_row, coalesce(i.new_issue, 0) AS issue, "
        'coalesce(c.new_row, 0) AS number, e."table" AS tbl, e.field, e.value, '
        "max(CAST(e.confidence AS DOUBLE)) AS confidence "
        "FROM {0}_evidence e JOIN pairs p ON p.{0}_id = e.letter_id "
        "LEFT JOIN issue_pairs i ON i.pair = p.pair AND i.{0}_issue = CAST(e.issue_number AS BIGINT) "
        "LEFT JOIN citations_pairs c ON c.pair = p.pair AND c.{0}_issue = CAST(e.issue_number AS BIGINT) "
        "AND c.{0}_row = CAST(e.citation_number AS BIGINT) WHERE p.how NOT IN ('added', 'removed') GROUP BY ALL"
    )
    sides.db.execute(
        "CREATE TEMP TABLE doubted AS SELECT n.*, o.confidence AS before "
        f"FROM ({one.format('old')}) o JOIN ({one.format('new')}) n USING (pair, issue, number, tbl, field, value) "
        "WHERE o.confidence <> n.confidence"
    )
    sides.db.execute(
        "INSERT INTO confidences SELECT tbl, field, count(*) FILTER (confidence < before), "
        "count(*) FILTER (confidence > before), avg(confidence - before) FROM doubted GROUP BY ALL"
    )
    if listed:
        sides.db.execute(
            "INSERT INTO changes (pair, tbl, old_issue, new_issue, old_row, new_row, field, kind, old, new) "
            "SELECT pair, tbl, old_issue, new_issue, old_row, new_row, field, 'confidence', "
            "value || ' (' || before || ')', value || ' (' || confidence || ')' FROM doubted"
        )
    sides.db.execute("DROP TABLE doubted")


def find_evidence(sides: Sides) -> None:
    """Make ``old_found`` and ``new_found``: the words, page, method and confidence behind each changed value."""
    for side in SIDES:
        sides.db.execute(
            f"CREATE TABLE {side}_found (id BIGINT, words VARCHAR, page VARCHAR, method VARCHAR, confidence DOUBLE)"
        )
        if sides.has(EVIDENCE):
            first, taken = "first(e.{} ORDER BY CAST(e.start AS BIGINT))", ("text", "page", "method", "confidence")
            sides.db.execute(
                f"INSERT INTO {side}_found SELECT c.id, {', '.join(first.format(c) for c in taken)} "
                f"FROM changes c JOIN pairs p USING (pair) JOIN {side}_evidence e ON e.letter_id = p.{side}_id "
                f'AND e."table" = c.tbl AND e.field = c.field '
                f"AND CAST(e.issue_number AS BIGINT) IS NOT DISTINCT FROM c.{side}_issue "
                f"AND CAST(e.citation_number AS BIGINT) IS NOT DISTINCT FROM c.{side}_row "
                f"WHERE c.{side} IS NOT NULL AND (NOT c.member OR e.value = c.{side}) GROUP BY c.id"
            )
        if sides.has(PRIOR_CARE) and _PLACE[PRIOR_CARE.name] <= set(sides.columns[PRIOR_CARE.name]):
            sides.db.execute(
                f"INSERT INTO {side}_found SELECT c.id, t.text, t.page, t.method, CAST(t.confidence AS DOUBLE) "
                f"FROM changes c JOIN pairs p USING (pair) JOIN {side}_prior_care t ON t.letter_id = p.{side}_id "
                f"AND CAST(t.care_number AS BIGINT) = c.{side}_row WHERE c.tbl = 'prior_care' AND c.{side} IS NOT NULL"
            )
