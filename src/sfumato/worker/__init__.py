"""Runs recipes: in this process, for whoever asks."""
