"""From settings to objects: the only file that knows every real part."""

import threading
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sfumato import catalog, exports
from sfumato.core.card import Card
from sfumato.core.errors import MissingPackage
from sfumato.core.once import beside, once
from sfumato.core.picture import Save
from sfumato.settings import Settings

if TYPE_CHECKING:
    from sfumato.aids import Aids
    from sfumato.catalog.presets import StylePreset
    from sfumato.core.picture import Picture
    from sfumato.core.recipe import ControlUse, ReferenceUse
    from sfumato.core.shelf import Shelf
    from sfumato.embeddings import Embeddings
    from sfumato.engine.families import Manner, Model
    from sfumato.engine.families._diffusers.place import Place
    from sfumato.engine.loaded import Loaded
    from sfumato.exports.presets import ExportPreset
    from sfumato.jobs.database import Database
    from sfumato.jobs.files import Files
    from sfumato.jobs.keys import Keys
    from sfumato.jobs.notes import Notes
    from sfumato.jobs.queue import Queue
    from sfumato.jobs.webhooks import Webhooks
    from sfumato.library import Entry, Library
    from sfumato.library.inputs import Inputs
    from sfumato.loras import Loras
    from sfumato.weights import Weights
    from sfumato.weights.models import Models
    from sfumato.worker.loop import Told, Worker
    from sfumato.worker.run import LoadedModel


def _without(error: ModuleNotFoundError, name: str) -> MissingPackage:
    return MissingPackage(f"{name} needs {error.name}: pip install 'sfumato[torch]'")


SHARE = 0.85  # of the memory there is, that loaded models may take; pictures under way need some


