"""Beginning with a picture of the library: what came of it is found both ways, and what was to stay is counted."""

import io
from typing import Any

import numpy as np
from PIL import Image

from tests.servers import Server


def made(server: Server, prompt: str, **fields: Any) -> dict[str, Any]:
    (picture,) = server.ended(server.order(prompt, **fields)["id"])["pictures"]
    return picture


def pixels(server: Server, path: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(server.client.get(path).content)).convert("RGBA"))


def test_an_edit_and_what_it_began_with_find_each_other(server: Server):
    first = made(server, "a kite to begin with", background="white")
    asked = {"operation": "outpaint", "start": first["id"], "margins": [0, 0, 32, 0], "steps": 1, "seed": 1}
    job = server.client.post("/api/v1/orders", json={"prompt": "", **asked})
    assert job.status_code == 201, job.text
    (later,) = server.ended(job.json()["id"])["pictures"]
    lineage = server.client.get(f"/api/v1/pictures/{later['id']}/lineage").json()
    assert [one["id"] for one in lineage["made_from"]] == [first["id"]] and lineage["became"] == []
    lineage = server.client.get(f"/api/v1/pictures/{first['id']}/lineage").json()
    assert [one["id"] for one in lineage["became"]] == [later["id"]] and lineage["made_from"] == []
    before, after = (pixels(server, f"/api/v1/pictures/{later['id']}/{what}") for what in ("before", "file"))
    assert before.shape == after.shape and np.array_equal(before[:, :64], after[:, :64])
    outside = server.client.get(f"/api/v1/pictures/{later['id']}/outside").json()
    assert outside["changed_pixels"] == 0 and len(outside["sha256"]) == 64


def test_a_picture_of_words_alone_has_nothing_before_it(server: Server):
    alone = made(server, "a kite of words alone")
    assert server.client.get(f"/api/v1/pictures/{alone['id']}/lineage").json() == {"made_from": [], "became": []}
    for what in ("before", "outside"):
        assert server.client.get(f"/api/v1/pictures/{alone['id']}/{what}").status_code == 404
    assert server.client.get("/api/v1/pictures/999999/lineage").status_code == 404
