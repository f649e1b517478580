"""The way of a picture, from recipe to pixels. Read this first.

    recipe -> canvas -> painting (noise, sampler, guidance) -> conductor -> latent -> pixels -> finishing -> picture
                ^ an operation may want several, one after another               |
                └────────────────────────────────────────────────────────────────┘

Every door comes through here: the command line in its own process, a server's worker in its.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import cast

from PIL import Image

from sfumato.core.canvas import Canvas, Pictures, Work, no_pictures
from sfumato.core.errors import JobFailed
from sfumato.core.picture import Outside, Picture, Save
from sfumato.core.recipe import LoraUse, Recipe, WordUse
from sfumato.core.wording import shown
from sfumato.engine import memory
from sfumato.engine.conductor import Conductor, Stepped, Stopped, Task
from sfumato.engine.families import USUAL, AdaptableModel, Manner, Model, WordyModel
from sfumato.engine.painting import Latent
from sfumato.engine.start import start
from sfumato.engine.steering import PlaceOf, no_place
from sfumato.engine.weights.lora import Lora
from sfumato.engine.weights.words import Word
from sfumato.finishing import finish
from sfumato.keeping import measured
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

LoadedModel = Callable[..., Model]
"""The loaded model of a name, and of a Manner where it is not the usual one; loads it on the first call."""

LoadedLora = Callable[[LoraUse], Lora]
"""The very LoRA that a recipe names."""


LoadedWord = Callable[[WordUse], Word]
"""The very word of one's own that a recipe names."""


def no_word(use: WordUse) -> Word:
    """Where none are kept."""
    raise JobFailed(f"the word <{use.name}> cannot be had here: no place of words is given")


def no_lora(use: LoraUse) -> Lora:
    """Where none are kept."""
    raise JobFailed(f"LoRA {use.name!r} cannot be had here: no place of LoRA is given")


@dataclass(frozen=True, eq=False)
class Asked:
    """A recipe as it was begun; thrift: as a Manner's."""

    recipe: Recipe
    cancelled: Callable[[], bool]
    order: int
    urgency: int
    thrift: int = 0


@dataclass(eq=False)
class Way:
    """A recipe under way. model: what looks for it; one that only finishes a picture has none."""

    asked: Asked
    work: Work
    since: float
    canvas: Canvas | None = None
    model: Model = field(init=False)

    @property
    def recipe(self) -> Recipe:
        return self.asked.recipe


def run(
    recipes: Iterable[Recipe],
    model_of: LoadedModel,
    save: Save,
    cancelled: Callable[[Recipe], bool] = lambda recipe: False,
    lora_of: LoadedLora = no_lora,
    weights: Weights = NONE_KEPT,
    pictures: Pictures = no_pictures,
    place_of: PlaceOf = no_place,
    word_of: LoadedWord = no_word,
) -> Iterator[Event]:
    """Paint recipes one after another (side by side where a model takes several rows), telling what happens."""
    bench = Bench(model_of, save, lora_of, weights, pictures, place_of, word_of)
    waiting = iter(recipes)
    while True:
        while bench.has_room and (recipe := next(waiting, None)) is not None:
            yield from bench.begin(recipe, lambda recipe=recipe: cancelled(recipe))
        if bench.is_empty:
            return
        yield from bench.turn()


