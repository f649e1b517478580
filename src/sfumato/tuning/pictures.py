"""Pictures to learn from: found, checked, made square, and each with its caption.

A caption is the text beside the picture (`cat.txt` beside `cat.png`), else one given for all, else the file's name in
words; and the word that the LoRA listens to.
"""

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from sfumato import exports
from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.core.wording import LONG, shown

ENDINGS = {f".{ending}" for writer in exports.writers for ending in writer.endings}
FEWEST, MOST = 3, 2_000
LEAST_SIDE = 32  # pixels
LONGEST_CAPTION = 1_000  # characters; far more than any model reads

Kind = Literal["style", "subject"]


@dataclass(frozen=True)
class Lesson:
    """One picture. pixels: uint8 (side, side, 4), straight alpha, sRGB."""

    path: Path
    pixels: np.ndarray
    caption: str


@dataclass(frozen=True)
class Skipped:
    """A picture that cannot be learned from, and why."""

    path: Path
    why: str


def lessons(
    paths: Iterable[str | Path], side: int, name: str, kind: Kind, caption: str | None
) -> tuple[list[Lesson], list[Skipped]]:
    """What can be learned from, and what was skipped; RequestError where too little is left.

    paths: files, and folders whose pictures are all taken. side: pixels. caption: for pictures with no text beside.
    """
    learned: list[Lesson] = []
    skipped: list[Skipped] = []
    for path in found(paths):
        try:
            said = called(words_of(path, caption), name, kind)
            learned.append(Lesson(path, square(opened(path), side), said))
        except UnreadableFile as error:
            skipped.append(Skipped(path, str(error)))
    if len(learned) < FEWEST:
        reasons = "; ".join(f"{one.path.name[:60]}: {one.why}" for one in skipped[:3])
        raise RequestError(
            f"{len(learned)} pictures can be learned from, and at least {FEWEST} are needed: "
            + (reasons or "give files, or folders that hold png, jpg or webp files")
        )
    return learned, skipped


def found(paths: Iterable[str | Path]) -> list[Path]:
    """Every file named, and every picture in the folders named, each once; RequestError for a path that is not."""
    files: dict[Path, None] = {}
    for path in map(Path, paths):
        try:
            folder = stat.S_ISDIR(path.stat().st_mode)
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in ENDINGS) if folder else [path]
        except (OSError, ValueError) as error:  # the latter: no path can have such a name
            why = (getattr(error, "strerror", None) or "no path can be so").lower()
            raise RequestError(f"{shown(str(path), LONG)} cannot be read ({why}): check the path") from error
        files |= dict.fromkeys(p for p in inside if not p.name.startswith("."))
    if len(files) > MOST:
        raise RequestError(
            f"{len(files):,} pictures are more than the {MOST:,} that are taken: choose the best of them"
        )
    return list(files)


def opened(path: Path) -> Image.Image:
    """A picture as RGBA; UnreadableFile says in a few words why it cannot be learned from."""
    try:
        image, _ = exports.pixels(path)
    except UnreadableFile as error:
        raise UnreadableFile(str(error).rpartition("cannot be read: ")[2]) from error  # its path is told beside it
    if min(image.size) < LEAST_SIDE:
        raise UnreadableFile(f"{image.width}x{image.height} is too small: at least {LEAST_SIDE} pixels a side")
    with Image.open(path) as header:
        if getattr(header, "n_frames", 1) > 1:
            raise UnreadableFile("it moves: save one frame of it")
    return image


def square(image: Image.Image, side: int) -> np.ndarray:
    """The picture whole, in the middle of a transparent square; shrunk or enlarged by area, colours premultiplied."""
    long = max(image.size)
    canvas = Image.new("RGBA", (long, long))
    canvas.paste(image, ((long - image.width) // 2, (long - image.height) // 2))
    how = Image.Resampling.BOX if long >= side else Image.Resampling.BICUBIC
    return np.asarray(canvas.convert("RGBa").resize((side, side), how).convert("RGBA"))


def words_of(path: Path, caption: str | None) -> str:
    """What the picture shows, in words; "" where nothing says it."""
    beside = path.with_suffix(".txt")
    if beside.is_file() and beside != path:
        try:
            with beside.open(encoding="utf-8-sig") as file:
                return " ".join(file.read(LONGEST_CAPTION).split())
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableFile(f"its caption {beside.name[:60]} is not UTF-8 text") from error
    if caption is not None:
        return " ".join(caption.split())
    return " ".join(word for word in re.split(r"[\W\d_]+", path.stem) if word).lower()


def called(words: str, name: str, kind: Kind) -> str:
    """The caption: a style follows what is shown, a subject is what is shown."""
    return ", ".join(_parts(words, name, kind))


def _parts(words: str, name: str, kind: Kind) -> Iterator[str]:
    if kind == "subject":
        yield name
    if words:
        yield words
    if kind == "style":
        yield f"{name} style"
