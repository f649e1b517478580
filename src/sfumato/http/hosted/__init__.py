"""Models of hosted services, as Replicate describes them: what each takes, and the order that it means. One file each.

To add one, add a file with a pydantic model of its input, field by field as the vendor has it, and
`PART = Hosted(name, Input, wish)`. Which model of ours paints is decided by planning/names.py.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from sfumato.core.errors import NotFound, RequestError
from sfumato.core.registry import Registry
from sfumato.core.wording import shown
from sfumato.masks import Polarity


class Input(BaseModel):
    """What a hosted model takes; a field that it does not have is refused."""

    model_config = ConfigDict(extra="forbid")

    def given(self, name: str) -> Any:
        """A field's value if it was given: what was left out, the model that paints may choose."""
        return getattr(self, name) if name in self.model_fields_set else None


@dataclass(frozen=True)
class Wish:
    """An order's fields, without the model. size: (width, height) as the vendor has it, pixels; None: as it comes.

    format, quality: of files. warnings: of what has no effect here. image: what is begun with, as the input names it,
    or a file's bytes; mask: where to paint, `polarity` says what of it (one of another size is brought to the
    image's if it is `stretched`). strength: as an Order's. pace: times the model's usual steps. around:
    what is missing to `size` is painted around the image.
    """

    fields: dict[str, Any]
    size: tuple[int, int] | None
    format: str = "webp"
    quality: int | None = None
    warnings: tuple[str, ...] = ()
    image: str | bytes | None = None
    mask: str | bytes | None = None
    polarity: Polarity = "white"
    stretched: bool = True
    around: bool = False
    strength: float | None = None
    pace: float | None = None


@dataclass(frozen=True)
class Hosted:
    """name: owner/name. single: the output is one URL, not a list of them. versions: how the vendor's ids begin."""

    name: str
    Input: type[Input]
    wish: Callable[[Any], Wish]
    single: bool = False
    versions: tuple[str, ...] = ()
    about: str = field(default="", kw_only=True)


hosted: Registry[Hosted] = Registry(__name__, "hosted model")

IDLE = {
    "go_fast": "go_fast has no effect: it is painted as exactly as it always is",
    "disable_safety_checker": "there is no safety checker here",
    "safety_tolerance": "there is no safety checker here",
}
"""Fields that change nothing here, and what to know about them."""


def idle(given: Input) -> tuple[str, ...]:
    """A warning for each field that was given and has no effect."""
    return tuple(text for name, text in IDLE.items() if given.given(name) not in {None, False})


def by_name(name: str) -> Hosted:
    """The hosted model of an owner/name; NotFound."""
    found = next((one for one in hosted if one.name == name), None)
    if found is None:
        raise NotFound(f"no model {shown(name)} here; there are {', '.join(one.name for one in hosted)}")
    return found


def by_version(id: str) -> Hosted:
    """The hosted model of a version's id, ours or the vendor's; RequestError."""
    for one in hosted:
        if version_id(one) == id or (one.versions and id.startswith(one.versions)):
            return one
    raise RequestError(f"no version {shown(id)} here: give owner/name, of {', '.join(one.name for one in hosted)}")


def version_id(model: Hosted) -> str:
    """64 hexadecimal digits that change when the model's input does."""
    return hashlib.sha256(json.dumps([model.name, model.Input.model_json_schema()]).encode()).hexdigest()
