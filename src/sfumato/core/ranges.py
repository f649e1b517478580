"""Numbers that have a range: refused outside it, with the nearest right value."""

from sfumato.core.card import Range
from sfumato.core.errors import RequestError
from sfumato.core.wording import shown


def checked(name: str, value: float | None, range: Range) -> float:
    """The value, or the card's default for a blank; RequestError with the range and the nearest right value."""
    if value is None:
        return range.default
    if value != value:
        raise RequestError(f"{name} is not a number: give {range.low:g} to {range.high:g} (usually {range.default:g})")
    if not range.low <= value <= range.high:
        nearest = range.low if value < range.low else range.high
        raise RequestError(
            f"{name} {shown(value)} is outside {range.low:g} to {range.high:g}; the nearest is {nearest:g}"
        )
    return value


def checked_whole(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        nearest = low if value < low else high
        raise RequestError(f"{name} {shown(value)} is outside {low} to {high}; the nearest is {nearest}")
    return value
