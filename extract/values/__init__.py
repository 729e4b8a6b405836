"""Sections → values: one module per kind of value, each giving values with their places."""
