"""Weights in fewer bits: 4 where nothing else fits, forced by a setting, told, and with LoRA added and taken back."""

from dataclasses import replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from torch import nn

from sfumato.core.card import Card
from sfumato.core.errors import RequestError, UnknownName
from sfumato.core.precision import Placement
from sfumato.engine.families import Manner, families
from sfumato.engine.families._diffusers.machine import Machine
from sfumato.engine.families._diffusers.nf4 import CODES, Nf4Linear, packed, whole
from sfumato.engine.families._diffusers.place import Place, Rounding
from sfumato.engine.families._diffusers.placing import placed
from sfumato.engine.families._diffusers.quick import painter
from sfumato.engine.families._diffusers.rounding import products
from sfumato.engine.weights.lora import Lora, read_lora
from sfumato.settings import Settings
from sfumato.testing import safetensors_file, tiny_card
from sfumato.wiring import Parts

CPU = torch.device("cpu")
WHOLE = Place(CPU, torch.float32)
PROCESSOR = Machine(CPU, "the processor", 64e9, torch.float32, float8=True)


def card(painter: float, beside: float) -> Card:
    """GB that they take in bf16."""
    return tiny_card(parameters=round(painter * 5e8), beside={"reader": round(beside * 5e8)}, rounds=0.99)


def gpu(gigabytes: float, computer: float, **more: Any) -> Machine:
    return Machine(torch.device("cuda"), "a GPU", gigabytes * 1e9, torch.bfloat16, computer=computer * 1e9, **more)


@pytest.mark.parametrize(
    ("memory", "computer", "chosen"),
    [
        (40, 16, ("none", "whole")),
        (28, 16, ("none", "encoders")),
        (16, 64, ("none", "blocks")),
        (24, 32, ("nf4", "whole")),
        (16, 32, ("nf4", "encoders")),
        (8, 32, ("nf4", "blocks")),
    ],
)
def test_4_bits_are_for_where_nothing_that_waits_has_room(memory: float, computer: float, chosen: tuple[str, str]):
    """24 GB of network and 10 of encoders; a network of 4 bits takes 7."""
    place = placed(card(24, 10), on=gpu(memory, computer))
    assert (place.rounding, place.placement) == chosen
    assert ("near the one in full, not the same" in place.remark) == (chosen[0] == "nf4")
    if chosen[0] == "nf4":
        assert f"of 37 GB that it wants a GPU has {memory} and the computer {computer}: " in place.remark


@pytest.mark.parametrize(
    ("memory", "chosen"),
    [(80, (torch.float32, "none")), (48, (torch.bfloat16, "none")), (24, (torch.bfloat16, "nf4"))],
)
def test_a_processor_takes_numbers_of_half_the_size_and_then_4_bits(memory: float, chosen: tuple[torch.dtype, str]):
    place = placed(card(24, 10), on=replace(PROCESSOR, memory=memory * 1e9))
    assert (place.dtype, place.rounding) == chosen and bool(place.remark) == (memory < 80)


def test_what_a_person_sets_is_done_and_said():
    wanted = card(24, 10)
    place = placed(wanted, Manner(precision="nf4", placement="encoders"), gpu(80, 64))
    assert (place.precision, place.placement) == ("nf4", "encoders")
    assert "SFUMATO_PRECISION is nf4; SFUMATO_PLACEMENT is encoders; rounded so" in place.remark
    assert placed(wanted, Manner(precision="fp32"), gpu(80, 64)).dtype == torch.float32
    assert placed(wanted, Manner(precision="bf16", fast=True), gpu(80, 64, float8=True)).rounding == "none"
    here = placed(wanted, Manner(placement="blocks"), replace(PROCESSOR, memory=1e12))
    assert here.placement == "whole" and "which is for a GPU: nothing can wait elsewhere here" in here.why


def test_a_precision_that_a_device_has_not_is_refused_with_one_that_it_has():
    with pytest.raises(RequestError, match="SFUMATO_PRECISION=fp8: a GPU has no such products; set it to nf4 or bf16"):
        placed(card(24, 10), Manner(precision="fp8"), gpu(80, 64))
    with pytest.raises(RequestError, match="set it to fp8, nf4 or bf16"):
        placed(card(24, 10), Manner(precision="int8"), gpu(80, 64, float8=True))


