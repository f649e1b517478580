"""sfumato presets: looks put into words."""

from typing import Annotated

import typer


def command(json: Annotated[bool, typer.Option("--json", help="The list as JSON on stdout.")] = False) -> None:
    """List the style presets for sfumato generate --preset.

    Your own are TOML files in the folder styles of SFUMATO_HOME; one of the same name takes the place of ours.
    """
    from sfumato.cli import _tables
    from sfumato.studio import Studio

    found = Studio().style_presets()
    if json:
        _tables.print_json(found)
    else:
        _tables.print_table(["preset", "look", "words"], [[one.name, one.about, one.prompt] for one in found])
