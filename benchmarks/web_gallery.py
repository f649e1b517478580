"""The studio page's gallery with many pictures: first thumbnail, elements of the page, frames a second while scrolling.

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.web_gallery --rows 1000 10000 --rounds 3

The rows are a few real pictures over and over, in a library of its own, served by a real server to chromium (headless,
1440 x 900). Seconds count from asking for the page in a fresh browser context; scrolling goes 120 pixels a frame.
"""

import argparse
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.measuring import report, rounds
from sfumato import Studio
from sfumato.settings import Settings
from tests.web.conftest import QUIET, started

SCROLL = """async () => {
    let frames = 0, going = true;
    const start = performance.now();
    const frame = () => { frames++; scrollBy(0, 120); if (going) requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
    await new Promise((done) => setTimeout(done, 3000));
    going = false;
    return frames / (performance.now() - start) * 1000;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    servers = {rows: started(filled(rows)) for rows in args.rows}
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            variants = {f"{n:,} pictures": lambda at=at: look(browser, at) for n, (_, at) in servers.items()}
            report("The gallery of the studio page", rounds(variants, args.rounds), "web_gallery")
    finally:
        for process, _ in servers.values():
            process.terminate()


def filled(rows: int) -> Path:
    """A library with so many rows."""
    folder = Path(tempfile.mkdtemp())
    studio = Studio(Settings(home=folder))
    studio.paint("a red apple", n=4, seed=1)
    with sqlite3.connect(folder / "library.db") as library:
        own = {"id", "origin"}
        columns = ", ".join(row[1] for row in library.execute("PRAGMA table_info(pictures)") if row[1] not in own)
        library.execute(
            "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < :rows) "
            f"INSERT INTO pictures ({columns}) SELECT {columns} FROM k, pictures LIMIT :rows",
            {"rows": rows - 4},
        )
    return folder


def look(browser: Browser, address: str) -> dict[str, float]:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator("picture-tile img[src]").first.evaluate("image => image.decode()")
    first = time.perf_counter() - start
    frames = page.evaluate(SCROLL)
    elements = page.evaluate("document.querySelectorAll('*').length")
    page.context.close()
    return {"first_thumbnail_s": first, "frames_a_second": frames, "elements": elements}


if __name__ == "__main__":
    main()