def test_settings_know_the_names_and_hand_them_to_a_servers_workers(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UnknownName, match="no SFUMATO_PRECISION named 'nf3'; did you mean 'nf4'"):
        Settings(precision="nf3")
    with pytest.raises(UnknownName, match="no SFUMATO_PLACEMENT named 'block'; did you mean 'blocks'"):
        Settings(placement="block")
    assert Settings(precision="auto", placement="Whole") == Settings(placement="whole")
    for name, value in Settings(precision="NF4", placement="encoders").environment().items():
        monkeypatch.setenv(name, value)
    assert (Settings().precision, Settings().placement) == ("nf4", "encoders")


def test_what_it_needs_is_told_in_words():
    place = placed(card(24, 10), on=gpu(28, 64))
    assert place.needs == "27.0 GB in bf16 and 10.0 of the computer's (9.9 and 10.0 with SFUMATO_PRECISION=nf4)"
    assert placed(card(24, 10), on=gpu(80, 64)).left == pytest.approx(43e9)


def test_the_codes_are_the_quantiles_that_the_paper_takes():
    """Of a normal distribution, eight above nothing and seven below, as far apart as they are likely."""
    most, middle = 0.9677083, 0.5
    up, down = (np.linspace(most, middle, count)[:-1] for count in (9, 8))
    normal = NormalDist()
    wanted = sorted([*(-normal.inv_cdf(p) for p in down), 0.0, *(normal.inv_cdf(p) for p in up)])
    np.testing.assert_allclose(CODES, np.array(wanted) / max(wanted), atol=2e-7)


