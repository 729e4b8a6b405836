"""Why a file gave no letter: the fixed codes of failures.reason."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Codes of failures.reason; the text beside each is its meaning for an analyst."""

    EMPTY = "empty"
    NOT_A_PDF = "not_a_pdf"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    NO_TEXT = "no_text"
    NOT_A_LETTER = "not_a_letter"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    UNSAFE_MEMBER = "unsafe_member"
    PATTERN_TIMEOUT = "pattern_timeout"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    INTERNAL_ERROR = "internal_error"

    @property
    def meaning(self) -> str:
        """One line that says what the code means and what to do."""
        return _MEANINGS[self]


_MEANINGS = {
    Reason.EMPTY: "the file has no bytes, or no characters but white space",
    Reason.NOT_A_PDF: "the file is neither a PDF nor a text file",
    Reason.ENCRYPTED: "the PDF asks for a password; save a copy without one",
    Reason.DAMAGED: "the PDF cannot be opened; fetch it again",
    Reason.NO_TEXT: "the pages are images without a text layer; run OCR first",
    Reason.NOT_A_LETTER: "no part of an IMR determination letter was found in the text",
    Reason.TOO_LARGE: "the file is over the limit of size, pages or characters",
    Reason.UNREADABLE: "the operating system refused to read the file",
    Reason.DUPLICATE: "the same bytes as another file of the run, which gave the letter",
    Reason.UNSAFE_MEMBER: "a member of an archive that is a link, a device, or names a place outside of it",
    Reason.PATTERN_TIMEOUT: "a rule ran past its time limit on this text",
    Reason.TIMEOUT: "reading took longer than the deadline (--deadline); try --retry-failed with a longer one",
    Reason.OUT_OF_MEMORY: "reading took more memory than allowed (--memory); try --retry-failed with more",
    Reason.CRASHED: "the process that read the file died of it, twice; look at the file, then --retry-failed",
    Reason.INTERNAL_ERROR: "a fault of this program; please report it with the detail",
}


class LetterError(Exception):
    """A file gave no letter. ``detail`` is one line and holds no text of the letter."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail or reason.meaning}")
        self.reason = reason
        self.detail = " ".join((detail or reason.meaning).split())

    def __reduce__(self) -> tuple[type[LetterError], tuple[Reason, str]]:
        return (type(self), (self.reason, self.detail))
