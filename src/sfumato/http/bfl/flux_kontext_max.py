"""flux-kontext-max: a picture changed by words."""

from sfumato.http.bfl._kontext import Kontext, wish
from sfumato.http.hosted import Hosted

PART = Hosted("flux-kontext-max", Kontext, wish, single=True)
