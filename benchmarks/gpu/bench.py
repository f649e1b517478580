"""What is measured, and in which order: variants of one network, in the same rounds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from benchmarks.gpu.timing import WARM_UPS, Record, by_the_clock, free, on_device
from sfumato.engine.families._diffusers.place import Place


class Bench:
    """The device, the sizes, and where rows go. compiler: torch's backend; `eager` only follows what would be compiled.

    smoke: tiny models, once each.
    """

    def __init__(self, record: Record, device: torch.device, smoke: bool):
        self.record, self.device, self.smoke = record, device, smoke
        self.dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.compiler = "inductor" if device.type == "cuda" else "eager"
        self.side = 64 if smoke else 1024
        side = 128 if smoke else 8192
        self._a, self._b = (torch.randn(side, side, device=device, dtype=self.dtype) for _ in range(2))
        self.product_tflop = 2 * side**3 / 1e12

    def product(self) -> None:
        self._a @ self._b

    def place(self, **more: Any) -> Place:
        return Place(self.device, self.dtype, **more)

    def times(self, times: int) -> int:
        return 1 if self.smoke else times

    def median_ms(self, work: Callable[[], object]) -> float:
        """Of twenty, after warming up."""
        for _ in range(WARM_UPS):
            work()
        runs = self.times(20)
        return sorted(on_device(work, self.device) for _ in range(runs))[runs // 2]

    def held_gb(self) -> float:
        return torch.cuda.memory_allocated() / 1e9 if self.device.type == "cuda" else 0.0


@dataclass(frozen=True)
class Variant:
    """One way to compute a network. step: one look of it; image: a whole picture of so many steps. model: ours."""

    step: Callable[[], object]
    image: Callable[..., object]
    model: Any = None


class Subject:
    """Variants of one network, by name; rows are `title: name`. One that cannot be made is told, and left out."""

    def __init__(self, bench: Bench, title: str, makers: Mapping[str, Callable[[], Variant]]):
        self._bench, self.title, self._makers = bench, title, makers
        self.there: dict[str, Variant] = {}

    def make(self, name: str) -> None:
        """Make and warm up; the first look and the first picture are in the row, for they say what compiling costs."""
        bench, row = self._bench, f"{self.title}: {name}"

        def work() -> Variant:
            before, variant = bench.held_gb(), self._makers[name]()
            first = by_the_clock(variant.step, bench.device)
            soon = [on_device(variant.step, bench.device) for _ in range(bench.times(WARM_UPS))]
            added = bench.held_gb() - before
            bench.record.row(row, first_look_ms=first, warm_up_ms=soon[-1], added_gb=added)
            first = by_the_clock(partial(variant.image, 1), bench.device)
            bench.record.row(row, first_image_ms=first)
            return variant

        variant = bench.record.guarded(row, work)
        if variant is not None:
            self.there[name] = variant

    def drop(self, *names: str) -> None:
        for name in names or list(self.there):
            self.there.pop(name, None)
        free()

    def steps(self, names: Iterable[str], seconds: float) -> None:
        """A look of each, and the plain product as the ceiling; twenty-four rounds."""
        works = self._of(names, lambda variant: variant.step)
        if works:
            works[f"{self.title}: bf16 product of 8192 x 8192"] = self._bench.product
            self._rounds("step_ms", works, 24, on_device, seconds)

    def images(self, names: Iterable[str], steps: int, seconds: float, **more: Any) -> None:
        """Whole pictures of each. more: for `image`; then the row is called by it, too."""
        asked = 2 if self._bench.smoke else steps
        works = self._of(names, lambda variant: partial(variant.image, asked, **more), _said(more))
        for name, work in works.items() if more else ():
            self._bench.record.row(name, full_looks=self._bench.record.guarded(name, work))
        self._rounds(f"image_{steps}_steps_ms", works, 3, by_the_clock, seconds)

    def _of(
        self, names: Iterable[str], pick: Callable[[Variant], Callable[[], object]], said: str = ""
    ) -> dict[str, Callable[[], object]]:
        return {f"{self.title}: {name}{said}": pick(self.there[name]) for name in names if name in self.there}

    def _rounds(self, what: str, works: Mapping[str, Callable[[], object]], times: int, timer: Any, seconds: float):
        self._bench.record.rounds(what, works, self._bench.times(times), timer, self._bench.device, seconds)


def _said(more: Mapping[str, Any]) -> str:
    return "".join(f", --{name.replace('_', '-')} {value}" for name, value in more.items())
