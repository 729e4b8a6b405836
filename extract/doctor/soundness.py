"""Values that cannot be, tables that disagree, letters that are there twice, fields that are missing too often."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from extract.checks.limits import FIRST_INJURY, FIRST_YEAR, MOST, OLDEST, YOUNGEST
from extract.doctor.findings import Gap, Strange, Twice
from extract.doctor.tables import Tables
from extract.schema import FLAGS, ISSUES, LETTERS

USUAL: Final = {
    "case_number": 0.01,
    "priority": 0.02,
    "injury_date": 0.02,
    "ur_denial_date": 0.05,
    "application_received_date": 0.02,
    "assigned_date": 0.02,
    "decision_date": 0.02,
    "age": 0.10,
    "sex": 0.05,
    "body_parts": 0.05,
    "diagnoses": 0.10,
    "reviewer_license_states": 0.05,
    "reviewer_specialties": 0.05,
    "decision": 0.02,
}
"""Share of letters without a field that is no cause to look: what the letters with gold have, and some more."""
NOT_PRINTED: Final = {
    "B": frozenset({"priority", "assigned_date"}),
    "C": frozenset({"priority", "application_received_date", "assigned_date", "decision_date"}),
}
"""Fields that letters of a layout do not print, or only in prose (patterns/layouts)."""
FEWEST: Final = 5
"""Letters of a layout that must lack a field before it is called unusual: one or two are chance."""
_TEXT: Final = frozenset({"diagnoses"})
"""Fields whose words are emptied in a dataset without identities."""


def gaps(tables: Tables, limit: int) -> Iterator[Gap]:
    """Fields that a layout's letters lack more often than is usual; an unknown layout has no usual."""
    nameless = tables.has("letters", "decision_date_year")
    fields = [f for f in USUAL if tables.has("letters", f) and not (nameless and f in _TEXT)]
    missing = {f: _missing(tables, f) for f in fields}
    counts = ", ".join(f"count(*) FILTER ({missing[f]})" for f in fields)
    query = f"SELECT layout, count(*), {counts} FROM letters WHERE layout <> 'unknown' GROUP BY layout ORDER BY layout"
    for layout, letters, *absent in tables.rows(query):
        for field, number in zip(fields, absent, strict=True):
            if number >= FEWEST and number > letters * USUAL[field] and field not in NOT_PRINTED.get(layout, ()):
                names = f"SELECT source FROM letters WHERE layout = ? AND {missing[field]} ORDER BY source LIMIT ?"
                examples = tuple(row[0] for row in tables.rows(names, layout, limit))
                yield Gap(field, layout, number, letters, USUAL[field], examples)


def _missing(tables: Tables, field: str) -> str:
    """SQL: the field is empty; of a date in a dataset without identities, its year."""
    kind = next(c.type for c in LETTERS.columns if c.name == field)
    if kind == "list":
        return f"coalesce(len({field}), 0) = 0"
    return f"{field}_year IS NULL" if tables.has("letters", f"{field}_year") else f"{field} IS NULL"


def strange(tables: Tables, limit: int) -> Iterator[Strange]:
    """Values out of range or outside of their vocabulary, and tables that disagree."""
    for table, condition, what in (*_ranges(tables), *_vocabularies(tables)):
        source = "source" if table == "letters" else "(SELECT source FROM letters AS l WHERE l.letter_id = t.letter_id)"
        number = tables.one(f"SELECT count(*) FROM {table} AS t WHERE {condition}")
        if number:
            shown = tables.rows(f"SELECT {source} FROM {table} AS t WHERE {condition} ORDER BY 1 LIMIT ?", limit)
            yield Strange(what, number, tuple(row[0] or "(no letter)" for row in shown))
    counted = (
        "SELECT l.source FROM letters AS l LEFT JOIN (SELECT letter_id, count(*) AS n FROM issues GROUP BY letter_id)"
        " AS i ON i.letter_id = l.letter_id WHERE l.issue_count IS DISTINCT FROM coalesce(i.n, 0)"
    )
    number = tables.one(f"SELECT count(*) FROM ({counted})")
    if number:
        examples = tuple(row[0] for row in tables.rows(f"{counted} ORDER BY 1 LIMIT ?", limit))
        yield Strange("letters.issue_count is not the number of the letter's rows in issues", number, examples)


