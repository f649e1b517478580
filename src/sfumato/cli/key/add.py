"""sfumato key add: a key for a user."""

from typing import Annotated

import typer

from sfumato.cli._numbers import whole


def command(
    user: Annotated[str, typer.Argument(help="Whose it is; a user sees their own jobs and pictures only.")],
    most: Annotated[int | None, whole(help="Jobs of theirs that may wait or run. (default: as the server's)")] = None,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept."""
    from sfumato.cli import _progress
    from sfumato.studio import Studio

    print(Studio().keys.add(user, most))
    _progress.say("keep it well, it is not shown again")
