"""From an order to pictures: planned, painted here or queued, kept, found, painted again."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from sfumato import exports
from sfumato.core.errors import Cancelled, RequestError, SfumatoError
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.planning import Plan, check, plan
from sfumato.planning.checks import checked_operation
from sfumato.studio.models import Models

if TYPE_CHECKING:
    from sfumato.core.job import Job, Priority
    from sfumato.core.picture import Edit
    from sfumato.edits import Source
    from sfumato.jobs.webhooks import Webhook
    from sfumato.library import Entry
    from sfumato.planning.steering import Means
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


class Painting(Models):
    """Plan, paint, queue, keep, find, replay."""

    def plan(self, order: Order | str, **fields: Any) -> Plan:
        """Recipes for an order, or for a prompt with an Order's fields; RequestError names what cannot be."""
        order = as_order(order, fields)
        parts = self._parts
        checked_operation(order, parts.catalog.card(order.model))  # before weights are asked for that would not do
        card = parts.card(order.model)
        return plan(order, card, self._find_lora, parts.weights, parts.style_presets, self.held, self._means())

    def paint(self, order: Order | str, *, keep: bool = True, **fields: Any) -> list[Picture]:
        """Paint an order, or a prompt with an Order's fields, and return the pictures in order.

            Studio().paint("a red apple", n=4, seed=1)

        keep: also put them into the library; where that cannot be, a Python warning says so and the pictures are
        returned all the same. Raises RequestError before anything loads, JobFailed after.
        """
        return self._paint(self.plan(order, **fields), keep)

    def _paint(self, decided: Plan, keep: bool) -> list[Picture]:
        for text in decided.warnings:
            warnings.warn(text, stacklevel=3)
        painted: dict[int, Picture] = {}
        for event in self.watch(decided.recipes):
            if (picture := finished(event)) is not None:
                painted[id(picture.recipe)] = picture
                if keep:
                    try:
                        self.keep(picture)
                    except SfumatoError as error:
                        warnings.warn(f"not kept in the library: {error}", stacklevel=3)
        return [painted[id(recipe)] for recipe in decided.recipes]

    def control(self, text: str, tell: Callable[[str], None] = warnings.warn) -> str:
        """A control picture for an Order's `controls`, made of a file and kept.

            studio.paint("a castle", model="sd-1.5", controls=[studio.control("canny:photo.jpg:0.8:0-0.6")])

        text: kind, file, and if they are not 1 and all, the weight and the part of the steps; `ready` behind it says
        that the file is a control picture already. A pose is drawn from OpenPose's JSON too. tell: is given a line on
        how it was made, where there are several ways.
        """
        from sfumato.controlling import held_control

        return held_control(text, self.hold, self._parts.weights, self._parts.save, tell)

    def reference(self, text: str) -> str:
        """A picture to look at, for an Order's `references`, kept: a file, and perhaps its weight, `face.jpg:0.6`."""
        from sfumato.controlling import held_reference

        return held_reference(text, self.hold)

    def control_picture(self, kind: str, source: "Source") -> "Edit":
        """What a picture, or a file, is made into for a model to follow: `canny`, `lineart` and so on."""
        from sfumato.controlling import control_picture

        return control_picture(kind, source, self._parts.weights, self._parts.save)

    def people_in(self, source: "Source") -> dict[str, Any]:
        """Everybody in a picture, body and hands, as OpenPose's JSON has them; MissingWeights says what to pull."""
        from sfumato.controlling import found

        return found("pose", source, self._parts.weights)

    def _means(self) -> "Means":
        from sfumato.controlling import how, made
        from sfumato.planning.steering import Means

        parts = self._parts

        def kept(kind: str, digest: str) -> str:
            return parts.inputs.keep(made(kind, self.held(digest), parts.weights))

        return Means(
            parts.aids.find, parts.aids.check, kept, parts.embeddings.find, lambda kind: how(kind, parts.weights)
        )

    def watch(
        self, recipes: Iterable[Recipe], cancelled: Callable[[Recipe], bool] = lambda recipe: False
    ) -> "Iterator[Event]":
        """Paint recipes in this process and tell each step; the events are those of worker/run.py."""
        from sfumato.worker.run import run

        parts = self._parts
        lora_of, pictures = (lambda use: parts.loras.load(use)), self.held
        return run(
            recipes,
            parts.model,
            parts.save,
            cancelled,
            lora_of,
            parts.weights,
            pictures,
            parts.aid,
            parts.embeddings.load,
        )

    def submit(
        self,
        order: Order | Plan | str,
        *,
        owner: str = "",
        priority: "Priority" = "normal",
        warnings: Iterable[str] = (),
        most: int | None = None,
        door: str = "native",
        asked: Mapping[str, Any] | None = None,
        key: str | None = None,
        body_hash: str = "",
        deadline: float | None = None,
        again: bool = False,
        webhook: "Webhook | None" = None,
        **fields: Any,
    ) -> "Job":
        """Queue an order, or what is planned, for the workers; the other arguments are Queue.submit's.

        RequestError as plan's.
        """
        decided = order if isinstance(order, Plan) else self.plan(order, **fields)
        return self.queue.submit(
            decided.recipes, owner=owner, priority=priority, warnings=[*warnings, *decided.warnings], door=door,
            asked=asked, key=key, body_hash=body_hash, deadline=deadline, most=most, again=again, webhook=webhook,
        )  # fmt: skip

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

    def keep(self, picture: Picture, owner: str = "") -> "Entry":
        """Put a picture into the library, with all of its metadata; owner: a user of the server's."""
        return self._parts.keep(picture, owner)

    def will_keep(self) -> None:
        """Open the library beside what comes before pictures are kept."""
        self._parts.open_library()

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

    def recipe_in(self, path: str | Path) -> Recipe:
        """What a file of ours was painted from; RequestError if it does not say."""
        recipe = self.read(path).recipe
        if recipe is None:
            raise RequestError(f"{Path(path).name} holds no recipe of ours: see what it does say with sfumato info")
        return recipe

    def replay(self, path: str | Path) -> Replay:
        """Paint the recipe in a file again and compare."""
        path, recipe = Path(path), self.recipe_in(path)
        check(recipe, self._parts.card(recipe.model), self._find_lora, self._parts.weights, self.held, self._means())
        was, lossless = exports.pixels(path)
        return compared(self._painted(recipe), was, lossless)

    def _painted(self, recipe: Recipe, told: "Callable[[Event], None]" = lambda event: None) -> Picture:
        """One picture, painted here; told: called with every event."""
        for event in self.watch([recipe]):
            told(event)
            if (picture := finished(event)) is not None:
                return picture
        raise AssertionError("a recipe ends painted, or with an error")


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
