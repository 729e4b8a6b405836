"""An archive of any size: listed, read by watched workers, remembered, put together into tables.

One room a step: ``place`` and ``containers`` say where bytes lie, ``ledger`` remembers what is done,
``worker`` reads a chunk of files, ``part`` keeps what it gave, ``pool`` or ``cluster`` watch the
workers, ``assemble`` makes the tables.
"""
