"""Every way to change a picture: parts of it, what is around it, what is behind it, others like it."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from sfumato import exports
from sfumato.core.errors import Conflict, NotFound, RequestError
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.planning import Plan, check
from sfumato.studio.painting import Painting, as_order

if TYPE_CHECKING:
    from sfumato.core.picture import Edit, Outside
    from sfumato.edits import Source
    from sfumato.library import Entry
    from sfumato.masks import Mask


class Changing(Painting):
    """Edit, erase, extend, set a scene, vary."""

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

    def cutout(self, source: "Source", *, background: str = "transparent") -> "Edit":
        """The thing that a picture, or a file, shows, without what is around it; background: as an Order's."""
        from sfumato.edits import edited
        from sfumato.finishing import finish
        from sfumato.planning.backgrounds import checked_background

        parts, ground = self._parts, checked_background(background)
        steps = ("cutout", *([] if ground == "transparent" else [f"background:{ground}"]))
        return edited(source, steps, lambda image: finish(image, steps, parts.weights), parts.save)
