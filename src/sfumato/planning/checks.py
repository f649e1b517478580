"""What one field of an order may be on a model: each check gives the value to paint with, or says why it cannot be."""

from typing import Any

from sfumato.catalog.presets import style_presets
from sfumato.core.card import OWN, Card, Range
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.ranges import checked
from sfumato.core.recipe import Recipe, Toward
from sfumato.core.registry import Registry, unknown
from sfumato.engine.caches import USUAL, caches
from sfumato.engine.samplers import Sampler, samplers
from sfumato.engine.schedules import Schedule, schedules
from sfumato.engine.strength import steps_at
from sfumato.operations import Operation, operations
from sfumato.planning.prompts import checked_prompt, checked_weights

RESCALE = Range(low=0, high=1, default=0)
CACHE = Range(low=0, high=1, default=0)
OURS = style_presets()


def checked_operation(order: Order, card: Card) -> Operation:
    """The order's operation; RequestError if the model cannot do it, or where it has no such field."""
    operation = operations[order.operation]
    if not operation.needs & set(card.operations):
        can = [name for name in operations.names() if operations[name].needs & set(card.operations)]
        raise RequestError(f"{card.name} cannot do {order.operation}: it does {', '.join(can)}; choose another --model")
    set_here = {name for name in some_fields() if getattr(order, name) != Order.model_fields[name].default}
    if idle := sorted(set_here - operation.takes):
        name = idle[0].replace("_", "-")
        raise RequestError(f"{order.operation} has no {name}: leave it out")
    if order.strength not in {None, 1} and not card.takes_strength:
        raise RequestError(f"{card.name} is told in words what to change: leave --strength out")
    return operation


def some_fields() -> set[str]:
    """Fields of an order that not every operation takes."""
    return {name for operation in operations for name in operation.takes}


def checked_strength(recipe: Recipe, card: Card) -> None:
    """RequestError where no step is left to paint anything."""
    if recipe.strength > 0 and not steps_at(recipe.strength, recipe.steps, card.noise.scale):
        raise RequestError(
            f"strength {recipe.strength:g} leaves none of {recipe.steps} steps: give at least {1 / recipe.steps:.3f}, "
            f"or more --steps"
        )


def checked_rescale(rescale: float | None, card: Card) -> float:
    """How far guidance is rescaled, 0 to 1; RequestError where the model guides itself."""
    rescale = checked("rescale", rescale, RESCALE)
    if rescale and card.sampler == OWN:
        raise RequestError(f"{card.name} cannot rescale its guidance: leave --rescale out")
    return rescale


def checked_kind_of_cache(kind: str | None, share: float, card: Card) -> str:
    """How looks are to be answered by earlier ones; RequestError where the model's cannot be so."""
    kind = USUAL if kind is None else kind
    reason = caches[kind].refuses(card) if share or kind != USUAL else ""
    if reason:
        kinds = [name for name in caches.names() if not caches[name].refuses(card)]
        raise RequestError(f"{card.name} {reason}: leave --cache{'-kind' if kinds else ''} out")
    return kind


def checked_fast(fast: bool, card: Card) -> bool:
    """Whether to compute in 8 bits; RequestError where that is so already."""
    if fast and card.repository is None:
        raise RequestError(f"{card.name} is as fast as it can be: leave --fast out")
    return fast


def checked_part(registry: Registry[Sampler] | Registry[Schedule], name: str | None, default: str, card: Card) -> str:
    """A sampler or schedule that the card's model can use; UnknownName, or RequestError with the reason."""
    if name is None or name == default:
        return default
    if default == OWN:
        raise RequestError(f"{card.name} paints with its own {registry.kind}: leave --{registry.kind} out")
    if reason := registry[name].refuses(card.noise.scale):
        raise RequestError(f"{card.name} cannot use {registry.kind} {name!r}: {reason}")
    return name


def checked_style(style: str | None, card: Card) -> str | None:
    """The name of a style that the model has of its own, None for none; UnknownName, or RequestError with a way out."""
    if style is None or style == "none":
        return None
    if style in OURS.names() and (card.styles is None or style not in card.styles.names):
        raise RequestError(f"{card.name} has no style {style!r} of its own: --preset {style} says it in words")
    if card.styles is None:
        raise RequestError(f"{card.name} has no styles: leave --style out and say it in the prompt")
    if style not in card.styles.names:
        raise unknown(f"style of {card.name}", style, sorted(card.styles.names))
    return style


def computed(asked: Order | Recipe, card: Card) -> dict[str, Any]:
    """Fields of a recipe: how its picture is computed, whatever is on it; RequestError where it cannot be so."""
    cache = checked("cache", asked.cache, CACHE)
    return {
        "sampler": checked_part(samplers, asked.sampler, card.sampler, card),
        "schedule": checked_part(schedules, asked.schedule, card.schedule, card),
        "guidance": checked("guidance", asked.guidance, card.guidance),
        "rescale": checked_rescale(asked.rescale, card),
        "cache": cache,
        "cache_kind": checked_kind_of_cache(asked.cache_kind, cache, card),
        "steps": int(checked("steps", asked.steps, card.steps)),
        "fast": checked_fast(asked.fast, card),
    }


def checked_toward(toward: Toward, card: Card) -> Toward:
    """RequestError where the model cannot go part of the way to another picture."""
    if card.sampler == OWN:
        raise RequestError(f"{card.name} paints whole and knows no way between pictures: choose another --model")
    if toward.prompt is not None:
        checked_prompt(toward.prompt)
        checked_weights([toward.prompt], card)
    return toward
