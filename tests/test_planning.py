"""Planning: every blank is filled from the card, and every wrong value is told in one line before anything loads."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins import kept_standins

from sfumato import Studio, catalog
from sfumato.core.errors import MissingWeights, RequestError, UnknownName
from sfumato.core.order import Order
from sfumato.core.ratios import RATIOS
from sfumato.core.recipe import Recipe
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.planning import Plan, check, plan
from sfumato.planning.framing import finishing_steps
from sfumato.planning.plan import MOST_PICTURES
from sfumato.planning.prompts import LONGEST
from sfumato.planning.sizes import painted_size
from sfumato.testing import tiny_card

CARD = catalog.card()
SIZES = CARD.sizes
SCALE = CARD.noise.scale
REFUSED_SAMPLERS = [name for name in samplers.names() if samplers[name].refuses(SCALE)]
REFUSED_SCHEDULES = [name for name in schedules.names() if schedules[name].refuses(SCALE)]


def planned(prompt: str = "a pear", **wishes: Any) -> Plan:
    return Studio().plan(prompt, **wishes)


def recipe(**wishes: Any) -> Recipe:
    return planned(**wishes).recipes[0]


def refused(kind: type[RequestError] = RequestError, **wishes: Any) -> str:
    with pytest.raises(kind) as error:
        planned(**wishes)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


# ---- what is left blank


def test_blanks_are_filled_from_the_card():
    one = recipe()
    assert (one.model, one.weights) == (CARD.name, CARD.weights)
    assert (one.sampler, one.schedule) == (CARD.sampler, CARD.schedule)
    assert (one.steps, one.guidance, one.rescale) == (CARD.steps.default, CARD.guidance.default, 0)
    assert one.size == SIZES.default
    assert (one.prompt, one.negative, one.style) == ("a pear", None, None)


def test_what_is_given_is_kept():
    style = sorted(CARD.styles.names)[0] if CARD.styles else None
    wishes = {"negative": "blur", "steps": 7, "guidance": 2.5, "rescale": 0.5, "style": style, "seed": 9}
    one = recipe(**wishes, width=SIZES.low, height=SIZES.low)
    assert {name: getattr(one, name) for name in wishes} == wishes
    assert one.size == (SIZES.low, SIZES.low)
    assert recipe(negative="  ").negative is None
    assert recipe(style="none").style is None


def test_picture_i_has_seed_plus_i_and_is_else_the_same():
    one, two, three = planned(n=3, seed=2**64 - 3).recipes  # the highest seeds there are
    assert [one.seed, two.seed, three.seed] == [2**64 - 3, 2**64 - 2, 2**64 - 1]
    assert one.model_dump(exclude={"seed"}) == two.model_dump(exclude={"seed"}) == three.model_dump(exclude={"seed"})


def test_zero_is_a_seed_and_a_blank_one_is_drawn_anew():
    assert recipe(seed=0).seed == 0
    assert len({recipe().seed for _ in range(8)}) > 1


def test_fields_over_an_order_are_checked_too():
    order = Order(prompt="a pear", seed=1, steps=5)
    assert Studio().plan(order).recipes[0].steps == 5
    assert Studio().plan(order, steps=6).recipes[0] == recipe(seed=1, steps=6)
    with pytest.raises(RequestError, match=r"steps: .*, not 'many'"):
        Studio().plan(order, steps="many")


# ---- sizes


@pytest.mark.parametrize("name", RATIOS)
def test_every_ratio_gives_an_allowed_size_near_it(name: str):
    """Within a tenth in shape and a fifth in area, at the default area; painted as near as its smaller grid allows."""
    across, down = map(int, name.split(":"))
    one = recipe(aspect_ratio=name)
    for width, height in (one.size, one.painted_size):
        assert all(SIZES.low <= side <= SIZES.high and side % SIZES.multiple == 0 for side in (width, height))
    assert abs(math.log(one.width / one.height / (across / down))) < math.log(1.1)
    assert abs(math.log(one.width * one.height / math.prod(SIZES.default))) < math.log(1.2)


@pytest.mark.parametrize("name", RATIOS)
def test_what_is_painted_has_the_asked_shape_where_the_model_can_and_is_square_where_it_cannot(name: str):
    width, height = recipe(aspect_ratio=name).size
    any_shape = SIZES.model_copy(update={"shape": "any", "best": 128})
    painted = painted_size(width, height, any_shape)
    assert abs(math.log(painted[0] / painted[1] / (width / height))) < math.log(1.15)
    assert painted[0] * painted[1] <= max(width * height, 1.2 * 128**2)
    assert finishing_steps(any_shape, (width, height), painted, (), "transparent") == (f"resize:{width}x{height}",)
    square = SIZES.model_copy(update={"shape": "square"})
    assert painted_size(width, height, square) == (square.best, square.best)
    steps = finishing_steps(square, (width, height), (square.best, square.best), (), "transparent")
    assert (f"pad:{width}x{height}" in steps) == (width != height)


def test_turned_ratios_give_turned_sizes():
    for name in RATIOS:
        turned = ":".join(reversed(name.split(":")))
        if turned in RATIOS:
            assert recipe(aspect_ratio=turned).size == recipe(aspect_ratio=name).size[::-1]


@given(st.integers(1, 64), st.integers(1, 64))
def test_every_size_of_the_grid_can_be_asked_and_painted(across: int, down: int):
    sides = range(SIZES.low, SIZES.high + 1, SIZES.multiple)
    width, height = sides[across % len(sides)], sides[down % len(sides)]
    one = recipe(width=width, height=height)
    assert one.size == (width, height)
    assert all(side in sides for side in one.painted_size)
    assert (one.painted_size == one.size) == (one.finish == ())


def test_megapixels_scale_the_ratio():
    low, high = (recipe(aspect_ratio="3:2", megapixels=mp).size for mp in (0.02, 0.1))
    assert low[0] * low[1] == pytest.approx(20_000, rel=0.2)
    assert high[0] * high[1] == pytest.approx(100_000, rel=0.2)
    square = recipe(megapixels=0.04).size
    assert square[0] == square[1]


@pytest.mark.parametrize(
    ("size", "nearest"),
    [
        ((SIZES.low + SIZES.multiple + 1, SIZES.low), (SIZES.low + SIZES.multiple, SIZES.low)),
        ((SIZES.low - 1, SIZES.high), (SIZES.low, SIZES.high)),
        ((0, -5), (SIZES.low, SIZES.low)),
        ((SIZES.high + 1, SIZES.low), (SIZES.high, SIZES.low)),
        ((10**5000, 1), (SIZES.high, SIZES.low)),
    ],
)
def test_an_impossible_size_is_told_with_the_nearest(size: tuple[int, int], nearest: tuple[int, int]):
    message = refused(width=size[0], height=size[1])
    assert message.endswith(f"the nearest is {nearest[0]}x{nearest[1]}")
    assert f"multiple of {SIZES.multiple} from {SIZES.low} to {SIZES.high}" in message


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"width": 256}, "both a width and a height"),
        ({"height": 256}, "both a width and a height"),
        ({"width": 256, "height": 256, "aspect_ratio": "1:1"}, "not both"),
        ({"width": 256, "height": 256, "megapixels": 0.1}, "not both"),
        ({"aspect_ratio": "16:10"}, "the nearest is '3:2'"),
        ({"aspect_ratio": "2:1"}, "the nearest is '16:9'"),
        ({"aspect_ratio": "1:99"}, "the nearest is '1:3'"),
        ({"aspect_ratio": "16x9"}, "did you mean '16:9'"),
        ({"aspect_ratio": "0:0"}, "no aspect ratio named '0:0'"),
        ({"aspect_ratio": "wide"}, ", ".join(RATIOS)),
        ({"megapixels": 100}, f"the nearest is {SIZES.high**2 / 1e6:.4f}"),
        ({"megapixels": 0}, f"the nearest is {SIZES.low**2 / 1e6:.4f}"),
        ({"megapixels": float("nan")}, "megapixels nan is outside"),
        ({"megapixels": float("inf")}, "megapixels inf is outside"),
    ],
)
def test_sizes_that_contradict_or_mean_nothing_are_refused(wishes: dict[str, Any], says: str):
    assert says in refused(**wishes)


# ---- names


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"sampler": "eulr"}, "no sampler named 'eulr'; did you mean 'euler'?"),
        ({"sampler": "Euler_Ancestral"}, "did you mean 'euler-ancestral'?"),
        ({"sampler": ""}, "no sampler named ''; there are: "),
        ({"sampler": "x" * 10**6}, "no sampler named 'xxx"),
        ({"sampler": "a\nb\0"}, r"'a\nb\x00'"),
        ({"schedule": "karas"}, "did you mean 'karras'?"),
        ({"model": "pockett"}, "no model named 'pockett'; did you mean 'pocket'?"),
        ({"model": "../../etc/passwd"}, "no model named '../../etc/passwd'; there are: "),
        ({"model": ""}, "no model named ''; there are: "),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(wishes: dict[str, Any], says: str):
    assert says in refused(UnknownName, **wishes)


@pytest.mark.skipif(CARD.styles is None, reason="this card has no styles")
def test_an_unknown_style_is_told_with_the_nearest():
    name = sorted(CARD.styles.names)[0] if CARD.styles else ""
    assert f"no style of {CARD.name} named '{name}x'; did you mean {name!r}?" in refused(UnknownName, style=name + "x")


@pytest.mark.parametrize("name", REFUSED_SAMPLERS)
def test_a_sampler_that_makes_no_sense_is_refused_with_the_reason(name: str):
    assert refused(sampler=name) == f"{CARD.name} cannot use sampler {name!r}: {samplers[name].refuses(SCALE)}"


@pytest.mark.parametrize("name", REFUSED_SCHEDULES)
def test_a_schedule_that_makes_no_sense_is_refused_with_the_reason(name: str):
    assert refused(schedule=name) == f"{CARD.name} cannot use schedule {name!r}: {schedules[name].refuses(SCALE)}"


def test_a_flow_model_refuses_some_samplers_and_offers_others():
    assert 0 < len(REFUSED_SAMPLERS) < len(samplers.names())


@pytest.mark.parametrize(
    ("given", "finish"),
    [
        ("white", ("background:#ffffff",)),
        ("Black", ("background:#000000",)),
        ("#F80", ("background:#ff8800",)),
        ("#0a0B0c", ("background:#0a0b0c",)),
        ("transparent", ()),
        (None, ()),
    ],
)
def test_backgrounds_have_names_and_colours(given: str | None, finish: tuple[str, ...]):
    one = recipe(background=given, width=SIZES.best, height=SIZES.best)
    assert one.finish == finish


def test_what_a_model_leaves_opaque_is_cut_out_where_that_is_asked(home: Path):
    opaque = CARD.model_copy(update={"alpha": False})
    order = Order(
        prompt="a pear", background="transparent", then=("crop:64x64+0+0",), width=SIZES.best, height=SIZES.best
    )
    with pytest.raises(MissingWeights, match="sfumato pull"):
        plan(order, opaque)
    kept = kept_standins(home)
    assert plan(order, opaque, weights=kept).recipes[0].finish == ("cutout", "crop:64x64+0+0")
    assert plan(order, CARD, weights=kept).recipes[0].finish == ("crop:64x64+0+0",)


@pytest.mark.parametrize("given", ["", "blue", "#12345", "#gggggg", "#fffffff", "white\0", "x" * 10**6])
def test_another_background_is_refused(given: str):
    assert "use transparent, white, black or a colour as #ff8800" in refused(background=given)


# ---- numbers


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"steps": 0}, f"steps 0 is outside {CARD.steps.low:g} to {CARD.steps.high:g}; the nearest is 1"),
        ({"steps": int(CARD.steps.high) + 1}, f"the nearest is {CARD.steps.high:g}"),
        ({"steps": -(10**5000)}, "steps of more than 40 digits is outside"),
        ({"steps": 1.5}, "steps: "),
        ({"guidance": float("nan")}, "guidance is not a number: give "),
        ({"guidance": float("inf")}, f"the nearest is {CARD.guidance.high:g}"),
        ({"guidance": float("-inf")}, f"the nearest is {CARD.guidance.low:g}"),
        ({"guidance": CARD.guidance.high + 0.5}, f"the nearest is {CARD.guidance.high:g}"),
        ({"guidance": CARD.guidance.low - 0.5}, f"the nearest is {CARD.guidance.low:g}"),
        ({"rescale": 1.01}, "rescale 1.01 is outside 0 to 1; the nearest is 1"),
        ({"rescale": float("nan")}, "rescale is not a number"),
        ({"cache": -0.1}, "cache -0.1 is outside 0 to 1; the nearest is 0"),
        ({"seed": -1}, "seed -1 is outside 0 to 18446744073709551615 (2^64 - n); the nearest is 0"),
        ({"seed": 2**64}, "the nearest is 18446744073709551615"),
        ({"seed": 2**64 - 1, "n": 2}, "the nearest is 18446744073709551614"),
        ({"seed": 10**5000}, "seed of more than 40 digits"),
        ({"n": 0}, f"n 0 is outside 1 to {MOST_PICTURES}; the nearest is 1"),
        ({"n": -(10**5000)}, "the nearest is 1"),
        ({"n": MOST_PICTURES + 1}, f"the nearest is {MOST_PICTURES}"),
        ({"bogus": 1}, "an order has no field 'bogus'; it has prompt, negative, "),
    ],
)
def test_a_number_out_of_range_is_told_with_the_nearest(wishes: dict[str, Any], says: str):
    assert says in refused(**wishes)


# ---- prompts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the prompt is empty"),
        (" \n\t", "the prompt is empty"),
        ("a" * 2**20, f"the prompt has 1,048,576 characters; at most {LONGEST:,} are taken"),
        ("a\0b", "a control character, U+0000, at place 2"),
        ("\x1b[31m", "a control character, U+001B, at place 1"),
        ("a \ud83d", "half a character (a lone surrogate)"),
    ],
)
def test_a_prompt_that_is_no_text_is_refused(text: str, says: str):
    assert says in refused(prompt=text)
    if text.strip():
        assert says.removeprefix("the prompt has ") in refused(negative=text)


@pytest.mark.parametrize(
    "text", ["(" * LONGEST, "[a:b:" * 100, "漢字 🍐 e\u0301", "a\nSteps: 20, Seed: 1", "<lora:../../x:1>"]
)
def test_any_other_text_is_a_prompt(text: str):
    assert recipe(prompt=text, negative=text).prompt == text


def test_a_model_without_negative_prompts_or_styles_says_so():
    card = tiny_card(text={"tokens": 8, "negative": False})
    with pytest.raises(RequestError, match="takes no negative prompt"):
        plan(Order(prompt="a", negative="b"), card)
    with pytest.raises(RequestError, match="has no styles"):
        plan(Order(prompt="a", style="flat"), card)


def test_what_will_have_no_effect_is_warned_of():
    assert planned().warnings == []
    assert [text for text in planned(guidance=1, negative="blur").warnings if "--negative has no effect" in text]
    assert [text for text in planned(guidance=1, rescale=0.5).warnings if "--rescale has no effect" in text]
    assert planned(guidance=2, negative="blur", rescale=0.5).warnings == []


def test_a_distilled_model_needs_a_negative_prompt_for_what_asks_twice():
    card = tiny_card(guidance_kind="distilled")
    assert plan(Order(prompt="a", negative="b", rescale=0.5), card).warnings == []
    (told,) = plan(Order(prompt="a", rescale=0.5), card).warnings
    assert told == "with gaussian, --rescale has no effect without --negative: leave --rescale out"
    (told,) = plan(Order(prompt="a", negative="b", guidance=1), card).warnings
    assert told == "at guidance 1, --negative has no effect: raise --guidance, or leave --negative out"
    (told,) = plan(Order(prompt="a", negative="b"), tiny_card(guidance_kind="none")).warnings
    assert told == "with gaussian, --negative has no effect: leave --negative out"


# ---- any order at all


ANYTHING = st.one_of(
    st.none(), st.integers(), st.integers(10**300, 10**400), st.floats(), st.text(max_size=20), st.booleans()
)
WILD = st.fixed_dictionaries({}, optional={name: ANYTHING for name in Order.model_fields if name != "prompt"})
TAME = st.fixed_dictionaries(
    {},
    optional={
        "negative": st.text(max_size=20),
        "n": st.integers(-1, 5),
        "seed": st.integers(-1, 2**64),
        "steps": st.integers(0, 110),
        "guidance": st.floats(0, 25),
        "rescale": st.floats(-0.5, 1.5),
        "sampler": st.sampled_from(samplers.names()),
        "schedule": st.sampled_from(schedules.names()),
        "style": st.sampled_from(["none", *(CARD.styles.names if CARD.styles else ())]),
        "width": st.sampled_from([SIZES.low, SIZES.high, SIZES.low + 1]),
        "height": st.sampled_from([SIZES.low, SIZES.high, 0]),
        "aspect_ratio": st.sampled_from(RATIOS),
        "megapixels": st.floats(0, 0.3),
        "background": st.sampled_from(["white", "#123", "blue"]),
    },
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), st.one_of(WILD, TAME))
def test_any_order_becomes_a_valid_plan_or_a_request_error(prompt: str, wishes: dict[str, Any]):
    try:
        made = planned(prompt=prompt, **wishes)
    except RequestError as error:
        assert "\n" not in str(error)
        return
    assert len(made.recipes) == wishes.get("n", 1)
    for one in made.recipes[:3]:
        check(one, CARD)
        assert Recipe.model_validate_json(one.model_dump_json()) == one
        assert one.seed == made.recipes[0].seed + made.recipes.index(one)


# ---- finishing steps that are asked for


def test_steps_come_behind_those_of_the_size_and_before_the_background():
    one = recipe(width=96, height=96, then=("resize:48x48", "upscale:2:plain", "pad:120x100"), background="white")
    assert one.finish[-4:] == ("resize:48x48", "upscale:2:plain", "pad:120x100", "background:#ffffff")
    assert one.finish[:-4] == recipe(width=96, height=96).finish
    assert one.size == (120, 100)
    assert one.painted_size == recipe(width=96, height=96).painted_size
    check(one, CARD)


def test_steps_are_written_without_blanks(tmp_path: Path):
    order = Order(prompt="a pear", then=("upscale:2", "cutout"))
    (one,) = plan(order, CARD, weights=kept_standins(tmp_path)).recipes
    assert one.finish[-2:] == ("upscale:2:drawing", "cutout")


@pytest.mark.parametrize(
    ("then", "says"),
    [
        (("upscale:4",), "the weights upscale-drawing are not here yet: sfumato pull upscale-drawing"),
        (("resize:10x10", "cutout"), "the weights cutout are not here yet: sfumato pull cutout"),
        (("sharpen",), "no finishing step named 'sharpen'; there are: background, "),
        (("upscale:5",), "upscale takes 2, 3 or 4 times, as 4 or 4:photo, not '5'"),
        (("resize:8100x8100",), "'resize:8100x8100' makes 8100x8100 of 256x256; at most 64 megapixels are made"),
        (17 * ("resize:9x9",), "17 finishing steps are more than the 16 there may be: leave some out"),
    ],
)
def test_steps_that_cannot_be_are_refused(then: tuple[str, ...], says: str):
    with pytest.raises(RequestError) as error:
        recipe(width=256, height=256, then=then)
    assert str(error.value).startswith(says)


# ---- recipes from elsewhere


@pytest.mark.parametrize(
    "change",
    [
        {"painted_width": 10**9},
        {"width": SIZES.high + SIZES.multiple},
        {"steps": 10**9},
        {"guidance": 1e30},
        {"sampler": "../x"},
        {"schedule": "no"},
        {"style": "no"},
        {"prompt": "a\0"},
        {"negative": "a" * (LONGEST + 1)},
        {"finish": ("resize:16384x16384",)},
        {"finish": ("background:url(x)",)},
        {"finish": ("no:such",)},
        {"finish": ("resize:250x256",)},
        {"finish": ("upscale:4:plain", "upscale:4:plain", "upscale:4:plain", "resize:96x96")},
        {"finish": ("cutout", "resize:96x96")},
        {"finish": 17 * ("resize:96x96",)},
    ],
)
def test_a_recipe_from_a_file_may_ask_no_more_than_an_order(change: dict[str, Any]):
    good = recipe(background="white")
    check(good, CARD)
    with pytest.raises(RequestError) as error:
        check(good.model_copy(update=change), CARD)
    assert "\n" not in str(error.value)


def test_a_recipe_from_a_file_rescales_no_guidance_that_is_the_models_own():
    card = tiny_card(family="pipeline", pipeline="SanaPipeline", sampler="own", schedule="own")
    (good,) = plan(Order(prompt="a"), card).recipes
    check(good, card)
    with pytest.raises(RequestError, match="cannot rescale its guidance: leave --rescale out"):
        check(good.model_copy(update={"rescale": 0.5}), card)


def test_a_recipe_has_a_field_for_every_wish_that_changes_the_picture():
    """So that nothing an order says is lost on the way."""
    become_others = {"n", "aspect_ratio", "megapixels", "background", "then", "preset", "expand"}
    decided = set(Recipe.model_fields) | become_others
    assert set(Order.model_fields) <= decided


# ---- a background in the prompt, of a model that paints them badly


@pytest.mark.parametrize(
    ("prompt", "read", "ground"),
    [
        ("a rocket on a pink background", "a rocket", "#faa0c3"),
        ("an owl, on a Light Blue background, glossy style", "an owl, glossy style", "#a0d2f5"),
        ("a cat on a mat, on an orange ground", "a cat on a mat", "#f39c12"),
        ("a cup in front of a white background", "a cup", "#ffffff"),
    ],
)
def test_a_background_in_the_prompt_is_laid_by_finishing_and_told(prompt: str, read: str, ground: str):
    decided = Studio().plan(prompt, model="pocket", seed=1)
    (recipe,) = decided.recipes
    assert (recipe.prompt, recipe.asked, recipe.finish[-1]) == (read, prompt, f"background:{ground}")
    assert any(ground in note for note in decided.notes)


@pytest.mark.parametrize(
    "prompt",
    ["a rocket", "a pink background", "on a pink background", "a rocket on a mossy background",
     "a pink backgroundish rocket", "a rocket on a pink backgrounder"],
)  # fmt: skip
def test_other_words_stay_the_models(prompt: str):
    (recipe,) = Studio().plan(prompt, model="pocket", seed=1).recipes
    assert (recipe.prompt, recipe.asked) == (prompt, None)
    assert not [step for step in recipe.finish if step.startswith("background")]


def test_a_background_that_is_given_leaves_the_words_to_the_model():
    for ground in ("transparent", "#102030"):
        (recipe,) = Studio().plan("a rocket on a pink background", model="pocket", background=ground).recipes
        assert recipe.prompt == "a rocket on a pink background"
