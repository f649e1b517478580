"""Pictures that steer a painting, as they are asked for: control pictures, `canny:SHA256:0.8:0-0.5`, and references."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sfumato.core.canvas import Pictures
from sfumato.core.card import Card, Range
from sfumato.core.errors import RequestError
from sfumato.core.ranges import checked
from sfumato.core.recipe import DIGEST, ControlUse, Recipe, ReferenceUse
from sfumato.core.wording import shown
from sfumato.planning.words import FindWord, check_words, no_words

WEIGHT = Range(low=0, high=2, default=1)
MOST = 4
"""Of control pictures, and of references, in one painting."""
SQUARE = 0.02  # of the ratio, by which a control picture may differ from what is painted before a part of it is cut off
FORM = "write it as canny:FILE, canny:FILE:0.8 or canny:FILE:0.8:0-0.5"


@dataclass(frozen=True)
class Means:
    """find: (name, digest) of the network for a card and a kind of picture, as Aids.find. check: as Aids.check.

    made: the sha256 of the control picture of a kind, made of the picture of a sha256 and kept. word: see FindWord.
    how: a line on how such a picture is made, where there are several ways.
    """

    find: Callable[[Card, str], tuple[str, str]]
    check: Callable[[Sequence[ControlUse | ReferenceUse]], None]
    made: Callable[[str, str], str]
    word: FindWord = no_words
    how: Callable[[str], tuple[str, ...]] = lambda kind: ()


def _nothing(*_: Any) -> Any:
    raise RequestError("pictures that steer a painting cannot be had here: no place of networks is given")


NO_MEANS = Means(_nothing, lambda uses: _nothing() if any(use.aid for use in uses) else None, _nothing)


@dataclass(frozen=True)
class Wish:
    """A control picture as it is written. ready: whether the picture is one already."""

    kind: str
    picture: str
    weight: float | None = None
    begin: float = 0.0
    end: float = 1.0
    ready: bool = False


def read_control(text: str) -> Wish:
    """kind:picture[:weight][:begin-end][:ready]; what stands for the picture may hold colons, as a file's name may."""
    kind, _, rest = text.partition(":")
    picture, said = rest, {}
    while ":" in picture:
        before, _, last = picture.rpartition(":")
        found = _option(last)
        if found is None or found.keys() & said.keys():
            break
        picture, said = before, said | found
    if not (kind and picture):
        raise RequestError(f"control {shown(text)} names no kind or no picture: {FORM}")
    return Wish(kind, picture, **said)


def read_reference(text: str) -> tuple[str, float | None]:
    """(picture, weight) of picture[:weight]."""
    before, _, last = text.rpartition(":")
    found = _option(last) if before else None
    return (before, found["weight"]) if found and "weight" in found else (text, None)


def _option(text: str) -> dict[str, Any] | None:
    if text == "ready":
        return {"ready": True}
    if re.fullmatch(r"[0-9]*\.?[0-9]+", text):
        return {"weight": float(text)}
    if span := re.fullmatch(r"([0-9]*\.?[0-9]+)-([0-9]*\.?[0-9]+)", text):
        return {"begin": float(span[1]), "end": float(span[2])}
    return None


def checked_controls(wishes: Sequence[str], card: Card, means: Means, pictures: Pictures) -> list[ControlUse]:
    """What the painting follows; RequestError names the first wish that cannot be."""
    _few(wishes, "control pictures")
    found = [_control(read_control(text), card, means, pictures) for text in wishes]
    needed(found, card)
    return found


def needed(uses: Sequence[ControlUse], card: Card) -> None:
    """RequestError where a model that has channels for a control picture gets none, or several."""
    if card.control_by == "channels" and len(uses) != 1:
        raise RequestError(
            f"{card.name} paints after exactly one {' or '.join(card.controls)} picture: "
            f"give it with --control {card.controls[0]}:FILE, or choose another --model"
        )


