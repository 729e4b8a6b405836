"""The whole report: what stands at its head, its sections, and the page as HTML."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from extract.report.elements import Page, Picture, TableOf, count, percent
from extract.report.grouping import Fold
from extract.report.overall import Totals, design_effect, totals
from extract.report.sections import guidelines, outcomes, published, quality, visits

if TYPE_CHECKING:
    from extract.report.dataset import Dataset

TEMPLATES: Final = Path(__file__).parent / "templates"
FEW: Final = 30
"""Letters below which a dataset is called small."""


def make_page(data: Dataset, *, fold: Fold | None = None) -> Page:
    """The report of a dataset. ``fold`` says which rare groups become one row."""
    keep = fold or Fold()
    found = totals(data)
    return Page(
        f"IMR report: {data.home.resolve().name}",
        _facts(data, found),
        _caveats(data, found),
        (
            outcomes.decisions(data),
            outcomes.years(data),
            outcomes.treatments(data, keep),
            outcomes.drugs(data, keep),
            outcomes.body_parts(data, keep),
            outcomes.specialties(data, keep),
            guidelines.guidelines(data, keep),
            guidelines.differences(data, keep),
            visits.visits(data),
            outcomes.workers(data),
            outcomes.waiting(data),
            published.published(data),
            quality.data_quality(data),
        ),
    )


def render(page: Page) -> str:
    """The page as one HTML file that fetches nothing; all words are escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["table"] = lambda block: isinstance(block, TableOf)
    environment.tests["picture"] = lambda block: isinstance(block, Picture)
    return environment.get_template("report.html.j2").render(page=page)


def _facts(data: Dataset, found: Totals) -> tuple[tuple[str, str], ...]:
    run = data.run
    facts = [("Letters", count(found.letters)), ("Disputed items", count(found.issues))]
    if isinstance(run.get("files"), int):
        facts.append(("Files read", count(run["files"])))
    duplicates = f", and {count(found.duplicates)} that repeat another file" if found.duplicates else ""
    facts.append(("Files that gave no letter", f"{count(found.failed)}{duplicates}"))
    facts.append(("Decisions", _range(found)))
    facts.append(("Letters with a flag", _of(found.flagged, found.letters)))
    facts.append(("Kind", "de-identified" if data.deidentified else "as read"))
    words = [str(run[k]) for k in ("program", "version") if isinstance(run.get(k), str)]
    facts.append(("Written by", " ".join(words) or "not known"))
    names = {"patterns": "Patterns", "engine": "PDF engine", "model": "Model", "content": "Content"}
    facts += [(name, str(run[key])) for key, name in names.items() if run.get(key)]
    return tuple(facts)


def _range(found: Totals) -> str:
    if found.first is None or found.last is None:
        return "no date was read"
    first, last = (v.isoformat() if isinstance(v, date) else str(v) for v in (found.first, found.last))
    return first if first == last else f"{first} to {last}"


def _of(part: int, n: int) -> str:
    words = f"{count(part)} of {count(n)} letters" if n else f"{count(part)} letters"
    return f"{words} ({percent(part / n, n)})" if n else words


def _caveats(data: Dataset, found: Totals) -> tuple[str, ...]:
    """What must be known before a number is used: of every report, and of this dataset."""
    said: list[str | None] = [data.run_fault and f"{data.run_fault}.", _counted(data.run, found)]
    if found.letters == 0:
        said.append("No file gave a letter: there are only failures to report.")
    elif found.letters < FEW:
        said.append(
            f"The dataset has {count(found.letters)} letter{'' if found.letters == 1 else 's'}: its shares say next to"
            " nothing about other letters, as their intervals show."
        )
    said.append(
        "The letters are those that were collected, not a random sample of all reviews; intervals know nothing of how"
        " they were chosen."
    )
    said.append(
        "All values were read by a program. Intervals tell the play of chance alone, not errors of reading: see the"
        " section on data quality."
    )
    said.append(_clusters(data, found))
    said.append(
        "Groups differ in more than their name: a difference between two groups is not the effect of belonging to one."
        " Of a hundred 95 % intervals, some five miss."
    )
    if found.failed:
        files = "1 file" if found.failed == 1 else f"{count(found.failed)} files"
        said.append(f"{files} gave no letter. Letters that cannot be read may end differently from those that can.")
    if found.undated:
        said.append(f"{_of(found.undated, found.letters)} have no decision date and are in no year.")
    if found.unknown_layout:
        said.append(
            f"{_of(found.unknown_layout, found.letters)} have an unknown layout; items of such letters are missed."
        )
    if found.scanned:
        said.append(f"{_of(found.scanned, found.letters)} were read from images.")
    if found.repeated_cases:
        several = found.repeated_cases > 1
        cases = f"{count(found.repeated_cases)} case numbers stand" if several else "1 case number stands"
        said.append(f"{cases} in more than one letter; each letter is counted.")
    if data.deidentified:
        said.append(
            "De-identified: dates are years, ages over 89 are 90, free text is empty. Counts are shown however small"
            " they are: mind your own rules on small cells before you pass this page on."
        )
    return tuple(words for words in said if words)


def _clusters(data: Dataset, found: Totals) -> str | None:
    if found.letters == 0:
        return None
    words = (
        "Shares are of disputed items unless letters are named. Items of one letter share a worker and a reviewer, and"
        " tend to end alike, while the intervals take them as independent: they are too narrow"
    )
    effect = design_effect(data) if found.letters >= FEW else None
    if effect is None or effect <= 1:
        return f"{words} where letters have several items."
    return (
        f"{words}. Over all items here an honest interval is {effect**0.5:.1f} times as wide (design effect"
        f" {effect:.1f})."
    )


def _counted(run: dict[str, Any], found: Totals) -> str | None:
    told = run.get("letters")
    if isinstance(told, int) and told != found.letters:
        return (
            f"run.json tells of {count(told)} letters, the tables hold {count(found.letters)}: run imr extract again."
        )
    return None
