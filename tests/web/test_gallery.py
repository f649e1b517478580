"""Ten thousand pictures: found, scrolled, selected, thrown away and brought back."""

import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sfumato.http.page import ASKED

MANY = 10_000


@pytest.fixture
def address(rooms: Callable[[str], tuple[str, Path]]) -> str:
    return rooms("gallery")[0]


@pytest.fixture
def many(studio: Page, paint: Callable[..., Locator], rooms: Callable[[str], tuple[str, Path]]) -> Page:
    """The gallery with MANY rows: a few pictures, over and over."""
    folder = rooms("gallery")[1]
    with sqlite3.connect(folder / "library.db") as library:
        if library.execute("SELECT count(*) FROM pictures").fetchone()[0] < MANY:
            paint("a green leaf", 3)
            paint("a red apple", 3)
            own = {"id", "origin"}  # of one picture alone
            columns = ", ".join(row[1] for row in library.execute("PRAGMA table_info(pictures)") if row[1] not in own)
            library.execute(
                f"WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < {MANY}) "
                f"INSERT INTO pictures ({columns}) SELECT {columns} FROM k, pictures LIMIT {MANY}"
            )
    studio.reload()
    expect(studio.locator("picture-tile[aria-label]").first).to_be_visible()
    return studio


def test_only_what_is_in_sight_is_there(many: Page):
    for _ in range(12):
        many.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        many.wait_for_timeout(60)
        assert many.evaluate("document.querySelectorAll('*').length") <= 2000
    tiles = many.locator("picture-tile")
    assert int(tiles.last.get_attribute("aria-posinset") or 0) > 500
    many.evaluate("scrollTo(0, 0)")
    expect(tiles.nth(0)).to_be_visible()


FLY = """() => new Promise((done) => {
    let frames = 0;
    const frame = () => { scrollBy(0, 2000); if (frames++ < 20) requestAnimationFrame(frame); else done(); };
    frame();
})"""
SHOWN = """() => [...document.querySelectorAll('picture-tile')].every(
    (tile) => tile.querySelector('img').naturalWidth > 0)"""


def test_nothing_is_asked_for_twice_and_what_is_promised_first_is_used(many: Page):
    expect(many.get_by_role("button", name="Pocket", exact=True)).to_be_visible()
    many.wait_for_timeout(500)
    asked = many.evaluate(
        """() => performance.getEntriesByType('resource').map(({ name }) => name.slice(document.baseURI.length))"""
    )
    assert sorted(asked) == sorted(set(asked))
    assert asked[:2] == list(ASKED)


def test_thumbnails_come_when_flying_past_has_ended(many: Page):
    many.wait_for_function(SHOWN)
    many.evaluate(FLY)
    assert many.evaluate("scrollY") > 30_000
    many.wait_for_function(SHOWN)


def test_words_find_pictures(many: Page):
    many.get_by_label("Search your pictures").fill("leaf green")
    expect(many.locator('picture-tile[aria-label^="a red apple"]')).to_have_count(0)
    expect(many.locator('picture-tile[aria-label^="a green leaf"]').first).to_be_visible()
    many.get_by_label("Search your pictures").fill("no such words")
    expect(many.get_by_text("Nothing fits these words")).to_be_visible()


def test_pictures_are_selected_by_mouse_and_keyboard(many: Page):
    tiles = many.locator("picture-tile")
    tiles.nth(0).click(modifiers=["Control"])
    tiles.nth(3).click(modifiers=["Shift"])
    expect(many.get_by_text("4 pictures selected")).to_be_visible()
    many.locator("picture-grid").focus()
    many.keyboard.press("Escape")
    expect(many.get_by_text("selected")).to_have_count(0)
    many.keyboard.press("Home")
    many.keyboard.press("Space")
    many.keyboard.press("ArrowRight")
    many.keyboard.press("Shift+Space")
    expect(many.get_by_text("2 pictures selected")).to_be_visible()
    many.keyboard.press("Control+a")
    expect(many.get_by_text(re.compile("1,?000 pictures selected"))).to_be_visible()
    expect(many.get_by_text("The newest 1000 are selected")).to_be_visible()
    many.keyboard.press("Escape")
    expect(many.get_by_text("selected")).to_have_count(0)


def test_what_is_thrown_away_comes_back(many: Page, address: str):
    def trashed() -> int:
        return len(many.request.get(f"{address}api/v1/pictures?trashed=true").json())

    first = many.locator("picture-tile").first
    before = trashed()
    first.click(modifiers=["Control"])
    many.get_by_role("button", name="Move to trash").click()
    expect(many.get_by_text("1 picture moved to trash")).to_be_visible()
    assert trashed() == before + 1
    with many.expect_response(lambda answer: "pictures?" in answer.url):  # the gallery is read again
        many.get_by_role("button", name="Undo").click()
    until(lambda: trashed() == before)
    expect(many.get_by_text("1 picture moved to trash")).to_have_count(0)
    many.reload()  # nothing of the undoing is under way
    expect(first).to_be_visible()
    first.click(modifiers=["Control"])
    many.get_by_role("button", name="Move to trash").click()
    until(lambda: trashed() == before + 1)
    many.get_by_role("button", name="Trash").click()
    expect(many.locator("picture-tile")).to_have_count(before + 1)  # the gallery shows the trash alone
    first.click(modifiers=["Control"])
    many.get_by_role("button", name="Restore").click()
    until(lambda: trashed() == before)


