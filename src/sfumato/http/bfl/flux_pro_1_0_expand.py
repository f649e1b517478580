"""flux-pro-1.0-expand: more is painted around a picture, whose own pixels stay."""

from pydantic import Field

from sfumato.http.bfl import BflInput, wished
from sfumato.http.hosted import Hosted, Wish


class Expand(BflInput):
    """top, bottom, left, right: new pixels on each side."""

    image: str
    top: int = Field(default=0, ge=0, le=2048)
    bottom: int = Field(default=0, ge=0, le=2048)
    left: int = Field(default=0, ge=0, le=2048)
    right: int = Field(default=0, ge=0, le=2048)
    steps: int = Field(default=50, ge=15, le=50)
    guidance: float = Field(default=60, ge=1.5, le=100)


def wish(given: Expand) -> Wish:
    margins = given.left, given.top, given.right, given.bottom
    return wished(given, None, image=given.image, fields={"operation": "outpaint", "margins": margins})


PART = Hosted("flux-pro-1.0-expand", Expand, wish, single=True)
