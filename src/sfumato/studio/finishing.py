"""What is done to a finished picture: enlarged, cut out, drawn as lines, exported for places."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from sfumato import exports
from sfumato.core.errors import RequestError
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.planning import Plan
from sfumato.studio.varying import Varying

if TYPE_CHECKING:
    from sfumato.core.picture import Edit
    from sfumato.edits import Source
    from sfumato.export_sets import ExportSet
    from sfumato.framing import Box
    from sfumato.worker.run import Event


class Finishing(Varying):
    """Upscale, cut out, trace, export."""

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
