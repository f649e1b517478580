"""Our own recipe, from a PNG's text chunk `sfumato` or from XMP; checked as strictly as any other input."""

from collections.abc import Mapping

from pydantic import ValidationError

from sfumato.core.recipe import RECIPE_VERSION, Recipe
from sfumato.core.wording import shown
from sfumato.exports import xmp
from sfumato.exports.readers import Found, Reader
from sfumato.exports.readers._values import parsed


def read(texts: Mapping[str, str]) -> Found | None:
    """The recipe, and its fields; or why it cannot be one."""
    written = texts.get("sfumato") or xmp.recipe_in(texts.get("XMP", ""))
    if not written:
        return None
    try:
        recipe = Recipe.model_validate_json(written, strict=True)
    except ValidationError as error:
        return Found("sfumato", unread=("sfumato",), problem=_why(written, error))
    return Found(
        "sfumato",
        recipe,
        prompt=recipe.prompt,
        negative=recipe.negative,
        seed=recipe.seed,
        steps=recipe.steps,
        guidance=recipe.guidance,
        sampler=recipe.sampler,
        schedule=recipe.schedule,
        model=recipe.model,
        width=recipe.width,
        height=recipe.height,
        loras=tuple(map(str, recipe.loras)) or None,
    )


def _why(written: str, error: ValidationError) -> str:
    version = (parsed(written) or {}).get("version")
    if isinstance(version, int) and RECIPE_VERSION < version < 1000:
        return f"its recipe is of version {version}, and this Sfumato reads {RECIPE_VERSION}: update Sfumato"
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"its recipe is not right: {shown(where) + ': ' if where else ''}{first['msg'].splitlines()[0][:200]}"


PART = Reader(rank=0, tags=frozenset({"sfumato", "parameters", "XMP", "UserComment"}), read=read)
