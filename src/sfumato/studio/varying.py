"""Pictures like one that is there, and those between two; and several side by side."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.core.picture import Picture
from sfumato.planning import Plan, check
from sfumato.studio.changing import Changing

if TYPE_CHECKING:
    from sfumato.core.picture import Edit
    from sfumato.edits import Source


class Varying(Changing):
    """Vary, go from one to another, lay in a row."""

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
        from sfumato.planning.variations import turned

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
        from sfumato.planning.variations import row_between

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
