"""Where a picture came from, and what became of the part of it that was to stay."""

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from sfumato import exports
from sfumato.core.errors import Conflict, NotFound
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.studio.painting import Painting

if TYPE_CHECKING:
    from sfumato.core.picture import Outside
    from sfumato.library import Entry


class Origins(Painting):
    """Lineage, what was there before, what changed."""

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
