"""Orders that begin with a picture, as hosted services have them: a picture, perhaps a mask, a size of the result.

Each service means its masks in its own way; here is the one place where a door says which, and ours comes out.
"""

from dataclasses import dataclass
from typing import Any

from PIL import Image

from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.framing import SAME, extension, within
from sfumato.http.desk import Desk
from sfumato.masks import EVERYWHERE, Polarity, Where
from sfumato.planning.backgrounds import checked_background

Size = tuple[int, int]


@dataclass(frozen=True)
class Change:
    """image: RGBA. mask: a picture whose `polarity` part is painted; None: all may change. strength: as an Order's.

    size: (width, height) of the result; None: the picture's own. stretched: a mask of another size is brought to it.
    around: what is missing to `size` is painted around the picture.
    """

    image: Image.Image
    mask: Image.Image | None = None
    polarity: Polarity = "white"
    strength: float | None = None
    size: Size | None = None
    stretched: bool = False
    around: bool = False


def changed(desk: Desk, change: Change, fields: dict[str, Any]) -> tuple[Order, list[str]]:
    """The order of a change, its pictures kept, and warnings. fields: of the Order; what is its `then` comes last."""
    steps, warnings = brought(change.image.size, change.size)
    if change.around and change.size is not None:
        fields = {**fields, **extended(change.image.size, change.size)}
        steps, warnings = (f"resize:{change.size[0]}x{change.size[1]}",), []
    mask = change.mask
    if mask is not None and change.stretched and mask.size != change.image.size:
        warnings = [*warnings, f"the mask, {mask.width}x{mask.height}, is brought to the picture's size"]
        mask = mask.resize(change.image.size, Image.Resampling.BILINEAR)
    wishes = {
        "operation": "image-to-image" if mask is None else "inpaint", "strength": change.strength, **fields,
        "then": (*steps, *fields.get("then", ())),
    }  # fmt: skip
    where = EVERYWHERE if mask is None else Where(mask, change.polarity)
    order, _ = desk.studio.begin(Order(**wishes), change.image, where)
    return order, warnings


def extended(size: Size, wanted: Size) -> dict[str, Any]:
    """Fields of an Order that extends a picture to a shape, as evenly as can be."""
    ratio = wanted[0] / wanted[1]
    across, down = max(0, round(size[1] * ratio) - size[0]), max(0, round(size[0] / ratio) - size[1])
    if not (across or down):
        return {"operation": "image-to-image", "strength": 0}
    return {"operation": "outpaint", "margins": (across // 2, down // 2, across - across // 2, down - down // 2)}


def brought(size: Size, wanted: Size | None) -> tuple[tuple[str, ...], list[str]]:
    """Finishing steps from one size to another, and a warning where the shape is another one."""
    if wanted is None or wanted == size:
        return (), []
    if abs(size[0] / size[1] * wanted[1] / wanted[0] - 1) <= SAME:
        return (f"resize:{wanted[0]}x{wanted[1]}",), []
    said = f"{wanted[0]}x{wanted[1]} is another shape than the picture's: its border goes on to fill that"
    return extension(within(size, wanted), wanted), [said]


def ground_steps(background: str | None, image: Image.Image) -> tuple[str, ...]:
    """Finishing steps for a picture that was changed: `transparent` cuts out what is opaque, a colour lies behind."""
    if background is None:
        return ()
    if (colour := checked_background(background)) != "transparent":
        return (f"background:{colour}",)
    return ("cutout",) if image.getchannel("A").getextrema()[0] == 255 else ()


def paced(times: float, card: Card) -> int | None:
    """So many times the model's usual steps, as far as it takes them; None: those."""
    return None if times == 1 else round(min(max(times * card.steps.default, card.steps.low), card.steps.high))


def size_of(text: str | None) -> Size | None:
    """Of `640x480`; None for a blank or `auto`."""
    if text in {None, "auto"}:
        return None
    width, _, height = str(text).lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise RequestError(f"size {str(text)[:40]!r} is no size: write it as 640x480")
    return int(width), int(height)
