"""The studio: what every door calls, in about twelve verbs. Doors carry words in and out; the studio decides."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from sfumato import catalog, exports
from sfumato.core.card import Card
from sfumato.core.errors import Cancelled, Conflict, DamagedWeights, NotFound, RequestError, SfumatoError
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.core.registry import unknown
from sfumato.core.wording import shown
from sfumato.planning import Plan, check, plan
from sfumato.planning.names import fitted, fitted_guidance, stand_in
from sfumato.planning.plan import checked_operation
from sfumato.settings import Settings
from sfumato.wiring import Parts

if TYPE_CHECKING:
    from sfumato.catalog.presets import StylePreset
    from sfumato.core.card import Kind
    from sfumato.core.job import Job, Priority
    from sfumato.core.listing import Listing
    from sfumato.core.picture import Edit, Outside
    from sfumato.edits import Source
    from sfumato.engine.families._diffusers.place import Place
    from sfumato.engine.weights.lora import Lora
    from sfumato.export_sets import ExportSet
    from sfumato.exports.presets import ExportPreset
    from sfumato.framing import Box
    from sfumato.health import Finding
    from sfumato.importing import Imported
    from sfumato.jobs.database import Database
    from sfumato.jobs.files import Files
    from sfumato.jobs.keys import Keys
    from sfumato.jobs.notes import Notes
    from sfumato.jobs.queue import Queue
    from sfumato.jobs.webhooks import Webhook, Webhooks
    from sfumato.library import Entry, Library
    from sfumato.loras import Kept
    from sfumato.masks import Mask
    from sfumato.planning.steering import Means
    from sfumato.tidying import Tidied
    from sfumato.tuning import Trained
    from sfumato.weights import Kept as KeptWeights
    from sfumato.weights import State
    from sfumato.weights.sources import Told
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

    def hold(self, source: "Source") -> str:
        """Keep a picture, or a file, to begin with; its sha256 is what an Order's `start` and `mask` name."""
        from sfumato.edits import opened

        return self._parts.inputs.keep(opened(source).image)

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

    def held(self, digest: str) -> Image.Image:
        """The kept picture of a sha256, RGBA, not to be changed; RequestError if it is not here."""
        return self._parts.inputs(digest)

    def held_file(self, digest: str) -> bytes:
        """The same as a PNG file."""
        return self._parts.inputs.file(digest)

    def lineage(self, id: int, owner: str | None = None) -> "tuple[list[Entry], list[Entry]]":
        """What a picture of the library was made from, and what came of it; owner: whose, None: anyone's."""
        entry, lineage = self.library.entry(id, owner), self.library.lineage
        if not lineage.is_noted(id):
            lineage.note(id, self._parts.inputs.name_of(exports.pixels(entry.picture)[0]))
        return lineage.made_from(entry, owner), lineage.became(entry, owner)

    def begun_with(self, id: int, order: Order) -> None:
        """Note that an order begins with a picture of the library."""
        if order.start is not None:
            self.library.lineage.note(id, order.start)

    def before(self, id: int, owner: str | None = None) -> Image.Image:
        """What a picture of the library was made from, as large as it now is; NotFound where it came from words."""
        from sfumato.operations import operations

        recipe = self.library.entry(id, owner).recipe
        ground_of = operations[recipe.operation].ground
        if recipe.start is None:
            raise NotFound(f"picture {id} was made from words alone")
        return ground_of(recipe, self.held).page if ground_of is not None else self.held(recipe.start)

    def outside_of(self, id: int, owner: str | None = None) -> "Outside":
        """What became of the part of a library's picture that was to stay, counted on its file.

        NotFound where no part was to stay; Conflict where finishing steps came after.
        """
        from sfumato.keeping import measured
        from sfumato.operations import operations

        recipe = self.library.entry(id, owner).recipe
        ground_of = operations[recipe.operation].ground
        if ground_of is None:
            raise NotFound(f"all of picture {id} was free to change")
        ground = ground_of(recipe, self.held)
        image = exports.pixels(self.library.fetch(id))[0]
        if image.size != ground.page.size or any(not step.startswith("background:") for step in recipe.finish):
            raise Conflict(f"picture {id} went through {', '.join(recipe.finish)}, which may change all of it")
        return measured(image, ground, "file")

    def edit(
        self,
        source: "Source",
        prompt: str,
        *,
        mask: "Source | None" = None,
        mask_polarity: str | None = None,
        mask_box: str | None = None,
        keep: bool = True,
        **fields: Any,
    ) -> list[Picture]:
        """Paint a picture, or a file, anew; with a mask only there, and not one pixel elsewhere.

            Studio().edit("apple.png", "a green apple", strength=0.7)
            Studio().edit("room.jpg", "a red sofa", mask="mask.png")[0].outside

        mask_polarity: what of the mask is painted: white, black or alpha (transparent). mask_box: as `40,40,200,120`.
        fields: an Order's. Returns, and raises, as paint; Picture.outside says what became of the part to keep.
        """
        masked = {"mask": mask, "mask_polarity": mask_polarity, "mask_box": mask_box}
        order, remarks = self.edit_order(source, prompt, **masked, **fields)
        for text in remarks if mask is not None and mask_polarity is None else []:
            warnings.warn(text, stacklevel=2)
        return self.paint(order, keep=keep)

    def edit_order(
        self,
        source: "Source",
        prompt: str,
        *,
        mask: "Source | None" = None,
        mask_polarity: str | None = None,
        mask_box: str | None = None,
        **fields: Any,
    ) -> tuple[Order, list[str]]:
        """The order that `edit` paints, its pictures kept; and how the mask is understood, one line each."""
        operation = "image-to-image" if mask is None and mask_box is None else "inpaint"
        order = as_order(prompt, {"operation": operation, **fields})
        return self.begin(order, source, mask=mask, mask_polarity=mask_polarity, mask_box=mask_box)

    def begin(
        self,
        order: Order,
        source: "Source | None" = None,
        *,
        mask: "Source | None" = None,
        mask_polarity: str | None = None,
        mask_box: str | None = None,
    ) -> tuple[Order, list[str]]:
        """The order with the picture kept that it begins with, and its mask; and how that is understood.

        source: None: the order names its start itself. It is cut out first where the operation wants that and nothing
        of it is transparent.
        """
        kept = {} if source is None else {"start": self._hold_for(order.operation, source)}
        start = kept.get("start", order.start)
        if start is None:
            if (mask, mask_polarity, mask_box) != (None, None, None):
                raise RequestError("a mask is of a picture that is begun with: name that, too")
            return order, []
        found = self._mask(start, mask, mask_polarity, mask_box)
        remarks = [] if found is None else [found.remark]
        if found is not None:
            kept["mask"] = self._parts.inputs.keep(found.image)
        return order.model_copy(update=kept), remarks

    def _hold_for(self, operation: str, source: "Source") -> str:
        from sfumato.edits import opened
        from sfumato.operations import operations

        image = opened(source).image
        if operations[operation].cut_out and image.getchannel("A").getextrema()[0] == 255:
            image = self.cutout(image).image
        return self._parts.inputs.keep(image)

    def erase(
        self,
        source: "Source",
        *,
        mask: "Source | None" = None,
        mask_polarity: str | None = None,
        mask_box: str | None = None,
        keep: bool = True,
        **fields: Any,
    ) -> list[Picture]:
        """Take what is under the mask out of a picture, or a file, and let what is around it go on; as edit, wordless.

        Studio().erase("street.jpg", mask_box="40,40,200,120")
        """
        if mask is None and mask_box is None:
            raise RequestError("say where: give a mask, or a mask box as 40,40,200,120")
        masked = {"mask": mask, "mask_polarity": mask_polarity, "mask_box": mask_box, "operation": "erase"}
        return self.edit(source, fields.pop("prompt", ""), keep=keep, **masked, **fields)

    def extend(
        self,
        source: "Source",
        prompt: str = "",
        *,
        to: str | None = None,
        margins: tuple[int, int, int, int] | None = None,
        keep: bool = True,
        **fields: Any,
    ) -> list[Picture]:
        """Paint a larger page around a picture, or a file, whose own pixels stay as they are.

            Studio().extend("castle.png", "a castle in a meadow", to="16:9")

        to: a ratio; or margins: new pixels at the left, top, right and bottom. fields: an Order's. Returns, and raises,
        as paint; Picture.outside counts the old pixels that changed.
        """
        return self.paint(self.extend_order(source, prompt, to=to, margins=margins, **fields), keep=keep)

    def extend_order(
        self,
        source: "Source",
        prompt: str = "",
        *,
        to: str | None = None,
        margins: tuple[int, int, int, int] | None = None,
        **fields: Any,
    ) -> Order:
        """The order that `extend` paints, its picture kept."""
        asked = {"operation": "outpaint", "start": self.hold(source), "aspect_ratio": to, "margins": margins}
        return as_order(prompt, {**fields, **asked})

    def scene(
        self, source: "Source", prompt: str, *, match: float | None = None, keep: bool = True, **fields: Any
    ) -> list[Picture]:
        """Put a product, or the file of one, before a ground that is painted for it.

            Studio().scene("shoe.jpg", "on a mossy rock, morning light", n=12)

        It is cut out first, if nothing of it is transparent. match: 0 to 1, how far its colours are brought to the
        ground's; at 0 each of its opaque pixels stays as it is, which Picture.outside counts. fields: an Order's.
        Returns, and raises, as paint; also MissingWeights, with the command that pulls those for cutting out.
        """
        return self.paint(self.scene_order(source, prompt, match=match, **fields), keep=keep)

    def scene_order(self, source: "Source", prompt: str, *, match: float | None = None, **fields: Any) -> Order:
        """The order that `scene` paints, its product cut out and kept."""
        return self.begin(as_order(prompt, {**fields, "operation": "scene", "match": match}), source)[0]

    def vary(
        self, source: "Source", n: int = 4, *, amount: float | None = None, seed: int | None = None,
        then: Sequence[str] = (), keep: bool = True,
    ) -> list[Picture]:  # fmt: skip
        """Pictures like one that was painted here: its recipe, with the noise turned towards other seeds'.

            Studio().vary("apple.png", n=4, amount=0.2)

        amount: 0, the same, to 1, another seed's. seed: the first of the others. then: finishing steps, behind those
        that the picture has. Raises as plan and paint.
        """
        return self._paint(self.plan_variations(source, n, amount=amount, seed=seed, then=then), keep)

    def plan_variations(
        self, source: "Source", n: int = 4, *, amount: float | None = None, seed: int | None = None,
        then: Sequence[str] = (),
    ) -> Plan:  # fmt: skip
        """What `vary` paints."""
        from sfumato.edits import opened
        from sfumato.planning.chains import followed
        from sfumato.planning.plan import turned

        recipe = opened(source).recipe
        if recipe is None:
            raise RequestError("this picture holds no recipe of ours, so it has no noise to turn: use sfumato edit")
        card = self._parts.card(recipe.model)
        check(recipe, card, self._find_lora, self._parts.weights, self.held, self._means())
        return turned(followed(recipe, then, self._parts.weights), card, n, seed, amount)

    def between(
        self, prompt: str, to: str | None = None, n: int = 5, *, to_seed: int | None = None, keep: bool = True,
        **fields: Any,
    ) -> list[Picture]:  # fmt: skip
        """A row of n pictures, in even steps from one prompt, or seed, to another.

            Studio().between("a red apple", "a green pear", n=5, seed=1)

        fields: an Order's. Raises as plan and paint.
        """
        return self._paint(self.plan_between(prompt, to, n, to_seed=to_seed, **fields), keep)

    def plan_between(
        self, prompt: str, to: str | None = None, n: int = 5, *, to_seed: int | None = None, **fields: Any
    ) -> Plan:
        """What `between` paints."""
        from sfumato.planning.plan import row_between

        begun = self.plan(prompt, **fields, n=1)
        row = row_between(begun.recipes[0], self._parts.card(begun.recipes[0].model), n, to, to_seed)
        return Plan(row.recipes, begun.warnings)

    def row(self, sources: "Iterable[Source]") -> "Edit":
        """Pictures side by side in one, as high as the highest."""
        from sfumato.core.picture import Edit
        from sfumato.edits import opened

        known = [opened(source) for source in sources]
        if not known:
            raise RequestError("a row takes at least one picture")
        images = [one.image for one in known]
        whole = Image.new("RGBA", (sum(image.width for image in images), max(image.height for image in images)))
        left = 0
        for image in images:
            whole.paste(image, (left, 0))
            left += image.width
        return Edit(whole, None, 0.0, self._parts.save, any(one.ai_made for one in known))

    def _mask(self, start: str, mask: "Source | None", polarity: str | None, box: str | None) -> "Mask | None":
        from sfumato.masks import box_mask, read_mask

        size = self.held(start).size
        if mask is not None and box is not None:
            raise RequestError("give either a mask file or a mask box, not both")
        if mask is None and polarity is not None:
            raise RequestError("a mask polarity says how a mask file is meant: give --mask FILE with it")
        if mask is not None:
            return read_mask(mask, size, polarity)
        return box_mask(box, size) if box is not None else None

    def outside(self, picture: Picture, path: str | Path, quality: int | None = None) -> "Outside | None":
        """What `Picture.outside` says, measured on the file it was saved in where that is the painted picture."""
        from sfumato.keeping import measured
        from sfumato.operations import operations

        writer = exports.writer_for(path)
        ground_of = operations[picture.recipe.operation].ground
        lossless = writer.quality_of(quality) in writer.lossless
        if picture.outside is None or ground_of is None or picture.recipe.finish or not lossless:
            return picture.outside
        return measured(exports.pixels(path)[0], ground_of(picture.recipe, self.held), "file")

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

    def stand_in(self, name: str | None) -> tuple[str | None, list[str]]:
        """The model of ours for a hosted service's name, and warnings; see planning/names.py."""
        known, models_here = self._parts.catalog.names(), self.models_here()
        here = [one for one in known if one in models_here]
        return stand_in(name, self._parts.settings.aliases, known, here)

    def fitted(
        self, size: tuple[int, int], model: str | None, guidance: float | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        """Fields of an order for a picture of any size (and guidance), and warnings; see planning/names.py."""
        card = self._parts.card(model)
        (width, height), then, warnings = fitted(size, card.sizes)
        fields: dict[str, Any] = {"width": width, "height": height, "then": then}
        if guidance is not None:
            fields["guidance"], told = self.fitted_guidance(guidance, model)
            warnings = [*warnings, *told]
        return fields, warnings

    def fitted_guidance(self, guidance: float, model: str | None) -> tuple[float, list[str]]:
        """The nearest guidance that a model takes, and warnings."""
        return fitted_guidance(guidance, self._parts.card(model))

    @property
    def queue(self) -> "Queue":
        """The jobs: see, cancel, pause, resume, retry."""
        return self._parts.queue

    @property
    def library(self) -> "Library":
        """The pictures that are kept: find, fetch, tag, rate."""
        return self._parts.library

    @property
    def keys(self) -> "Keys":
        """Who may use the server."""
        return self._parts.keys

    @property
    def webhooks(self) -> "Webhooks":
        """Who is told what becomes of jobs."""
        return self._parts.webhooks

    @property
    def notes(self) -> "Notes":
        """Small things that are kept for a user by name."""
        return self._parts.notes

    @property
    def files(self) -> "Files":
        """What users uploaded to begin with, by an id."""
        return self._parts.files

    @property
    def database(self) -> "Database":
        """Where jobs and keys are."""
        return self._parts.database

    def back_up(self, path: str | Path, *, force: bool = False) -> Path:
        """Everything that cannot be had again, in one file (backup.py), while all goes on; returns its path."""
        from sfumato.backup import back_up

        return back_up(self.library.home, self.database, Path(path), force=force)

    def restore(self, path: str | Path, *, force: bool = False) -> int:
        """Bring back what a backup holds; how many pictures there are then. force: also where there are some already.

        Nothing else may run on this home meanwhile.
        """
        from sfumato.backup import restore

        return restore(self._parts.settings.home, self.database, Path(path), force=force)

    def tidy(self, *, trash_days: float | None = None, look: bool = False) -> "Tidied":
        """Delete what nobody needs any more (tidying.py). look: only say what that would be."""
        from sfumato.tidying import tidy

        parts = self._parts
        return tidy(parts.library, parts.inputs, parts.queue, parts.files, trash_days=trash_days, look=look)

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
        check(recipe, self._parts.card(recipe.model), self._find_lora, self._parts.weights, self.held, self._means())
        was, lossless = exports.pixels(path)
        return compared(self._painted(recipe), was, lossless)

    def _find_lora(self, name: str, card: Card) -> "Lora":
        return self._parts.loras.find(name, card)

    def loras(self) -> "list[Kept]":
        """The LoRA that are kept here."""
        return self._parts.loras.all()

    def remove_lora(self, name: str) -> Path:
        """Delete a kept LoRA's file, and return its path; UnknownName says the nearest."""
        return self._parts.loras.remove(name)

    def train_lora(
        self,
        paths: Iterable[str | Path],
        name: str,
        *,
        kind: Literal["style", "subject"] = "style",
        caption: str | None = None,
        model: str | None = None,
        steps: int | None = None,
        minutes: float | None = None,
        rank: int = 8,
        seed: int = 0,
        force: bool = False,
        told: Callable[[int, int], None] = lambda step, steps: None,
    ) -> "Trained":
        """Teach a model a style or a subject, from pictures; needs sfumato[torch], and keeps the LoRA under its name.

            Studio().train_lora(["sketches/"], "ink")
            Studio().paint("a cat, ink style", loras=["ink"])

        paths: files and folders. caption: what pictures show that have no text beside them; else their file names say
        it. steps or minutes: when to stop. told: called at every step, with how many are done and of how many. Raises
        RequestError before it begins.
        """
        from sfumato.tuning import train
        from sfumato.tuning.lora import Course

        course, parts = Course(name, kind, steps, minutes, rank, seed), self._parts
        card = parts.catalog.card(model)
        return train(paths, course, card, parts.model, parts.loras, told, caption=caption, force=force)

    def check_lesson(
        self,
        paths: Iterable[str | Path],
        name: str,
        *,
        kind: Literal["style", "subject"] = "style",
        caption: str | None = None,
        model: str | None = None,
        steps: int | None = None,
        minutes: float | None = None,
        rank: int = 8,
        seed: int = 0,
        force: bool = False,
    ) -> None:
        """Raise what `train_lora` would refuse before it begins; the arguments are its own."""
        from sfumato.tuning.lora import Course
        from sfumato.tuning.train import prepared

        course, parts = Course(name, kind, steps, minutes, rank, seed), self._parts
        prepared(paths, course, parts.catalog.card(model), parts.loras, caption=caption, force=force)

    def upscale(
        self,
        source: "Source",
        times: int = 4,
        kind: str = "drawing",
        *,
        told: Callable[[int, int], None] = lambda done, of: None,
    ) -> "Edit":
        """A picture, or a file, enlarged 2, 3 or 4 times; kind: drawing, photo or plain.

            Studio().upscale("apple.png", 4).save("apple-x4.png")

        told: called after each piece, with how many are done and of how many. Raises MissingWeights with the command
        that pulls them.
        """
        from sfumato.edits import edited
        from sfumato.finishing.upscale import upscaled

        parts, steps = self._parts, (f"upscale:{times}:{kind}",)
        return edited(source, steps, lambda image: upscaled(image, times, kind, parts.weights, told), parts.save)

    def finish(
        self,
        source: "Source",
        steps: Iterable[str],
        *,
        told: Callable[[str, int, int], None] = lambda step, done, of: None,
    ) -> "Edit":
        """A picture, or a file, after finishing steps, as a recipe tells them.

            Studio().finish("apple.png", ["cutout", "upscale:2"]).save("large.png")

        told: called after each piece of a long step, with the step, how many are done and of how many. Raises
        RequestError before anything is done, MissingWeights with the command that pulls them.
        """
        from sfumato.edits import edited, opened
        from sfumato.finishing import finish, finishers
        from sfumato.planning.chains import checked_chain

        parts = self._parts
        settled, _ = checked_chain(tuple(steps), opened(source).image.size, parts.weights)
        if not settled:
            raise RequestError(f"say what is to be done, as upscale:2; there are: {', '.join(finishers.names())}")
        return edited(source, settled, lambda image: finish(image, settled, parts.weights, told), parts.save)

    def plan_finish(self, source: "Source", steps: Sequence[str]) -> Plan:
        """What makes more finishing steps of a picture that was painted here: it is begun with as it is."""
        from sfumato.edits import opened
        from sfumato.planning.chains import finished_only

        known = opened(source)
        if known.recipe is None:
            raise RequestError("this picture holds no recipe of ours: finish its file, see sfumato finish")
        if not steps:
            raise RequestError("say what is to be done, as upscale:2")
        start = self._parts.inputs.keep(known.image)
        self._parts.card(known.recipe.model)
        return Plan([finished_only(known.recipe, start, known.image.size, steps, self._parts.weights)])

    def cutout(self, source: "Source", *, background: str = "transparent") -> "Edit":
        """The thing that a picture, or a file, shows, without what is around it; background: as an Order's."""
        from sfumato.edits import edited
        from sfumato.finishing import finish
        from sfumato.planning.backgrounds import checked_background

        parts, ground = self._parts, checked_background(background)
        steps = ("cutout", *([] if ground == "transparent" else [f"background:{ground}"]))
        return edited(source, steps, lambda image: finish(image, steps, parts.weights), parts.save)

    def svg(
        self, source: "Source", path: str | Path, *, colours: int = 32, metadata: str = "full", force: bool = False
    ) -> Path:
        """Trace a drawing, or the file of one, into an SVG file of shapes, and return its path; needs sfumato[svg]."""
        from sfumato.edits import opened
        from sfumato.exports.svg import svg

        if Path(path).suffix != ".svg":
            raise RequestError(f"{shown(Path(path).name)} does not end in .svg: choose another --out")
        exports.publish.check(Path(path), force=force)
        known = opened(source)
        text = svg(known.image, colours=colours, recipe=known.recipe, metadata=metadata, ai_made=known.ai_made)
        return exports.publish.publish(text.encode(), Path(path), force=force)

    def plan_export(
        self,
        source: "Source | int",
        names: Sequence[str],
        folder: str | Path = ".",
        *,
        fit: str = "auto",
        surround: str = "auto",
        model: str | None = None,
        prompt: str | None = None,
        format: str | None = None,
        quality: int | None = None,
        background: str | None = None,
        metadata: str = "full",
        fits: Mapping[str, str] | None = None,
        boxes: "Mapping[str, Box] | None" = None,
    ) -> "ExportSet":
        """What `export` would make of a picture, a file, or the library's picture of a number; no file is made.

        fit: `crop`, `extend`, or `auto`, which crops around what is salient unless that loses too much of it. surround:
        how it is extended: `paint`, `blur`, or `auto`; model, prompt: who paints it and what, None: as the picture's
        recipe says (export_sets/adding.py). format, quality, background: for all files; None: as each preset has it.
        fits, boxes: by preset, where that is another fit, or a crop chosen by hand: left, top, right, bottom.
        """
        from sfumato.export_sets import Looks, planned
        from sfumato.export_sets.adding import Painter, Wish

        parts, wish = self._parts, Wish(surround, model, prompt)
        looks = Looks(fit, format, quality, background, metadata, wish, fits or {}, boxes or {})
        presets = parts.export_presets
        if not names:
            raise RequestError(f"say what to export for, as blog; there are: {', '.join(presets.names())}")
        wanted = [presets[name] for name in dict.fromkeys(names)]
        painter = Painter(lambda image: parts.inputs.keep(image), self.plan)
        name = None
        if isinstance(source, int):
            name, source = f"picture-{source}", self.library.entry(source).picture
        return planned(source, wanted, Path(folder), looks, parts.weights, parts.save, painter, name)

    def export_sizes(self, wanted: "ExportSet") -> "dict[Path, int]":
        """How many bytes each file of a set will have, by path; those that are painted are left out."""
        from sfumato.export_sets import sizes

        return sizes(wanted, self._parts.weights, self._parts.save)

    def export(
        self,
        wanted: "ExportSet",
        *,
        force: bool = False,
        told: "Callable[[Event], None]" = lambda event: None,
        paint: Callable[[Recipe], Picture] | None = None,
    ) -> Path:
        """Make the files of a set, and return the path of its manifest.

            studio.export(studio.plan_export("apple.png", ["blog", "story"], "apple-export"))

        force: overwrite what stands there. told: called with the events of what is painted. paint: paints it; None:
        here. Raises OutputExists, CannotWrite or JobFailed.
        """
        from sfumato.export_sets import write

        parts = self._parts
        paint = paint or (lambda recipe: self._painted(recipe, told))
        return write(wanted, parts.weights, parts.save, paint, force=force)

    def completed(self, image: Image.Image, recipe: Recipe) -> Picture:
        """The picture of a recipe, of what `unfinished` of it paints."""
        from sfumato.finishing import finish
        from sfumato.worker.run import kept

        parts = self._parts
        outside = kept(image, recipe, self.held)
        return Picture(finish(image, recipe.finish, parts.weights), recipe, 0.0, parts.save, outside)

    def unfinished(self, recipe: Recipe) -> Recipe:
        """The same without its finishing steps, of an operation that begins with a picture; for `completed`."""
        from sfumato.operations import operations

        ground_of = operations[recipe.operation].ground
        assert ground_of is not None
        width, height = ground_of(recipe, self.held).page.size
        return recipe.model_copy(update={"finish": (), "width": width, "height": height})

    def _painted(self, recipe: Recipe, told: "Callable[[Event], None]" = lambda event: None) -> Picture:
        """One picture, painted here; told: called with every event."""
        for event in self.watch([recipe]):
            told(event)
            if (picture := finished(event)) is not None:
                return picture
        raise AssertionError("a recipe ends painted, or with an error")

    def export_presets(self) -> "list[ExportPreset]":
        """What places want pictures to be: ours, and those in the folder `presets` of SFUMATO_HOME."""
        return list(self._parts.export_presets)

    def weights(self) -> "list[KeptWeights]":
        """The weights of small models that there are to pull, and which of them are here."""
        return self._parts.weights.all()

    def pull(self, name: str, told: "Told" = lambda what, done, of: None, *, accept: bool = False) -> Path:
        """Fetch a model's weights, or those of a small one, check them, and return their folder.

        told: called while bytes come, with what comes, how many are here, and of how many. accept: that the model's
        licence was read; RequestError names it where that is asked for. JobFailed tells why no source could serve.
        """
        if not self._is_model(name):
            return self._parts.weights.pull(name, told)
        model = self.described(name)
        if model.repository is None:
            raise RequestError(f"{name} is inside the package: there is nothing to pull")
        from sfumato.weights.hubs import pull_model

        return pull_model(model, self._parts.models, told, accept=accept)

    def check_pull(self, name: str, *, accept: bool = False) -> None:
        """Raise what `pull` would refuse, without asking any other host."""
        if not self._is_model(name):
            return
        model = self.described(name)
        if model.repository is None:
            raise RequestError(f"{name} is inside the package: there is nothing to pull")
        from sfumato.weights.hubs import check_licence

        check_licence(model, accept or self._parts.models.recorded(name).accepted)

    def import_models(
        self, path: str | Path, *, name: str | None = None, like: str | None = None, copy: bool = False
    ) -> "tuple[list[Imported], list[str]]":
        """Take in models that are on this machine, where they lie: (what was taken in, why others were not).

            Studio().import_models("v1-5-pruned.safetensors", name="mine")

        path: a folder as diffusers has it, one file, or another tool's folder of models. name, like, copy: see
        importing.import_model. RequestError says what it is where it is no model, and what to do.
        """
        from sfumato import importing

        path, parts = Path(path).expanduser().absolute(), self._parts
        if not path.exists():
            raise RequestError(f"there is no {shown(str(path), 200)}: to fetch a model of the catalogue, sfumato pull")
        if importing.is_of_a_tool(path):
            if name is not None or like is not None:
                raise RequestError("a folder of many models takes no --name and no --like: give them with one file")
            return importing.import_all(path, parts.models, parts.catalog, parts.loras, copy=copy)
        if path.is_file() and importing.is_lora(path):
            return [importing.import_lora(path, parts.loras, name=name, copy=copy)], []
        return [importing.import_model(path, parts.models, parts.catalog, name=name, like=like, copy=copy)], []

    def verify_weights(self, name: str | None = None) -> "dict[str, State]":
        """Read pulled weights again and compare their sha256; None: all that are here."""
        weights, models = self._parts.weights, self._parts.models
        if name is None:
            kept = [one.entry.name for one in weights.all() if one.folder.is_dir()]
            return {one: self.verify_weights(one)[one] for one in [*kept, *sorted(self.models_here())]}
        if not self._is_model(name):
            return {name: weights.verify(name).state}
        model = self.described(name)
        if not models.is_here(model):
            return {name: "missing"}
        try:
            if model.repository is None:
                from sfumato.engine.weights import verified

                verified(self.model(name), catalog.folder(name))
            else:
                models.known(name, again=True)
        except DamagedWeights:
            return {name: "damaged"}
        return {name: "here"}

    def remove_weights(self, name: str) -> Path:
        """Delete pulled weights, and return the folder that is gone."""
        if not self._is_model(name):
            return self._parts.weights.remove(name)
        if self.described(name).repository is None:
            raise RequestError(f"{name} is inside the package, and stays there")
        place = self._parts.models.remove(name)
        self._parts.catalog.forget(name)
        return place

    def style_presets(self) -> "list[StylePreset]":
        """Words for looks, to paint with as `preset`: ours, and those in the folder `styles` of SFUMATO_HOME."""
        return list(self._parts.style_presets)

    def _is_model(self, name: str) -> bool:
        """Whether a name is a model's, and not that of small weights; UnknownName if it is nobody's."""
        small = {one.entry.name for one in self._parts.weights.all()}
        models = {*self._parts.catalog.names(), *catalog.listed()}
        if name not in small | models:
            raise unknown("weights", name, sorted(small | models))
        return name not in small

    def models(
        self,
        *,
        purpose: str | None = None,
        bytes: float | None = None,
        commercial: bool = False,
        kind: "Kind | None" = None,
    ) -> list[Card]:
        """The card of every model to paint with, or of those that suit; see catalog.chosen."""
        own = self._parts.catalog
        cards = map(own.card, own.names())
        return catalog.chosen(cards, purpose=purpose, bytes=bytes, commercial=commercial, kind=kind)

    def listings(
        self,
        *,
        purpose: str | None = None,
        bytes: float | None = None,
        commercial: bool = False,
        kind: "Kind | None" = None,
    ) -> "list[Listing]":
        """What can be pulled and is not painted with by itself, likewise: ControlNets, models of films and others."""
        listed = catalog.listed().values()
        return catalog.chosen(listed, purpose=purpose, bytes=bytes, commercial=commercial, kind=kind)

    def models_here(self) -> set[str]:
        """Names of the models whose weights are on this machine; what is listed, too."""
        models, own = self._parts.models, self._parts.catalog
        described = [*map(own.card, own.names()), *catalog.listed().values()]
        return {one.name for one in described if models.is_here(one)}

    def bytes_here(self, name: str) -> int:
        """What a model's files take on this machine's disk; 0 where none are here."""
        return self._parts.models.size(name)

    def model(self, name: str | None = None) -> Card:
        """One model's card; None for the one used when none is named."""
        return self._parts.catalog.card(name)

    def described(self, name: str) -> "Card | Listing":
        """What is known of a model of any kind."""
        return catalog.listed().get(name) or self.model(name)

    def placement(self, name: str) -> "Place | None":
        """Where and in which numbers a model would compute on this machine; see Parts.placement."""
        return self._parts.placement(name)

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
