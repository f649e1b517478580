"""Control pictures: what is made of a picture, how they are asked for, and what is refused before anything loads."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sfumato import Studio, catalog
from sfumato.controls import controls
from sfumato.core.errors import MissingWeights, RequestError, UnknownName, UnreadableFile
from sfumato.core.order import Order
from sfumato.core.recipe import ControlUse, Recipe
from sfumato.planning import check, plan
from sfumato.planning.steering import Means, Wish, read_control, read_reference
from sfumato.testing import tiny_card
from sfumato.weights import NONE_KEPT

SIZE = (96, 64)
MADE = ("canny", "lineart", "softedge")


@pytest.fixture
def box() -> Image.Image:
    """A dark box on white, and a grey one that is hardly darker than its ground."""
    image = Image.new("RGBA", SIZE, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 16, 50, 44), fill=(30, 30, 30, 255))
    draw.rectangle((70, 20, 85, 40), fill=(248, 248, 248, 255))
    return image


def made(kind: str, image: Image.Image) -> np.ndarray:
    return np.asarray(controls[kind].make(image, NONE_KEPT).convert("L"))


@pytest.mark.parametrize("kind", MADE)
def test_edges_are_bright_on_black_and_nothing_else_is(kind: str, box: Image.Image):
    found = made(kind, box)
    assert found.shape == (SIZE[1], SIZE[0])
    assert found[24:36, 15:25].max() > 150 and found[10:20, 30:40].max() > 150
    assert found[60:, :].max() == 0 and found[28:32, 32:38].max() < 30
    assert made(kind, Image.new("RGBA", SIZE, "grey")).max() == 0


def test_canny_draws_one_closed_line_around_a_box(box: Image.Image):
    found = made("canny", box)
    assert set(np.unique(found)) == {0, 255}
    assert found[:, 66:].max() == 0  # the faint one
    line = found > 0
    assert line[30, :].sum() == line[:, 35].sum() == 2  # as thin as can be, there and back
    assert 2 * (31 + 29) * 0.9 < line.sum() < 2 * (31 + 29) * 1.1


def test_canny_keeps_a_weak_edge_that_goes_on_from_a_strong_one():
    """A bar that fades: its end alone, cut off from the strong part, is nothing."""
    fading = np.full((40, 120), 255, np.uint8)
    fading[15:25] = np.linspace(90, 225, 120).round().astype(np.uint8)
    whole = made("canny", Image.fromarray(fading, "L").convert("RGBA"))
    alone = made("canny", Image.fromarray(fading[:, 102:], "L").convert("RGBA"))
    assert (whole[:, 105:115] > 0).any() and not (alone > 0).any()


def person(count: int = 18, **more: Any) -> dict[str, Any]:
    points = [v for at in range(count) for v in (40 + at % 5 * 8, 10 + at * 2, 1)]
    return {"people": [{"pose_keypoints_2d": points, **more}], "canvas_width": 96, "canvas_height": 64}


def test_a_skeleton_is_drawn_from_openposes_json(tmp_path: Path):
    file = tmp_path / "skeleton.json"
    hand = [v for at in range(21) for v in (10 + at, 50, 1)]
    file.write_text(json.dumps(person(hand_left_keypoints_2d=hand)))
    image = Studio().control_picture("pose", file).image
    pixels = np.asarray(image)[..., :3]
    assert image.size == SIZE and 0.02 < (pixels.max(-1) > 0).mean() < 0.6
    assert pixels[45:55, 10:30].any()  # the hand
    with_feet = person(25)
    with_feet["people"][0]["pose_keypoints_2d"][3 * 19 :] = [0.0] * 18
    file.write_text(json.dumps(with_feet))
    assert np.asarray(Studio().control_picture("pose", file).image)[..., :3].any()


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ([], "no list `people`"),
        ({"people": []}, "canvas_width"),
        ({"people": [1], "canvas_width": 9, "canvas_height": 9}, "not an object"),
        ({**person(), "canvas_width": 10**6}, "canvas_width"),
        (person(17), "51 numbers: three for each of 18 or 25"),
        ({**person(), "people": [{"pose_keypoints_2d": [float("nan")] * 54}]}, "not a list of numbers"),
        ({**person(), "people": [{"pose_keypoints_2d": [10**400] * 54}]}, "not a list of numbers"),
        ({**person(), "people": [{"pose_keypoints_2d": [1e300] * 54}]}, "not a list of numbers"),
        ({**person(), "people": [{}] * 33}, "33 people"),
    ],
    ids=range(9),
)
def test_what_is_no_skeleton_is_named(said: Any, says: str, tmp_path: Path):
    (tmp_path / "x.json").write_text(json.dumps(said))
    with pytest.raises(RequestError, match=says) as refused:
        Studio().control_picture("pose", tmp_path / "x.json")
    assert "\n" not in str(refused.value)


def test_what_cannot_be_made_says_what_to_give(box: Image.Image, tmp_path: Path):
    box.save(tmp_path / "box.png")
    (tmp_path / "x.json").write_text("{")
    for kind, says in {"pose": "pose:skeleton.json", "depth": "depth:FILE:ready"}.items():
        with pytest.raises(RequestError, match=says):
            Studio().control_picture(kind, tmp_path / "box.png")
    with pytest.raises(UnknownName, match="did you mean 'canny'"):
        Studio().control_picture("cany", tmp_path / "box.png")
    with pytest.raises(UnreadableFile, match=r"x\.json is not JSON"):
        Studio().control_picture("pose", tmp_path / "x.json")
    with pytest.raises(RequestError, match="only a pose is drawn from that"):
        Studio().control_picture("canny", tmp_path / "x.json")


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("canny:a.png", Wish("canny", "a.png")),
        ("canny:a.png:0.8", Wish("canny", "a.png", 0.8)),
        ("canny:a.png:0-0.6:1.2:ready", Wish("canny", "a.png", 1.2, 0.0, 0.6, True)),
        ("canny:C:\\a.png:ready", Wish("canny", "C:\\a.png", ready=True)),
        ("canny:a:1:2", Wish("canny", "a:1", 2.0)),
    ],
)
def test_how_a_control_is_written(text: str, wish: Wish):
    assert read_control(text) == wish


def test_how_a_reference_is_written():
    assert read_reference("a.png") == ("a.png", None)
    assert read_reference("b:a.png:0.5") == ("b:a.png", 0.5)
    assert read_reference("a.png:much") == ("a.png:much", None)


CARD = tiny_card(controls=["canny", "pose"], references="network")
DIGEST, OTHER = "a" * 64, "b" * 64


def planned(card: Any = CARD, **fields: Any) -> Recipe:
    means = Means(lambda card, kind: (f"{kind}-net", "0" * 16), lambda uses: None, lambda kind, digest: OTHER)
    picture = Image.new("RGBA", (16, 16), "black")
    decided = plan(Order(prompt="any", seed=1, **fields), card, pictures=lambda digest: picture, means=means)
    check(decided.recipes[0], card, pictures=lambda digest: picture, means=means)
    return decided.recipes[0]


def test_a_recipe_names_the_control_picture_and_its_network():
    (one, ready) = planned(controls=(f"canny:{DIGEST}:0.8:0-0.5", f"pose:{DIGEST}:ready")).controls
    assert one == ControlUse(
        kind="canny", picture=OTHER, weight=0.8, begin=0, end=0.5, aid="canny-net", digest="0" * 16
    )
    assert (ready.picture, ready.weight, ready.aid) == (DIGEST, 1, "pose-net")
    (reference,) = planned(references=(f"{DIGEST}:0.3",)).references
    assert (reference.picture, reference.weight, reference.aid) == (DIGEST, 0.3, "reference-net")


OWN = tiny_card(controls=["canny"], control_by="channels")


@pytest.mark.parametrize(
    ("fields", "card", "says"),
    [
        ({"controls": (f"depth:{DIGEST}",)}, CARD, "gaussian takes no 'depth' pictures, but canny, pose"),
        ({"controls": (f"canny:{DIGEST}",)}, tiny_card(), "takes no 'canny' pictures: leave --control out"),
        ({"controls": (f"canny:{DIGEST}:3",)}, CARD, "weight 3 is outside 0 to 2"),
        ({"controls": (f"canny:{DIGEST}:0.6-0.2",)}, CARD, "0.6-0.2 is no part of the steps"),
        ({"controls": ("canny",)}, CARD, "names no kind or no picture"),
        ({"controls": ("canny:photo.jpg",)}, CARD, "no sha256 of a picture that is kept"),
        ({"controls": (f"canny:{DIGEST}",) * 5}, CARD, "more than the 4"),
        ({}, OWN, "paints after exactly one canny picture"),
        ({"controls": (f"canny:{DIGEST}:0.5",)}, OWN, "follows its control picture wholly"),
        ({"references": (DIGEST,)}, tiny_card(), "cannot look at reference pictures: leave --reference out"),
        ({"references": (f"{DIGEST}:0.5",)}, tiny_card(references="tokens"), "takes references whole"),
        ({"references": ("face.jpg",)}, CARD, "no sha256"),
    ],
    ids=range(12),
)
def test_what_cannot_be_is_told_in_one_line(fields: dict[str, Any], card: Any, says: str):
    with pytest.raises(RequestError, match=says) as refused:
        planned(card, **fields)
    assert "\n" not in str(refused.value)


def test_pocket_takes_none_and_a_real_model_says_what_to_pull(box: Image.Image, tmp_path: Path, home: Path):
    box.save(tmp_path / "box.png")
    studio = Studio()
    text = studio.control(f"canny:{tmp_path / 'box.png'}:0.5")
    digest = text.split(":")[1]
    assert text == f"canny:{digest}:0.5:ready" and studio.held(digest).size == SIZE
    with pytest.raises(RequestError, match="pocket takes no 'canny' pictures"):
        studio.plan("a box", controls=[text])
    with pytest.raises(RequestError, match="pocket cannot look at reference pictures"):
        studio.plan("a box", references=[studio.reference(str(tmp_path / "box.png"))])
    weights = home / "models" / "sd-1.5" / "unet"
    weights.mkdir(parents=True)
    (weights / "x.safetensors").write_bytes(b"x")
    with pytest.raises(MissingWeights, match=r"sfumato pull control-canny-sd-1\.5"):
        studio.plan("a box", model="sd-1.5", controls=[text])
    with pytest.raises(RequestError, match="outpaint has no controls"):
        studio.plan(studio.extend_order(tmp_path / "box.png", to="16:9", controls=(text,)))


@pytest.mark.parametrize("name", catalog.names())
def test_what_a_card_takes_there_is_a_network_for(name: str):
    card = catalog.card(name)
    assert set(card.controls) <= set(controls.names())
    going = [one for one in catalog.listed().values() if name in one.goes_with]
    if card.control_by == "networks":
        assert set(card.controls) <= {kind for one in going for kind in one.controls}
    assert (card.references == "network") <= any(one.references for one in going)
