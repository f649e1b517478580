"""The studio page's gallery with many pictures: first thumbnail, elements of the page, frames a second while scrolling.

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.web_gallery --rows 1000 10000 --rounds 3

The rows are a few real pictures over and over, in a library of its own, served by a real server to chromium (headless,
1440 x 900), anew each time. Seconds count from asking for the page until the first thumbnail is on the screen, both as
the browser tells them: at first, when it has nothing of the page, and when it comes again. Nobody listens to the
browser meanwhile, for a driver that is told of every request takes a third of two cores. Scrolling goes 120 pixels a
frame.
"""

import argparse
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, BrowserType, Page, sync_playwright

from benchmarks.measuring import report, rounds
from sfumato import Studio
from sfumato.settings import Settings
from tests.web.conftest import QUIET, started

REST = 3  # seconds for each page to come to rest

SHOWN = """() => new Promise((done) => new PerformanceObserver((seen) => {
    const image = seen.getEntries().find(({ element }) => element?.localName === "img");
    if (image) done(image.renderTime / 1000);
}).observe({ type: "largest-contentful-paint", buffered: true }))"""
"""Seconds until the first thumbnail: nothing that is shown before it is larger."""

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
            chromium = playwright.chromium
            variants = {f"{n:,} pictures": lambda at=at: look(chromium, at) for n, (_, at) in servers.items()}
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


def look(chromium: BrowserType, address: str) -> dict[str, float]:
    with opened([f"{address}health", address, f"{address}?again"]) as port:
        browser = chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        first, again = (found(browser, url).evaluate(SHOWN) for url in (address, f"{address}?again"))
        page = found(browser, f"{address}?again")
        frames = page.evaluate(SCROLL)
        elements = page.evaluate("document.querySelectorAll('*').length")
        browser.close()
    return {"first_thumbnail_s": first, "again_s": again, "frames_a_second": frames, "elements": elements}


@contextmanager
def opened(addresses: list[str]) -> Iterator[int]:
    """A browser of its own, and one tab after the other in it; the port where it can be asked then."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        told = Path(profile) / "DevToolsActivePort"
        named = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--window-size=1440,987"]
        command = [shutil.which("chromium") or "chromium", *named, *QUIET, "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            while not told.exists() or not told.read_text():
                time.sleep(0.1)
            port = int(told.read_text().split()[0])
            for address in addresses:
                urlopen(Request(f"http://127.0.0.1:{port}/json/new?{address}", method="PUT")).close()
                time.sleep(REST)
            yield port
        finally:
            process.terminate()
            process.wait()


def found(browser: Browser, address: str) -> Page:
    return next(page for page in browser.contexts[0].pages if page.url == address)


if __name__ == "__main__":
    main()
