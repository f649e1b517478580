"""Start a painting: noise, levels, sampler and guidance, put together as the recipe and the canvas say."""

from math import sqrt
from typing import cast

import numpy as np
from PIL import Image

from sfumato.core.canvas import Canvas
from sfumato.core.card import OWN, Card
from sfumato.core.errors import JobFailed
from sfumato.core.recipe import Recipe
from sfumato.engine.caches import caches
from sfumato.engine.conductor import Task
from sfumato.engine.families import Model, SteerableModel, Text, WholeModel
from sfumato.engine.guidance.between import between
from sfumato.engine.guidance.classifier_free import classifier_free
from sfumato.engine.guidance.distilled import distilled
from sfumato.engine.guidance.plain import plain
from sfumato.engine.known import keeping
from sfumato.engine.noise import SeededNoise, TurnedNoise
from sfumato.engine.painting import Guided, Latent, Painting, Scale
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import Training, schedules
from sfumato.engine.steering import PlaceOf, Steering, no_place, steering
from sfumato.engine.strength import levels_at, noised, steps_at


def start(recipe: Recipe, canvas: Canvas, model: Model, place_of: PlaceOf = no_place) -> tuple[Task, list[str]]:
    """The painting as a task for the conductor, and the ends of its texts that the model does not read.

    place_of: where the networks are that steer it.
    """
    card = model.card
    getattr(model, "begin", lambda: None)()
    if card.sampler == OWN:
        levels = [float(level) for level in range(steps_at(canvas.strength, recipe.steps, card.noise.scale), -1, -1)]
        return Task(cast(WholeModel, model).painting(recipe, canvas), model, levels), []
    training = Training(**card.noise.model_dump(exclude={"prediction"}))
    sigmas = schedules[recipe.schedule].sigmas(recipe.steps, training, model.tokens(canvas.width, canvas.height))
    sigmas = levels_at(canvas.strength, sigmas, training.scale)
    painting = painted_from(recipe, canvas, model, sigmas)
    guided, texts = guided_by(recipe, painting, model, steering(recipe, canvas, sigmas, place_of))
    return Task(guided, model, sigmas), [text.unread for text in texts if text.unread]


def painted_from(recipe: Recipe, canvas: Canvas, model: Model, sigmas: list[float]) -> Painting:
    """The sampler under way from the canvas: from noise, from what it begins with, or from that where it is kept."""
    card, scale = model.card, model.card.noise.scale
    noise = noise_of(recipe, model.latent_shape(canvas.width, canvas.height), canvas.round - 1)
    begun, masked = canvas.start is not None and card.begins, canvas.mask is not None and card.begins
    known = encoded(canvas, model) if begun else 0.0
    free = free_places(cast(Image.Image, canvas.mask), noise.shape) if masked else 1.0
    if not begun or canvas.strength == 1:  # of the start only what the mask keeps counts
        x = noise() * spread(sigmas[0], scale) + noised(known * (1 - free), 0, sigmas[0], scale)
    else:
        x = noised(known, noise(), sigmas[0], scale)
    painting = samplers[recipe.sampler].start(x, sigmas, noise, scale)
    if masked:
        painting = keeping(painting, known, free)
    return caches[recipe.cache_kind].painting(painting, sigmas, recipe.cache) if recipe.cache else painting


def guided_by(recipe: Recipe, painting: Painting, model: Model, beside: Steering) -> tuple[Guided, list[Text]]:
    """The painting with its texts, as the recipe and the model guide it; and the texts that are read for it."""
    card = model.card

    def read(prompt: str, wanted: bool = True) -> Text:
        text = model.read(prompt)
        return cast(SteerableModel, model).steered(text, beside, wanted) if is_steered(beside, card) else text

    texts = [read(card.styled(recipe.prompt, recipe.style))]
    if card.asks_twice(recipe.guidance, recipe.negative):
        texts.append(read(recipe.negative or "", wanted=False))
        embedded = 1.0 if card.guidance_kind == "distilled" else None
        scale = recipe.guidance - card.no_guidance + 1  # as classifier_free measures it, where 1 is none
        guided = classifier_free(painting, texts[0], texts[1], scale, recipe.rescale, embedded, card.steady_guidance)
    elif card.guidance_kind == "distilled":
        guided = distilled(painting, texts[0], recipe.guidance)
    else:
        guided = plain(painting, texts[0])
    if recipe.toward is not None and recipe.toward.prompt is not None:
        other = read(card.styled(recipe.toward.prompt, recipe.style))
        guided = between(guided, texts[0], other, recipe.toward.share)
        texts.append(other)
    if recipe.cache:
        guided = caches[recipe.cache_kind].guided(guided, recipe.cache)
    return guided, texts


def is_steered(beside: Steering, card: Card) -> bool:
    """Whether looks are to know more than their text."""
    return bool(beside.controls or beside.references or {"fill", "instruct"} & set(card.operations))


def spread(sigma: float, scale: Scale) -> float:
    """Of x at the first level, where a clean latent has unit spread: a diffusion model never saw less than that."""
    return sigma if scale == "flow" else sqrt(1 + sigma**2)


def noise_of(recipe: Recipe, shape: tuple[int, ...], round: int) -> SeededNoise | TurnedNoise:
    """The seed's, or part of the way to another seed's."""
    noise = SeededNoise(recipe.seed, shape, round)
    if recipe.toward is None or recipe.toward.seed is None:
        return noise
    return TurnedNoise(noise, SeededNoise(recipe.toward.seed, shape, round), recipe.toward.share)


def encoded(canvas: Canvas, model: Model) -> Latent:
    """What the canvas begins with, as the model has it."""
    assert canvas.start is not None
    latent = model.encode(np.asarray(canvas.start))
    if tuple(latent.shape) != (shape := model.latent_shape(canvas.width, canvas.height)):
        raise JobFailed(f"{model.card.name} encodes to {tuple(latent.shape)}, not {shape}; its family has a fault")
    return latent


def free_places(mask: Image.Image, shape: tuple[int, ...]) -> np.ndarray:
    """1 at each place of a latent of this shape that any white of the mask touches, else 0: float32 (height, width)."""
    high, wide = shape[-2:]
    white = np.asarray(mask) > 0
    rows = np.maximum.reduceat(white, np.arange(high) * white.shape[0] // high, axis=0)
    return np.maximum.reduceat(rows, np.arange(wide) * white.shape[1] // wide, axis=1).astype(np.float32)
