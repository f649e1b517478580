"""sfumato loras rm: delete one that is no longer wanted."""

from typing import Annotated

import typer


def command(name: Annotated[str, typer.Argument(help="As sfumato loras lists it.")]) -> None:
    """Delete a LoRA's file; pictures made with it can then not be replayed."""
    from sfumato.studio import Studio

    print(Studio().remove_lora(name))
