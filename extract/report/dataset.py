"""A finished dataset, opened for questions in SQL.

The tables stay on disk: DuckDB reads the columns of the Parquet files that a question names, so that a
dataset of a million letters needs no more memory than a small one. Three views hide how a dataset was
written: ``letter`` and ``item`` have the same columns whether dates are days or, in a de-identified dataset, years.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from extract.archive.layout import RUN_FILE, RUN_FOLDER
from extract.sql import file_name

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

NEEDED: Final = {
    "letters": (
        "letter_id layout text_source case_number injury_date ur_denial_date application_received_date"
        " assigned_date decision_date age sex body_parts reviewer_specialties decision flags"
    ).split(),
    "issues": (
        "letter_id issue_number treatment_category treatment_subcategory sessions_requested sessions_authorized"
        " sessions_disputed drug drug_ingredient drug_class decision"
    ).split(),
    "citations": "letter_id issue_number cited_by guideline".split(),
    "evidence": "table field confidence".split(),
    "failures": "source reason".split(),
}
"""Tables and columns that the report asks for."""

_LETTER: Final = """
CREATE VIEW letter AS SELECT letter_id, case_number, layout, text_source, decision, sex, age,
  body_parts, reviewer_specialties, flags, {dates} FROM letters
"""
_DAYS: Final = """decision_date, year(decision_date) AS decision_year, injury_date, ur_denial_date,
  application_received_date, assigned_date,
  date_diff('day', injury_date, decision_date) AS days_since_injury,
  date_diff('day', injury_date, decision_date) / 365.25 AS years_since_injury"""
_YEARS: Final = """CAST(NULL AS DATE) AS decision_date, decision_date_year AS decision_year,
  CAST(NULL AS BIGINT) AS days_since_injury,
  CAST(decision_date_year - injury_date_year AS DOUBLE) AS years_since_injury"""
_ITEM: Final = """
CREATE VIEW item AS SELECT i.letter_id, i.issue_number, i.decision, i.treatment_category, i.treatment_subcategory,
  i.drug, i.drug_ingredient, i.drug_class, i.sessions_requested, i.sessions_authorized, i.sessions_disputed,
  l.decision_year, l.decision_date, l.years_since_injury, l.sex, l.age
FROM issues i LEFT JOIN letter l USING (letter_id)
"""


class ReportError(ValueError):
    """No report can be made, with what to do."""


class Dataset:
    """A dataset that ``imr extract`` wrote, open for questions. Use it in a ``with`` statement.

    Raises ReportError where ``home`` holds no finished dataset.
    """

    def __init__(self, home: Path) -> None:
        import duckdb

        self.home = home
        self.run, self.run_fault = _run(home)
        paths = {name: home / f"{name}.parquet" for name in NEEDED}
        _check(home, paths.values())
        self._spill = tempfile.TemporaryDirectory(prefix="imr-report-")
        self._db: duckdb.DuckDBPyConnection = duckdb.connect(
            config={
                "temp_directory": self._spill.name,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        try:
            self._columns = {name: self._view(name, path) for name, path in paths.items()}
            self.deidentified = "decision_date_year" in self._columns["letters"]
            self._db.execute(_LETTER.format(dates=_YEARS if self.deidentified else _DAYS))
            self._db.execute(_ITEM)
        except BaseException:
            self.close()
            raise

    def _view(self, name: str, path: Path) -> tuple[str, ...]:
        import duckdb

        try:
            relation = self._db.read_parquet(file_name(path))
        except duckdb.Error as error:
            raise ReportError(f"{path} is damaged: run imr extract again.") from error
        columns = tuple(relation.columns)
        missing = [c for c in NEEDED[name] if c not in columns]
        if missing:
            raise ReportError(
                f"{path} has no column {', '.join(missing)}: it was written by another version."
                " Run imr extract with this one."
            )
        relation.create_view(name)
        return columns

    def columns(self, table: str) -> tuple[str, ...]:
        """Columns of a table as it stands on disk."""
        return self._columns[table]

    def frame(self, sql: str, parameters: Iterable[Any] = ()) -> pd.DataFrame:
        """The answer to a question, with nullable types. Values come in as ``parameters``, never in ``sql``."""
        return self._db.execute(sql, list(parameters)).df().convert_dtypes()

    def row(self, sql: str, parameters: Iterable[Any] = ()) -> tuple[Any, ...]:
        """The only row of an answer."""
        found: tuple[Any, ...] | None = self._db.execute(sql, list(parameters)).fetchone()
        return found or ()

    def close(self) -> None:
        """Let the files go."""
        self._db.close()
        self._spill.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _run(home: Path) -> tuple[dict[str, Any], str | None]:
    """run.json, and what is wrong with it."""
    try:
        found = json.loads((home / RUN_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, "run.json is missing: the run may not have finished, and which version wrote the tables is not known"
    except (OSError, ValueError):
        return {}, "run.json cannot be read: which version wrote the tables is not known"
    if not isinstance(found, dict):
        return {}, "run.json cannot be read: which version wrote the tables is not known"
    return found, None


def _check(home: Path, paths: Iterable[Path]) -> None:
    """Raise ReportError where tables are missing, and say whether a run was stopped or this is another folder."""
    missing = [p.name for p in paths if not p.is_file()]
    if not missing:
        return
    if any(home.glob("*.parquet")) or any(home.glob("*.part")) or (home / RUN_FOLDER).is_dir():
        raise ReportError(
            f"{home} lacks {', '.join(missing)}: the run has not finished. Run its imr extract command again."
        )
    raise ReportError(
        f"{home} is no dataset: name a folder that imr extract --out wrote (letters.parquet is not there)."
    )
