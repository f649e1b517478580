"""How well what is painted goes with what is kept: two ways to keep latents, three ways to put pixels back, and more
painted around a picture.

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.seams

Pocket's own drawings on soft grounds, each with a disc painted anew, or extended to both sides. A seam of 1 is as
elsewhere: sfumato/keeping.py.
"""

import argparse
from collections.abc import Iterator
from statistics import mean
from unittest.mock import patch

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.measuring import report
from sfumato import Studio
from sfumato.core.picture import Picture
from sfumato.engine import start
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Latent, Look, Painting
from sfumato.engine.strength import noised
from sfumato.operations import _blend, inpaint, outpaint
from sfumato.operations._windows import Window

SIDE = 256
THINGS = ["a red apple", "a blue car", "a yellow star", "a green tree", "an orange cat", "a purple flower"]
SAMPLERS = ["euler", "heun", "dpmpp-2m", "euler-ancestral"]


def page(studio: Studio, thing: str, seed: int) -> Image.Image:
    """A drawing on a soft ground, with some grain."""
    rng = np.random.default_rng(seed)
    ground = Image.fromarray(rng.integers(60, 230, (3, 3, 3), np.uint8), "RGB")
    soft = np.asarray(ground.resize((SIDE, SIDE), Image.Resampling.BICUBIC).convert("RGBA"), np.int16)
    grain = rng.integers(-5, 6, (SIDE, SIDE, 1)) * [1, 1, 1, 0]
    image = Image.fromarray((soft + grain).clip(0, 255).astype(np.uint8), "RGBA")
    (drawing,) = studio.paint(thing, seed=seed, width=SIDE, height=SIDE, keep=False)
    image.alpha_composite(drawing.image)
    return image


def disc(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    x, y, r = (*rng.integers(90, 166, 2), rng.integers(36, 70))
    mask = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(mask).ellipse((int(x - r), int(y - r), int(x + r), int(y + r)), fill=255)
    return mask


def pasted(
    page: Image.Image, painted: Image.Image, window: Window, mask: Image.Image, *reach: int | None, **more: bool
) -> Image.Image:
    """As it is."""

    def as_it_is(then: np.ndarray, *more: object, **also: object) -> np.ndarray:
        return np.concatenate([np.ones_like(then[..., :1]), np.zeros_like(then), then], -1)

    with patch.object(_blend, "seen_otherwise", as_it_is):
        return _blend.put_back(page, painted, window, mask)


def feathered(
    page: Image.Image, painted: Image.Image, window: Window, mask: Image.Image, *reach: int | None, **more: bool
) -> Image.Image:
    """Faded into what was there before, inwards from the edge."""
    soft, inside = np.zeros((SIDE, SIDE), np.float32), mask
    for _ in range(12):
        soft += np.asarray(inside) > 0
        inside = inside.filter(ImageFilter.MinFilter(3))
    return pasted(page, painted, window, Image.fromarray((soft / 12 * 255).astype(np.uint8), "L"))


def noised_known(painting: Painting, known: Latent, free: Latent) -> Painting:
    """The other way to keep: the model is shown the known picture with noise of the level, and answers unhindered."""
    noise = SeededNoise(99, known.shape)()
    look = next(painting)
    try:
        while True:
            there = noised(known, noise, look.sigma, "flow")
            look = painting.send((yield Look(there + free * (look.x - there), look.sigma)))
    except StopIteration as finished:
        return known + free * (finished.value - known)


def edits(studio: Studio, sampler: str, seeds: range) -> Iterator[Picture]:
    for seed in seeds:
        thing = THINGS[seed % len(THINGS)]
        start = studio.plan(thing, seed=seed).recipes[0]
        picture = Picture(page(studio, thing, seed), start, 0, studio._parts.save)
        mask = Picture(disc(seed).convert("RGBA"), start, 0, studio._parts.save)
        more = {"mask": mask, "mask_polarity": "white", "sampler": sampler, "seed": seed, "keep": False}
        yield from studio.edit(picture, THINGS[(seed + 1) % len(THINGS)], **more)


def extended(studio: Studio, strength: float | None, seeds: range) -> Iterator[Picture]:
    for seed in seeds:
        thing = THINGS[seed % len(THINGS)]
        start = studio.plan(thing, seed=seed).recipes[0]
        picture = Picture(page(studio, thing, seed), start, 0, studio._parts.save)
        yield from studio.extend(picture, margins=(100, 0, 100, 0), strength=strength, seed=seed, keep=False)


def score(pictures: Iterator[Picture]) -> dict[str, float]:
    outsides = [picture.outside for picture in pictures]
    return {
        "seam": mean(outside.seam or 1 for outside in outsides if outside),
        "changed_outside": float(sum(outside.changed_pixels for outside in outsides if outside)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--show", help="a file for a sheet: each page, and each way to put back")
    args = parser.parse_args()
    studio, seeds = Studio(), range(args.pictures)
    found: dict[str, list[dict[str, float]]] = {}
    rows = []
    for put in (pasted, feathered, _blend.put_back):
        with patch.object(inpaint, "put_back", put):
            made = list(edits(studio, "euler", seeds))
        found[f"put back: {put.__name__}"] = [score(iter(made))]
        rows.append([picture.image for picture in made])
    for name, keep in {"clean estimates": start.keeping, "noised latents": noised_known}.items():
        for sampler in SAMPLERS:
            with patch.object(start, "keeping", keep), patch.object(inpaint, "put_back", pasted):
                found[f"keep in {name}, {sampler}"] = [score(edits(studio, sampler, seeds))]
    for put in (pasted, _blend.put_back):
        for strength in (None, 1.0):
            with patch.object(outpaint, "put_back", put):
                made = list(extended(studio, strength, seeds))
            found[f"extended, strength {strength or 'usual'}: {put.__name__}"] = [score(iter(made))]
            rows.append([picture.image.crop((0, 0, SIDE, SIDE)) for picture in made])
    report(f"Seams of {args.pictures} discs painted anew, and of as many pictures extended", found, "seams")
    if args.show:
        sheet = Image.new("RGB", (SIDE * min(8, args.pictures), SIDE * len(rows)))
        for y, row in enumerate(rows):
            for x, image in enumerate(row[:8]):
                sheet.paste(image.convert("RGB"), (x * SIDE, y * SIDE))
        sheet.save(args.show)


if __name__ == "__main__":
    main()
