"""Any other model, whole, by its own pipeline of diffusers: for kinds that have no family of their own here.

The pipeline brings its own sampler and draws its own noise, on the processor, from the recipe's seed. It runs in a
thread that is held after each step until the conductor asks for the next; so progress, taking turns and cancelling are
the same as for every model. What a pipeline takes is read from its signature: a picture that is told what to change, a
mask, a strength. Only pipelines of diffusers itself are run: no code that comes with a model.
"""

import inspect
import json
import threading
from collections.abc import Callable, Sequence
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from sfumato.core.canvas import Canvas
from sfumato.core.card import Card
from sfumato.core.errors import Cancelled, JobFailed
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.engine.families import USUAL, Manner, Text
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.placing import placed
from sfumato.engine.painting import Guided, Latent, Row
from sfumato.engine.strength import steps_at

LIBRARIES = frozenset({None, "diffusers", "transformers"})
"""That a model's parts may come from, and modules of diffusers' own pipelines; any other name is code in the folder."""


AS_IT_WAS_ASKED = {
    "use_resolution_binning": False,  # the size is the recipe's, not the nearest of a list
    "clean_caption": False,  # the prompt is read as it was written
    "use_pe": False,
    "_auto_resize": False,
    "enable_prompt_rewrite": False,
    "prompt_upsampling": False,
}
"""What pipelines would change of a wish by themselves."""


def not_usual(recipe: Recipe) -> dict[str, None]:
    """What pipelines would take of themselves beside a wish that it contradicts.

    That is a guidance for each of 48 steps, and a moment to stop at between two steps, where there are more or fewer.
    """
    return {"guidance_schedule": None} | ({} if recipe.steps == 2 else {"intermediate_timesteps": None})


class Pipeline:
    """The loaded pipeline. It is asked for whole paintings, not for looks: see engine/families' WholeModel."""

    rows_at_once = 1

    def __init__(self, card: Card, folder: Path, place: Place | Manner = USUAL):
        self.card = card
        self._place = place = placed(card, place, folder=folder)
        self.remark, self.needs = place.remark, place.needs
        assert card.pipeline is not None
        kind = getattr(diffusers, card.pipeline)
        inside = Folder(card, folder)
        check_code(inside, kind)
        for part in sorted(path.name for path in folder.iterdir() if path.is_dir() and any(path.glob("*.safetensors"))):
            inside.check_weights(part)
        self._pipe = inside.made(kind, place)
        self._siblings = {use: made_of(self._pipe, getattr(diffusers, name)) for use, name in card.siblings.items()}

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        """Of the finished picture: its latents are the pipeline's own."""
        return height, width, 3

    def tokens(self, width: int, height: int) -> int:
        return width * height

    def read(self, prompt: str) -> Text:
        """As it is: the pipeline reads it."""
        return Text(prompt)

    def encode(self, pixels: np.ndarray) -> Latent:
        raise JobFailed(f"{self.card.name} paints whole: its pipeline encodes pictures by itself")

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        """The next step of each row's painting."""
        return [row.text.next_step() for row in rows]

    def decode(self, latent: Latent) -> np.ndarray:
        """latent: what a painting ended with, 0 to 1, (height, width, 3), or 4 of a model that paints alpha.

        FloatingPointError where it is no numbers.
        """
        if not np.isfinite(latent).all():
            raise FloatingPointError
        made = (np.asarray(latent).clip(0, 1) * 255).round().astype(np.uint8)
        return made if made.shape[-1] == 4 else np.concatenate([made, np.full_like(made[..., :1], 255)], -1)

    def painting(self, recipe: Recipe, canvas: Canvas) -> Guided:
        """The whole picture; a row's x is the picture as it was at the last step, in the pipeline's own latents."""
        pipe = self._for(canvas)
        run = Run(view(pipe), self._arguments(pipe, recipe, canvas))
        x = np.zeros(self.latent_shape(canvas.width, canvas.height), np.float32)
        level = steps_at(canvas.strength, recipe.steps, self.card.noise.scale)
        try:
            while level > 0 and not run.done:
                (x,) = yield [Row(x, float(level), run)]
                level -= 1
            return brought_to(run.picture(), canvas)
        finally:
            run.stop()

    def _for(self, canvas: Canvas) -> Any:
        """The pipeline for a canvas: one that was made for masks, or to begin part of the way, where there is one."""
        if canvas.mask is not None and "fill" in self._siblings:
            return self._siblings["fill"]
        return self._siblings.get("image-to-image", self._pipe) if canvas.start is not None else self._pipe

    def _arguments(self, pipe: Any, recipe: Recipe, canvas: Canvas) -> dict[str, Any]:
        """What the recipe says, in the pipeline's words. Planning let nothing through that the card does not take."""
        card, takes = self.card, inspect.signature(pipe.__call__).parameters
        wishes = {
            "width": canvas.width,
            "height": canvas.height,
            "max_area": canvas.width * canvas.height,
            "num_inference_steps": recipe.steps,
            "max_sequence_length": card.text.tokens,
            "negative_prompt": unwanted(pipe, recipe) if card.asks_twice(recipe.guidance, recipe.negative) else None,
            guidance_word(card): recipe.guidance,
            **begun(canvas),
            **AS_IT_WAS_ASKED,
        }
        return {
            "prompt": card.styled(recipe.prompt, recipe.style),
            "generator": torch.Generator("cpu").manual_seed(recipe.seed),
            "output_type": "np",
            **{name: value for name, value in wishes.items() if name in takes and value is not None},
            **{name: value for name, value in not_usual(recipe).items() if name in takes},
        }


