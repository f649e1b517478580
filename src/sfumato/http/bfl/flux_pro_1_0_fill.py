"""flux-pro-1.0-fill: a picture painted where a mask is white, or where it is transparent itself."""

from pydantic import Field

from sfumato.http.bfl import BflInput, wished
from sfumato.http.hosted import Hosted, Wish


class Fill(BflInput):
    """image: base64, or a URL; mask: the same, of its size."""

    image: str
    mask: str | None = None
    steps: int = Field(default=50, ge=15, le=50)
    guidance: float = Field(default=60, ge=1.5, le=100)


def wish(given: Fill) -> Wish:
    if given.mask is None:
        return wished(given, None, image=given.image, mask=given.image, polarity="alpha")
    return wished(given, None, image=given.image, mask=given.mask, stretched=False)


PART = Hosted("flux-pro-1.0-fill", Fill, wish, single=True)
