"""Where a model computes and in which numbers: chosen by what fits, told, and the same picture wherever it waits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from torch import nn

from sfumato import catalog
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.precision import Placement
from sfumato.engine.families import USUAL, Manner, families
from sfumato.engine.families._diffusers.machine import Machine
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.placing import placed
from sfumato.engine.families._diffusers.quick import join, painter
from sfumato.engine.families._diffusers.rounding import Float8Linear, Int8Linear, products
from sfumato.planning import plan
from sfumato.testing import tiny_card

CPU = torch.device("cpu")
WHOLE = Place(CPU, torch.float32)


def card(**gigabytes: float):
    """painter, beside: what they take in bf16."""
    counts = {name: round(size * 1e9 / 2) for name, size in gigabytes.items()}
    return tiny_card(parameters=counts["painter"], beside={"reader": counts["beside"]}, repository="a/b")


def gpu(gigabytes: float, **more: Any) -> Machine:
    return Machine(torch.device("cuda"), "a GPU", gigabytes * 1e9, torch.bfloat16, **more)


@pytest.mark.parametrize(
    ("memory", "placement", "tiled"),
    [(80, "whole", False), (40, "whole", False), (28, "encoders", True), (16, "blocks", True)],
)
def test_what_does_not_fit_waits(memory: float, placement: str, tiled: bool):
    """24 GB of network and 10 of encoders, in bf16."""
    place = placed(card(painter=24, beside=10), USUAL, gpu(memory))
    assert (place.placement, place.tiled, place.dtype) == (placement, tiled, torch.bfloat16)
    if placement == "whole":
        assert place.remark == "" and place.why == "gaussian on a GPU in bf16; all of it there"
    else:
        assert place.remark.startswith(f"gaussian on a GPU in bf16; of 37 GB that it wants a GPU has {memory}: ")


def test_8_bits_fit_where_16_do_not():
    wanted, machine = card(painter=24, beside=4), gpu(24, float8=True)
    assert placed(wanted, USUAL, machine).placement == "blocks"
    fast = placed(wanted, Manner(fast=True), machine)
    assert (fast.rounding, fast.compiled, fast.placement) == ("float8", True, "whole")
    assert "products in fp8, blocks compiled" in fast.remark


def test_fast_does_what_the_device_gains_by():
    wanted = card(painter=1, beside=1)
    old = placed(wanted, Manner(fast=True), gpu(80))
    assert (old.rounding, old.compiled) == ("none", True)
    processor = placed(wanted, Manner(fast=True), Machine(CPU, "the processor", 64e9, torch.float32))
    assert (processor.rounding, processor.compiled, processor.dtype) == ("int8", False, torch.float32)


def test_once_memory_ran_out_it_is_a_step_lower():
    wanted = card(painter=24, beside=10)
    assert placed(wanted, Manner(thrift=1), gpu(80)).placement == "encoders"
    assert placed(wanted, Manner(thrift=1), gpu(28)).placement == "blocks"
    assert placed(wanted, Manner(thrift=1), gpu(8)).placement == "blocks"
    processor = placed(wanted, Manner(thrift=1), Machine(CPU, "the processor", 128e9, torch.float32))
    assert (processor.dtype, processor.rounding, processor.tiled) == (torch.bfloat16, "none", True)


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.flux(tmp_path_factory.mktemp("models") / "flux", guidance=True)


SIDES = {"multiple": 8, "low": 8, "high": 64, "best": 64, "default": (64, 64)}


def picture(folder: Path, place: Place, family: str = "flux", **changes: Any) -> np.ndarray:
    known = tiny_card(
        family=family, sizes=SIDES, **{"guidance_kind": "distilled", "schedule": "flow-dynamic"} | changes
    )
    model = families[family](known, folder, place)  # type: ignore[arg-type] - a Place is taken as it is
    _, pixels = tiny_models.painted(model, prompt="a cat", seed=3, steps=3)
    return pixels


@pytest.mark.parametrize("placement", ["encoders", "blocks"])
def test_a_model_that_waits_paints_the_same_picture(flux: Path, placement: Placement):
    waited = picture(flux, replace(WHOLE, placement=placement))
    assert waited.tobytes() == picture(flux, WHOLE).tobytes()


def test_a_whole_pipeline_waits_too(tmp_path: Path):
    folder = tiny_models.sana(tmp_path / "sana")
    kind = {"family": "pipeline", "pipeline": "SanaPipeline", "sampler": "own", "schedule": "own"}
    kind |= {"guidance_kind": "classifier-free", "operations": ["text-to-image"]}
    waited = picture(folder, replace(WHOLE, placement="blocks", tiled=True), **kind)
    assert waited.tobytes() == picture(folder, WHOLE, **kind).tobytes()


def network() -> Any:
    from diffusers import FluxTransformer2DModel

    torch.manual_seed(0)
    return FluxTransformer2DModel(
        in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=32, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(8, 8, 16), guidance_embeds=False,
    ).eval().requires_grad_(False)  # fmt: skip


def asked(network: Any) -> torch.Tensor:
    drawn = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        return network(
            hidden_states=torch.randn(1, 64, 16, generator=drawn), timestep=torch.tensor([0.5]),
            encoder_hidden_states=torch.randn(1, 16, 32, generator=drawn),
            pooled_projections=torch.randn(1, 32, generator=drawn), txt_ids=torch.zeros(16, 3),
            img_ids=torch.cartesian_prod(torch.zeros(1), torch.arange(8.0), torch.arange(8.0)), return_dict=False,
        )[0]  # fmt: skip


def off(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


def test_joined_products_are_the_same_sums():
    joined = network()
    join(joined)
    assert off(asked(joined), asked(network())) < 1e-5
    attention = joined.transformer_blocks[0].attn
    assert attention.to_q is None and attention.to_qkv.out_features == 3 * 64  # no weight is there twice


@pytest.mark.parametrize(
    ("rounding", "kind", "most"), [("float8", Float8Linear, 0.06), ("int8", Int8Linear, 0.04)]
)  # of the answer's own size; 3 bits of fraction are 1/16 apart
def test_rounded_products_are_near(rounding: Any, kind: type[nn.Module], most: float):
    rounded = painter(network(), replace(WHOLE, rounding=rounding))
    assert 0 < off(asked(rounded), asked(network())) < most
    assert not products(rounded) and sum(isinstance(one, kind) for one in rounded.modules()) == 2 * 8 + 2 * 3
    assert isinstance(rounded.transformer_blocks[0].norm1.linear, nn.Linear)  # what steers stays as it is


def test_float8_rounds_each_row_by_itself():
    """A row a thousand times larger than its neighbours takes none of their steps."""
    torch.manual_seed(0)
    linear, rows = nn.Linear(64, 32).requires_grad_(False), torch.randn(16, 64)
    loud = torch.cat([rows, 1000 * rows[:1]])
    rounded = Float8Linear(linear, CPU)
    assert torch.equal(rounded(loud)[:16], rounded(rows))


def test_compiling_is_of_the_blocks_that_repeat():
    ready = painter(network(), replace(WHOLE, compiled=True))
    assert all(block._compiled_call_impl is not None for block in ready.transformer_blocks)
    assert ready._compiled_call_impl is None


def test_lora_that_comes_after_compiling_is_seen():
    """What is added beside a rounded product, as _diffusers/adapting.py does it; traced, and not built."""
    ready = painter(network(), replace(WHOLE, compiled=True, rounding="int8"))
    for block in (*ready.transformer_blocks, *ready.single_transformer_blocks):
        block.compile(backend="eager", dynamic=False)
    before = asked(ready)
    hook = ready.transformer_blocks[0].attn.to_qkv.register_forward_hook(lambda module, given, answer: answer + 1)
    assert off(asked(ready), before) > 0.01
    hook.remove()
    assert torch.equal(asked(ready), before)


def test_a_fast_picture_is_near_the_exact_one(flux: Path):
    exact, fast = (picture(flux, place).astype(float) for place in (WHOLE, replace(WHOLE, rounding="int8")))
    assert 0 < np.abs(fast - exact).mean() < 4  # of 255


def test_fast_is_refused_where_it_cannot_be_and_says_that_it_rounds():
    with pytest.raises(RequestError, match="pocket is as fast as it can be: leave --fast out"):
        plan(Order(prompt="a", fast=True), catalog.card("pocket"))
    decided = plan(Order(prompt="a", fast=True), catalog.card("flux-dev"))
    assert decided.recipes[0].fast and any("to 8 bits" in text for text in decided.warnings)
