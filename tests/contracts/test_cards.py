"""Every card keeps its word: what it names exists, its defaults can be planned, its files are the ones it states."""

import inspect
from pathlib import Path

import pytest
from PIL import Image

from sfumato import catalog
from sfumato.core.card import OWN, About, Card, read_card
from sfumato.core.errors import JobFailed, RequestError, UnknownName
from sfumato.core.listing import USES
from sfumato.core.order import Order
from sfumato.core.precision import TOLD, WAYS
from sfumato.engine.families import families
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.engine.weights import verified
from sfumato.operations import operations
from sfumato.planning import plan
from sfumato.weights.manifest import shipped
from sfumato.weights.models import ENDINGS

every_card = pytest.mark.parametrize("name", catalog.names())


@every_card
def test_names_only_what_exists(name: str):
    card = catalog.card(name)
    assert card.name == name
    assert card.family in families.names()
    assert card.kinds and set(card.operations) <= {need for operation in operations for need in operation.needs}
    assert (card.sampler == OWN) == (card.schedule == OWN)
    if card.sampler != OWN:
        assert samplers[card.sampler].refuses(card.noise.scale) is None
        assert schedules[card.schedule].refuses(card.noise.scale) is None


@every_card
def test_its_defaults_and_limits_can_be_planned(name: str):
    card = catalog.card(name)
    sizes = card.sizes
    if "paint" not in card.kinds:
        with pytest.raises(RequestError, match="cannot do text-to-image"):
            plan(Order(prompt="a pear"), card)
        return
    shown = Image.new("RGBA", (64, 64), "black")
    needs = (f"{card.controls[0]}:{'0' * 64}:ready",) if card.control_by == "channels" else ()
    for order in (
        Order(prompt="a pear", controls=needs),
        Order(
            prompt="a pear", steps=int(card.steps.low), guidance=card.guidance.low, width=sizes.low, height=sizes.low,
            controls=needs,
        ),
        Order(
            prompt="a pear", steps=int(card.steps.high), guidance=card.guidance.high, width=sizes.high,
            height=sizes.high, controls=needs,
        ),
    ):  # fmt: skip
        (recipe,) = plan(order, card, pictures=lambda digest: shown).recipes
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
    assert "image" in takes or not {"instruct", "fill"} & set(card.operations)
    assert "mask_image" in takes or "fill" not in card.operations


@every_real_card
def test_its_siblings_are_made_of_the_same_parts_and_take_pictures(name: str):
    diffusers = pytest.importorskip("diffusers")
    card = catalog.card(name)
    if card.family == "pipeline":
        assert "image-to-image" not in card.operations or {"image-to-image", "fill"} <= set(card.siblings)
        assert "variation" not in card.operations or set(card.siblings) == {"image-to-image"}
    for use, sibling in card.siblings.items():
        assert card.pipeline is not None
        parts = inspect.signature(getattr(diffusers, sibling).__init__).parameters
        needed = {name for name, one in parts.items() if one.default is inspect.Parameter.empty}
        assert needed <= set(inspect.signature(getattr(diffusers, card.pipeline).__init__).parameters)
        takes = set(inspect.signature(getattr(diffusers, sibling).__call__).parameters)
        assert {"image", "strength", *(["mask_image"] if use == "fill" else [])} <= takes


@every_real_card
def test_what_is_elsewhere_are_parts_of_its_pipeline(name: str):
    diffusers = pytest.importorskip("diffusers")
    card = catalog.card(name)
    parts = inspect.signature(getattr(diffusers, card.pipeline or "").__init__).parameters
    assert card.elsewhere.keys() <= parts.keys()
    assert all(there.repository != card.repository for there in card.elsewhere.values())


@every_real_card
def test_is_fed_by_the_family_that_knows_its_pipeline(name: str):
    pytest.importorskip("diffusers")
    card = catalog.card(name)
    assert card.pipeline in getattr(families[card.family], "pipelines", [card.pipeline])
    assert (card.family == "pipeline") == (card.sampler == OWN)


@every_card
def test_says_whether_it_takes_lora(name: str):
    pytest.importorskip("diffusers")
    card = catalog.card(name)
    assert card.loras == hasattr(families[card.family], "fits")


@every_real_card
def test_says_what_is_not_known_and_why(name: str):
    card = catalog.card(name)
    check_unknown(card)
    assert card.beside or "beside" in card.unknown or card.memory("bf16") is None
    assert not card.files


def check_unknown(one: About) -> None:
    assert set(one.unknown) <= set(type(one).model_fields)
    assert all(len(why) > 10 for why in one.unknown.values())
    assert (one.revision is None) == ("revision" in one.unknown)
    assert not (one.commercial and {"commercial", "licence"} & set(one.unknown))
    assert one.parameters is not None or "parameters" in one.unknown
    assert one.best_for


LISTED = catalog.listed()
every_listing = pytest.mark.parametrize("name", LISTED)


def test_listings_are_of_every_other_kind_and_share_no_name():
    kinds = [one.kind for one in LISTED.values()]
    assert set(kinds) == set(USES)
    assert {kind: kinds.count(kind) >= least for kind, least in LEAST.items()} == dict.fromkeys(LEAST, True)
    assert not set(LISTED) & {*catalog.names(), *shipped()}
    assert sum("edit" in catalog.card(name).kinds for name in REAL) >= 15


LEAST = {"control": 30, "reference": 8, "upscale": 4, "video": 30}