def unwanted(pipe: Any, recipe: Recipe) -> str | None:
    """What should not be there. None where it is nothing, and the model was taught what nothing is; else "" is read."""
    if not recipe.negative and pipe.config.get("force_zeros_for_empty_prompt"):
        return None
    return recipe.negative or ""


def begun(canvas: Canvas) -> dict[str, Any]:
    """What the canvas begins with, in the words of all pipelines; a picture is laid on white, for none knows alpha."""
    if canvas.start is None:
        return {}
    white = Image.new("RGBA", canvas.start.size, "white")
    image = Image.alpha_composite(white, canvas.start.convert("RGBA")).convert("RGB")
    return {"image": image, "mask_image": canvas.mask, "strength": canvas.strength}


def brought_to(picture: np.ndarray, canvas: Canvas) -> np.ndarray:
    """A picture, 0 to 1 (height, width, 3 or 4), at the canvas's size; some pipelines choose their own."""
    if picture.shape[:2] == (canvas.height, canvas.width):
        return picture
    made = Image.fromarray((picture.clip(0, 1) * 255).round().astype(np.uint8))
    return np.asarray(made.resize((canvas.width, canvas.height), Image.Resampling.LANCZOS), np.float32) / 255


def made_of(pipe: Any, kind: type) -> Any:
    """A pipeline of another class with the same parts."""
    wanted, known = inspect.signature(kind.__init__).parameters, {**pipe.config, **pipe.components}
    if kind.__name__ == "ChromaInpaintPipeline":  # it asks its network for what that has no word of
        pipe.transformer.register_to_config(guidance_embeds=False)
    return kind(**{name: part for name, part in known.items() if name in wanted})


def view(pipe: Any) -> Any:
    """The same networks with a scheduler of its own, so that two paintings do not disturb each other."""
    view = copy(pipe)
    view.scheduler = deepcopy(pipe.scheduler)
    view.set_progress_bar_config(disable=True)
    return view


def guidance_word(card: Card) -> str:
    """What a model's pipelines call the guidance of its card's kind; some have a number for each kind.

    Its main one knows: ChromaInpaintPipeline takes a true_cfg_scale, and does nothing with it.
    """
    takes = inspect.signature(getattr(diffusers, card.pipeline or "").__call__).parameters
    real = card.guidance_kind == "classifier-free"
    return "true_cfg_scale" if real and "true_cfg_scale" in takes else "guidance_scale"


