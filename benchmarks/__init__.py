"""Measurements: a script a question; each prints a table and writes JSON. Nothing here fails by being slow."""
