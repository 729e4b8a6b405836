"""Reads California Independent Medical Review letters into tables."""
