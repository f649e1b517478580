"""Backgrounds asked for in the prompt, of a model that paints them worse than finishing lays them.

Small models lose the thing on a ground: it fills less of the square. So "a rocket on a pink background" is painted as
"a rocket" on nothing, and laid on the card's pink; the recipe tells both.
"""

import re

from sfumato.core.card import Card
from sfumato.core.order import Order


def spoken_ground(order: Order, card: Card) -> Order:
    """The order with a background out of its prompt; the order itself where there is none, or one is given already."""
    if not card.grounds or order.background is not None:
        return order
    colours = "|".join(map(re.escape, sorted(card.grounds, key=len, reverse=True)))
    found = re.fullmatch(
        rf"(?P<thing>.*\S)\s+(?:on|against|in front of) an? (?P<colour>{colours}) (?:back)?ground(?P<rest>\b.*)",
        order.prompt, re.IGNORECASE | re.DOTALL,
    )  # fmt: skip
    if found is None:
        return order
    prompt = found["thing"].removesuffix(",") + found["rest"]
    return order.model_copy(update={"prompt": prompt, "background": card.grounds[found["colour"].lower()]})
