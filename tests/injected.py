"""Faults put into letters, one at a time: which share does a flag catch? ``python -m tests.injected [FOLDER]``

Each fault changes what the letter prints, at the place that the evidence of a value names, so that the dataset
gets a wrong value that looks right. It is caught where a flag is raised that the letter did not have before.
"""

import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import regex

from extract.pipeline import LetterReader, Source
from extract.record import FailureRecord
from extract.values.dates import parse_date

CORPUS = Path(__file__).parent.parent / "corpus" / "letters"


@dataclass(frozen=True)
class Caught:
    """Of one kind of fault: how many changed the dataset, how many a flag caught, and by which flags."""

    put_in: int
    caught: int
    flags: Counter


def spot(record, table, field, issue=None):
    """The first evidence of a value that stands in the letter."""
    rows = (e for e in record.evidence if e.table == table and e.field == field and e.issue_number == issue)
    return next((e for e in rows if e.start is not None), None)


def put(record, row, words):
    """The letter's text with other words in the place of a value's."""
    return None if row is None or words is None else record.text[: row.start] + words + record.text[row.end :]


def other_digit(words, chance, *, valid, keep=()):
    """The words with one digit changed so that they are still valid."""
    places = [i for i, c in enumerate(words) if c.isdigit() and i not in keep]
    tries = [(i, d) for i in places for d in "0123456789" if d != words[i]]
    chance.shuffle(tries)
    return next((new for i, d in tries if valid(new := words[:i] + d + words[i + 1 :])), None)


def date_digit(field):
    def fault(record, chance):
        row = spot(record, "letters", field)
        if row is None:
            return None
        return put(record, row, other_digit(row.text, chance, valid=lambda w: (d := parse_date(w)) and d.year > 1950))

    return fault


def date_year(field):
    """The year one or more off, the slip that changes durations most."""

    def fault(record, chance):
        row = spot(record, "letters", field)
        day = parse_date(row.text) if row is not None else None
        if day is None:
            return None
        year = str(day.year)
        new = str(day.year + chance.choice([-10, -1, 1, 10]))
        return put(record, row, row.text.replace(year, new) if year in row.text else None)

    return fault


def age_tens(record, chance):
    row = spot(record, "letters", "age")
    if row is None or not row.text.isdigit():
        return None
    return put(record, row, chance.choice([d for d in "123456789" if d != row.text[0]]) + row.text[1:])


SEX = {"male": "female", "female": "male", "man": "woman", "woman": "man", "gentleman": "lady", "lady": "gentleman"}


def sex_noun(record, chance):
    row = spot(record, "letters", "sex")
    return put(record, row, SEX.get(row.text.lower())) if row else None


def case_year(record, chance):
    row = spot(record, "letters", "case_number")
    match = regex.search(r"CM(\d\d)", row.text) if row else None
    if match is None:
        return None
    year = int(match[1])
    new = chance.choice([y for y in range(13, 25) if y != year])
    return put(record, row, row.text.replace(match[0], f"CM{new:02d}", 1))


def item(record, chance, field):
    """The evidence of a field of one item, by chance."""
    rows = [spot(record, "issues", field, issue.issue_number) for issue in record.issues]
    rows = [row for row in rows if row is not None]
    return chance.choice(rows) if rows else None


def decision_word(record, chance):
    row = item(record, chance, "decision")
    if row is None:
        return None
    word = row.text.strip()
    if word.lower() in ("upheld", "overturned"):
        return put(record, row, "Overturned" if word.lower() == "upheld" else "Upheld")
    if row.section == "rationale":
        return None
    changed = regex.sub(r"\bnot\s*(?=medically)", "", word)
    return put(record, row, changed if changed != word else regex.sub(r"\bmedically", "not medically", word, count=1))


def lost_paragraph(record, chance):
    row = item(record, chance, chance.choice(["reviewer_guideline", "rationale", "claims_administrator_guideline"]))
    if row is None:
        return None
    start = record.text.rfind("\n", 0, row.start) + 1
    return record.text[:start] + record.text[row.end :]


def lost_label(record, chance):
    """The decision at a heading's end is lost, so that the heading is one no more."""
    row = item(record, chance, "decision")
    if row is None or row.text.strip().lower() not in ("upheld", "overturned"):
        return None
    start = record.text.rfind(":", 0, row.start)
    return record.text[:start] + record.text[row.end :] if start >= 0 else None


def cut_off(record, chance):
    places = [spot(record, "issues", "rationale", i.issue_number) for i in record.issues]
    places = [row for row in places if row is not None and row.end - row.start > 60]
    if not places:
        return None
    row = chance.choice(places)
    return record.text[: row.start + chance.randint(20, row.end - row.start - 30)].rstrip(" .")


def request_side(record, chance):
    rows = [spot(record, "issues", "requested_treatment", i.issue_number) for i in record.issues]
    rows = [row for row in rows if row is not None and regex.search(r"\b(?:left|right)\b", row.text, regex.I)]
    if not rows:
        return None
    row = chance.choice(rows)
    swap = {"left": "right", "right": "left"}
    return put(record, row, regex.sub(r"(?i)\b(left|right)\b", lambda m: swap[m[0].lower()], row.text))


