"""Every card keeps its word: what it names exists, its defaults can be planned, its files are the ones it states."""

from pathlib import Path

import pytest

from sfumato import catalog
from sfumato.core.card import read_card
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