def test_a_product_is_that_of_the_numbers_unpacked_by_hand():
    torch.manual_seed(0)
    linear = nn.Linear(96, 32).requires_grad_(False)
    small = Nf4Linear(linear, CPU)
    assert small.weight.dtype == torch.uint8 and small.weight.numel() == 96 * 32 // 2
    by_hand, rows = [], linear.weight.flatten().view(-1, 64)
    for row in rows:
        largest = float(row.abs().max())
        by_hand.append([min(CODES, key=lambda code: abs(code - float(one) / largest)) * largest for one in row])
    wanted = torch.tensor(by_hand).view(32, 96)
    x = torch.randn(5, 96)
    torch.testing.assert_close(small(x), x @ wanted.T + linear.bias, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(small(x)[:1], small(x[:1]))  # neighbours do not disturb
    assert small(x.bfloat16()).dtype == torch.bfloat16


def test_unpacked_numbers_pack_to_the_same_bytes():
    bytes, scale = packed(torch.randn(64, 64, generator=torch.Generator().manual_seed(1)))
    again, same = packed(whole(bytes, scale))
    assert torch.equal(bytes, again) and torch.equal(scale, same)
    nothing, _ = packed(torch.zeros(1, 64))
    assert not whole(nothing, torch.zeros(1, 1)).any()


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.flux(tmp_path_factory.mktemp("models") / "flux", guidance=True)


SIDES = {"multiple": 8, "low": 8, "high": 64, "best": 64, "default": (64, 64)}
FLUX = {"family": "flux", "guidance_kind": "distilled", "schedule": "flow-dynamic", "loras": True}


def loaded(folder: Path, place: Place, **changes: Any) -> Any:
    known = tiny_card(sizes=SIDES, **FLUX | changes)
    return families[known.family](known, folder, place)


def picture(model: Any) -> np.ndarray:
    return tiny_models.painted(model, prompt="a cat", seed=3, steps=3)[1].astype(float)


def test_a_picture_in_4_bits_is_near_the_one_in_full(flux: Path):
    small = loaded(flux, replace(WHOLE, rounding="nf4"))
    inside = [type(one) for one in small._transformer.modules() if isinstance(one, Nf4Linear)]
    assert len(inside) == 14 and not products(small._transformer, "nf4")  # the modulations, too
    assert 0 < np.abs(picture(small) - picture(loaded(flux, WHOLE))).mean() < 8  # of 255


def test_4_bits_that_wait_paint_the_same_picture(flux: Path):
    waits = loaded(flux, replace(WHOLE, rounding="nf4", placement="blocks"))
    assert picture(waits).tobytes() == picture(loaded(flux, replace(WHOLE, rounding="nf4"))).tobytes()


def lora() -> Lora:
    generator, tensors = np.random.default_rng(0), {}
    for module in ("transformer_blocks.0.attn.to_q", "single_transformer_blocks.0.attn.to_v"):
        for part in ("A", "B"):
            shape = (4, 32) if part == "A" else (32, 4)
            tensors[f"transformer.{module}.lora_{part}.weight"] = generator.normal(size=shape).astype(np.float32)
    return read_lora(safetensors_file(tensors))


@pytest.mark.parametrize(
    ("rounding", "placement"),
    [
        ("none", "encoders"),
        ("none", "blocks"),
        ("float8", "whole"),
        ("int8", "whole"),
        ("nf4", "whole"),
        ("nf4", "blocks"),
    ],
)
def test_lora_is_added_and_taken_back_wherever_a_model_is(flux: Path, rounding: Rounding, placement: Placement):
    """As much as it changes in full; and without it the picture is, to the pixel, what it was."""
    there, plain = loaded(flux, replace(WHOLE, rounding=rounding, placement=placement)), loaded(flux, WHOLE)
    before, exact = picture(there), picture(plain)
    changed, wanted = (picture(one.adapted([(lora(), 1.0)])) for one in (there, plain))
    turned, wish = (changed - before).ravel(), (wanted - exact).ravel()
    assert np.abs(wish).mean() > 2
    assert turned @ wish > (0.999 if rounding == "none" else 0.8) * np.linalg.norm(turned) * np.linalg.norm(wish)
    assert picture(there).tobytes() == before.tobytes()


def test_a_gguf_file_stays_as_it_is(tmp_path: Path):
    folder = tiny_models.flux(tmp_path / "flux", guidance=True)
    tiny_models.as_gguf(folder, "transformer")
    known = tiny_card(sizes=SIDES, **FLUX)
    place = placed(known, Manner(precision="nf4"), PROCESSOR, folder)
    assert place.rounding == "none" and "which a GGUF file does not take: it stays as it is" in place.remark
    assert placed(card(24, 10), on=gpu(28, 64), folder=folder).placement == "whole"  # the file's bytes, not the card's
    assert picture(loaded(folder, place)).std() > 5


@pytest.mark.parametrize("rounding", ["int8", "nf4"])
def test_a_whole_pipeline_is_rounded_too(tmp_path: Path, rounding: Rounding):
    """SD3's class does not say which blocks it repeats."""
    folder = tiny_models.stable_diffusion_3(tmp_path / "sd3")
    kind = {"family": "pipeline", "pipeline": "StableDiffusion3Pipeline", "sampler": "own", "schedule": "own"}
    kind |= {"guidance_kind": "classifier-free", "operations": ["text-to-image"], "loras": False}
    fast = loaded(folder, replace(WHOLE, rounding=rounding), **kind)
    assert not products(fast._pipe.transformer, rounding)
    off = np.abs(picture(fast) - picture(loaded(folder, WHOLE, **kind))).mean()
    assert 0 < off < 8  # of 255


def test_the_setting_reaches_a_model(tmp_path: Path):
    tiny_models.stable_diffusion(tmp_path / "models" / "dreamshaper-8", block_out_channels=(32, 64))
    parts = Parts(Settings(home=tmp_path, precision="nf4"))
    model: Any = parts.model("dreamshaper-8")
    assert any(isinstance(one, Nf4Linear) for one in model._unet.network.modules())
    assert "SFUMATO_PRECISION is nf4" in model.remark
    assert Parts(Settings(home=tmp_path)).placement("pocket") is None


def test_what_is_not_rounded_is_as_it_was():
    from diffusers import FluxTransformer2DModel

    network: Any = FluxTransformer2DModel(
        in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8),
    )  # fmt: skip
    rounded: Any = painter(network, replace(WHOLE, rounding="nf4"))
    assert isinstance(rounded.x_embedder, nn.Linear) and isinstance(rounded.proj_out, nn.Linear)
