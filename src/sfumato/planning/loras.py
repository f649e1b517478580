"""LoRA as it is asked for, `name:weight`, and as a recipe has it."""

from collections.abc import Callable, Sequence

from sfumato.core.card import Card, Range
from sfumato.core.errors import RequestError, UnknownName
from sfumato.core.ranges import checked
from sfumato.core.recipe import LoraUse
from sfumato.core.wording import shown
from sfumato.engine.weights.lora import Lora

FindLora = Callable[[str, Card], Lora]
"""The kept LoRA of a name, if it fits the card's model; UnknownName or RequestError if there is none such."""

WEIGHT = Range(low=-2, high=2, default=1)
MOST = 8


def no_loras(name: str, card: Card) -> Lora:
    """Where none are kept."""
    raise UnknownName(f"no LoRA named {shown(name)}: none are kept here")


def checked_loras(wishes: Sequence[str], card: Card, find: FindLora) -> tuple[list[LoraUse], list[str]]:
    """What is added to the model, and warnings; RequestError names the first wish that cannot be."""
    uses, warnings = [], []
    for wish in wishes:
        name, colon, said = wish.partition(":")
        name = name.strip().removesuffix(".safetensors")
        weight = checked(f"LoRA {shown(name)}: weight", _number(wish, said) if colon else None, WEIGHT)
        lora = find(name, card)
        uses.append(LoraUse(name=name, weight=weight, digest=lora.digest))
        learned_on = lora.tensors.metadata.get("base_sha256")
        if card.adaptable is not None and learned_on not in {None, card.digest_of(card.adaptable)}:
            warnings.append(
                f"LoRA {name!r} was learned on other weights of {card.name}: train it again if it fits badly"
            )
    _each_once(uses)
    return uses, warnings


def check_loras(uses: Sequence[LoraUse], card: Card, find: FindLora) -> None:
    """RequestError names the first of a recipe's LoRA that is not here as it was."""
    _each_once(uses)
    for use in uses:
        checked(f"LoRA {use.name!r}: weight", use.weight, WEIGHT)
        try:
            lora = find(use.name, card)
        except UnknownName as error:
            raise RequestError(
                f"the recipe needs LoRA {use.name!r} ({use.digest}), which is not here: put its file back; {error}"
            ) from error
        if lora.digest != use.digest:
            raise RequestError(
                f"the recipe needs LoRA {use.name!r} as {use.digest}, and the file here is {lora.digest}: the picture "
                f"would be another one; put the old file back, or paint anew with sfumato generate --lora {use}"
            )


def _number(wish: str, said: str) -> float:
    try:
        return float(said)
    except ValueError:
        raise RequestError(f"LoRA {shown(wish)} has no number behind its colon: write it as name:0.8") from None


def _each_once(uses: Sequence[LoraUse]) -> None:
    if len(uses) > MOST:
        raise RequestError(f"{len(uses)} LoRA are more than the {MOST} that can be added at once: leave some out")
    names = [use.name for use in uses]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RequestError(f"LoRA {twice!r} is named twice: give it one weight, as {twice}:1.2")
