"""What a file may hold before it is refused."""

from __future__ import annotations


class Limits:
    """Bytes, pages and characters: far beyond what letters have, well within what a machine can hold."""

    file_bytes = 50_000_000
    pages = 200
    characters = 1_000_000
    page_characters = 500_000
    """The fullest page seen has 5,000."""
    page_points = 5_000.0
    """Longest side of a page that is drawn for OCR; a letter's has 792."""
    summary_characters = 30_000
    """The longest case summary seen has 6,000."""
