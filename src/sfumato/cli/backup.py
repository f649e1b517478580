"""sfumato backup: everything in one file."""

from pathlib import Path
from typing import Annotated

import typer

from sfumato.cli import _options as o


def command(
    file: Annotated[Path, typer.Argument(help="Where to; a tar file.")],
    force: o.Force = False,
) -> None:
    """Write pictures, jobs, keys, LoRA and presets into one file, also while a server runs.

    Weights are not in it: sfumato pull fetches them again. Keep it as you keep passwords.
    """
    from sfumato.studio import Studio

    print(Studio().back_up(file, force=force))
