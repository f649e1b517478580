"""A recipe that comes from a file, perhaps a stranger's: it may ask for no more than an order could."""

from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.ranges import checked
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.planning.backgrounds import checked_background
from sfumato.planning.loras import FindLora, check_loras, no_loras
from sfumato.planning.plan import RESCALE, checked_part, checked_style, finishing_steps
from sfumato.planning.prompts import checked_negative, checked_prompt
from sfumato.planning.sizes import checked_size


def check(recipe: Recipe, card: Card, find_lora: FindLora = no_loras) -> None:
    """RequestError names the first value that the card does not allow; so nothing takes endless time or memory."""
    for size in recipe.size, recipe.painted_size:
        checked_size(size, card.sizes)
    checked_part(samplers, recipe.sampler, card.sampler, card)
    checked_part(schedules, recipe.schedule, card.schedule, card)
    checked("steps", recipe.steps, card.steps)
    checked("guidance", recipe.guidance, card.guidance)
    checked("rescale", recipe.rescale, RESCALE)
    checked_prompt(recipe.prompt)
    checked_negative(recipe.negative, card)
    checked_style(recipe.style, card)
    check_loras(recipe.loras, card, find_lora)
    grounds = [step.removeprefix("background:") for step in recipe.finish if step.startswith("background:")]
    ground = checked_background(grounds[0] if grounds else None)
    if recipe.finish != finishing_steps(card.sizes, recipe.size, recipe.painted_size, ground):
        raise RequestError(f"the recipe's finishing steps {shown(recipe.finish)} are not such as an order makes")
