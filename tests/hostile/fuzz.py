"""Letters with broken bytes: the same seed always breaks them in the same way."""

import random

from tests.conftest import CORPUS

WORDS = [
    b"/Length",
    b"/Filter",
    b"/Kids",
    b"/Count",
    b"/Parent",
    b"/Font",
    b"/Widths",
    b"obj",
    b"stream",
    b"xref",
    b"R",
]


def mutated(count, seed=1):
    """``count`` letters of the corpus, each with a few of its bytes changed, moved, doubled or gone."""
    chance = random.Random(seed)
    letters = sorted((CORPUS / "letters").rglob("*.pdf"))
    for number in range(count):
        data = bytearray(chance.choice(letters).read_bytes())
        for _ in range(chance.choice((1, 2, 5, 20))):
            chance.choice(CHANGES)(data, chance)
        yield f"{number:05d}.pdf", bytes(data)


def flip(data, chance):
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def any_byte(data, chance):
    data[chance.randrange(len(data))] = chance.randrange(256)


def drop(data, chance):
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 10, 1000))]
    data += b"\n" * (not data)


def double(data, chance):
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.choice((1, 10, 1000))]


def move(data, chance):
    at = chance.randrange(len(data))
    piece = data[at : at + 500]
    del data[at : at + 500]
    to = chance.randrange(len(data) + 1)
    data[to:to] = piece


def cut(data, chance):
    del data[max(1, chance.randrange(len(data))) :]


def number(data, chance):
    """Another number where one stands."""
    at = chance.randrange(len(data))
    for index in range(at, min(at + 2000, len(data))):
        if 48 <= data[index] <= 57:
            data[index : index + 1] = chance.choice((b"0", b"-1", b"9999999999", b"1e38", b"4 0 R"))
            return


def word(data, chance):
    """One of the PDF's words for another."""
    old, new = chance.sample(WORDS, 2)
    at = data.find(old, chance.randrange(len(data)))
    if at >= 0:
        data[at : at + len(old)] = new


CHANGES = (flip, any_byte, drop, double, move, cut, number, word)
