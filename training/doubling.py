"""Double the side that an autoencoder paints and keep its latents: the transformer's work stays as small as it was.

    OMP_WAIT_POLICY=PASSIVE python -m training.doubling --minutes 30

Takes cache/vae (8x down), writes cache/vae2 (16x down): the same latents stand for pictures of twice the side. One
block is added at the outer end of the encoder and of the decoder. The decoder learns to draw the larger picture from
the latents of its half-size copy, a little disturbed, since a painted latent is never quite one of a real drawing; the
encoder learns to give those same latents. Resumable: training/cache/vae2-run/resume.pt.
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor

from training.autoencoder import averaged, decibels, distance, page, split
from training.data import CACHE, load
from training.loop import Loop, arguments, device

OUTER = 16  # channels of the added blocks


def doubled(inner: AutoencoderKL) -> AutoencoderKL:
    """An autoencoder with one more block at its outer end, and everything else as in `inner`."""
    config = dict(inner.config)
    for name in ("block_out_channels", "down_block_types", "up_block_types"):
        config[name] = [config[name][0] if "types" in name else OUTER, *config[name]]
    config["sample_size"] *= 2
    outer = AutoencoderKL.from_config({k: v for k, v in config.items() if not k.startswith("_")})
    own, taken = inner.state_dict(), {}
    for name, value in own.items():
        if ".down_blocks." in name:  # the k-th block from outside is now the k+1-th
            parts = name.split(".")
            parts[2] = str(int(parts[2]) + 1)
            name = ".".join(parts)
        if name in (state := outer.state_dict()) and state[name].shape == value.shape:
            taken[name] = value
    outer.load_state_dict(taken, strict=False)
    return outer


def batch(pixels: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Whole pictures, mirrored, with colours swapped, or moved a little: float (n, 4, 128, 128) in -1..1."""
    made = []
    for i in chosen:
        picture = pixels[i]
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
        if rng.random() < 0.3:
            picture = picture[..., [*rng.permutation(3), 3]]
        if rng.random() < 0.5:
            picture = np.roll(picture, tuple(rng.integers(-3, 4, 2)), (0, 1))
        made.append(np.ascontiguousarray(picture))
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).float() / 127.5 - 1


def train(args: argparse.Namespace) -> None:
    out = CACHE / f"{args.out}-run"
    pixels, rows = load()
    kept, shown = split(pixels, rows)
    shown = shown.to(device())
    inner = AutoencoderKL.from_pretrained(CACHE / "vae").float().eval().to(device())
    model = doubled(inner).to(device()).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.0, betas=(0.9, 0.97))

    @torch.no_grad()
    def small(x: Tensor) -> Tensor:
        return inner.encode(F.avg_pool2d(x, 2)).latent_dist.mode()

    @torch.no_grad()
    def keep() -> None:
        smooth = averaged(model, loop)
        z = torch.cat([small(part) for part in shown.split(16)])
        sharp = torch.cat([smooth.decode(part).sample for part in z.split(16)])
        soft = F.interpolate(torch.cat([inner.decode(part).sample for part in z.split(16)]), scale_factor=2.0)
        own = torch.cat([smooth.encode(part).latent_dist.mode() for part in shown.split(16)])
        off = float((own - z).norm() / (z - z.mean()).norm())
        loop.log(
            f"step {loop.steps} seen {loop.seen} {decibels(sharp, shown):.2f} dB,"
            f" enlarged {decibels(soft, shown):.2f} dB, latents off by {off:.3f}"
        )
        page([shown, soft, sharp], 12).save(out / "sheet.png")
        smooth.half().save_pretrained(CACHE / args.out)

    loop = Loop(out, model, [optimiser], args, keep)
    for rng in loop:
        x = batch(pixels, rng.choice(kept, args.batch), rng).to(device())
        z = small(x)
        disturbed = z + torch.randn_like(z) * torch.rand(len(z), 1, 1, 1, device=device()) * args.noise * z.std()
        loss = distance(model.decode(disturbed).sample, x)
        loop.step(loss + (model.encode(x).latent_dist.mode() - z).abs().mean() / z.std(), args.batch)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=float, default=0.25, help="most that a latent is disturbed by, of its spread")
    parser.add_argument("--out", default="vae2", help="the folder under training/cache that takes the weights")
    arguments(parser, minutes=28, lr=1e-3, batch=12)
    args = parser.parse_args()
    torch.manual_seed(0)
    train(args)
