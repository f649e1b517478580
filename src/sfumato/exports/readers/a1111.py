"""AUTOMATIC1111's `parameters`, and what Forge adds: from a PNG's text chunk, or EXIF's user comment."""

from collections.abc import Callable, Mapping
from typing import Any

from sfumato.exports.parameters import SAMPLERS, SCHEDULES, taken_apart, without_loras
from sfumato.exports.readers import Found, Reader
from sfumato.exports.readers._values import number, one, seed, side, steps

OUR_SAMPLERS = {theirs.lower(): ours for ours, theirs in SAMPLERS.items()}
OUR_SCHEDULES = {theirs.lower(): ours for ours, theirs in SCHEDULES.items()}
OURS_AS_THEY_ARE = ("linear", "flow", "flow-dynamic")  # have no name there; `parameters.py` writes ours


def read(texts: Mapping[str, str]) -> Found | None:
    """Any `parameters` text counts; a user comment only if it ends with such settings, for cameras write them too."""
    written, comment = texts.get("parameters"), texts.get("UserComment")
    if written is None and (comment is None or "Steps" not in taken_apart(comment)[2]):
        return None
    prompt, negative, settings = taken_apart(written if written is not None else comment or "")
    prompt, loras = without_loras(prompt)
    fields: dict[str, Any] = {"loras": loras} if loras else {}
    unread = []
    for name, value in settings.items():
        taken = FIELDS[name](value) if name in FIELDS else {}
        fields |= taken
        if not taken and (name, value) not in MEANINGLESS:
            unread.append(name)
    distilled = number(settings.get("Distilled CFG Scale"))
    if distilled is not None and fields.get("guidance", 1) == 1:  # Forge: the real one of a distilled model
        fields["guidance"] = distilled
        unread.remove("Distilled CFG Scale")
    return Found("a1111", prompt=prompt, negative=negative, unread=tuple(unread), **fields)


def _size(value: str) -> dict[str, Any]:
    width, height = (side(half) for half in value.partition("x")[::2])
    return {"width": width, "height": height} if width and height else {}


def _sampler(value: str) -> dict[str, Any]:
    """`Euler a`; before 1.9 with the schedule behind it: `DPM++ 2M Karras`."""
    name = value.lower()
    for theirs, ours in OUR_SCHEDULES.items():
        if name.endswith(" " + theirs) and name.removesuffix(" " + theirs) in OUR_SAMPLERS:
            return {"sampler": OUR_SAMPLERS[name.removesuffix(" " + theirs)], "schedule": ours}
    return {"sampler": OUR_SAMPLERS[name]} if name in OUR_SAMPLERS else {}


def _schedule(value: str) -> dict[str, Any]:
    name = value.lower()
    ours = name if name in OURS_AS_THEY_ARE else OUR_SCHEDULES.get(name)
    return {"schedule": ours} if ours else {}


FIELDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "Steps": one("steps", steps),
    "Sampler": _sampler,
    "Schedule type": _schedule,
    "CFG scale": one("guidance", number),
    "Seed": one("seed", seed),
    "Size": _size,
    "Model": one("model", lambda value: value or None),
}
MEANINGLESS = {("Version", "Sfumato")}

PART = Reader(rank=2, tags=frozenset({"parameters", "UserComment"}), read=read)
