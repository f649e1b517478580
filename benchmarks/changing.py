"""Memory and time of changing a large photograph with Pocket: a part of it painted anew, erased, and more around it.

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.changing --side 4000

Memory is the peak of a process that does nothing else.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measuring import peak_mb, report, spent

CHANGE = """
import sys
from sfumato import Studio
studio, (kind, file, side) = Studio(), sys.argv[1:]
box = f"0,0,{side},{int(side) - 1}"
if kind == "edit":
    studio.edit(file, "a red apple", mask_box=box, seed=1, keep=False)
elif kind == "erase":
    studio.erase(file, mask_box=box, seed=1, keep=False)
else:
    studio.extend(file, margins=(int(side) // 2, 0, int(side) // 2, 0), seed=1, keep=False)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=4000, help="pixels of the square that is changed")
    args = parser.parse_args()
    small = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8), "RGB")
    found: dict[str, list[dict[str, float]]] = {}
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "large.png"))
        small.resize((args.side, args.side), Image.Resampling.BICUBIC).save(file)
        for kind in ("edit", "erase", "extend"):

            def change(kind: str = kind) -> None:
                peaks[kind] = peak_mb(CHANGE, kind, file, str(args.side))

            found[kind] = [{"wall_s": spent(change)["wall_s"]}]
    report(f"Changing a picture of {args.side} px a side", found, "changing", peak_mb=peaks)


if __name__ == "__main__":
    main()