def _ranges(tables: Tables) -> Iterator[tuple[str, str, str]]:
    """Table, condition in SQL, and what it says, for each value that has a range."""
    today = date.today()
    rules = [
        ("letters", "age", f"age NOT BETWEEN {YOUNGEST} AND {OLDEST}", f"letters.age outside {YOUNGEST}-{OLDEST}"),
        (
            "letters",
            "decision_date",
            f"decision_date < DATE '{FIRST_YEAR}-01-01' OR decision_date > DATE '{today.isoformat()}'",
            f"letters.decision_date before {FIRST_YEAR} or in the future",
        ),
        (
            "letters",
            "decision_date_year",
            f"decision_date_year NOT BETWEEN {FIRST_YEAR} AND {today.year}",
            f"letters.decision_date_year before {FIRST_YEAR} or in the future",
        ),
        (
            "letters",
            "injury_date",
            f"injury_date < DATE '{FIRST_INJURY}-01-01' OR injury_date > DATE '{today.isoformat()}'",
            f"letters.injury_date before {FIRST_INJURY} or in the future",
        ),
        (
            "letters",
            "upheld_count",
            "upheld_count + overturned_count > issue_count",
            "letters.upheld_count and overturned_count are more than issue_count",
        ),
        *(
            ("issues", field, f"{field} <= 0 OR {field} > {most}", f"issues.{field} is none, or more than {most}")
            for field, most in MOST
            if field != "refills"
        ),
        ("issues", "refills", f"refills < 0 OR refills > {dict(MOST)['refills']}", "issues.refills is more than 12"),
        (
            "issues",
            "issue_number",
            "letter_id NOT IN (SELECT letter_id FROM letters)",
            "rows of issues without a letter",
        ),
    ]
    return ((table, condition, what) for table, column, condition, what in rules if tables.has(table, column))


def _vocabularies(tables: Tables) -> Iterator[tuple[str, str, str]]:
    """The same for columns with a closed vocabulary. The words come from the schema, not from the data."""
    for table in (LETTERS, ISSUES):
        for column in table.columns:
            if column.values and tables.has(table.name, column.name):
                words = ", ".join(f"'{value}'" for value in column.values)
                outside = (
                    f"NOT list_has_all([{words}], coalesce({column.name}, []))"
                    if column.type == "list"
                    else f"{column.name} NOT IN ({words})"
                )
                kind = "flags that this version does not know" if column.values == tuple(FLAGS) else "other words than"
                told = kind if column.values == tuple(FLAGS) else f"{kind} {', '.join(column.values)}"
                yield table.name, outside, f"{table.name}.{column.name} holds {told}"


def twice(tables: Tables, limit: int) -> tuple[int, list[Twice]]:
    """Groups of letters with one case number, or with the same dates, age and requests; how many, and the first."""
    same_case = (
        "SELECT 'case number ' || case_number AS what, list(source ORDER BY source) AS letters FROM letters"
        " WHERE case_number IS NOT NULL GROUP BY case_number HAVING count(*) > 1"
    )
    groups = [same_case]
    dates = ("injury_date", "ur_denial_date", "application_received_date", "decision_date")
    told = ("age", "sex", *dates)
    nameless = tables.has("letters", "decision_date_year")  # without days too many letters look alike
    if not nameless and tables.has("letters", *told) and tables.has("issues", "requested_treatment"):
        groups.append(
            "SELECT 'the same dates, age, sex and requests' AS what, list(source ORDER BY source) AS letters FROM"
            f" (SELECT letter_id, source, case_number, hash({', '.join(told)}) AS head FROM letters"
            f"  WHERE {' AND '.join(f'{d} IS NOT NULL' for d in dates)}) AS l JOIN"
            " (SELECT letter_id, hash(list(requested_treatment ORDER BY issue_number)) AS asked FROM issues"
            "  GROUP BY letter_id) AS i USING (letter_id)"
            " GROUP BY head, asked HAVING count(*) > 1 AND count(DISTINCT case_number) > 1"
        )
    query = " UNION ALL ".join(groups)
    number = tables.one(f"SELECT count(*) FROM ({query})")
    shown = tables.rows(f"SELECT what, letters FROM ({query}) ORDER BY what, letters[1] LIMIT ?", limit)
    return number, [Twice(what, tuple(letters)) for what, letters in shown]
