"""What is added around a picture that is extended: painted by a model, the picture's own ground, or a blur.

The rule: where the picture's border is transparent, or of one colour, that goes on. Else it is painted by the model
that painted the picture, as its recipe says; without one, or where that model is not here, it is a blur of the border.
To name a model or a prompt is to ask for painting, and either way can be asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.core.registry import unknown
from sfumato.edits import Opened
from sfumato.finishing.resize import resized
from sfumato.finishing.surround import is_even
from sfumato.framing import Frame
from sfumato.planning import Plan

SURROUNDS = ("auto", "paint", "blur")
SMALLEST = 64  # pixels of a side; a smaller picture is enlarged first, for rounding would show in its shape
TAKEN = ("negative", "style", "steps", "guidance", "sampler", "schedule")  # from the recipe, with its model

Margins = tuple[int, int, int, int]


@dataclass(frozen=True)
class Wish:
    """What a person says of it. surround: one of SURROUNDS. model, prompt: None: those of the picture's recipe."""

    surround: str = "auto"
    model: str | None = None
    prompt: str | None = None

    @property
    def names_painting(self) -> bool:
        return self.surround == "paint" or self.model is not None or self.prompt is not None

    def check(self) -> None:
        """RequestError names what cannot be."""
        if self.surround not in SURROUNDS:
            raise unknown("surround", self.surround, list(SURROUNDS))
        if self.surround == "blur" and self.names_painting:
            raise RequestError("a blur has no model and no prompt: leave them out, or say --surround paint")

    def idle(self) -> str | None:
        """One line, where nothing is extended: what was said in vain."""
        said = {"--surround": self.surround != "auto", "--model": self.model, "--prompt": self.prompt}
        names = " and ".join(name for name, value in said.items() if value)
        return f"nothing is extended, so {names} has no effect: --fit extend extends every file" if names else None


@dataclass(frozen=True)
class Painter:
    """What a studio lends. hold: keeps a picture, and gives its sha256, which the orders that are planned name."""

    hold: Callable[[Image.Image], str]
    plan: Callable[[Order], Plan]


@dataclass(frozen=True)
class Added:
    """by: paint, ground or blur. why: one line. recipe: what paints the whole, and brings it to its size."""

    by: str
    why: str
    recipe: Recipe | None = None
    warnings: tuple[str, ...] = ()


def added(known: Opened, frame: Frame, laid: tuple[str, ...], wish: Wish, painter: Painter) -> Added:
    """How a picture is extended; RequestError if it was to be painted in vain. laid: finishing steps that come last."""
    if not wish.names_painting:
        if is_even(known.image):
            return Added("ground", "its ground goes on")
        if wish.surround == "blur":
            return Added("blur", "its border goes on as a blur")
        if known.recipe is None:
            return Added("blur", "its border goes on as a blur, for no recipe says who painted it: --model NAME paints")
    try:
        return painted(known, frame, laid, wish, painter)
    except RequestError as error:
        if wish.names_painting:
            raise
        said = f"{frame.preset.name}: what is added is a blur, for it cannot be painted: {error}"
        return Added("blur", "its border goes on as a blur", warnings=(said,))


def painted(known: Opened, frame: Frame, laid: tuple[str, ...], wish: Wish, painter: Painter) -> Added:
    """The same, painted."""
    image, margins, steps = begun(known.image, frame)
    order = Order(
        operation="outpaint", start=painter.hold(image), margins=margins, then=steps + laid, **asked(known.recipe, wish)
    )
    plan = painter.plan(order)
    (recipe,) = plan.recipes
    why = f"painted by {recipe.model}" + (", as the picture was" if wish.model is None and known.recipe else "")
    return Added("paint", why, recipe, tuple(plan.warnings))


def begun(image: Image.Image, frame: Frame) -> tuple[Image.Image, Margins, tuple[str, ...]]:
    """What the painting begins with, new pixels on each side of it, and the steps from there to the preset's size.

    A picture that becomes larger is extended at its own size, one that becomes smaller at its new one: fewer pixels are
    to be painted, and those of the picture are in no way other than in a file that is not extended.
    """
    if frame.enlarged > 1 and min(image.size) >= SMALLEST:
        across, down = (
            max(0, round(side / frame.enlarged) - own) for side, own in zip(frame.preset.size, image.size, strict=True)
        )
        if across or down:
            margins = across // 2, down // 2, across - across // 2, down - down // 2
            return image, margins, (f"resize:{frame.preset.width}x{frame.preset.height}",)
    sides = frame.added
    return resized(image, frame.inner), (sides["left"], sides["top"], sides["right"], sides["bottom"]), ()


def asked(recipe: Recipe | None, wish: Wish) -> dict[str, Any]:
    """Who paints, and what: as the picture was painted, as far as nothing else is said."""
    if recipe is None:
        return {"model": wish.model, "prompt": wish.prompt or ""}
    fields: dict[str, Any] = {"model": wish.model or recipe.model, "seed": recipe.seed}
    fields["prompt"] = recipe.prompt if wish.prompt is None else wish.prompt
    if fields["model"] == recipe.model:
        fields |= {name: getattr(recipe, name) for name in TAKEN}
        fields["loras"] = tuple(map(str, recipe.loras))
    return fields
