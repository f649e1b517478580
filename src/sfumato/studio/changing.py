"""Every way to change a picture: parts of it, what is around it, what is behind it.

Each has two verbs: one paints, and one says the order that it paints, for doors that plan, queue or show it first.
"""

import warnings
from typing import TYPE_CHECKING, Any

from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.masks import EVERYWHERE, Where
from sfumato.studio.origins import Origins
from sfumato.studio.painting import as_order

if TYPE_CHECKING:
    from sfumato.core.picture import Edit
    from sfumato.edits import Source


class Changing(Origins):
    """Edit, erase, extend, set a scene, cut out."""

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
        where = Where(mask, mask_polarity, mask_box)
        return self._paint_begun(self.edit_order(source, prompt, where, **fields), where, keep)

    def edit_order(
        self, source: "Source", prompt: str, where: Where = EVERYWHERE, **fields: Any
    ) -> tuple[Order, list[str]]:
        """The order that `edit` paints, its pictures kept; and how the mask is understood, one line each."""
        operation = "image-to-image" if where.is_everywhere else "inpaint"
        return self.begin(as_order(prompt, {"operation": operation, **fields}), source, where)

    def begin(self, order: Order, source: "Source | None" = None, where: Where = EVERYWHERE) -> tuple[Order, list[str]]:
        """The order with the picture kept that it begins with, and its mask; and how that is understood.

        source: None: the order names its start itself. It is cut out first where the operation wants that and nothing
        of it is transparent.
        """
        kept = {} if source is None else {"start": self._hold_for(order.operation, source)}
        start = kept.get("start", order.start)
        if start is None:
            if where != EVERYWHERE:
                raise RequestError("a mask is of a picture that is begun with: name that, too")
            return order, []
        found = where.on(self.held(start).size)
        if found is not None:
            kept["mask"] = self._parts.inputs.keep(found.image)
        return order.model_copy(update=kept), [] if found is None else [found.remark]

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
        where = Where(mask, mask_polarity, mask_box)
        return self._paint_begun(self.erase_order(source, where, **fields), where, keep)

    def erase_order(self, source: "Source", where: Where, **fields: Any) -> tuple[Order, list[str]]:
        """The order that `erase` paints, as edit_order; RequestError where nothing says what is to go."""
        if where.is_everywhere:
            raise RequestError("say where: give a mask, as --mask FILE, or a box, as --mask-box 40,40,200,120")
        return self.edit_order(source, fields.pop("prompt", ""), where, operation="erase", **fields)

    def _paint_begun(self, begun: tuple[Order, list[str]], where: Where, keep: bool) -> list[Picture]:
        order, remarks = begun
        for text in remarks if where.is_inferred else []:
            warnings.warn(text, stacklevel=3)
        return self.paint(order, keep=keep)

    def _hold_for(self, operation: str, source: "Source") -> str:
        from sfumato.edits import opened
        from sfumato.operations import operations

        image = opened(source).image
        if operations[operation].cut_out and image.getchannel("A").getextrema()[0] == 255:
            image = self.cutout(image).image
        return self._parts.inputs.keep(image)

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

    def cutout(self, source: "Source", *, background: str = "transparent") -> "Edit":
        """The thing that a picture, or a file, shows, without what is around it; background: as an Order's."""
        from sfumato.edits import edited
        from sfumato.finishing import finish
        from sfumato.planning.backgrounds import checked_background

        parts, ground = self._parts, checked_background(background)
        steps = ("cutout", *([] if ground == "transparent" else [f"background:{ground}"]))
        return edited(source, steps, lambda image: finish(image, steps, parts.weights), parts.save)
