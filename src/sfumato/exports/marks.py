"""Marks: what a file says of how it was made, at each level of `--metadata`."""

import json
from dataclasses import dataclass

from sfumato.core.errors import RequestError
from sfumato.core.recipe import Recipe
from sfumato.exports.parameters import written

LEVELS = {"full": "the recipe and that it is AI-made", "minimal": "only that it is AI-made", "none": "nothing"}


@dataclass(frozen=True)
class Marks:
    """ai_made: say so in XMP. recipe: ASCII JSON. parameters: the same for other tools, without NUL."""

    ai_made: bool
    recipe: str | None = None
    parameters: str | None = None


def marks_of(recipe: Recipe, level: str) -> Marks:
    """level: one of LEVELS."""
    if level != "full":
        return Marks(ai_made=level == "minimal")
    parameters = written(recipe).replace("\0", "\ufffd")
    try:
        parameters.encode()
    except UnicodeEncodeError as error:
        raise RequestError("the prompt holds half a character (a lone surrogate): write it whole") from error
    return Marks(True, json.dumps(recipe.model_dump()), parameters)  # json writes ASCII only: safe in any file
