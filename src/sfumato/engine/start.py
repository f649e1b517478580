"""Start a painting: noise, levels, sampler and guidance, put together as the recipe says."""

from math import sqrt
from typing import cast

from sfumato.core.canvas import Canvas
from sfumato.core.card import OWN
from sfumato.core.recipe import Recipe
from sfumato.engine.conductor import Task
from sfumato.engine.families import Model, WholeModel
from sfumato.engine.guidance.classifier_free import classifier_free
from sfumato.engine.guidance.distilled import distilled
from sfumato.engine.guidance.plain import plain
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Scale
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import Training, schedules


def start(recipe: Recipe, canvas: Canvas, model: Model) -> tuple[Task, list[str]]:
    """The painting as a task for the conductor, and the ends of its texts that the model does not read."""
    card = model.card
    if card.sampler == OWN:
        levels = [float(level) for level in range(recipe.steps, -1, -1)]
        return Task(cast(WholeModel, model).painting(recipe, canvas), model, levels), []
    noise = SeededNoise(recipe.seed, model.latent_shape(canvas.width, canvas.height))
    training = Training(**card.noise.model_dump(exclude={"prediction"}))
    sigmas = schedules[recipe.schedule].sigmas(recipe.steps, training, model.tokens(canvas.width, canvas.height))
    painting = samplers[recipe.sampler].start(
        noise() * spread(sigmas[0], training.scale), sigmas, noise, training.scale
    )
    texts = [model.read(card.styled(recipe.prompt, recipe.style))]
    if card.asks_twice(recipe.guidance, recipe.negative):
        texts.append(model.read(recipe.negative or ""))
        embedded = 1.0 if card.guidance_kind == "distilled" else None
        guided = classifier_free(painting, texts[0], texts[1], recipe.guidance, recipe.rescale, embedded)
    elif card.guidance_kind == "distilled":
        guided = distilled(painting, texts[0], recipe.guidance)
    else:
        guided = plain(painting, texts[0])
    return Task(guided, model, sigmas), [text.unread for text in texts if text.unread]


def spread(sigma: float, scale: Scale) -> float:
    """Of x at the first level, where a clean latent has unit spread: a diffusion model never saw less than that."""
    return sigma if scale == "flow" else sqrt(1 + sigma**2)
