"""LoRA in the real models beside diffusers' load_lora_weights and set_adapters: the same tiny weights, files, noise."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
pytest.importorskip("peft")

from safetensors.torch import save, save_file  # noqa: E402

from sfumato.core.canvas import Canvas  # noqa: E402
from sfumato.core.errors import RequestError  # noqa: E402
from sfumato.core.order import Order  # noqa: E402
from sfumato.engine.conductor import Conductor, Finished  # noqa: E402
from sfumato.engine.families import families  # noqa: E402
from sfumato.engine.families._diffusers.adapting import Thin, added, check  # noqa: E402
from sfumato.engine.families._flux_torch import pack, unpack  # noqa: E402
from sfumato.engine.noise import SeededNoise  # noqa: E402
from sfumato.engine.start import start  # noqa: E402
from sfumato.engine.weights.lora import DoesNotFit, Lora, read_lora  # noqa: E402
from sfumato.loras import Loras  # noqa: E402
from sfumato.planning import plan  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

TOLERANCE = 2e-4  # of the last latent's spread, in fp32: theirs computes beside each matrix what ours adds to it
PROMPT, SEED, STEPS, RANK = "a red apple", 7, 2, 3
SIDES = 16, 24  # width, height: pixels
DIFFUSION = {"scale": "diffusion", "prediction": "epsilon", "spacing": "leading"}

Matrices = dict[str, tuple[Any, Any]]
"""(down, up) by part and module, as `unet.mid_block.attentions.0.proj_in`."""


@dataclass(frozen=True)
class Kind:
    """A family, a tiny folder of it, and the modules that LoRA are tried on, by part."""

    family: str
    folder: Callable[[Path], Path]
    modules: dict[str, list[str]]
    card: dict[str, Any] = field(default_factory=dict)
    packed: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)

    def load(self, folder: Path) -> Any:
        sizes = {"multiple": 8, "low": 8, "high": 64, "best": 64, "default": SIDES}
        return families[self.family](tiny_card(family=self.family, sizes=sizes, loras=True, **self.card), folder)


INSIDE = ("attn1.to_q", "attn2.to_k", "attn2.to_out.0", "ff.net.2")
ATTENTION = [f"mid_block.attentions.0.transformer_blocks.0.{name}" for name in INSIDE]
UNET = [*ATTENTION, "mid_block.attentions.0.proj_in", "down_blocks.0.resnets.0.conv1", "time_embedding.linear_1"]
CLIP = ["encoder.layers.0.self_attn.q_proj", "encoder.layers.1.self_attn.out_proj", "encoder.layers.1.mlp.fc1"]
KINDS = {
    "StableDiffusionPipeline": Kind(
        "stable-diffusion", tiny_models.stable_diffusion, {"unet": UNET, "text_encoder": CLIP},
        {"schedule": "scaled-linear", "noise": DIFFUSION}, arguments={"guidance_scale": 3.0},
    ),
    "StableDiffusionXLPipeline": Kind(
        "stable-diffusion-xl", tiny_models.stable_diffusion_xl,
        {"unet": UNET, "text_encoder": CLIP, "text_encoder_2": [f"text_model.{name}" for name in CLIP]},
        {"schedule": "scaled-linear", "noise": DIFFUSION}, arguments={"guidance_scale": 3.0},
    ),
    "FluxPipeline": Kind(
        "flux", lambda folder: tiny_models.flux(folder, guidance=False),
        {
            "transformer": [
                "transformer_blocks.0.attn.to_q", "transformer_blocks.0.attn.to_k", "transformer_blocks.0.attn.to_v",
                "transformer_blocks.0.ff.net.2", "single_transformer_blocks.0.proj_out",
            ],
            "text_encoder": CLIP,
        },
        {"guidance_kind": "none", "text": {"tokens": 40, "negative": False}}, packed=True,
        arguments={"max_sequence_length": 40},
    ),
    "ZImagePipeline": Kind(
        "z-image", tiny_models.z_image,
        {"transformer": ["layers.0.attention.to_q", "layers.1.attention.to_out.0", "layers.1.feed_forward.w1"]},
        {"guidance": {"low": 0, "high": 20, "default": 3}, "no_guidance": 0, "noise": {"scale": "flow", "shift": 3.0},
         "text": {"tokens": 64, "negative": True}},
        arguments={"guidance_scale": 3.0, "max_sequence_length": 64},
    ),
    "QwenImagePipeline": Kind(
        "qwen-image", tiny_models.qwen_image,
        {"transformer": ["transformer_blocks.0.attn.to_q", "transformer_blocks.1.attn.add_k_proj"]},
        {"schedule": "flow-dynamic", "steady_guidance": True, "text": {"tokens": 64, "negative": True}}, packed=True,
        arguments={"true_cfg_scale": 3.0, "negative_prompt": " ", "max_sequence_length": 64},
    ),
}  # fmt: skip
every_kind = pytest.mark.parametrize("name", KINDS)


def matrices(model: Any, kind: Kind, seed: int) -> Matrices:
    """A LoRA of noise for the kind's modules; one that is large enough to be seen."""
    drawn, made = torch.Generator().manual_seed(seed), {}
    for part, names in kind.modules.items():
        for name in names:
            rows, *columns = model._wardrobe._weight((part, name)).shape
            down = torch.randn((RANK, *columns), generator=drawn) * 0.3
            up = torch.randn((rows, RANK, *[1] * (len(columns) - 1)), generator=drawn) * 0.3
            made[f"{part}.{name}"] = down, up
    return made


