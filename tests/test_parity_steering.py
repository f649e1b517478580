"""ControlNets and reference pictures next to diffusers' pipelines: the same tiny weights, noise, prompt, pictures."""

import gc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from safetensors.torch import load_file, save_file  # noqa: E402

from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.core.recipe import ControlUse, ReferenceUse  # noqa: E402
from sfumato.engine.conductor import Conductor, Finished  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.families._diffusers.place import Place  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.engine.start import start  # noqa: E402
from sfumato.planning import plan  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

TOLERANCE = 1e-4  # of the last latent's spread, fp32
PROMPT, SEED, STEPS = "a red apple", 7, 4
SIDES = 32, 48  # width, height: pixels
FOLDERS = {"stable-diffusion": tiny_models.stable_diffusion, "stable-diffusion-xl": tiny_models.stable_diffusion_xl}
every_family = pytest.mark.parametrize("family", FOLDERS)
DIGEST = "0" * 64


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (SIDES[1], SIDES[0], 3), np.uint8))


def load(family: str, folder: Path, *place: Place) -> Any:
    card = tiny_card(
        family=family, schedule="scaled-linear", noise={"scale": "diffusion", "spacing": "leading"},
        sizes={"multiple": 4, "low": 4, "high": 64, "best": 64, "default": SIDES},
    )  # fmt: skip
    return families[family](card, folder, *place)


def ours(model: Any, controls: Any = (), references: Any = ()) -> np.ndarray:
    """The last latent; controls: (folder, picture, weight, begin, end); references: (folder, picture, weight)."""
    places: dict[str, Path] = {str(one[0]): one[0] for one in (*controls, *references)}
    order = Order(prompt=PROMPT, seed=SEED, steps=STEPS, guidance=5)
    (recipe,) = plan(order, model.card).recipes
    recipe = recipe.model_copy(
        update={
            "controls": tuple(
                ControlUse(kind="canny", picture=DIGEST, weight=weight, begin=begin, end=end, aid=str(place))
                for place, _, weight, begin, end in controls
            ),
            "references": tuple(
                ReferenceUse(picture=DIGEST, weight=weight, aid=str(place)) for place, _, weight in references
            ),
        }
    )
    canvas = Canvas(
        *SIDES,
        controls=tuple(one[1] for one in controls),
        references=tuple(one[1].convert("RGBA") for one in references),
    )
    conductor = Conductor()
    task, _ = start(recipe, canvas, model, lambda use: places[str(use.aid)])
    conductor.add(task)
    (end,) = [event for event in conductor.run() if isinstance(event, Finished)]
    return end.latent


def theirs(pipe: Any, model: Any, **fields: Any) -> np.ndarray:
    pipe.set_progress_bar_config(disable=True)
    noise = SeededNoise(SEED, model.latent_shape(*SIDES))()
    return pipe(
        PROMPT, width=SIDES[0], height=SIDES[1], num_inference_steps=STEPS, guidance_scale=5.0,
        latents=torch.from_numpy(noise)[None], output_type="latent", return_dict=False, **fields,
    )[0][0].numpy()  # fmt: skip


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    return bool(np.abs(found - wanted).max() < TOLERANCE * wanted.std())


def controlnet(folder: Path, model: Any, seed: int) -> Path:
    """One of the UNet's own shape, whose last layers, zero at first, say something."""
    torch.manual_seed(seed)
    made = diffusers.ControlNetModel.from_unet(model._unet.network, conditioning_embedding_out_channels=(8, 8))
    for block in (*made.controlnet_down_blocks, made.controlnet_mid_block, made.controlnet_cond_embedding.conv_out):
        torch.nn.init.normal_(block.weight, std=0.2)
    made.save_pretrained(folder)
    return folder


