"""sfumato presets: looks put into words, and what places want pictures to be."""

from typing import Annotated

import typer


def command(json: Annotated[bool, typer.Option("--json", help="Both lists as JSON on stdout.")] = False) -> None:
    """List the presets: styles for sfumato generate --preset, and exports for sfumato export --for.

    Your own are TOML files in the folders styles and presets of SFUMATO_HOME; one of the same name takes the place of
    ours.
    """
    from sfumato.cli import _tables
    from sfumato.studio import Studio

    styles, exports = Studio().style_presets(), Studio().export_presets()
    if json:
        _tables.print_json({"styles": styles, "exports": exports})
        return
    rows = [["style", one.name, one.about, one.prompt] for one in styles]
    rows += [["export", one.name, one.about, f"{one.width}x{one.height} {one.format}"] for one in exports]
    _tables.print_table(["preset", "name", "what it is", "what it does"], rows)
