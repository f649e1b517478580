"""sfumato info: what a picture says of how it was made."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    file: Annotated[Path, typer.Argument(help="A PNG, JPEG or WebP.")],
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON on stdout.")] = False,
) -> None:
    """Show the recipe in a picture: ours, AUTOMATIC1111's, ComfyUI's or InvokeAI's, as far as it maps."""
    from dataclasses import asdict

    from sfumato.cli import _tables
    from sfumato.cli._progress import say
    from sfumato.studio import Studio

    found = Studio().read(file)
    fields = {k: v for k, v in asdict(found).items() if k not in {"recipe", "source", "unread"} and v is not None}
    if found.recipe is not None:
        fields = found.recipe.model_dump(mode="json", exclude_none=True)
    if json:
        _tables.print_json({"source": found.source, "fields": fields, "unread": list(found.unread)})
        return
    if found.source is None:
        say(f"{file.name} says nothing of how it was made")
        return
    print(f"made by {found.source}")
    _tables.print_table(["field", "value"], [[name, str(value)] for name, value in fields.items()])
    if found.unread:
        say(f"there, but without a counterpart here: {', '.join(found.unread)}")
