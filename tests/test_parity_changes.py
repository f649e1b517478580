"""Pictures begun with and masks, alone and with what steers, next to diffusers' pipelines: whole tiny folders.

The same weights, noise, prompt and pictures; the last latents are compared. Each case names the class of diffusers that
it stands beside.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
pytest.importorskip("peft")

from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.recipe import ControlUse, Recipe, ReferenceUse  # noqa: E402
from sfumato.engine.conductor import Conductor, Finished  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.families._flux_torch import unpack  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.engine.start import start  # noqa: E402
from sfumato.engine.weights.lora import read_lora  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

TOLERANCE = 1e-4  # of the last latent's spread, fp32
PROMPT, SEED, STEPS, STRENGTH, GUIDANCE, TOKENS = "a red apple", 7, 4, 0.7, 4.0, 40
SIDES = 32, 48  # width, height: pixels
DIGEST = "0" * 64
WEIGHT = 0.8  # of a LoRA
PARTS = [(0.8, 0.0, 0.5), (1.3, 0.25, 1.0)]
"""weight, begin and end of each control picture."""


@dataclass(frozen=True)
class Kind:
    """A family, and a tiny folder of it. card: what its cards say. arguments: of diffusers' pipelines."""

    family: str
    folder: Callable[[Path], Path]
    card: dict[str, Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    packed: bool = False

    def load(self, folder: Path) -> Any:
        sizes = {"multiple": 4, "low": 4, "high": 64, "best": 64, "default": SIDES}
        return families[self.family](tiny_card(family=self.family, sizes=sizes, **self.card), folder)


def diffusion(prediction: str) -> dict[str, Any]:
    return {
        "schedule": "scaled-linear",
        "noise": {"scale": "diffusion", "spacing": "leading", "prediction": prediction},
    }


FLUX = {
    "guidance_kind": "distilled", "schedule": "flow-dynamic", "text": {"tokens": TOKENS, "negative": True},
}  # fmt: skip
PIECES = {"max_sequence_length": TOKENS}
KINDS = {
    "Stable Diffusion 1": Kind(
        "stable-diffusion", lambda folder: tiny_models.stable_diffusion(folder, sample_size=64), diffusion("epsilon")
    ),
    "Stable Diffusion 2": Kind(
        "stable-diffusion",
        lambda folder: tiny_models.stable_diffusion(folder, sample_size=64, prediction="v_prediction"),
        diffusion("v"),
    ),
    "Stable Diffusion XL": Kind("stable-diffusion-xl", tiny_models.stable_diffusion_xl, diffusion("epsilon")),
    "FLUX.1": Kind("flux", lambda folder: tiny_models.flux(folder, guidance=True), FLUX, PIECES, packed=True),
    "FLUX.1 Canny": Kind(
        "flux", lambda folder: tiny_models.flux_variant(folder, "FluxControlPipeline", 16),
        FLUX | {"controls": ["canny"], "control_by": "channels"}, PIECES, packed=True,
    ),
    "FLUX.1 Fill": Kind(
        "flux", lambda folder: tiny_models.flux_variant(folder, "FluxFillPipeline", 16 + 16),
        FLUX | {"operations": ["fill"]}, PIECES, packed=True,
    ),
    "FLUX.1 Kontext": Kind(
        "flux", lambda folder: tiny_models.flux_variant(folder, "FluxKontextPipeline"),
        FLUX | {"operations": ["text-to-image", "instruct"], "references": "tokens"},
        PIECES | {"_auto_resize": False, "max_area": SIDES[0] * SIDES[1]}, packed=True,
    ),
    "Qwen-Image": Kind(
        "qwen-image", tiny_models.qwen_image,
        {"schedule": "flow-dynamic", "steady_guidance": True, "text": {"tokens": 512, "negative": True}},
        {"true_cfg_scale": GUIDANCE, "negative_prompt": ""}, packed=True,
    ),
}  # fmt: skip

CASES = [
    ("Stable Diffusion 1", "", "StableDiffusionImg2ImgPipeline"),
    ("Stable Diffusion 1", "", "StableDiffusionInpaintPipeline"),
    ("Stable Diffusion 1", "controls", "StableDiffusionControlNetImg2ImgPipeline"),
    ("Stable Diffusion 1", "controls", "StableDiffusionControlNetInpaintPipeline"),
    ("Stable Diffusion 1", "references", "StableDiffusionImg2ImgPipeline"),
    ("Stable Diffusion 1", "references", "StableDiffusionInpaintPipeline"),
    ("Stable Diffusion 1", "resampled", "StableDiffusionPipeline"),
    ("Stable Diffusion 2", "", "StableDiffusionImg2ImgPipeline"),
    ("Stable Diffusion 2", "", "StableDiffusionInpaintPipeline"),
    ("Stable Diffusion 2", "controls", "StableDiffusionControlNetPipeline"),
    ("Stable Diffusion XL", "", "StableDiffusionXLImg2ImgPipeline"),
    ("Stable Diffusion XL", "", "StableDiffusionXLInpaintPipeline"),
    ("Stable Diffusion XL", "controls", "StableDiffusionXLControlNetImg2ImgPipeline"),
    ("Stable Diffusion XL", "controls", "StableDiffusionXLControlNetInpaintPipeline"),
    ("Stable Diffusion XL", "one for all kinds", "StableDiffusionXLControlNetUnionPipeline"),
    ("Stable Diffusion XL", "one for all kinds", "StableDiffusionXLControlNetUnionImg2ImgPipeline"),
    ("Stable Diffusion XL", "one for all kinds", "StableDiffusionXLControlNetUnionInpaintPipeline"),
    ("Stable Diffusion XL", "references", "StableDiffusionXLImg2ImgPipeline"),
    ("Stable Diffusion XL", "references", "StableDiffusionXLInpaintPipeline"),
    ("Stable Diffusion XL", "resampled", "StableDiffusionXLPipeline"),
    ("FLUX.1", "", "FluxImg2ImgPipeline"),
    ("FLUX.1", "", "FluxInpaintPipeline"),
    ("FLUX.1", "controls", "FluxControlNetImg2ImgPipeline"),
    ("FLUX.1", "controls", "FluxControlNetInpaintPipeline"),
    ("FLUX.1 Canny", "channels", "FluxControlImg2ImgPipeline"),
    ("FLUX.1 Canny", "channels", "FluxControlInpaintPipeline"),
    ("Stable Diffusion 2", "loras", "StableDiffusionPipeline"),
    ("FLUX.1 Canny", "channels and loras", "FluxControlPipeline"),
    ("FLUX.1 Fill", "loras", "FluxFillPipeline"),
    ("FLUX.1 Kontext", "words", "FluxKontextPipeline"),
    ("FLUX.1 Kontext", "loras", "FluxKontextPipeline"),
    ("Qwen-Image", "union", "QwenImageControlNetPipeline"),
]
"""A kind, what steers it, and the class that it stands beside."""

MASK = Image.new("L", SIDES)
MASK.paste(255, (8, 8, 24, 40))


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (SIDES[1], SIDES[0], 3), np.uint8))