class Parts:
    """What a studio works with; each part is made when first asked for."""

    def __init__(self, settings: Settings | None = None):
        self.settings = settings or Settings()
        self._loaded: Loaded | None = None
        self._making = threading.Lock()

    @property
    def save(self) -> Save:
        return exports.save

    @once
    def library(self) -> "Library":
        from sfumato.library import Library

        return Library(self.settings.home)

    @cached_property
    def inputs(self) -> "Inputs":
        from sfumato.library.inputs import Inputs

        return Inputs(self.settings.home / "inputs")

    @cached_property
    def loras(self) -> "Loras":
        from sfumato.loras import Loras

        return Loras(self.settings.home / "loras", self.folder)

    @cached_property
    def embeddings(self) -> "Embeddings":
        from sfumato.embeddings import Embeddings

        return Embeddings(self.settings.home / "embeddings", self.folder)

    @cached_property
    def aids(self) -> "Aids":
        from sfumato.aids import Aids

        return Aids(catalog.listed, self.models)

    @cached_property
    def weights(self) -> "Weights":
        from sfumato.weights import Weights

        return Weights(self.settings.home / "weights")

    @cached_property
    def catalog(self) -> catalog.Own:
        return catalog.Own(self.settings.home / "cards")

    @cached_property
    def models(self) -> "Models":
        from sfumato.weights.models import Models

        return Models(self.settings.home / "models", self.settings.models)

    def card(self, name: str | None) -> Card:
        """A model's card, with the files that are here; MissingWeights where there are none."""
        card = self.catalog.card(name)
        return card if card.repository is None else self.models.installed(card)

    def aid(self, use: "ControlUse | ReferenceUse") -> Path:
        """The folder of the very network that a use names."""
        return self.aids.load(use)

    def folder(self, name: str) -> Path:
        """Where a model's files are."""
        return catalog.folder(name) if self.catalog.card(name).repository is None else self.models.place(name)

    @cached_property
    def export_presets(self) -> "Shelf[ExportPreset]":
        from sfumato.exports.presets import export_presets

        return export_presets(self.settings.home / "presets")

    @cached_property
    def style_presets(self) -> "Shelf[StylePreset]":
        from sfumato.catalog.presets import style_presets

        return style_presets(self.settings.home / "styles")

    @property
    def loaded(self) -> "Loaded":
        """Made once, whichever thread is the first."""
        from sfumato.engine.loaded import Loaded

        with self._making:
            if self._loaded is None:
                self._loaded = Loaded(self._load, self._weigh, self._budget)
            return self._loaded

    def open_library(self) -> None:
        """In another thread, while pictures are painted that are going to be kept there."""
        beside(lambda: self.library)

    def _budget(self) -> float:
        """Bytes that loaded models may take."""
        from sfumato.engine import memory

        given = self.settings.model_memory
        return memory.there() * SHARE if given is None else given * 1e9

    @property
    def model(self) -> "LoadedModel":
        """The model of a name, and a Manner, loaded when first asked for."""
        return self.loaded.model

    def _load(self, name: str, manner: "Manner") -> "Model":
        from sfumato.engine import memory
        from sfumato.engine.families import USUAL, families

        card, manner = self.card(name), self._as_set(name, manner)
        try:
            load = families[card.family]
        except ModuleNotFoundError as error:
            raise _without(error, name) from error
        try:
            return load(card, self.folder(name), *([] if manner == USUAL else [manner]))
        except Exception as error:
            if not memory.ran_out(error):
                raise
            place = self.placement(name, manner)
            raise memory.RanOut(place.needs if place is not None else "more than there is") from None

    def _as_set(self, name: str, manner: "Manner") -> "Manner":
        """With the person's precision and placement, which are for models that torch computes."""
        if not self.catalog.card(name).of_torch:
            return manner
        return replace(manner, precision=self.settings.precision, placement=self.settings.placement)

    def placement(self, name: str, manner: "Manner | None" = None) -> "Place | None":
        """Where and in which numbers a model would compute here, with the reason; None for one that torch does not.

        MissingPackage where there is no torch.
        """
        from sfumato.engine.families import USUAL

        card = self.catalog.card(name)
        if not card.of_torch:
            return None
        try:
            from sfumato.engine.families._diffusers.placing import placed
        except ModuleNotFoundError as error:
            raise _without(error, name) from error
        return placed(card, self._as_set(name, manner or USUAL), folder=self.models.place(name))

    def _weigh(self, name: str) -> float:
        """Bytes that a model takes once it is loaded, as far as its files tell: those of 16 bits can become fp32."""
        from sfumato.engine.weights.tensors import mapped

        paths = [self.folder(name) / file.name for file in self.card(name).files]
        place = self.placement(name)
        wide = place is not None and place.precision == "fp32"
        numbers = sum(mapped(path).numbers for path in paths if wide and path.suffix == ".safetensors")
        return max(4 * numbers, sum(path.stat().st_size for path in paths))

    def keep(self, picture: "Picture", owner: str = "", origin: str | None = None) -> "Entry":
        """Put a picture into the library, with all of its metadata; see Library.add."""
        data = exports.encode(picture.image, picture.recipe, "png", None, "full")
        return self.library.add(data, picture, owner=owner, origin=origin)

    @cached_property
    def database(self) -> "Database":
        from sqlalchemy import URL

        from sfumato.jobs.database import Database

        if self.settings.database:
            return Database(self.settings.database)
        home = self.library.home  # which makes the folder
        return Database(URL.create("sqlite", database=str(home / "jobs.db")))

    @cached_property
    def queue(self) -> "Queue":
        from sfumato.jobs.queue import Caps, Queue

        return Queue(self.database, Caps(self.settings.most_jobs_of_one, self.settings.most_jobs))

    @cached_property
    def webhooks(self) -> "Webhooks":
        from sfumato.jobs.webhooks import Webhooks

        return Webhooks(self.database)

    @cached_property
    def notes(self) -> "Notes":
        from sfumato.jobs.notes import Notes

        return Notes(self.database)

    @cached_property
    def files(self) -> "Files":
        from sfumato.jobs.files import Files

        return Files(self.database, self.settings.home / "files")

    @cached_property
    def keys(self) -> "Keys":
        from sfumato.jobs.keys import Keys

        return Keys(self.database)

    def worker(self, name: str, told: "Told") -> "Worker":
        """One that paints what is queued; name: unlike any other's."""
        from sfumato.jobs.claims import Claims
        from sfumato.worker.loop import Worker
        from sfumato.worker.run import Bench

        bench = Bench(
            self.model, self.save, lambda use: self.loras.load(use), self.weights, self.inputs, self.aid,
            lambda use: self.embeddings.load(use),
        )  # fmt: skip
        return Worker(
            Claims(self.database, name),
            bench,
            lambda picture, owner, origin: self.keep(picture, owner, origin).id,
            bench.preview,
            lambda: self.loaded.names(),
            told,
            home=str(self.settings.home),
        )
