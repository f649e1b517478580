"""flux-dev: as flux-pro-1.1, with steps and guidance."""

from pydantic import Field

from sfumato.http.bfl.flux_pro_1_1 import FluxPro, wish
from sfumato.http.hosted import Hosted


class FluxDev(FluxPro):
    """guidance: distilled."""

    steps: int = Field(default=28, ge=1, le=50)
    guidance: float = Field(default=3, ge=1.5, le=5)


PART = Hosted("flux-dev", FluxDev, wish, single=True)
