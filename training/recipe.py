"""All of Pocket's training, one command a stage, for the machine there is: two CPU cores, or one large GPU.

    python -m training.recipe cpu                        # about five hours on two cores
    python -m training.recipe gpu                        # about ten minutes on an H200, seven of them training
    python -m training.recipe gpu --minutes 0.1          # the same stages and batches for a few seconds each, put aside
    python -m training.recipe tiny                       # every stage in a minute or two, to see that all of it runs

Each stage ends in its own time and can be run again to go on. The GPU's machine needs no network: carry
training/cache/drawings.tar.xz there (python -m training.data --pack); text encoder and autoencoder are taken out of the
package. What comes out: cache/guided and cache/vae2 (and of `cpu` cache/turbo.safetensors), for training.export.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CPU = {
    "data": "data --side 128",
    "autoencoder": "autoencoder --minutes 45",
    "doubling": "doubling --minutes 28",
    "text": "text --minutes 11 --threads 2",
    "flow": "flow --name pocket --side 64 --minutes 170 --threads 2",
    "guidance": "distil guidance --from {cache}/flow/pocket/transformer --minutes 8 --threads 2",
    "turbo": "distil turbo --minutes 9 --threads 2",
}
# 256 px by the autoencoder that halves four times: the latent's 16 x 16 places, 64 tokens, are four times the CPU's.
# What was run, on one H200; more minutes help (the loss of `flow` still fell), and there was no time for a turbo.
WHOLE = "--side 256 --autoencoder vae2"
GPU = {
    "data": "data --side 256 --plain",
    "restore": "restore --without transformer",
    "autoencoder": "autoencoder --init {cache}/vae2 --out vae2 --minutes 1 --batch 64 --noise 0.2 --compile",
    "flow": f"flow --name pocket --config transformer-gpu.json {WHOLE} --minutes 5.6 --batch 1024 --scenes 163840"
    " --lr 1.5e-3 --ema 0.999 --noise-mean 0.4 --compile --keep 2.2",
    "guidance": f"distil guidance --from {{cache}}/flow/pocket/transformer {WHOLE} --minutes 0.42 --batch 512"
    " --scenes 16384 --lr 4e-4",
}
TINY = {
    "data": "data --side 128 --limit 60 --plain",
    "restore": "restore --without transformer",
    "autoencoder": "autoencoder --init {cache}/vae2 --out vae2 --minutes 0.1 --batch 4 --noise 0.2",
    "flow": "flow --name pocket --config transformer-gpu.json --side 64 --autoencoder vae2 --minutes 0.1 --batch 16"
    " --scenes 512",
    "guidance": "distil guidance --from {cache}/flow/pocket/transformer --side 64 --autoencoder vae2 --minutes 0.1"
    " --batch 16 --scenes 512",
    "turbo": "distil turbo --side 64 --autoencoder vae2 --minutes 0.1 --batch 16 --scenes 512 --pairs 512",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("machine", choices=["cpu", "gpu", "tiny"])
    parser.add_argument("--only", help="these stages, as data,flow")
    parser.add_argument("--minutes", type=float, help="for every stage that has them, to see that all of it runs")
    args = parser.parse_args()
    stages = {"cpu": CPU, "gpu": GPU, "tiny": TINY}[args.machine]
    chosen = args.only.split(",") if args.only else list(stages)
    if unknown := set(chosen) - set(stages):
        parser.error(f"there is no stage {', '.join(sorted(unknown))}: {', '.join(stages)}")
    cache = Path(os.environ.get("SFUMATO_TRAINING_CACHE", "training/cache"))
    if args.minutes is not None:
        cache = trial(cache)
    for stage in chosen:
        module, *options = stages[stage].format(cache=cache).split()
        if args.minutes is not None and "--minutes" in options:
            options += ["--minutes", str(args.minutes)]  # the last one said counts
            options += ["--scenes", "8192"] * ("--scenes" in options) + ["--pairs", "4096"] * ("--pairs" in options)
        print(f"== {stage}: python -m training.{module} {' '.join(options)}", flush=True)
        started = time.time()
        environment = os.environ | {"SFUMATO_TRAINING_CACHE": str(cache)}
        subprocess.run([sys.executable, "-m", f"training.{module}", *options], check=True, env=environment)
        print(f"== {stage}: {time.time() - started:.0f} s", flush=True)


def trial(cache: Path) -> Path:
    """A folder for what is only tried out, or the real run would go on from a checkpoint of seconds."""
    folder = cache / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if (packed := cache / "drawings.tar.xz").exists():
        (folder / packed.name).symlink_to(packed.resolve())
    return folder


if __name__ == "__main__":
    main()