def test_the_trash_is_emptied_for_good(many: Page, address: str):
    for number in range(2):
        many.locator("picture-tile").nth(number).click(modifiers=["Control"])
    many.get_by_role("button", name="Move to trash").click()
    expect(many.get_by_text("2 pictures moved to trash")).to_be_visible()
    before = many.request.get(f"{address}api/v1/count").json()["count"]
    empty = many.get_by_role("button", name="Empty the trash")
    expect(empty).to_be_hidden()
    many.get_by_role("button", name="Trash", exact=True).click()
    empty.click()
    many.get_by_role("button", name="Delete them").click()
    expect(many.get_by_text("2 pictures deleted, 0.0 MB freed")).to_be_visible()  # others have the same files
    expect(many.locator("picture-tile")).to_have_count(0)
    assert many.request.get(f"{address}api/v1/count?trashed=true").json()["count"] == 0
    assert many.request.get(f"{address}api/v1/count").json()["count"] == before


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_pictures_lie_on_boards(many: Page, address: str):
    many.get_by_label("Search your pictures").fill("leaf")
    expect(many.locator('picture-tile[aria-label^="a red apple"]')).to_have_count(0)
    many.locator("picture-tile").nth(0).click(modifiers=["Control"])
    many.locator("picture-tile").nth(1).click(modifiers=["Control"])
    many.get_by_role("toolbar").get_by_role("button", name="Board", exact=True).click()
    many.get_by_label("New board").fill("Spring")
    many.get_by_label("New board").press("Enter")
    expect(many.get_by_text("2 pictures on “Spring”")).to_be_visible()
    many.get_by_role("button", name="Clear the selection").click()
    many.get_by_label("Search your pictures").fill("")
    many.get_by_role("button", name="Boards").click()
    many.get_by_role("button", name="Spring 2").click()
    expect(many.locator("picture-tile")).to_have_count(2)
    many.locator("picture-tile").first.click(modifiers=["Control"])
    many.get_by_role("button", name="Take from this board").click()
    expect(many.locator("picture-tile")).to_have_count(1)
    many.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(many.locator("picture-tile")).to_have_count(2)
    many.get_by_role("button", name="No longer only Spring").click()
    expect(many.get_by_role("button", name="No longer only Spring")).to_have_count(0)
    many.get_by_role("button", name="Boards").click()
    many.get_by_role("button", name="Delete Spring; its pictures stay").click()
    expect(many.get_by_text("A board holds pictures that belong together.")).to_be_visible()
    assert many.request.get(f"{address}api/v1/boards").json() == []


def test_tags_and_days_find_pictures(many: Page, address: str):
    first = many.locator("picture-tile").first
    first.click(modifiers=["Control"])
    many.get_by_role("toolbar").get_by_role("button", name="Tag", exact=True).click()
    many.get_by_label("New tag").fill("for the wall")
    many.get_by_label("New tag").press("Enter")
    until(lambda: many.request.get(f"{address}api/v1/tags").json().get("for the wall") == 1)
    many.keyboard.press("Escape")
    many.get_by_role("button", name="Clear the selection").click()
    many.get_by_role("button", name="Filter").click()
    many.get_by_role("button", name="for the wall 1").click()
    expect(many.locator("picture-tile")).to_have_count(1)
    many.get_by_role("button", name="for the wall 1").click()
    many.get_by_role("button", name="Between", exact=True).click()
    many.get_by_label("To", exact=True).fill("2020-01-02")
    many.get_by_label("From", exact=True).fill("2020-01-01")
    expect(many.get_by_text("Nothing fits these words")).to_be_visible()
    many.get_by_role("button", name="Today").click()
    expect(many.locator("picture-tile").nth(5)).to_be_visible()


def test_a_finger_that_stays_selects(browser: Browser, many: Page, address: str):
    phone = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800}).new_page()
    phone.goto(address)
    tiles = phone.locator("picture-tile[aria-label]")
    expect(tiles.first).to_be_visible()
    finger = {"pointerType": "touch", "pointerId": 7, "bubbles": True, "isPrimary": True}
    tiles.first.dispatch_event("pointerdown", finger)
    expect(phone.get_by_text("1 picture selected")).to_be_visible()
    tiles.first.dispatch_event("pointerup", finger)
    tiles.nth(1).tap()
    expect(phone.get_by_text("2 pictures selected")).to_be_visible()
    tiles.nth(1).tap()
    expect(phone.get_by_text("1 picture selected")).to_be_visible()
    phone.context.close()
