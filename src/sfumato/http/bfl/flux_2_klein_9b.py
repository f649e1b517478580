"""flux-2-klein-9b: words and a picture."""

from sfumato.http.bfl._flux_2 import Flux2, wish
from sfumato.http.hosted import Hosted

PART = Hosted("flux-2-klein-9b", Flux2, wish, single=True)
