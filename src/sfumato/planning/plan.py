"""Turn one order into recipes: fill each blank from the card, refuse what cannot be, warn of what will not be read."""

from dataclasses import dataclass, field

from sfumato.catalog.presets import StylePreset
from sfumato.core.canvas import Pictures, no_pictures
from sfumato.core.card import Card
from sfumato.core.order import Order
from sfumato.core.ranges import checked_whole
from sfumato.core.recipe import Recipe
from sfumato.core.shelf import Shelf
from sfumato.planning.backgrounds import checked_background
from sfumato.planning.checks import (
    OURS,
    checked_operation,
    checked_strength,
    checked_style,
    computed,
)
from sfumato.planning.framing import finishing, framing
from sfumato.planning.grounds import spoken_ground
from sfumato.planning.loras import FindLora, checked_loras, no_loras
from sfumato.planning.prompts import checked_weights
from sfumato.planning.seeds import checked_seed
from sfumato.planning.steering import NO_MEANS, Means, checked_controls, checked_references, cut_off, made_by
from sfumato.planning.wordings import listed, negative_wording, wording
from sfumato.planning.words import checked_words
from sfumato.weights import NONE_KEPT, Weights

MOST_PICTURES = 10_000
ROUNDS = "--fast rounds the model's products to 8 bits: the picture is near the one without it, not the same"


@dataclass(frozen=True)
class Plan:
    """recipes: one a picture, in order. warnings: one line each, of what will not be done quite as asked.

    notes: what was decided that a person wants to see before it is painted, likewise.
    """

    recipes: list[Recipe]
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plan(
    order: Order,
    card: Card,
    find_lora: FindLora = no_loras,
    weights: Weights = NONE_KEPT,
    presets: Shelf[StylePreset] = OURS,
    pictures: Pictures = no_pictures,
    means: Means = NO_MEANS,
) -> Plan:
    """Recipes for an order on the card's model; RequestError names the first value that cannot be.

    weights: of the small models that finishing steps run. pictures: those that orders begin with. means: what is there
    to steer paintings by.
    """
    n = checked_whole("n", order.n, 1, MOST_PICTURES)
    operation = checked_operation(order, card)
    framed = framing(operation, order, card, pictures)
    read = spoken_ground(order, card) if operation.frame is None else order
    ground = checked_background(read.background)
    seed = checked_seed(order.seed, n)
    words = wording(read, card, presets, wordless=operation.wordless)
    negative, told_of_presets = negative_wording(order, card, presets)
    loras, told_of_loras = checked_loras(order.loras, card, find_lora)
    size, steps = finishing(order, card, framed, ground, weights, keeps_frame=operation.frame is not None)
    first = Recipe(
        model=card.name,
        weights=card.weights,
        prompt=order.prompt,
        negative=negative,
        style=checked_style(order.style, card),
        seed=seed,
        **computed(order, card),
        width=size[0],
        height=size[1],
        painted_width=framed.painted[0],
        painted_height=framed.painted[1],
        finish=steps,
        loras=tuple(loras),
        operation=order.operation,
        controls=tuple(checked_controls(order.controls, card, means, pictures)),
        references=tuple(checked_references(order.references, card, means, pictures)),
        **framed.decided,
    )
    checked_strength(first, card)
    recipes = [of_seed(first, seed + i, words(seed + i)) for i in range(n)]
    texts = [*(recipe.prompt for recipe in recipes), negative or ""]
    own, told_of_words = checked_words(texts, card, means.word)
    recipes = [recipe.model_copy(update={"embeddings": own}) for recipe in recipes] if own else recipes
    warnings = [
        *told_of_presets,
        *idle(order, first, card),
        *cut_off(first.controls, framed.size, pictures),
        *told_of_words,
        *checked_weights(dict.fromkeys(texts), card),
        *told_of_loras,
        *([ROUNDS] if first.fast else []),
        *framed.warnings,
    ]
    notes = [*listed([recipe.prompt for recipe in recipes], order.prompt), *made_by(order.controls, means)]
    if read is not order:
        notes.append(
            f"background: {ground}, laid behind the picture; --background transparent leaves it to {card.name}"
        )
    return Plan(recipes, warnings, notes)


def idle(order: Order, recipe: Recipe, card: Card) -> list[str]:
    """A warning for each wish of the order that changes nothing in its recipe."""
    warnings: list[str] = []
    if not card.asks_twice(recipe.guidance, recipe.negative):
        wishes = {"negative": order.negative, "rescale": recipe.rescale}
        warnings += [without_effect(name, card, recipe.guidance) for name, value in wishes.items() if value]
    if order.cache_kind is not None and not recipe.cache:
        warnings.append("--cache-kind has no effect without --cache: give --cache 0.5, or leave it out")
    if "<lora:" in order.prompt:
        warnings.append("<lora:...> in the prompt is read as words: use --lora name:weight")
    return warnings


def without_effect(name: str, card: Card, guidance: float) -> str:
    """A warning for a wish that only counts where each look is asked twice (see Card.asks_twice)."""
    if guidance == card.no_guidance and card.guidance_kind != "none":
        return f"at guidance {guidance:g}, --{name} has no effect: raise --guidance, or leave --{name} out"
    alone = " without --negative" if card.guidance_kind == "distilled" else ""
    return f"with {card.name}, --{name} has no effect{alone}: leave --{name} out"


def of_seed(recipe: Recipe, seed: int, words: str) -> Recipe:
    """The recipe with another seed, and the words that are read for it."""
    asked = recipe.prompt if words != recipe.prompt else None
    return recipe.model_copy(update={"seed": seed, "prompt": words, "asked": asked})
