"""How sure each value is: learnt from letters with gold, stored as a table of numbers, applied to every letter."""
