"""Teach a model something of your own."""
