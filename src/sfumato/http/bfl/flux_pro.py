"""flux-pro: as flux-pro-1.1, with steps and guidance."""

from pydantic import Field

from sfumato.http.bfl.flux_pro_1_1 import FluxPro, wish
from sfumato.http.hosted import Hosted


class FluxProSteps(FluxPro):
    """interval: a knob of theirs."""

    steps: int = Field(default=40, ge=1, le=50)
    guidance: float = Field(default=2.5, ge=1.5, le=5)
    interval: float = Field(default=2, ge=1, le=4)


PART = Hosted("flux-pro", FluxProSteps, wish, single=True)