def _control(wish: Wish, card: Card, means: Means, pictures: Pictures) -> ControlUse:
    if wish.kind not in card.controls:
        raise RequestError(
            f"{card.name} takes no {shown(wish.kind)} pictures"
            + (f", but {', '.join(card.controls)}" if card.controls else "")
            + ": leave --control out, or choose another --model, as sd-1.5"
        )
    part = f"{wish.begin:g}-{wish.end:g}"
    if not 0 <= wish.begin < wish.end <= 1:
        raise RequestError(f"control {wish.kind}: {part} is no part of the steps: write it as 0-0.5")
    if card.control_by == "channels" and (wish.weight not in {None, 1.0} or part != "0-1"):
        raise RequestError(
            f"{card.name} follows its control picture wholly: leave the weight and part of the steps out"
        )
    weight = checked(f"control {wish.kind}: weight", wish.weight, WEIGHT)
    aid, digest = means.find(card, wish.kind) if card.control_by == "networks" else (None, None)
    picture = _held(wish.picture, pictures)
    if not wish.ready:
        picture = means.made(wish.kind, picture)
    return ControlUse(
        kind=wish.kind, picture=picture, weight=weight, begin=wish.begin, end=wish.end, aid=aid, digest=digest
    )


def checked_references(wishes: Sequence[str], card: Card, means: Means, pictures: Pictures) -> list[ReferenceUse]:
    """What is looked at; RequestError names the first wish that cannot be."""
    _few(wishes, "references")
    if wishes and card.references is None:
        raise RequestError(
            f"{card.name} cannot look at reference pictures: leave --reference out, begin with the picture by "
            f"sfumato edit, or choose another --model, as sd-1.5 or flux-kontext"
        )
    found = []
    for text in wishes:
        picture, said = read_reference(text)
        if said is not None and card.references == "tokens":
            raise RequestError(f"{card.name} takes references whole: leave the weight of {shown(text)} out")
        weight = checked("reference: weight", said, WEIGHT)
        aid, digest = means.find(card, "reference") if card.references == "network" else (None, None)
        found.append(ReferenceUse(picture=_held(picture, pictures), weight=weight, aid=aid, digest=digest))
    return found


def check_steering(recipe: Recipe, card: Card, means: Means, pictures: Pictures) -> None:
    """RequestError names the first of a recipe's that cannot be, or is not here as it was."""
    for wishes, what in ((recipe.controls, "control pictures"), (recipe.references, "references")):
        _few(wishes, what)
    needed(recipe.controls, card)
    for use in recipe.controls:
        wish = Wish(use.kind, use.picture, use.weight, use.begin, use.end, ready=True)
        like = Means(lambda card, kind, use=use: (use.aid, use.digest), means.check, means.made)  # type: ignore[arg-type]
        _control(wish, card, like, pictures)
    if recipe.references and card.references is None:
        raise RequestError(f"{card.name} cannot look at reference pictures, as the recipe wants")
    for use in recipe.references:
        checked("reference: weight", use.weight, WEIGHT)
        _held(use.picture, pictures)
    means.check([*recipe.controls, *recipe.references])
    check_words(recipe.embeddings, card, means.word)


def made_by(wishes: Sequence[str], means: Means) -> list[str]:
    """Notes on how the control pictures were made that were not ready."""
    kinds = dict.fromkeys(wish.kind for wish in map(read_control, wishes) if not wish.ready)
    return [line for kind in kinds for line in means.how(kind)]


def cut_off(uses: Sequence[ControlUse], size: tuple[int, int], pictures: Pictures) -> list[str]:
    """Warnings for control pictures of another ratio than what is painted (width, height)."""
    told = []
    for use in uses:
        width, height = pictures(use.picture).size
        if abs(width * size[1] / (height * size[0]) - 1) > SQUARE:
            told.append(
                f"the {use.kind} picture is {width}x{height}, what is painted {size[0]}x{size[1]}: "
                f"its middle is followed; --size can make them alike"
            )
    return told


def _held(digest: str, pictures: Pictures) -> str:
    """The sha256 of a picture that is here."""
    if not re.fullmatch(DIGEST, digest):
        raise RequestError(f"{shown(digest)} is no sha256 of a picture that is kept: hold the picture first")
    pictures(digest)
    return digest


def _few(wishes: Sequence[Any], what: str) -> None:
    if len(wishes) > MOST:
        raise RequestError(f"{len(wishes)} {what} are more than the {MOST} there may be: leave some out")