def check_code(folder: Folder, kind: type) -> None:
    """DamagedWeights unless all in the folder is made by classes of diffusers and transformers, the whole by `kind`."""
    named = getattr(diffusers, folder.pipeline, None)
    if not (isinstance(named, type) and issubclass(named, kind)):
        raise folder.wrong(f"it holds a {shown(folder.pipeline)}, and the card is of {kind.__name__}")
    for name, entry in folder.index.items():
        if _is_part(entry) and (len(entry) != 2 or not _is_theirs(entry[0])):
            raise folder.wrong(f"its {shown(name)} is made by code of its own, which is never run")
    for config in sorted(folder.path.glob("*/config.json")):
        try:
            said = json.loads(config.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise folder.wrong(f"{config.parent.name}/config.json cannot be read") from error
        if "auto_map" in said:
            raise folder.wrong(f"its {config.parent.name} is made by code of its own, which is never run")
    code = next(folder.path.rglob("*.py"), None)
    if code is not None:
        raise folder.wrong(f"{shown(code.name)} in it is code, which is never run; take it out")


def _is_part(entry: Any) -> bool:
    """Whether an entry of an index names where a part comes from, and not numbers that a pipeline is set to."""
    return isinstance(entry, list) and not (entry and all(isinstance(each, int | float) for each in entry))


def _is_theirs(library: str | None) -> bool:
    return library in LIBRARIES or hasattr(diffusers.pipelines, str(library))


class Run:
    """One call of a pipeline, in a thread that waits after each step."""

    def __init__(self, pipe: Any, arguments: dict[str, Any]):
        self.done = False
        self._error: BaseException | None = None
        self._stopped = False
        self._latents: Latent = np.zeros((1, 1, 1), np.float32)
        self._made: np.ndarray | None = None
        self._go, self._came = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(pipe, arguments), daemon=True)

    def next_step(self) -> Latent:
        """Let it go on to the end of its next step, and see its latents."""
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._go.release()
        self._came.acquire()
        if self._error is not None:
            raise self._error
        return self._latents

    def picture(self) -> np.ndarray:
        """The finished picture, 0 to 1 (height, width, 3)."""
        while not self.done:
            self.next_step()
        assert self._made is not None
        return self._made

    def stop(self) -> None:
        """End it, wherever it is, and wait for that."""
        self._stopped = True
        self._go.release()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self, pipe: Any, arguments: dict[str, Any]) -> None:
        try:
            takes = inspect.signature(pipe.__call__).parameters
            if "callback_on_step_end" in takes:
                arguments = {**arguments, "callback_on_step_end": self._stepped}
            elif "callback" in takes:  # the older way, that a few still have
                arguments = {**arguments, "callback": self._stepped_before}
            else:
                pipe.scheduler.step = self._after(pipe.scheduler.step)
            torch.manual_seed(arguments["generator"].initial_seed())  # a few draw before their first step without it
            self._made = np.asarray(pipe(**arguments)[0][0])  # what they call it differs: images, image
        except BaseException as error:  # whatever it is, it is raised where the painting is waited for
            self._error = error
        self.done = True
        self._came.release()

    def _stepped(self, pipe: Any, step: int, timestep: Any, given: dict[str, Any]) -> dict[str, Any]:
        """Called by the pipeline after each step."""
        self._wait(given["latents"])
        return given

    def _stepped_before(self, step: int, timestep: Any, latents: torch.Tensor) -> None:
        self._wait(latents)

    def _after(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """The scheduler's step, of a pipeline that calls nobody."""

        def stepped(*given: Any, **named: Any) -> Any:
            made = step(*given, **named)
            self._wait(made[0])
            return made

        return stepped

    def _wait(self, latents: torch.Tensor) -> None:
        self._latents = latents[0].float().cpu().numpy()
        self._came.release()
        self._go.acquire()
        if self._stopped:
            raise Cancelled("the painting was stopped")


PART = Pipeline
