"""flux-2-max: words and a picture."""

from sfumato.http.bfl._flux_2 import Flux2, wish
from sfumato.http.hosted import Hosted

PART = Hosted("flux-2-max", Flux2, wish, single=True)
