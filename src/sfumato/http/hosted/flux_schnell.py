"""black-forest-labs/flux-schnell, as in https://github.com/replicate/cog-flux."""

from sfumato.http.hosted import Hosted
from sfumato.http.hosted._flux import Flux, wish

PART = Hosted("black-forest-labs/flux-schnell", Flux, wish, versions=("c846a699",))
