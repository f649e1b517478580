"""The command line, or a program behind -c, with stand-ins for the weights that `sfumato pull` would fetch.

python tests/with_standins.py upscale apple.png
"""

import sys

from standins import kept_standins

from sfumato import cli, wiring
from sfumato.settings import Settings

wiring.Parts.weights = kept_standins(Settings().home / "weights")  # type: ignore[assignment]
if sys.argv[1] == "-c":
    exec(sys.argv[2], {"__name__": "__main__"})
else:
    cli.main()
