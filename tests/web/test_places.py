"""The queue, the models, grids, and what holds for every place: names, contrast, small screens, a key."""

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.conftest import started

PLACES = ["", "queue", "models", "models/lora", "models/small", "models/others", "grids"]

NAMELESS = Path(__file__).with_name("nameless.js").read_text()
FAINT = Path(__file__).with_name("faint.js").read_text()
WIDE = """() => [document.documentElement, ...document.querySelectorAll('aside, main')]
    .filter((one) => one.scrollWidth > 360).map((one) => one.outerHTML.slice(0, 120))"""
SMALL = Path(__file__).with_name("small.js").read_text()


def test_the_queue_tells_and_obeys(studio: Page):
    studio.get_by_role("button", name="Settings").click()
    studio.get_by_label("Steps", exact=True).fill("100")
    studio.keyboard.press("Escape")
    for words in ("a first castle", "a second castle"):
        studio.get_by_label("What to paint").fill(words)
        studio.get_by_label("What to paint").press("Control+Enter")
        expect(studio.locator(".live").filter(has_text=words).first).to_be_visible()
    studio.get_by_role("link", name="Queue").click()
    second = studio.locator("queue-row").filter(has_text="a second castle").first
    second.get_by_role("button", name="Pause").click()
    expect(second).to_contain_text("paused")
    first = studio.locator("queue-row").filter(has_text="a first castle").first
    first.get_by_role("button", name="Cancel").click()
    expect(first).to_contain_text("cancelled")
    second.get_by_role("button", name="Cancel").click()
    expect(second).to_contain_text("cancelled")
    first.get_by_role("button", name="Try again").click()
    expect(first.get_by_role("progressbar")).to_be_visible()
    first.get_by_role("button", name="Cancel").click()
    expect(first).to_contain_text("cancelled")


def test_waiting_orders_change_places(studio: Page, address: str):
    studio.get_by_role("link", name="Queue").click()
    studio.get_by_role("button", name="Pause the queue").click()
    expect(studio.get_by_text("nothing new is begun")).to_be_visible()
    for words in ("a first boat", "a second boat", "a third boat"):
        studio.request.post(f"{address}api/v1/orders", data={"prompt": words, "steps": 2})
    waiting = studio.get_by_role("list", name="Waiting").locator("queue-row .prompt")
    expect(waiting).to_have_text(["a first boat", "a second boat", "a third boat"])
    studio.get_by_role("button", name="Earlier: a third boat").click()
    expect(waiting).to_have_text(["a first boat", "a third boat", "a second boat"])
    rows = studio.get_by_role("list", name="Waiting").locator("queue-row")
    rows.nth(2).drag_to(rows.nth(0))
    expect(waiting).to_have_text(["a second boat", "a first boat", "a third boat"])
    studio.get_by_role("button", name="Go on").click()
    expect(waiting).to_have_count(0)

    def painted() -> list[str]:
        kept = studio.request.get(f"{address}api/v1/pictures?text=boat").json()
        return [picture["recipe"]["prompt"] for picture in reversed(kept) if picture["recipe"]["steps"] == 2]

    give_up = time.monotonic() + 60
    while len(painted()) < 3 and time.monotonic() < give_up:
        studio.wait_for_timeout(100)
    assert painted() == ["a second boat", "a first boat", "a third boat"]


def test_models_say_what_they_are_good_at(studio: Page, address: str):
    card = studio.request.get(f"{address}api/v1/models/pocket").json()
    studio.get_by_role("link", name="Models").click()
    article = studio.locator("model-row").first
    article.locator("summary").click()
    for words in (card["title"], card["knows"], card["lacks"], card["licence"]):
        expect(article).to_contain_text(words)


def test_a_grid_has_a_picture_for_every_combination(studio: Page, address: str):
    studio.get_by_role("link", name="Grids").click()
    studio.locator("grids-page").get_by_label("What to paint").fill("a red apple")
    axes = {
        "Across": ("Words in the prompt", "red, green"),
        "Down": ("Steps", "2..4/2"),
        "Sheets": ("Guidance", "1, 2"),
    }
    for i, (side, (name, values)) in enumerate(axes.items()):
        studio.get_by_label(side, exact=True).select_option(name)
        studio.get_by_label("Values").nth(i).fill(values)
    expect(studio.locator("grids-page .number")).to_contain_text("8 pictures")
    studio.get_by_role("button", name="Paint the grid").click()
    cells = studio.locator("grids-page td img[src*='thumbnail']")
    expect(cells).to_have_count(8, timeout=60_000)
    links = [cell.get_attribute("href") or "" for cell in studio.locator("grids-page td a").all()]
    recipes = [
        studio.request.get(f"{address}api/v1/pictures/{link.rsplit('/', 1)[1]}").json()["recipe"] for link in links
    ]
    assert [(r["prompt"], r["steps"], r["guidance"]) for r in recipes] == [
        (prompt, steps, guidance)
        for guidance in (1, 2) for steps in (2, 4) for prompt in ("a red apple", "a green apple")
    ]  # fmt: skip
    assert len({r["seed"] for r in recipes}) == 1
    with studio.expect_download() as waiting:
        studio.get_by_role("button", name="Save as one image").click()
    from PIL import Image

    assert Image.open(Path(waiting.value.path())).size == (120 + 2 * 268, 76 + 2 * (2 * 268 + 48))
    studio.reload()
    expect(cells).to_have_count(8)
    studio.get_by_role("button", name="Run again").click()
    expect(cells).to_have_count(8, timeout=60_000)
    expect(studio.get_by_role("button", name="Save as one image")).to_be_enabled()
    again = studio.locator("grids-page td a").first.get_attribute("href")
    assert again and again not in links


