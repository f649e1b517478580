"""Go on from the shipped weights on a machine that has no training/cache: take them apart into the folders of training.

    python -m training.restore        # writes cache/guided, cache/vae2, cache/text, and nothing over what is there
    python -m training.restore --without transformer                 # for one that is to begin from nothing

int8 rows become fp16 numbers again; what rounding cost is not undone, but a few hundred steps mend it.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from sfumato.engine.weights.int8 import SCALE, whole
from sfumato.engine.weights.tensors import mapped
from training.data import CACHE

POCKET = Path(__file__).parents[1] / "src" / "sfumato" / "pocket"
PARTS = {
    "transformer": ("guided", "diffusion_pytorch_model.safetensors", np.float16),
    "autoencoder": ("vae2", "diffusion_pytorch_model.safetensors", np.float16),
    "text": ("text", "model.safetensors", np.float32),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", choices=list(PARTS), action="append", default=[], help="leave this part out")
    without = parser.parse_args().without
    for part, (folder, name, kind) in PARTS.items():
        if part in without:
            continue
        if (CACHE / folder).exists():
            print(f"{folder}: is there")
            continue
        stored = mapped(POCKET / f"{part}.safetensors")
        tensors = {key: whole(stored, key).astype(kind) for key in stored if not key.endswith(SCALE)}
        (CACHE / folder).mkdir(parents=True)
        save_file(tensors, CACHE / folder / name)
        (CACHE / folder / "config.json").write_text(json.dumps(json.loads(stored.metadata["config"]), indent=2))
        if part == "text":
            shutil.copy(POCKET / "tokenizer.json", CACHE / folder / "tokenizer.json")
        print(f"{folder}: {len(tensors)} tensors")


if __name__ == "__main__":
    main()
