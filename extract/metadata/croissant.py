"""``croissant.json``: the files and what stands in them, as Croissant 1.1 (https://docs.mlcommons.org/croissant/).

Record sets read the Parquet files. ``datePublished`` is left out: a run does not know when, or whether, somebody
publishes its tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from extract.metadata.files import About, FileFacts, Written, description, meaning, title
from extract.schema import Column, Table

CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The standard's own context, as it prints it."""
FORMATS: Final = {"csv": "text/csv", "parquet": "application/x-parquet"}
TYPES: Final = {"str": "sc:Text", "int": "sc:Integer", "num": "sc:Float", "date": "sc:Date", "list": "sc:Text"}
LICENCE: Final = "Not stated: whoever publishes this dataset names its licence."


def croissant(tables: Sequence[Written], about: About) -> dict[str, Any]:
    """The dataset's description as JSON-LD; the same for the same files."""
    run = about.run
    made_by = f"{run['program']} {run['version']} (patterns {run['patterns']})"
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "imr-letters-dataset",
        "alternateName": title(about),
        "description": f"{description(about)} Made by {made_by}.",
        "version": about.version,
        "license": LICENCE,
        "citeAs": f"@misc{{imr_letters_dataset, title = {{{title(about)}}}, note = {{Made by {made_by}}}}}",
        "inLanguage": "en",
        "keywords": ["workers' compensation", "independent medical review", "utilization review"],
        "distribution": [_file(written.files[s], s, written.table) for written in tables for s in FORMATS],
        "recordSet": [_records(written) for written in tables],
    }


def _file(file: FileFacts, suffix: str, table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "description": f"Table {table.name}: {table.meaning}.",
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": FORMATS[suffix],
        "sha256": file.sha256,
    }


def _records(written: Written) -> dict[str, Any]:
    table = written.table
    records: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.meaning,
    }
    if table.key:
        records["key"] = [{"@id": f"{table.name}/{name}"} for name in table.key]
    file = written.files["parquet"]
    return records | {"field": [_field(column, table, file) for column in table.columns]}


def _field(column: Column, table: Table, file: FileFacts) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": meaning(column),
        "dataType": TYPES[column.type],
        "source": {"fileObject": {"@id": file.name}, "extract": {"column": column.name}},
    }
    if column.type == "list":
        field |= {"isArray": True, "arrayShape": "-1"}
    for reference in table.references:
        if reference.columns == (column.name,):
            field["references"] = {"field": {"@id": f"{reference.table}/{column.name}"}}
    return field
