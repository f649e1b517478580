"""The words that a model reads: the prompt as it was typed, or expanded, or put into a style preset."""

from collections.abc import Callable

from sfumato.catalog.presets import StylePreset
from sfumato.core.card import Card
from sfumato.core.order import Order
from sfumato.core.shelf import Shelf
from sfumato.planning.expanding import expanded, rules
from sfumato.planning.prompts import checked_negative, checked_prompt

MOST_SHOWN = 20


def wording(order: Order, card: Card, presets: Shelf[StylePreset], *, wordless: bool = False) -> Callable[[int], str]:
    """What is read for a picture of some seed; RequestError names what cannot be. wordless: it may be nothing."""
    prompt, preset = checked_prompt(order.prompt, may_be_empty=wordless), _preset(order, presets)
    by = rules[card.expand] if order.expand else None

    def words(seed: int) -> str:
        said = prompt if by is None else expanded(prompt, seed, by)
        return said if preset is None else checked_prompt(preset.read(said))

    words(0)  # what a preset cannot read is said now, before anything is painted
    return words


def negative_wording(order: Order, card: Card, presets: Shelf[StylePreset]) -> tuple[str | None, list[str]]:
    """The negative prompt with the preset's, None if blank; and warnings."""
    negative, preset = checked_negative(order.negative, card), _preset(order, presets)
    if preset is None or not preset.negative:
        return negative, []
    if not card.text.negative:
        return None, [f"{card.name} takes no negative prompt: what preset {preset.name!r} avoids is not said to it"]
    return checked_negative(f"{negative}, {preset.negative}" if negative else preset.negative, card), []


def listed(prompts: list[str], asked: str) -> list[str]:
    """What is read where it is not what was typed, one line each; the same prompt once."""
    others = [prompt for prompt in dict.fromkeys(prompts) if prompt != asked]
    more = [f"and {len(others) - MOST_SHOWN} more"] if len(others) > MOST_SHOWN else []
    return [f"prompt: {prompt}" for prompt in others[:MOST_SHOWN]] + more


def _preset(order: Order, presets: Shelf[StylePreset]) -> StylePreset | None:
    return None if order.preset is None else presets[order.preset]
