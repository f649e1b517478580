"""Full-size FLUX.1 and Stable Diffusion XL: milliseconds a step, seconds an image, ours beside diffusers.

    python -m benchmarks.gpu --minutes 8 --out benchmarks/results

Weights are random, for time does not depend on them. All variants of a network share its weights and run in the same
rounds, in the order A B B A, with a plain bf16 matrix product in each as the ceiling. Ours is timed as a user has it:
a step is a look of the family, with latents that come from the processor and go back; an image is the whole way from
prompt to pixels. A step of diffusers is its network alone, with everything on the device already.
"""

import argparse
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler, FluxPipeline, StableDiffusionXLPipeline
from diffusers.utils import logging

from benchmarks.gpu import random_models as r
from benchmarks.gpu.timing import WARM_UPS, Record, by_the_clock, on_device
from sfumato import catalog, exports
from sfumato.core.order import Order
from sfumato.engine.families import flux, stable_diffusion_xl
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.rounding import products
from sfumato.engine.painting import Row
from sfumato.planning import plan
from sfumato.worker.run import Failed, Progress, run

STEP_TFLOP = 74.4  # of FLUX.1 at 1024 x 1024 with 512 text tokens, counted on the meta device
SDXL_STEP_TFLOP = 281 / 20  # both rows of guidance
DENSE_BF16 = 989.0  # TFLOP/s, an H100's datasheet
PROMPTS = (f"a lighthouse of glass, number {i}" for i in count())  # a new one each time: none is read from memory


class Bench:
    """The device, the sizes, and where rows go."""

    def __init__(self, record: Record, device: torch.device, smoke: bool):
        self.record, self.device, self.smoke = record, device, smoke
        self.dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.side = 256 if smoke else 1024
        self.compiles = device.type == "cuda"
        side = 512 if smoke else 8192
        self._a, self._b = (torch.randn(side, side, device=device, dtype=self.dtype) for _ in range(2))
        self.product_tflop = 2 * side**3 / 1e12

    def product(self) -> None:
        self._a @ self._b

    def place(self, **more: Any) -> Place:
        return Place(self.device, self.dtype, **more)

    def steps(self, works: dict[str, Callable[[], object]], title: str, seconds: float) -> None:
        """At least twenty timed runs of each, after the warm-ups that each had when it was made."""
        works = {f"{title}: {name}": work for name, work in works.items()}
        works[f"{title}: bf16 product of 8192 x 8192"] = self.product
        self.record.rounds("step_ms", works, 2 if self.smoke else 24, on_device, self.device, seconds)

    def images(self, works: dict[str, Callable[[], object]], title: str, what: str, seconds: float) -> None:
        works = {f"{title}: {name}": work for name, work in works.items()}
        self.record.rounds(what, works, 1 if self.smoke else 5, by_the_clock, self.device, seconds)

    def made(self, name: str, make: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any] | None:
        """A variant, warmed up; its first looks are a row of their own, for they say what compiling costs."""

        def work() -> dict[str, Any]:
            before = self._held()
            variant = make()
            first = by_the_clock(variant["step"], self.device)
            soon = [on_device(variant["step"], self.device) for _ in range(WARM_UPS)]
            self.record.row(name, first_look_ms=first, warm_up_ms=soon[-1], added_gb=(self._held() - before) / 1e9)
            return variant

        return self.record.guarded(name, work, seconds)

    def all_made(self, title: str, makers: dict[str, Callable[[], dict[str, Any]]]) -> dict[str, dict[str, Any]]:
        """Those that could be."""
        made = {name: self.made(f"{title}: {name}", make, 20) for name, make in makers.items()}
        return {name: variant for name, variant in made.items() if variant is not None}

    def measured(self, title: str, there: dict[str, dict[str, Any]], images: Any) -> None:
        """images: (steps, the row's name for them, seconds that they may take)."""
        if not there:
            return
        self.steps({name: variant["step"] for name, variant in there.items()}, title, 30)
        for steps, what, seconds in images:
            steps = 2 if self.smoke else steps
            self.images({name: partial(v["image"], steps) for name, v in there.items()}, title, what, seconds)

    def _held(self) -> int:
        return torch.cuda.memory_allocated() if self.device.type == "cuda" else 0


