"""To 1024 px: Pocket's pictures enlarged by the network for drawings, and the whole way from a prompt.

    sfumato pull upscale-drawing
    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.upscale --rounds 5

In one process that is warm; every prompt is a new one, so that the text encoder has its part. Memory is the peak of a
process that does nothing else (from 1024 to 4096 px, which takes the most, too). With --photo also that of the network
for photographs; on two cores that takes a quarter of an hour.
"""

import argparse
import tempfile
from itertools import count
from pathlib import Path

from benchmarks.measuring import peak_mb, report, rounds, spent
from sfumato import Studio

FOUR_TIMES = ("upscale:4",)
STEPS = 4
ENLARGE = "import sys; from sfumato import Studio; Studio().upscale(sys.argv[1], 4, sys.argv[2]).save(sys.argv[3])"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photo", action="store_true")
    args = parser.parse_args()
    studio, number = Studio(), count()
    small, medium = (studio.paint("a red apple", seed=1, width=s, height=s, keep=False)[0] for s in (128, 256))

    def prompt(steps: int | None) -> None:
        words = f"a red apple {next(number)}"
        studio.paint(words, width=256, height=256, steps=steps, then=FOUR_TIMES, keep=False)

    found = rounds(
        {
            "128 to 512 to 1024": lambda: spent(lambda: studio.upscale(studio.upscale(small, 4), 2)),
            "256 to 1024": lambda: spent(lambda: studio.upscale(medium, 4)),
            "prompt to 1024": lambda: spent(lambda: prompt(None)),
            f"prompt to 1024, {STEPS} steps": lambda: spent(lambda: prompt(STEPS)),
        },
        args.rounds,
    )
    with tempfile.TemporaryDirectory() as folder:
        large = studio.upscale(medium, 4)
        peaks = {}
        for name, picture in {"256 to 1024": medium, "1024 to 4096": large}.items():
            file = picture.save(Path(folder, f"{picture.image.width}.png"))
            for kind in ["drawing", *(["photo"] if args.photo else [])]:
                peaks[f"{name}, {kind}"] = peak_mb(ENLARGE, str(file), kind, f"{folder}/{kind}-{file.name}")
    report("To 1024 px, with the network for drawings", found, "upscale", peak_mb=peaks)


if __name__ == "__main__":
    main()
