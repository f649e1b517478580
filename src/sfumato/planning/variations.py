"""Recipes like a finished one: part of the way to other noise, or to other words."""

from sfumato.core.card import Card, Range
from sfumato.core.errors import RequestError
from sfumato.core.ranges import checked, checked_whole
from sfumato.core.recipe import Recipe, Toward
from sfumato.planning.checks import checked_toward
from sfumato.planning.plan import MOST_PICTURES, Plan
from sfumato.planning.seeds import checked_seed

AMOUNT = Range(low=0, high=1, default=0.3)


def turned(recipe: Recipe, card: Card, n: int, seed: int | None, amount: float | None) -> Plan:
    """n recipes like one: its noise turned by an amount, 0 to 1, towards that of seed, seed + 1 ..."""
    if recipe.toward is not None:
        raise RequestError("this picture is a variation itself: vary the one that it comes from")
    n, share = checked_whole("n", n, 1, MOST_PICTURES), checked("amount", amount, AMOUNT)
    first = checked_seed(seed, n)
    toward = [checked_toward(Toward(seed=first + i, share=share), card) for i in range(n)]
    return Plan([recipe.model_copy(update={"toward": there}) for there in toward])


def row_between(recipe: Recipe, card: Card, n: int, prompt: str | None, seed: int | None) -> Plan:
    """n recipes, in even steps from one to what it is with another prompt, or seed, or both."""
    if prompt is None and seed is None:
        raise RequestError("say where the row ends: another prompt, or --to-seed")
    n = checked_whole("n", n, 2, MOST_PICTURES)
    seed = None if seed is None else checked_seed(seed, 1)
    ends = [Toward(seed=seed, prompt=prompt, share=i / (n - 1)) for i in range(n)]
    return Plan([recipe.model_copy(update={"toward": checked_toward(end, card)}) for end in ends])