def peft(name: str) -> str:
    return name


def kohya(name: str) -> str:
    part, _, module = name.partition(".")
    number = {"text_encoder": "te", "text_encoder_2": "te2"}.get(part, "unet")
    if part == "text_encoder":
        module = f"text_model.{module}"
    return f"lora_{number}_{module.replace('.', '_')}"


def sgm(name: str) -> str:
    """kohya's for Stable Diffusion XL, after the names that its makers gave it."""
    part, _, module = name.partition(".")
    if part != "unet":
        return kohya(name).replace("lora_te_", "lora_te1_")
    return f"lora_unet_{tiny_models._unet_name(module + '.').strip('.').replace('.', '_')}"


def written(path: Path, them: Matrices, named: Callable[[str], str], alpha: float | None = None) -> Path:
    """A file with kohya's ends of names where it says an alpha, else with peft's."""
    state = {}
    for name, (down, up) in them.items():
        ends = (".lora_A.weight", ".lora_B.weight") if named is peft else (".lora_down.weight", ".lora_up.weight")
        state |= {named(name) + ends[0]: down.contiguous(), named(name) + ends[1]: up.contiguous()}
        if alpha is not None:
            state[f"{named(name)}.alpha"] = torch.tensor(alpha)
    save_file(state, path)
    return path


def opened(path: Path) -> Lora:
    return read_lora(path.read_bytes())


def ours(model: Any, *loras: tuple[Lora, float]) -> np.ndarray:
    return conducted([model.adapted(loras)])[0]


def conducted(models: Sequence[Any]) -> list[np.ndarray]:
    """The last latents of paintings that take turns at every step."""
    conductor, ends, tasks = Conductor(), {}, []
    for order, model in enumerate(models):
        guidance = model.card.guidance.default
        (recipe,) = plan(Order(prompt=PROMPT, seed=SEED, steps=STEPS, guidance=guidance), model.card).recipes
        task, _ = start(recipe, Canvas(*SIDES), model)
        task.order = order
        tasks.append(task)
        conductor.add(task)
    for event in conductor.run():
        if isinstance(event, Finished):
            ends[event.task] = event.latent
    return [ends[task] for task in tasks]


def theirs(name: str, folder: Path, loras: Sequence[tuple[Path, float]]) -> np.ndarray:
    kind, (width, height) = KINDS[name], SIDES
    pipe = getattr(diffusers, name).from_pretrained(folder)
    for number, (path, _) in enumerate(loras):
        pipe.load_lora_weights(path.parent, weight_name=path.name, adapter_name=f"n{number}")
    pipe.set_adapters([f"n{number}" for number in range(len(loras))], [weight for _, weight in loras])
    noise = torch.from_numpy(SeededNoise(SEED, kind.load(folder).latent_shape(width, height))())[None]
    found = pipe(
        PROMPT, width=width, height=height, num_inference_steps=STEPS, latents=pack(noise) if kind.packed else noise,
        output_type="latent", return_dict=False, **kind.arguments,
    )[0]  # fmt: skip
    if kind.packed:
        found = unpack(found, *noise.shape[1:])
    return found[0].numpy()


NAMES = {
    "StableDiffusionPipeline": [kohya],
    "StableDiffusionXLPipeline": [sgm],
    "FluxPipeline": [],
    "ZImagePipeline": [kohya],
    "QwenImagePipeline": [kohya],
}


@pytest.mark.parametrize(("name", "named"), [(name, how) for name in KINDS for how in [peft, *NAMES[name]]])
def test_two_at_their_weights_paint_diffusers_picture(name: str, named: Any, tmp_path: Path):
    kind = KINDS[name]
    folder = kind.folder(tmp_path / "model")
    model = kind.load(folder)
    alpha = None if named is peft else RANK / 2
    files = [written(tmp_path / f"{seed}.safetensors", matrices(model, kind, seed), named, alpha) for seed in (1, 2)]
    weights = [0.8, -0.5]
    found = ours(model, *((opened(path), weight) for path, weight in zip(files, weights, strict=True)))
    wanted, plain = theirs(name, folder, list(zip(files, weights, strict=True))), ours(model)
    spread = float(wanted.std())
    assert np.abs(found - wanted).max() < TOLERANCE * spread
    assert np.abs(found - plain).max() > 100 * TOLERANCE * spread


