"""``datapackage.json``: the CSV files as a Frictionless Data Package (https://datapackage.org/standard/, version 2.0).

Types, keys, foreign keys, vocabularies and hashes, so that ``frictionless validate datapackage.json`` checks them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from extract.metadata.files import About, Written, description, meaning, title
from extract.schema import Column, Reference, Table
from extract.tables import LIST_MARK

PROFILES: Final = "https://datapackage.org/profiles/2.0"
TYPES: Final = {"str": "string", "int": "integer", "num": "number", "date": "date", "list": "list"}
DIALECT: Final = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True}
SAFE: Final = (
    " A cell of text that a spreadsheet would run as a formula begins with an apostrophe that is not part of it."
)


def datapackage(tables: Sequence[Written], about: About) -> dict[str, Any]:
    """The package of all tables; the same for the same files."""
    return {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": "imr-letters-dataset",
        "title": title(about),
        "description": description(about) + ("" if about.raw_csv else SAFE),
        "version": about.version,
        "keywords": ["workers-compensation", "independent-medical-review", "utilization-review"],
        "sources": [{"title": "IMR determination letters posted by the California Division of Workers' Compensation"}],
        "generator": dict(about.run),
        "resources": [_resource(written) for written in tables],
    }


def _resource(written: Written) -> dict[str, Any]:
    file = written.files["csv"]
    return {
        "name": written.table.name,
        "type": "table",
        "title": written.table.name,
        "description": written.table.meaning,
        "path": file.name,
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "rows": written.rows,
        "dialect": DIALECT,
        "schema": _schema(written.table),
    }


def _schema(table: Table) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "fields": [_field(column, table) for column in table.columns],
        "missingValues": [""],
    }
    if table.key:
        schema["primaryKey"] = list(table.key)
    # the standard has no key that holds only in rows where it is not empty
    references = [_reference(r) for r in table.references if not r.partial]
    if references:
        schema["foreignKeys"] = references
    return schema


def _field(column: Column, table: Table) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": TYPES[column.type]}
    constraints: dict[str, Any] = {}
    if column.type == "list":
        field |= {"delimiter": LIST_MARK, "itemType": "string"}
        field["description"] = f"{meaning(column)} (a list, joined with {LIST_MARK})"
    else:
        field["description"] = column.meaning
        if column.values:
            constraints["enum"] = list(column.values)
    if column.name in table.key or any(column.name in r.columns for r in table.references if not r.partial):
        constraints["required"] = True
    if constraints:
        field["constraints"] = constraints
    return field


def _reference(reference: Reference) -> Mapping[str, Any]:
    columns = list(reference.columns)
    return {"fields": columns, "reference": {"resource": reference.table, "fields": columns}}
