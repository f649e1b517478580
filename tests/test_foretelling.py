"""Step caching: with 0 nothing changes, with more a few looks are left out, and no picture hears of another's."""

import numpy as np
import pytest

from sfumato import catalog, exports
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.engine.families import Model, families
from sfumato.engine.foretelling import foretelling
from sfumato.engine.guidance.plain import plain
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Latent, Look, Painting
from sfumato.engine.samplers import samplers
from sfumato.planning import check, plan
from sfumato.testing import GaussianModel, tiny_card
from sfumato.worker.run import Painted, run

SHAPE = (1, 4, 4)
OFFERED = [name for name in samplers.names() if not samplers[name].refuses("flow")]


def levels(steps: int) -> list[float]:
    return [*np.linspace(1, 1 / steps, steps).tolist(), 0.0]


def painted(sampler: str, share: float | None, steps: int = 24) -> tuple[Latent, list[float]]:
    """(the latent, the levels that were asked) of one exact model; None: nothing around the sampler."""
    model, noise, sigmas = GaussianModel(), SeededNoise(3, SHAPE), levels(steps)
    painting = samplers[sampler].start(noise(), sigmas, noise, "flow")
    guided = plain(painting if share is None else foretelling(painting, sigmas, share), model.read("a"))
    asked: list[float] = []
    try:
        rows = next(guided)
        while True:
            asked.append(rows[0].sigma)
            rows = guided.send(model.look(rows))
    except StopIteration as finished:
        return finished.value, asked


@pytest.mark.parametrize("sampler", OFFERED)
def test_with_share_0_every_look_is_asked_and_the_picture_is_the_same(sampler: str):
    alone, wrapped = painted(sampler, None), painted(sampler, 0.0)
    assert alone[1] == wrapped[1] and alone[0].tobytes() == wrapped[0].tobytes()


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp-2m", "unipc"])
def test_with_more_looks_are_left_out_and_the_picture_stays_near(sampler: str):
    (exact, every), (near, asked) = painted(sampler, None), painted(sampler, 1.0)
    assert len(asked) <= 0.6 * len(every)
    assert asked[:5] == every[:5] and asked[-1] == every[-1]  # the first decide what is where, the last is seen
    assert np.abs(near - exact).max() < 0.03


def test_what_moves_along_a_line_is_foretold_to_the_end():
    def straight(sigmas: list[float]) -> Painting:
        x = np.ones(SHAPE, np.float32)
        for sigma in sigmas[:-1]:
            clean = yield Look(x, sigma)
            np.testing.assert_allclose((x - clean) / sigma, 2 + 3 * sigma, rtol=1e-5)
        return x

    painting, asked = foretelling(straight(levels(30)), levels(30), 0.1), 0
    with pytest.raises(StopIteration):
        look = next(painting)
        while True:
            asked += 1
            look = painting.send(look.x - np.float32(look.sigma * (2 + 3 * look.sigma)))
    assert asked == 5 + 24 // 5 + 1  # the first five, each fifth after, and the last


def test_what_jumps_is_always_asked():
    def look_only(sigmas: list[float]) -> Painting:
        for sigma in sigmas[:-1]:
            yield Look(np.ones(SHAPE, np.float32), sigma)
        return np.ones(SHAPE, np.float32)

    painting, rng, asked = foretelling(look_only(levels(30)), levels(30), 1.0), np.random.default_rng(0), 0
    with pytest.raises(StopIteration):
        next(painting)
        while True:
            asked += 1
            painting.send(rng.standard_normal(SHAPE).astype(np.float32))
    assert asked == 30


def pictures(recipes: list[Recipe], model: Model) -> list[Picture]:
    return [event.picture for event in run(recipes, lambda name: model, exports.save) if isinstance(event, Painted)]


def test_pictures_side_by_side_are_those_painted_alone():
    model = GaussianModel(rows_at_once=6)
    wishes = [{"steps": 20, "cache": 1.0}, {"steps": 30, "cache": 0.4}, {"steps": 25, "sampler": "heun", "cache": 0.8}]
    recipes = [plan(Order(prompt="a", seed=5, **wish), model.card).recipes[0] for wish in wishes]
    together = {picture.recipe: picture for picture in pictures(recipes, model)}
    for recipe in recipes:
        (alone,) = pictures([recipe], model)
        assert together[recipe].image.tobytes() == alone.image.tobytes()


def test_foretold_steps_are_better_than_fewer_steps():
    """Pocket, 28 steps: half of them foretold come nearer to all 28 than as many steps as were asked."""
    card = catalog.card("pocket")
    pocket, rows = families[card.family](card, catalog.folder("pocket")), []
    look, pocket.look = pocket.look, lambda asked: (rows.append(len(asked)), look(asked))[1]

    def painting(prompt: str, seed: int, steps: int, cache: float) -> tuple[np.ndarray, int]:
        rows.clear()
        order = Order(prompt=prompt, seed=seed, steps=steps, cache=cache, background="white")
        (picture,) = pictures(plan(order, card).recipes, pocket)
        return np.asarray(picture.image)[..., :3].astype(float), len(rows)

    gained = []
    for seed, prompt in enumerate(["red apple", "blue car", "smiling face", "tree", "cat", "castle"]):
        exact, every = painting(prompt, seed, 28, 0)
        near, asked = painting(prompt, seed, 28, 0.5)
        fewer, _ = painting(prompt, seed, asked, 0)
        assert every == 28 and asked <= 20
        gained.append(10 * np.log10(((fewer - exact) ** 2).mean() / ((near - exact) ** 2).mean()))
    assert np.mean(gained) > 3  # decibels


def test_it_is_refused_where_it_cannot_be():
    whole = tiny_card(sampler="own", schedule="own")
    with pytest.raises(RequestError, match="foretells no steps: leave --cache out"):
        plan(Order(prompt="a", cache=0.5), whole)
    with pytest.raises(RequestError, match="is outside 0 to 1; the nearest is 1"):
        plan(Order(prompt="a", cache=1.5), tiny_card())
    (recipe,) = plan(Order(prompt="a"), whole).recipes
    with pytest.raises(RequestError, match="leave --cache out"):
        check(recipe.model_copy(update={"cache": 0.5}), whole)
