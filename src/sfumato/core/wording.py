"""A wrong value as part of a message: always one line, never a long one, whatever was given."""

LONG = 120  # characters of a path


def shown(value: object, most: int = 40) -> str:
    """Numbers as they are, text in quotes; at most about `most` characters of it."""
    if isinstance(value, int) and abs(value) >= 10**40:  # Python refuses to write out more than 4,300 digits
        return "of more than 40 digits"
    if isinstance(value, str):
        return repr(value if len(value) <= most else value[:most] + "…")
    text = f"{value:.10g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= most + 20 else text[: most + 20] + "…"