def visits(record, chance):
    row = item(record, chance, "sessions_requested")
    if row is None or not regex.search(r"\d", row.text):
        return None
    return put(record, row, other_digit(row.text, chance, valid=lambda w: not regex.search(r"\b0", w)))


def units(record, chance):
    row = item(record, chance, "quantity")
    if row is None or not regex.search(r"\d", row.text):
        return None
    return put(record, row, other_digit(row.text, chance, valid=lambda w: not regex.search(r"\b0", w)))


def repeated_item(record, chance):
    """A request in the place of another item's."""
    rows = [spot(record, "issues", "requested_treatment", i.issue_number) for i in record.issues]
    rows = [row for row in rows if row is not None]
    if len(rows) < 2:
        return None
    one, other = chance.sample(rows, 2)
    return put(record, one, other.text)


def swapped_rationales(record, chance):
    rows = [spot(record, "issues", "rationale", i.issue_number) for i in record.issues]
    rows = sorted((row for row in rows if row is not None), key=lambda row: row.start)
    if len(rows) < 2:
        return None
    k = chance.randrange(len(rows) - 1)
    a, b = rows[k], rows[k + 1]
    if a.end > b.start:
        return None
    text = record.text
    return text[: a.start] + b.text + text[a.end : b.start] + a.text + text[b.end :]


FAULTS = {
    "the decision of a heading turned": decision_word,
    "a heading without its decision": lost_label,
    "a paragraph of an item lost": lost_paragraph,
    "the letter cut off in a rationale": cut_off,
    "rationales of two items swapped": swapped_rationales,
    "one item's request in another's place": repeated_item,
    "visits of a request, one digit": visits,
    "units of a drug, one digit": units,
    "left for right in a request": request_side,
    "injury date in the header, one digit": date_digit("injury_date"),
    "denial date, one digit": date_digit("ur_denial_date"),
    "application date, one digit": date_digit("application_received_date"),
    "assignment date, one digit": date_digit("assigned_date"),
    "decision date, one digit": date_digit("decision_date"),
    "a year of the header": None,
    "case number, its year": case_year,
    "age, its tens": age_tens,
    "sex, the noun": sex_noun,
}
YEARS = [date_year(f) for f in ("ur_denial_date", "application_received_date", "assigned_date", "decision_date")]
FAULTS["a year of the header"] = lambda record, chance: chance.choice(YEARS)(record, chance)


def values(record):
    """What the tables say of the letter itself: not the flags, not where it was read."""
    aside = {"flags", "evidence", "text", "sections", "letter_id", "source", "issues", "documents_reviewed"}
    own = {n: getattr(record, n) for n in record.__dataclass_fields__ if n not in aside}
    items = [
        {n: getattr(i, n) for n in i.__dataclass_fields__ if n not in ("item_flags", "citations")}
        for i in record.issues
    ]
    return own, items


def read_text(reader, text):
    result = reader.try_read(Source.of_bytes(text.encode(), Path("letter.txt")))
    return result if isinstance(result, FailureRecord) else result[0]


def measure(reader, paths, *, faults=FAULTS, seed=1):
    """Each kind of fault put once into each letter that has a place for it."""
    put_in, caught, by = Counter(), Counter(), defaultdict(Counter)
    for number, path in enumerate(paths):
        clean = read_text(reader, reader.read(Source.of(path))[0].text)
        if isinstance(clean, FailureRecord):
            continue
        for name, fault in faults.items():
            text = fault(clean, random.Random(f"{seed} {number} {name}"))
            if text is None:
                continue
            read = read_text(reader, text)
            if isinstance(read, FailureRecord) or values(read) == values(clean):
                continue  # told of already, or nothing went wrong
            put_in[name] += 1
            new = _raised(read) - _raised(clean)
            by[name].update(sorted({flag for flag, _ in new}))
            caught[name] += bool(new)
    return {name: Caught(put_in[name], caught[name], by[name]) for name in faults}


def _raised(record):
    """Flags of a letter, and of each of its items."""
    return Counter([(f, 0) for f in record.flags] + [(f, i.issue_number) for i in record.issues for f in i.item_flags])


def as_table(home=CORPUS, beside=None):
    """The share of each kind of fault that is caught in the letters of a folder, unknown layouts aside, as Markdown.

    ``beside``: another folder, of which only the counts are told.
    """
    reader = LetterReader()
    found, others = (
        measure(reader, sorted(p for p in folder.rglob("*.pdf") if p.parent.name != "U")) if folder else {}
        for folder in (home, beside)
    )
    head = ["fault", "put in", "caught", "share", *(["public: put in", "share"] if others else []), "by"]
    rows = [
        [
            name,
            one.put_in,
            one.caught,
            share(one),
            *([others[name].put_in, share(others[name])] if others else []),
            by(one),
        ]
        for name, one in found.items()
    ]
    rule = ["---", *["---:"] * (len(head) - 2), "---"]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, rule, *rows))


def share(found):
    return f"{found.caught / found.put_in:.0%}" if found.put_in else "–"


def by(found):
    return ", ".join(f"`{flag}` {n}" for flag, n in found.flags.most_common(4))


if __name__ == "__main__":
    print(as_table(*map(Path, sys.argv[1:3])))
