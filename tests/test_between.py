"""Part of the way to another picture: by the noise, by the prompt; each end is the picture itself."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sfumato import Studio, exports
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe, Toward
from sfumato.engine.noise import SeededNoise, TurnedNoise
from sfumato.planning import check, plan
from sfumato.planning.variations import row_between, turned
from sfumato.studio import finished
from sfumato.testing import GaussianModel, tiny_card
from sfumato.worker.run import run

SHAPE = (4, 32, 32)


def recipe(prompt: str = "a", **wishes: object) -> Recipe:
    return plan(Order(prompt=prompt, **{"seed": 5, **wishes}), tiny_card()).recipes[0]  # type: ignore[arg-type]


def pixels(these: list[Recipe], kind: str = "classifier-free") -> list[np.ndarray]:
    model = GaussianModel(tiny_card(guidance_kind=kind), rows_at_once=3)
    events = run(these, lambda name: model, exports.save)
    return [np.asarray(made.image, int) for event in events if (made := finished(event)) is not None]


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 1])
def test_turned_noise_is_noise(share: float):
    """Unit spread at every place of the way, near to each end by its share, and different at every draw."""
    one, other = SeededNoise(1, SHAPE)(), SeededNoise(2, SHAPE)()
    noise = TurnedNoise(SeededNoise(1, SHAPE), SeededNoise(2, SHAPE), share)
    first, second = noise(), noise()
    assert first.dtype == np.float32
    assert first.std() == pytest.approx(1, abs=0.05)
    assert np.corrcoef(first.ravel(), one.ravel())[0, 1] == pytest.approx(np.cos(share * np.pi / 2), abs=0.05)
    assert np.corrcoef(first.ravel(), other.ravel())[0, 1] == pytest.approx(np.sin(share * np.pi / 2), abs=0.05)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1


@pytest.mark.parametrize("kind", ["classifier-free", "distilled", "none"])
def test_a_row_begins_and_ends_with_the_pictures_themselves(kind: str):
    card, begun = tiny_card(guidance_kind=kind), recipe()
    row = pixels(row_between(begun, card, 5, "zz", None).recipes, kind)
    (first,), (last,) = pixels([begun], kind), pixels([recipe("zz")], kind)
    assert (row[0] == first).all()
    assert (row[-1] == last).all()
    greys = [picture[..., :3].mean() for picture in row]
    assert greys == sorted(greys) or greys == sorted(greys, reverse=True)
    assert len(set(greys)) == 5


def test_a_row_between_seeds_too():
    row = pixels(row_between(recipe(), tiny_card(), 3, None, 6).recipes)
    (first,), (last,) = pixels([recipe()]), pixels([recipe(seed=6)])
    assert (row[0] == first).all() and (row[-1] == last).all()
    assert not (row[1] == first).all() and not (row[1] == last).all()


def test_variations_differ_the_more_the_larger_the_amount():
    begun = recipe(width=64, height=64)
    (first,) = pixels([begun])

    def off(amount: float) -> float:
        made = pixels(turned(begun, tiny_card(), 3, 100, amount).recipes)
        assert len({picture.tobytes() for picture in made}) == (3 if amount else 1)
        return float(np.mean([np.abs(picture - first).mean() for picture in made]))

    assert off(0) == 0
    assert off(0.1) < off(0.4) < off(1)


def test_what_cannot_be_is_refused(tmp_path: Path):
    card = tiny_card()
    with pytest.raises(RequestError, match="where the row ends"):
        row_between(recipe(), card, 5, None, None)
    with pytest.raises(RequestError, match="n 1 is outside 2"):
        row_between(recipe(), card, 1, "b", None)
    with pytest.raises(RequestError, match=r"amount 1\.5 is outside 0 to 1"):
        turned(recipe(), card, 1, None, 1.5)
    with pytest.raises(RequestError, match="a variation itself"):
        turned(turned(recipe(), card, 1, 1, 0.5).recipes[0], card, 1, None, 0.5)
    with pytest.raises(RequestError, match="prompt is empty"):
        check(recipe().model_copy(update={"toward": Toward(prompt=" ", share=0.5)}), card)
    Image.new("RGB", (9, 9)).save(tmp_path / "none.png")
    with pytest.raises(RequestError, match="holds no recipe"):
        Studio().vary(tmp_path / "none.png")


def test_with_pocket_variations_replay_and_rows_are_as_wide_as_all(tmp_path: Path):
    studio = Studio()
    (start,) = studio.paint("a red apple", seed=1, steps=2)
    made = studio.vary(start.save(tmp_path / "a.png"), 2, amount=0.2, seed=7)
    assert [picture.recipe.seed for picture in made] == [1, 1]
    path = made[1].save(tmp_path / "like.png")
    assert studio.replay(path).changed == 0
    row = studio.row([start, *made])
    assert row.image.size == (3 * start.image.width, start.image.height)
    assert row.ai_made and row.image.crop((0, 0, *start.image.size)).tobytes() == start.image.tobytes()
