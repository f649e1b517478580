"""A training loop that can be stopped at any moment and goes on from its last checkpoint, within a budget of minutes.

    loop = Loop(folder, model, optimisers, args, keep=lambda: sheet(...).save(...))
    for rng in loop:
        loss = ...
        loop.step(loss, batch)

The learning rate rises over the first 200 steps and falls to zero over the last `decay` share of the minutes.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


def arguments(parser: argparse.ArgumentParser, *, minutes: float, lr: float, batch: int, decay: float = 0.4) -> None:
    """The options of every loop, with this stage's own defaults."""
    parser.add_argument("--minutes", type=float, default=minutes, help="in all, over every resumption")
    parser.add_argument("--lr", type=float, default=lr, help="learning rate at its height")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument(
        "--decay", type=float, default=decay, help="the last share of the time, in which the rate falls"
    )
    parser.add_argument("--ema", type=float, default=0.998, help="how slowly the kept average follows the weights")
    parser.add_argument("--keep", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--threads", type=int, default=1)


def size(parser: argparse.ArgumentParser) -> None:
    """The options that say what a picture is to the transformer, and how many it learns from."""
    parser.add_argument("--side", type=int, default=64, help="pixels a side that the autoencoder is shown")
    parser.add_argument("--autoencoder", default="vae", help="a folder under training/cache")
    parser.add_argument("--scenes", type=int, default=40_000, help="how many are composed (training/scenes.py)")


def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


class Loop:
    """Steps of one model; `average` are the weights to keep, smoothed over the last steps."""

    def __init__(
        self,
        folder: Path,
        model: torch.nn.Module,
        optimisers: list[torch.optim.Optimizer],
        args: argparse.Namespace,
        keep: Callable[[], None],
    ) -> None:
        torch.set_num_threads(args.threads)
        torch.backends.cuda.enable_cudnn_sdp(False)  # its backward gave NaN (torch 2.11, H200)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.model, self.optimisers, self.args, self.keep = folder, model, optimisers, args, keep
        self.trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
        self.average = {name: value.detach().clone() for name, value in self.trained.items()}
        self.seen, self.spent, self.steps = 0, 0.0, 0
        self._losses: list[Tensor] = []
        if (file := folder / "resume.pt").exists():
            self._read(torch.load(file, map_location=device(), weights_only=True))

    def _read(self, saved: dict) -> None:
        self.model.load_state_dict(saved["model"], strict=False)
        for part, state in zip(self.optimisers, saved["optimisers"], strict=True):
            part.load_state_dict(state)
        self.average, self.seen = saved["average"], saved["seen"]
        self.spent, self.steps = saved["spent"], saved["steps"]

    def save(self) -> None:
        """Write the checkpoint, then whatever else the stage shows of itself."""
        state = {"model": self.trained, "average": self.average, "seen": self.seen, "spent": self.spent}
        state |= {"steps": self.steps, "optimisers": [part.state_dict() for part in self.optimisers]}
        torch.save(state, self.folder / "resume.part")
        (self.folder / "resume.part").replace(self.folder / "resume.pt")
        self.keep()

    def log(self, line: str) -> None:
        print(line, flush=True)
        with (self.folder / "log.txt").open("a") as file:
            file.write(line + "\n")

    def __iter__(self) -> Iterator[np.random.Generator]:
        rng = np.random.default_rng(1_000 + self.steps)
        torch.manual_seed(1_000 + self.steps)
        total, before, started, kept = self.args.minutes * 60, self.spent, time.time(), time.time()
        while self.spent < total:
            scale = min(1, (self.steps + 1) / 200) * min(1, (1 - self.spent / total) / self.args.decay)
            for part in self.optimisers:
                for group in part.param_groups:
                    group["lr"] = self.args.lr * scale
            yield rng
            if self.steps % 20 == 0:
                finished()
            self.spent = before + time.time() - started
            if time.time() - kept > self.args.keep * 60:
                self.save()
                kept = time.time()
        self.save()
        if self._losses:
            self.log(f"done seen {self.seen} loss {self._loss():.4f}")

    def step(self, loss: Tensor, batch: int) -> None:
        """One step of every optimiser down this loss, over `batch` pictures."""
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self.trained.values()), 1.0)
        for part in self.optimisers:
            part.step()
            part.zero_grad()
        self.steps, self.seen = self.steps + 1, self.seen + batch
        decay = min(self.args.ema, 1 - 1 / (1 + self.steps / 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), [p.detach() for p in self.trained.values()], 1 - decay)
        self._losses.append(loss.detach())  # read once in a hundred steps: a GPU would wait for it
        if self.steps % 100 == 0:
            self.log(f"step {self.steps} seen {self.seen} loss {self._loss():.4f} minutes {self.spent / 60:.1f}")

    def _loss(self) -> float:
        """The mean since the last call."""
        loss = torch.stack(self._losses).mean().item()
        self._losses.clear()
        if not math.isfinite(loss):
            raise SystemExit("the loss is no longer a number: lower --lr and start from the last checkpoint")
        return loss


def finished() -> None:
    """Wait until the GPU has done all that it was told, so that the clock tells the truth."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
