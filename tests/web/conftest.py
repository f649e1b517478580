"""A real server with Pocket, which takes few steps unless it is told, and Debian's chromium looking at it.

Every test ends with the page having said no error and asked no other host.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("pytest_playwright", reason="pytest-playwright is not installed: pip install '.[test]'")

from playwright.sync_api import Locator, Page, expect

from tests.servers import hurried

expect.set_options(timeout=30_000)  # a machine may be busy

CHROMIUM = shutil.which("chromium")
NONE_SPARE = "--disable-features=SpareRendererForSitePerProcess"  # one would be begun beside each page
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", NONE_SPARE]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium")
    return {"executable_path": CHROMIUM, "args": QUIET}


@pytest.fixture(scope="session")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[str, Path]]]:
    """Servers by name, started when first asked for: (address, its library's folder)."""
    running: dict[str, tuple[subprocess.Popen[str], str, Path]] = {}

    def room(name: str) -> tuple[str, Path]:
        if name not in running:
            folder = tmp_path_factory.mktemp(name)
            running[name] = (*started(folder), folder)
        return running[name][1:]

    yield room
    for process, _, _ in running.values():
        process.terminate()
        process.wait(20)


def started(
    folder: Path, *options: str, command: str = "serve", environment: Mapping[str, str] | None = None
) -> tuple["subprocess.Popen[str]", str]:
    """A server of its own, and its address."""
    process = hurried(
        [sys.executable, "-m", "sfumato", command, *(options or ("--port", "0"))],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "SFUMATO_HOME": str(folder), **(environment or {})},
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if '"listening"' in line:
            break
    else:
        raise AssertionError("the server ended before it listened")
    _drain(process)
    return process, json.loads(line)["listening"] + "/"


def _drain(process: "subprocess.Popen[str]") -> None:
    """Read what it goes on to say, so that it never waits for a reader."""
    import threading

    threading.Thread(target=lambda: process.stderr and process.stderr.read(), daemon=True).start()


@pytest.fixture
def address(rooms: Callable[[str], tuple[str, Path]]) -> str:
    """The server that most tests share."""
    return rooms("shared")[0]


@pytest.fixture
def studio(page: Page, address: str) -> Iterator[Page]:
    """The page, open; it must end without an error and without having asked any other host."""
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else complaints.append(asked.url),
    )
    page.set_default_timeout(30_000)
    page.goto(address)
    expect(page.locator("prompt-box .foot button").first).to_have_text("Pocket")
    yield page
    for job in page.request.get(f"{address}api/v1/jobs?limit=1000").json():  # nobody waits for what another began
        if job["state"] in {"queued", "running", "paused"}:
            page.request.post(f"{address}api/v1/jobs/{job['id']}/cancel")
    expected = getattr(page, "expected_complaints", 0)
    assert len(complaints) == expected, complaints


@pytest.fixture
def paint(studio: Page, address: str) -> Callable[..., Locator]:
    """Order pictures as a person does, and wait for them; the tiles of the gallery."""

    def order(prompt: str, n: int = 1) -> Locator:
        tiles = studio.locator(f'picture-tile[aria-label^="{prompt}, seed"]')
        kept = f"{address}api/v1/pictures?limit=1000&text={quote(prompt)}"
        before = len(studio.request.get(kept).json())
        studio.get_by_label("How many").locator("input").fill(str(n))
        studio.get_by_label("How many").locator("input").press("Tab")
        words = studio.get_by_label("What to paint")
        words.fill(prompt)
        words.press("Control+Enter")
        give_up = time.monotonic() + 60
        while len(studio.request.get(kept).json()) < before + n:
            assert time.monotonic() < give_up, f"{n} of {prompt!r} were not painted within a minute"
            studio.wait_for_timeout(100)
        expect(tiles.nth(n - 1)).to_be_visible()
        return tiles

    return order
