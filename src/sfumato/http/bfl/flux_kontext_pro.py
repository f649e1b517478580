"""flux-kontext-pro: a picture changed by words."""

from sfumato.http.bfl._kontext import Kontext, wish
from sfumato.http.hosted import Hosted

PART = Hosted("flux-kontext-pro", Kontext, wish, single=True)