def ours(
    bench: Bench, module: Any, family: Any, card: Any, folder: r.RandomFolder, place: Place, **wishes: Any
) -> dict:
    """A family of ours over random weights: a look, and whole images through the way of a picture."""
    module.Folder = lambda card, path, pipelines: folder  # the one thing that is not as a user has it
    model = family(card, Path("random"), place)
    noise = np.random.default_rng(0).standard_normal(model.latent_shape(bench.side, bench.side), dtype=np.float32)
    text = model.read("a lighthouse")
    row = Row(noise, 0.6, text, wishes.get("guidance"))
    rows = [row] if card.guidance_kind == "distilled" else [row, Row(noise, 0.6, model.read(""))]

    def image(steps: int, cache: float = 0) -> int:
        """How many looks it took."""
        size = {"width": bench.side, "height": bench.side, "sampler": "euler"}
        order = Order(prompt=next(PROMPTS), seed=0, steps=steps, cache=cache, **size, **wishes)
        looks = 0
        for event in run(plan(order, card).recipes, lambda name: model, exports.save):
            looks += isinstance(event, Progress)
            if isinstance(event, Failed):
                raise event.error or RuntimeError("cancelled")
        return looks

    return {"step": lambda: model.look(rows), "image": image, "model": model}  # guidance's rows together, as painted


def flux_of_diffusers(bench: Bench, parts: r.Parts, tokenizers: dict[str, Any], network: Any) -> dict:
    pipe = FluxPipeline(
        FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), parts.one("vae"), parts.one("text_encoder"),
        tokenizers["tokenizer"], parts.one("text_encoder_2"), tokenizers["tokenizer_2"], network,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    with torch.no_grad():
        states, pooled, text_ids = pipe.encode_prompt("a lighthouse", None, max_sequence_length=512)
    side = bench.side // 16
    given = {
        "hidden_states": torch.randn(1, side * side, 64, device=bench.device, dtype=bench.dtype),
        "timestep": torch.tensor([0.6], device=bench.device, dtype=bench.dtype),
        "guidance": torch.tensor([3.5], device=bench.device),
        "pooled_projections": pooled, "encoder_hidden_states": states, "txt_ids": text_ids, "return_dict": False,
        "img_ids": pipe._prepare_latent_image_ids(1, side, side, bench.device, bench.dtype),
        "joint_attention_kwargs": {},  # as the pipeline passes it: another would be compiled for anew
    }  # fmt: skip

    def image(steps: int) -> None:
        pipe(
            next(PROMPTS), height=bench.side, width=bench.side, num_inference_steps=steps, guidance_scale=3.5,
            max_sequence_length=512,
        )  # fmt: skip

    return {"step": torch.no_grad()(lambda: network(**given)), "image": image}


def sdxl_of_diffusers(bench: Bench, parts: r.Parts, tokenizers: dict[str, Any], network: Any) -> dict:
    pipe = StableDiffusionXLPipeline(
        parts.one("vae"), parts.one("text_encoder"), parts.one("text_encoder_2"), tokenizers["tokenizer"],
        tokenizers["tokenizer_2"], network,
        EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1),
        add_watermarker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    with torch.no_grad():
        states, empty, pooled, empty_pooled = pipe.encode_prompt("a lighthouse", num_images_per_prompt=1)
    side = bench.side // 8
    sizes = torch.tensor([[bench.side, bench.side, 0, 0, bench.side, bench.side]] * 2, device=bench.device)
    pooled = torch.cat([empty_pooled, pooled])
    x = torch.randn(2, 4, side, side, device=bench.device, dtype=bench.dtype)
    states, conditions = torch.cat([empty, states]), {"text_embeds": pooled, "time_ids": sizes.to(bench.dtype)}
    timestep = torch.tensor(500.0, device=bench.device)

    def image(steps: int) -> None:
        pipe(next(PROMPTS), height=bench.side, width=bench.side, num_inference_steps=steps, guidance_scale=6.0)

    @torch.no_grad()
    def step() -> Any:
        return network(x, timestep, encoder_hidden_states=states, added_cond_kwargs=conditions, return_dict=False)

    return {"step": step, "image": image}


