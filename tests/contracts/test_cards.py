"""Every card keeps its word: what it names exists, its defaults can be planned, its files are the ones it states."""

import inspect
from pathlib import Path

import pytest

from sfumato import catalog
from sfumato.core.card import BYTES, OWN, Card, read_card
from sfumato.core.errors import JobFailed, RequestError, UnknownName
from sfumato.core.order import Order
from sfumato.engine.families import families
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.engine.weights import verified
from sfumato.operations import operations
from sfumato.planning import plan

every_card = pytest.mark.parametrize("name", catalog.names())


@every_card
def test_names_only_what_exists(name: str):
    card = catalog.card(name)
    assert card.name == name
    assert card.family in families.names()
    assert set(card.operations) <= set(operations.names())
    assert (card.sampler == OWN) == (card.schedule == OWN)
    if card.sampler != OWN:
        assert samplers[card.sampler].refuses(card.noise.scale) is None
        assert schedules[card.schedule].refuses(card.noise.scale) is None


@every_card
def test_its_defaults_and_limits_can_be_planned(name: str):
    card = catalog.card(name)
    sizes = card.sizes
    for order in (
        Order(prompt="a pear"),
        Order(
            prompt="a pear", steps=int(card.steps.low), guidance=card.guidance.low, width=sizes.low, height=sizes.low
        ),
        Order(
            prompt="a pear",
            steps=int(card.steps.high),
            guidance=card.guidance.high,
            width=sizes.high,
            height=sizes.high,
        ),
    ):
        (recipe,) = plan(order, card).recipes
        assert recipe.model == name and recipe.weights == card.weights
    for style in card.styles.names if card.styles else []:
        assert plan(Order(prompt="a pear", style=style), card).recipes[0].style == style
    with pytest.raises(RequestError):
        plan(Order(prompt="a pear", steps=int(card.steps.high) + 1), card)


@every_card
def test_the_best_size_is_one_it_can_paint(name: str):
    sizes = catalog.card(name).sizes
    for side in (sizes.best, *sizes.default):
        assert sizes.low <= side <= sizes.high and side % sizes.multiple == 0


@every_card
def test_says_what_it_lacks_in_plain_words(name: str):
    card = catalog.card(name)
    assert all(len(text) > 20 and "\n" not in text for text in (card.about, card.knows, card.lacks))


REAL = [name for name in catalog.names() if catalog.card(name).repository is not None]
every_real_card = pytest.mark.parametrize("name", REAL)


def test_the_catalogue_is_large():
    assert len(REAL) >= 95
    assert len({catalog.card(name).repository for name in REAL}) == len(REAL)


@every_real_card
def test_its_pipeline_is_one_of_diffusers_and_takes_what_the_card_says(name: str):
    diffusers = pytest.importorskip("diffusers")
    card = catalog.card(name)
    assert card.pipeline is not None
    kind = getattr(diffusers, card.pipeline)
    assert issubclass(kind, diffusers.DiffusionPipeline)
    takes = inspect.signature(kind.__call__).parameters
    assert "prompt" in takes and "num_inference_steps" in takes
    if card.sampler == OWN:
        assert "generator" in takes and "output_type" in takes
        assert "negative_prompt" in takes or not card.text.negative
    if card.guidance_kind != "none":
        assert {"guidance_scale", "true_cfg_scale"} & set(takes)


@every_real_card
def test_is_fed_by_the_family_that_knows_its_pipeline(name: str):
    pytest.importorskip("diffusers")
    card = catalog.card(name)
    assert card.pipeline in getattr(families[card.family], "pipelines", [card.pipeline])
    assert (card.family == "pipeline") == (card.sampler == OWN)


@every_real_card
def test_says_what_is_not_known_and_why(name: str):
    card = catalog.card(name)
    assert set(card.unknown) <= set(Card.model_fields)
    assert all(len(why) > 10 for why in card.unknown.values())
    assert (card.revision is None) == ("revision" in card.unknown)
    assert not (card.commercial and {"commercial", "licence"} & set(card.unknown))
    assert card.parameters is not None or "parameters" in card.unknown
    assert card.beside or "beside" in card.unknown or card.memory("bf16") is None
    assert card.best_for and not card.files


