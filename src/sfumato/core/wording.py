"""What was given, or went wrong, as part of a message: always one line, never a long one."""

LONG = 120  # characters of a path


def shown(value: object, most: int = 40) -> str:
    """Numbers as they are, text in quotes; at most about `most` characters of it."""
    if isinstance(value, int) and abs(value) >= 10**40:  # Python refuses to write out more than 4,300 digits
        return "of more than 40 digits"
    if isinstance(value, str):
        return repr(value if len(value) <= most else value[:most] + "…")
    text = f"{value:.10g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= most + 20 else text[: most + 20] + "…"


def cause(error: Exception) -> str:
    """What the system says of an error, in small letters and on one line, for the middle of a message."""
    said = getattr(error, "strerror", None) or " ".join(str(error).split())[:LONG] or type(error).__name__
    return said.lower()


def first_wrong(error: Exception) -> str:
    """The first thing that is not right in a file, as pydantic says it (with its place), or who read the file."""
    from pydantic import ValidationError  # late: names of commands are listed without it

    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
