"""A recipe that comes from a file, perhaps a stranger's: it may ask for no more than an order could."""

from sfumato.core.card import Card
from sfumato.core.errors import RequestError
from sfumato.core.ranges import checked
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.planning.chains import checked_chain
from sfumato.planning.loras import FindLora, check_loras, no_loras
from sfumato.planning.plan import RESCALE, checked_part, checked_style
from sfumato.planning.prompts import checked_negative, checked_prompt
from sfumato.planning.sizes import checked_size
from sfumato.weights import NONE_KEPT, Weights


def check(recipe: Recipe, card: Card, find_lora: FindLora = no_loras, weights: Weights = NONE_KEPT) -> None:
    """RequestError names the first value that the card does not allow; so nothing takes endless time or memory."""
    checked_size(recipe.painted_size, card.sizes)
    _, size = checked_chain(recipe.finish, recipe.painted_size, weights)
    if size != recipe.size:
        raise RequestError(f"the recipe's finishing steps {shown(recipe.finish)} do not lead to its size")
    checked_part(samplers, recipe.sampler, card.sampler, card)
    checked_part(schedules, recipe.schedule, card.schedule, card)
    checked("steps", recipe.steps, card.steps)
    checked("guidance", recipe.guidance, card.guidance)
    checked("rescale", recipe.rescale, RESCALE)
    for prompt in (recipe.prompt, recipe.asked):
        checked_prompt(recipe.prompt if prompt is None else prompt)
    checked_negative(recipe.negative, card)
    checked_style(recipe.style, card)
    check_loras(recipe.loras, card, find_lora)
