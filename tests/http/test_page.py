"""The files of the page: how they are found, sent, and kept by a browser."""

import os
import re
import shutil
from pathlib import Path

from starlette.applications import Starlette
from starlette.testclient import TestClient

from sfumato.http.page import Page
from sfumato.web import FOLDER
from tests.servers import Server


def test_a_file_of_the_page_is_sent_packed_and_once(server: Server):
    first = server.client.get("/texts.js", headers={"Accept-Encoding": "gzip"})
    plain = server.client.get("/texts.js", headers={"Accept-Encoding": "identity"})
    assert first.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert first.content == plain.content == (FOLDER / "texts.js").read_bytes()
    assert int(first.headers["content-length"]) < len(plain.content) / 2
    again = server.client.get("/texts.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_first_answer_names_all_that_the_first_page_asks_for(server: Server):
    named = server.client.get("/").headers["link"].split(", ")
    assert all(server.client.get(f"/{link[1 : link.index('>')]}").status_code == 200 for link in named)
    assert [link.endswith("as=fetch; crossorigin") for link in named[:3]] == [True, True, False]
    assert any("/components/picture-tile.js>" in link for link in named)
    assert not any("canvas-view" in link for link in named), "what is loaded when it is first looked at"


def test_only_files_of_the_page_are_there_and_only_to_be_read(server: Server):
    for name in ("__init__.py", "data/", "page/main.js"):
        assert server.client.get(f"/{name}").status_code == 404
    refused = server.client.post("/main.js")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_a_page_is_kept_until_any_of_it_was_changed(tmp_path: Path):
    folder = shutil.copytree(FOLDER, tmp_path / "page")
    client = TestClient(Starlette(routes=[Page(folder)]))

    def script() -> str:
        found = re.search(r'src="(.+/main\.js)"', client.get("/").text)
        assert found
        return f"/{found[1]}"

    before = script()
    assert "immutable" in client.get(before).headers["cache-control"]
    (folder / "dom.js").write_text("export const h = 1;\n")
    os.utime(folder / "dom.js", ns=(1, 1))
    after = script()
    assert after != before and "immutable" in client.get(after).headers["cache-control"]
    assert client.get("/dom.js").text == "export const h = 1;\n"
    old = client.get(before)
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache"), "for a page that is open"
