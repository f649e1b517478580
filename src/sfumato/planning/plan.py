"""Turn one order into recipes: fill each blank from the card, refuse what cannot be, warn of what will not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sfumato.catalog.presets import StylePreset, style_presets
from sfumato.core.canvas import Pictures, no_pictures
from sfumato.core.card import OWN, Card, Range, Sizes
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.ranges import checked, checked_whole
from sfumato.core.recipe import Recipe, Toward
from sfumato.core.registry import Registry, unknown
from sfumato.core.shelf import Shelf
from sfumato.engine.caches import USUAL, caches
from sfumato.engine.samplers import Sampler, samplers
from sfumato.engine.schedules import Schedule, schedules
from sfumato.engine.strength import steps_at
from sfumato.operations import Operation, operations
from sfumato.planning.backgrounds import checked_background
from sfumato.planning.chains import checked_chain
from sfumato.planning.grounds import spoken_ground
from sfumato.planning.loras import FindLora, checked_loras, no_loras
from sfumato.planning.prompts import checked_prompt, checked_weights
from sfumato.planning.seeds import checked_seed
from sfumato.planning.sizes import asked_size, painted_size, seen_size
from sfumato.planning.steering import NO_MEANS, Means, checked_controls, checked_references, cut_off, made_by
from sfumato.planning.wordings import listed, negative_wording, wording
from sfumato.planning.words import checked_words
from sfumato.weights import NONE_KEPT, Weights

MOST_PICTURES = 10_000
AMOUNT = Range(low=0, high=1, default=0.3)
RESCALE = Range(low=0, high=1, default=0)
CACHE = Range(low=0, high=1, default=0)
OURS = style_presets()


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
    warnings: list[str] = []
    n = checked_whole("n", order.n, 1, MOST_PICTURES)
    operation = checked_operation(order, card)
    framed = framing(operation, order, card, pictures)
    read = spoken_ground(order, card) if operation.frame is None else order
    painted, ground = framed.painted, checked_background(read.background)
    sampler = checked_part(samplers, order.sampler, card.sampler, card)
    schedule = checked_part(schedules, order.schedule, card.schedule, card)
    seed = checked_seed(order.seed, n)
    words = wording(read, card, presets, wordless=operation.wordless)
    negative, told = negative_wording(order, card, presets)
    warnings += told
    guidance = checked("guidance", order.guidance, card.guidance)
    rescale = checked("rescale", order.rescale, RESCALE)
    if rescale and card.sampler == OWN:
        raise RequestError(f"{card.name} cannot rescale its guidance: leave --rescale out")
    if not card.asks_twice(guidance, negative):
        idle = [name for name, value in {"negative": order.negative, "rescale": rescale}.items() if value]
        warnings += [without_effect(name, card, guidance) for name in idle]
    cache = checked("cache", order.cache, CACHE)
    if order.cache_kind is not None and not cache:
        warnings.append("--cache-kind has no effect without --cache: give --cache 0.5, or leave it out")
    if "<lora:" in order.prompt:
        warnings.append("<lora:...> in the prompt is read as words: use --lora name:weight")
    loras, told = checked_loras(order.loras, card, find_lora)
    cut = ("cutout",) if order.background is not None and ground == "transparent" and not card.alpha else ()
    then, finished = checked_chain((*cut, *order.then), framed.size, weights)
    first = Recipe(
        model=card.name,
        weights=card.weights,
        prompt=order.prompt,
        negative=negative,
        style=checked_style(order.style, card),
        seed=seed,
        steps=int(checked("steps", order.steps, card.steps)),
        guidance=guidance,
        rescale=rescale,
        cache=cache,
        cache_kind=checked_kind_of_cache(order.cache_kind, cache, card),
        fast=checked_fast(order.fast, card),
        sampler=sampler,
        schedule=schedule,
        width=finished[0],
        height=finished[1],
        painted_width=painted[0],
        painted_height=painted[1],
        finish=then if operation.frame is not None else finishing_steps(card.sizes, framed.size, painted, then, ground),
        loras=tuple(loras),
        operation=order.operation,
        controls=tuple(checked_controls(order.controls, card, means, pictures)),
        references=tuple(checked_references(order.references, card, means, pictures)),
        **framed.decided,
    )
    warnings += cut_off(first.controls, framed.size, pictures)
    checked_strength(first, card)
    recipes = [of_seed(first, seed + i, words(seed + i)) for i in range(n)]
    own, told_of_words = checked_words([*(recipe.prompt for recipe in recipes), negative or ""], card, means.word)
    recipes = [recipe.model_copy(update={"embeddings": own}) for recipe in recipes] if own else recipes
    warnings += told_of_words
    warnings += checked_weights(dict.fromkeys([*(recipe.prompt for recipe in recipes), negative or ""]), card)
    notes = [*listed([recipe.prompt for recipe in recipes], order.prompt), *made_by(order.controls, means)]
    if read is not order:
        notes.append(
            f"background: {ground}, laid behind the picture; --background transparent leaves it to {card.name}"
        )
    rounds = [ROUNDS] if first.fast else []
    return Plan(recipes, warnings + told + rounds + list(framed.warnings), notes)


def of_seed(recipe: Recipe, seed: int, words: str) -> Recipe:
    """The recipe with another seed, and the words that are read for it."""
    asked = recipe.prompt if words != recipe.prompt else None
    return recipe.model_copy(update={"seed": seed, "prompt": words, "asked": asked})


@dataclass(frozen=True)
class Framing:
    """size, painted: (width, height), of the picture and of what the model paints. decided: more of the recipe."""

    size: tuple[int, int]
    painted: tuple[int, int]
    decided: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def framing(operation: Operation, order: Order, card: Card, pictures: Pictures) -> Framing:
    """Sizes, as the order says them or as they come of the picture that it begins with."""
    if operation.frame is None:
        size = asked_size(order, card.sizes)
        return Framing(size, painted_size(*size, card.sizes))
    frame = operation.frame(order, card, pictures)
    return Framing(frame.size, seen_size(*frame.seen, card.sizes), frame.decided, frame.warnings)


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


def checked_toward(toward: Toward, card: Card) -> Toward:
    """RequestError where the model cannot go part of the way to another picture."""
    if card.sampler == OWN:
        raise RequestError(f"{card.name} paints whole and knows no way between pictures: choose another --model")
    if toward.prompt is not None:
        checked_prompt(toward.prompt)
        checked_weights([toward.prompt], card)
    return toward


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


ROUNDS = "--fast rounds the model's products to 8 bits: the picture is near the one without it, not the same"


def without_effect(name: str, card: Card, guidance: float) -> str:
    """A warning for a wish that only counts where each look is asked twice (see Card.asks_twice)."""
    if guidance == card.no_guidance and card.guidance_kind != "none":
        return f"at guidance {guidance:g}, --{name} has no effect: raise --guidance, or leave --{name} out"
    alone = " without --negative" if card.guidance_kind == "distilled" else ""
    return f"with {card.name}, --{name} has no effect{alone}: leave --{name} out"


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
    if style is None or style == "none":
        return None
    if style in OURS.names() and (card.styles is None or style not in card.styles.names):
        raise RequestError(f"{card.name} has no style {style!r} of its own: --preset {style} says it in words")
    if card.styles is None:
        raise RequestError(f"{card.name} has no styles: leave --style out and say it in the prompt")
    if style not in card.styles.names:
        raise unknown(f"style of {card.name}", style, sorted(card.styles.names))
    return style


def finishing_steps(
    sizes: Sizes, size: tuple[int, int], painted: tuple[int, int], then: tuple[str, ...], background: str
) -> tuple[str, ...]:
    """What has to be done to the painted picture, in order, as a recipe names it; then: steps that are asked for.

    The square of a model that paints only squares goes into the middle of an empty canvas.
    """
    steps, (width, height) = [], size
    inside = (min(size), min(size)) if sizes.shape == "square" else size
    if painted != inside:
        steps.append(f"resize:{inside[0]}x{inside[1]}")
    if inside != size:
        steps.append(f"pad:{width}x{height}")
    steps += then
    if background != "transparent":
        steps.append(f"background:{background}")
    return tuple(steps)
