"""The evaluation's figures can be bad: what is right gets 1, what knows nothing gets chance."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from training import evaluate, judge, measures  # noqa: E402
from training.compositions import beside, on_ground, set_apart  # noqa: E402
from training.data import COLOURS, Picture, held_out, turn_hue  # noqa: E402
from training.exam import Exam, nearest, without_hue  # noqa: E402
from training.sheet import NEW, PROMPTS, sheet  # noqa: E402

SIDE = 64
NAMES = [f"thing{a}{b}" for a in "abcdefghijklm" for b in "abcdefghijklm"]
CHANCE = 10 / len(NAMES)  # of being among the first ten


def drawing(number: int) -> np.ndarray:
    """A shape of its own for each number: 6 x 6 squares on a disc, of reds and whites."""
    rng = np.random.default_rng(number)
    pattern = np.kron(rng.integers(0, 2, (6, 6)), np.ones((8, 8), int))
    out = np.zeros((SIDE, SIDE, 4), np.uint8)
    out[8:56, 8:56] = np.where(pattern[..., None], (220, 30, 30, 255), (250, 240, 240, 255))
    return out


def picture(title: str, style: str, **more) -> Picture:
    return Picture(title, style, f"set of {style}", title, "objects", [], **more)


class Oracle(judge.Judge):
    """Sees which drawing a picture is nearest to, and reads the names in a text."""

    def __init__(self):
        self.known = self.seen([drawing(k) for k in range(len(NAMES))])

    @staticmethod
    def seen(pixels) -> np.ndarray:
        return without_hue(measures.small(measures.fitted(p) for p in pixels))

    def pictures(self, pixels: np.ndarray) -> np.ndarray:
        thing = nearest(self.seen(pixels), self.known, np.arange(len(NAMES)), len(NAMES)).argmax(1)
        colour = [[measures.main_colour(p) == c for c in COLOURS] for p in pixels]
        return np.concatenate([np.eye(len(NAMES))[thing], np.array(colour) * 0.5], 1)

    def texts(self, texts: list[str]) -> np.ndarray:
        words = [set(text.replace(",", "").split()) for text in texts]
        return np.array([[w in said for w in [*NAMES, *COLOURS]] for said in words], float)


class Guesser(judge.Judge):
    """Does not look."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def pictures(self, pixels: np.ndarray) -> np.ndarray:
        return self.rng.standard_normal((len(pixels), 32))

    def texts(self, texts: list[str]) -> np.ndarray:
        return self.rng.standard_normal((len(texts), 32))


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, list[Picture]]:
    """Every thing in three styles that look alike, but for held-out pairs, which nobody may learn from."""
    rows = [picture(name, style) for style in ("flat", "outline", "blob") for name in NAMES]
    return np.stack([drawing(NAMES.index(row.title)) for row in rows]), rows


def exam(drawn, of: judge.Judge, n: int = 60, styles=("flat", "outline", "blob")) -> Exam:
    return Exam(of, *drawn, styles, n)


# ---- counting


def test_places_count_from_the_likest():
    likeness = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.9, 0.5, 0.1]])
    assert judge.places(likeness, np.array([0, 1, 2])).tolist() == [1, 2, 3]


def test_a_judge_to_whom_all_is_alike_finds_nothing():
    assert judge.top(judge.places(np.zeros((5, 1000)), np.arange(5))) == {"top_1": 0, "top_10": 0}


def test_chance_is_ten_in_a_thousand():
    likeness = np.random.default_rng(0).standard_normal((4000, 1000))
    found = judge.top(judge.places(likeness, np.arange(4000) % 1000))
    assert found["top_10"] == pytest.approx(0.01, abs=0.006)
    assert found["top_1"] < 0.004


# ---- both judges over all kinds of questions


def test_right_pictures_are_found(drawn):
    pixels, rows = drawn
    asked = (sitting := exam(drawn, Oracle(), styles=["flat", "outline"])).titles_in_styles(unseen=False)
    assert {rows[i].style for i in asked} == {"flat", "outline"} and not any(held_out(rows[i]) for i in asked)
    found = sitting.titled(pixels[asked], asked)
    assert found["judge"] == found["simple"] == {"top_1": 1, "top_10": 1}
    assert found["n"] == len(asked) == 60