def test_a_grid_of_strengths_begins_with_a_picture(studio: Page, paint: Callable[..., Locator]):
    paint("a yellow star")
    studio.get_by_role("link", name="Grids").click()
    studio.locator("grids-page").get_by_label("What to paint").fill("a yellow sun")
    studio.get_by_label("Across", exact=True).select_option("Strength")
    studio.get_by_label("Values").first.fill("0, 0.5")
    studio.get_by_label("Down", exact=True).select_option("Nothing")
    studio.get_by_label("Sheets", exact=True).select_option("Nothing")
    expect(studio.get_by_role("button", name="Paint the grid")).to_be_disabled()
    studio.get_by_role("button", name="Begin with a picture").click()
    studio.locator("start-field .latest button").first.click()
    studio.get_by_role("button", name="Paint the grid").click()
    expect(studio.locator("grids-page td img[src*='thumbnail']")).to_have_count(2, timeout=60_000)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_has_a_name_and_can_be_read(
    studio: Page, paint: Callable[..., Locator], address: str, place: str, theme: str
):
    if not studio.request.get(f"{address}api/v1/pictures").json():
        paint("a yellow star")
    studio.emulate_media(color_scheme=theme)  # pyright: ignore[reportArgumentType]
    studio.goto(studio.url.split("#")[0] + f"#/{place}")
    studio.wait_for_timeout(600)
    assert studio.evaluate(NAMELESS) == []
    assert studio.evaluate(FAINT) == []


def test_a_phone_needs_no_sideways_scrolling_and_no_pointed_finger(
    studio: Page, paint: Callable[..., Locator], address: str, browser: Browser
):
    many = {"prompt": "w" * 80, "n": 8, "steps": 1, "width": 64, "height": 64}
    assert studio.request.post(f"{address}api/v1/orders", data=many).ok
    paint("a yellow star")
    newest = studio.request.get(f"{address}api/v1/pictures?limit=1").json()[0]["id"]
    pages = (*PLACES, *(f"{view}/{newest}" for view in ("picture", "canvas", "export")))
    for language in ("en", "de"):
        phone = browser.new_context(
            has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740}, locale=language
        ).new_page()
        for place in pages:
            phone.goto(f"{address}#/{place}")
            phone.wait_for_timeout(300)
            assert phone.evaluate(WIDE) == [], (place, language)
            assert phone.evaluate(SMALL) == [], (place, language)
        phone.context.close()


def test_the_keyboard_alone_paints_and_opens(studio: Page):
    studio.keyboard.press("/")
    studio.keyboard.type("a pink flower")
    studio.keyboard.press("Control+Enter")
    expect(studio.locator('picture-tile[aria-label^="a pink flower"]').first).to_be_visible(timeout=60_000)
    studio.keyboard.press("Escape")
    for _ in range(60):
        if studio.evaluate("document.activeElement?.localName") == "picture-grid":
            break
        studio.keyboard.press("Tab")
    studio.keyboard.press("Enter")
    expect(studio.locator("picture-view")).to_be_visible()
    studio.keyboard.press("Escape")
    expect(studio.locator("picture-view")).to_have_count(0)
    assert studio.evaluate("document.activeElement?.localName") == "picture-grid"
    studio.keyboard.press("?")
    expect(studio.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_motion_is_left_out_where_it_is_not_wanted(studio: Page):
    studio.emulate_media(reduced_motion="reduce")
    assert studio.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--calm')") == "0.01ms"


def test_sfumato_studio_serves_the_page_which_says_when_it_goes_and_comes_back(page: Page, tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    process, address = started(tmp_path, "--no-open", "--port", port, command="studio")
    try:
        page.goto(address)
        page.get_by_label("What to paint").fill("a red apple")
        stopped(process)
        said = page.locator("say-line")
        expect(said).to_contain_text("The server does not answer")
        process, _ = started(tmp_path, "--no-open", "--port", port, command="studio")
        expect(said).to_contain_text("The server is there again", timeout=30_000)
        page.get_by_role("button", name="Paint 4").click()
        expect(page.locator("picture-tile img").first).to_be_visible(timeout=60_000)
    finally:
        stopped(process)


def stopped(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    process.wait(20)
