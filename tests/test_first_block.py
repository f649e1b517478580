"""First-block caching: as diffusers' own hook has it, each row for itself, and near the picture of all blocks."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch

from benchmarks.reference import TorchPocket
from sfumato import catalog, exports
from sfumato.core.errors import RequestError, UnknownName
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.engine.caches import caches, first_block
from sfumato.engine.caches.first_block import Memory
from sfumato.engine.families import families
from sfumato.engine.families._diffusers.first_block import FirstBlock
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.quick import painter
from sfumato.engine.families._diffusers.rounding import blocks
from sfumato.engine.guidance.classifier_free import classifier_free
from sfumato.engine.painting import Look, Painting
from sfumato.planning import check, plan
from sfumato.testing import tiny_card
from sfumato.worker.run import Failed, Painted, run

WHOLE = Place(torch.device("cpu"), torch.float32)


def flux() -> Any:
    from diffusers import FluxTransformer2DModel

    torch.manual_seed(0)
    return FluxTransformer2DModel(
        in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=32, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(8, 8, 16), guidance_embeds=False,
    ).eval().requires_grad_(False)  # fmt: skip


def qwen() -> Any:
    from diffusers import QwenImageTransformer2DModel

    torch.manual_seed(0)
    return QwenImageTransformer2DModel(
        patch_size=2, in_channels=16, out_channels=4, num_layers=3, attention_head_dim=16, num_attention_heads=3,
        joint_attention_dim=16, guidance_embeds=False, axes_dims_rope=(8, 4, 4),
    ).eval().requires_grad_(False)  # fmt: skip


def given(network: Any, path: int, step: int) -> dict[str, Any]:
    """The arguments of a step of one of two paths, that go ever more slowly."""
    drawn = torch.Generator().manual_seed(path)
    width = 32 if "Flux" in type(network).__name__ else 16
    start, way = (torch.randn(1, 16, 16, generator=drawn) for _ in range(2))
    common = {
        "hidden_states": start + way * (1 - 0.5**step), "timestep": torch.tensor([0.5]), "return_dict": False,
        "encoder_hidden_states": torch.randn(1, 6, width, generator=drawn),
    }  # fmt: skip
    if width == 16:
        return {**common, "img_shapes": [[(1, 4, 4)]]}
    places = torch.cartesian_prod(torch.zeros(1), torch.arange(4.0), torch.arange(4.0))
    pooled = torch.randn(1, 32, generator=drawn)
    return {**common, "pooled_projections": pooled, "txt_ids": torch.zeros(6, 3), "img_ids": places}


@pytest.mark.parametrize("made", [flux, qwen])
@torch.inference_mode()
def test_it_answers_as_diffusers_hook_does_on_two_paths_in_turns(made: Any):
    """Stands beside diffusers' FirstBlockCacheConfig, whose paths are contexts."""
    from diffusers.hooks import FirstBlockCacheConfig, apply_first_block_cache

    ours, theirs = made(), deepcopy(made())
    apply_first_block_cache(theirs, FirstBlockCacheConfig(threshold=0.05))
    caching, memories = FirstBlock(ours), [Memory(0.05), Memory(0.05)]
    for step in range(9):
        for path in (0, 1):
            with caching.remembering(memories[path]):
                found = ours(**given(ours, path, step))[0]
            with theirs.cache_context(str(path)):
                wanted = theirs(**given(theirs, path, step))[0]
            torch.testing.assert_close(found, wanted)
    assert [1 < memory.left_out < 8 for memory in memories] == [True, True], [memory.left_out for memory in memories]
    with caching.remembering(None):  # and without a memory it is what it was
        found = ours(**given(ours, 0, 0))[0]
    torch.testing.assert_close(found, made()(**given(ours, 0, 0))[0], rtol=0, atol=0)


@pytest.mark.parametrize("how", ["compiled", "waiting"])
@torch.inference_mode()
def test_blocks_that_are_compiled_or_wait_elsewhere_are_left_out_too(how: str):
    """Traced, and not built; and a block that is left out is not brought to the device."""
    plain, other = flux(), flux()
    if how == "compiled":
        for block in blocks(other):
            block.compile(backend="eager", dynamic=False)
    else:
        painter(other, replace(WHOLE, placement="blocks"))
    both = [(network, FirstBlock(network), Memory(0.05)) for network in (plain, other)]
    for step in range(7):
        answers = []
        for network, caching, memory in both:
            with caching.remembering(memory):
                answers.append(network(**given(network, 0, step))[0])
        torch.testing.assert_close(*answers)
    assert both[0][2].left_out == both[1][2].left_out > 0


