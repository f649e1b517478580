"""Export sets: one picture as the files that several places want, each encoded once from the master, and a manifest.

The manifest, `NAME-manifest.json`, says of every file what was cut off, added and enlarged, how and why.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sfumato import exports
from sfumato.core.errors import CannotWrite, RequestError
from sfumato.core.picture import Edit, Picture, Save
from sfumato.core.recipe import Recipe
from sfumato.core.registry import unknown
from sfumato.core.wording import LONG, shown
from sfumato.edits import Source, edited, opened
from sfumato.export_sets.adding import Added, Painter, Wish, added
from sfumato.exports.presets import ExportPreset
from sfumato.exports.writers import Writer
from sfumato.finishing import finish
from sfumato.framing import FITS, Box, Frame, framed
from sfumato.framing.salience import salience
from sfumato.planning.backgrounds import checked_background
from sfumato.weights import Weights
from sfumato.weights.digests import sha256_of

QUALITY = 80  # of jpg and webp, where neither the preset nor a person says one
VERSION = 2  # of the manifest
SOFT = 1.25  # so many times enlarged, a picture looks soft


@dataclass(frozen=True)
class Export:
    """One file of a set that is decided. quality: as it is encoded; None: the format has none. steps: as a recipe's.

    added: how the picture is extended, if it is.
    """

    path: Path
    frame: Frame
    format: str
    quality: int | None
    steps: tuple[str, ...]
    added: Added | None = None

    @property
    def painting(self) -> Recipe | None:
        """What paints the file's picture, where something is painted."""
        return self.added.recipe if self.added else None

    def told(self) -> dict[str, object]:
        """What the manifest says of it. cut: pixels of the picture; added: pixels of the file."""
        frame, preset = self.frame, self.frame.preset
        return {
            "file": self.path.name, "for": preset.name, "width": preset.width, "height": preset.height,
            "format": self.format, "quality": self.quality, "way": frame.way, "why": frame.why, "cut": frame.cut,
            "added": frame.added, "surround": self.added and self.added.by,
            "painted_by": self.painting and self.painting.model, "enlarged": round(frame.enlarged, 3),
            "steps": list(self.steps),
        }  # fmt: skip

    def __str__(self) -> str:
        """One line, for a person."""
        frame = self.frame
        sides = frame.added if frame.way == "extend" else frame.cut
        done = {"crop": "cut off", "extend": "added", "whole": "nothing is cut"}[frame.way]
        where = ", ".join(f"{pixels} px {side}" for side, pixels in sides.items() if pixels)
        size = f"{frame.preset.width}x{frame.preset.height}"
        how = f": {self.added.why}" if self.added else ""
        return f"{frame.preset.name}, {size} {self.format}: {done}{' ' + where if where else ''}{how}; {frame.why}"


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

    def within(self, folder: Path) -> "ExportSet":
        """The same in another folder."""
        files = [replace(file, path=folder / file.path.name) for file in self.files]
        return replace(self, files=files, manifest=folder / self.manifest.name)


@dataclass(frozen=True)
class Looks:
    """What is said for all files of a set; None: as each preset has it. background: `#rrggbb` or `transparent`.

    fits, boxes: by preset, where that is another fit, or a crop that a person chose: left, top, right, bottom.
    """

    fit: str = "auto"
    format: str | None = None
    quality: int | None = None
    background: str | None = None
    metadata: str = "full"
    wish: Wish = field(default_factory=Wish)
    fits: Mapping[str, str] = field(default_factory=dict)
    boxes: Mapping[str, Box] = field(default_factory=dict)

    def check(self, presets: Sequence[ExportPreset]) -> None:
        """RequestError names what cannot be."""
        for fit in (self.fit, *self.fits.values()):
            if fit not in FITS:
                raise unknown("fit", fit, list(FITS))
        names = [preset.name for preset in presets]
        for name in (*self.fits, *self.boxes):
            if name not in names:
                raise RequestError(f"{shown(name)} is not among what is exported for: {', '.join(names)}")
        self.wish.check()