class Made:
    """A kind's folder, our model of it, and what is beside it, made once."""

    def __init__(self, name: str, home: Path):
        self.kind, self._home = KINDS[name], home
        self.folder = self.kind.folder(home / "model")
        self.model = self.kind.load(self.folder)
        self._kept: dict[str, Path] = {}

    def place(self, name: str, make: Callable[[Path, Any], Path]) -> Path:
        """A network beside the model."""
        if name not in self._kept:
            torch.manual_seed(len(self._kept))
            self._kept[name] = make(self._home / name, self.model)
        return self._kept[name]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    kept: dict[str, Made] = {}

    def one(name: str) -> Made:
        if name not in kept:
            kept[name] = Made(name, tmp_path_factory.mktemp("kind"))
        return kept[name]

    return one


def unet_control(folder: Path, model: Any) -> Path:
    """A ControlNet of the UNet's own shape, whose last layers, zero at first, say something."""
    net = diffusers.ControlNetModel.from_unet(model._unet.network, conditioning_embedding_out_channels=(8, 8))
    return spoken(
        net, folder, *net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out
    )


def union_control(folder: Path, model: Any) -> Path:
    """One that is told of which kind a picture is."""
    unet = model._unet.network
    kinds = {"num_trans_channel": 8, "num_trans_head": 2, "num_proj_channel": 8}
    net = diffusers.ControlNetUnionModel.from_config({**unet.config, **kinds, "block_out_channels": (8, 16)},
                                                     conditioning_embedding_out_channels=(8, 8))  # fmt: skip
    embedding = net.controlnet_cond_embedding.conv_out
    return spoken(net, folder, *net.controlnet_down_blocks, net.controlnet_mid_block, embedding, net.spatial_ch_projs)


