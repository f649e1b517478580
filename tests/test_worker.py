"""The way of a picture: what run tells, and that one recipe's failure is no other's."""

from collections.abc import Sequence
from itertools import count, islice, repeat

import numpy as np
import pytest
from PIL import Image

from sfumato import exports
from sfumato.core.errors import JobFailed, UnknownName
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.engine.families import Model
from sfumato.engine.painting import Latent
from sfumato.planning import plan
from sfumato.testing import GaussianModel, tiny_card
from sfumato.worker.run import Event, Failed, Painted, Progress, Warned, run


def recipes(n: int = 1, **wishes: object) -> list[Recipe]:
    return plan(Order(prompt="a", n=n, seed=5, **wishes), tiny_card()).recipes  # type: ignore[arg-type]


def ran(these: Sequence[Recipe], model: Model) -> list[Event]:
    return list(run(these, lambda name: model, exports.save))


def painted(events: list[Event]) -> list[Recipe]:
    return [event.picture.recipe for event in events if isinstance(event, Painted)]


def test_every_step_is_told_and_every_picture_comes_once_in_order():
    these = recipes(3, steps=2)
    events = ran(these, GaussianModel())
    assert [(event.recipe.seed, event.step, event.steps) for event in events if isinstance(event, Progress)] == [
        (seed, step, 2) for seed in (5, 6, 7) for step in (1, 2)
    ]
    assert painted(events) == these
    assert all(event.picture.image.size == (16, 16) for event in events if isinstance(event, Painted))
    assert all(event.picture.seconds > 0 for event in events if isinstance(event, Painted))


@pytest.mark.parametrize(
    ("kind", "wishes", "guidances"),
    [
        ("distilled", {"guidance": 3}, [3.0]),
        ("distilled", {"guidance": 3, "negative": "b"}, [1.0, 1.0]),
        ("distilled", {"guidance": 1, "negative": "b"}, [1.0]),
        ("classifier-free", {"guidance": 3}, [None, None]),
        ("classifier-free", {"guidance": 1}, [None]),
        ("none", {"guidance": 3, "negative": "b"}, [None]),
    ],
)
def test_each_look_is_asked_as_the_models_guidance_is(kind: str, wishes: dict, guidances: list[float | None]):
    """A model of distilled guidance is told 1, which is none, where a negative prompt has it asked twice."""
    model = GaussianModel(tiny_card(guidance_kind=kind), rows_at_once=2)
    ran(plan(Order(prompt="a", seed=1, steps=1, **wishes), model.card).recipes, model)
    assert [row.guidance for row in model.asked[0]] == guidances
    texts = [row.text.states for row in model.asked[0]]
    assert texts == [model.read(said).states for said in ["a", wishes.get("negative", "")][: len(guidances)]]


def test_a_model_with_room_takes_several_pictures_in_one_call():
    model = GaussianModel(rows_at_once=8)
    assert painted(ran(recipes(5, steps=2), model)) == recipes(5, steps=2)
    assert max(len(call) for call in model.asked) == 8  # four pictures, with and without text


def test_recipes_are_taken_only_when_there_is_room():
    """So an endless stream of them, or a very long order, costs no more memory than one."""
    taken = count()
    stream = (one.model_copy(update={"seed": next(taken)}) for one in repeat(recipes(steps=1)[0]))
    events = run(stream, lambda name: GaussianModel(rows_at_once=4), exports.save)
    assert sum(isinstance(event, Painted) for event in islice(events, 40)) == 20
    assert next(taken) <= 22


class CannotDecode(GaussianModel):
    def decode(self, latent: Latent) -> np.ndarray:
        raise OSError("no room")


def test_a_recipe_that_cannot_begin_or_end_stops_no_other():
    good = recipes(4, steps=1)
    other_weights = good[0].model_copy(update={"weights": "f" * 16})
    no_operation = good[1].model_copy(update={"operation": "outpant"})
    events = ran([good[0], other_weights, good[1], no_operation, good[2], good[3]], GaussianModel(rows_at_once=4))
    assert painted(events) == good
    errors = {event.recipe: event.error for event in events if isinstance(event, Failed)}
    assert isinstance(errors[other_weights], JobFailed)
    assert isinstance(errors[no_operation], UnknownName)
    assert f"--seed {good[0].seed}" in str(errors[other_weights])

    broken, model = CannotDecode(tiny_card(name="broken")), GaussianModel()
    mixed = [good[0].model_copy(update={"model": "broken"}), good[1]]
    events = list(run(mixed, lambda name: broken if name == "broken" else model, exports.save))
    assert painted(events) == [good[1]]
    assert [(event.recipe, type(event.error)) for event in events if isinstance(event, Failed)] == [(mixed[0], OSError)]


def test_a_model_with_less_room_after_one_with_more():
    roomy, narrow = GaussianModel(rows_at_once=8), GaussianModel(tiny_card(name="narrow"))
    these = recipes(8, steps=2)
    mixed = [one.model_copy(update={"model": "narrow"}) if i in (3, 4) else one for i, one in enumerate(these)]
    events = list(run(mixed, lambda name: narrow if name == "narrow" else roomy, exports.save))
    assert sorted(one.seed for one in painted(events)) == [one.seed for one in these]


def test_a_cancelled_recipe_fails_without_an_error_and_leaves_the_rest():
    these = recipes(3, steps=3)
    stop: set[Recipe] = set()
    events = []
    for event in run(these, lambda name: GaussianModel(), exports.save, stop.__contains__):
        events.append(event)
        if isinstance(event, Progress) and event.recipe == these[1]:
            stop.add(these[1])
    assert painted(events) == [these[0], these[2]]
    assert [(event.recipe, event.error) for event in events if isinstance(event, Failed)] == [(these[1], None)]
    assert sum(isinstance(event, Progress) and event.recipe == these[1] for event in events) == 1


def test_what_a_model_does_not_read_of_its_texts_is_told():
    long = " ".join(f"word{i}" for i in range(12))
    one = plan(Order(prompt=long, negative=long + " end", steps=1), tiny_card()).recipes
    texts = [event.text for event in ran(one, GaussianModel()) if isinstance(event, Warned)]
    assert texts == [
        "gaussian reads 8 pieces of a prompt; not read: 'word8 word9 word10 word11'",
        "gaussian reads 8 pieces of a prompt; not read: 'word8 word9 word10 word11 end'",
    ]


def test_finishing_does_what_the_recipe_names():
    (event,) = [
        e for e in ran(recipes(width=512, height=256, background="#ff0000"), GaussianModel()) if isinstance(e, Painted)
    ]
    assert event.picture.image.size == (512, 256)
    assert event.picture.image.getchannel("A").getextrema() == (255, 255)


def test_what_only_finishes_a_picture_loads_no_model():
    page = Image.new("RGBA", (16, 16), "red")
    (recipe,) = recipes(1)
    finishing = recipe.model_copy(update={"operation": "image-to-image", "start": "0" * 64, "strength": 0.0})
    loaded: list[str] = []
    (event,) = run([finishing], loaded.append, exports.save, pictures=lambda digest: page)  # type: ignore[arg-type]
    assert isinstance(event, Painted)
    assert event.picture.image.tobytes() == page.tobytes()
    assert loaded == []
