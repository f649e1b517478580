"""Measurements: a script a question; each prints a table and writes JSON. Not tests: nothing here fails by being slow."""