def compiled(network: Any) -> Any:
    network.compile_repeated_blocks(fullgraph=True, dynamic=False)
    return network


def by_torchao(network: Any, granularity: Any) -> Any:
    """The same products as ours rounded, by torchao; then compiled as its makers advise."""
    from torchao.quantization import Float8DynamicActivationFloat8WeightConfig, quantize_

    chosen = {id(linear) for _, _, linear in products(network)}
    config = Float8DynamicActivationFloat8WeightConfig(granularity=granularity)
    quantize_(network, config, filter_fn=lambda module, name: id(module) in chosen)
    return compiled(network)


def ceilings(bench: Bench) -> None:
    """What the card can do at most, by itself: the products and the attention that a step is made of."""
    device, dtype = bench.device, bench.dtype
    for _ in range(WARM_UPS):
        bench.product()
    took = sorted(on_device(bench.product, device) for _ in range(20))[10]
    bench.record.row("ceiling: bf16 product", tflops=bench.product_tflop / took * 1e3)
    heads, pieces = (2, 512) if bench.smoke else (24, 4608)
    q, k, v = (torch.randn(1, heads, pieces, 128, device=device, dtype=dtype) for _ in range(3))
    tflop = 4 * heads * pieces**2 * 128 / 1e12
    strided = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v)]  # as networks have them
    for name in ("CUDNN_ATTENTION", "FLASH_ATTENTION", "as torch chooses"):

        def attend(name: str = name) -> None:
            from torch.nn.attention import SDPBackend, sdpa_kernel

            if not hasattr(SDPBackend, name):
                torch.nn.functional.scaled_dot_product_attention(*strided)
                return
            with sdpa_kernel(getattr(SDPBackend, name)):
                torch.nn.functional.scaled_dot_product_attention(*strided)

        def timed(attend: Callable[[], None] = attend, name: str = name) -> None:
            for _ in range(WARM_UPS):
                attend()
            took = sorted(on_device(attend, device) for _ in range(20))[10]
            bench.record.row(f"ceiling: {name.lower()}", tflops=tflop / took * 1e3, ms=took)

        bench.record.guarded(f"ceiling: {name.lower()}", timed)
    bench.record.guarded("ceiling: fp8 products", partial(fp8_products, bench))


def fp8_products(bench: Bench) -> None:
    """FLUX's own shapes, by the row as ours rounds, and with one scale a tensor; without rounding what comes in."""
    shapes = [(512, 256, 512)] if bench.smoke else [(4608, 3072, 9216), (4608, 3072, 12288), (4608, 15360, 3072)]
    one = torch.ones((), device=bench.device)
    for rows, inside, outside in shapes:
        a = torch.randn(rows, inside, device=bench.device).to(torch.float8_e4m3fn)
        b = torch.randn(outside, inside, device=bench.device).to(torch.float8_e4m3fn).t()
        wide = torch.randn(rows, inside, device=bench.device, dtype=bench.dtype)
        weight = torch.randn(outside, inside, device=bench.device, dtype=bench.dtype)
        scales = torch.ones(rows, 1, device=bench.device), torch.ones(1, outside, device=bench.device)
        by_row = partial(torch._scaled_mm, a, b, *scales, out_dtype=torch.bfloat16, use_fast_accum=True)
        by_tensor = partial(torch._scaled_mm, a, b, one, one, out_dtype=torch.bfloat16, use_fast_accum=True)
        plain = partial(torch.nn.functional.linear, wide, weight)
        for name, work in {"fp8 by the row": by_row, "fp8 by the tensor": by_tensor, "bf16": plain}.items():
            for _ in range(WARM_UPS):
                work()
            took = sorted(on_device(work, bench.device) for _ in range(20))[10]
            found = {f"{rows}x{inside}x{outside}_tflops": 2 * rows * inside * outside / 1e9 / took}
            bench.record.row(f"ceiling: {name}", **found)


