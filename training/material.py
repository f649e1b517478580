"""What the transformer learns from: latents of many scenes and what is said of each; made once, drawn in batches."""

import time
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.data import CACHE, load
from training.loop import device
from training.scenes import SAYINGS, Author, Easel
from training.sheet import PROMPTS, sheet
from training.text import load_encoder, tokenize
from training.tokens import Text, pack, paint, places, to_pixels

TOKENS = 16  # of text in training; longer captions are cut, longer prompts read in full when painting
UNSAID = 0.1  # share of pictures that are shown without a word, for guidance to start from
AT_ONCE = 256


class Material:
    """Scenes as latents, with their captions' states; all of it lies on the device, and a draw is an index.

    side: pixels a side that the autoencoder is shown. autoencoder: a folder under training/cache. count: of scenes; on
    a CPU, where encoding takes minutes, they are kept in a file.
    """

    def __init__(self, side: int, autoencoder: str, count: int, seed: int = 0) -> None:
        self.vae = AutoencoderKL.from_pretrained(CACHE / autoencoder).float().eval().to(device())
        encoder, tokenizer = load_encoder(CACHE / "text")
        encoder.to(device())

        @torch.no_grad()
        def encode(texts: list[str]) -> Text:
            return encoder(*(part.to(device()) for part in tokenize(tokenizer, texts, TOKENS)))

        self.encode, self.places = encode, side >> (len(self.vae.config.block_out_channels) - 1)
        self.ids = places(self.places, self.places).to(device())
        file = CACHE / f"scenes-{autoencoder}-{side}-{count}-{seed}.pt"
        if file.exists():
            made = torch.load(file, mmap=True, weights_only=True)
        else:
            made = self._make(side, count, seed)
            if device() == "cpu":
                torch.save(made, file)
        self.latents, self.said, self.states, self.pooled = made

    @torch.no_grad()
    def _make(self, side: int, count: int, seed: int) -> list[Tensor]:
        """Latents (count, 16, h, h); numbers of sayings (count, SAYINGS); each saying's states and pooled vector."""
        start, easel = time.time(), Easel(*load())
        author = Author(easel, seed)
        scenes = [author.scene() for _ in range(count)]
        texts = ["", *sorted({text for scene in scenes for text in scene.said})]
        number = {text: i for i, text in enumerate(texts)}
        said = torch.tensor([[number[text] for text in scene.said] for scene in scenes])
        print(f"{count} scenes, {len(texts)} captions: {time.time() - start:.0f} s", flush=True)
        parts = [[p.half() for p in self.encode(texts[i : i + 2048])] for i in range(0, len(texts), 2048)]
        states, pooled = (torch.cat(part) for part in zip(*parts, strict=True))
        latents = torch.empty(count, self.vae.config.latent_channels, self.places, self.places, dtype=torch.float16)
        latents = latents.to(device())
        for i in range(0, count, AT_ONCE):
            seen = fitted(easel.paint(scenes[i : i + AT_ONCE]), side)
            with torch.autocast(device(), torch.bfloat16, enabled=device() == "cuda"):
                mode = self.vae.encode(seen).latent_dist.mode().float()
            latents[i : i + AT_ONCE] = (mode - self.vae.config.shift_factor) * self.vae.config.scaling_factor
            if i % (64 * AT_ONCE) == 0:
                print(f"latents {i}/{count} {time.time() - start:.0f} s", flush=True)
        return [latents, said.to(device()), states, pooled]

    def draw(self, n: int) -> tuple[Tensor, Text]:
        """Clean tokens (n, tokens, 64), and what is said of them this time: one of the sayings, or nothing."""
        where = self.latents.device
        chosen = torch.randint(len(self.latents), (n,), device=where)
        said = self.said[chosen, torch.randint(SAYINGS, (n,), device=where)]
        said = torch.where(torch.rand(n, device=where) < UNSAID, 0, said)
        return pack(self.latents[chosen].float()), (self.states[said].float(), self.pooled[said].float())

    def nothing(self, n: int) -> Text:
        """The text of nothing, n times."""
        return self.states[:1].float().repeat(n, 1, 1), self.pooled[:1].float().repeat(n, 1)

    def show(self, model, file: Path, guidance: float, steps: int, embedded: bool) -> None:
        """Write the fifty prompts' sheet as the model paints them now."""
        x = torch.randn(len(PROMPTS), len(self.ids), 64, generator=torch.Generator().manual_seed(0)).to(device())
        empty = None if embedded else self.encode([""] * len(PROMPTS))
        made = paint(model, x, self.encode(PROMPTS), self.ids, guidance, steps, empty)
        sheet(to_pixels(made, self.places, self.vae), PROMPTS, columns=10).save(file)


def fitted(pictures: Tensor, side: int) -> Tensor:
    """Pictures (n, 4, larger, larger) at `side`, a divisor of theirs."""
    times = pictures.shape[-1] // side
    return torch.nn.functional.avg_pool2d(pictures, times) if times > 1 else pictures
