"""Train Pocket's transformer by flow matching; stop and go on at will, on a CPU or a GPU alike.

    OMP_WAIT_POLICY=PASSIVE python -m training.flow --name p64 --side 64 --minutes 60 --init FOLDER

Needs training/cache/ as made by training.data, training.autoencoder (or a ready autoencoder in cache/vae) and
training.text. Writes training/cache/flow/NAME/: `resume.pt` every few minutes, a prompt sheet with it, `log.txt`, and
at the end the averaged weights as a diffusers folder. Run the same command again to go on where it stopped.

Conventions: z = (latent - shift) * scale; x_t = (1 - t) z + t noise; the model answers noise - z at timestep t in 0..1
(rectified flow, Liu et al. 2022, https://arxiv.org/abs/2209.03003); t is the sigmoid of a normal draw (Esser et al.
2024, https://arxiv.org/abs/2403.03206). Matrices inside the blocks learn by Muon (https://kellerjordan.github.io/posts/muon/).
"""

import argparse
import math
import time
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel
from PIL import Image
from torch import Tensor

from training.captions import captions
from training.data import CACHE, Picture, load
from training.sheet import PROMPTS, sheet
from training.text import load_encoder, tokenize

TOKENS = 12  # of text in training; longer captions are cut, longer prompts read in full when painting


def held_out(picture: Picture) -> bool:
    """One in 33 of style x title is never trained on, so that evaluation can ask for it."""
    return zlib.crc32(f"{picture.key}|{picture.style}".encode()) % 33 == 0


# ---- from pixels to tokens and back


def to_model(pixels: np.ndarray, side: int) -> Tensor:
    """uint8 (n, 128, 128, 4) to float (n, 4, side, side) in -1..1."""
    small = [np.asarray(Image.fromarray(p, "RGBa").resize((side, side), Image.Resampling.BOX)) for p in pixels]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1


def latents(pixels: np.ndarray, side: int, vae: AutoencoderKL, cache: Path) -> np.ndarray:
    """z of every picture, float16 (n, 16, side / 8, side / 8), kept in a file once made."""
    if cache.exists() and (found := np.load(cache, mmap_mode="r")).shape[0] == len(pixels):
        return found
    made, start = [], time.time()
    with torch.no_grad():
        for i in range(0, len(pixels), 64):
            mode = vae.encode(to_model(pixels[i : i + 64], side)).latent_dist.mode()
            made.append(((mode - vae.config.shift_factor) * vae.config.scaling_factor).half().numpy())
            if i % 3200 == 0:
                print(f"latents {i}/{len(pixels)} {time.time() - start:.0f} s", flush=True)
    np.save(cache, np.concatenate(made))
    return np.load(cache, mmap_mode="r")