@every_family
def test_two_controls_with_weights_and_parts_paint_diffusers_picture(family: str, tmp_path: Path):
    """StableDiffusionControlNetPipeline and StableDiffusionXLControlNetPipeline."""
    folder = FOLDERS[family](tmp_path / "model")
    model = load(family, folder)
    places = [controlnet(tmp_path / str(seed), model, seed) for seed in (1, 2)]
    pictures = [picture(seed) for seed in (3, 4)]
    parts = [(0.8, 0.0, 0.5), (1.3, 0.25, 1.0)]
    found = ours(model, [(place, image, *part) for place, image, part in zip(places, pictures, parts, strict=True)])
    kind = "StableDiffusionXLControlNetPipeline" if family.endswith("xl") else "StableDiffusionControlNetPipeline"
    networks = [diffusers.ControlNetModel.from_pretrained(place) for place in places]
    pipe = getattr(diffusers, kind).from_pretrained(folder, controlnet=networks)
    wanted = theirs(
        pipe, model, **{"image": pictures}, controlnet_conditioning_scale=[part[0] for part in parts],
        control_guidance_start=[part[1] for part in parts], control_guidance_end=[part[2] for part in parts],
    )  # fmt: skip
    assert close(found, wanted)
    assert not close(ours(model), wanted)
    assert not close(ours(model, [(places[0], pictures[0], 0.8, 0, 1), (places[1], pictures[1], 1.3, 0.25, 1)]), wanted)