INNER = 32  # numbers of a token in the tiny FLUX


def black_forest(ends: tuple[str, str], begin: str) -> dict[str, Any]:
    """A file with the module names of FLUX's makers, in which q, k and v are one matrix."""
    drawn = torch.Generator().manual_seed(3)
    join = "." if begin.endswith(".") else "_"
    state = {}
    for module, (rows, columns) in {
        "double_blocks 0 img_attn qkv": (3 * INNER, INNER),
        "double_blocks 0 txt_mlp 2": (INNER, 4 * INNER),
        "single_blocks 0 linear2": (INNER, 5 * INNER),
    }.items():
        name = begin + module.replace(" ", join)
        state[name + ends[0]] = torch.randn((RANK, columns), generator=drawn) * 0.3
        state[name + ends[1]] = torch.randn((rows, RANK), generator=drawn) * 0.3
        if "down" in ends[0]:
            state[f"{name}.alpha"] = torch.tensor(RANK / 2)
    return state


@pytest.mark.parametrize("begin", ["lora_unet_", "diffusion_model."])
def test_flux_files_with_its_makers_names_paint_diffusers_picture(begin: str, tmp_path: Path):
    folder = KINDS["FluxPipeline"].folder(tmp_path / "model")
    model, file = KINDS["FluxPipeline"].load(folder), tmp_path / "one.safetensors"
    save_file(black_forest((".lora_down.weight", ".lora_up.weight"), begin), file)
    found, wanted = ours(model, (opened(file), 0.7)), theirs("FluxPipeline", folder, [(file, 0.7)])
    assert np.abs(found - wanted).max() < TOLERANCE * wanted.std()
    assert np.abs(found - ours(model)).max() > 0.01


def test_flux_files_with_its_makers_names_may_end_as_pefts():
    """ComfyUI writes both."""
    ends = {".lora_A.weight": ".lora_B.weight", ".lora_down.weight": ".lora_up.weight"}
    loader = families["flux"].loader  # type: ignore[attr-defined]
    read = []
    for down, up in ends.items():
        state = {name: t for name, t in black_forest((down, up), "diffusion_model.").items() if "alpha" not in name}
        read.append(added(read_lora(save(state)), loader, None, {})["transformer"])
    one, other = read
    assert one.keys() == other.keys() and "transformer_blocks.0.attn.to_k" in one
    assert all((one[name].down == other[name].down).all() for name in one)


def digest(model: Any) -> str:
    """Of every number of every network that LoRA may change."""
    seen = hashlib.sha256()
    for part in model._wardrobe._networks.values():
        for tensor in part.state_dict().values():
            seen.update(tensor.numpy().tobytes())
    return seen.hexdigest()


@every_kind
def test_turns_with_other_lora_change_nothing_and_all_is_given_back(name: str, tmp_path: Path):
    kind = KINDS[name]
    model = kind.load(kind.folder(tmp_path / "model"))
    before = digest(model)
    one, other = (opened(written(tmp_path / f"{n}.safetensors", matrices(model, kind, n), peft)) for n in (1, 2))
    views = [model, model.adapted([(one, 0.9)]), model.adapted([(other, 0.3), (one, -0.2)])]
    alone = [conducted([view])[0] for view in views]
    together = conducted(views)
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))
    assert len({end.tobytes() for end in alone}) == 3
    assert digest(model) != before  # the last view's
    model.read("anything else")
    model._dress()
    assert digest(model) == before


def test_what_cannot_be_added_to_in_place_is_computed_beside(tmp_path: Path):
    kind = KINDS["FluxPipeline"]
    model = kind.load(kind.folder(tmp_path / "model"))
    lora = opened(written(tmp_path / "one.safetensors", matrices(model, kind, 1), peft))
    inside = ours(model, (lora, 0.8))
    model._dress()
    packed = model._transformer.transformer_blocks[0].attn.to_q
    packed.weight = type("Packed", (torch.nn.Parameter,), {})(packed.weight.data.as_subclass(Odd), requires_grad=False)
    before = digest(model)
    beside = ours(model, (lora, 0.8))
    assert digest(model) != before  # the others are added in place
    np.testing.assert_allclose(beside, inside, atol=TOLERANCE)
    model._dress()
    assert digest(model) == before and not packed._forward_hooks