def pack(z: Tensor) -> Tensor:
    """(n, 16, h, w) to tokens (n, h/2 * w/2, 64), each 2 x 2 block in the order (channel, row, column)."""
    n, c, h, w = z.shape
    return z.view(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n, h // 2 * w // 2, c * 4)


def unpack(x: Tensor, h: int, w: int) -> Tensor:
    n, _, c = x.shape
    return x.view(n, h // 2, w // 2, c // 4, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(n, c // 4, h, w)


def places(h: int, w: int) -> Tensor:
    """Row and column of each token, in places 1 and 2 of FLUX's ids."""
    ids = torch.zeros(h // 2, w // 2, 3)
    ids[..., 1], ids[..., 2] = torch.arange(h // 2)[:, None], torch.arange(w // 2)[None]
    return ids.view(-1, 3)


def look(model: FluxTransformer2DModel, x: Tensor, t: Tensor, text: tuple[Tensor, Tensor], ids: Tensor) -> Tensor:
    """The model's velocity; x: (n, tokens, 64); t: (n,) in 0..1."""
    states, pooled = text
    return model(
        hidden_states=x,
        timestep=t,
        encoder_hidden_states=states,
        pooled_projections=pooled,
        txt_ids=torch.zeros(states.shape[1], 3, device=x.device),
        img_ids=ids,
        return_dict=False,
    )[0]


@torch.no_grad()
def paint(
    model, vae, encode, prompts: list[str], side: int, steps: int = 16, guidance: float = 3.0, seed: int = 0
) -> np.ndarray:
    """Pictures of the prompts by Euler's steps with guidance: uint8 (n, side, side, 4), premultiplied."""
    device = next(model.parameters()).device
    h = side // 8
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(len(prompts), (h // 2) ** 2, 64, generator=generator).to(device)
    wanted, unwanted = encode(prompts), encode([""] * len(prompts))
    ids = places(h, h).to(device)
    times = torch.linspace(1, 0, steps + 1)
    for now, later in pairwise(times):
        t = now.expand(len(prompts)).to(device)
        v = look(model, x, t, unwanted, ids)
        v = v + guidance * (look(model, x, t, wanted, ids) - v)
        x = x + (later - now) * v
    z = unpack(x, h, h).float().cpu() / vae.config.scaling_factor + vae.config.shift_factor
    pixels = torch.cat([vae.decode(part).sample for part in z.split(10)])
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


class Shapes:
    """Latents of drawn pictures: mostly squares; a share of batches stand on longer, otherwise empty canvases."""

    def __init__(self, pixels: np.ndarray, side: int, wide: float, vae: AutoencoderKL) -> None:
        self.vae, self.wide, self.size = vae, wide, side // 8
        self.squares = latents(pixels, side, vae, CACHE / f"latents-{side}.npy")
        self._empty: dict[int, Tensor] = {}

    def empty(self, length: int) -> Tensor:
        """z of nothing, (1, 16, size, length)."""
        if length not in self._empty:
            with torch.no_grad():
                nothing = torch.full((1, 4, 8 * self.size, 8 * length), -1.0)
                mode = self.vae.encode(nothing).latent_dist.mode()
            self._empty[length] = (mode - self.vae.config.shift_factor) * self.vae.config.scaling_factor
        return self._empty[length]

    def draw(self, chosen: np.ndarray, rng: np.random.Generator) -> Tensor:
        squares = torch.from_numpy(self.squares[chosen]).float()
        if rng.random() >= self.wide:
            return squares
        length = self.size + 2 * int(rng.integers(1, self.size + 1))  # up to three times as long as high
        canvas = self.empty(length).repeat(len(chosen), 1, 1, 1)
        start = (length - self.size) // 2
        canvas[..., start : start + self.size] = squares
        if rng.random() < 0.5:  # tall; the empty canvas is the same either way, the pictures are not
            canvas = self.empty(length).transpose(2, 3).repeat(len(chosen), 1, 1, 1)
            canvas[:, :, start : start + self.size] = squares
        return canvas


# ---- the loop


class Captions:
    """Every caption's states and pooled vector, read once; a draw for a picture is a row number."""

    def __init__(self, rows: list[Picture], encode) -> None:
        said = [captions(row) for row in rows]
        self.texts = sorted({text for choices in said for text, _ in choices} | {""})
        number = {text: i for i, text in enumerate(self.texts)}
        self.rows = [np.array([number[text] for text, _ in choices]) for choices in said]
        self.odds = [np.array([odds for _, odds in choices]) for choices in said]
        self.empty = number[""]
        states, pooled = [], []
        for i in range(0, len(self.texts), 512):
            s, p = encode(self.texts[i : i + 512])
            states.append(s.half())
            pooled.append(p.half())
        self.states, self.pooled = torch.cat(states), torch.cat(pooled)

    def draw(self, pictures: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        chosen = [self.empty if rng.random() < 0.1 else rng.choice(self.rows[i], p=self.odds[i]) for i in pictures]
        return self.states[chosen].float(), self.pooled[chosen].float()


def optimisers(model: torch.nn.Module, lr: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for the rest."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "transformer_blocks" in n]
    inside = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in inside]
    return [
        torch.optim.Muon(matrices, lr=lr, momentum=0.95, weight_decay=0.01, adjust_lr_fn="match_rms_adamw", ns_steps=4),
        torch.optim.AdamW(rest, lr=lr, weight_decay=0.0, betas=(0.9, 0.97)),
    ]


def train(args: argparse.Namespace) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    out = CACHE / "flow" / args.name
    out.mkdir(parents=True, exist_ok=True)
    vae = AutoencoderKL.from_pretrained(CACHE / "vae").eval()
    encoder, tokenizer = load_encoder(CACHE / "text")

    @torch.no_grad()
    def encode(texts: list[str]) -> tuple[Tensor, Tensor]:
        states, pooled = encoder(*tokenize(tokenizer, texts, TOKENS))
        return states.to(device), pooled.to(device)

    pixels, rows = load()
    shapes = Shapes(pixels, args.side, args.wide, vae)
    kept = np.array([i for i, row in enumerate(rows) if not held_out(row)])
    said = Captions(rows, encode)
    odds = np.array([rows[i].weight for i in kept])
    odds /= odds.sum()

    if args.init:
        model = FluxTransformer2DModel.from_pretrained(args.init)
    else:
        config = FluxTransformer2DModel.load_config(Path(__file__).parent / "transformer.json")
        model = FluxTransformer2DModel.from_config(config)
    model = model.float().to(device).train()
    average = {k: v.detach().clone() for k, v in model.state_dict().items()}
    fast = torch.compile(model, dynamic=bool(args.wide)) if args.compile else model
    parts = optimisers(model, args.lr)
    seen, spent, step = 0, 0.0, 0
    if (checkpoint := out / "resume.pt").exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        average, seen, spent, step = saved["average"], saved["seen"], saved["spent"], saved["step"]
        for part, state in zip(parts, saved["optimisers"], strict=True):
            part.load_state_dict(state)

    def keep() -> None:
        state = {"model": model.state_dict(), "average": average, "seen": seen, "spent": spent, "step": step}
        part = out / "resume.part"
        torch.save(state | {"optimisers": [o.state_dict() for o in parts]}, part)
        part.replace(checkpoint)
        averaged = FluxTransformer2DModel.from_config(model.config)
        averaged.load_state_dict(average)
        averaged.eval().half().save_pretrained(out / "transformer")
        averaged = averaged.float().to(device)
        sheet(paint(averaged, vae, encode, PROMPTS, args.side), PROMPTS, columns=10).save(
            out / f"sheet-{seen // 1000:05d}k.png"
        )

    rng = np.random.default_rng(1_000 + step)
    total, started, kept_at, losses = args.minutes * 60, time.time(), time.time(), []
    before = spent

    def log(line: str) -> None:
        print(line, flush=True)
        with (out / "log.txt").open("a") as file:
            file.write(line + "\n")

    tick = time.time()
    while spent < total:
        left = 1 - spent / total
        scale = min(1, (step + 1) / 200) * min(1, left / args.decay)
        for part in parts:
            for group in part.param_groups:
                group["lr"] = args.lr * scale
        chosen = rng.choice(kept, args.batch, p=odds)
        chosen.sort()
        z = shapes.draw(chosen, rng)
        clean, ids = pack(z).to(device), places(*z.shape[2:]).to(device)
        text = said.draw(chosen, rng)
        noise = torch.from_numpy(rng.standard_normal(clean.shape, dtype=np.float32)).to(device)
        t = torch.sigmoid(torch.from_numpy(rng.standard_normal(args.batch, dtype=np.float32)) + args.noise_mean).to(
            device
        )
        x = torch.lerp(clean, noise, t[:, None, None])
        error = look(fast, x, t, (text[0].to(device), text[1].to(device)), ids) - (noise - clean)
        loss = (error**2).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for part in parts:
            part.step()
            part.zero_grad()
        step, seen = step + 1, seen + args.batch
        decay = min(args.ema, 1 - 1 / (1 + step / 10)) if not args.init else args.ema
        with torch.no_grad():
            current = model.state_dict()
            torch._foreach_lerp_(list(average.values()), [current[k] for k in average], 1 - decay)
        spent = before + time.time() - started
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise SystemExit("the loss is no longer a number: lower --lr and start from the last checkpoint")
        if step % 100 == 0:
            rate, tick = 100 * args.batch / (time.time() - tick), time.time()
            figures = f"step {step} seen {seen} loss {np.mean(losses[-100:]):.4f} {rate:.0f}/s"
            log(f"{figures} rate scale {scale:.3f} minutes {spent / 60:.1f}")
        if time.time() - kept_at > args.keep * 60:
            keep()
            kept_at = time.time()
    keep()
    log(f"done seen {seen} loss {np.mean(losses[-300:]):.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, help="the run's folder under training/cache/flow")
    parser.add_argument("--side", type=int, default=64, help="pixels a side, a multiple of 16")
    parser.add_argument("--minutes", type=float, default=60, help="in all, over every resumption")
    parser.add_argument("--init", help="a folder of transformer weights to start from")
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--lr", type=float, default=8e-4)
    parser.add_argument(
        "--decay", type=float, default=0.4, help="the last share of the time, in which the rate falls to zero"
    )
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument(
        "--noise-mean", type=float, default=0.2, help="higher: more noise is trained on (for larger sides)"
    )
    parser.add_argument("--wide", type=float, default=0.0, help="share of batches that are not square")
    parser.add_argument("--compile", action="store_true", help="torch.compile: a minute to start, a tenth faster after")
    parser.add_argument("--keep", type=float, default=8, help="minutes between checkpoints")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    train(args)
