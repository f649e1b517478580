"""A program, with stand-ins for the weights that `sfumato pull` would fetch.

python tests/with_standins.py -c PROGRAM
"""

import sys

from standins import kept_standins

from sfumato import wiring
from sfumato.settings import Settings

wiring.Parts.weights = kept_standins(Settings().home / "weights")  # type: ignore[assignment]
exec(sys.argv[2], {"__name__": "__main__"})
