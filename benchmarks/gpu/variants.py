"""Ways to compute FLUX.1 and Stable Diffusion XL: ours, and diffusers' with what may be done to its network.

Ours is timed as a user has it: a step is a look of the family, with latents that come from the processor and go back;
an image is the whole way from prompt to pixels. A step of diffusers is its network alone, with all of it on the device.
"""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler, FluxPipeline, StableDiffusionXLPipeline

from benchmarks.gpu import random_models as r
from benchmarks.gpu.bench import Bench, Variant
from sfumato import exports
from sfumato.core.order import Order
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.rounding import blocks, products
from sfumato.engine.painting import Latent, Row
from sfumato.planning import plan
from sfumato.worker.run import Failed, run

PROMPTS = (f"a lighthouse of glass, number {i}" for i in count())  # a new one each time: none is read from memory


def ours(bench: Bench, module: Any, family: Any, folder: r.RandomFolder, place: Place, **wishes: Any) -> Variant:
    """A family of ours over random weights. wishes: of each picture's order."""
    card = folder.card
    with patch.object(module, "Folder", lambda *of: folder):  # the one thing that is not as a user has it
        model = family(card, Path("random"), place)
    if place.compiled and bench.compiler != "inductor":
        for block in blocks(folder.painter):
            block.compile(backend=bench.compiler, dynamic=False)
    noise = np.random.default_rng(0).standard_normal(model.latent_shape(bench.side, bench.side), dtype=np.float32)
    row = Row(noise, 0.6, model.read("a lighthouse"), wishes.get("guidance"))
    rows = [row, Row(noise, 0.6, model.read(""))] if card.guidance_kind == "classifier-free" else [row]

    def image(steps: int, **more: Any) -> int:
        """How many looks asked all blocks; a cache answers the others, how many depends on the weights' values."""
        size = {"width": bench.side, "height": bench.side, "sampler": "euler"}
        order = Order(prompt=next(PROMPTS), seed=0, steps=steps, **size, **wishes, **more)
        counted = Counted(model)
        for event in run(plan(order, card).recipes, lambda name: counted, exports.save):
            if isinstance(event, Failed):
                raise event.error or RuntimeError("cancelled")
        return counted.full

    return Variant(lambda: model.look(rows), image, model)  # guidance's rows together, as painted


class Counted:
    """A model that counts looks of which nothing was left out. full: how many so far."""

    def __init__(self, model: Any):
        self._model, self.full = model, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        memory = rows[0].memory
        before = memory.left_out if memory else 0
        answer = self._model.look(rows)
        self.full += memory is None or memory.left_out == before
        return answer


def flux_of_diffusers(bench: Bench, parts: r.Parts, tokenizers: dict[str, Any], network: Any, tokens: int) -> Variant:
    pipe = FluxPipeline(
        FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), parts.one("vae"), parts.one("text_encoder"),
        tokenizers["tokenizer"], parts.one("text_encoder_2"), tokenizers["tokenizer_2"], network,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    with torch.no_grad():
        states, pooled, text_ids = pipe.encode_prompt("a lighthouse", None, max_sequence_length=tokens)
    side, guided = bench.side // 16, network.config.guidance_embeds
    given = {
        "hidden_states": torch.randn(1, side * side, 64, device=bench.device, dtype=bench.dtype),
        "timestep": torch.tensor([0.6], device=bench.device, dtype=bench.dtype),
        "guidance": torch.tensor([3.5], device=bench.device) if guided else None,
        "pooled_projections": pooled, "encoder_hidden_states": states, "txt_ids": text_ids, "return_dict": False,
        "img_ids": pipe._prepare_latent_image_ids(1, side, side, bench.device, bench.dtype),
        "joint_attention_kwargs": {},  # as the pipeline passes it: another would be compiled for anew
    }  # fmt: skip

    def image(steps: int) -> None:
        pipe(
            next(PROMPTS), height=bench.side, width=bench.side, num_inference_steps=steps, guidance_scale=3.5,
            max_sequence_length=tokens,
        )  # fmt: skip

    return Variant(torch.no_grad()(lambda: network(**given)), image)


def sdxl_of_diffusers(bench: Bench, parts: r.Parts, tokenizers: dict[str, Any], network: Any) -> Variant:
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

    return Variant(step, image)


def compiled(bench: Bench, network: Any) -> Any:
    network.compile_repeated_blocks(fullgraph=True, dynamic=False, backend=bench.compiler)
    return network


def by_torchao(bench: Bench, network: Any) -> Any:
    """The same products as ours rounded, each row by its own scale, by torchao; then compiled as its makers advise."""
    from torchao.quantization import Float8DynamicActivationFloat8WeightConfig, PerRow, quantize_

    chosen = {id(linear) for _, _, linear in products(network)}
    config = Float8DynamicActivationFloat8WeightConfig(granularity=PerRow())
    quantize_(network, config, filter_fn=lambda module, name: id(module) in chosen)
    return compiled(bench, network)
