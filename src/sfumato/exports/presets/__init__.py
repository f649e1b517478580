"""Export presets: what a place wants its pictures to be, one TOML file each; `sfumato export --for NAME` makes them.

Sizes are what each platform asked for in 2026, in pixels. To add one, add a file here, or in the folder `presets` of
SFUMATO_HOME; one of the same name takes the place of ours.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from sfumato.core.shelf import Named, Shelf

LONGEST = 8192  # pixels a side


class ExportPreset(Named):
    """width, height: pixels. quality: 0 to 100, for jpg and webp; None: 80.

    background: `#rrggbb` under what is transparent; None: it stays so, where the format can.
    """

    width: int = Field(ge=1, le=LONGEST)
    height: int = Field(ge=1, le=LONGEST)
    format: Literal["png", "jpg", "webp"]
    quality: int | None = Field(default=None, ge=0, le=100)
    background: str | None = Field(default=None, pattern="^#[0-9a-f]{6}$")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), pixels."""
        return self.width, self.height


def export_presets(own: Path | None = None) -> Shelf[ExportPreset]:
    """Ours, and those in a person's own folder."""
    return Shelf("export preset", ExportPreset, Path(__file__).parent, own)