@every_listing
def test_a_listing_names_what_diffusers_has_and_models_that_there_are(name: str):
    diffusers = pytest.importorskip("diffusers")
    one = LISTED[name]
    assert one.name == name and one.repository is not None
    assert all(len(text) > 10 and "\n" not in text for text in (one.about, one.knows, one.lacks))
    assert one.pipeline is not None and issubclass(getattr(diffusers, one.pipeline), diffusers.DiffusionPipeline)
    assert set(one.goes_with) <= set(catalog.names())
    takes = inspect.signature(getattr(diffusers, one.pipeline).__call__).parameters
    assert "num_inference_steps" in takes or one.steps is None
    assert one.steps is None or one.goes_with or takes["num_inference_steps"].default
    if one.part is not None:
        assert issubclass(getattr(diffusers, one.part), diffusers.ModelMixin)
        assert one.goes_with
    assert all(Path(file).suffix in ENDINGS for file in one.takes)
    check_unknown(one)


@every_listing
def test_a_listing_is_not_taken_for_a_model_to_paint_with(name: str):
    with pytest.raises(UnknownName, match=f"{name} is no model to paint with by itself.*sfumato models {name}"):
        catalog.card(name)


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

HIDREAM = {
    "patch_size": 2, "in_channels": 16, "out_channels": 16, "num_layers": 16, "num_single_layers": 32,
    "attention_head_dim": 128, "num_attention_heads": 20, "caption_channels": [4096, 4096], "text_emb_dim": 2048,
    "num_routed_experts": 4, "num_activated_experts": 2, "axes_dims_rope": (64, 32, 32), "max_resolution": (128, 128),
    "llama_layers": [*range(32), *[31] * 16],
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
        ("flux-fill", "FluxTransformer2DModel", {"guidance_embeds": True, "in_channels": 384, "out_channels": 64}),
        ("sdxl-inpaint", "UNet2DConditionModel", UNET_XL | {"in_channels": 9}),
        ("hidream-i1-full", "HiDreamImageTransformer2DModel", HIDREAM),
        ("wan-2.1-t2v-14b", "WanTransformer3DModel", {}),
        ("svd-xt", "UNetSpatioTemporalConditionModel", {}),
    ],
)
def test_its_parameters_are_those_of_the_full_network(name: str, kind: str, config: dict):
    """Counted on torch's meta device, which holds no numbers."""
    torch, diffusers = pytest.importorskip("torch"), pytest.importorskip("diffusers")
    with torch.device("meta"):
        network = getattr(diffusers, kind)(**config)
    one = LISTED.get(name) or catalog.card(name)
    assert one.parameters == sum(part.numel() for part in network.parameters())
    if isinstance(one, Card):
        from sfumato.engine.families._diffusers.rounding import products

        rounds = sum(linear.weight.numel() for *_, linear in products(network, "nf4")) / one.parameters
        assert one.rounds == pytest.approx(rounds, abs=0.03)


def test_memory_is_counted_from_all_parts():
    card = catalog.card("flux-dev")
    assert card.parameters is not None
    assert card.memory("bf16") == 2 * (card.parameters + sum(card.beside.values()))
    nf4 = card.parameters * (0.97 * (1 / 2 + 4 / 64) + 0.03 * 2) + 2 * sum(card.beside.values())
    assert card.memory("nf4") == pytest.approx(nf4)  # what reads prompts stays in bf16
    assert [card.memory(p) for p in TOLD] == sorted([card.memory(p) for p in TOLD], key=lambda b: -(b or 0))
    assert catalog.card("auraflow-0.3").memory("bf16") is None  # of its reader nothing is known


def test_what_suits_is_found():
    cards = [catalog.card(name) for name in catalog.names()]
    found = catalog.chosen(cards, purpose="Readable Text", bytes=20e9, commercial=True)
    assert found and all(card.commercial and card.way(20e9) for card in found)
    assert "readable text" in found[0].best_for
    names = {card.name for card in catalog.chosen(cards, purpose="readable text")}
    assert {"flux-dev", "qwen-image"} <= names and "pocket" not in names
    assert catalog.chosen(cards, bytes=1e6) == []
    edits = {card.name for card in catalog.chosen(cards, kind="edit")}
    assert {"flux-kontext", "flux2-klein-4b", "sd-1.5-inpaint"} <= edits and not {"sdxl", "pocket"} & edits
    assert len(catalog.chosen(cards)) == len(cards)


def test_what_fits_is_what_is_on_the_gpu_while_it_paints():
    klein = catalog.card("flux2-klein-4b")  # 4 billion that paint, as many that read; a picture of one megapixel
    painter, beside, picture = 8.0, 7.96, 1024 * 1024 * 1500 / 1e9
    small = 4 * (0.97 * (1 / 2 + 4 / 64) + 0.03 * 2)
    ways = {"bf16": painter + beside, "bf16, readers wait": painter, "nf4": small + beside, "nf4, readers wait": small}
    assert {str(way): (klein.wants(way) or 0) / 1e9 - picture for way in WAYS} == pytest.approx(ways)
    assert [str(klein.way(gigabytes * 1e9)) for gigabytes in (18, 12, 6, 3)] == [
        "bf16", "bf16, readers wait", "nf4, readers wait", "None",
    ]  # fmt: skip
    assert [str(klein.way(gigabytes * 1e9, gpu=False)) for gigabytes in (18, 12, 6)] == ["bf16", "nf4", "None"]
    assert catalog.card("auraflow-0.3").way(1e15) is None  # of its reader nothing is known
    found = catalog.chosen(map(catalog.card, catalog.names()), bytes=12e9)
    ranks = [WAYS.index(way) for one in found if (way := one.way(12e9))]
    assert ranks == sorted(ranks) and len(set(ranks)) > 2  # in full first


def test_a_wish_of_many_people_finds_models():
    cards = map(catalog.card, catalog.names())
    found = {card.name for card in catalog.chosen(cards, purpose="readable text", bytes=12e9, commercial=True)}
    assert "flux2-klein-4b" in found


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
