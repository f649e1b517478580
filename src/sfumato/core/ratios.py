"""The aspect ratios that can be asked for by name, width to height: FLUX's eleven, and 3:1 and 1:3."""

import math
import re

from sfumato.core.errors import UnknownName
from sfumato.core.registry import unknown

RATIOS = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21", "3:1", "1:3")


def ratio_of(name: str | None) -> float:
    """Width to height; UnknownName says the ratio that is nearest in shape."""
    if name not in RATIOS:
        raise _unknown_ratio(str(name))
    return _divided(name)


def _divided(name: str) -> float:
    across, down = name.split(":")
    return int(across) / int(down)


def _unknown_ratio(name: str) -> UnknownName:
    """Names the ratio that is nearest in shape, where the wrong one is a shape at all."""
    if not re.fullmatch(r"[1-9]\d{0,5}:[1-9]\d{0,5}", name, re.ASCII):
        return unknown("aspect ratio", name, list(RATIOS))
    near = min(RATIOS, key=lambda known: abs(math.log(_divided(known) / _divided(name))))
    return UnknownName(f"no aspect ratio named {name!r}; the nearest is {near!r} of {', '.join(RATIOS)}")
