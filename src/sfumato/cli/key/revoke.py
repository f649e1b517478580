"""sfumato key revoke: a key opens nothing any more."""

from typing import Annotated

import typer


def command(key: Annotated[str, typer.Argument(help="Its first column in sfumato key ls.")]) -> None:
    """Revoke a key, from the next request on."""
    from sfumato.studio import Studio

    Studio().keys.revoke(key)