def flux_control(folder: Path, model: Any) -> Path:
    net = diffusers.FluxControlNetModel(
        in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=tiny_models.WIDTH, pooled_projection_dim=tiny_models.WIDTH, axes_dims_rope=(4, 4, 8),
        guidance_embeds=True,
    )  # fmt: skip
    return spoken(net, folder, *net.controlnet_blocks, *net.controlnet_single_blocks, net.controlnet_x_embedder)


def qwen_control(folder: Path, model: Any) -> Path:
    net = diffusers.QwenImageControlNetModel(
        patch_size=2, in_channels=16, num_layers=1, attention_head_dim=16, num_attention_heads=3,
        joint_attention_dim=16, axes_dims_rope=(8, 4, 4),
    )  # fmt: skip
    return spoken(net, folder, *net.controlnet_blocks, net.controlnet_x_embedder)


def spoken(net: Any, folder: Path, *layers: Any) -> Path:
    for layer in layers:
        torch.nn.init.normal_(layer.weight, std=0.2)
    net.save_pretrained(folder)
    return folder


def eye(folder: Path, size: int) -> None:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8,
        projection_dim=size,
    )  # fmt: skip
    CLIPVisionModelWithProjection(config).eval().save_pretrained(folder / "image_encoder")


def layers_for(model: Any) -> dict[str, Any]:
    """Random layers of attention by the names that the adapter's makers gave them."""
    unet, state = model._unet.network, {}
    for number, name in enumerate(unet.attn_processors):
        if "attn2" in name:
            rows = unet.get_submodule(name.removesuffix(".processor")).to_k.weight.shape[0]
            for part in ("k", "v"):
                state[f"ip_adapter.{number}.to_{part}_ip.weight"] = (
                    torch.randn(rows, unet.config["cross_attention_dim"]) * 0.3
                )
    return state


def ip_adapter(folder: Path, model: Any) -> Path:
    size, cross = 12, model._unet.network.config["cross_attention_dim"]
    eye(folder, size)
    state = {
        "image_proj.proj.weight": torch.randn(4 * cross, size) * 0.3, "image_proj.proj.bias": torch.zeros(4 * cross),
        "image_proj.norm.weight": torch.ones(cross), "image_proj.norm.bias": torch.zeros(cross),
    }  # fmt: skip
    save_file(state | layers_for(model), folder / "adapter.safetensors")
    return folder


def resampler(folder: Path, model: Any) -> Path:
    """One that looks at all patches: an IP-Adapter Plus, whose four layers are Perceiver's."""
    hidden, seen, cross = 64, 16, model._unet.network.config["cross_attention_dim"]
    eye(folder, 12)
    shapes = {"latents": (1, 4, hidden), "proj_in.weight": (hidden, seen), "proj_in.bias": (hidden,),
              "proj_out.weight": (cross, hidden), "proj_out.bias": (cross,)}  # fmt: skip
    for n in range(4):
        shapes |= {
            f"layers.{n}.0.to_q.weight": (64, hidden), f"layers.{n}.0.to_kv.weight": (128, hidden),
            f"layers.{n}.0.to_out.weight": (hidden, 64), f"layers.{n}.1.1.weight": (4 * hidden, hidden),
            f"layers.{n}.1.3.weight": (hidden, 4 * hidden),
        }  # fmt: skip
    state = {name: torch.randn(shape) * 0.2 for name, shape in shapes.items()}
    norms = {"norm_out": cross} | {f"layers.{n}.{at}": hidden for n in range(4) for at in ("0.norm1", "0.norm2", "1.0")}
    for name, size in norms.items():
        state |= {f"{name}.weight": torch.ones(size), f"{name}.bias": torch.zeros(size)}
    state = {f"image_proj.{name}": tensor for name, tensor in state.items()}
    save_file(state | layers_for(model), folder / "adapter.safetensors")
    return folder


@dataclass(frozen=True)
class Beside:
    """What steers a painting, as our recipes and canvases say it, and as diffusers is told it.

    parts: of the pipeline. fields: of the call. adapter: an IP-Adapter's folder, loaded once for each picture. lora: a
    file, taken at WEIGHT.
    """

    uses: dict[str, Any] = field(default_factory=dict)
    canvas: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    adapter: Path | None = None
    lora: Path | None = None


def alone(one: Made, kind: str) -> Beside:
    return Beside()


