"""The way of a picture, from recipe to pixels. Read this first.

    recipe -> canvas -> painting (noise, sampler, guidance) -> conductor -> latent -> pixels -> finishing -> picture

Every door comes through here: the command line in its own process, a server's worker in its.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from PIL import Image

from sfumato.core.errors import JobFailed
from sfumato.core.picture import Picture, Save
from sfumato.core.recipe import LoraUse, Recipe
from sfumato.core.wording import shown
from sfumato.engine.conductor import Conductor, Stepped, Stopped, Task
from sfumato.engine.families import AdaptableModel, Model
from sfumato.engine.painting import Latent
from sfumato.engine.start import start
from sfumato.engine.weights.lora import Lora
from sfumato.finishing import finish
from sfumato.operations import operations
from sfumato.weights import NONE_KEPT, Weights


@dataclass(frozen=True)
class Progress:
    """Step `step` of `steps` was looked at; clean: the latent of what the picture would be by now."""

    recipe: Recipe
    step: int
    steps: int
    clean: Latent


@dataclass(frozen=True)
class Painted:
    """A picture is finished."""

    picture: Picture


@dataclass(frozen=True)
class Failed:
    """A recipe came to no picture; error is None if it was cancelled."""

    recipe: Recipe
    error: Exception | None


@dataclass(frozen=True)
class Warned:
    """Something will not be quite as asked; text: one line for a person."""

    recipe: Recipe
    text: str


Event = Progress | Painted | Failed | Warned

LoadedModel = Callable[[str], Model]
"""The loaded model of a name; loads it on the first call."""

LoadedLora = Callable[[LoraUse], Lora]
"""The very LoRA that a recipe names."""


def no_lora(use: LoraUse) -> Lora:
    """Where none are kept."""
    raise JobFailed(f"LoRA {use.name!r} cannot be had here: no place of LoRA is given")


def run(
    recipes: Iterable[Recipe],
    model_of: LoadedModel,
    save: Save,
    cancelled: Callable[[Recipe], bool] = lambda recipe: False,
    lora_of: LoadedLora = no_lora,
    weights: Weights = NONE_KEPT,
) -> Iterator[Event]:
    """Paint recipes one after another (side by side where a model takes several rows), telling what happens."""
    bench = Bench(model_of, save, lora_of, weights)
    waiting = iter(recipes)
    while True:
        while bench.has_room and (recipe := next(waiting, None)) is not None:
            yield from bench.begin(recipe, lambda recipe=recipe: cancelled(recipe))
        if bench.is_empty:
            return
        yield from bench.turn()


class Bench:
    """Where paintings are under way. One can be begun at any time; each turn brings some of them on by a look."""

    def __init__(self, model_of: LoadedModel, save: Save, lora_of: LoadedLora = no_lora, weights: Weights = NONE_KEPT):
        self._model_of, self._save, self._lora_of, self._weights = model_of, save, lora_of, weights
        self._conductor = Conductor()
        self._under_way: dict[Task, tuple[Recipe, float]] = {}
        self._room = 1

    @property
    def is_empty(self) -> bool:
        return not self._under_way

    @property
    def has_room(self) -> bool:
        """Whether another painting would not have to wait for those under way."""
        return len(self._under_way) < self._room

    def begin(
        self, recipe: Recipe, cancelled: Callable[[], bool] = lambda: False, *, order: int = 0, urgency: int = 0
    ) -> Iterator[Event]:
        """Put a painting up; the events are read at once. order, urgency: as a Task's."""
        try:
            model = self._model_of(recipe.model)
            check_weights(recipe, model)
            model = adapted(model, recipe, self._lora_of)
            canvas = operations[recipe.operation](recipe)
            task, unread = start(recipe, canvas, model)
        except Exception as error:  # ends this recipe; those under way go on
            yield Failed(recipe, error)
            return
        task.cancelled, task.order, task.urgency = cancelled, order, urgency
        for end in unread:
            most = model.card.text.tokens
            yield Warned(recipe, f"{recipe.model} reads {most} pieces of a prompt; not read: {shown(end)}")
        self._conductor.add(task)
        self._under_way[task] = recipe, time.perf_counter()
        self._room = max(1, model.rows_at_once // 2)

    def turn(self) -> Iterator[Event]:
        """One look for those whose turn it is."""
        for event in self._conductor.turn():
            recipe, since = self._under_way[event.task]
            if isinstance(event, Stepped):
                yield Progress(recipe, event.step, event.steps, event.clean)
                continue
            del self._under_way[event.task]
            if isinstance(event, Stopped):
                yield Failed(recipe, event.error)
                continue
            try:
                pixels = event.task.model.decode(event.latent)
                image = finish(Image.fromarray(pixels, "RGBA"), recipe.finish, self._weights)
            except Exception as error:
                yield Failed(recipe, error)
            else:
                yield Painted(Picture(image, recipe, time.perf_counter() - since, self._save))


def check_weights(recipe: Recipe, model: Model) -> None:
    """A recipe is for certain weights; with others it would be another picture."""
    if recipe.weights != model.card.weights:
        raise JobFailed(
            f"this recipe is for {recipe.model} with weights {recipe.weights}, here are {model.card.weights}: "
            f"the picture would be another one; paint it anew with sfumato generate --seed {recipe.seed}"
        )


def adapted(model: Model, recipe: Recipe, lora_of: LoadedLora) -> Model:
    """The model with the recipe's LoRA added; planning let none through for a model that takes none."""
    if not recipe.loras:
        return model
    return cast(AdaptableModel, model).adapted([(lora_of(use), use.weight) for use in recipe.loras])