class Bench:
    """Where paintings are under way. One can be begun at any time; each turn brings some of them on by a look."""

    def __init__(
        self,
        model_of: LoadedModel,
        save: Save,
        lora_of: LoadedLora = no_lora,
        weights: Weights = NONE_KEPT,
        pictures: Pictures = no_pictures,
        place_of: PlaceOf = no_place,
        word_of: LoadedWord = no_word,
    ):
        self._model_of, self._save, self._lora_of = model_of, save, lora_of
        self._weights, self._pictures, self._place_of, self._word_of = weights, pictures, place_of, word_of
        self._conductor = Conductor()
        self._under_way: dict[Task, Way] = {}
        self._room = 1
        self._remarked: set[str] = set()
        self._needs: dict[str, str] = {}  # memory, of models by name, in words
        self._again: list[Asked] = []

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
        yield from self._begin(Asked(recipe, cancelled, order, urgency))

    def _begin(self, asked: Asked) -> Iterator[Event]:
        try:
            yield from self._put_up(asked)
        except Exception as error:  # ends this recipe; those under way go on
            yield from self._failed(asked, error)
        yield from self._begin_again()

    def _put_up(self, asked: Asked) -> Iterator[Event]:
        since, recipe = time.perf_counter(), asked.recipe
        way = Way(asked, operations[recipe.operation].paint(recipe, self._pictures), since)
        if (canvas := (yield from self._wanted(way, None))) is None:  # so no model is loaded for it
            return
        model = self._model_of(recipe.model, *manner_of(recipe, asked.thrift))
        yield from self._remarks(recipe, model)
        check_weights(recipe, model)
        way.model = adapted(knowing(model, recipe, self._word_of), recipe, self._lora_of)
        yield from self._start(way, canvas)
        yield from self._remarks(recipe, model)
        self._room = max(1, model.rows_at_once // 2)

    def _remarks(self, recipe: Recipe, model: Model) -> Iterator[Event]:
        """How a model, and what steers it, was placed, once, where that is not as everybody expects."""
        self._needs[recipe.model] = getattr(model, "needs", "")
        beside = getattr(model, "beside", None)
        for text in [getattr(model, "remark", ""), *(beside.told if beside is not None else ())]:
            if text and text not in self._remarked:
                self._remarked.add(text)
                yield Warned(recipe, text)

    def _failed(self, asked: Asked, error: Exception | None) -> Iterator[Event]:
        """The end of a recipe; or where memory ran out for the first time, word that it is begun again."""
        if error is None or not memory.ran_out(error):
            yield Failed(asked.recipe, error)
            return
        error.__traceback__ = error.__context__ = None  # they hold what the device computed with
        needs = getattr(error, "needs", "") or self._needs.get(asked.recipe.model, "")
        name, there = asked.recipe.model, f"{memory.there() / 1e9:.1f} GB"
        if asked.thrift == 0:
            yield Warned(asked.recipe, f"{name} ran out of memory ({there} are there): painted again more thriftily")
            self._again.append(replace(asked, thrift=1))
            return
        less = "paint a smaller --size, close what else needs memory, or choose another --model"
        text = f"{name} ran out of memory twice, the second time as thriftily as it can be: "
        wants = f"it needs {needs}, and {there} are there" if needs else f"{there} are there"
        yield Failed(asked.recipe, JobFailed(f"{text}{wants}; {less} (sfumato models --fits)"))

    def _begin_again(self) -> Iterator[Event]:
        """With less of the model on the device, those whose memory ran out; only now nobody holds what they had."""
        while self._again:
            memory.give_back()
            yield from self._begin(self._again.pop(0))

    def preview(self, recipe: Recipe, latent: Latent) -> Image.Image:
        """What a picture under way would be by now."""
        (way,) = [way for way in self._under_way.values() if way.recipe is recipe]
        return Image.fromarray(way.model.decode(latent), "RGBA")

    def turn(self) -> Iterator[Event]:
        """One look for those whose turn it is."""
        yield from self._turned()
        yield from self._begin_again()

    def _turned(self) -> Iterator[Event]:
        for event in self._conductor.turn():
            way = self._under_way[event.task]
            if isinstance(event, Stepped):
                yield progress(way, event)
                continue
            del self._under_way[event.task]
            if isinstance(event, Stopped):
                yield from self._failed(way.asked, event.error)
                continue
            try:
                painted = pixels_of(way, event.latent)
                if (canvas := (yield from self._wanted(way, painted))) is not None:
                    yield from self._start(way, canvas)
            except Exception as error:
                yield from self._failed(way.asked, error)

    def _wanted(self, way: "Way", painted: Image.Image | None) -> Generator[Event, None, Canvas | None]:
        """The canvas that the operation wants next; None: the picture is finished."""
        try:
            return way.work.send(painted)  # type: ignore[arg-type] - a generator begins with None
        except StopIteration as end:
            outside = kept(end.value, way.recipe, self._pictures)
            image = finish(end.value, way.recipe.finish, self._weights)
            yield Painted(Picture(image, way.recipe, time.perf_counter() - way.since, self._save, outside))
            return None

    def _start(self, way: "Way", canvas: Canvas) -> Iterator[Event]:
        """Look for a canvas from now on."""
        way.canvas = canvas
        task, unread = start(way.recipe, canvas, way.model, self._place_of)
        task.cancelled, task.order, task.urgency = way.asked.cancelled, way.asked.order, way.asked.urgency
        for text in unread if canvas.round == 1 else []:
            most = way.model.card.text.tokens
            yield Warned(way.recipe, f"{way.recipe.model} reads {most} pieces of a prompt; not read: {shown(text)}")
        self._conductor.add(task)
        self._under_way[task] = way


def pixels_of(way: "Way", latent: Latent) -> Image.Image:
    """A finished picture; JobFailed where it came to no numbers, which would be shown as black."""
    name = way.recipe.model
    try:
        return Image.fromarray(way.model.decode(latent), "RGBA")
    except FloatingPointError as error:
        tries = ["less of its --lora"] * bool(way.recipe.loras) + ["no --fast"] * way.recipe.fast
        tries += ["less --guidance", f"sfumato verify {name}", "SFUMATO_PRECISION=fp32 if it is computed in fp16"]
        raise JobFailed(f"{name} came to no numbers (NaN): try {', or '.join(tries)}") from error


def kept(image: Image.Image, recipe: Recipe, pictures: Pictures) -> Outside | None:
    """Whether what was to stay did, for operations that keep a part; before finishing steps, which may change all."""
    ground_of = operations[recipe.operation].ground
    return measured(image, ground_of(recipe, pictures), "master") if ground_of is not None else None


def progress(way: "Way", event: Stepped) -> Progress:
    """Steps are counted over all of a picture's rounds."""
    assert way.canvas is not None
    before = (way.canvas.round - 1) * event.steps
    return Progress(way.recipe, before + event.step, way.canvas.rounds * event.steps, event.clean)


def manner_of(recipe: Recipe, thrift: int = 0) -> tuple[Manner, ...]:
    """How a recipe wants its model; nothing where that is as usual."""
    manner = Manner(recipe.fast, thrift)
    return () if manner == USUAL else (manner,)


def check_weights(recipe: Recipe, model: Model) -> None:
    """A recipe is for certain weights; with others it would be another picture."""
    if recipe.weights != model.card.weights:
        raise JobFailed(
            f"this recipe is for {recipe.model} with weights {recipe.weights}, here are {model.card.weights}: "
            f"the picture would be another one; paint it anew with sfumato generate --seed {recipe.seed}"
        )


def knowing(model: Model, recipe: Recipe, word_of: LoadedWord) -> Model:
    """The model with the recipe's words of one's own; planning let none through for a model that takes none."""
    if not recipe.embeddings:
        return model
    return cast(WordyModel, model).knowing([word_of(use) for use in recipe.embeddings])


def adapted(model: Model, recipe: Recipe, lora_of: LoadedLora) -> Model:
    """The model with the recipe's LoRA added; planning let none through for a model that takes none."""
    if not recipe.loras:
        return model
    return cast(AdaptableModel, model).adapted([(lora_of(use), use.weight) for use in recipe.loras])
