"""For everyone: another language, what a screen reader hears, a key and a path prefix at once, and hours of use."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.conftest import started
from tests.web.prefixed import prefixed

MISSING = """async () => {
    const [{ en }, { de }] = await Promise.all([import('./texts.js'), import('./texts-de.js')]);
    const missing = (whole, part, at) => Object.keys(whole).flatMap((key) =>
        typeof whole[key] === 'object' && !Array.isArray(whole[key])
            ? missing(whole[key], part?.[key] ?? {}, `${at}${key}.`)
            : part?.[key] === undefined ? [at + key] : []);
    return missing(en, de, '');
}"""
AS_IN_ENGLISH = {"name", "picture.python", "picture.curl"}


def test_german_is_spoken_to_those_who_read_it_and_can_be_left(browser: Browser, address: str):
    guest = browser.new_context(locale="de-AT").new_page()
    guest.goto(address)
    expect(guest.get_by_label("Was gemalt werden soll")).to_be_visible()
    assert guest.evaluate("document.documentElement.lang") == "de"
    guest.get_by_role("button", name="Sprache").click()
    guest.get_by_role("button", name="English").click()
    expect(guest.get_by_label("What to paint")).to_be_visible()
    guest.reload()
    expect(guest.get_by_label("What to paint")).to_be_visible()
    guest.context.close()


def test_nothing_is_left_untranslated(studio: Page):
    assert set(studio.evaluate(MISSING)) - AS_IN_ENGLISH == set()


def test_a_screen_reader_hears_what_is_ordered_and_what_is_finished(studio: Page):
    heard = studio.locator("say-line")
    assert heard.get_attribute("role") == "status"
    studio.get_by_label("What to paint").fill("a loud bell")
    studio.get_by_role("spinbutton", name="How many").fill("2")
    studio.keyboard.press("Tab")
    studio.get_by_label("What to paint").press("Control+Enter")
    expect(heard).to_contain_text("2 pictures are being painted")
    expect(heard).to_contain_text("2 pictures are finished: a loud bell", timeout=60_000)


def test_behind_a_key_and_under_a_path(browser: Browser, tmp_path: Path):
    process, own = started(tmp_path, environment={"SFUMATO_KEY": "open sesame, please"})
    try:
        with prefixed(own) as address:
            assert browser.new_context().request.get(address).status == 401
            credentials = {"username": "anyone", "password": "open sesame, please"}
            guest = browser.new_context(http_credentials=credentials).new_page()
            refused: list[str] = []
            guest.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
            guest.goto(address)
            guest.get_by_label("What to paint").fill("a red apple")
            guest.get_by_role("button", name="Paint 4").click()
            picture = guest.locator("picture-tile img").first
            expect(picture).to_be_visible(timeout=60_000)
            expect(picture).not_to_have_js_property("naturalWidth", 0)
            places = guest.get_by_role("navigation", name="Places")
            for place in ("Queue", "Models", "Grids", "Studio"):
                places.get_by_role("link", name=place).click()
                expect(places.get_by_role("link", name=place)).to_have_attribute("aria-current", "page")
            guest.locator("picture-tile").first.click()
            expect(guest.locator("picture-view .stage > zoom-pane img")).not_to_have_js_property("naturalWidth", 0)
            assert refused == []
            guest.context.close()
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.timeout(300)
def test_two_hundred_pictures_leave_no_more_behind_than_their_tiles(
    studio: Page, paint: Callable[..., Locator], address: str
):
    paint("a first dot")
    session = studio.context.new_cdp_session(studio)
    session.send("Performance.enable")

    def kept() -> dict[str, float]:
        session.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return {name: found[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}

    before = kept()
    small = {"prompt": "many dots", "n": 100, "steps": 1, "guidance": 1, "width": 64, "height": 64}
    for _ in range(2):
        studio.request.post(f"{address}api/v1/orders", data=small)
    kept_there = f"{address}api/v1/count?text=many+dots"
    expect(studio.locator(".live")).not_to_have_count(0)
    expect(studio.locator(".live")).to_have_count(0, timeout=280_000)
    assert studio.request.get(kept_there).json()["count"] == 200
    after = kept()
    assert after["JSHeapUsedSize"] - before["JSHeapUsedSize"] < 8e6
    assert after["Nodes"] - before["Nodes"] < 1500
    assert after["JSEventListeners"] - before["JSEventListeners"] < 300
