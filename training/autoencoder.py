"""Train Pocket's autoencoder: RGBA, 8x down, 16 channels; stop and go on at will, on a CPU or a GPU alike.

    OMP_WAIT_POLICY=PASSIVE python -m training.autoencoder --minutes 45
    python -m training.autoencoder --init training/cache/vae2 --out vae2 --minutes 3 --batch 64 --compile     # on a GPU

Needs training/cache/ as made by training.data. Writes training/cache/vae-run/resume.pt every few minutes, a sheet of
held-out pictures above their reconstructions, and at the end cache/vae, a diffusers folder with the latent's shift and
scale in its config. With --init a ready one goes on learning (the 16x down one, too), at the pictures' full side, from
scenes (training/scenes.py); --noise disturbs its latents: a painted one is never quite that of a real drawing.

The loss is L1 + MSE / 2 + L1 of gradients / 2 + 2 x L1 of 8 x 8 averages + L1 of chroma + 1e-4 KL. Without the
averages and the chroma the colours collapse onto one axis: green comes out blue.
"""

import argparse
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from training.data import CACHE, Picture, load
from training.loop import Loop, arguments, device
from training.scenes import Author, Easel
from training.sheet import sheet

HERE = Path(__file__).parent


def crops(pixels: np.ndarray, chosen: np.ndarray, side: int, rng: np.random.Generator) -> Tensor:
    """Random crops, and whole pictures made small, mirrored or with swapped colours: float (n, 4, side, side)."""
    made = []
    for i in chosen:
        picture = pixels[i]
        if rng.random() < 0.3:
            step = picture.shape[0] // side
            picture = picture.reshape(side, step, side, step, 4).mean((1, 3))
        else:
            y, x = rng.integers(0, picture.shape[0] - side + 1, 2)
            picture = picture[y : y + side, x : x + side]
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
        if rng.random() < 0.3:
            picture = picture[..., [*rng.permutation(3), 3]]
        made.append(np.ascontiguousarray(picture, np.float32))
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2) / 127.5 - 1


def distance(found: Tensor, wanted: Tensor) -> Tensor:
    off = found - wanted
    chroma = off[:, :3] - off[:, :3].mean(1, keepdim=True)
    gradients = off.diff(dim=-1).abs().mean() + off.diff(dim=-2).abs().mean()
    return (
        off.abs().mean()
        + 0.5 * (off**2).mean()
        + 0.5 * gradients
        + 2 * F.avg_pool2d(off, 8).abs().mean()
        + chroma.abs().mean()
    )


def decibels(found: Tensor, wanted: Tensor) -> float:
    return float(-10 * torch.log10((((found - wanted) / 2) ** 2).mean()))


def put_aside(row: Picture) -> bool:
    """Never learned from here, so that the decibels are honest."""
    return zlib.crc32(row.key.encode()) % 100 == 0


def split(pixels: np.ndarray, rows: list[Picture]) -> tuple[np.ndarray, Tensor]:
    """Numbers of the pictures to learn from, and 96 others as (n, 4, side, side) in -1..1."""
    apart = [put_aside(row) for row in rows]
    shown = [i for i, row in enumerate(rows) if apart[i] and row.made == ""][:96]
    return np.flatnonzero(~np.array(apart)), torch.from_numpy(pixels[shown]).permute(0, 3, 1, 2).float() / 127.5 - 1


def averaged(model: AutoencoderKL, loop: Loop) -> AutoencoderKL:
    """A copy with the loop's smoothed weights."""
    smooth = AutoencoderKL.from_config(model.config).to(model.device).eval()
    smooth.load_state_dict(loop.average)
    return smooth


def page(pictures: list[Tensor], columns: int) -> Image.Image:
    """Rows of the first pictures of each tensor, one below the other."""
    rows = torch.cat([part[:columns] for part in pictures]).clamp(-1, 1)
    as_bytes = ((rows + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    as_bytes[..., :3] = np.minimum(as_bytes[..., :3], as_bytes[..., 3:])
    return sheet(as_bytes, [""] * len(as_bytes), columns=columns)


def batches(args: argparse.Namespace, pixels: np.ndarray, rows: list[Picture]) -> Callable[..., Tensor]:
    """What gives the next pictures: crops and small ones to begin with, whole scenes to go on."""
    if not args.init:
        kept, _ = split(pixels, rows)
        return lambda rng: crops(pixels, rng.choice(kept, args.batch), args.side, rng).to(device())
    easel = Easel(pixels, rows, put_aside)
    author = Author(easel, seed=int(time.time()))
    return lambda _: easel.paint([author.scene() for _ in range(args.batch)])


def disturbed(z: Tensor, most: float) -> Tensor:
    """Latents with noise, each its own share of `most` of their spread."""
    return z + torch.randn_like(z) * torch.rand(len(z), 1, 1, 1, device=z.device) * most * z.std().detach()


def train(args: argparse.Namespace) -> None:
    out = CACHE / f"{args.out}-run"
    pixels, rows = load()
    draw, (_, shown) = batches(args, pixels, rows), split(pixels, rows)
    shown = shown.to(device())
    if args.init:
        model = AutoencoderKL.from_pretrained(args.init).float()
    else:
        model = AutoencoderKL.from_config(AutoencoderKL.load_config(HERE / "autoencoder.json"))
    model = model.to(device(), memory_format=torch.channels_last).train()
    if args.compile:
        model.encoder.compile(), model.decoder.compile()
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.0, betas=(0.9, 0.97))

    @torch.no_grad()
    def keep() -> None:
        smooth = averaged(model, loop)
        z = torch.cat([smooth.encode(part).latent_dist.mode() for part in shown.split(8)])
        found = torch.cat([smooth.decode(part).sample for part in z.split(8)])
        loop.log(f"step {loop.steps} seen {loop.seen} held-out {decibels(found, shown):.2f} dB")
        page([shown, found], 12).save(out / "sheet.png")
        smooth.register_to_config(shift_factor=round(float(z.mean()), 4), scaling_factor=round(float(1 / z.std()), 5))
        smooth.half().save_pretrained(CACHE / args.out)

    loop = Loop(out, model, [optimiser], args, keep)
    for rng in loop:
        x = draw(rng)
        with torch.autocast(device(), torch.bfloat16, enabled=device() == "cuda"):
            latent = model.encode(x).latent_dist
            z = disturbed(latent.sample(), args.noise) if args.noise else latent.sample()
            found = model.decode(z).sample
        kl = latent.kl().float().mean() / latent.mean[0].numel()
        loop.step(distance(found.float(), x) + 1e-4 * kl, args.batch)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=64, help="pixels of a crop; a divisor of the pictures' side")
    parser.add_argument("--init", help="a folder of weights to go on with")
    parser.add_argument("--noise", type=float, default=0.0, help="most that a latent is disturbed by, of its spread")
    parser.add_argument("--compile", action="store_true", help="torch.compile: a minute to start, faster after")
    parser.add_argument("--out", default="vae", help="the folder under training/cache that takes the weights")
    arguments(parser, minutes=45, lr=1e-3, batch=16)
    args = parser.parse_args()
    torch.manual_seed(0)
    train(args)
