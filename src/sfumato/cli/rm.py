"""sfumato rm: delete weights that are no longer wanted."""

from typing import Annotated

import typer


def command(names: Annotated[list[str], typer.Argument(help="As sfumato pull or sfumato models lists them.")]) -> None:
    """Delete pulled weights; sfumato pull fetches them again."""
    from sfumato.studio import Studio

    studio = Studio()
    for name in names:
        print(studio.remove_weights(name), flush=True)
