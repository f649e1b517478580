"""API keys: who may use the server."""