def controls(one: Made, kind: str) -> Beside:
    """Two networks at their weights, each for a part of the steps."""
    net, make = (
        (diffusers.FluxControlNetModel, flux_control) if one.kind.packed else (diffusers.ControlNetModel, unet_control)
    )
    places = [one.place(f"control-{n}", make) for n in (1, 2)]
    networks: Any = [net.from_pretrained(place) for place in places]
    word = "image" if kind.endswith("ControlNetPipeline") else "control_image"
    modes = {"control_mode": [None, None]} if one.kind.packed else {}
    return followed(places, diffusers.FluxMultiControlNetModel(networks) if one.kind.packed else networks, word, modes)


def one_for_all(one: Made, kind: str) -> Beside:
    """One network for pictures of two kinds, each asked by itself."""
    from diffusers.models.controlnets.multicontrolnet_union import MultiControlNetUnionModel

    place = one.place("union", union_control)
    network = diffusers.ControlNetUnionModel.from_pretrained(place)
    word = "control_image"
    return followed([place, place], MultiControlNetUnionModel([network, network]), word, {"control_mode": [3, 1]})


def union(one: Made, kind: str) -> Beside:
    """One network for two pictures, as diffusers has it for Qwen-Image."""
    place = one.place("control", qwen_control)
    network = diffusers.QwenImageControlNetModel.from_pretrained(place)
    return followed([place, place], diffusers.QwenImageMultiControlNetModel([network]), "control_image", {})


def followed(places: list[Path], networks: Any, word: str, more: dict[str, Any]) -> Beside:
    """Two pictures, each by the network at its place, at its weight, and for a part of the steps."""
    pictures, (weights, begins, ends) = [picture(n) for n in (3, 4)], (list(part) for part in zip(*PARTS, strict=True))
    uses = [
        ControlUse(kind=kind, picture=DIGEST, weight=weight, begin=begin, end=end, aid=str(place))
        for kind, place, (weight, begin, end) in zip(("canny", "depth"), places, PARTS, strict=True)
    ]
    return Beside(
        {"controls": tuple(uses)}, {"controls": tuple(pictures)}, {"controlnet": networks},
        {word: pictures, "controlnet_conditioning_scale": weights, "control_guidance_start": begins,
         "control_guidance_end": ends, **more},
    )  # fmt: skip


def channels(one: Made, kind: str) -> Beside:
    use = ControlUse(kind="canny", picture=DIGEST, weight=1, begin=0, end=1)
    return Beside({"controls": (use,)}, {"controls": (picture(3),)}, fields={"control_image": picture(3)})


def adapted(one: Made, make: Callable[[Path, Any], Path]) -> Beside:
    """Two references at their weights."""
    from transformers import CLIPImageProcessorPil, CLIPVisionModelWithProjection

    place, pictures, weights = one.place(make.__name__, make), [picture(3), picture(4)], [0.9, 0.4]
    uses = tuple(ReferenceUse(picture=DIGEST, weight=weight, aid=str(place)) for weight in weights)
    parts = {
        "image_encoder": CLIPVisionModelWithProjection.from_pretrained(place / "image_encoder"),
        "feature_extractor": CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
    }
    seen = tuple(one.convert("RGBA") for one in pictures)
    return Beside({"references": uses}, {"references": seen}, parts, {"ip_adapter_image": pictures}, place)


def trained(one: Made, kind: str) -> Beside:
    """A LoRA of noise, for a matrix or two of the network that paints."""
    return Beside(lora=one.place("lora", lora))


def lora(folder: Path, model: Any) -> Path:
    (part, network), state = next(iter(model._wardrobe._networks.items())), {}
    for end in ("transformer_blocks.0.attn.to_q", "transformer_blocks.0.attn1.to_q", "transformer_blocks.0.proj_out"):
        for name, module in network.named_modules():
            if name.endswith(end):
                rows, columns = module.weight.shape
                state[f"{part}.{name}.lora_A.weight"] = torch.randn(3, columns) * 0.3
                state[f"{part}.{name}.lora_B.weight"] = torch.randn(rows, 3) * 0.3
    folder.mkdir()
    save_file(state, folder / "one.safetensors")
    return folder / "one.safetensors"


BESIDE: dict[str, Callable[[Made, str], Beside]] = {
    "": alone,
    "words": alone,
    "controls": controls,
    "one for all kinds": one_for_all,
    "channels": channels,
    "union": union,
    "loras": trained,
    "channels and loras": lambda one, kind: replace(channels(one, kind), lora=one.place("lora", lora)),
    "references": lambda one, kind: adapted(one, ip_adapter),
    "resampled": lambda one, kind: adapted(one, resampler),
}


