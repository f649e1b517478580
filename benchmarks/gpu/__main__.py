"""Full-size FLUX.1 and Stable Diffusion XL: milliseconds a step, seconds an image, ours beside diffusers.

    python -m benchmarks.gpu --minutes 9 --out benchmarks/results

Weights are random, for time does not depend on them. All variants of a network share its weights and run in the same
rounds, in the order A B B A, with a plain bf16 matrix product in each as the ceiling. The most telling rows come first;
each is in the file as soon as it is known, what fails says why there, and what has no time left says so.
"""

import argparse
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.utils import logging

from benchmarks.gpu import ceilings, variants
from benchmarks.gpu import random_models as r
from benchmarks.gpu.bench import Bench, Subject, Variant
from benchmarks.gpu.report import shares, table
from benchmarks.gpu.timing import Record, by_the_clock, free
from sfumato import catalog
from sfumato.core.card import Card
from sfumato.engine.families import flux, stable_diffusion_xl

BF16, COMPILED, FP8, NF4 = "ours, bf16", "ours, bf16, compiled", "ours, fp8 (--fast)", "ours, nf4"
EAGER, COMPILE, TORCHAO = "diffusers, eager", "diffusers, torch.compile", "diffusers, torchao fp8 by the row"
MAIN = (FP8, COMPILED, EAGER, COMPILE)
OF_SDXL = (COMPILED, COMPILE, BF16, EAGER)
CACHES = ({"cache": 0.5}, {"cache": 0.5, "cache_kind": "first-block"})


class Session:
    """Networks are made when first asked for; FLUX.1's stay, for schnell has the same weights."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self._flux_parts: r.Parts | None = None
        self._dev: Subject | None = None

    @property
    def dev(self) -> Subject:
        """FLUX.1 [dev]."""
        if self._dev is None:
            self._dev = Subject(self.bench, "FLUX.1", self._flux("flux-dev", self._parts, 512, guidance=3.5))
        return self._dev

    def schnell(self) -> Subject:
        """FLUX.1 [schnell]: it is told no guidance, and reads half as many tokens."""
        parts = self._parts.but(transformer=r.flux_transformer(self.bench.smoke, guided=False))
        return Subject(self.bench, "FLUX.1 schnell", self._flux("flux-schnell", parts, 256))

    @property
    def _parts(self) -> r.Parts:
        if self._flux_parts is None:
            self._flux_parts = r.Parts(r.flux(self.bench.smoke), self.bench.device, self.bench.dtype)
        return self._flux_parts

    def _flux(self, name: str, parts: r.Parts, tokens: int, **wishes: Any) -> dict[str, Callable[[], Variant]]:
        bench, tokenizers = self.bench, {"tokenizer": r.clip_tokenizer(), "tokenizer_2": r.t5_tokenizer()}
        folder = r.RandomFolder(card(name, bench.smoke), parts, tokenizers, "transformer")
        our = partial(variants.ours, bench, flux, flux.Flux, folder, **wishes)
        theirs = partial(variants.flux_of_diffusers, bench, parts, tokenizers, tokens=tokens)
        another = partial(parts.another, "transformer")
        return {
            BF16: lambda: our(place=bench.place()),
            COMPILED: lambda: our(place=bench.place(compiled=True)),
            FP8: lambda: our(place=bench.place(rounding="float8", compiled=True)),
            NF4: lambda: our(place=bench.place(rounding="nf4")),
            EAGER: lambda: theirs(another()),
            COMPILE: lambda: theirs(variants.compiled(bench, another())),
            TORCHAO: lambda: theirs(variants.by_torchao(bench, another())),
        }

    def sdxl(self) -> Subject:
        """Stable Diffusion XL."""
        bench, tokenizers = self.bench, {"tokenizer": r.clip_tokenizer(), "tokenizer_2": r.clip_tokenizer()}
        parts = r.Parts(r.stable_diffusion_xl(bench.smoke), bench.device, bench.dtype)
        folder = r.RandomFolder(card("sdxl", bench.smoke), parts, tokenizers, "unet")
        family = stable_diffusion_xl.StableDiffusionXL
        our = partial(variants.ours, bench, stable_diffusion_xl, family, folder, guidance=6.0)
        theirs = partial(variants.sdxl_of_diffusers, bench, parts, tokenizers)
        another = partial(parts.another, "unet")
        makers: dict[str, Callable[[], Variant]] = {
            BF16: lambda: our(place=bench.place()),
            COMPILED: lambda: our(place=bench.place(compiled=True)),
            EAGER: lambda: theirs(another()),
            COMPILE: lambda: theirs(variants.compiled(bench, another())),
        }
        return Subject(bench, "SDXL", makers)


def card(name: str, smoke: bool) -> Card:
    """A model's; smoke: one that paints small pictures, too."""
    card = catalog.card(name)
    return card.model_copy(update={"sizes": card.sizes.model_copy(update={"low": 64})}) if smoke else card


