"""Train Pocket's autoencoder: RGBA, 8x down, 16 channels; stop and go on at will, on a CPU or a GPU alike.

    OMP_WAIT_POLICY=PASSIVE python -m training.autoencoder --minutes 45

Needs training/cache/ as made by training.data. Writes training/cache/vae-run/resume.pt every few minutes, a sheet of
held-out pictures above their reconstructions, and at the end cache/vae, a diffusers folder with the latent's shift and
scale in its config.

The loss is L1 + MSE / 2 + L1 of gradients / 2 + 2 x L1 of 8 x 8 averages + L1 of chroma + 1e-4 KL. Without the
averages and the chroma the colours collapse onto one axis: green comes out blue.
"""

import argparse
import time
import zlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor

from training.data import CACHE, load
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


def decibels(model: AutoencoderKL, pixels: Tensor) -> tuple[float, Tensor]:
    with torch.no_grad():
        found = torch.cat([model.decode(model.encode(p).latent_dist.mode()).sample for p in pixels.split(8)])
    return float(-10 * torch.log10((((found - pixels) / 2) ** 2).mean())), found


def train(args: argparse.Namespace) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    out = CACHE / "vae-run"
    out.mkdir(parents=True, exist_ok=True)
    pixels, rows = load()
    test = np.array([i for i, row in enumerate(rows) if zlib.crc32(row.key.encode()) % 100 == 0 and row.hue is None])[
        :96
    ]
    kept = np.setdiff1d(np.arange(len(rows)), [i for i, r in enumerate(rows) if zlib.crc32(r.key.encode()) % 100 == 0])
    shown = (torch.from_numpy(pixels[test]).permute(0, 3, 1, 2).float() / 127.5 - 1).to(device)
    model = AutoencoderKL.from_config(AutoencoderKL.load_config(HERE / "autoencoder.json")).to(device).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.0, betas=(0.9, 0.97))
    seen, spent, step = 0, 0.0, 0
    if (checkpoint := out / "resume.pt").exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"]), optimiser.load_state_dict(saved["optimiser"])
        seen, spent, step = saved["seen"], saved["spent"], saved["step"]
    rng = np.random.default_rng(step)
    before, started, kept_at = spent, time.time(), time.time()

    def keep() -> None:
        part = out / "resume.part"
        state = {"model": model.state_dict(), "optimiser": optimiser.state_dict()}
        torch.save(state | {"seen": seen, "spent": spent, "step": step}, part)
        part.replace(checkpoint)
        model.eval()
        quality, found = decibels(model, shown)
        model.train()
        both = torch.cat([shown[:12], found[:12]]).clamp(-1, 1)
        as_bytes = ((both + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        sheet(as_bytes, [""] * len(both), columns=12).save(out / "sheet.png")
        print(f"step {step} seen {seen} held-out {quality:.2f} dB minutes {spent / 60:.1f}", flush=True)

    while spent < args.minutes * 60:
        scale = min(1, (step + 1) / 200) * min(1, (1 - spent / (args.minutes * 60)) / 0.4)
        for group in optimiser.param_groups:
            group["lr"] = args.lr * scale
        x = crops(pixels, rng.choice(kept, args.batch), args.side, rng).to(device)
        latent = model.encode(x).latent_dist
        loss = distance(model.decode(latent.sample()).sample, x) + 1e-4 * latent.kl().mean() / latent.mean[0].numel()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step, seen, spent = step + 1, seen + args.batch, before + time.time() - started
        if time.time() - kept_at > args.keep * 60:
            keep()
            kept_at = time.time()
    keep()
    with torch.no_grad():
        z = torch.cat([model.encode(p).latent_dist.mode() for p in shown.split(8)])
    model.register_to_config(shift_factor=round(float(z.mean()), 4), scaling_factor=round(float(1 / z.std()), 5))
    model.eval().half().save_pretrained(CACHE / args.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=45, help="in all, over every resumption")
    parser.add_argument("--side", type=int, default=64, help="pixels of a crop; a divisor of 128")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--keep", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--out", default="vae", help="the folder under training/cache that takes the weights")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    train(args)
