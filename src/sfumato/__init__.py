"""Sfumato: a self-hosted studio for AI pictures."""