def test_wrong_pictures_are_not(drawn):
    asked = (sitting := exam(drawn, Oracle(), n=300)).titles_in_styles(unseen=False)
    found = sitting.titled(drawn[0][np.roll(asked, 1)], asked)
    assert found["judge"]["top_1"] < 0.05 and found["simple"]["top_1"] < 0.05
    assert found["simple"]["top_10"] < 3 * CHANCE


def test_a_judge_who_does_not_look_gets_chance(drawn):
    sitting = exam(drawn, Guesser(), n=300)
    asked = sitting.titles_in_styles(unseen=False)
    found = sitting.titled(drawn[0][asked], asked)
    assert found["judge"]["top_10"] == pytest.approx(CHANCE, abs=0.05)
    assert found["style"] == pytest.approx(1 / 3, abs=0.12)
    assert found["simple"]["top_1"] == 1


def test_held_out_drawings_are_asked_for_and_not_looked_up(drawn):
    _, rows = drawn
    sitting = exam(drawn, Oracle())
    asked = sitting.titles_in_styles(unseen=True)
    assert asked and all(held_out(rows[i]) for i in asked)
    assert len(sitting.drawings) == sum(not held_out(row) for row in rows)


def test_a_held_out_drawing_with_a_near_copy_in_training_is_not_asked_for(drawn):
    pixels, rows = drawn
    rows = [replace(row, style="glossy") if row.style == "blob" else row for row in rows]
    sitting = exam((pixels, rows), Oracle(), 500, ["flat", "glossy"])
    assert {rows[i].style for i in sitting.titles_in_styles(unseen=True)} == {"flat"}
    assert {rows[i].style for i in sitting.titles_in_styles(unseen=False)} == {"flat", "glossy"}


def test_a_colour_and_a_thing_must_both_be_right(drawn):
    sitting = exam(drawn, Oracle())
    asked = [("blue", name) for name in NAMES[:20]]
    red = np.stack([drawing(k) for k in range(20)])
    blue = np.stack([turn_hue(p, 215) for p in red])
    found = sitting.coloured(blue, asked)
    assert found["judge"]["top_1"] == found["simple"]["top_1"] == found["colour"] == 1
    found = sitting.coloured(red, asked)
    assert found["judge"]["top_1"] == 0 and found["colour"] == 0
    assert found["simple"]["top_1"] == 1, "it does not see the hue"
    found = sitting.coloured(np.roll(blue, 1, 0), asked)
    assert found["judge"]["top_1"] == found["simple"]["top_1"] == 0 and found["colour"] == 1


def test_what_no_caption_has_is_asked_for(drawn):
    pixels, rows = drawn
    shown = [replace(row, title=f"blue {row.title}", made="hue") for row in rows]
    pairs = [replace(row, title=f"{row.title} and {other}", made="pair") for row in rows[:99] for other in NAMES[:50]]
    some = len(rows)
    sitting = exam((pixels[np.arange(len(rows + shown + pairs)) % some], rows + shown + pairs), Oracle(), 200)
    assert "blue" not in {colour for colour, _ in sitting.colours()}
    known = {row.title for row in pairs}
    assert not any(f"{a} and {b}" in known or f"{b} and {a}" in known for a, b in sitting.pairs())
    assert sitting.colours() == sitting.colours() and len(set(sitting.grounds())) > 100
    assert all(set_apart(f"{thing} on {colour}") for thing, colour in sitting.grounds())
    assert all(set_apart(f"{colour} {thing}") for colour, thing in sitting.colours())
    assert all(set_apart(f"{a} and {b}") for a, b in sitting.pairs())


def test_a_thing_is_found_on_a_ground_and_the_ground_is_named(drawn):
    pixels, rows = drawn
    sitting = exam(drawn, Oracle())
    made = [on_ground(np.random.default_rng(i), (rows[i], pixels[i])) for i in range(0, 160, 8)]
    named = [shown.title.removesuffix(" background").split(" on a ") for shown, _ in made]
    found = sitting.grounded(np.stack([p for _, p in made]), [(thing, colour) for thing, colour in named])
    assert found["judge"]["top_1"] == found["colour"] == 1
    assert found["simple"]["top_1"] > 0.9
    found = sitting.grounded(pixels[0:160:8], [(thing, colour) for thing, colour in named])
    assert found["colour"] == 0, "there is no ground"


