"""One step of Pocket: ONNX Runtime int8 beside torch eager on the same weights; CPU seconds, and how far off int8 is.

    python -m benchmarks.denoiser --rounds 9        # needs the test extra

One process a variant and round, one thread each, in the order A B B A; a plain matrix product in numpy in the same
rounds shows how fast the machine was then. The error is that of the velocity and of the clean estimate, over real
denoising paths of twelve prompts, against torch in fp32 with the same stored weights.
"""

import argparse
import json
import os
import subprocess
import sys
import time

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import numpy as np

from benchmarks.measuring import report, rounds
from sfumato import catalog

STEPS = 40
PROMPTS = [
    "red apple",
    "blue car",
    "smiling face",
    "tree",
    "cat",
    "castle",
    "rocket",
    "umbrella",
    "pizza",
    "fish",
    "key",
    "rose",
]


def product() -> float:
    """CPU seconds of one 768 x 768 product, the median of five."""
    a = np.ones((768, 768), np.float32)
    spent = []
    for _ in range(5):
        start = time.process_time()
        a @ a
        spent.append(time.process_time() - start)
    return sorted(spent)[2]


def latent(side: int) -> np.ndarray:
    space = catalog.card("pocket").latent
    shape = space.channels, side // space.reduction, side // space.reduction
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def onnx_steps(side: int) -> float:
    from sfumato.engine.families import families
    from sfumato.engine.painting import Row

    card = catalog.card("pocket")
    model = families[card.family](card, catalog.folder("pocket"))
    row = Row(latent(side), 0.6, model.read("a red apple"))
    return _cpu(lambda: model.look([row]))


def torch_steps(side: int) -> float:
    import torch

    from benchmarks.reference import student, velocity
    from sfumato.engine.families import Text

    torch.set_num_threads(1)
    model, x = student(), latent(side)
    text = Text((np.zeros((1, 12, 384), np.float32), np.zeros((1, 384), np.float32)))
    return _cpu(lambda: velocity(model, x, 0.6, text))


def _cpu(step) -> float:
    """CPU seconds a call, after three warm-ups."""
    for _ in range(3):
        step()
    start = time.process_time()
    for _ in range(STEPS):
        step()
    return (time.process_time() - start) / STEPS


def child(variant: str, side: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.denoiser", "--child", variant, "--side", str(side)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def errors(side: int) -> dict[str, float]:
    """Relative error of a step, the mean over the path and the worst: of the velocity, and of the clean estimate."""
    from benchmarks.reference import student, velocity
    from sfumato.engine.families import families
    from sfumato.engine.noise import SeededNoise
    from sfumato.engine.painting import Row

    card = catalog.card("pocket")
    ours, theirs = families[card.family](card, catalog.folder("pocket")), student()
    steps = int(card.steps.default)
    off_velocity, off_clean = [], []
    for seed, prompt in enumerate(PROMPTS):
        text = ours.read(prompt)
        x = SeededNoise(seed, ours.latent_shape(side, side))()
        for i in range(steps):
            now, later = 1 - i / steps, 1 - (i + 1) / steps
            (found,) = ours.look([Row(x, now, text)])
            wanted = velocity(theirs, x, now, text)
            off_velocity.append(_relative((x - found) / now, wanted))
            off_clean.append(_relative(found, x - now * wanted))
            x = x + (later - now) * (x - found) / now
    return {
        "velocity_mean": float(np.mean(off_velocity)), "velocity_worst": float(np.max(off_velocity)),
        "clean_mean": float(np.mean(off_clean)), "clean_worst": float(np.max(off_clean)),
    }  # fmt: skip


def _relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(((found - wanted) ** 2).mean() / (wanted**2).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--side", type=int, default=0, help="pixels; 0: what Pocket paints best at")
    parser.add_argument("--child", choices=["onnx", "torch"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    side = args.side or catalog.card("pocket").sizes.best
    if args.child:
        before = product()
        spent = onnx_steps(side) if args.child == "onnx" else torch_steps(side)
        print(json.dumps({"step_cpu_ms": spent * 1e3, "product_cpu_ms": (before + product()) / 2 * 1e3}))
        return
    found = rounds(
        {"torch eager fp32": lambda: child("torch", side), "ONNX Runtime int8": lambda: child("onnx", side)},
        args.rounds,
    )
    middle = {name: sorted(r["step_cpu_ms"] for r in rows)[len(rows) // 2] for name, rows in found.items()}
    off = {k: round(v, 4) for k, v in errors(side).items()}
    ratio = f"{middle['torch eager fp32'] / middle['ONNX Runtime int8']:.2f}x"
    report(f"One look of Pocket at {side} px, one thread", found, "denoiser", ratio=ratio, relative_error=off)


if __name__ == "__main__":
    main()
