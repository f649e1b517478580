"""Export sets: one picture as the files that several places want, each encoded once from the master, and a manifest.

The manifest, `NAME-manifest.json`, says of every file what was cut off, added and enlarged, and why.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sfumato import exports
from sfumato.core.errors import CannotWrite
from sfumato.core.picture import Edit, Save
from sfumato.core.registry import unknown
from sfumato.core.wording import LONG, shown
from sfumato.edits import Source, edited, opened
from sfumato.exports.presets import ExportPreset
from sfumato.finishing import finish
from sfumato.framing import FITS, Frame, framed
from sfumato.framing.salience import salience
from sfumato.planning.backgrounds import checked_background
from sfumato.weights import Weights

QUALITY = 80  # of jpg and webp, where neither the preset nor a person says one
VERSION = 1  # of the manifest
SOFT = 1.25  # so many times enlarged, a picture looks soft


@dataclass(frozen=True)
class Export:
    """One file of a set that is decided. quality: as it is encoded; None: the format has none. steps: as a recipe's."""

    path: Path
    frame: Frame
    format: str
    quality: int | None
    steps: tuple[str, ...]

    def told(self) -> dict[str, object]:
        """What the manifest says of it. cut: pixels of the picture; added: pixels of the file."""
        frame, preset = self.frame, self.frame.preset
        return {
            "file": self.path.name, "for": preset.name, "width": preset.width, "height": preset.height,
            "format": self.format, "quality": self.quality, "way": frame.way, "why": frame.why, "cut": frame.cut,
            "added": frame.added, "enlarged": round(frame.enlarged, 3), "steps": list(self.steps),
        }  # fmt: skip

    def __str__(self) -> str:
        """One line, for a person."""
        frame = self.frame
        sides = frame.added if frame.way == "extend" else frame.cut
        done = {"crop": "cut off", "extend": "added", "whole": "nothing is cut"}[frame.way]
        where = ", ".join(f"{pixels} px {side}" for side, pixels in sides.items() if pixels)
        size = f"{frame.preset.width}x{frame.preset.height}"
        return f"{frame.preset.name}, {size} {self.format}: {done}{' ' + where if where else ''}; {frame.why}"


@dataclass(frozen=True)
class ExportSet:
    """What will be made of a picture, decided; nothing is written yet. warnings: one line each.

    picture: a copy in memory, so that what was decided is what is done. metadata: as Picture.save's.
    """

    picture: Edit
    name: str
    files: list[Export]
    manifest: Path
    metadata: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Looks:
    """What is said for all files of a set; None: as each preset has it. background: `#rrggbb` or `transparent`."""

    fit: str = "auto"
    format: str | None = None
    quality: int | None = None
    background: str | None = None
    metadata: str = "full"


def planned(
    source: Source, presets: Sequence[ExportPreset], folder: Path, looks: Looks, weights: Weights, save: Save
) -> ExportSet:
    """A set in a folder; RequestError names what cannot be.

    weights: of the network for cutting out, which finds what is salient where it is here.
    """
    if looks.fit not in FITS:
        raise unknown("fit", looks.fit, list(FITS))
    ground = None if looks.background is None else checked_background(looks.background)
    known = opened(source)
    name = Path(source).stem if isinstance(source, str | Path) else "picture"
    seen = salience(known.image, weights)
    transparent = np.asarray(known.image.getchannel("A")).min() < 255
    files = []
    for preset in presets:
        frame = framed(known.image.size, seen, preset, looks.fit)
        writer = exports.writer_for(f"{name}.{looks.format or preset.format}")
        quality = looks.quality if looks.quality is not None else preset.quality
        quality = writer.quality_of(QUALITY if quality is None else quality) if writer.quality is not None else None
        under = ground or preset.background or ("transparent" if writer.alpha else "#ffffff")
        laid = (f"background:{under}",) if transparent and under != "transparent" else ()
        path = folder / f"{name}-{preset.name}.{writer.endings[0]}"
        files.append(Export(path, frame, writer.name, quality, frame.steps + laid))
    picture = Edit(known.image, known.recipe, 0, save, known.ai_made)
    warnings = (*known.warnings, *_shortcomings([file.frame for file in files]))
    return ExportSet(picture, name, files, folder / f"{name}-manifest.json", looks.metadata, warnings)


def write(wanted: ExportSet, weights: Weights, save: Save, *, force: bool) -> Path:
    """Make the files, and the manifest last; returns its path. Raises OutputExists, CannotWrite or JobFailed."""
    _make_folder(wanted.manifest.parent)
    for file in wanted.files:
        exports.check(file.path, format=file.format, quality=file.quality, metadata=wanted.metadata, force=force)
    exports.publish.check(wanted.manifest, force=force)
    rows = []
    for file in wanted.files:
        made = edited(wanted.picture, file.steps, lambda image, file=file: finish(image, file.steps, weights), save)
        made.save(file.path, format=file.format, quality=file.quality, metadata=wanted.metadata, force=force)
        rows.append(file.told() | {"bytes": file.path.stat().st_size, "sha256": _sha256(file.path)})
    image = wanted.picture.image
    document = {
        "version": VERSION,
        "picture": {"name": wanted.name, "width": image.width, "height": image.height},
        "files": rows,
        "warnings": list(wanted.warnings),
    }
    data = json.dumps(document, indent=2, ensure_ascii=False).encode(errors="replace")
    return exports.publish.publish(data + b"\n", wanted.manifest, force=force)


def _shortcomings(frames: Sequence[Frame]) -> Iterator[str]:
    """What is not as good as it might be, one line each."""
    if extended := [frame.preset.name for frame in frames if frame.way == "extend"]:
        yield f"{', '.join(extended)}: what is added is the picture's own background going on, not painted"
    if soft := [frame for frame in frames if frame.enlarged > SOFT]:
        most = max(frame.enlarged for frame in soft)
        names = ", ".join(frame.preset.name for frame in soft)
        yield f"{names}: enlarged up to {most:.1f} times, so it will be soft: sfumato upscale the picture first"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "no folder has such a name").lower()
        raise CannotWrite(f"no folder {shown(str(folder), LONG)} can be made ({why}): choose another --out") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