def ip_adapter(folder: Path, model: Any, seed: int) -> Path:
    """Random layers by the names that the adapter's makers gave them."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(seed)
    size, cross = 12, model._unet.network.config["cross_attention_dim"]
    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8,
        projection_dim=size,
    )  # fmt: skip
    CLIPVisionModelWithProjection(config).eval().save_pretrained(folder / "image_encoder")
    state = {
        "image_proj.proj.weight": torch.randn(4 * cross, size) * 0.3, "image_proj.proj.bias": torch.zeros(4 * cross),
        "image_proj.norm.weight": torch.ones(cross), "image_proj.norm.bias": torch.zeros(cross),
    }  # fmt: skip
    for number, name in enumerate(model._unet.network.attn_processors):
        if "attn2" in name:
            rows = model._unet.network.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
            for part in ("k", "v"):
                state[f"ip_adapter.{number}.to_{part}_ip.weight"] = torch.randn(rows, cross) * 0.3
    save_file(state, folder / "adapter.safetensors")
    return folder


@every_family
def test_two_references_with_weights_paint_diffusers_picture(family: str, tmp_path: Path):
    """StableDiffusionPipeline and StableDiffusionXLPipeline with load_ip_adapter, once for each picture."""
    from transformers import CLIPImageProcessorPil, CLIPVisionModelWithProjection

    folder = FOLDERS[family](tmp_path / "model")
    model = load(family, folder)
    place, pictures, weights = ip_adapter(tmp_path / "adapter", model, 1), [picture(3), picture(4)], [0.9, 0.4]
    before = ours(model)
    found = ours(model, references=[(place, *one) for one in zip(pictures, weights, strict=True)])
    assert (ours(model) == before).all()  # the layers are out again
    eye = CLIPVisionModelWithProjection.from_pretrained(place / "image_encoder")
    seer = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    pipe = diffusers.DiffusionPipeline.from_pretrained(folder, image_encoder=eye, feature_extractor=seer)
    pipe.load_ip_adapter(str(place), subfolder="", weight_name=["adapter.safetensors"] * 2, image_encoder_folder=None)
    pipe.set_ip_adapter_scale(weights)
    wanted = theirs(pipe, model, ip_adapter_image=pictures)
    assert close(found, wanted)
    assert not close(before, wanted)


def test_a_control_network_gets_what_the_model_left_and_else_waits(tmp_path: Path):
    """The same latent, wherever it is; it is counted while it is there, and it is told that it waits."""
    folder = FOLDERS["stable-diffusion"](tmp_path / "model")
    roomy, narrow = (
        load("stable-diffusion", folder, Place(torch.device("cpu"), torch.float32, left=left)) for left in (1e9, 1e5)
    )
    control = [(controlnet(tmp_path / "net", roomy, 1), picture(3), 1.0, 0.0, 1.0)]
    assert close(ours(roomy, control), ours(narrow, control))
    size = sum(one.numel() for one in diffusers.ControlNetModel.from_pretrained(tmp_path / "net").parameters()) * 4
    assert (roomy.beside.taken, narrow.beside.taken, roomy.beside.told) == (size, 0, [])
    (told,) = narrow.beside.told
    assert told.startswith("net takes 0.0 GB and 0.0 are left beside the model: it waits in the computer's memory")
    roomy._unet.helpers._network.cache_clear()
    roomy._unet.helpers._beside.cache_clear()
    gc.collect()
    assert roomy.beside.taken == 0


def adapted_unets_tensors(model: Any) -> list[Any]:
    return [*model._unet.network.parameters(), *model._unet.network.buffers()]


def brought_when_asked(model: Any) -> set[int]:
    """Of each tensor that diffusers brings to the device before a block of the UNet is asked: its id."""
    groups = [
        hook.group
        for module in model._unet.network.modules()
        for hook in getattr(module, "_diffusers_hook", SimpleNamespace(hooks={})).hooks.values()
        if hasattr(hook, "group")
    ]
    inside = [tensor for group in groups for one in group.modules for tensor in (*one.parameters(), *one.buffers())]
    return {id(tensor) for tensor in [*inside, *(t for group in groups for t in (*group.parameters, *group.buffers))]}


@every_family
def test_an_adapters_layers_are_counted_and_wait_where_there_is_no_room(family: str, tmp_path: Path):
    """The same latent, whether they are on the device, come one by one, or with the blocks of a UNet that waits."""
    folder = FOLDERS[family](tmp_path / "model")
    here = {"device": torch.device("cpu"), "dtype": torch.float32}
    roomy = load(family, folder, Place(**here, left=1e9))
    adapter = ip_adapter(tmp_path / "adapter", roomy, 1)
    saved = {file.parent.name: load_file(file) for file in adapter.rglob("*.safetensors")}
    layers, eye = (sum(t.numel() for t in saved[name].values()) * 4 for name in ("adapter", "image_encoder"))
    narrow = load(family, folder, Place(**here, left=eye + layers / 2))
    blocks = load(family, folder, Place(**here, left=1e9, placement="blocks"))
    reference = [(adapter, picture(3), 0.9)]
    found = ours(roomy, references=reference)
    assert roomy.beside.taken >= eye + layers and roomy.beside.told == []
    assert close(ours(narrow, references=reference), found)
    assert eye <= narrow.beside.taken < eye + layers / 2 and "adapter takes 0.0 GB" in narrow.beside.told[0]
    assert close(ours(blocks, references=reference), found) and not close(ours(blocks), found)
    ours(blocks, references=reference)
    assert {id(tensor) for tensor in adapted_unets_tensors(blocks)} <= brought_when_asked(blocks)
    before = roomy.beside.taken
    ours(roomy)
    gc.collect()
    assert before - roomy.beside.taken >= layers  # they are out again


def test_an_adapters_layers_are_in_the_models_numbers(tmp_path: Path):
    """Its file is in 32 bits, and a UNet of 16 that waits is never brought to others as a whole."""
    folder = FOLDERS["stable-diffusion"](tmp_path / "model")
    half = Place(torch.device("cpu"), torch.bfloat16, placement="blocks")
    model = load("stable-diffusion", folder, half)
    reference = [(ip_adapter(tmp_path / "adapter", model, 1), picture(3), 0.9)]
    assert np.isfinite(ours(model, references=reference)).all()
    assert {tensor.dtype for tensor in adapted_unets_tensors(model)} == {torch.bfloat16}
