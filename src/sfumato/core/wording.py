"""A wrong value as part of a message: always one line, never a long one, whatever was given."""


def shown(value: object) -> str:
    """Numbers as they are, text in quotes; at most about 60 characters."""
    if isinstance(value, int) and abs(value) >= 10**40:  # Python refuses to write out more than 4,300 digits
        return "of more than 40 digits"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "…")
    text = f"{value:.10g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