UNET = {"cross_attention_dim": 768}
UNET_2 = {"cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20], "use_linear_projection": True}
UNET_XL = {
    "block_out_channels": (320, 640, 1280), "cross_attention_dim": 2048, "attention_head_dim": [5, 10, 20],
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": [1, 2, 10], "use_linear_projection": True, "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
SD3 = {
    "num_layers": 24, "num_attention_heads": 24, "joint_attention_dim": 4096, "caption_projection_dim": 1536,
    "pos_embed_max_size": 192, "in_channels": 16, "sample_size": 128,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind", "config"),
    [
        ("flux-dev", "FluxTransformer2DModel", {"guidance_embeds": True}),
        ("flux-schnell", "FluxTransformer2DModel", {}),
        ("sd-1.5", "UNet2DConditionModel", UNET),
        ("sd-2.1", "UNet2DConditionModel", UNET_2),
        ("sdxl", "UNet2DConditionModel", UNET_XL),
        ("sd3-medium", "SD3Transformer2DModel", SD3),
        ("qwen-image", "QwenImageTransformer2DModel", {}),
        ("z-image", "ZImageTransformer2DModel", {}),
        ("chroma-hd", "ChromaTransformer2DModel", {}),
        ("lumina-2", "Lumina2Transformer2DModel", {}),
    ],
)
def test_its_parameters_are_those_of_the_full_network(name: str, kind: str, config: dict):
    """Counted on torch's meta device, which holds no numbers."""
    torch, diffusers = pytest.importorskip("torch"), pytest.importorskip("diffusers")
    with torch.device("meta"):
        network = getattr(diffusers, kind)(**config)
    assert catalog.card(name).parameters == sum(part.numel() for part in network.parameters())


def test_memory_is_counted_from_all_parts():
    card = catalog.card("flux-dev")
    assert card.parameters is not None
    assert card.memory("bf16") == 2 * (card.parameters + sum(card.beside.values()))
    assert [card.memory(p) for p in BYTES] == sorted([card.memory(p) for p in BYTES], key=lambda b: -(b or 0))
    assert catalog.card("auraflow-0.3").memory("bf16") is None  # of its reader nothing is known


def test_what_suits_is_found():
    cards = [catalog.card(name) for name in catalog.names()]
    found = catalog.chosen(cards, purpose="Readable Text", bytes=20e9, commercial=True)
    assert found and all(card.commercial and (card.memory("bf16") or 1e99) <= 20e9 for card in found)
    assert "readable text" in found[0].best_for
    names = {card.name for card in catalog.chosen(cards, purpose="readable text")}
    assert {"flux-dev", "qwen-image"} <= names and "pocket" not in names
    assert catalog.chosen(cards, bytes=1e6) == []
    assert len(catalog.chosen(cards)) == len(cards)


def test_pockets_files_are_the_ones_its_card_states_and_stay_small():
    folder = catalog.folder("pocket")
    cards = [catalog.card(name) for name in catalog.names() if catalog.folder(name) == folder]
    files = {name: path for card in cards for name, path in verified(card, folder).items()}
    assert set(files) == {path.name for path in folder.iterdir() if path.suffix != ".toml"}
    assert sum(path.stat().st_size for path in files.values()) <= 28e6


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'pocket'"):
        catalog.card("pockt")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("steps = {", "stepps = {"), "steps"),
        (('family = "pocket"', "family = 7"), "family"),
        (("high = 100", "high = 2"), "not between"),
        (('name = "pocket"', 'name = "../pocket"'), "name"),
        (("[styles]", "[styles"), "card"),
    ],
)
def test_a_wrong_card_is_named_with_its_first_wrong_field(tmp_path: Path, change: tuple[str, str], said: str):
    good = (catalog.folder("pocket") / "pocket.toml").read_text()
    assert change[0] in good
    (tmp_path / "card.toml").write_text(good.replace(*change, 1))
    with pytest.raises(JobFailed, match=said) as refused:
        read_card(tmp_path / "card.toml")
    assert "\n" not in str(refused.value)
