"""Step caching on Pocket: how many looks `--cache` saves, and how near the picture stays, beside painting fewer steps.

    python -m benchmarks.caching --steps 28
    python -m benchmarks.caching --kind first-block --sampler euler-ancestral --prompts 4  # in torch

A look of which only the first block is asked counts as none: it costs a seventh of Pocket's, and less of larger models.

Likeness is the PSNR to the picture of all steps, in decibels, laid on white; 40 and more cannot be told apart by eye.
"""

import argparse
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.denoiser import PROMPTS
from benchmarks.measuring import report
from benchmarks.reference import TorchPocket
from sfumato import catalog, exports
from sfumato.core.order import Order
from sfumato.engine.families import families
from sfumato.planning import plan
from sfumato.worker.run import Painted, run

SHARES = (0.25, 0.5, 0.75, 1.0)


class Counting:
    """Pocket, which counts the looks that it is asked."""

    def __init__(self):
        self.card = catalog.card("pocket")
        self._model = families[self.card.family](self.card, catalog.folder("pocket"))
        self.looks = self.left_out = 0

    def __getattr__(self, name: str):
        return getattr(self._model, name)

    def look(self, rows):
        self.looks += 1
        return self._model.look(rows)


def painted(
    model: Counting | TorchPocket, prompt: str, seed: int, steps: int, cache: float = 0, **how: Any
) -> tuple[np.ndarray, int]:
    """(pixels 0 to 255, looks of which all was asked)"""
    model.looks = model.left_out = 0
    order = Order(prompt=prompt, seed=seed, steps=steps, cache=cache, background="white", **how)
    events = run(plan(order, model.card).recipes, lambda name: model, exports.save)
    (picture,) = [event.picture for event in events if isinstance(event, Painted)]
    return np.asarray(picture.image)[..., :3].astype(float), model.looks - model.left_out


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Decibels; 99 for the same."""
    off = ((one - other) ** 2).mean()
    return 99.0 if off == 0 else min(float(10 * np.log10(255**2 / off)), 99.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=28)
    parser.add_argument("--kind", choices=["answers", "first-block"], default="answers")
    parser.add_argument("--sampler", default="euler")
    parser.add_argument("--prompts", type=int, default=len(PROMPTS))
    args = parser.parse_args()
    model = Counting() if args.kind == "answers" else TorchPocket()
    how = {"sampler": args.sampler, "cache_kind": args.kind}
    found: dict[str, list[dict[str, float]]] = {}
    for seed, prompt in enumerate(PROMPTS[: args.prompts]):
        exact, _ = painted(model, prompt, seed, args.steps, **how)
        for share in SHARES:
            near, looks = painted(model, prompt, seed, args.steps, share, **how)
            fewer, _ = painted(model, prompt, seed, looks, **how)
            row = {"looks": looks, "decibels": likeness(near, exact), "as_many_steps": likeness(fewer, exact)}
            found.setdefault(f"--cache {share:g}", []).append(row)
    means = {name: {key: round(mean(row[key] for row in rows), 1) for key in rows[0]} for name, rows in found.items()}
    print(means, {name: median(row["looks"] for row in rows) for name, rows in found.items()})
    title = f"Step caching ({args.kind}), Pocket, {args.sampler}, {args.steps} steps, {args.prompts} prompts"
    report(title, found, f"caching-{args.kind}-{args.sampler}", means=means)


if __name__ == "__main__":
    main()