def flux_rows(bench: Bench) -> Callable[[], None]:
    """Steps and images of FLUX.1, ours and diffusers'; returns what does the same for the rivals that compile."""
    parts = r.Parts(r.flux(bench.smoke), bench.device, bench.dtype)
    tokenizers = {"tokenizer": r.clip_tokenizer(), "tokenizer_2": r.t5_tokenizer()}
    card = catalog.card("flux-dev")
    folder = r.RandomFolder(card, parts, tokenizers, "transformer")
    our = partial(ours, bench, flux, flux.Flux, card, folder, guidance=3.5)
    theirs = partial(flux_of_diffusers, bench, parts, tokenizers)
    another = partial(parts.another, "transformer")
    parts.one("transformer")
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "ours, bf16": lambda: our(place=bench.place()),
        "ours, bf16, compiled": lambda: our(place=bench.place(compiled=bench.compiles)),
        "ours, fp8 (--fast)": lambda: our(place=bench.place(rounding="float8", compiled=bench.compiles)),
        "diffusers, eager": lambda: theirs(another()),
    }
    there = bench.all_made("FLUX.1", makers)
    bench.measured("FLUX.1", there, ((4, "image_4_steps_ms", 20), (28, "image_28_steps_ms", 60)))
    quick = {name: variant for name, variant in there.items() if "compiled" in name or "fp8 (" in name}
    cached = {name: partial(v["image"], 2 if bench.smoke else 28, 0.5) for name, v in quick.items()}
    for name, work in cached.items():
        bench.record.row(f"FLUX.1: {name}, --cache 0.5", looks=bench.record.guarded(name, work))
    cached = {f"{name}, --cache 0.5": work for name, work in cached.items()}
    bench.images(cached, "FLUX.1", "image_28_steps_ms", 15)
    if there:
        decode_and_read(bench, "FLUX.1", next(v["model"] for v in there.values() if "model" in v))
    for name, variant in quick.items():
        bench.record.guarded(f"kernels of {name}", partial(kernels, bench, f"FLUX.1: {name}", variant["step"]))

    def rivals() -> None:
        makers: dict[str, Callable[[], dict[str, Any]]] = {
            "diffusers, torch.compile": lambda: theirs(compiled(another()) if bench.compiles else another()),
            "diffusers, torchao fp8 by the row": lambda: theirs(by_torchao(another(), _granularity("PerRow"))),
        }
        made = bench.all_made("FLUX.1", makers)
        again = {f"{name}, again": v for name, v in quick.items()} if made else {}
        bench.measured("FLUX.1", made | again, ((4, "image_4_steps_ms", 20), (28, "image_28_steps_ms", 60)))

    return rivals


def _granularity(name: str) -> Any:
    import torchao.quantization

    return getattr(torchao.quantization, name)()


def decode_and_read(bench: Bench, title: str, model: Any) -> None:
    """What an image takes beside its steps."""
    latent = np.zeros(model.latent_shape(bench.side, bench.side), np.float32)
    works = {f"{title}: decoding": lambda: model.decode(latent), f"{title}: reading": lambda: model.read(next(PROMPTS))}
    for work in works.values():
        bench.record.guarded(title, work)
    bench.record.rounds("ms", works, 5, by_the_clock, bench.device, 10)


