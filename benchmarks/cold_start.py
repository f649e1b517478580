"""From process start to a picture on disk: Sfumato beside diffusers' FluxPipeline with the same weights.

    python -m benchmarks.cold_start --rounds 7        # needs the test extra

Both paint one picture of Pocket, same size, steps and guidance, each in a fresh process. FluxPipeline wants CLIP and
T5; it is given our text encoder's states as prompt embeddings instead, which leaves its encoders out (in its favour).
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import report, rounds, timed
from benchmarks.reference import save_pipeline
from sfumato import catalog

RIVAL = """
import sys, numpy as np, torch
torch.set_num_threads(2)
from diffusers import FluxPipeline
absent = dict.fromkeys(["text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"])
pipe = FluxPipeline.from_pretrained(sys.argv[1], **absent)
pipe.set_progress_bar_config(disable=True)
text = np.load(sys.argv[1] + "/text.npz")
states, pooled = (torch.from_numpy(text[k]) for k in ("states", "pooled"))
side, steps, guidance = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
image = pipe(prompt_embeds=states, pooled_prompt_embeds=pooled, guidance_scale=guidance, num_inference_steps=steps,
             width=side, height=side, generator=torch.Generator().manual_seed(1), output_type="pt").images
from PIL import Image
pixels = (image[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
Image.fromarray(pixels, "RGBA").resize((256, 256), Image.Resampling.LANCZOS).save(sys.argv[1] + "/out.png")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    card = catalog.card("pocket")
    with tempfile.TemporaryDirectory() as folder:
        save_pipeline(Path(folder), "a red apple")
        ours = [
            sys.executable,
            "-m",
            "sfumato",
            "generate",
            "a red apple",
            "--seed",
            "1",
            "--force",
            "--out",
            f"{folder}/ours.png",
        ]
        shape = [str(card.sizes.best), f"{card.steps.default:g}", f"{card.guidance.default:g}"]
        rival = [sys.executable, "-c", RIVAL, folder, *shape]
        quiet = {"OMP_WAIT_POLICY": "PASSIVE", "SFUMATO_HOME": f"{folder}/home", "HF_HUB_OFFLINE": "1"}
        found = rounds(
            {"sfumato": lambda: timed(ours, quiet), "FluxPipeline": lambda: timed(rival, quiet)}, args.rounds
        )
    wall = {name: sorted(r["wall_s"] for r in rows)[len(rows) // 2] for name, rows in found.items()}
    report(
        "Process start to first picture on disk",
        found,
        "cold_start",
        ratio=f"{wall['FluxPipeline'] / wall['sfumato']:.1f}x",
    )


if __name__ == "__main__":
    main()