def test_each_row_has_a_memory_of_its_own_for_all_of_a_painting():
    """With the prompt and without it; the next painting begins with none."""

    def painting() -> Painting:
        x = np.ones((1, 2, 2), np.float32)
        for sigma in (1.0, 0.5):
            x = yield Look(x, sigma)
        return x

    seen = []
    for _ in range(2):
        guided = first_block.remembering(classifier_free(painting(), "a", "b", 3.0), 0.1)
        rows = next(guided)
        seen += [row.memory for row in rows]
        again = guided.send([row.x for row in rows])
        assert [row.memory for row in again] == [row.memory for row in rows]
    assert len({id(memory) for memory in seen}) == 4


FLUX = {
    "family": "flux", "guidance_kind": "distilled", "schedule": "flow-dynamic", "first_block": True,
    "sizes": {"multiple": 8, "low": 8, "high": 64, "best": 64, "default": (64, 64)},
}  # fmt: skip
CASES = {
    "flux": (lambda folder: tiny_models.flux(folder, guidance=True), FLUX),
    "qwen-image": (tiny_models.qwen_image, FLUX | {"family": "qwen-image", "guidance_kind": "classifier-free"}),
    "z-image": (tiny_models.z_image, FLUX | {"family": "z-image", "guidance_kind": "classifier-free"}),
}


def pictures(recipes: list[Recipe], model: Any) -> dict[Recipe, bytes]:
    events = list(run(recipes, lambda name: model, exports.save))
    assert not [event.error for event in events if isinstance(event, Failed)]
    return {
        event.picture.recipe: event.picture.image.tobytes() for event in events if isinstance(event, Painted)
    }  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_family_leaves_blocks_out_and_no_picture_hears_of_another(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Several under way at once, of other texts and thresholds, with and without it."""
    monkeypatch.setattr(first_block, "LOOSEST", 0.9)  # random weights change their minds more than taught ones
    make, fields = CASES[name]
    model: Any = families[name](tiny_card(**fields), make(tmp_path / name), WHOLE)  # type: ignore[arg-type]
    model.rows_at_once = 8  # so that they are begun side by side
    wishes = [{"cache": 1.0, "negative": "blue"}, {"cache": 0.4}, {"cache": 0.0}, {"cache": 1e-9}]
    orders = [Order(prompt="a", seed=5, steps=8, cache_kind="first-block", **wish) for wish in wishes]
    recipes = [plan(order, model.card).recipes[0] for order in orders]
    together = pictures(recipes, model)
    for recipe in recipes:
        assert pictures([recipe], model)[recipe] == together[recipe]
    exact, all_asked = recipes[2], recipes[3]
    assert together[exact] == together[all_asked]
    loose = plan(Order(prompt="a", seed=5, steps=8, cache=1, cache_kind="first-block"), model.card).recipes[0]
    assert pictures([loose], model)[loose] != together[exact]


def test_pocket_in_torch_stays_near_the_picture_of_all_blocks():
    """Trained weights, and a sampler with fresh noise, of which no whole answer can be foretold."""
    model = TorchPocket()

    def painted(kind: str, cache: float) -> np.ndarray:
        model.looks = model.left_out = 0
        order = Order(prompt="red apple", seed=1, steps=20, sampler="euler-ancestral", cache=cache, cache_kind=kind,
                      background="white")  # fmt: skip
        (picture,) = [e.picture for e in run(plan(order, model.card).recipes, lambda name: model, exports.save)
                      if isinstance(e, Painted)]  # fmt: skip
        return np.asarray(picture.image)[..., :3].astype(float)

    foretold = painted("answers", 1)
    assert model.looks == 20  # each is asked: the picture is exact
    near = painted("first-block", 0.8)
    assert model.looks == 20 and model.left_out >= 5
    assert 10 * np.log10(255**2 / ((foretold - near) ** 2).mean()) > 30


def test_it_is_refused_where_it_cannot_be_and_told_where_it_does_nothing():
    card = tiny_card()
    with pytest.raises(
        RequestError, match="gaussian has no first block that speaks for the others: leave --cache-kind"
    ):
        plan(Order(prompt="a", cache=0.5, cache_kind="first-block"), card)
    with pytest.raises(UnknownName, match="no kind of cache named 'first'; did you mean 'first-block'"):
        plan(Order(prompt="a", cache=0.5, cache_kind="first"), card)
    told = plan(Order(prompt="a", cache_kind="answers"), card).warnings
    assert told == ["--cache-kind has no effect without --cache: give --cache 0.5, or leave it out"]
    (recipe,) = plan(Order(prompt="a", cache=0.5), card).recipes
    with pytest.raises(RequestError, match="leave --cache-kind out"):
        check(recipe.model_copy(update={"cache_kind": "first-block"}), card)


def test_cards_say_so_where_their_family_can():
    for name in catalog.names():
        card = catalog.card(name)
        assert card.first_block == (card.family in CASES)
        assert not caches["answers"].refuses(card) or card.sampler == "own"
