"""Datasets for tests of comparisons: one from a run, and copies of it in which some cells are other ones."""

import csv

import pyarrow.parquet as pq

from extract.pipeline import Source
from extract.schema import TABLES
from extract.tables import arrow_columns, columns_by_name, csv_cell, rows_of
from tests.test_evaluate import COLUMNS, write_dataset


def read(folder):
    """All rows by table, with real types."""
    return {t.name: pq.read_table(folder / f"{t.name}.parquet").to_pylist() for t in TABLES}


def write(folder, tables, *, parquet=True, csv_too=True):
    """Write rows as a run does."""
    folder.mkdir()
    for table in TABLES:
        rows = tables[table.name]
        if parquet:
            pq.write_table(arrow_columns(table, columns_by_name(table, rows)), folder / f"{table.name}.parquet")
        if csv_too:
            with (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(table.names)
                writer.writerows([csv_cell(row[name]) for name in table.names] for row in rows)
    return folder


def changed(folder, source, change, **how):
    """A copy of a dataset after ``change(tables)``."""
    tables = read(source)
    change(tables)
    return write(folder, tables, **how)


def of_letters(folder, paths, reader):
    """A dataset of letters, as a run with this reader writes it."""
    tables = {t.name: [] for t in TABLES}
    for path in paths:
        for record in reader.read(Source.of(path)):
            for table, row in rows_of(record):
                tables[table.name].append(row)
    return write(folder, tables)


def of_golds(folder, golds):
    """CSV tables that say what ``golds`` say, citations numbered."""
    write_dataset(folder, golds)
    path = folder / "citations.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    counts = {}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*COLUMNS["citations"], "citation_number"])
        writer.writeheader()
        for row in rows:
            key = row["letter_id"], row["issue_number"]
            counts[key] = counts.get(key, 0) + 1
            writer.writerow(row | {"citation_number": counts[key]})
    return folder
