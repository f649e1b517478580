"""Pictures that nobody drew, made of those that somebody did: so that Pocket learns to put ideas together.

Two things side by side, a thing on a coloured ground, a small thing, a thing in coarse pixels; each with the words for
it. What evaluation asks for is other combinations than these, and nothing here is made of a held-out picture.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from training.data import Picture, held_out

PAIRS, GROUNDS, SMALL = 6000, 5000, 1200
GROUND_COLOURS = {
    "red": (214, 48, 49), "orange": (243, 156, 18), "yellow": (250, 211, 60), "green": (58, 170, 90),
    "blue": (52, 120, 220), "light blue": (160, 210, 245), "purple": (130, 80, 200), "pink": (250, 160, 195),
    "brown": (130, 85, 50), "grey": (140, 145, 150), "black": (20, 20, 22), "white": (255, 255, 255),
}  # fmt: skip


def set_apart(words: str) -> bool:
    """One in twelve combinations is never composed by training.scenes: "blue giraffe", "apple and pear".

    They are those of the lowest checksums, which are what evaluation asks for.
    """
    return zlib.crc32(words.encode()) < 2**32 // 12


Drawn = tuple[Picture, np.ndarray]
"""A picture and its pixels, uint8 premultiplied RGBA, side x side."""


def compositions(
    rows: list[Picture], images: list[np.ndarray], rng: np.random.Generator, limit: int | None = None
) -> Iterator[tuple[Callable[..., Drawn], int, tuple[Drawn, ...]]]:
    """What is to be composed: a way to do it, a seed, and the pictures it takes. limit: at most so many of a kind."""
    usable = [i for i, row in enumerate(rows) if not held_out(row) and row.weight >= 0.25]
    odds = np.array([rows[i].weight for i in usable])
    odds /= odds.sum()
    by_style: dict[str, list[int]] = {}
    for i in usable:
        if len(rows[i].title) < 22 and " and " not in rows[i].title:
            by_style.setdefault(rows[i].style, []).append(i)
    firsts = [i for members in by_style.values() for i in members]

    def count(usual: int) -> int:
        return min(usual, limit or usual)

    for i in rng.choice(usable, count(GROUNDS), p=odds):
        yield on_ground, int(i), ((rows[i], images[i]),)
    for i in rng.choice(usable, count(SMALL), p=odds):
        yield small, int(i), ((rows[i], images[i]),)
    for i in rng.choice(firsts, count(PAIRS)):
        other = rng.choice(by_style[rows[i].style])
        yield beside, int(i), ((rows[i], images[i]), (rows[other], images[other]))
    yield from in_coarse_pixels(rows, images, rng, limit)


def in_coarse_pixels(rows: list[Picture], images: list[np.ndarray], _: np.random.Generator, limit: int | None):
    """As `compositions`: the flat drawings in coarse pixels, nothing else."""
    drawn = [i for i, row in enumerate(rows) if row.made == "" and row.weight == 1 and "flat" in row.style]
    for i in [i for i in drawn if not held_out(rows[i])][:limit]:
        yield pixelated, int(i), ((rows[i], images[i]),)


def compose(way: Callable[..., Drawn], seed: int, of: tuple[Drawn, ...]) -> Drawn:
    return way(np.random.default_rng(seed), *of)


def on_ground(rng: np.random.Generator, thing: Drawn) -> Drawn:
    picture, pixels = thing
    colour = rng.choice(list(GROUND_COLOURS))
    above = shrunk(pixels, rng.uniform(0.66, 0.85)).astype(np.float32)
    ground = np.array([*GROUND_COLOURS[colour], 255], np.float32)
    covered = (above + ground * (1 - above[..., 3:] / 255)).round().astype(np.uint8)
    title = f"{picture.title} on a {colour} background"
    return replace(picture, title=title, keywords=[], weight=0.3, made="ground"), covered


def small(rng: np.random.Generator, thing: Drawn) -> Drawn:
    picture, pixels = thing
    title = f"{rng.choice(['small', 'tiny'])} {picture.title}"
    return replace(picture, title=title, keywords=[], weight=0.2, made="small"), shrunk(pixels, 0.5)


def beside(rng: np.random.Generator, left: Drawn, right: Drawn) -> Drawn:
    """Two things of one style, left and right, each half as large."""
    (one, a), (two, b) = left, right
    quarter = len(a) // 4
    out = np.roll(shrunk(a, 0.47), -quarter, 1) + np.roll(shrunk(b, 0.47), quarter, 1)
    names = {"title": f"{one.title} and {two.title}", "key": f"{one.key}+{two.key}"}
    return replace(one, **names, keywords=[], weight=0.25, made="pair"), out


def pixelated(rng: np.random.Generator, thing: Drawn, places: int = 16, colours: int = 12) -> Drawn:
    """The thing in `places` coarse pixels a side, of few colours, each wholly there or not at all."""
    picture, pixels = thing
    coarse = resized(pixels, places)
    alpha = coarse[..., 3:].astype(np.float32)
    straight = (coarse[..., :3] * 255.0 / np.maximum(alpha, 1)).clip(0, 255).astype(np.uint8)
    few = np.asarray(Image.fromarray(straight).quantize(colours, kmeans=2).convert("RGB"))
    whole = np.concatenate([few, np.full_like(coarse[..., 3:], 255)], -1) * (alpha > 110)
    size = len(pixels) // places
    large = np.kron(whole, np.ones((size, size, 1), np.uint8)).astype(np.uint8)
    return replace(picture, style="pixel", weight=0.5, made="pixel"), large


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels, "RGBa").resize((side, side), Image.Resampling.BOX))


def shrunk(pixels: np.ndarray, share: float) -> np.ndarray:
    """The picture at a share of its size, in the middle of an empty one as large as it was."""
    side, out = round(share * len(pixels)), np.zeros_like(pixels)
    start = (len(pixels) - side) // 2
    out[start : start + side, start : start + side] = resized(pixels, side)
    return out
