"""Start a painting: noise, levels, sampler and guidance, put together as the recipe says."""

from sfumato.core.canvas import Canvas
from sfumato.core.card import Card
from sfumato.core.recipe import Recipe
from sfumato.engine.conductor import Task
from sfumato.engine.families import Model, Text
from sfumato.engine.guidance.classifier_free import classifier_free
from sfumato.engine.guidance.distilled import distilled
from sfumato.engine.guidance.plain import plain
from sfumato.engine.noise import SeededNoise
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import Training, schedules


def start(recipe: Recipe, canvas: Canvas, model: Model) -> tuple[Task, Text]:
    """The painting as a task for the conductor, and the prompt as the model has read it."""
    card = model.card
    noise = SeededNoise(recipe.seed, model.latent_shape(canvas.width, canvas.height))
    training = Training(scale=card.noise.scale, shift=card.noise.shift)
    sigmas = schedules[recipe.schedule].sigmas(recipe.steps, training, model.tokens(canvas.width, canvas.height))
    painting = samplers[recipe.sampler].start(noise() * sigmas[0], sigmas, noise, training.scale)
    text = model.read(styled(recipe, card))
    if card.guidance_kind == "distilled":
        guided = distilled(painting, text, recipe.guidance)
    elif card.guidance_kind == "none" or recipe.guidance == 1:
        guided = plain(painting, text)
    else:
        guided = classifier_free(painting, text, model.read(recipe.negative or ""), recipe.guidance, recipe.rescale)
    return Task(guided, model, sigmas), text


def styled(recipe: Recipe, card: Card) -> str:
    """The prompt with its style's words, as the card says they are put."""
    if recipe.style is None or card.styles is None:
        return recipe.prompt
    words = card.styles.names[recipe.style]
    return card.styles.suffix.replace("{style}", words).replace("{prompt}", recipe.prompt)
