"""Cutting out, in a process that is warm, from 256 to 4096 px: on a ground of one colour, and on one of many.

    sfumato pull cutout
    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.cutout --rounds 5

Memory is the peak of a process that does nothing else.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import peak_mb, report, rounds, spent
from sfumato import Studio, exports
from sfumato.core.picture import Edit

SIDES = (256, 1024, 4096)
CUT = "import sys; from sfumato import Studio; Studio().cutout(sys.argv[1]).save(sys.argv[2])"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    studio = Studio()
    thing = studio.paint("a red apple", seed=1, keep=False)[0].image
    pictures = {
        f"{side} px, {name}": Edit(laid(thing, ground, side), None, 0, exports.save)
        for side in SIDES
        for name, ground in {"one colour": Image.new("RGB", (1, 1), "#88ccee"), "many": many()}.items()
    }
    found = rounds({name: (lambda p=p: spent(lambda: studio.cutout(p))) for name, p in pictures.items()}, args.rounds)
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in list(pictures)[-2:]:
            file = pictures[name].save(Path(folder, "large.png"), force=True)
            peaks[name] = peak_mb(CUT, str(file), f"{folder}/cut-{len(peaks)}.png")
    report("Cutting out", found, "cutout", peak_mb=peaks)


def many() -> Image.Image:
    """Colours that are nowhere the same, as of a meadow out of focus."""
    return Image.fromarray(np.random.default_rng(5).integers(0, 160, (10, 10, 3), np.uint8), "RGB")


def laid(thing: Image.Image, ground: Image.Image, side: int) -> Image.Image:
    """The thing on a ground, so many pixels a side."""
    page = ground.resize((side, side), Image.Resampling.BICUBIC).convert("RGBA")
    page.alpha_composite(thing.resize((side, side), Image.Resampling.LANCZOS))
    return page


if __name__ == "__main__":
    main()