def test_both_things_of_a_pair_must_be_there(drawn):
    pixels, rows = drawn
    sitting = exam(drawn, Oracle())
    asked = [(rows[k].title, rows[k + 1].title) for k in range(0, 40, 2)]

    def two(a: int, b: int) -> np.ndarray:
        return beside(np.random.default_rng(0), (rows[a], pixels[a]), (rows[b], pixels[b]))[1]

    right = sitting.paired(np.stack([two(k, k + 1) for k in range(0, 40, 2)]), asked)
    assert right["judge"]["top_1"] == 1 and right["simple"]["top_1"] > 0.9
    swapped = sitting.paired(np.stack([two(k + 1, k) for k in range(0, 40, 2)]), asked)
    assert swapped["judge"]["top_1"] == 1, "the order does not matter"
    for wrong in [two(k, k + 60) for k in range(0, 40, 2)], [two(k, k) for k in range(0, 40, 2)], pixels[0:40:2]:
        found = sitting.paired(np.stack(wrong), asked)
        assert found["judge"]["top_1"] == 0 and found["simple"]["top_1"] == 0


# ---- pixels


def test_a_picture_is_cut_between_its_things():
    page = np.zeros((60, 60, 4), np.uint8)
    page[20:40, 4:14] = 255, 0, 0, 255  # twice as high as wide
    page[25:35, 36:56] = 0, 0, 255, 255  # twice as wide as high
    left, right = measures.parts(page)
    assert (left[..., 0].max(), left[..., 2].max(), right[..., 0].max(), right[..., 2].max()) == (255, 0, 0, 255)
    assert (left[..., 3] > 0).any(1).sum() == (right[..., 3] > 0).any(0).sum() == 60  # fifteen sixteenths of 64
    assert (left[..., 3] > 0).any(0).sum() == (right[..., 3] > 0).any(1).sum() == 30


def test_an_empty_picture_has_no_content_and_no_colour():
    nothing = np.zeros((SIDE, SIDE, 4), np.uint8)
    assert not measures.fitted(nothing).any() and not np.any(measures.parts(nothing))
    assert measures.main_colour(nothing) is None and measures.ground_colour(nothing) is None


def test_the_main_colour_is_that_of_most_coloured_pixels():
    page = np.zeros((SIDE, SIDE, 4), np.uint8)
    page[...] = 255  # white has no hue
    assert measures.main_colour(page) is None
    page[:20], page[20:30] = (40, 90, 220, 255), (220, 20, 20, 255)
    assert measures.main_colour(page) == "blue"


def test_variety_is_nothing_for_one_picture_a_prompt_and_all_for_a_model_that_does_not_read():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (6, 4, 16, 16, 4)).astype(np.uint8)
    noise[..., 3] = 255
    same = np.repeat(noise[:, :1], 4, 1)
    assert measures.variety(same)["between_seeds"] == 0 < measures.variety(same)["between_prompts"]
    found = measures.variety(noise)
    assert found["between_seeds"] == pytest.approx(found["between_prompts"], rel=0.05)


def test_fog_haze_and_nothing_are_told_from_a_clean_shape():
    clean = np.zeros((SIDE, SIDE, 4), np.uint8)
    clean[16:48, 16:48] = 255
    assert measures.look([clean]) | {"detail": 0} == {"broken": 0, "half_transparent": 0, "haze": 0, "detail": 0}
    haze = clean.copy()
    haze[:8] = 20
    assert measures.look([haze])["haze"] == pytest.approx(8 / 64)
    specks = clean.copy()
    specks[4::8, 2] = 255
    assert measures.look([specks])["haze"] == pytest.approx(8 / 64**2, abs=1e-4)
    soft = clean.copy()
    soft[15], soft[48] = 90, 90
    assert measures.look([soft])["haze"] < 0.03  # next to the shape, at its ends not
    fog = np.full_like(clean, 100)
    empty, full = np.zeros_like(clean), np.full_like(clean, 255)
    assert [measures.look([p])["broken"] for p in (fog, empty, full)] == [1, 1, 1]
    assert measures.look([clean, fog])["broken"] == 0.5
    assert measures.look([fog])["detail"] == 0 < measures.look([clean])["detail"]


def test_detail_is_lost_by_blur():
    sharp = judge.at_side(np.stack([drawing(k) for k in range(8)]))
    seen = [(255 * x).byte().permute(0, 2, 3, 1).numpy() for x in (sharp, judge.softer(sharp))]
    assert measures.look(seen[1])["detail"] < measures.look(seen[0])["detail"]


# ---- the judge


