"""The studio: what every door calls, in about twelve verbs. Doors carry words in and out; the studio decides."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from sfumato import catalog, exports
from sfumato.core.card import Card
from sfumato.core.errors import Cancelled, RequestError, SfumatoError
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.planning import Plan, check, plan
from sfumato.settings import Settings
from sfumato.wiring import Parts

if TYPE_CHECKING:
    from sfumato.health import Finding
    from sfumato.library import Entry
    from sfumato.worker.run import Event


@dataclass(frozen=True)
class Replay:
    """A picture painted again beside the file it came from.

    changed: how many pixels differ. decibels: the likeness (PSNR), infinite where nothing differs. same: exactly the
    same pixels, or for a lossy file, as near as its compression allows.
    """

    picture: Picture
    changed: int
    decibels: float
    same: bool


LIKE_ENOUGH = 28.0  # decibels; a JPEG of quality 50 of Pocket's drawings stays above, another seed is below 15


class Studio:
    """Paints, keeps, finds. Making one is cheap; models load with the first picture.

    settings: where things are kept; None reads the environment.
    """

    def __init__(self, settings: Settings | None = None):
        self._parts = Parts(settings)

    def plan(self, order: Order | str, **fields: Any) -> Plan:
        """Recipes for an order, or for a prompt with an Order's fields; RequestError names what cannot be."""
        order = as_order(order, fields)
        return plan(order, catalog.card(order.model))

    def paint(self, order: Order | str, *, keep: bool = True, **fields: Any) -> list[Picture]:
        """Paint an order, or a prompt with an Order's fields, and return the pictures in order.

            Studio().paint("a red apple", n=4, seed=1)

        keep: also put them into the library; where that cannot be, a Python warning says so and the pictures are
        returned all the same. Raises RequestError before anything loads, JobFailed after.
        """
        decided = self.plan(order, **fields)
        for text in decided.warnings:
            warnings.warn(text, stacklevel=2)
        painted: dict[int, Picture] = {}
        for event in self.watch(decided.recipes):
            if (picture := finished(event)) is not None:
                painted[id(picture.recipe)] = picture
                if keep:
                    try:
                        self.keep(picture)
                    except SfumatoError as error:
                        warnings.warn(f"not kept in the library: {error}", stacklevel=2)
        return [painted[id(recipe)] for recipe in decided.recipes]

    def watch(
        self, recipes: Iterable[Recipe], cancelled: Callable[[Recipe], bool] = lambda recipe: False
    ) -> "Iterator[Event]":
        """Paint recipes in this process and tell each step; the events are those of worker/run.py."""
        from sfumato.worker.run import run

        return run(recipes, self._parts.model, self._parts.save, cancelled)

    def check_file(
        self,
        path: str | Path,
        *,
        format: str | None = None,
        quality: int | None = None,
        metadata: str = "full",
        force: bool = False,
        background: str | None = None,
    ) -> list[str]:
        """Raise what saving there would raise, before anything is painted; returns warnings, one line each."""
        writer = exports.check(path, format=format, quality=quality, metadata=metadata, force=force)
        if not writer.alpha and background in {None, "transparent"}:
            return [
                f"{writer.name} has no transparency: the picture is laid on white; choose another with --background"
            ]
        return []

    def keep(self, picture: Picture) -> "Entry":
        """Put a picture into the library, with all of its metadata."""
        return self._parts.library.add(exports.encode(picture.image, picture.recipe, "png", None, "full"), picture)

    def find(
        self,
        text: str | None = None,
        *,
        model: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
    ) -> "list[Entry]":
        """What the library holds, newest first; text: words that all occur in the prompt."""
        return self._parts.library.find(text, model=model, since=since, until=until, limit=limit)

    def read(self, path: str | Path) -> exports.Found:
        """What a picture file says of how it was made, by us or by other tools; UnreadableFile if it is no picture."""
        return exports.read(Path(path))

    def replay(self, path: str | Path) -> Replay:
        """Paint the recipe in a file again and compare."""
        path = Path(path)
        recipe = self.read(path).recipe
        if recipe is None:
            raise RequestError(f"{path.name} holds no recipe of ours: see what it does say with sfumato info")
        check(recipe, catalog.card(recipe.model))
        was, lossless = exports.pixels(path)
        picture = next(p for event in self.watch([recipe]) if (p := finished(event)) is not None)
        return compared(picture, was, lossless)

    def models(self) -> list[Card]:
        """The card of every model in the catalogue."""
        return [catalog.card(name) for name in catalog.names()]

    def model(self, name: str | None = None) -> Card:
        """One model's card; None for the one used when none is named."""
        return catalog.card(name)

    def examine(self) -> "list[Finding]":
        """What this machine can run, what is missing, and the command that mends it."""
        from sfumato.health import examine

        return examine(self._parts.settings.home)


def as_order(order: Order | str, fields: dict[str, Any]) -> Order:
    """An order as it is, or one made of a prompt and fields; RequestError names a field that is not right."""
    from pydantic import ValidationError

    if isinstance(order, Order) and not fields:
        return order
    asked = dict(order) if isinstance(order, Order) else {"prompt": order}
    try:
        return Order(**{**asked, **fields})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise RequestError(f"an order has no field {name!r}; it has {', '.join(Order.model_fields)}") from error
        if first["type"] == "string_unicode":
            raise RequestError(f"the {name} holds half a character (a lone surrogate): write it whole") from error
        raise RequestError(f"{name}: {first['msg'].lower()}, not {shown(first['input'])}") from error


def finished(event: "Event") -> Picture | None:
    """The picture, if the event brings one; raises what a failed one failed with."""
    from sfumato.worker.run import Failed, Painted

    if isinstance(event, Failed):
        if event.error is None:
            raise Cancelled(f"seed {event.recipe.seed} was cancelled")
        raise event.error
    return event.picture if isinstance(event, Painted) else None


def compared(picture: Picture, was: Image.Image, lossless: bool) -> Replay:
    """How a picture differs from what a file shows; a lossy file is compared on white, as JPEG was made."""
    if picture.image.size != was.size:
        return Replay(picture, was.width * was.height, 0.0, False)
    now, then = picture.image, was
    if not lossless:
        white = Image.new("RGBA", was.size, "white")
        now, then = Image.alpha_composite(white, now), Image.alpha_composite(white, then)
    a, b = np.asarray(now).astype(np.float64), np.asarray(then).astype(np.float64)
    changed = int((a != b).any(-1).sum())
    error = ((a - b) ** 2).mean()
    decibels = float("inf") if error == 0 else float(10 * np.log10(255**2 / error))
    return Replay(picture, changed, decibels, changed == 0 or (not lossless and decibels >= LIKE_ENOUGH))
