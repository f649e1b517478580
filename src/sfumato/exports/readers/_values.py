"""What strangers wrote, turned into values of ours or into nothing: no error, no endless number, no deep nesting."""

import json
import math
from collections.abc import Callable
from typing import Any

BIGGEST_SEED = 2**64 - 1
BIGGEST_SIDE = 10**6  # pixels
MOST_STEPS = 10**6


def parsed(text: str) -> dict[str, Any] | None:
    """A JSON object; None for everything else, nesting beyond Python's limit too. ComfyUI's NaN may stay."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text(value: Any) -> str | None:
    """A text as it is; half a surrogate pair, which no file can hold, is replaced."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else None


def whole(value: Any, low: int, high: int) -> int | None:
    """A whole number, or its digits, from low to high."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high else None


def number(value: Any) -> float | None:
    """A finite number, or one spelled out."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or len(str(value)[:41]) > 40:
        return None
    try:
        real = float(value)
    except (ValueError, OverflowError):
        return None
    return real if math.isfinite(real) else None


def seed(value: Any) -> int | None:
    """From 0 to 2**64 - 1."""
    return whole(value, 0, BIGGEST_SEED)


def steps(value: Any) -> int | None:
    """At least one."""
    return whole(value, 1, MOST_STEPS)


def side(value: Any) -> int | None:
    """Pixels, at least one."""
    return whole(value, 1, BIGGEST_SIDE)


def one(name: str, take: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    """Reads a field of ours of this name; nothing where `take` makes None of what is written."""
    return lambda value: {} if (taken := take(value)) is None else {name: taken}
