"""Pictures that steer a painting, from what a person writes, `canny:photo.jpg:0.8`, to what an order names."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from sfumato.controls import controls
from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.core.picture import Edit, Save
from sfumato.edits import Source, opened
from sfumato.planning.steering import read_control, read_reference
from sfumato.weights import Weights

LARGEST_JSON = 2**20  # bytes


def control_picture(kind: str, source: Source, weights: Weights, save: Save) -> Edit:
    """What a picture, a file or for some kinds a JSON file is made into for a model to follow."""
    since, maker = time.perf_counter(), controls[kind]
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".json":
        if maker.drawn is None:
            raise RequestError(f"a {kind} picture is made of a picture, not of JSON: only a pose is drawn from that")
        image = maker.drawn(_json(Path(source)))
    else:
        image = maker.make(opened(source).image, weights)
    return Edit(image.convert("RGBA"), None, time.perf_counter() - since, save, False)


def held_control(text: str, hold: Callable[[Source], str], weights: Weights, save: Save) -> str:
    """The same with the sha256 of a control picture that is kept in the place of a file's name."""
    wish = read_control(text)
    digest = hold(wish.picture if wish.ready else control_picture(wish.kind, wish.picture, weights, save))
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


def _json(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise UnreadableFile(f"{path.name} is larger than {LARGEST_JSON >> 20} MB, the most that is read")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be read ({(error.strerror or 'it failed').lower()})") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{path.name} is not JSON") from error