def planned(
    source: Source,
    presets: Sequence[ExportPreset],
    folder: Path,
    looks: Looks,
    weights: Weights,
    save: Save,
    painter: Painter,
    name: str | None = None,
) -> ExportSet:
    """A set in a folder; RequestError names what cannot be.

    weights: of the network for cutting out, which finds what is salient where it is here. name: that files begin with;
    None: the source's.
    """
    looks.check(presets)
    ground = None if looks.background is None else checked_background(looks.background)
    known = opened(source)
    name = name or (Path(source).stem if isinstance(source, str | Path) else "picture")
    seen = salience(known.image, weights)
    transparent = np.asarray(known.image.getchannel("A")).min() < 255
    files = []
    for preset in presets:
        fit, chosen = looks.fits.get(preset.name, looks.fit), looks.boxes.get(preset.name)
        frame = framed(known.image.size, seen, preset, fit, chosen)
        writer = exports.writer_for(f"{name}.{looks.format or preset.format}")
        under = ground or preset.background or ("transparent" if writer.alpha else "#ffffff")
        laid = (f"background:{under}",) if transparent and under != "transparent" else ()
        path = folder / f"{name}-{preset.name}.{writer.endings[0]}"
        more = added(known, frame, laid, looks.wish, painter) if frame.way == "extend" else None
        steps = more.recipe.finish if more and more.recipe else frame.steps + laid
        files.append(Export(path, frame, writer.name, _quality(writer, looks.quality, preset), steps, more))
    picture = Edit(known.image, known.recipe, 0, save, known.ai_made)
    idle = None if any(file.added for file in files) else looks.wish.idle()
    warnings = (*known.warnings, *([idle] if idle else []), *_shortcomings(files))
    return ExportSet(picture, name, files, folder / f"{name}-manifest.json", looks.metadata, warnings)


def write(wanted: ExportSet, weights: Weights, save: Save, paint: Callable[[Recipe], Picture], *, force: bool) -> Path:
    """Make the files, and the manifest last; returns its path. Raises OutputExists, CannotWrite or JobFailed."""
    _make_folder(wanted.manifest.parent)
    for file in wanted.files:
        exports.check(file.path, format=file.format, quality=file.quality, metadata=wanted.metadata, force=force)
    exports.publish.check(wanted.manifest, force=force)
    rows = []
    for file in wanted.files:
        row = file.told()
        if file.painting is not None:
            made = paint(file.painting)
            assert made.outside is not None  # of an extension it is always counted
            row |= {"outside_changed_pixels": made.outside.changed_pixels, "seam": made.outside.seam}
        else:
            made = _made(wanted, file, weights, save)
        made.save(file.path, format=file.format, quality=file.quality, metadata=wanted.metadata, force=force)
        rows.append(row | {"bytes": file.path.stat().st_size, "sha256": sha256_of(file.path)})
    image = wanted.picture.image
    document = {
        "version": VERSION,
        "picture": {"name": wanted.name, "width": image.width, "height": image.height},
        "files": rows,
        "warnings": list(wanted.warnings),
    }
    data = json.dumps(document, indent=2, ensure_ascii=False).encode(errors="replace")
    return exports.publish.publish(data + b"\n", wanted.manifest, force=force)


def sizes(wanted: ExportSet, weights: Weights, save: Save) -> dict[Path, int]:
    """How many bytes each file will have, of those for which nothing is painted; by path."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for file in wanted.files:
            if file.painting is None:
                made = _made(wanted, file, weights, save)
                made.save(
                    Path(place) / file.path.name, format=file.format, quality=file.quality, metadata=wanted.metadata
                )
                found[file.path] = (Path(place) / file.path.name).stat().st_size
    return found


def _made(wanted: ExportSet, file: Export, weights: Weights, save: Save) -> Edit:
    return edited(wanted.picture, file.steps, lambda image: finish(image, file.steps, weights), save)


def _quality(writer: Writer, told: int | None, preset: ExportPreset) -> int | None:
    if writer.quality is None:
        return None
    said = preset.quality if told is None else told
    return writer.quality_of(QUALITY if said is None else said)


def _shortcomings(files: Sequence[Export]) -> Iterator[str]:
    """What is not as good as it might be, one line each."""
    for file in files:
        yield from file.added.warnings if file.added else ()
    if soft := [file.frame for file in files if file.frame.enlarged > SOFT]:
        most = max(frame.enlarged for frame in soft)
        names = ", ".join(frame.preset.name for frame in soft)
        yield f"{names}: enlarged up to {most:.1f} times, so it will be soft: sfumato upscale the picture first"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "no folder has such a name").lower()
        raise CannotWrite(f"no folder {shown(str(folder), LONG)} can be made ({why}): choose another --out") from error
