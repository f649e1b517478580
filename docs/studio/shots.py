"""Makes this folder's pictures of the studio page: `python docs/studio/shots.py`. Needs chromium and sfumato[test].

NAME.jpg is a view as the docs show it; every/NAME.jpg is the same in light, dark and on a phone, to be looked at.
"""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web.conftest import QUIET, started

HERE = Path(__file__).parent
WIDE, NARROW = (1360, 850), (390, 850)
SEED = 41
SMALL = 2  # times smaller in every/
WORDS = (
    "a tree", "a purple heart", "a mushroom", "a red apple", "a cupcake", "a penguin", "a yellow star", "a house",
    "a green apple", "a strawberry", "a sun", "an owl",
)  # fmt: skip


def main() -> None:
    process, address = started(Path(tempfile.mkdtemp()))
    expect.set_options(timeout=240_000)
    (HERE / "every").mkdir(exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            page = opened(browser, address)
            for taken in (painting, choosing, one_picture, canvas, export, grids, queue, models, lora):
                taken(page, address)
    finally:
        process.terminate()
        process.wait(20)


def opened(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
    page.set_default_timeout(240_000)
    page.goto(address)
    expect(page.get_by_label("What to paint")).to_be_visible()
    return page


def order(page: Page, address: str, **fields: object) -> None:
    assert page.request.post(f"{address}api/v1/orders", data=fields).ok


def painting(page: Page, address: str) -> None:
    for words in WORDS:
        order(page, address, prompt=words, n=2, seed=SEED, steps=16)
    expect(page.locator('picture-tile[aria-label^="an owl"]')).to_have_count(2)
    page.get_by_label("What to paint").fill("a fox")
    order(page, address, prompt="a fox", n=4, seed=SEED - 1, steps=100)
    expect(page.locator(".live.on img")).to_be_visible()
    page.wait_for_timeout(1000)
    shot(page, "studio")
    page.get_by_role("button", name="Style").click()
    view(page, "looks")
    page.keyboard.press("Escape")
    expect(page.locator(".live")).to_have_count(0)
    view(page, "studio")
    shot(page, "studio-dark", dark=True)


def choosing(page: Page, address: str) -> None:
    tiles = page.locator("picture-tile")
    for i in range(4):
        tiles.nth(i).click(modifiers=["Control"])
    view(page, "selection")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("compare-view figure")).to_have_count(4)
    view(page, "compare")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Contact sheet").click()
    view(page, "sheet")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear the selection").click()
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("filter-panel button").first).to_be_visible()
    view(page, "filter")
    page.keyboard.press("Escape")


def one_picture(page: Page, address: str) -> None:
    page.locator('picture-tile[aria-label^="an owl"]').first.click()
    expect(page.locator("picture-view .stage > zoom-pane img")).to_have_js_property("complete", True)
    view(page, "picture")
    shot(page, "picture")


def canvas(page: Page, address: str) -> None:
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_text("Nothing is marked yet")).to_be_visible()
    page.mouse.move(560, 300)
    page.mouse.down()
    page.mouse.move(760, 420, steps=8)
    page.mouse.move(650, 560, steps=8)
    page.mouse.up()
    view(page, "canvas")
    shot(page, "canvas", dark=True)


def export(page: Page, address: str) -> None:
    newest = page.request.get(f"{address}api/v1/pictures?text=owl").json()[0]["id"]
    page.goto(f"{address}#/export/{newest}")
    expect(page.locator("export-view img").first).to_be_visible()
    page.wait_for_timeout(2000)
    view(page, "export")


def grids(page: Page, address: str) -> None:
    page.goto(f"{address}#/grids")
    page.get_by_label("What to paint").fill("a red apple")
    page.get_by_label("Across", exact=True).select_option("Words in the prompt")
    page.get_by_label("Values").first.fill("red, green, blue, golden")
    page.get_by_label("Down", exact=True).select_option("Guidance")
    page.get_by_label("Values").nth(1).fill("1, 3")
    page.get_by_role("button", name="Paint the grid").click()
    expect(page.locator("grids-page td img[src*='thumbnail']")).to_have_count(8)
    view(page, "grids")
    shot(page, "grids")


def queue(page: Page, address: str) -> None:
    page.request.patch(f"{address}api/v1/queue", data={"paused": True})
    for words in ("a lantern in the snow", "a small boat", "two kites"):
        order(page, address, prompt=words, n=4, steps=40)
    page.goto(f"{address}#/queue")
    expect(page.get_by_role("list", name="Waiting").locator("queue-row")).to_have_count(3)
    view(page, "queue")
    shot(page, "queue")
    page.request.patch(f"{address}api/v1/queue", data={"paused": False})


def models(page: Page, address: str) -> None:
    page.goto(f"{address}#/models")
    expect(page.locator("model-row").nth(20)).to_be_visible()
    page.locator("model-row summary").nth(1).click()
    view(page, "models")
    shot(page, "models", dark=True)


def lora(page: Page, address: str) -> None:
    page.goto(f"{address}#/models/lora")
    expect(page.get_by_label("Its name")).to_be_visible()
    view(page, "lora")


def shot(page: Page, name: str, *, dark: bool = False) -> None:
    seen(page, WIDE, dark=dark).save(HERE / f"{name}.jpg", quality=82)


def view(page: Page, name: str) -> None:
    """Light, dark and phone in one."""
    taken = [seen(page, WIDE), seen(page, WIDE, dark=True), seen(page, NARROW)]
    small = [image.resize((image.width // SMALL, image.height // SMALL), Image.Resampling.LANCZOS) for image in taken]
    whole = Image.new("RGB", (sum(image.width for image in small), small[0].height))
    left = 0
    for image in small:
        whole.paste(image, (left, 0))
        left += image.width
    whole.save(HERE / "every" / f"{name}.jpg", quality=74, optimize=True)


def seen(page: Page, size: tuple[int, int], *, dark: bool = False) -> Image.Image:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.wait_for_timeout(700)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.emulate_media(color_scheme="light")
    return image


if __name__ == "__main__":
    main()
