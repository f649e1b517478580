"""Pictures that steer a painting, from what a person writes, `canny:photo.jpg:0.8`, to what an order names."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from sfumato.controls import controls
from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.core.picture import Edit, Save
from sfumato.core.wording import cause
from sfumato.edits import Source, opened
from sfumato.planning.steering import read_control, read_reference
from sfumato.weights import Weights

LARGEST_JSON = 2**20  # bytes


def control_picture(kind: str, source: Source, weights: Weights, save: Save) -> Edit:
    """What a picture, a file or for some kinds a JSON file is made into for a model to follow."""
    since, maker, told = time.perf_counter(), controls[kind], ()
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".json":
        if maker.drawn is None:
            raise RequestError(f"a {kind} picture is made of a picture, not of JSON: only a pose is drawn from that")
        image = maker.drawn(_json(Path(source)))
    else:
        image, told = maker.make(opened(source).image, weights), maker.told(weights)
    return Edit(image.convert("RGBA"), None, time.perf_counter() - since, save, False, told)


def found(kind: str, source: Source, weights: Weights) -> dict[str, Any]:
    """What a JSON file that a control picture of a kind is drawn from would hold, of a picture."""
    if (find := controls[kind].found) is None:
        raise RequestError(f"a {kind} picture is no drawing of JSON: only of a pose there is any")
    return find(opened(source).image, weights)


def held_control(
    text: str, hold: Callable[[Source], str], weights: Weights, save: Save, tell: Callable[[str], None]
) -> str:
    """The same with the sha256 of a control picture that is kept in the place of a file's name."""
    wish = read_control(text)
    if wish.ready:
        digest = hold(wish.picture)
    else:
        edit = control_picture(wish.kind, wish.picture, weights, save)
        digest = hold(edit)
        for line in edit.warnings:
            tell(line)
    said = [wish.kind, digest, *([] if wish.weight is None else [f"{wish.weight:g}"])]
    if (wish.begin, wish.end) != (0, 1):
        said.append(f"{wish.begin:g}-{wish.end:g}")
    return ":".join([*said, "ready"])


def held_reference(text: str, hold: Callable[[Source], str]) -> str:
    """The same with the sha256 of a kept picture in the place of a file's name."""
    picture, weight = read_reference(text)
    return hold(picture) if weight is None else f"{hold(picture)}:{weight:g}"


def made(kind: str, image: Image.Image, weights: Weights) -> Image.Image:
    """The control picture of a kind."""
    return controls[kind].make(image, weights).convert("RGBA")


def how(kind: str, weights: Weights) -> tuple[str, ...]:
    """A line on how that is made with the weights that are here, where there are several ways."""
    return controls[kind].told(weights)


def _json(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise UnreadableFile(f"{path.name} is larger than {LARGEST_JSON >> 20} MB, the most that is read")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read ({cause(error)})") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{path.name} is not JSON") from error
