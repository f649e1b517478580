"""Assistants: the official client of the Model Context Protocol, over a pipe and over HTTP."""

import asyncio
import base64
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.servers import Server

mcp = pytest.importorskip("mcp", reason="the official client is not installed (sfumato[mcp])")
from mcp.client.stdio import StdioServerParameters  # noqa: E402
from mcp.client.streamable_http import streamable_http_client  # noqa: E402

SMALL = {"width": 64, "height": 64, "steps": 1, "guidance": 1, "seed": 7}
TOOLS = {"generate", "edit", "upscale", "models", "search", "job", "cancel"}


def images(result: Any) -> list[Image.Image]:
    blocks = [block for block in result.content if block.type == "image"]
    return [Image.open(io.BytesIO(base64.b64decode(block.data))).convert("RGBA") for block in blocks]


def refusal(result: Any) -> str:
    assert result.is_error
    return result.content[0].text


@pytest.mark.timeout(240)
def test_over_a_pipe_each_tool_does_what_it_says(home: Path, tmp_path: Path):
    environment = {**os.environ, "SFUMATO_HOME": str(home)}
    command = StdioServerParameters(command=sys.executable, args=["-m", "sfumato", "mcp"], env=environment)

    async def talk() -> None:
        progress: list[float] = []

        async def heard(done: float, of: float | None, text: str | None) -> None:
            progress.append(done)

        async with mcp.Client(command) as client:
            listed = (await client.list_tools()).tools
            assert {tool.name for tool in listed} == TOOLS
            assert all(tool.description for tool in listed)

            made = await client.call_tool(
                "generate", {"prompt": "a red apple", "n": 2, **SMALL}, progress_callback=heard
            )
            told = made.structured_content
            assert told["state"] == "done", told
            assert json.loads(made.content[-1].text) == told
            assert [(one["seed"], one["prompt"]) for one in told["pictures"]] == [
                (7, "a red apple"),
                (8, "a red apple"),
            ]
            assert [image.size for image in images(made)] == [(64, 64)] * 2
            with Image.open(told["pictures"][0]["file"]) as whole:
                assert whole.size == (64, 64)
            assert progress
            first = told["pictures"][0]["picture"]

            found = (await client.call_tool("search", {"text": "apple", "limit": 1})).structured_content["pictures"]
            assert [one["seed"] for one in found] == [8]
            assert "pocket" in [m["name"] for m in (await client.call_tool("models", {})).structured_content["models"]]

            box = {"prompt": "a star", "picture": first, "mask_box": "0,0,16,16", "seed": 1}
            edited = (await client.call_tool("edit", box)).structured_content["pictures"][0]
            before, after = (Image.open(one["file"]).convert("RGBA") for one in (told["pictures"][0], edited))
            right = (16, 0, 64, 64)
            assert before.crop(right).tobytes() == after.crop(right).tobytes()
            assert before.tobytes() != after.tobytes()

            large = (await client.call_tool("upscale", {"picture": first, "times": 2})).structured_content
            assert Image.open(large["pictures"][0]["file"]).size == (128, 128)
            foreign = tmp_path / "grey.png"
            Image.new("RGB", (20, 10), "grey").save(foreign)
            beside = (await client.call_tool("upscale", {"file": str(foreign), "times": 3})).structured_content
            assert Path(beside["path"]).parent == tmp_path
            assert Image.open(beside["path"]).size == (60, 30)

            long = {"prompt": "a long one", "n": 8, "steps": 50, "wait": 0}
            begun = (await client.call_tool("generate", long)).structured_content
            assert begun["state"] in {"queued", "running"}
            await client.call_tool("cancel", {"job": begun["job"]})
            ended = (await client.call_tool("job", {"job": begun["job"], "wait": 60})).structured_content
            assert ended["state"] == "cancelled"

            assert "no job 'nothing'" in refusal(await client.call_tool("job", {"job": "nothing"}))
            assert "did you mean 'pocket'" in refusal(
                await client.call_tool("generate", {"prompt": "a", "model": "pockte"})
            )
            assert "either" in refusal(await client.call_tool("upscale", {}))

    asyncio.run(talk())


@pytest.mark.timeout(240)
def test_over_http_behind_the_keys_and_without_this_machines_files(tmp_path: Path):
    server = Server(tmp_path, environment={"SFUMATO_KEY": "m" * 20})

    async def talk() -> None:
        asked = httpx2.AsyncClient(headers={"Authorization": "Bearer " + "m" * 20}, timeout=60)
        async with asked, mcp.Client(streamable_http_client(f"{server.url}/mcp", http_client=asked)) as client:
            made = await client.call_tool("generate", {"prompt": "a red apple", **SMALL})
            link = made.structured_content["pictures"][0]["file"]
            assert link.startswith(server.url)
            assert Image.open(io.BytesIO(httpx2.get(link).content)).size == (64, 64)
            assert images(made)[0].size == (64, 64)
            refused = await client.call_tool("edit", {"prompt": "a", "file": "/etc/passwd"})
            assert "not opened from afar" in refusal(refused)

    try:
        assert httpx2.post(f"{server.url}/mcp", json={}).status_code == 401
        foreign = {"Authorization": "Bearer " + "m" * 20, "Origin": "https://evil.example"}
        assert httpx2.post(f"{server.url}/mcp", json={}, headers=foreign).status_code == 403
        asyncio.run(talk())
    finally:
        server.stop()
