"""flux-2-flex: as flux-2-pro, with steps and guidance."""

from pydantic import Field

from sfumato.http.bfl._flux_2 import Flux2, wish
from sfumato.http.hosted import Hosted


class Flex(Flux2):
    """steps, guidance: as they say it."""

    steps: int = Field(default=50, ge=1, le=50)
    guidance: float = Field(default=5, ge=1.5, le=10)


PART = Hosted("flux-2-flex", Flex, wish, single=True)
