"""Models of hosted services, as Replicate describes them: what each takes, and the order that it means. One file each.

To add one, add a file with a pydantic model of its input, field by field as the vendor has it, and
`PART = Hosted(name, Input, wish)`. Which model of ours paints is decided by planning/names.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from sfumato.core.errors import RequestError
from sfumato.core.registry import Registry


class Input(BaseModel):
    """What a hosted model takes; a field that it does not have is refused."""

    model_config = ConfigDict(extra="forbid")

    def given(self, name: str) -> Any:
        """A field's value if it was given: what was left out, the model that paints may choose."""
        return getattr(self, name) if name in self.model_fields_set else None


@dataclass(frozen=True)
class Wish:
    """An order's fields, without the model. size: (width, height) as the vendor has it, pixels.

    format, quality: of files. warnings: of what has no effect here.
    """

    fields: dict[str, Any]
    size: tuple[int, int] | None
    format: str = "webp"
    quality: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hosted:
    """name: owner/name. single: the output is one URL, not a list of them."""

    name: str
    Input: type[Input]
    wish: Callable[[Any], Wish]
    single: bool = False
    about: str = field(default="", kw_only=True)


hosted: Registry[Hosted] = Registry(__name__, "hosted model")

IDLE = {
    "go_fast": "go_fast has no effect: it is painted as exactly as it always is",
    "disable_safety_checker": "there is no safety checker here",
    "safety_tolerance": "there is no safety checker here",
    "prompt_upsampling": "the prompt is painted as it is written",
    "magic_prompt_option": "the prompt is painted as it is written",
}
"""Fields that change nothing here, and what to know about them."""


def idle(given: Input) -> tuple[str, ...]:
    """A warning for each field that was given and has no effect."""
    return tuple(text for name, text in IDLE.items() if given.given(name) not in {None, False, "Off"})


def no_picture(given: Input, *names: str) -> None:
    """RequestError for a picture to start from, which these orders cannot hold yet."""
    for name in names:
        if getattr(given, name) is not None:
            raise RequestError(f"{name}: pictures to start from are not taken here: leave it out")


def by_name(name: str) -> Hosted | None:
    """The hosted model of an owner/name; None if it is not known."""
    return next((one for one in hosted if one.name == name), None)
