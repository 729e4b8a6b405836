"""Checks: what in a finished letter a person should look at, each with the words that it points at."""
