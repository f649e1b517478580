"""What the transformer learns from: latents of all pictures and what is said of each, read once, drawn in batches."""

import time
import zlib
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from training.captions import captions
from training.data import CACHE, Picture, held_out, load
from training.loop import device
from training.sheet import PROMPTS, sheet
from training.text import load_encoder, tokenize
from training.tokens import Text, pack, paint, places, to_pixels

TOKENS = 16  # of text in training; longer captions are cut, longer prompts read in full when painting
UNSAID = 0.1  # share of pictures that are shown without a word, for guidance to start from


class Material:
    """Pictures at `side` pixels as latents, with their captions; the held-out ones are never drawn.

    autoencoder: a folder under training/cache.
    """

    def __init__(self, side: int, autoencoder: str) -> None:
        pixels, rows = load()
        self.vae = AutoencoderKL.from_pretrained(CACHE / autoencoder).float().eval().to(device())
        encoder, tokenizer = load_encoder(CACHE / "text")
        encoder.to(device())

        @torch.no_grad()
        def encode(texts: list[str]) -> Text:
            return encoder(*(part.to(device()) for part in tokenize(tokenizer, texts, TOKENS)))

        self.encode, self.places = encode, side >> (len(self.vae.config.block_out_channels) - 1)
        self.latents = latents(pixels, side, self.vae, CACHE / f"latents-{autoencoder}-{side}.npy")
        self.said = Captions(rows, encode)
        self.kept = np.array([i for i, row in enumerate(rows) if not held_out(row)])
        odds = np.array([rows[i].weight for i in self.kept])
        self.odds = odds / odds.sum()
        self.ids = places(self.places, self.places).to(device())

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Tensor, Text]:
        """Clean tokens (n, tokens, 64), and what is said of them."""
        chosen = np.sort(rng.choice(self.kept, n, p=self.odds))
        clean = torch.from_numpy(self.latents[chosen]).to(device()).float()
        return pack(clean), self.said.draw(chosen, rng)

    def show(self, model, file: Path, guidance: float, steps: int, embedded: bool) -> None:
        """Write the fifty prompts' sheet as the model paints it now."""
        x = torch.randn(len(PROMPTS), len(self.ids), 64, generator=torch.Generator().manual_seed(0)).to(device())
        empty = None if embedded else self.encode([""] * len(PROMPTS))
        made = paint(model, x, self.encode(PROMPTS), self.ids, guidance, steps, empty)
        sheet(to_pixels(made, self.places, self.vae), PROMPTS, columns=10).save(file)


def latents(pixels: np.ndarray, side: int, vae: AutoencoderKL, cache: Path) -> np.ndarray:
    """z of every picture, float16 (n, 16, h, h), kept in a file once made."""
    if cache.exists() and (found := np.load(cache, mmap_mode="r")).shape[0] == len(pixels):
        return found
    made, start = [], time.time()
    with torch.no_grad():
        for i in range(0, len(pixels), 64):
            mode = vae.encode(to_model(pixels[i : i + 64], side).to(device())).latent_dist.mode()
            made.append(((mode - vae.config.shift_factor) * vae.config.scaling_factor).half().cpu().numpy())
            if i % 3200 == 0:
                print(f"latents {i}/{len(pixels)} {time.time() - start:.0f} s", flush=True)
    np.save(cache, np.concatenate(made))
    return np.load(cache, mmap_mode="r")


def to_model(pixels: np.ndarray, side: int) -> Tensor:
    """uint8 (n, larger, larger, 4) to float (n, 4, side, side) in -1..1."""
    if pixels.shape[1] != side:
        pixels = np.stack(
            [np.asarray(Image.fromarray(p, "RGBa").resize((side, side), Image.Resampling.BOX)) for p in pixels]
        )
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


class Captions:
    """Every caption's states and pooled vector, fp16, made once and kept in a file; a draw is a row number."""

    def __init__(self, rows: list[Picture], encode) -> None:
        said = [captions(row) for row in rows]
        self.texts = sorted({text for choices in said for text, _ in choices} | {""})
        number = {text: i for i, text in enumerate(self.texts)}
        self.rows = [np.array([number[text] for text, _ in choices]) for choices in said]
        self.odds = [np.cumsum([odds for _, odds in choices]) for choices in said]
        file = CACHE / "captions" / f"{zlib.crc32(repr((TOKENS, self.texts)).encode()):08x}.pt"
        if not file.exists():
            parts = [[p.half().cpu() for p in encode(self.texts[i : i + 512])] for i in range(0, len(self.texts), 512)]
            file.parent.mkdir(exist_ok=True)
            torch.save([torch.cat(part) for part in zip(*parts, strict=True)], file)
        states, pooled = torch.load(file, mmap=True, weights_only=True)
        self.states, self.pooled = (part.to(device()) if device() == "cuda" else part for part in (states, pooled))
        self.empty = number[""]

    def of(self, chosen: list[int]) -> Text:
        """The states and vectors of captions by their numbers."""
        return self.states[chosen].to(device()).float(), self.pooled[chosen].to(device()).float()

    def draw(self, pictures: np.ndarray, rng: np.random.Generator) -> Text:
        """What is said of pictures this time; sometimes nothing."""
        dice, silent = rng.random(len(pictures)), rng.random(len(pictures)) < UNSAID
        which = [
            min(int(np.searchsorted(self.odds[i], d)), len(self.rows[i]) - 1)
            for i, d in zip(pictures, dice, strict=True)
        ]
        said = [self.empty if s else int(self.rows[i][k]) for i, k, s in zip(pictures, which, silent, strict=True)]
        return self.of(said)
