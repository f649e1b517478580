"""The command line without what it takes to import it anew each time; a process of its own all the same.

    python forked.py nursery SOCKET      forks, as forks.py says
    python -S forked.py WORDS            sfumato WORDS, forked there; streams, folder and exit code are its own

STANDINS in the environment: stand-ins take the place of the weights that `sfumato pull` would fetch.
"""

import os
import sys

import forks


def live() -> None:
    """As `sfumato`, with the arguments that were asked for."""
    from standins import kept_standins

    from sfumato import cli, wiring
    from sfumato.settings import Settings

    if "STANDINS" in os.environ:
        wiring.Parts.weights = kept_standins(Settings().home / "weights")  # type: ignore[assignment]
    cli.main()


if sys.argv[1] == "nursery":
    # what a child would import by itself, done once
    import onnxruntime  # noqa: F401

    import sfumato.cli
    import sfumato.engine.families.pocket
    import sfumato.finishing
    import sfumato.library.rows
    import sfumato.studio  # noqa: F401

    forks.tend(sys.argv[2], live)
else:
    sys.exit(forks.Remote(sys.argv[1:]).wait())
