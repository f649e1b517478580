"""The models that there are, their weights, and what they have learned besides."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfumato import catalog
from sfumato.core.card import Card
from sfumato.core.errors import DamagedWeights, MissingPackage, RequestError
from sfumato.core.registry import unknown
from sfumato.core.wording import shown
from sfumato.planning.names import fitted, fitted_guidance, stand_in
from sfumato.studio.rooms import Rooms

if TYPE_CHECKING:
    from sfumato.catalog.presets import StylePreset
    from sfumato.core.card import Kind
    from sfumato.core.listing import Listing
    from sfumato.engine.families._diffusers.place import Place
    from sfumato.engine.weights.lora import Lora
    from sfumato.exports.presets import ExportPreset
    from sfumato.importing import Imported
    from sfumato.loras import Kept
    from sfumato.tuning import Course, Trained
    from sfumato.weights import Kept as KeptWeights
    from sfumato.weights import State
    from sfumato.weights.sources import Told


class Models(Rooms):
    """Look up, fetch, remove, teach."""

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
        course: "Course | str",
        *,
        told: Callable[[int, int], None] = lambda step, steps: None,
    ) -> "Trained":
        """Teach a model a style or a subject, from pictures; needs sfumato[torch], and keeps the LoRA under its name.

            Studio().train_lora(["sketches/"], "ink")
            Studio().paint("a cat, ink style", loras=["ink"])

        paths: files and folders. course: a name, or all that can be said of it: Course("ink", minutes=3), of
        sfumato.tuning. told: called at every step, with how many are done and of how many. Raises RequestError before
        it begins.
        """
        from sfumato.tuning import Course, train

        parts, course = self._parts, Course(course) if isinstance(course, str) else course
        return train(paths, course, parts.catalog.card(course.model), parts.model, parts.loras, told)

    def check_lesson(self, paths: Iterable[str | Path], course: "Course") -> None:
        """Raise what `train_lora` would refuse before it begins."""
        from sfumato.tuning import prepared

        prepared(paths, course, self._parts.catalog.card(course.model), self._parts.loras)

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
        from sfumato.likeness import is_lora, is_word

        path, parts = Path(path).expanduser().absolute(), self._parts
        if not path.exists():
            raise RequestError(f"there is no {shown(str(path), 200)}: to fetch a model of the catalogue, sfumato pull")
        if importing.is_of_a_tool(path):
            if name is not None or like is not None:
                raise RequestError("a folder of many models takes no --name and no --like: give them with one file")
            return importing.import_all(path, parts.models, parts.catalog, parts.loras, parts.embeddings, copy=copy)
        if path.is_file() and is_lora(path):
            return [importing.import_lora(path, parts.loras, name=name, copy=copy)], []
        if path.is_file() and is_word(path):
            return [importing.import_word(path, parts.embeddings, name=name, copy=copy)], []
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

    def told_place(self, name: str) -> str:
        """How this machine would have a model, and why so, in one line; or why it would not."""
        try:
            place = self.placement(name)
        except MissingPackage as error:
            return str(error)
        except RequestError as error:
            return f"not so: {error}"
        if place is None:
            return "on the processor, by ONNX Runtime"
        left = max(place.left, 0) / 1e9
        return f"{place.why} (it needs {place.needs}, and leaves {left:.1f} for networks that steer it)"
