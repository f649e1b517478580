"""Start a painting: noise, levels, sampler and guidance, put together as the recipe says."""

from sfumato.core.canvas import Canvas
from sfumato.core.card import Card
from sfumato.core.recipe import Recipe
from sfumato.engine.conductor import Task
from sfumato.engine.families import Model
from sfumato.engine.guidance.classifier_free import classifier_free
from sfumato.engine.guidance.distilled import distilled
from sfumato.engine.guidance.plain import plain
from sfumato.engine.noise import SeededNoise
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import Training, schedules


def start(recipe: Recipe, canvas: Canvas, model: Model) -> tuple[Task, list[str]]:
    """The painting as a task for the conductor, and the ends of its texts that the model does not read."""
    card = model.card
    noise = SeededNoise(recipe.seed, model.latent_shape(canvas.width, canvas.height))
    training = Training(scale=card.noise.scale, shift=card.noise.shift)
    sigmas = schedules[recipe.schedule].sigmas(recipe.steps, training, model.tokens(canvas.width, canvas.height))
    painting = samplers[recipe.sampler].start(noise() * sigmas[0], sigmas, noise, training.scale)
    texts = [model.read(styled(recipe, card))]
    if card.guidance_kind == "distilled":
        guided = distilled(painting, texts[0], recipe.guidance)
    elif card.guidance_kind == "none" or recipe.guidance == 1:
        guided = plain(painting, texts[0])
    else:
        texts.append(model.read(recipe.negative or ""))
        guided = classifier_free(painting, texts[0], texts[1], recipe.guidance, recipe.rescale)
    return Task(guided, model, sigmas), [text.unread for text in texts if text.unread]


def styled(recipe: Recipe, card: Card) -> str:
    """The prompt with its style's words, as the card says they are put."""
    if recipe.style is None or card.styles is None:
        return recipe.prompt
    words = card.styles.names[recipe.style]
    return card.styles.suffix.replace("{style}", words).replace("{prompt}", recipe.prompt)
