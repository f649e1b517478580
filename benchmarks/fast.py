"""What `--fast` is worth on a processor: a step of a middling FLUX transformer, in fp32 and with int8 products.

    python -m benchmarks.fast --rounds 3        # needs the torch extra

Random weights; one thread each; CPU milliseconds, in the order A B B A.
"""

import argparse
import time

import torch
from diffusers import FluxTransformer2DModel

from benchmarks.measuring import report, rounds
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.quick import painter


def network() -> FluxTransformer2DModel:
    torch.manual_seed(0)
    made = FluxTransformer2DModel(
        in_channels=64, num_layers=2, num_single_layers=4, attention_head_dim=64, num_attention_heads=8,
        joint_attention_dim=512, pooled_projection_dim=256, axes_dims_rope=(8, 28, 28), guidance_embeds=False,
    )  # fmt: skip
    return made.eval().requires_grad_(False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    exact = network()
    fast = painter(network(), Place(torch.device("cpu"), torch.float32, rounding="int8"))
    side, words = 16, 64
    places = torch.cartesian_prod(torch.zeros(1), torch.arange(float(side)), torch.arange(float(side)))
    given = {
        "hidden_states": torch.randn(1, side * side, 64), "encoder_hidden_states": torch.randn(1, words, 512),
        "pooled_projections": torch.randn(1, 256), "timestep": torch.tensor([0.5]), "img_ids": places,
        "txt_ids": torch.zeros(words, 3), "return_dict": False,
    }  # fmt: skip

    @torch.inference_mode()
    def spent(model: FluxTransformer2DModel) -> dict[str, float]:
        start = time.process_time()
        model(**given)
        return {"cpu_ms": (time.process_time() - start) * 1e3}

    with torch.inference_mode():
        off = (fast(**given)[0] - exact(**given)[0]).norm() / exact(**given)[0].norm()
    found = rounds({"fp32": lambda: spent(exact), "int8 products": lambda: spent(fast)}, args.rounds)
    millions = sum(weight.numel() for weight in exact.parameters()) / 1e6
    report(f"A step of a FLUX transformer of {millions:.0f} M at 256 px", found, "fast", relative_error=float(off))


if __name__ == "__main__":
    main()
