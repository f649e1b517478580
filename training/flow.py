"""Train Pocket's transformer by flow matching; stop and go on at will, on a CPU or a GPU alike.

    OMP_WAIT_POLICY=PASSIVE python -m training.flow --name p64 --side 64 --minutes 60 --init FOLDER

Needs training/cache/ as made by training.data, training.autoencoder (or a ready autoencoder in cache/vae) and
training.text. Writes training/cache/flow/NAME/: `resume.pt` every few minutes, a prompt sheet with it, `log.txt`, and
at the end the averaged weights as a diffusers folder. Run the same command again to go on where it stopped.

t is the sigmoid of a normal draw (Esser et al. 2024, https://arxiv.org/abs/2403.03206). Matrices inside the blocks
learn by Muon (https://kellerjordan.github.io/posts/muon/).
"""

import argparse
from pathlib import Path

import torch
from diffusers import FluxTransformer2DModel

from training.data import CACHE
from training.loop import Loop, arguments, device, size
from training.material import Material
from training.muon import Muon
from training.tokens import look

HERE = Path(__file__).parent


def optimisers(model: torch.nn.Module, lr: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for the rest."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "transformer_blocks" in n]
    inside = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in inside]
    return [
        Muon(matrices, lr),
        torch.optim.AdamW(rest, lr=lr, weight_decay=0.0, betas=(0.9, 0.97)),
    ]


def train(args: argparse.Namespace) -> None:
    out, material = CACHE / "flow" / args.name, Material(args.side, args.autoencoder, args.scenes)
    if args.init:
        model = FluxTransformer2DModel.from_pretrained(args.init)
    else:
        model = FluxTransformer2DModel.from_config(FluxTransformer2DModel.load_config(HERE / args.config))
    model = model.float().to(device()).train()
    fast = torch.compile(model) if args.compile else model

    def keep() -> None:
        averaged = FluxTransformer2DModel.from_config(model.config)
        averaged.load_state_dict(loop.average)
        averaged.eval().half().save_pretrained(out / "transformer")
        averaged = averaged.float().to(device())
        material.show(averaged, out / f"sheet-{loop.seen // 1000:05d}k.png", 3.0, 16, embedded=False)

    loop = Loop(out, model, optimisers(model, args.lr), args, keep)
    for _ in loop:
        clean, text = material.draw(args.batch)
        noise = torch.randn_like(clean)
        t = torch.sigmoid(torch.randn(args.batch, device=clean.device) + args.noise_mean)
        x = torch.lerp(clean, noise, t[:, None, None])
        error = look(fast, x, t, text, material.ids) - (noise - clean)
        loop.step((error**2).mean(), args.batch)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, help="the run's folder under training/cache/flow")
    size(parser)
    parser.add_argument("--init", help="a folder of transformer weights to start from")
    parser.add_argument("--config", default="transformer.json", help="the shape of a model that starts from nothing")
    parser.add_argument(
        "--noise-mean", type=float, default=0.2, help="higher: more noise is trained on (for larger sides)"
    )
    parser.add_argument("--compile", action="store_true", help="torch.compile: a minute to start, faster after")
    arguments(parser, minutes=60, lr=8e-4, batch=128)
    args = parser.parse_args()
    torch.manual_seed(0)
    train(args)
