"""Marks: what a file says of how it was made, at each level of `--metadata`."""

import json
from dataclasses import dataclass

from sfumato.core.errors import RequestError
from sfumato.core.recipe import Recipe
from sfumato.exports.parameters import written
from sfumato.exports.tags import MOST_TEXT

LEVELS = {"full": "the recipe and that it is AI-made", "minimal": "only that it is AI-made", "none": "nothing"}


@dataclass(frozen=True)
class Marks:
    """ai_made: say so in XMP. recipe: ASCII JSON. parameters: the same for other tools, without NUL."""

    ai_made: bool
    recipe: str | None = None
    parameters: str | None = None


def marks_of(recipe: Recipe | None, level: str, *, ai_made: bool = True) -> Marks:
    """level: one of LEVELS. recipe: None where there is none. ai_made: whether a model painted the picture."""
    if level != "full" or recipe is None:
        return Marks(ai_made=ai_made and level != "none")
    parameters = written(recipe).replace("\0", "\ufffd")
    try:
        parameters.encode()
    except UnicodeEncodeError as error:
        raise RequestError("the prompt holds half a character (a lone surrogate): write it whole") from error
    as_json = json.dumps(recipe.model_dump(mode="json"), allow_nan=False)  # ASCII only: safe in any file
    if max(len(as_json), len(parameters.encode())) > MOST_TEXT:
        raise RequestError(f"the prompt is too long for a file's metadata ({MOST_TEXT // 2**20} MB): shorten it")
    return Marks(True, as_json, parameters)
