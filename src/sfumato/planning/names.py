"""Models by the names that hosted services give them, and sizes that a model cannot paint, brought to what it can.

Programs written for a hosted service ask for its models and its sizes. What stands in for them is decided here, and
said in a warning; a recipe always names the model that really paints.
"""

from collections.abc import Collection, Mapping

from sfumato.core.card import Card, Sizes
from sfumato.core.errors import RequestError
from sfumato.core.ranges import checked
from sfumato.core.wording import shown
from sfumato.finishing import LARGEST
from sfumato.planning.sizes import nearest_shape

HOSTED = {
    "gpt-image": "", "chatgpt-image": "", "dall-e": "",
    "black-forest-labs/flux-schnell": "flux-schnell", "black-forest-labs/flux-fill": "flux-fill",
    "black-forest-labs/flux-kontext": "flux-kontext", "black-forest-labs/flux": "flux-dev",
    "ideogram-ai/": "", "stability-ai/stable-diffusion": "stable-diffusion",
    "flux-pro-1.0-fill": "flux-fill", "flux-pro-1.0-expand": "flux-fill", "flux-pro": "flux-dev",
    "flux-dev": "flux-dev", "flux-kontext": "flux-kontext", "flux-2-klein-4b": "flux2-klein-4b",
    "flux-2-klein-9b": "flux2-klein-9b", "flux-2-": "flux2-dev", "ideogram": "",
}  # fmt: skip
"""Beginnings of hosted names, the more special first, and what is nearest to them; "": nothing is."""


def stand_in(
    name: str | None, aliases: Mapping[str, str], known: Collection[str], here: Collection[str]
) -> tuple[str | None, list[str]]:
    """The model of ours for a name, and a warning if it is another one; None: the one used when none is named.

    aliases: as the settings say. known: every model's name. here: those whose files are there. A name that is neither
    hosted nor ours is returned as it is, so that planning refuses it.
    """
    if name is None:
        return None, []
    if name in aliases:
        return aliases[name], []
    if name in known and name in here:
        return name, []
    wanted = next((ours for start, ours in HOSTED.items() if name.startswith(start)), None)
    if wanted is None:
        return name, []
    if wanted in here:
        return wanted, [] if wanted == name.rpartition("/")[2] else [f"{shown(name)} is painted by {wanted}"]
    return None, [f"{shown(name)} is not here: the usual model paints it; SFUMATO_ALIASES says which is to"]


def fitted(size: tuple[int, int], sizes: Sizes) -> tuple[tuple[int, int], tuple[str, ...], list[str]]:
    """A size that the model can be asked for, the finishing steps from there to `size`, and a warning if there are any.

    size: (width, height), pixels; RequestError for what no picture can have.
    """
    width, height = size
    if not (0 < width <= LARGEST and 0 < height <= LARGEST):
        raise RequestError(f"size {shown(width)}x{shown(height)} is not possible: each side is 1 to {LARGEST}")
    nearest = nearest_shape(size, sizes)
    if nearest == size:
        return size, (), []
    said = f"painted at {nearest[0]}x{nearest[1]} and brought to {width}x{height}, which the model does not paint"
    return nearest, (f"resize:{width}x{height}",), [said]


def fitted_guidance(value: float, card: Card) -> tuple[float, list[str]]:
    """The nearest guidance that the model takes, and a warning if that is another.

    For APIs whose clients always send one, made for other models. RequestError for what is no number.
    """
    taken = card.guidance
    if taken.low <= value <= taken.high:
        return value, []
    if value != value:
        return checked("guidance", value, taken), []
    nearest = min(max(value, taken.low), taken.high)
    return nearest, [f"guidance {value:g} is not taken by {card.name}: painted at {nearest:g}"]
