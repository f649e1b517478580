"""What a model reads: style presets and expansions, and that both are data that a person can add to."""

import json
from pathlib import Path
from typing import Any

import pytest

from sfumato import Studio, catalog
from sfumato.catalog.presets import style_presets
from sfumato.core.errors import RequestError, UnknownName
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.planning import plan
from sfumato.planning.expanding import Part, Rules, expanded, rules
from sfumato.planning.plan import Plan
from sfumato.planning.wordings import MOST_SHOWN
from sfumato.testing import tiny_card

PRESETS = style_presets()
RULES = Rules(
    name="tiny",
    about="for tests",
    most=2,
    parts=(
        Part(unless=("light", "night"), choices=("morning light", "lamp light", "side light")),
        Part(unless=("view",), choices=("wide view", "near view")),
        Part(unless=("rain",), choices=("in rain", "in sun", "in fog", "in snow")),
    ),
)


def planned(**wishes: Any) -> Plan:
    return Studio().plan("a pear", **wishes)


def recipe(**wishes: Any) -> Recipe:
    return planned(**wishes).recipes[0]


@pytest.mark.parametrize("name", PRESETS.names())
def test_every_preset_holds_the_prompt_and_says_what_it_is(name: str):
    preset = PRESETS[name]
    assert "a pear" in preset.read("a pear")
    assert len(preset.about) > 5
    assert preset.read("{prompt} x").count("{prompt}") == 1  # braces that a person typed stay


@pytest.mark.parametrize("name", rules.names())
def test_every_expansion_adds_something_and_nothing_twice(name: str):
    by = rules[name]
    for seed in range(40):
        words = expanded("a pear", seed, by)
        assert words.startswith("a pear, ")
        assert words.count(",") >= by.most
    for part in by.parts:
        for word in part.unless:
            added = expanded(f"a pear, {word}", 3, by).removeprefix(f"a pear, {word}")
            assert not any(choice in added for choice in part.choices)


@pytest.mark.parametrize("card", catalog.names())
def test_every_card_names_rules_that_there_are(card: str):
    assert catalog.card(card).expand in rules.names()


def test_the_same_seed_chooses_the_same_and_others_choose_all_there_is():
    assert [expanded("a pear", seed, RULES) for seed in (1, 2)] == [expanded("a pear", seed, RULES) for seed in (1, 2)]
    assert expanded("a pear", 0, RULES) == "a pear, side light, wide view"  # as in every version to come
    said = " ".join(expanded("a pear", seed, RULES) for seed in range(60))
    assert all(choice in said for part in RULES.parts for choice in part.choices)
    assert all(expanded("a pear", seed, RULES).count(", ") == 2 for seed in range(60))


def test_what_the_prompt_says_is_not_said_again():
    for seed in range(30):
        words = expanded("a pear at NIGHT, wide-view", seed, RULES)
        assert "light" not in words
        assert "view" in words.removeprefix("a pear at NIGHT, wide-view")  # wide-view is another word than view


def test_nothing_is_added_unless_it_is_asked_for():
    assert recipe().prompt == "a pear"
    assert recipe().asked is None
    assert planned().notes == []


def test_what_is_read_is_in_the_recipe_beside_what_was_typed_and_is_said_before():
    decided = planned(preset="ink", expand=True, seed=4, n=3)
    for i, one in enumerate(decided.recipes):
        assert one.prompt == PRESETS["ink"].read(expanded("a pear", 4 + i, rules["stickers"]))
        assert one.asked == "a pear"
    assert decided.notes == [f"prompt: {text}" for text in dict.fromkeys(one.prompt for one in decided.recipes)]


def test_many_prompts_are_not_all_listed():
    card = tiny_card()
    notes = plan(Order(prompt="a pear", expand=True, n=500, seed=1), card).notes
    assert len(notes) == MOST_SHOWN + 1
    assert notes[-1].startswith("and ")


def test_a_presets_negative_is_added_to_ones_own():
    assert recipe(preset="ink", negative="frame").negative == f"frame, {PRESETS['ink'].negative}"
    assert recipe(preset="ink").negative == PRESETS["ink"].negative


def test_a_model_without_negative_prompt_is_told_of():
    card = tiny_card(text={"tokens": 8, "negative": False})
    decided = plan(Order(prompt="a pear", preset="ink"), card)
    assert decided.recipes[0].negative is None
    assert decided.warnings == ["gaussian takes no negative prompt: what preset 'ink' avoids is not said to it"]


def test_a_persons_own_presets_win_and_are_listed(home: Path):
    (home / "styles").mkdir()
    (home / "styles" / "ink.toml").write_text('about = "mine"\nprompt = "my {prompt}"')
    (home / "styles" / "chalk.toml").write_text('about = "on a board"\nprompt = "{prompt} in chalk"')
    assert recipe(preset="ink").prompt == "my a pear"
    assert recipe(preset="chalk").prompt == "a pear in chalk"
    assert {"ink", "chalk", "oil"} <= {one.name for one in Studio().style_presets()}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('about = "x"\nprompt = "no place"', "{prompt} has to stand in it, once; mend the file"),
        ('about = "x"\nprompt = "{prompt}"\nlook = 1', "look: Extra inputs are not permitted; mend the file"),
        ("about = ", "mend the file"),
        ('prompt = "{prompt}"', "about: Field required; mend the file"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(home: Path, text: str, says: str):
    (home / "styles").mkdir()
    (home / "styles" / "mine.toml").write_text(text)
    with pytest.raises(RequestError) as error:
        recipe(preset="mine")
    assert str(error.value).startswith(f"style preset {home}/styles/mine.toml is not right: ")
    assert str(error.value).endswith(says)
    assert "\n" not in str(error.value)


def test_a_wrong_name_is_told_with_the_nearest():
    with pytest.raises(UnknownName, match="no style preset named 'watercolor'; did you mean 'watercolour'"):
        recipe(preset="watercolor")
    with pytest.raises(UnknownName, match=r"no style preset named '\.\./ink'"):
        recipe(preset="../ink")
    with pytest.raises(RequestError, match="no style 'watercolour' of its own: --preset watercolour says it"):
        recipe(style="watercolour")


def test_a_recipes_asked_words_are_held_to_a_prompts_rules():
    from sfumato.planning import check

    good = recipe(preset="ink")
    check(good, catalog.card())
    with pytest.raises(RequestError, match="control character"):
        check(good.model_copy(update={"asked": "a\0"}), catalog.card())


def test_presets_are_json(home: Path):
    json.dumps([one.model_dump(mode="json") for one in Studio().style_presets()])
