"""Makes this folder's pictures of the studio page: `python docs/studio/shots.py`. Needs chromium and sfumato[test]."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.web.conftest import QUIET, started

HERE = Path(__file__).parent
WORDS = (
    "a purple heart", "a yellow star", "a green tree", "a red apple", "a cat face", "a sun", "a blue car", "a castle",
    "a pink flower", "a snowman", "a pizza", "a rocket",
)  # fmt: skip


def main() -> None:
    process, address = started(Path(tempfile.mkdtemp()))
    expect.set_options(timeout=120_000)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            page = browser.new_page(viewport={"width": 1360, "height": 850})
            page.goto(address)
            for i, words in enumerate(WORDS):
                page.request.post(f"{address}api/v1/orders", data={"prompt": words, "n": 2, "seed": 40 + i})
            page.request.post(
                f"{address}api/v1/orders", data={"prompt": "a lighthouse", "n": 4, "seed": 7, "steps": 60}
            )
            page.reload()
            expect(page.locator('picture-tile[aria-label^="a rocket"]')).to_have_count(2)
            expect(page.locator(".live.on img")).to_be_visible()
            page.get_by_label("What to paint").fill("a lighthouse")
            shot(page, "studio")
            expect(page.locator(".live")).to_have_count(0)
            shot(page, "studio-dark", dark=True)
            page.locator('picture-tile[aria-label^="a pink flower"]').first.click()
            shot(page, "picture")
            page.get_by_role("button", name="Edit", exact=True).click()
            expect(page.get_by_text("Nothing is marked yet")).to_be_visible()
            page.mouse.move(560, 300)
            page.mouse.down()
            page.mouse.move(760, 420, steps=8)
            page.mouse.move(650, 560, steps=8)
            page.mouse.up()
            shot(page, "canvas", dark=True)
            page.goto(f"{address}#/grids")
            page.get_by_label("What to paint").fill("a red apple")
            page.get_by_label("Across").select_option("Words in the prompt")
            page.get_by_label("Values").first.fill("red, green, blue, golden")
            page.get_by_label("Values").last.fill("1, 3")
            page.get_by_role("button", name="Paint the grid").click()
            expect(page.locator("grids-page td img[src*='thumbnail']")).to_have_count(8)
            shot(page, "grids")
            page.goto(f"{address}#/queue")
            shot(page, "queue")
            page.goto(f"{address}#/models")
            shot(page, "models", dark=True)
            page.goto(address)
            page.set_viewport_size({"width": 390, "height": 800})
            shot(page, "phone")
    finally:
        process.terminate()


def shot(page: Page, name: str, *, dark: bool = False) -> None:
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.wait_for_timeout(700)
    page.screenshot(path=HERE / f"{name}.jpg", quality=82, type="jpeg")


if __name__ == "__main__":
    main()
