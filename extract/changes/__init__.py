"""What changed between two datasets, cell by cell, and what was gained and lost by it."""