def test_counterexamples_are_not_true_of_the_picture():
    car = picture("automobile", "flat")
    blue = replace(car, title="blue automobile", made="hue")
    rows = [car, blue, picture("automobile", "outline"), picture("tree", "flat"), replace(blue, title="red automobile")]

    def same(texts: list[str]) -> list[list[int]]:
        return judge.alike(rows, np.arange(4), np.arange(5), texts).numpy().astype(int).tolist()

    bare = same([row.title for row in rows])
    assert bare == [[0, 1, 1, 0, 1], [1, 0, 1, 0, 0], [1, 1, 0, 0, 1], [0, 0, 0, 0, 0]]
    styled = same([f"{row.title}, {row.style} style" for row in rows])
    assert styled == [[0, 1, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_the_loss_is_nothing_when_all_is_told_apart_and_that_of_chance_when_nothing_is():
    apart = 50 * torch.eye(4, 9)
    nothing = torch.zeros(4, 9, dtype=torch.bool)
    assert judge.distance(apart, nothing) < 1e-6
    assert judge.distance(0 * apart, nothing) == pytest.approx((np.log(9) + np.log(4)) / 2)
    confused = apart.clone()
    confused[0, 8] = 100
    assert judge.distance(confused, nothing) > 5
    excused = nothing.clone()
    excused[0, 8] = True
    assert judge.distance(confused, excused) < 1e-6


def test_the_judge_sees_a_picture_and_its_mirror_alike():
    torch.manual_seed(0)
    seer = judge.Judge(judge.Towers(), None)
    page = np.stack([drawing(1), drawing(2)])
    here, mirrored = seer.pictures(page), seer.pictures(np.ascontiguousarray(page[:, :, ::-1]))
    assert np.allclose(here, mirrored, atol=1e-5)
    assert np.allclose((here**2).sum(1), 1, atol=1e-5)
    assert not np.allclose(here[0], here[1], atol=1e-3)


def test_disturbed_pictures_stay_premultiplied():
    page = judge.at_side(np.stack([drawing(k) for k in range(64)]))
    seen = judge.disturbed(page, torch.Generator().manual_seed(0))
    assert seen.shape == page.shape and (seen >= 0).all() and (seen[:, :3] <= seen[:, 3:] + 1e-6).all()
    assert ((seen[:, 3] == 1).flatten(1).all(1)).float().mean() == pytest.approx(0.25, abs=0.2)  # on a ground


# ---- figures and sheets


def test_figures_stand_beside_those_of_the_weights_before():
    first = {"weights": "a", "found": 1}
    assert evaluate.before(None, "a") is None
    assert evaluate.before(first, "a") is None
    second = {"weights": "b", "found": 2, "previous": evaluate.before(first, "b")}
    assert second["previous"] == first
    assert evaluate.before(second, "b") == first, "measured again"
    assert evaluate.before(second, "c") == {"weights": "b", "found": 2}
    assert evaluate.before({"seen": 0.5}, "a") == {"seen": 0.5}


def test_the_new_prompts_name_every_style_and_no_prompt_twice():
    styles = {
        "flat",
        "emoji",
        "simple",
        "3d",
        "cartoon",
        "icon",
        "glossy",
        "glyph",
        "outline",
        "hand-drawn",
        "blob",
        "pixel",
    }
    assert styles <= {word for prompt in NEW for word in prompt.split()}
    assert len(PROMPTS) == len(set(PROMPTS)) == 50 and len(NEW) == len(set(NEW)) == 40


def test_a_sheet_shows_every_picture_in_its_place():
    page = np.zeros((3, 8, 8, 4), np.uint8)
    page[2] = 0, 0, 255, 255
    shown = np.asarray(sheet(page, ["a", "b", "a title of more words than fit into one line"], columns=2, side=64))
    blue = (shown == (0, 0, 255)).all(-1)
    assert blue.sum() == 64 * 64 and blue[len(blue) // 2 :, :72].sum() == 64 * 64


def test_the_painter_paints_by_the_product_at_the_models_own_side():
    paint = evaluate.Painter(evaluate.Studio(), "pocket", steps=1)
    side = paint.card.sizes.best
    first = paint("a red apple", style="flat")
    assert first.shape == (side, side, 4) and first.dtype == np.uint8 and (first[..., :3] <= first[..., 3:]).all()
    assert (paint("a red apple", style="flat") == first).all() and (paint("a red apple", seed=1) != first).any()
    assert paint.count == 3
