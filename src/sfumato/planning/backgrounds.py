"""Background names and colours, in one form: `transparent` or `#rrggbb`."""

import re

from sfumato.core.errors import RequestError
from sfumato.core.wording import shown

NAMED = {"transparent": "transparent", "white": "#ffffff", "black": "#000000"}


def checked_background(background: str | None) -> str:
    """`transparent` (also for a blank) or `#rrggbb` in lower case."""
    if background is None:
        return "transparent"
    value = background.strip().lower()
    if value in NAMED:
        return NAMED[value]
    if re.fullmatch(r"#[0-9a-f]{6}", value):
        return value
    if re.fullmatch(r"#[0-9a-f]{3}", value):
        return "#" + "".join(2 * digit for digit in value[1:])
    raise RequestError(
        f"background {shown(background)} is not known: use transparent, white, black or a colour as #ff8800"
    )
