"""The parts of the page: each makes a section out of tables of numbers."""