def ours(one: Made, canvas: Canvas, lora: Path | None = None, **uses: Any) -> np.ndarray:
    """The last latent."""
    model = one.model if lora is None else one.model.adapted([(read_lora(lora.read_bytes()), WEIGHT)])
    width, height = SIDES
    recipe = Recipe(
        model="gaussian", weights=one.model.card.weights, prompt=PROMPT, seed=SEED, steps=STEPS, guidance=GUIDANCE,
        sampler="euler", schedule=one.model.card.schedule, width=width, height=height, painted_width=width,
        painted_height=height, **uses,
    )  # fmt: skip
    conductor = Conductor()
    task, _ = start(recipe, canvas, model, lambda use: Path(str(use.aid)))
    conductor.add(task)
    *_, end = conductor.run()
    assert isinstance(end, Finished), end
    return end.latent


def theirs(one: Made, kind: str, beside: Beside, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> np.ndarray:
    """Of the named class; latents are the middle of the autoencoder's Gaussian, as ours are, and not drawn from it."""
    pipeline, shape = getattr(diffusers, kind), one.model.latent_shape(*SIDES)
    noise = torch.from_numpy(SeededNoise(SEED, shape)())
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())
    monkeypatch.setattr(import_module(pipeline.__module__), "randn_tensor", lambda wanted, **_: noise.reshape(wanted))
    pipe = pipeline.from_pretrained(one.folder, **beside.parts)
    pipe.set_progress_bar_config(disable=True)
    if beside.adapter is not None:
        pipe.load_ip_adapter(
            str(beside.adapter), subfolder="", weight_name=["adapter.safetensors"] * 2, image_encoder_folder=None
        )
        pipe.set_ip_adapter_scale([use.weight for use in beside.uses["references"]])
    if beside.lora is not None:
        pipe.load_lora_weights(beside.lora.parent, weight_name=beside.lora.name, adapter_name="one")
        pipe.set_adapters(["one"], [WEIGHT])
    found = pipe(
        prompt=PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE, output_type="latent", return_dict=False,
        **one.kind.arguments, **beside.fields, **fields,
    )[0]  # fmt: skip
    return (unpack(found, *shape) if one.kind.packed else found)[0].numpy()


def ways(one: Made, kind: str, steered: str) -> tuple[Canvas, dict[str, Any]]:
    """(what a class begins with, the same for its call)."""
    size, image = {"width": SIDES[0], "height": SIDES[1]}, picture(1)
    begun = {"image": image, "strength": STRENGTH}
    if "Img2Img" in kind:
        told = begun | (size if one.kind.packed else {})
        return Canvas(*SIDES, image.convert("RGBA"), STRENGTH), told
    if "Kontext" in kind and steered != "words":
        return Canvas(*SIDES, image.convert("RGBA")), size | {"image": image}
    if "Fill" in kind:
        return Canvas(*SIDES, image.convert("RGBA"), 1, MASK), size | {"image": image, "mask_image": MASK}
    if "Inpaint" in kind:
        return Canvas(*SIDES, image.convert("RGBA"), STRENGTH, MASK), begun | size | {"mask_image": MASK}
    return Canvas(*SIDES), size


def off(found: np.ndarray, wanted: np.ndarray) -> float:
    """How far, in tolerances."""
    assert np.isfinite(found).all()
    return float(np.abs(found - wanted).max() / (TOLERANCE * wanted.std()))


@pytest.mark.parametrize(("name", "steered", "kind"), CASES)
def test_paints_what_diffusers_does(
    name: str, steered: str, kind: str, made: Callable[[str], Made], monkeypatch: pytest.MonkeyPatch
):
    one = made(name)
    beside, (canvas, fields) = BESIDE[steered](one, kind), ways(one, kind, steered)
    full = Canvas(canvas.width, canvas.height, canvas.start, canvas.strength, canvas.mask, **beside.canvas)
    found = ours(one, full, beside.lora, **beside.uses)
    wanted = theirs(one, kind, beside, monkeypatch, **fields)
    assert off(found, wanted) < 1
    other = picture(9).convert("RGBA")
    if canvas.start is not None:  # what it begins with counts
        begun = Canvas(canvas.width, canvas.height, other, canvas.strength, canvas.mask, **beside.canvas)
        assert off(ours(one, begun, beside.lora, **beside.uses), wanted) > 20
    if beside != Beside() and "channels" not in steered:  # and what steers it
        assert off(ours(one, canvas), wanted) > 20
    if beside.lora is not None:
        assert off(ours(one, full, **beside.uses), wanted) > 20