def sdxl_rows(bench: Bench) -> Callable[[], None]:
    """As flux_rows, for Stable Diffusion XL."""
    parts = r.Parts(r.stable_diffusion_xl(bench.smoke), bench.device, bench.dtype)
    tokenizers = {"tokenizer": r.clip_tokenizer(), "tokenizer_2": r.clip_tokenizer()}
    card = catalog.card("sdxl")
    folder = r.RandomFolder(card, parts, tokenizers, "unet")
    our = partial(ours, bench, stable_diffusion_xl, stable_diffusion_xl.StableDiffusionXL, card, folder, guidance=6.0)
    theirs = partial(sdxl_of_diffusers, bench, parts, tokenizers)
    another = partial(parts.another, "unet")
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "ours, bf16": lambda: our(place=bench.place()),
        "diffusers, eager": lambda: theirs(another()),
        "ours, bf16, compiled": lambda: our(place=bench.place(compiled=bench.compiles)),
    }
    images = ((20, "image_20_steps_ms", 30),)
    bench.measured("SDXL", bench.all_made("SDXL", makers), images)

    def rivals() -> None:
        compile_it = {"diffusers, torch.compile": lambda: theirs(compiled(another()) if bench.compiles else another())}
        bench.measured("SDXL", bench.all_made("SDXL", compile_it), images)

    return rivals


def kernels(bench: Bench, name: str, step: Callable[[], object]) -> None:
    """What a step spends the device's time on: the ten largest, and how long it is busy in all."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        step()
    spent = sorted(
        ((e.self_device_time_total / 1e3, e.count, e.key[:90]) for e in seen.key_averages()), reverse=True
    )  # fmt: skip
    on_card = [row for row in spent if row[0] > 0]
    bench.record.said.setdefault("kernels", {})[name] = on_card[:14]
    for took, times, kernel in on_card[:14]:
        print(f"    {took:8.2f} ms {times:5} x {kernel}")
    bench.record.row(name, busy_ms=sum(row[0] for row in on_card))


def shares(record: Record) -> None:
    """Of the counted limit: what a step would take if all of it ran as quickly as the plain product did."""
    for title, tflop in (("FLUX.1", STEP_TFLOP), ("SDXL", SDXL_STEP_TFLOP)):
        product = record.said["rows"].get(f"{title}: bf16 product of 8192 x 8192", {}).get("step_ms")
        if not product or "smoke" in record.said:
            continue
        ceiling = 2 * 8192**3 / 1e9 / product["median"]
        record.said[f"{title}_ceiling_tflops"] = ceiling
        for name, row in record.said["rows"].items():
            if name.startswith(f"{title}: ") and "step_ms" in row and "product" not in name:
                rate = tflop / row["step_ms"]["median"] * 1e3
                row["share_of_measured_product"], row["share_of_datasheet"] = rate / ceiling, rate / DENSE_BF16
    record.write()


def table(record: Record) -> None:
    """The medians of all rows, with their spread."""
    print(f"\n{record.said['device']}, torch {record.said['torch']}, {record.said['date']}")
    for name, row in record.said["rows"].items():
        cells = [
            f"{key} {value['median']:.1f} ({value['least']:.1f}-{value['most']:.1f})" if isinstance(value, dict)
            else f"{key} {value:.3g}" for key, value in row.items()
        ]  # fmt: skip
        print(f"  {name:52} {'; '.join(cells)}")
    for name, why in record.said["failed"].items():
        print(f"  FAILED {name}: {why}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out"))
    parser.add_argument("--smoke", action="store_true", help="tiny models: whether everything runs")
    args = parser.parse_args()
    logging.set_verbosity_error()
    torch._dynamo.config.recompile_limit = 64  # several variants share the code of their blocks
    gpu = torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    about: dict[str, Any] = {"device": torch.cuda.get_device_name() if gpu else "processor"}
    name = f"gpu-{date.today()}-{about['device'].replace(' ', '-').lower()}"
    if args.smoke:
        about["smoke"], name = True, f"smoke-{name}"
    record = Record(args.out / f"{name}.json", args.minutes, about)
    bench = Bench(record, device, args.smoke)
    record.guarded("ceilings", partial(ceilings, bench))
    rivals = [
        record.guarded(title, partial(rows, bench)) for title, rows in (("FLUX.1", flux_rows), ("SDXL", sdxl_rows))
    ]
    for rival in rivals:
        if rival is not None:
            record.guarded("rivals that compile", rival, 0 if args.smoke else 60)
    shares(record)
    table(record)


if __name__ == "__main__":
    main()
