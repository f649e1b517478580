"""The socket that the server listens on, and the files of the page."""

import asyncio
import os
import socket
from pathlib import Path

from fastapi import Request

from sfumato.http.serve import listen
from sfumato.http.shapes.page import Asset
from sfumato.web import FOLDER
from tests.servers import Server


def test_no_answer_waits_for_the_one_before_to_be_acknowledged():
    """Small answers on a connection that is kept would else come 40 ms late: asyncio trusts the listening socket."""

    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen("127.0.0.1", 0)
        async with await asyncio.start_server(meet, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await found

    assert asyncio.run(accepted())


def test_a_file_of_the_page_is_sent_packed_and_once(server: Server):
    first = server.client.get("/texts.js", headers={"Accept-Encoding": "gzip"})
    plain = server.client.get("/texts.js", headers={"Accept-Encoding": "identity"})
    assert first.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert first.content == plain.content == (FOLDER / "texts.js").read_bytes()
    assert int(first.headers["content-length"]) < len(plain.content) / 2
    again = server.client.get("/texts.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_first_answer_names_all_that_the_first_page_imports(server: Server):
    named = server.client.get("/").headers["link"]
    assert all(f"<{name}>; rel=modulepreload" in named for name in ("start.js", "components/picture-tile.js"))
    assert "canvas-view" not in named, "what is loaded when it is first looked at"


def test_a_file_of_the_page_that_was_changed_is_sent_as_it_is_now(tmp_path: Path):
    path = tmp_path / "page.js"
    path.write_text("before")
    asset = Asset(path)

    def sent() -> bytes:
        request = Request({"type": "http", "method": "GET", "headers": []})
        return bytes(asyncio.run(asset.answer(request)).body)

    assert sent() == b"before"
    path.write_text("after")
    os.utime(path, ns=(1, 1))
    assert sent() == b"after"
