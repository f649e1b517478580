"""All of Pocket's training, one command a stage, for the machine there is: two CPU cores, or one large GPU.

    python -m training.recipe cpu                        # about five hours on two cores
    python -m training.recipe gpu --only data,autoencoder
    python -m training.recipe tiny                       # every stage in a minute or two, to see that all of it runs

Each stage ends in its own time and can be run again to go on; on a GPU machine without a network, carry
training/cache/drawings.tar.xz (python -m training.data --pack) and begin with `python -m training.restore`, which takes
the text encoder out of the package. What comes out: cache/guided, cache/turbo.safetensors and the autoencoder, for
training.export.
"""

import argparse
import os
import subprocess
import sys
import time

CPU = {
    "data": "data --side 128",
    "autoencoder": "autoencoder --minutes 45",
    "doubling": "doubling --minutes 28",
    "text": "text --minutes 11 --threads 2",
    "flow": "flow --name pocket --side 64 --minutes 170 --threads 2",
    "guidance": "distil guidance --from {cache}/flow/pocket/transformer --minutes 8 --threads 2",
    "turbo": "distil turbo --minutes 9 --threads 2",
}
# On a GPU the full resolution is affordable: 256 px at 8x down, first at 128 px. Under half an hour on an H100.
GPU = {
    "data": "data --side 256",
    "autoencoder": "autoencoder --minutes 4.5 --side 128 --batch 256 --lr 2e-3",
    "flow": "flow --name pocket128 --config transformer-gpu.json --side 128 --minutes 9 --batch 1024 --compile",
    "flow256": "flow --name pocket --init {cache}/flow/pocket128/transformer --side 256 --minutes 7 --batch 512"
    " --noise-mean 0.6 --lr 6e-4 --compile",
    "guidance": "distil guidance --from {cache}/flow/pocket/transformer --side 256 --minutes 2.5 --batch 512",
    "turbo": "distil turbo --side 256 --minutes 3 --batch 512 --pairs 16384",
}
TINY = {
    "data": "data --side 128 --limit 60",
    "autoencoder": "autoencoder --minutes 0.1",
    "doubling": "doubling --minutes 0.1 --batch 4",
    "flow": "flow --name tiny --side 32 --minutes 0.1 --batch 16",
    "flow256": "flow --name pocket --init {cache}/flow/tiny/transformer --side 64 --minutes 0.1 --batch 16",
    "guidance": "distil guidance --from {cache}/flow/pocket/transformer --minutes 0.1 --batch 16",
    "turbo": "distil turbo --minutes 0.1 --batch 16 --pairs 512",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("machine", choices=["cpu", "gpu", "tiny"])
    parser.add_argument("--only", help="these stages, as data,flow")
    args = parser.parse_args()
    stages = {"cpu": CPU, "gpu": GPU, "tiny": TINY}[args.machine]
    chosen = args.only.split(",") if args.only else list(stages)
    if unknown := set(chosen) - set(stages):
        parser.error(f"there is no stage {', '.join(sorted(unknown))}: {', '.join(stages)}")
    cache = os.environ.get("SFUMATO_TRAINING_CACHE", "training/cache")
    for stage in chosen:
        module, *options = stages[stage].format(cache=cache).split()
        print(f"== {stage}: python -m training.{module} {' '.join(options)}", flush=True)
        started = time.time()
        subprocess.run([sys.executable, "-m", f"training.{module}", *options], check=True)
        print(f"== {stage}: {time.time() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
