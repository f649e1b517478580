"""sfumato restore: what a backup holds, back in its place."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    file: Annotated[Path, typer.Argument(help="Of sfumato backup.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also where there are pictures or jobs; they are put aside.")
    ] = False,
) -> None:
    """Bring back what a backup holds, into SFUMATO_HOME and SFUMATO_DATABASE; stop the server first.

    A backup of SQLite can be restored into PostgreSQL, and the other way round.
    """
    from sfumato.cli import _progress
    from sfumato.studio import Studio

    pictures = Studio().restore(file, force=force)
    _progress.say(f"{pictures} pictures are here; what was being painted is painted again")
