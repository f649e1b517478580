"""From many to a few: marks and ratings by keyboard, undone again, and pictures side by side."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def four(studio: Page, paint: Callable[..., Locator], address: str) -> Iterator[Page]:
    if studio.locator('picture-tile[aria-label^="a purple heart"]').count() < 4:
        paint("a purple heart", 4)
    with studio.expect_response(lambda answer: "pictures?text=purple" in answer.url):  # which clears the selection
        studio.get_by_label("Search your pictures").fill("purple heart")
    expect(studio.locator("picture-tile")).to_have_count(4)
    studio.locator("picture-grid").focus()
    studio.keyboard.press("Home")
    yield studio
    for picture in studio.request.get(f"{address}api/v1/pictures?text=purple+heart").json():  # more like one of them
        if picture["recipe"]["toward"]:
            studio.request.patch(f"{address}api/v1/pictures/{picture['id']}", data={"trashed": True})


def marks(studio: Page, address: str) -> list[tuple[int, list[str]]]:
    """Rating and tags of each, as the server has them."""
    return [(p["rating"], p["tags"]) for p in studio.request.get(f"{address}api/v1/pictures?text=purple+heart").json()]


def test_keys_mark_and_go_on_and_undo(four: Page, address: str):
    for key in ("p", "x", "5"):
        with four.expect_response(lambda answer: answer.request.method == "PATCH"):
            four.keyboard.press(key)
    assert marks(four, address)[:3] == [(0, ["picked"]), (0, ["rejected"]), (5, [])]
    expect(four.locator("picture-tile").nth(2)).to_have_attribute(
        "aria-label", "a purple heart, seed " + seed(four, 2) + ", rated 5"
    )
    for _ in range(3):
        with four.expect_response(lambda answer: answer.request.method == "PATCH"):
            four.keyboard.press("Control+z")
    assert marks(four, address) == [(0, [])] * 4


def seed(studio: Page, place: int) -> str:
    label = studio.locator("picture-tile").nth(place).get_attribute("aria-label") or ""
    return label.split("seed ")[1].split(",")[0]


def test_filters_show_what_was_picked(four: Page):
    with four.expect_response(lambda answer: answer.request.method == "PATCH"):
        four.keyboard.press("p")
    four.get_by_role("button", name="Picked").click()
    expect(four.locator("picture-tile")).to_have_count(1)
    four.locator("picture-grid").focus()
    four.keyboard.press("Home")
    with four.expect_response(lambda answer: answer.request.method == "PATCH"):
        four.keyboard.press("u")


def test_compared_pictures_zoom_together(four: Page):
    four.keyboard.press("Space")
    four.keyboard.press("ArrowRight")
    four.keyboard.press("Space")
    four.keyboard.press("c")
    panes = four.locator("compare-view zoom-pane img")
    expect(panes).to_have_count(2)
    for pane in panes.all():
        expect(pane).to_have_js_property("complete", True)
    before = panes.first.evaluate("image => image.style.transform")
    four.keyboard.press("+")
    after = [pane.evaluate("image => image.style.transform") for pane in panes.all()]
    assert after[0] == after[1] != before
    four.mouse.move(300, 400)
    four.mouse.down()
    four.mouse.move(360, 430)
    four.mouse.up()
    moved = [pane.evaluate("image => image.style.transform") for pane in panes.all()]
    assert moved[0] == moved[1] != after[0]


def test_a_slider_uncovers_one_of_two(four: Page):
    four.keyboard.press("Space")
    four.keyboard.press("ArrowRight")
    four.keyboard.press("Space")
    four.keyboard.press("c")
    four.get_by_role("button", name="Slider").click()
    four.get_by_label("Slide between the two").fill("20")
    cuts = [figure.evaluate("figure => figure.style.clipPath") for figure in four.locator("compare-view figure").all()]
    assert cuts == ["inset(0px 80% 0px 0px)", "inset(0px 0px 0px 20%)"]
    four.keyboard.press("Escape")
    expect(four.locator("compare-view")).to_have_count(0)
    expect(four.locator("picture-grid")).to_be_focused()


def test_more_like_one_is_painted_nearby(four: Page, address: str):
    four.keyboard.press("l")
    expect(four.get_by_text("4 pictures like it are being painted")).to_be_visible()
    expect(four.locator("picture-tile")).to_have_count(8, timeout=60_000)
    kept = four.request.get(f"{address}api/v1/pictures?text=purple+heart").json()
    shares = [picture["recipe"]["toward"] and picture["recipe"]["toward"]["share"] for picture in kept]
    assert [share is not None for share in shares] == [True] * 4 + [False] * 4


def test_a_contact_sheet_shows_what_is_selected(four: Page):
    four.keyboard.press("Control+a")
    four.get_by_role("button", name="Contact sheet").click()
    expect(four.locator("sheet-view figure img")).to_have_count(4)
    four.emulate_media(media="print")
    expect(four.locator("sheet-view > header")).to_be_hidden()
    expect(four.locator("app-shell")).to_be_hidden()
    expect(four.locator("sheet-view figure").first).to_be_visible()