class Odd(torch.Tensor):
    """Stands for a quantized weight."""


def test_one_that_failed_halfway_is_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kind = KINDS["FluxPipeline"]
    model = kind.load(kind.folder(tmp_path / "model"))
    before, lora = digest(model), opened(written(tmp_path / "one.safetensors", matrices(model, kind, 1), peft))
    real, calls = Thin.product, []

    def failing(self: Thin, weight: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise MemoryError
        return real(self, weight)

    monkeypatch.setattr(Thin, "product", failing)
    with pytest.raises(MemoryError):
        model.adapted([(lora, 1.0)])._dress()
    assert digest(model) != before
    model._dress()
    assert digest(model) == before


@pytest.mark.parametrize(
    ("made_for", "used_with", "says"),
    [
        ("StableDiffusionPipeline", "FluxPipeline", "does not fit"),
        (
            "FluxPipeline",
            "StableDiffusionPipeline",
            "it changes 'transformer.single_transformer_blocks.0.proj_out', which",
        ),
        ("StableDiffusionPipeline", "StableDiffusionXLPipeline", "attn2.to_k is 16 x 32, not 16 x 64"),
        ("ZImagePipeline", "QwenImagePipeline", "it changes 'transformer.layers.0.attention.to_q', which"),
    ],
)
def test_one_of_another_base_is_refused_with_the_reason(made_for: str, used_with: str, says: str, tmp_path: Path):
    """Before anything is loaded: by configs alone."""
    other = KINDS[made_for].load(KINDS[made_for].folder(tmp_path / "other"))
    home = tmp_path / "loras"
    home.mkdir()
    written(home / "ink.safetensors", matrices(other, KINDS[made_for], 1), peft)
    folder = KINDS[used_with].folder(tmp_path / "model")
    for weights in folder.glob("*/*.safetensors"):
        weights.unlink()
    kept = Loras(home, lambda name: folder)
    card = tiny_card(family=KINDS[used_with].family, loras=True)
    with pytest.raises(RequestError, match="'ink' does not fit gaussian") as refused:
        kept.find("ink", card)
    assert says in str(refused.value) and "\n" not in str(refused.value)


def test_what_diffusers_would_leave_out_is_refused():
    state = {"lora_te3_x.lora_down.weight": torch.ones(2, 4), "lora_te3_x.lora_up.weight": torch.ones(4, 2)}
    with pytest.raises(DoesNotFit, match="cannot be changed here"):
        added(read_lora(save(state)), families["flux"].loader, None, {})  # type: ignore[attr-defined]


DOWN, UP = torch.ones(4, 4), torch.ones(4, 4)


@pytest.mark.parametrize(
    ("down", "up", "alpha", "says"),
    [
        (DOWN, torch.tensor(1.0), None, "is no two matrices"),
        (torch.ones(16), UP, None, "is no two matrices"),
        (torch.ones(0, 4), torch.ones(4, 0), 1.0, "is no two matrices"),
        (DOWN, UP, float("inf"), "is not all numbers"),
        (DOWN, UP, 3e38, "is not all numbers"),
        (DOWN * 1e25, UP * 1e25, None, "is not all numbers"),
        (DOWN.to(torch.float8_e4m3fn), UP, None, "F8_E4M3, which are not read"),
    ],
    ids=range(7),
)
def test_matrices_that_add_no_numbers_are_refused(down: Any, up: Any, alpha: float | None, says: str):
    state = {"lora_unet_conv_in.lora_down.weight": down, "lora_unet_conv_in.lora_up.weight": up}
    state |= {} if alpha is None else {"lora_unet_conv_in.alpha": torch.tensor(alpha)}
    with pytest.raises(DoesNotFit, match=says):
        added(read_lora(save(state)), families["stable-diffusion"].loader, None, {})  # type: ignore[attr-defined]


def test_ranks_that_differ_are_named():
    thin = Thin(torch.ones(2, 4), torch.ones(4, 3))
    with pytest.raises(DoesNotFit, match="conv_in is of rank 2 and of rank 3"):
        check({"unet": {"conv_in": thin}}, {"unet": {"conv_in": (4, 4)}})


def test_alpha_for_a_whole_part_is_read(tmp_path: Path):
    state = {"unet.conv_in.lora_A.weight": torch.ones(4, 4), "unet.conv_in.lora_B.weight": torch.ones(4, 4)}
    loader = families["stable-diffusion"].loader  # type: ignore[attr-defined]
    plain, halved = (
        added(read_lora(save(state, said)), loader, None, {})["unet"]["conv_in"]
        for said in ({}, {"lora_adapter_metadata": json.dumps({"unet.lora_alpha": 2})})
    )
    assert (halved.down == plain.down / 2).all()
