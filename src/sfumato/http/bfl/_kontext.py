"""What the Kontext models take: a picture, and words for what is to become of it; without one, words alone."""

from pydantic import Field

from sfumato.core.errors import RequestError
from sfumato.http.bfl import BflInput, by_ratio, wished
from sfumato.http.bfl.flux_pro_1_1_ultra import RATIO
from sfumato.http.hosted import Wish


class Kontext(BflInput):
    """input_image: base64, or a URL. The others were to be looked at, which no model here does."""

    input_image: str | None = None
    input_image_2: str | None = None
    input_image_3: str | None = None
    input_image_4: str | None = None
    aspect_ratio: str | None = Field(default=None, pattern=RATIO)


def wish(given: Kontext) -> Wish:
    """The picture's own size stays, unless a ratio is given."""
    if more := [name for name in ("input_image_2", "input_image_3", "input_image_4") if getattr(given, name)]:
        raise RequestError(f"{more[0]}: one picture is changed here, and no model looks at others: send one")
    size = by_ratio(given.aspect_ratio or "1:1")
    if given.input_image is None:
        return wished(given, size)
    return wished(given, size if given.aspect_ratio else None, image=given.input_image)
