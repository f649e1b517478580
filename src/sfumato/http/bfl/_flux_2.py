"""What the FLUX.2 models take: words, up to eight pictures, and any size of up to four megapixels."""

from pydantic import Field

from sfumato.core.errors import RequestError
from sfumato.http.bfl import BflInput, wished
from sfumato.http.hosted import Wish

USUAL = 1024, 1024
MOST = 4_000_000  # pixels
OTHERS = tuple(f"input_image_{i}" for i in range(2, 9))


class Flux2(BflInput):
    """width, height: multiples of 16, both or neither. input_image: base64, or a URL."""

    safety_tolerance: int = Field(default=2, ge=0, le=5)
    width: int | None = Field(default=None, ge=64, le=4096, multiple_of=16)
    height: int | None = Field(default=None, ge=64, le=4096, multiple_of=16)
    input_image: str | None = None
    input_image_2: str | None = None
    input_image_3: str | None = None
    input_image_4: str | None = None
    input_image_5: str | None = None
    input_image_6: str | None = None
    input_image_7: str | None = None
    input_image_8: str | None = None


def wish(given: Flux2) -> Wish:
    """A picture's own size stays, unless one is given."""
    if more := [name for name in OTHERS if getattr(given, name)]:
        raise RequestError(f"{more[0]}: one picture is changed here, and no model looks at others: send one")
    if (given.width is None) != (given.height is None):
        raise RequestError("width and height go together: give both, or neither")
    size = None if given.width is None or given.height is None else (given.width, given.height)
    if size is not None and size[0] * size[1] > MOST:
        raise RequestError(f"{size[0]}x{size[1]} is more than four megapixels: ask for less")
    if given.input_image is None:
        return wished(given, size or USUAL)
    return wished(given, size, image=given.input_image)
