"""flux-pro-1.1: a prompt, a size, perhaps a picture to be led by."""

from sfumato.http.bfl import Sized, prompted
from sfumato.http.hosted import Hosted, Wish

LOOSELY = 0.85


class FluxPro(Sized):
    """image_prompt: base64, or a URL."""

    image_prompt: str | None = None


def wish(given: FluxPro) -> Wish:
    return prompted(given, (given.width, given.height), given.image_prompt, LOOSELY)


PART = Hosted("flux-pro-1.1", FluxPro, wish, single=True)