def made(subject: Subject, names: Sequence[str]) -> None:
    for name in names:
        subject.make(name)


def main_rows(session: Session) -> None:
    made(session.dev, MAIN)
    session.dev.steps(MAIN, 25)


def images_28(session: Session) -> None:
    session.dev.images(MAIN, 28, 45)


def images_4(session: Session) -> None:
    session.dev.images(MAIN, 4, 15)


def sdxl(session: Session) -> None:
    subject = session.sdxl()
    made(subject, OF_SDXL)
    subject.steps(OF_SDXL, 15)
    subject.images(OF_SDXL, 28, 20)
    subject.images(OF_SDXL, 20, 12)


def schnell(session: Session) -> None:
    subject = session.schnell()
    made(subject, (FP8, EAGER))
    subject.images((FP8, EAGER), 4, 15)


def caches(session: Session) -> None:
    for cache in CACHES:
        session.dev.images((FP8, COMPILED), 28, 15, **cache)


def slower(session: Session) -> None:
    """Without compiling, and in 4 bits."""
    names = BF16, NF4
    made(session.dev, names)
    session.dev.steps(names, 15)
    session.dev.images(names, 4, 10)
    session.dev.drop(*names)


def torchao(session: Session) -> None:
    session.dev.make(TORCHAO)
    names = FP8, TORCHAO
    if TORCHAO in session.dev.there:
        session.dev.steps(names, 15)
        session.dev.images(names, 28, 30)
        session.dev.drop(TORCHAO)


def beside(session: Session) -> None:
    """What an image takes beside its steps, and what a step is made of."""
    bench, there = session.bench, session.dev.there
    model = next((variant.model for variant in there.values() if variant.model is not None), None)
    if model is not None:
        latent = np.zeros(model.latent_shape(bench.side, bench.side), np.float32)
        works = {"decoding": lambda: model.decode(latent), "reading": lambda: model.read(next(variants.PROMPTS))}
        works = {f"FLUX.1: {name}": work for name, work in works.items()}
        bench.record.rounds("ms", works, bench.times(5), by_the_clock, bench.device, 10)
    for name in MAIN:
        if name in there:
            row = f"FLUX.1: {name}"
            bench.record.guarded(f"kernels of {row}", partial(ceilings.kernels, bench, row, there[name].step))


STAGES: dict[str, tuple[float, Callable[[Session], None]]] = {
    "the product": (5, lambda session: ceilings.plain_product(session.bench)),
    "FLUX.1, steps": (40, main_rows),
    "FLUX.1, 28 steps": (10, images_28),
    "SDXL": (40, sdxl),
    "FLUX.1, 4 steps": (5, images_4),
    "FLUX.1 schnell": (30, schnell),
    "FLUX.1, cached": (15, caches),
    "FLUX.1, eager and in 4 bits": (20, slower),
    "decoding, reading, kernels": (10, beside),
    "torchao": (150, torchao),
    "attention and products": (10, lambda session: ceilings.parts(session.bench)),
}
"""The most telling first, with the seconds that each wants at least. torchao has taken three minutes to compile."""


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=9)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out"))
    parser.add_argument("--smoke", action="store_true", help="tiny models: whether everything runs")
    args = parser.parse_args(words)
    logging.set_verbosity_error()
    for limit in ("recompile_limit", "accumulated_recompile_limit"):  # variants share the code of their blocks
        setattr(torch._dynamo.config, limit, 1024)
    gpu = torch.cuda.is_available()
    about: dict[str, Any] = {"device": torch.cuda.get_device_name() if gpu else "processor"}
    name = f"gpu-{date.today()}-{about['device'].replace(' ', '-').lower()}"
    if args.smoke:
        about["smoke"], name = True, f"smoke-{name}"
    record = Record(args.out / f"{name}.json", args.minutes, about)
    session = Session(Bench(record, torch.device("cuda" if gpu else "cpu"), args.smoke))
    for title, (seconds, work) in STAGES.items():
        record.guarded(title, partial(work, session), 0 if args.smoke else seconds)
        shares(record)
        free()
    table(record)


if __name__ == "__main__":
    main()
