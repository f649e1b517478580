"""A recipe that comes from a file, perhaps a stranger's: it may ask for no more than an order could."""

from collections.abc import Mapping
from typing import Any

from sfumato.core.canvas import Pictures, no_pictures
from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.operations import STEERED, operations
from sfumato.planning.chains import checked_chain
from sfumato.planning.checks import (
    checked_operation,
    checked_strength,
    checked_style,
    checked_toward,
    computed,
    some_fields,
)
from sfumato.planning.framing import framing
from sfumato.planning.loras import FindLora, check_loras, no_loras
from sfumato.planning.prompts import checked_negative, checked_prompt, checked_weights
from sfumato.planning.sizes import checked_size
from sfumato.planning.steering import NO_MEANS, Means, check_steering
from sfumato.weights import NONE_KEPT, Weights


def check(
    recipe: Recipe,
    card: Card,
    find_lora: FindLora = no_loras,
    weights: Weights = NONE_KEPT,
    pictures: Pictures = no_pictures,
    means: Means = NO_MEANS,
) -> None:
    """RequestError names the first value that the card does not allow; so nothing takes endless time or memory."""
    order = as_asked(recipe)
    operation = checked_operation(order, card)
    checked_size(recipe.painted_size, card.sizes)
    begun = recipe.painted_size
    if operation.frame is not None:
        framed = framing(operation, order, card, pictures)
        begun = framed.size
        check_decided(recipe, {**framed.decided, "painted_size": framed.painted})
    _, size = checked_chain(recipe.finish, begun, weights)
    if size != recipe.size:
        raise RequestError(f"the recipe's finishing steps {shown(recipe.finish)} do not lead to its size")
    computed(recipe, card)
    for prompt in (recipe.prompt, recipe.asked):
        checked_prompt(recipe.prompt if prompt is None else prompt, may_be_empty=operation.wordless)
    checked_negative(recipe.negative, card)
    checked_weights([recipe.prompt, recipe.negative or ""], card)
    checked_style(recipe.style, card)
    check_loras(recipe.loras, card, find_lora)
    check_steering(recipe, card, means, pictures)
    checked_strength(recipe, card)
    if recipe.toward is not None:
        checked_toward(recipe.toward, card)


def check_decided(recipe: Recipe, decided: Mapping[str, Any]) -> None:
    """RequestError names the first field that planning would have decided otherwise."""
    for name, value in decided.items():
        if (said := getattr(recipe, name)) != value:
            raise RequestError(f"the recipe's {name.replace('_', ' ')} {shown(said)} is not such as an order makes")


def as_asked(recipe: Recipe) -> Order:
    """The order whose operation, and what that begins with, would come out as the recipe has them."""
    takes = operations[recipe.operation].takes
    asked: dict[str, Any] = {
        name: tuple(use.picture for use in value) if name in STEERED else value
        for name, field in Recipe.model_fields.items()
        if name in some_fields()
        and ((value := getattr(recipe, name)) != field.default or name in takes)
        and (name in takes or not field.is_required())
    }
    return Order(prompt=recipe.prompt, operation=recipe.operation, **asked)
